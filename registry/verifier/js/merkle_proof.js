// MerkleProof2019: the proof of Blockcerts, around the path of a receipt.

import { decodeMultibase } from "rootseal/base58.js";
import { fromHex, toHex } from "rootseal/bytes.js";
import { decodeCbor } from "rootseal/cbor.js";
import { InputError } from "rootseal/errors.js";
import { MAX_TREE_SIZE } from "rootseal/tree.js";

const [ROOT, TARGET, ANCHORS, PATH] = [0, 1, 2, 3];
const [CHAIN, NETWORK, TRANSACTION] = [0, 1, 2];
const SIDES = ["left", "right"];
// Chains by the numbers that the format gives to chain and network.
const CHAINS = new Map([
  ["1:1", "eip155:1"],
  ["1:5", "eip155:5"],
  ["1:11155111", "eip155:11155111"],
  ["2:137", "eip155:137"],
  ["2:80001", "eip155:80001"],
]);

/**
 * @typedef {object} MerkleProof
 * @property {{side: string, node: string}[]} path
 * @property {string} merkleRoot Hex, as are the other hashes.
 * @property {string} targetHash
 * @property {{chain: string | null, transaction: string | null}[]} anchors On chains by CAIP-2.
 */
/**
 * @typedef {object} SealedPath What a receipt has beside its anchors.
 * @property {string} salt
 * @property {string} credentialHash
 * @property {number} leafIndex
 * @property {number} treeSize
 * @property {string[]} siblings
 * @property {string} seal
 */

/**
 * @param {any} value Of the proof's `proofValue`.
 * @returns {MerkleProof}
 * @throws {InputError}
 */
export function decodeMerkleProof(value) {
  const fields = fieldsOf(decodeCbor(decodeMultibase(value)));
  const anchors = listOf(fields.get(ANCHORS)).map(anchorOf);
  const path = listOf(fields.get(PATH)).map(pairOf).map(([side, node]) => {
    if (SIDES[side] === undefined) throw new InputError("not-merkle-proof");
    return { side: SIDES[side], node: hashOf(node) };
  });
  const [merkleRoot, targetHash] = [fields.get(ROOT), fields.get(TARGET)].map(hashOf);
  return { path, merkleRoot, targetHash, anchors };
}

/**
 * The path as one through a tree of ours; null if it is none.
 *
 * @param {MerkleProof} proof
 * @returns {SealedPath | null}
 */
export function sealedPath({ path, merkleRoot, targetHash }) {
  const [first, last] = [path[0], path.at(-1)];
  if (path.length < 2 || first.side !== "left" || last?.side !== "right") return null;
  const size = BigInt(`0x${last.node}`);
  if (size < 1n || size > BigInt(MAX_TREE_SIZE)) return null;
  const steps = path.slice(1, -1);
  const leafIndex = indexOf(steps.map((step) => step.side), Number(size));
  if (leafIndex === null) return null;
  const siblings = steps.map((step) => step.node);
  return {
    salt: first.node,
    credentialHash: targetHash,
    leafIndex,
    treeSize: Number(size),
    siblings,
    seal: merkleRoot,
  };
}

/**
 * Of the leaf with such siblings, lowest first: from the root down, each tells a bit.
 *
 * @param {string[]} sides
 * @param {number} size
 */
function indexOf(sides, size) {
  const levels = [size];
  while (levels[levels.length - 1] > 1) levels.push(Math.ceil(levels[levels.length - 1] / 2));
  const left = [...sides];
  let index = 0;
  for (const below of levels.slice(0, -1).reverse()) {
    index *= 2;
    if (index + 1 === below) continue; // a node without a sibling, which moved up unchanged
    const side = left.pop();
    if (side === undefined) return null;
    if (side === "left") index += 1;
  }
  return left.length === 0 ? index : null;
}

/** @param {any} value */
function anchorOf(value) {
  const fields = fieldsOf(value);
  const numbers = [fields.get(CHAIN), fields.get(NETWORK)];
  if (numbers.includes(undefined)) throw new InputError("not-merkle-proof");
  const transaction = fields.get(TRANSACTION);
  return {
    chain: CHAINS.get(numbers.join(":")) ?? null,
    transaction: transaction === undefined ? null : `0x${hashOf(transaction)}`,
  };
}

/** @param {any} value */
function fieldsOf(value) {
  const pairs = listOf(value).map(pairOf);
  const fields = new Map(pairs);
  if (fields.size !== pairs.length) throw new InputError("not-merkle-proof");
  return fields;
}

/**
 * @param {any} value
 * @returns {[number, any]}
 */
function pairOf(value) {
  const pair = listOf(value);
  if (pair.length !== 2 || typeof pair[0] !== "number") throw new InputError("not-merkle-proof");
  return [pair[0], pair[1]];
}

/**
 * @param {any} value
 * @returns {any[]}
 */
function listOf(value) {
  if (!Array.isArray(value)) throw new InputError("not-merkle-proof");
  return value;
}

/**
 * 32 bytes in hex; as CBOR inside CBOR, of bytes or of hex.
 *
 * @param {any} value
 */
function hashOf(value) {
  if (!(value instanceof Uint8Array)) throw new InputError("not-merkle-proof");
  const content = decodeCbor(value);
  const bytes = typeof content === "string" ? hexOf(content) : content;
  if (!(bytes instanceof Uint8Array) || bytes.length !== 32) {
    throw new InputError("not-merkle-proof");
  }
  return toHex(bytes);
}

/** @param {string} text */
function hexOf(text) {
  const digits = text.replace(/^0x/, "");
  if (!/^[0-9a-fA-F]{64}$/.test(digits)) throw new InputError("not-merkle-proof");
  return fromHex(digits.toLowerCase());
}
