// A receipt made of a proof of Blockcerts: salt, path and seal stand in it, and the transaction. The
// chain says who anchored the seal there; what the receipt says is then checked as any other's.

import { InputError, UnavailableError } from "rootseal/errors.js";
import { decodeMerkleProof, sealedPath } from "rootseal/merkle_proof.js";
import { otherProofs, proofName, RECEIPT_TYPE } from "rootseal/receipt.js";

/** @typedef {import("rootseal/chain.js").Chain} Chain */
/** @typedef {import("rootseal/receipt.js").AnchorReference} AnchorReference */
/** @typedef {import("rootseal/receipt.js").Receipt} Receipt */

const CRYPTOSUITE = "merkle-proof-2019";
const MAX_ANCHORS = 4; // of one proof that are looked for

/**
 * The receipt that a credential's `merkle-proof-2019` stands for; null if nobody knows of one.
 *
 * @param {Record<string, any> | null} document
 * @param {Map<string, Chain>} chains
 * @returns {Promise<Receipt | null>}
 */
export async function receiptOfBlockcerts(document, chains) {
  const proofs = document === null ? [] : otherProofs(document);
  const found = proofs.filter((proof) => proofName(proof) === CRYPTOSUITE);
  const read = found.length === 1 ? readProof(found[0].proofValue) : null;
  if (read === null) return null;
  const { path, anchors: blinks } = read;
  const anchors = [];
  for (const { chain: name, transaction } of blinks.slice(0, MAX_ANCHORS)) {
    const chain = name === null ? undefined : chains.get(name);
    const anchor = chain === undefined ? null : await findAnchor(chain, transaction, path.seal);
    if (anchor !== null) anchors.push(anchor);
  }
  if (anchors.length === 0) return null;
  return { type: RECEIPT_TYPE, canonicalization: "rdfc", ...path, anchors };
}

/** @param {any} value */
function readProof(value) {
  try {
    const proof = decodeMerkleProof(value);
    const path = sealedPath(proof);
    return path === null ? null : { path, anchors: proof.anchors };
  } catch (error) {
    if (error instanceof InputError) return null;
    throw error;
  }
}

/**
 * @param {Chain} chain
 * @param {string | null} transaction
 * @param {string} seal
 * @returns {Promise<AnchorReference | null>} Null if the chain does not know, or does not answer.
 */
async function findAnchor(chain, transaction, seal) {
  if (transaction === null) return null;
  try {
    const issuers = await chain.issuersInTransaction(transaction, seal);
    if (issuers.length !== 1) return null; // of two, nobody could say which is meant
    const [issuer] = issuers;
    const event = await chain.anchorInTransaction(transaction, issuer, seal);
    if (event === null) return null;
    const { blockNumber, blockHash, logIndex } = event;
    const { time: anchoredAt } = await chain.block(blockNumber);
    const place = { transaction, blockNumber, blockHash, logIndex, anchoredAt };
    return { chain: chain.name, contract: chain.contract, issuer, ...place };
  } catch (error) {
    if (error instanceof UnavailableError) return null;
    throw error;
  }
}
