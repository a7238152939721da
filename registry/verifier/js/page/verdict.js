// The verdict and its checks on the page: first the word, then why, then every value.

import { button, byId, described, element, mark } from "rootseal/page/elements.js";
import { moment, reasonText, text } from "rootseal/page/language.js";
import { advice, decisive, finding, heading, isUnnamed, sentence, title }
  from "rootseal/page/words.js";

/** @typedef {import("rootseal/report.js").Check} Check */
/** @typedef {import("rootseal/report.js").Report} Report */
/**
 * @typedef {object} Shown Everything that is shown of one check of evidence.
 * @property {Report} report
 * @property {string[]} files Names of what was checked.
 * @property {[string, string][]} says What the credential says of itself.
 * @property {Date | null} anchoredAt
 * @property {Date} now
 * @property {string[]} asked Hosts of the nodes.
 */
/** @typedef {{again: () => void, clear: () => void, add: () => void}} Actions */

/** @param {string[]} files */
export function showChecking(files) {
  const words = text("verdict.reading", { files: files.join(", ") });
  fill("checking", [head("checking", text("verdict.checking")), element("p", {}, words)]);
  byId("result").setAttribute("aria-busy", "true");
}

/**
 * @param {Shown} shown
 * @param {Actions} actions
 * @param {HTMLElement | null} server What the server has to say.
 */
export function showVerdict(shown, actions, server) {
  const { report, says } = shown;
  fill(report.verdict, [
    head(report.verdict, heading(report)),
    element("p", { class: "finding" }, finding(report, shown.anchoredAt)),
    ...remarks(report),
    ...nextStep(report, actions),
    ...(says.length === 0 ? [] : [claims(says)]),
    element("h3", {}, text("verdict.checks")),
    element("ul", { class: "checks" }, ...report.checks.map(checkItem)),
    element("p", { class: "hint checked" }, footnote(shown)),
    row(
      button(text("verdict.print"), () => window.print()),
      button(text("verdict.another"), actions.clear),
    ),
    ...(server === null ? [] : [server]),
  ]);
}

export function hideVerdict() {
  const section = byId("result");
  section.hidden = true;
  section.replaceChildren();
  section.setAttribute("aria-busy", "false");
  delete section.dataset.verdict;
}

/**
 * What a screen reader says of a verdict.
 *
 * @param {Shown} shown
 */
export function spoken({ report, anchoredAt }) {
  const values = { verdict: heading(report), finding: finding(report, anchoredAt) };
  return text("page.spoken", values);
}

/**
 * @param {string} verdict
 * @param {Node[]} content
 */
function fill(verdict, content) {
  const section = byId("result");
  section.className = `verdict verdict-${verdict}`;
  section.dataset.verdict = verdict;
  section.replaceChildren(...content);
  section.hidden = false;
  section.setAttribute("aria-busy", "false");
}

/**
 * @param {"valid" | "invalid" | "undetermined" | "checking"} verdict
 * @param {string} words
 */
function head(verdict, words) {
  const title = element("h2", { id: "verdict" }, words);
  return element("div", { class: "verdict-head" }, mark(verdict), title);
}

/** @param {Report} report */
function remarks(report) {
  const check = decisive(report);
  if (check === undefined) return [];
  if (isUnnamed(report)) {
    const { issuer = "?" } = check.evidence;
    return [element("p", { class: "caution" }, text("verdict.caution", { issuer }))];
  }
  if (report.verdict === "valid") return [];
  const nothingAgainst = element("p", { class: "caution" }, text("verdict.nothingAgainst"));
  const first = report.verdict === "undetermined" ? [nothingAgainst] : [];
  return [...first, ...because(check), ...whatToDo(check)];
}

/**
 * What the visitor can do at once about a verdict that is none yet.
 *
 * @param {Report} report
 * @param {Actions} actions
 */
function nextStep(report, actions) {
  if (report.verdict !== "undetermined") return [];
  const code = decisive(report)?.code;
  if (code === "no-receipt") return [row(button(text("verdict.addReceipt"), actions.add, ""))];
  if (code === "no-credential") return [row(button(text("verdict.addCredential"), actions.add, ""))];
  return [row(button(text("verdict.again"), actions.again, ""))];
}

/** @param {...Node} buttons */
function row(...buttons) {
  return element("div", { class: "actions" }, ...buttons);
}

/** @param {[string, string][]} says */
function claims(says) {
  const entries = says.map(([key, value]) => /** @type {[string, string]} */ (
    [text(`says.${key}`), value]));
  return element(
    "div",
    { class: "facts-of" },
    element("h3", {}, text("verdict.saysItself")),
    described(entries),
    element("p", { class: "hint" }, text("verdict.saysHint")),
  );
}

/** @param {Check} check */
function checkItem(check) {
  const { name, outcome, code, evidence } = check;
  /** @type {[string, string][]} */
  const values = Object.entries(evidence).map(([key, value]) => [
    text(`evidence.${key}`), String(value),
  ]);
  const summary = element(
    "summary",
    {},
    element("span", { class: "outcome" }, text(`outcomes.${outcome}`)),
    element("span", { class: "check-name" }, text(`names.${name}`)),
    element("span", { class: "check-detail" }, title(check)),
  );
  const details = element(
    "details",
    {},
    summary,
    element("p", {}, sentence(check)),
    ...because(check),
    ...whatToDo(check),
    described([...values, [text("verdict.code"), code]]),
  );
  const attributes = { class: `check check-${outcome}`, "data-check": name, "data-code": code };
  return element("li", attributes, details);
}

/** @param {Check} check */
function because({ reason }) {
  if (!reason) return []; // a server's report has none
  return [element("p", {}, text("verdict.because", { reason: reasonText(reason) }))];
}

/** @param {Check} check */
function whatToDo(check) {
  const words = advice(check);
  return words === "" ? [] : [element("p", {}, text("verdict.toDo", { advice: words }))];
}

/** @param {Shown} shown */
function footnote({ files, now, asked }) {
  const values = { date: moment(now), nodes: asked.join(", ") };
  const how = text(asked.length === 0 ? "verdict.checkedAlone" : "verdict.checkedAsking", values);
  return `${text("verdict.checkedFile", { files: files.join(", ") })} ${how}`;
}
