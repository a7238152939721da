// Finds the event of an anchor whose time the contract's storage has already told.

/** @typedef {import("rootseal/chain.js").Chain} Chain */
/** @typedef {import("rootseal/receipt.js").AnchorReference} AnchorReference */
/** @typedef {import("rootseal/reply.js").Block} Block */
/** @typedef {import("rootseal/reply.js").Log} Log */

/**
 * The event by which the anchor was made, wherever it stands; null if the node does not give it.
 *
 * A node that keeps no index of old transactions is asked for the block claimed, and then for
 * the blocks of the anchor's time: nodes refuse to search wide ranges.
 *
 * @param {Chain} chain
 * @param {string} seal
 * @param {AnchorReference} anchor Whose `anchoredAt` is what the contract says.
 * @param {Block} head
 * @returns {Promise<Log | null>}
 */
export async function findAnchorEvent(chain, seal, anchor, head) {
  const { transaction, issuer, blockNumber, anchoredAt } = anchor;
  return (
    (await chain.anchorInTransaction(transaction, issuer, seal)) ??
    (await chain.anchorInBlocks(issuer, seal, blockNumber, blockNumber)) ??
    (await anchorAtTime(chain, issuer, seal, anchoredAt, head))
  );
}

/**
 * @param {Chain} chain
 * @param {string} issuer
 * @param {string} seal
 * @param {number} time
 * @param {Block} head
 */
async function anchorAtTime(chain, issuer, seal, time, head) {
  const first = await firstBlockFrom(chain, time, head.number);
  const last = (await firstBlockFrom(chain, time + 1, head.number)) - 1;
  return first > last ? null : chain.anchorInBlocks(issuer, seal, first, last);
}

/**
 * Number of the first block that is not older than `time`, up to one beyond `head`; by halving,
 * since no block is older than its parent.
 *
 * @param {Chain} chain
 * @param {number} time
 * @param {number} head
 */
async function firstBlockFrom(chain, time, head) {
  let [low, high] = [0, head + 1];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if ((await chain.block(middle)).time < time) low = middle + 1;
    else high = middle;
  }
  return low;
}
