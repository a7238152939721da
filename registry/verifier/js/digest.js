// SHA-256 and Keccak-256.

import { sha256 as sha256InScript } from "@noble/hashes/sha2.js";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { concat } from "rootseal/bytes.js";

/**
 * @param {...Uint8Array} parts
 * @returns {Promise<Uint8Array>} SHA-256 of all parts, end to end.
 */
export async function sha256(...parts) {
  const whole = concat(...parts);
  // Browsers offer theirs on https, localhost and file: only; an intranet may have none of them.
  const subtle = globalThis.crypto?.subtle;
  if (subtle === undefined) return sha256InScript(whole);
  return new Uint8Array(await subtle.digest("SHA-256", whole));
}

/**
 * @param {Uint8Array} bytes
 * @returns {Uint8Array} Keccak-256, the hash of Ethereum.
 */
export function keccak256(bytes) {
  return keccak_256(bytes);
}
