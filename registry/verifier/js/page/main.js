// The page: takes what a visitor brings, checks it here, and shows what was found.

import { InputError } from "rootseal/errors.js";
import { readInputs } from "rootseal/inputs.js";
import { anchoredAt, claimsOf } from "rootseal/page/claims.js";
import { config } from "rootseal/page/config.js";
import { byId } from "rootseal/page/elements.js";
import { choose, language, reasonText, text, translate } from "rootseal/page/language.js";
import { serverPart } from "rootseal/page/server.js";
import { openSettings, translateSettings, verifierSet } from "rootseal/page/settings.js";
import { addressIn, fetched, filesRead, textRead } from "rootseal/page/sources.js";
import { hideVerdict, showChecking, showVerdict, spoken } from "rootseal/page/verdict.js";
import { decisive } from "rootseal/page/words.js";
import { examine } from "rootseal/verify.js";

/** @typedef {import("rootseal/inputs.js").InputFile} InputFile */
/** @typedef {import("rootseal/page/verdict.js").Shown} Shown */
/** @typedef {{credential: Uint8Array | null, receipt: Uint8Array | null, files: string[]}} Given */

/** @type {Given | null} */
let given = null;
/** @type {{shown: Shown, expectedIssuer: string | null} | null} */
let found = null;
/** @type {InputError | null} */
let fault = null;
let latest = 0; // a check that was overtaken by another shows nothing

/**
 * Checks what a source gives, and shows what was found.
 *
 * @param {() => Promise<InputFile[]>} read
 * @param {string[]} names
 */
async function take(read, names) {
  await attempt(names, async () => {
    const files = await read();
    const { credential, receipt } = await readInputs(files);
    return completed({ credential, receipt, files: files.map((file) => file.name) });
  });
  lead();
}

/** Checks the same evidence as before, if there is any. */
async function again() {
  const before = given;
  if (before !== null) await attempt(before.files, async () => before);
}

/**
 * @param {string[]} names
 * @param {() => Promise<Given>} bring
 */
async function attempt(names, bring) {
  const number = ++latest;
  fault = null;
  showFault();
  showChecking(names);
  layOut();
  try {
    const evidence = await bring();
    if (number !== latest) return;
    given = evidence;
    const outcome = await check(evidence);
    if (number === latest) found = outcome;
  } catch (error) {
    const isBug = !(error instanceof InputError);
    if (number === latest) [fault, found] = [isBug ? new InputError("bug") : error, null];
    if (isBug) throw error;
  } finally {
    if (number === latest) show();
  }
}

/** Leads the visitor to the verdict; one who changes the settings stays there. */
function lead() {
  byId("result").focus({ preventScroll: true });
  window.scrollTo(0, 0);
}

/** @param {Given} evidence */
async function check({ files, ...evidence }) {
  const now = new Date();
  const verifier = { ...verifierSet(), now };
  const { report, receipt } = await examine(evidence, verifier);
  const says = await claimsOf(evidence);
  const chains = report.checks.map((one) => one.evidence.chain);
  const asked = verifier.chains
    .filter(({ chain }) => chains.includes(chain))
    .flatMap(({ rpcUrls }) => rpcUrls.map((url) => new URL(url).host));
  const when = anchoredAt(report, receipt?.anchors ?? []);
  const shown = { report, files, says, anchoredAt: when, now, asked };
  return { shown, expectedIssuer: verifier.expectedIssuer };
}

/**
 * A receipt that comes after its credential, or the other way round, joins it.
 *
 * @param {Given} brought
 * @returns {Given}
 */
function completed(brought) {
  const missing = found === null ? undefined : decisive(found.shown.report)?.code;
  const isOther =
    (missing === "no-receipt" && brought.credential === null) ||
    (missing === "no-credential" && brought.receipt === null);
  if (!isOther || given === null) return brought;
  return {
    credential: brought.credential ?? given.credential,
    receipt: brought.receipt ?? given.receipt,
    files: [...given.files, ...brought.files],
  };
}

function clear() {
  [given, found, fault] = [null, null, null];
  latest += 1;
  byId("text").value = "";
  show();
  byId("files").focus();
}

function showFault() {
  const problem = byId("problem");
  problem.hidden = fault === null;
  problem.textContent = fault === null ? "" : capital(`${reasonText(fault)}.`);
}

/** Shows what there is to show, in the language chosen. */
function show() {
  showFault();
  if (found === null || given === null) {
    hideVerdict();
    byId("spoken").textContent = "";
  } else {
    const { shown, expectedIssuer } = found;
    const server = config.isSingle ? null : serverPart(given, expectedIssuer, shown.report);
    const actions = { again: () => again().then(lead), clear, add: () => byId("files").click() };
    showVerdict(shown, actions, server);
    byId("spoken").textContent = spoken(shown);
  }
  layOut();
}

function layOut() {
  const isEmpty = byId("result").hidden && fault === null;
  byId("main").classList.toggle("has-result", !isEmpty);
  byId("drop").querySelector("strong").textContent =
    text(isEmpty ? "page.drop" : "page.dropAnother");
}

/** @param {string} words */
function capital(words) {
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function speak() {
  translate();
  translateSettings();
  byId("version").textContent = text("page.version", { version: config.version });
  if (found !== null || fault !== null) show();
  else layOut();
}

/** @param {FileList | File[]} files */
function takeFiles(files) {
  const list = [...files];
  if (list.length > 0) take(() => filesRead(list), list.map((file) => file.name));
}

function takeAddress() {
  const address = addressIn(location.hash);
  if (address !== null) take(() => fetched(address), [address]);
}

function listen() {
  byId("files").addEventListener("change", () => {
    takeFiles(byId("files").files);
    byId("files").value = ""; // so that the same file can be chosen again
  });
  byId("check-text").addEventListener("click", () => {
    take(() => textRead(byId("text").value), []);
  });
  byId("language").addEventListener("change", () => {
    choose([byId("language").value]);
    speak();
  });
  window.addEventListener("hashchange", takeAddress);
  listenForDrops();
  window.addEventListener("beforeprint", () => openDetails(true));
  window.addEventListener("afterprint", () => openDetails(false));
}

function listenForDrops() {
  // Anywhere: a file that misses its place would take the visitor away from this page.
  const hasFiles = (/** @type {DragEvent} */ event) => event.dataTransfer?.types.includes("Files");
  document.addEventListener("dragover", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    byId("main").classList.add("over");
  });
  document.addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) byId("main").classList.remove("over");
  });
  document.addEventListener("drop", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    byId("main").classList.remove("over");
    takeFiles(event.dataTransfer?.files ?? []);
  });
}

/** @param {boolean} isPrinting */
function openDetails(isPrinting) {
  for (const details of byId("result").querySelectorAll("details")) {
    if (isPrinting && !details.open) details.dataset.printing = "";
    if (isPrinting) details.open = true;
    else if ("printing" in details.dataset) {
      details.open = false;
      delete details.dataset.printing;
    }
  }
}

for (const part of document.querySelectorAll("[data-served]")) {
  /** @type {HTMLElement} */ (part).hidden = config.isSingle;
}
for (const part of document.querySelectorAll("[data-single]")) {
  /** @type {HTMLElement} */ (part).hidden = !config.isSingle;
}
choose(navigator.languages);
byId("language").value = language();
openSettings(again);
listen();
speak();
takeAddress();
