// The checks that need nothing but the evidence itself, one function each.

import { contentMeant } from "rootseal/brought.js";
import { credentialHash } from "rootseal/canonical.js";
import { formatMoment, formatTime, parseDateTime } from "rootseal/dates.js";
import { InputError } from "rootseal/errors.js";
import { fail, pass, reasonOf, skipped, unknown } from "rootseal/report.js";
import { sealFromProof } from "rootseal/tree.js";

/** @typedef {import("rootseal/brought.js").Brought} Brought */
/** @typedef {import("rootseal/receipt.js").Receipt} Receipt */
/** @typedef {import("rootseal/report.js").Check} Check */
/** @typedef {{name: string, accreditation?: string | null}} TrustedIssuer */

const MICROSECONDS = 1_000_000n;
const STARTS = ["validFrom", "issuanceDate"]; // VC 2.0 §4.9, VC 1.1 §4.6
const ENDS = ["validUntil", "expirationDate"];

/**
 * Credential ↔ credential hash. With no credential there is nothing to compare.
 *
 * @param {Brought} brought
 * @param {Receipt} receipt
 * @returns {Promise<Check>}
 */
export async function checkIntegrity(brought, receipt) {
  if (brought.file === null) return skipped("integrity", "no-credential");
  try {
    const content = contentMeant(brought, receipt.canonicalization);
    const found = await credentialHash(content, receipt.canonicalization);
    const evidence = { credentialHash: found, receiptHash: receipt.credentialHash };
    return found === receipt.credentialHash
      ? pass("integrity", "hash-match", evidence)
      : fail("integrity", "hash-mismatch", evidence);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return fail("integrity", "unreadable-credential", {}, reasonOf(error));
  }
}

/**
 * Credential hash ↔ seal, by the receipt's path.
 *
 * @param {Receipt} receipt
 * @returns {Promise<Check>}
 */
export async function checkInclusion(receipt) {
  const { seal, leafIndex, treeSize } = receipt;
  const evidence = { seal, leafIndex, treeSize };
  try {
    const found = await sealFromProof(receipt);
    return found === seal
      ? pass("inclusion", "included", evidence)
      : fail("inclusion", "seal-mismatch", { ...evidence, leadsTo: found });
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return fail("inclusion", error.code, evidence);
  }
}

/**
 * Anchoring address ↔ who the verifier takes it for.
 *
 * `expected`, if given, is the only address that passes; else a trust list that names anybody
 * decides; else nobody is judged.
 *
 * @param {Set<string>} issuers
 * @param {Map<string, TrustedIssuer>} trusted By address with checksum.
 * @param {string | null} expected
 * @returns {Check}
 */
export function checkIssuer(issuers, trusted, expected) {
  if (issuers.size === 0) return skipped("issuer", "no-anchor");
  const names = [...issuers].sort();
  const evidence = { issuer: names.join(", ") };
  if (expected !== null) {
    return names.every((name) => name === expected)
      ? pass("issuer", "expected-issuer", evidence)
      : fail("issuer", "unexpected-issuer", evidence);
  }
  if (trusted.size === 0) return skipped("issuer", "no-trust-list", evidence);
  const known = names.flatMap((name) => trusted.get(name) ?? []);
  if (known.length < names.length) return fail("issuer", "untrusted-issuer", evidence);
  return pass("issuer", "trusted-issuer", { ...evidence, ...saidOf(known) });
}

/**
 * The credential's own dates ↔ now, and its award ↔ the anchor.
 *
 * @param {Record<string, any> | null} document
 * @param {bigint} now Microseconds since 1970.
 * @param {number | null} anchoredAt Seconds since 1970.
 * @returns {Check}
 */
export function checkValidity(document, now, anchoredAt) {
  if (document === null) return skipped("validity", "no-dates");
  const dates = { validFrom: STARTS, validUntil: ENDS, awardedDate: ["awardedDate"] };
  const moments = new Map();
  for (const [name, keys] of Object.entries(dates)) {
    const key = keys.find((key) => (document[key] ?? null) !== null);
    if (key === undefined) continue;
    const moment = typeof document[key] === "string" ? parseDateTime(document[key]) : null;
    if (moment === null) {
      const reason = { code: "no-date-with-zone", place: `/${key}` };
      return unknown("validity", "unreadable-date", {}, reason);
    }
    moments.set(name, moment);
  }
  return judgeMoments(moments, now, anchoredAt);
}

/**
 * Who the issuers are, each said once, and who accredited them.
 *
 * @param {TrustedIssuer[]} known
 */
function saidOf(known) {
  const issuers = [...new Map(known.map((issuer) => [JSON.stringify(issuer), issuer])).values()];
  const accredited = issuers.flatMap((issuer) => issuer.accreditation ?? []).sort();
  const name = issuers.map((issuer) => issuer.name).sort().join(", ");
  return accredited.length === 0 ? { name } : { name, accreditation: accredited.join(" ") };
}

/**
 * @param {Map<string, bigint>} moments
 * @param {bigint} now
 * @param {number | null} anchoredAt
 */
function judgeMoments(moments, now, anchoredAt) {
  const [start, end] = [moments.get("validFrom"), moments.get("validUntil")];
  const awarded = moments.get("awardedDate");
  const all = [...moments, ["now", now]];
  const evidence = Object.fromEntries(all.map(([name, moment]) => [name, formatMoment(moment)]));
  if (start !== undefined && now < start) return fail("validity", "not-yet-valid", evidence);
  if (end !== undefined && now > end) return fail("validity", "expired", evidence);
  if (awarded !== undefined && anchoredAt !== null) {
    if (awarded > BigInt(anchoredAt) * MICROSECONDS) {
      const late = { ...evidence, anchoredAt: formatTime(anchoredAt) };
      return fail("validity", "awarded-after-anchor", late);
    }
  }
  return pass("validity", "in-time", evidence);
}
