// The sealed tree, format 1: leaf, node, seal, and the path between them.

import { fromHex, toHex } from "rootseal/bytes.js";
import { sha256 } from "rootseal/digest.js";
import { InputError } from "rootseal/errors.js";

export const MAX_TREE_SIZE = 2 ** 40; // leaves; beyond what bit operators of numbers carry

/**
 * Seal to which a credential's proof leads, in hex.
 *
 * @param {{salt: string, credentialHash: string, leafIndex: number, treeSize: number,
 *   siblings: string[]}} proof Hashes in hex.
 * @returns {Promise<string>}
 * @throws {InputError} `index-out-of-range` or `wrong-path-length` if no tree of that size has
 *   such a path.
 */
export async function sealFromProof({ salt, credentialHash, leafIndex, treeSize, siblings }) {
  const sides = siblingSides(leafIndex, treeSize);
  if (sides.length !== siblings.length) throw new InputError("wrong-path-length");
  let node = await sha256(fromHex(salt), fromHex(credentialHash));
  for (const [level, isLeft] of sides.entries()) {
    const sibling = fromHex(siblings[level]);
    node = isLeft ? await sha256(sibling, node) : await sha256(node, sibling);
  }
  return toHex(await sha256(node, uint256(treeSize)));
}

/**
 * For each sibling on the way up, whether it stands on the left.
 *
 * A level at which the node has no sibling is left out: the node moves up unchanged. The sides
 * follow from index and size alone, which the seal binds, so nobody can choose them.
 *
 * @param {number} leafIndex
 * @param {number} treeSize
 */
function siblingSides(leafIndex, treeSize) {
  if (!(leafIndex >= 0 && leafIndex < treeSize && treeSize <= MAX_TREE_SIZE)) {
    throw new InputError("index-out-of-range");
  }
  const sides = [];
  let [index, last] = [leafIndex, treeSize - 1];
  while (last > 0) {
    if (index % 2 === 1) sides.push(true);
    else if (index < last) sides.push(false);
    index = Math.floor(index / 2);
    last = Math.floor(last / 2);
  }
  return sides;
}

/** @param {number} number */
function uint256(number) {
  return fromHex(number.toString(16).padStart(64, "0"));
}
