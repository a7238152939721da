// From a credential to its 32-byte hash.

import canonicalize from "canonicalize";
import { toHex } from "rootseal/bytes.js";
import { sha256 } from "rootseal/digest.js";
import { parseDocument } from "rootseal/documents.js";

/**
 * SHA-256 of a credential's canonical bytes, in hex.
 *
 * @param {Uint8Array} bytes The credential file.
 * @param {"jcs" | "raw" | "rdfc"} canonicalization
 * @returns {Promise<string>}
 * @throws {InputError} If it is not JSON that the canonicalization can carry.
 */
export async function credentialHash(bytes, canonicalization) {
  if (canonicalization === "raw") return toHex(await sha256(bytes));
  const document = parseDocument(bytes);
  return canonicalization === "rdfc" ? statementsHash(document) : documentHash(document);
}

/**
 * SHA-256 of a JSON credential's canonical bytes, in hex: RFC 8785 without top-level `proof`.
 *
 * @param {Record<string, any>} document As `parseDocument` read it.
 * @returns {Promise<string>}
 */
export async function documentHash(document) {
  const { proof: _, ...rest } = document;
  return toHex(await sha256(new TextEncoder().encode(jcsText(rest))));
}

/**
 * SHA-256 of a JSON-LD credential's statements, in hex: RDFC-1.0 without top-level `proof`.
 *
 * @param {Record<string, any>} document As `parseDocument` read it.
 * @returns {Promise<string>}
 */
export async function statementsHash(document) {
  const { exactQuads } = await import("rootseal/rdf.js"); // 250 kB, which most do without
  return toHex(await sha256(new TextEncoder().encode(await exactQuads(document))));
}

/**
 * RFC 8785 form of a value.
 *
 * @param {any} value As `parseJson` read it.
 * @returns {string}
 */
export function jcsText(value) {
  return canonicalize(value);
}
