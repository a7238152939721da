// The receipt, format 1: what a holder keeps beside or inside a credential. Parses strictly; does
// not verify.

import { isObject, parseDocument } from "rootseal/documents.js";
import { InputError } from "rootseal/errors.js";
import { MAX_TREE_SIZE } from "rootseal/tree.js";
import * as wire from "rootseal/wire.js";

/**
 * @typedef {object} AnchorReference Where one anchor of the seal stands.
 * @property {string} chain CAIP-2.
 * @property {string} contract EIP-55, as is `issuer`.
 * @property {string} issuer
 * @property {string} transaction 0x and hex, as is `blockHash`.
 * @property {number} blockNumber
 * @property {string} blockHash
 * @property {number} logIndex
 * @property {number} anchoredAt Seconds since 1970.
 */
/**
 * @typedef {object} Receipt
 * @property {string} type
 * @property {"jcs" | "raw" | "rdfc"} canonicalization
 * @property {string} credentialHash Hex, as are the other hashes.
 * @property {string} salt
 * @property {number} leafIndex
 * @property {number} treeSize
 * @property {string[]} siblings
 * @property {string} seal
 * @property {AnchorReference[]} anchors None in a pending receipt, which never verifies.
 */

export const RECEIPT_TYPE = "rootseal/receipt@1";
export const CRYPTOSUITE = "rootseal-receipt-2026";
export const MAX_RECEIPT_BYTES = 64 * 2 ** 10; // 40 siblings and 16 anchors take 10 kB
const MAX_SIBLINGS = 40;
const MAX_ANCHORS = 16; // chains that carry the same seal

const count = wire.integer(0, Number.MAX_SAFE_INTEGER);
const anchor = wire.objectOf({
  chain: wire.chain,
  contract: wire.address,
  issuer: wire.address,
  transaction: wire.ethHash,
  blockNumber: count,
  blockHash: wire.ethHash,
  logIndex: count,
  anchoredAt: wire.time,
});
const receipt = wire.objectOf({
  type: wire.oneOf(RECEIPT_TYPE),
  canonicalization: wire.oneOf("jcs", "raw", "rdfc"),
  credentialHash: wire.hash,
  salt: wire.hash,
  leafIndex: wire.integer(0, MAX_TREE_SIZE - 1),
  treeSize: wire.integer(1, MAX_TREE_SIZE),
  siblings: wire.listOf(wire.hash, MAX_SIBLINGS),
  seal: wire.hash,
  anchors: wire.listOf(anchor, MAX_ANCHORS),
});
const receiptProof = wire.objectOf({
  type: wire.oneOf("DataIntegrityProof"),
  cryptosuite: wire.oneOf(CRYPTOSUITE),
  created: wire.time,
  proofPurpose: wire.oneOf("assertionMethod"),
  verificationMethod: wire.text,
  receipt,
});

/**
 * Reads a receipt file.
 *
 * @param {Uint8Array} bytes
 * @returns {Receipt}
 * @throws {InputError} For anything that format 1 does not allow, unknown keys and other
 *   spellings of the same value included.
 */
export function parseReceipt(bytes) {
  if (bytes.length > MAX_RECEIPT_BYTES) throw new InputError("too-large");
  return receipt([parseDocument(bytes)], 0, []);
}

/**
 * The receipt in a credential's `proof` set; null if there is none.
 *
 * @param {Record<string, any>} document
 * @returns {Receipt | null}
 * @throws {InputError} If there are two, or if the proof around it does not fit it.
 */
export function extractReceipt(document) {
  const set = proofSet(document);
  const found = set.filter(isReceiptProof);
  if (found.length === 0) return null;
  if (found.length > 1) throw wire.refusal("two-receipts", ["proof"]);
  const index = set.indexOf(found[0]);
  return receiptOfProof(set, index, Array.isArray(document.proof) ? ["proof", index] : ["proof"]);
}

/**
 * The proofs in the credential that are not receipts.
 *
 * @param {Record<string, any>} document
 */
export function otherProofs(document) {
  return proofSet(document).filter((proof) => !isReceiptProof(proof));
}

/**
 * @param {any[]} set
 * @param {number} index
 * @param {wire.Place} place
 * @returns {Receipt}
 */
function receiptOfProof(set, index, place) {
  const proof = receiptProof(set, index, place);
  const [first] = proof.receipt.anchors;
  if (first === undefined) throw wire.refusal("pending-in-proof", place);
  if (proof.created !== first.anchoredAt) throw wire.refusal("wrong-created", [...place, "created"]);
  if (proof.verificationMethod !== `did:pkh:${first.chain}:${first.issuer}`) {
    throw wire.refusal("wrong-verification-method", [...place, "verificationMethod"]);
  }
  return proof.receipt;
}

/** @param {Record<string, any>} document */
function proofSet(document) {
  const proof = document.proof ?? null;
  if (proof === null) return [];
  return Array.isArray(proof) ? proof : [proof];
}

/** @param {any} proof */
function isReceiptProof(proof) {
  return isObject(proof) && proof.cryptosuite === CRYPTOSUITE;
}

/** @param {any} proof What it calls itself: its cryptosuite, or else its type. */
export function proofName(proof) {
  const names = isObject(proof) ? [proof.cryptosuite, proof.type] : [];
  return names.find((name) => typeof name === "string" && name !== "") ?? "unnamed";
}
