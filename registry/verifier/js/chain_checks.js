// The checks that ask a chain: anchor and status, from one block each.

import { chainId } from "rootseal/address.js";
import { findAnchorEvent } from "rootseal/anchor_event.js";
import { formatTime } from "rootseal/dates.js";
import { DisagreementError, UnavailableError } from "rootseal/errors.js";
import { fail, pass, reasonOf, unknown } from "rootseal/report.js";

/** @typedef {import("rootseal/chain.js").Chain} Chain */
/** @typedef {import("rootseal/receipt.js").AnchorReference} AnchorReference */
/** @typedef {import("rootseal/receipt.js").Receipt} Receipt */
/** @typedef {import("rootseal/reply.js").Block} Block */
/** @typedef {import("rootseal/report.js").Check} Check */
/**
 * @typedef {object} ChainFindings
 * @property {Check} anchor
 * @property {Check} status
 * @property {Set<string>} issuers Those whose anchors held.
 * @property {number | null} anchoredAt Time of the earliest of them, in seconds since 1970.
 */

const NODE_CANNOT_KNOW = ["node-behind", "no-contract"]; // then it cannot tell the status either
const ORDER = ["fail", "unknown", "skipped", "pass"]; // the worst first

/**
 * Judges every anchor of the receipt on a chain that this verifier asks.
 *
 * All of them must hold; anchors on other chains are not judged, but at least one must be.
 *
 * @param {Receipt} receipt
 * @param {Map<string, Chain>} chains By CAIP-2 name.
 * @returns {Promise<ChainFindings>}
 */
export async function checkChains(receipt, chains) {
  const asked = receipt.anchors.filter((anchor) => chains.has(anchor.chain));
  if (asked.length === 0) return nobodyAsked(receipt);
  const chainOf = (/** @type {AnchorReference} */ anchor) =>
    /** @type {Chain} */ (chains.get(anchor.chain));
  const results = await Promise.all(
    asked.map((anchor) => checkAnchor(receipt, anchor, chainOf(anchor))),
  );
  const anchor = withUnasked(worst(results.map((result) => result.anchor)), receipt, chains);
  const held = anchor.outcome === "pass";
  return {
    anchor,
    status: worst(results.map((result) => result.status)),
    issuers: new Set(held ? asked.map((reference) => reference.issuer) : []),
    anchoredAt: held ? Math.min(...asked.map((reference) => reference.anchoredAt)) : null,
  };
}

/**
 * @param {Receipt} receipt
 * @returns {ChainFindings}
 */
function nobodyAsked(receipt) {
  const code = receipt.anchors.length === 0 ? "pending" : "chain-not-configured";
  return {
    anchor: unknown("anchor", code),
    status: statusUnasked(),
    issuers: new Set(),
    anchoredAt: null,
  };
}

/**
 * Names the chains that this verifier does not ask, retired ones say: they decide nothing.
 *
 * @param {Check} check
 * @param {Receipt} receipt
 * @param {Map<string, Chain>} chains
 * @returns {Check}
 */
function withUnasked(check, receipt, chains) {
  const named = new Set(receipt.anchors.map((anchor) => anchor.chain));
  const unasked = [...named].filter((name) => !chains.has(name));
  if (unasked.length === 0) return check;
  const id = (/** @type {string} */ name) => /** @type {bigint} */ (chainId(name));
  unasked.sort((a, b) => (id(a) < id(b) ? -1 : 1));
  return { ...check, evidence: { ...check.evidence, notAsked: unasked.join(", ") } };
}

/**
 * @param {Receipt} receipt
 * @param {AnchorReference} anchor
 * @param {Chain} chain
 * @returns {Promise<{anchor: Check, status: Check}>}
 */
async function checkAnchor(receipt, anchor, chain) {
  try {
    const at = await chain.head();
    const check = await judgeAnchor(receipt, anchor, chain, at);
    if (check.outcome === "fail" || NODE_CANNOT_KNOW.includes(check.code)) {
      return { anchor: check, status: statusUnasked() };
    }
    return { anchor: check, status: await judgeStatus(receipt, anchor, chain, at) };
  } catch (error) {
    if (!(error instanceof UnavailableError)) throw error;
    return { anchor: unavailable(chain, error), status: statusUnasked() };
  }
}

/**
 * @param {Chain} chain
 * @param {UnavailableError} error
 */
function unavailable(chain, error) {
  if (error instanceof DisagreementError) {
    const evidence = { chain: chain.name, answers: error.answers.join("; ") };
    return unknown("anchor", "nodes-disagree", evidence);
  }
  return unknown("anchor", "chain-unavailable", { chain: chain.name }, reasonOf(error));
}

/**
 * @param {Receipt} receipt
 * @param {AnchorReference} anchor
 * @param {Chain} chain
 * @param {Block} at
 * @returns {Promise<Check>}
 */
async function judgeAnchor(receipt, anchor, chain, at) {
  const { contract, issuer, transaction, blockNumber } = anchor;
  const askedAtBlock = at.number;
  const evidence = { chain: chain.name, contract, issuer, transaction, blockNumber, askedAtBlock };
  // 1. The contract is the one that this verifier knows. Running our code is not enough: whoever
  //    deploys it elsewhere can write any anchor into its storage while deploying.
  if (contract !== chain.contract) return fail("anchor", "wrong-contract", evidence);
  // 2. The node can know: it has come as far as the anchor's block, and has our contract.
  if (at.number < blockNumber) return unknown("anchor", "node-behind", evidence);
  if (!(await chain.isGenuine(at))) return unknown("anchor", "no-contract", evidence);
  // 3. The contract's storage holds the seal under this issuer, since the time claimed.
  const anchoredAt = await chain.anchoredAt(issuer, receipt.seal, at);
  if (anchoredAt === null) return fail("anchor", "not-anchored", evidence);
  if (anchoredAt !== anchor.anchoredAt) {
    return fail("anchor", "wrong-time", { ...evidence, anchoredAt: formatTime(anchoredAt) });
  }
  // 4. The place named is the one where it was anchored.
  const event = await findAnchorEvent(chain, receipt.seal, anchor, at);
  if (event === null) return unknown("anchor", "no-event", evidence);
  const isThere =
    event.transaction === transaction &&
    event.blockNumber === blockNumber &&
    event.blockHash === anchor.blockHash &&
    event.logIndex === anchor.logIndex;
  if (!isThere) return fail("anchor", "wrong-transaction", evidence);
  // 5. The block can no longer be replaced.
  if (blockNumber > (await chain.finalized())) return unknown("anchor", "not-final", evidence);
  return pass("anchor", "anchored", evidence);
}

/**
 * @param {Receipt} receipt
 * @param {AnchorReference} anchor
 * @param {Chain} chain
 * @param {Block} at
 * @returns {Promise<Check>}
 */
async function judgeStatus(receipt, anchor, chain, at) {
  const status = await chain.credentialStatus(anchor.issuer, receipt.seal, receipt.leafIndex, at);
  const evidence = { status, askedAtBlock: at.number };
  return status === "active" ? pass("status", status, evidence) : fail("status", status, evidence);
}

function statusUnasked() {
  return unknown("status", "status-not-asked");
}

/** @param {Check[]} checks */
function worst(checks) {
  const rank = (/** @type {Check} */ check) => ORDER.indexOf(check.outcome);
  return checks.reduce((worse, check) => (rank(check) < rank(worse) ? check : worse));
}
