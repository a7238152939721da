// Whom to ask and whom to trust, as the visitor sets it.

import { parseAddress } from "rootseal/address.js";
import { InputError } from "rootseal/errors.js";
import { config, isReachable } from "rootseal/page/config.js";
import { byId, element } from "rootseal/page/elements.js";
import { chainName, reasonText, text } from "rootseal/page/language.js";
import { parseTrustList } from "rootseal/trust.js";

const REMEMBERED = "rootseal-nodes";
const SHOWN_NAMES = 5;
const MAX_LIST_BYTES = 2 ** 20;

/** @type {{name: string, trusted: Record<string, any>, fault: InputError | null} | null} */
let ownList = null;

/**
 * Builds the panel.
 *
 * @param {() => void} onChange Called when something in it was changed.
 */
export function openSettings(onChange) {
  const kept = remembered();
  byId("remember").checked = kept !== null;
  for (const [place, { chain, rpcUrls }] of config.chains.entries()) {
    const input = element("input", {
      id: `nodes-${place}`,
      autocomplete: "off",
      spellcheck: "false",
      placeholder: "https://…",
      value: kept?.[chain] ?? rpcUrls.join(" "),
    });
    const label = element("label", { for: input.id });
    byId("endpoints").append(
      element("div", { class: "field" }, label, input, element("p", { class: "hint" })),
    );
    input.addEventListener("change", () => [remember(), onChange()]);
  }
  byId("remember").addEventListener("change", remember);
  byId("issuer").addEventListener("change", onChange);
  byId("trust").addEventListener("change", async () => {
    await readList(byId("trust").files[0]);
    onChange();
  });
  byId("forget-trust").addEventListener("click", () => {
    ownList = null;
    byId("trust").value = "";
    translateSettings();
    onChange();
  });
}

/** Puts the words into the panel. */
export function translateSettings() {
  const fields = /** @type {HTMLElement[]} */ ([...byId("endpoints").children]);
  for (const [place, { chain, contract }] of config.chains.entries()) {
    const [label, , hint] = fields[place].children;
    const name = chainName(chain) === chain ? chain : `${chainName(chain)} (${chain})`;
    label.textContent = text("page.nodesOf", { chain: name });
    hint.textContent = text("page.contract", { contract });
  }
  byId("trusted").textContent = trustText();
  byId("forget-trust").hidden = ownList === null;
}

/**
 * The verifier that the panel describes.
 *
 * @returns {Omit<import("rootseal/verify.js").Verifier, "now">}
 * @throws {InputError} For a faulty field, which is marked and shown.
 */
export function verifierSet() {
  return {
    chains: config.chains
      .map((chain, place) => ({ ...chain, rpcUrls: inField(`nodes-${place}`, nodes) }))
      .filter((chain) => chain.rpcUrls.length > 0),
    expectedIssuer: inField("issuer", (given) => (given === "" ? null : parseAddress(given))),
    trusted: inField("trust", trusted),
    timeout: config.timeout,
    fetch,
  };
}

/**
 * What a field says, or a mark at it.
 *
 * @template T
 * @param {string} id
 * @param {(text: string) => T} read
 * @returns {T}
 */
function inField(id, read) {
  const field = byId(id);
  try {
    const value = read(field.value.trim());
    field.removeAttribute("aria-invalid");
    return value;
  } catch (error) {
    if (error instanceof InputError) {
      field.setAttribute("aria-invalid", "true");
      byId("settings").open = true;
    }
    throw error;
  }
}

/** @param {string} given */
function nodes(given) {
  const urls = given.split(/[\s,]+/).filter((url) => url !== "");
  for (const url of urls) {
    const { username, password } = URL.canParse(url) ? new URL(url) : { username: "?", password: "" };
    if (username + password !== "") throw new InputError("bad-endpoint", url);
    if (!isReachable(new URL(url))) throw new InputError("node-not-allowed", url);
  }
  return urls;
}

function trusted() {
  if (ownList === null) return config.trusted;
  // Not as if there were none: then nobody would be judged.
  if (ownList.fault !== null) throw new InputError(ownList.fault.code, placeIn(ownList));
  return ownList.trusted;
}

/** @param {{name: string, fault: InputError | null}} list */
function placeIn({ name, fault }) {
  return fault?.place === null ? name : `${name}, ${fault?.place}`;
}

/** @param {File | undefined} file */
async function readList(file) {
  ownList = null;
  if (file !== undefined) {
    ownList = { name: file.name, trusted: {}, fault: null };
    try {
      ownList.trusted = parseTrustList(await listText(file));
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      ownList.fault = error;
    }
  }
  translateSettings();
}

/** @param {File} file */
async function listText(file) {
  if (file.size > MAX_LIST_BYTES) throw new InputError("too-large");
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(await file.arrayBuffer());
  } catch {
    throw new InputError("not-utf8");
  }
}

function trustText() {
  if (ownList !== null && ownList.fault !== null) return `${ownList.name}: ${reasonText(ownList.fault)}`;
  const issuers = Object.values(ownList?.trusted ?? config.trusted);
  const all = [...new Set(issuers.map((issuer) => issuer.name))];
  if (all.length === 0) return text("page.trustsNobody");
  const shown = all.slice(0, SHOWN_NAMES).join(", ");
  const names = all.length > SHOWN_NAMES ? text("page.andMore", { names: shown }) : shown;
  const values = { count: all.length, names, file: ownList?.name ?? "" };
  return text(ownList === null ? "page.trustsThese" : "page.trustsOwn", values);
}

/** @returns {Record<string, string> | null} */
function remembered() {
  try {
    const kept = JSON.parse(localStorage.getItem(REMEMBERED) ?? "null");
    return typeof kept === "object" ? kept : null;
  } catch {
    return null; // forbidden here, or not written by us
  }
}

function remember() {
  const kept = config.chains.map(({ chain }, place) => [chain, byId(`nodes-${place}`).value]);
  try {
    if (byId("remember").checked) {
      localStorage.setItem(REMEMBERED, JSON.stringify(Object.fromEntries(kept)));
    } else {
      localStorage.removeItem(REMEMBERED);
    }
  } catch {
    byId("remember").checked = false; // this browser remembers nothing
  }
}
