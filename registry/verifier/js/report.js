// What a verification found: checks in order, and the verdict that follows from them.

/** @typedef {"pass" | "fail" | "unknown" | "skipped"} Outcome */
/** @typedef {Record<string, string | number | null>} Evidence */
/**
 * @typedef {object} Check One named question with its answer.
 * @property {string} name
 * @property {Outcome} outcome
 * @property {string} code Stable, and documented in docs/checks.md.
 * @property {Evidence} evidence The values that the answer rests on.
 * @property {Reason | null} reason More of why, for a person, where there is more.
 */
/**
 * @typedef {object} Reason
 * @property {string} code
 * @property {string | null} place Where in the document.
 */
/**
 * @typedef {object} Report
 * @property {"valid" | "invalid" | "undetermined"} verdict
 * @property {Check[]} checks
 */

const CHECK_NAMES = [
  "format", "integrity", "inclusion", "anchor", "status", "issuer", "validity", "proofs",
];
// Without these no credential is shown to be anchored; a skipped one is as bad as an unknown one.
const REQUIRED = ["format", "integrity", "inclusion", "anchor", "status"];

/**
 * @param {string} name
 * @param {string} code
 * @param {Evidence} [evidence]
 * @returns {Check}
 */
export function pass(name, code, evidence = {}) {
  return { name, outcome: "pass", code, evidence, reason: null };
}

/**
 * @param {string} name
 * @param {string} code
 * @param {Evidence} [evidence]
 * @param {Reason | null} [reason]
 * @returns {Check}
 */
export function fail(name, code, evidence = {}, reason = null) {
  return { name, outcome: "fail", code, evidence, reason };
}

/**
 * @param {string} name
 * @param {string} code
 * @param {Evidence} [evidence]
 * @param {Reason | null} [reason]
 * @returns {Check}
 */
export function unknown(name, code, evidence = {}, reason = null) {
  return { name, outcome: "unknown", code, evidence, reason };
}

/**
 * @param {string} name
 * @param {string} code
 * @param {Evidence} [evidence]
 * @returns {Check}
 */
export function skipped(name, code, evidence = {}) {
  return { name, outcome: "skipped", code, evidence, reason: null };
}

/**
 * @param {{code: string, place?: string | null}} error
 * @returns {Reason}
 */
export function reasonOf(error) {
  return { code: error.code, place: error.place ?? null };
}

/**
 * Orders the checks and draws the verdict: invalid if anything failed; else undetermined if
 * anything is unknown or a required check was skipped or is absent; else valid.
 *
 * @param {Check[]} checks
 * @returns {Report}
 */
export function conclude(checks) {
  const ordered = CHECK_NAMES.flatMap((name) => checks.filter((check) => check.name === name));
  return { verdict: verdictOf(ordered), checks: ordered };
}

/** @param {Check[]} checks */
function verdictOf(checks) {
  if (checks.some((check) => check.outcome === "fail")) return "invalid";
  const shown = checks.filter((check) => check.outcome === "pass").map((check) => check.name);
  const isUnknown = checks.some((check) => check.outcome === "unknown");
  return isUnknown || !REQUIRED.every((name) => shown.includes(name)) ? "undetermined" : "valid";
}
