// Verification: from a credential and a receipt to a report, in numbered steps.
//
// Trusts nobody but the nodes that it is told to ask, and tells nobody else of what it checks.

import { chainId, parseAddress } from "rootseal/address.js";
import { receiptOfBlockcerts } from "rootseal/blockcerts.js";
import { bring } from "rootseal/brought.js";
import { Chain } from "rootseal/chain.js";
import { checkChains } from "rootseal/chain_checks.js";
import { checkInclusion, checkIntegrity, checkIssuer, checkValidity } from "rootseal/checks.js";
import { momentOf } from "rootseal/dates.js";
import { InputError } from "rootseal/errors.js";
import { checkProofs } from "rootseal/proofs.js";
import { extractReceipt, parseReceipt } from "rootseal/receipt.js";
import { conclude, fail, pass, reasonOf, unknown } from "rootseal/report.js";

/** @typedef {import("rootseal/checks.js").TrustedIssuer} TrustedIssuer */
/** @typedef {import("rootseal/receipt.js").Receipt} Receipt */
/** @typedef {import("rootseal/report.js").Report} Report */
/**
 * @typedef {object} Evidence What a verifier was given: at least one of the two.
 * @property {Uint8Array | null} credential
 * @property {Uint8Array | null} receipt
 */
/**
 * @typedef {object} ChainSettings
 * @property {string} chain CAIP-2.
 * @property {string[]} rpcUrls Of several, all must say the same.
 * @property {string} contract
 * @property {"finalized" | number} finality
 */
/**
 * @typedef {object} Verifier
 * @property {ChainSettings[]} chains
 * @property {Record<string, string | TrustedIssuer>} trusted By address, with checksum.
 * @property {string | null} expectedIssuer
 * @property {Date} now
 * @property {number} timeout Of one answer of a node, in milliseconds.
 * @property {typeof fetch} fetch
 */

/**
 * Checks the evidence. Never throws for evidence that is false, faulty or incomplete.
 *
 * @param {Evidence} evidence
 * @param {Verifier} verifier
 * @returns {Promise<Report>}
 * @throws {InputError} If nothing was given, or the verifier's own settings are faulty.
 */
export async function verify(evidence, verifier) {
  return (await examine(evidence, verifier)).report;
}

/**
 * As `verify`, with the receipt that was found, wherever it was; null if none was.
 *
 * @param {Evidence} evidence
 * @param {Verifier} verifier
 * @returns {Promise<{report: Report, receipt: Receipt | null}>}
 */
export async function examine({ credential, receipt: file }, verifier) {
  if (credential === null && file === null) throw new InputError("nothing-to-verify");
  const chains = chainsOf(verifier);
  const { trusted, expected } = namedIssuers(verifier);
  // 1. Format: the receipt, from beside the credential or inside it; or made of a proof of
  //    Blockcerts, which says the same, and of the transaction that it names.
  const brought = await bring(credential);
  let receipt;
  try {
    receipt =
      receiptBrought(file, brought) ??
      (await receiptOfBlockcerts(brought.document, chains));
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    const report = conclude([fail("format", "malformed-receipt", {}, reasonOf(error))]);
    return { report, receipt: null };
  }
  if (receipt === null) {
    const reason = brought.fault === null ? null : reasonOf(brought.fault);
    return { report: conclude([unknown("format", "no-receipt", {}, reason)]), receipt };
  }
  const { type, canonicalization } = receipt;
  // 2. Integrity: this credential is the one that the receipt names.
  const integrity = await checkIntegrity(brought, receipt);
  // 3. Inclusion: the receipt's path leads to its seal.
  const inclusion = await checkInclusion(receipt);
  // 4. Anchor and status: the chain holds that seal, and what became of the credential.
  const found = await checkChains(receipt, chains);
  // 5. Issuer, dates, and what else the credential carries. Its dates count however it was
  //    hashed, and of an image, too: the receipt's word for that is not bound by the seal.
  const report = conclude([
    pass("format", "well-formed", { type, canonicalization }),
    integrity,
    inclusion,
    found.anchor,
    found.status,
    checkIssuer(found.issuers, trusted, expected),
    checkValidity(brought.document, momentOf(verifier.now), found.anchoredAt),
    await checkProofs(brought, receipt, momentOf(verifier.now)),
  ]);
  return { report, receipt };
}

/**
 * From beside the credential; else from inside it; else from the PDF around both.
 *
 * @param {Uint8Array | null} file
 * @param {import("rootseal/brought.js").Brought} brought
 */
function receiptBrought(file, { document, receipt }) {
  if (file !== null) return parseReceipt(file);
  const found = document === null ? null : extractReceipt(document);
  return found === null && receipt !== null ? parseReceipt(receipt) : found;
}

/** @param {Verifier} verifier */
function chainsOf({ chains, timeout, fetch }) {
  for (const { chain } of chains) {
    if (chainId(chain) === null) throw new InputError("not-a-chain");
  }
  return new Map(chains.map((settings) => [settings.chain, new Chain(settings, { timeout, fetch })]));
}

/** @param {Verifier} verifier */
function namedIssuers({ trusted, expectedIssuer }) {
  const named = Object.entries(trusted).map(([address, issuer]) => {
    const entry = typeof issuer === "string" ? { name: issuer } : issuer;
    return /** @type {const} */ ([parseAddress(address), entry]);
  });
  const expected = expectedIssuer === null ? null : parseAddress(expectedIssuer);
  return { trusted: new Map(named), expected };
}
