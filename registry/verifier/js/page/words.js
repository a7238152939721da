// A report in words: what a person reads first, and what each check has to say.

import { chainName, day, text, textIfAny } from "rootseal/page/language.js";

/** @typedef {import("rootseal/report.js").Check} Check */
/** @typedef {import("rootseal/report.js").Report} Report */

const REQUIRED = ["format", "integrity", "inclusion", "anchor", "status"];

/**
 * The check on which the verdict rests; for a valid one, that of the issuer.
 *
 * @param {Report} report
 * @returns {Check | undefined}
 */
export function decisive({ verdict, checks }) {
  if (verdict === "valid") return checks.find((check) => check.name === "issuer");
  if (verdict === "invalid") return checks.find((check) => check.outcome === "fail");
  return checks.find(({ name, outcome }) =>
    outcome === "unknown" || (outcome === "skipped" && REQUIRED.includes(name)));
}

/** @param {Report} report */
export function heading(report) {
  return text(`verdict.${isUnnamed(report) ? "unnamed" : report.verdict}`);
}

/**
 * Whether it is valid, but nobody said whose address anchored it.
 *
 * @param {Report} report
 */
export function isUnnamed(report) {
  return report.verdict === "valid" && decisive(report)?.outcome !== "pass";
}

/**
 * Who anchored it and since when, or what failed, in a sentence or two.
 *
 * @param {Report} report
 * @param {Date | null} anchoredAt
 */
export function finding(report, anchoredAt) {
  const check = decisive(report);
  if (check === undefined) return "";
  if (report.verdict !== "valid") return `${title(check)} ${sentence(check)}`;
  const date = anchoredAt === null ? "?" : day(anchoredAt);
  if (isUnnamed(report)) return text("verdict.validUnnamed", { date });
  const name = check.evidence.name ?? check.evidence.domain ?? null;
  return name === null
    ? text("verdict.validExpected", { date })
    : text("verdict.validOf", { name, date });
}

/** @param {Check} check */
export function title({ code, evidence }) {
  return text(`checks.${code}.title`, shown(evidence));
}

/** @param {Check} check */
export function sentence({ code, evidence }) {
  return textIfAny(`checks.${code}.sentence`, shown(evidence)) ?? "";
}

/** @param {Check} check */
export function advice({ code }) {
  return textIfAny(`checks.${code}.todo`) ?? "";
}

/** @param {Check["evidence"]} evidence */
function shown(evidence) {
  const { chain } = evidence;
  return typeof chain === "string" ? { ...evidence, chain: chainName(chain) } : evidence;
}
