// EVM addresses and chain names, as Ethereum tools print them (EIP-55, CAIP-2).

import { toHex } from "rootseal/bytes.js";
import { keccak256 } from "rootseal/digest.js";
import { InputError } from "rootseal/errors.js";

const ADDRESS = /^0x[0-9a-fA-F]{40}$/;
const CHAIN = /^eip155:([1-9][0-9]{0,18})$/;
const MAX_CHAIN_ID = 2n ** 63n - 37n; // EIP-2294

/**
 * Reads an address as a person types it: any one case, or mixed case with a right checksum.
 *
 * @param {string} text
 * @returns {string} With its EIP-55 checksum.
 * @throws {InputError} `not-an-address` or `wrong-checksum`.
 */
export function parseAddress(text) {
  if (!ADDRESS.test(text)) throw new InputError("not-an-address");
  const digits = text.slice(2);
  const isOneCase = digits === digits.toLowerCase() || digits === digits.toUpperCase();
  const address = checksummed(text);
  if (!isOneCase && text !== address) throw new InputError("wrong-checksum");
  return address;
}

/**
 * @param {string} address 0x and 40 hex digits.
 * @returns {string} The same with its EIP-55 checksum.
 */
export function checksummed(address) {
  const digits = address.slice(2).toLowerCase();
  const hash = toHex(keccak256(new TextEncoder().encode(digits)));
  const isUpper = (/** @type {number} */ place) => parseInt(hash[place], 16) >= 8;
  return `0x${Array.from(digits, (d, place) => (isUpper(place) ? d.toUpperCase() : d)).join("")}`;
}

/**
 * The EVM chain id in a CAIP-2 name; null if it is none.
 *
 * @param {string} name
 * @returns {bigint | null}
 */
export function chainId(name) {
  const match = CHAIN.exec(name);
  if (match === null || BigInt(match[1]) > MAX_CHAIN_ID) return null;
  return BigInt(match[1]);
}
