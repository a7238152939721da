// The server's own verdict, asked for only when the visitor wants it: the evidence is sent then.

import { button, element } from "rootseal/page/elements.js";
import { text } from "rootseal/page/language.js";
import { finding, heading } from "rootseal/page/words.js";

/** @typedef {import("rootseal/report.js").Report} Report */
/** @typedef {import("rootseal/verify.js").Evidence} Evidence */

const PATIENCE = 60_000; // milliseconds; it asks a chain, perhaps several times

/**
 * A place on the page with a button, and the answer once it was pressed.
 *
 * @param {Evidence} evidence
 * @param {string | null} issuer The one expected.
 * @param {Report} own The report of this browser.
 */
export function serverPart(evidence, issuer, own) {
  const hint = element("p", { class: "hint" }, text("server.hint", { host: location.host }));
  const part = element("div", { class: "server" });
  const ask = button(text("server.ask"), async () => {
    const told = element("p", { role: "status", class: "told" }, text("server.asking"));
    part.replaceChildren(element("h3", {}, text("server.heading")), told);
    told.textContent = await answer(evidence, issuer, own);
  });
  part.append(element("div", { class: "actions" }, ask), hint);
  return part;
}

/**
 * @param {Evidence} evidence
 * @param {string | null} issuer
 * @param {Report} own
 */
async function answer(evidence, issuer, own) {
  let found;
  try {
    const response = await post(evidence, issuer);
    found = await response.json();
  } catch {
    return text("server.silent");
  }
  if (!Array.isArray(found.checks)) {
    return text("server.failed", { reason: String(found.detail ?? found.title ?? "?") });
  }
  const verdict = heading(found);
  if (found.verdict === own.verdict) return text("server.same", { verdict });
  return `${text("server.other", { verdict })} ${found.verdict === "valid" ? "" : finding(found, null)}`;
}

/**
 * @param {Evidence} evidence
 * @param {string | null} issuer
 */
function post({ credential, receipt }, issuer) {
  const form = new FormData();
  if (credential !== null) form.append("credential", new Blob([credential]), "credential");
  if (receipt !== null) form.append("receipt", new Blob([receipt]), "receipt");
  if (issuer !== null) form.append("issuer", issuer);
  return fetch("/v1/verify", {
    method: "POST",
    body: form,
    credentials: "omit",
    signal: AbortSignal.timeout(PATIENCE),
  });
}
