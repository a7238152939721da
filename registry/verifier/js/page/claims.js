// What a credential says of itself, and when it was anchored: for a person to read.
//
// Proves nothing; the checks do.

import { bring } from "rootseal/brought.js";

/** @typedef {import("rootseal/verify.js").Evidence} Evidence */
/** @typedef {import("rootseal/report.js").Report} Report */

const MAX_CHARACTERS = 200; // of one claim; more is not read at a glance

/**
 * @param {Evidence} evidence
 * @returns {Promise<[string, string][]>}
 */
export async function claimsOf({ credential }) {
  const { document } = await bring(credential);
  return document === null ? [] : said(document);
}

/**
 * When it was anchored, if the report shows that it was: at the earliest of the anchors asked.
 *
 * @param {Report} report
 * @param {{chain: string, anchoredAt: number}[]} anchors
 * @returns {Date | null}
 */
export function anchoredAt({ checks }, anchors) {
  const check = checks.find(({ code }) => code === "anchored");
  const unasked = String(check?.evidence.notAsked ?? "").split(", ");
  const times = anchors.filter(({ chain }) => !unasked.includes(chain)).map((one) => one.anchoredAt);
  return check === undefined || times.length === 0 ? null : new Date(Math.min(...times) * 1000);
}

/** @param {Record<string, any>} document */
function said(document) {
  const { credentialSubject, issuer, name } = document;
  const subject = Array.isArray(credentialSubject) ? credentialSubject[0] : credentialSubject;
  /** @type {[string, unknown][]} */
  const claims = [
    ["name", subject?.achievement?.name ?? name],
    ["holder", subject?.name],
    ["issuer", typeof issuer === "object" ? issuer?.name ?? issuer?.id : issuer],
  ];
  return claims.flatMap(([key, value]) => {
    const found = plain(value);
    return found === null ? [] : /** @type {[string, string][]} */ ([[key, found]]);
  });
}

/**
 * Text, or the first of a text in several languages.
 *
 * @param {any} value
 * @returns {string | null}
 */
function plain(value) {
  if (Array.isArray(value)) return plain(value[0]);
  if (typeof value === "object" && value !== null) return plain(value["@value"]);
  if (typeof value !== "string" || value.trim() === "") return null;
  const whole = [...value];
  return whole.length <= MAX_CHARACTERS ? value : `${whole.slice(0, MAX_CHARACTERS).join("")}…`;
}
