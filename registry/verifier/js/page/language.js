// The page's words: a catalogue for each language, chosen by the browser's or by the visitor.

import de from "rootseal/messages/de.js";
import en from "rootseal/messages/en.js";

/** @type {Record<string, Record<string, any>>} */
const CATALOGUES = { en, de };
// How people call the chains that they hear of; any other goes by its CAIP-2 name.
/** @type {Record<string, string>} */
const CHAINS = {
  "eip155:1": "Ethereum",
  "eip155:10": "OP Mainnet",
  "eip155:100": "Gnosis",
  "eip155:137": "Polygon",
  "eip155:8453": "Base",
  "eip155:42161": "Arbitrum One",
  "eip155:11155111": "Sepolia",
};
let current = "en";

/** @param {readonly string[]} preferred Language tags, the best first. */
export function choose(preferred) {
  const known = preferred.map((tag) => tag.slice(0, 2).toLowerCase());
  current = known.find((language) => Object.hasOwn(CATALOGUES, language)) ?? "en";
}

export function language() {
  return current;
}

/**
 * A text of the catalogue, with its values put in; null if there is none.
 *
 * @param {string} key
 * @param {Record<string, string | number | null>} [values]
 * @returns {string | null}
 */
export function textIfAny(key, values = {}) {
  const step = (/** @type {any} */ part, /** @type {string} */ name) =>
    typeof part === "object" && Object.hasOwn(part, name) ? part[name] : undefined;
  const found = key.split(".").reduce(step, CATALOGUES[current]);
  if (typeof found !== "string") return null;
  // A function: what is put in may hold `$&`, which a string would read as an order.
  return found.replace(/\{(\w+)\}/g, (whole, name) =>
    Object.hasOwn(values, name) ? String(values[name]) : whole);
}

/**
 * As `textIfAny`; the key's last part if there is none, which is a program's name for it.
 *
 * @param {string} key
 * @param {Record<string, string | number | null>} [values]
 */
export function text(key, values = {}) {
  return textIfAny(key, values) ?? /** @type {string} */ (key.split(".").at(-1));
}

/**
 * Why something went wrong, for a person.
 *
 * @param {{code: string, place?: string | null}} reason
 */
export function reasonText({ code, place = null }) {
  const reason = text(`reasons.${code}`);
  return place === null ? reason : text("verdict.place", { reason, place });
}

/** Puts the words into the page's own markup. */
export function translate() {
  document.documentElement.lang = current;
  document.title = text("page.title");
  for (const place of document.querySelectorAll("[data-text]")) {
    place.textContent = text(/** @type {HTMLElement} */ (place).dataset.text ?? "");
  }
  for (const place of document.querySelectorAll("[data-label]")) {
    place.setAttribute("aria-label", text(/** @type {HTMLElement} */ (place).dataset.label ?? ""));
  }
}

/** @param {string} chain CAIP-2. */
export function chainName(chain) {
  return Object.hasOwn(CHAINS, chain) ? CHAINS[chain] : chain;
}

/** @param {Date} date */
export function day(date) {
  return new Intl.DateTimeFormat(current, { dateStyle: "long", timeZone: "UTC" }).format(date);
}

/** @param {Date} date */
export function moment(date) {
  const parts = /** @type {const} */ ({ dateStyle: "long", timeStyle: "short", timeZone: "UTC" });
  return `${new Intl.DateTimeFormat(current, parts).format(date)} UTC`;
}
