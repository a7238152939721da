// The verifier's trust list (TOML): who is behind which address, and who accredited them.

import { TomlError } from "smol-toml/error.js";
import { parse } from "smol-toml/parse.js";
import { parseAddress } from "rootseal/address.js";
import { isObject, jsonPointer } from "rootseal/documents.js";
import { InputError } from "rootseal/errors.js";

/** @typedef {{name: string, accreditation: string | null}} TrustedIssuer */

const MAX_BYTES = 2 ** 20; // some five thousand issuers
const MAX_NAME = 200;
const MAX_ACCREDITATION = 1000;
const MAX_URL = 2000;
const URL = /^https?:\/\/[^\s"'<>]+$/;
const KEYS = ["name", "addresses", "accreditation", "url"];

/**
 * Reads a trust list.
 *
 * @param {string} text
 * @returns {Record<string, TrustedIssuer>} By address, with checksum.
 * @throws {InputError} With the place, for anything that the format does not have, and for an
 *   address named twice.
 */
export function parseTrustList(text) {
  if (new TextEncoder().encode(text).length > MAX_BYTES) throw new InputError("too-large");
  const list = parsed(text);
  refuseUnknown(list, ["issuers"], []);
  const trusted = new Map();
  for (const [index, issuer] of tables(list.issuers).entries()) {
    const place = ["issuers", index];
    if (!isObject(issuer)) throw refusal("not-a-table", place);
    refuseUnknown(issuer, KEYS, place);
    const { name, accreditation = null, url = null } = issuer;
    refuseUnless(isText(name, MAX_NAME), "not-a-name", [...place, "name"]);
    if (accreditation !== null) {
      const isSentence = isText(accreditation, MAX_ACCREDITATION);
      refuseUnless(isSentence, "not-a-sentence", [...place, "accreditation"]);
    }
    if (url !== null) {
      refuseUnless(isText(url, MAX_URL) && URL.test(url), "not-a-url", [...place, "url"]);
    }
    for (const [address, at] of addresses(issuer.addresses, [...place, "addresses"])) {
      if (trusted.has(address)) throw refusal("address-named-twice", at);
      trusted.set(address, { name, accreditation });
    }
  }
  return Object.fromEntries(trusted);
}

/** @param {string} text */
function parsed(text) {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    throw new InputError("not-toml", `line ${error.line}, column ${error.column}`);
  }
}

/** @param {any} value */
function tables(value) {
  // At least one: a list that names nobody would be taken for no list, which judges nobody.
  if (!Array.isArray(value) || value.length === 0) throw refusal("no-issuer", ["issuers"]);
  return value;
}

/**
 * @param {any} value
 * @param {(string | number)[]} place
 * @returns {[string, (string | number)[]][]}
 */
function addresses(value, place) {
  if (!Array.isArray(value) || value.length === 0) throw refusal("no-address", place);
  return value.map((text, index) => [address(text, [...place, index]), [...place, index]]);
}

/**
 * @param {any} text
 * @param {(string | number)[]} place
 */
function address(text, place) {
  if (typeof text !== "string") throw refusal("not-an-address", place);
  try {
    return parseAddress(text);
  } catch (error) {
    if (error instanceof InputError) throw refusal(error.code, place);
    throw error;
  }
}

/**
 * @param {any} value
 * @param {number} most
 */
function isText(value, most) {
  const length = typeof value === "string" ? [...value].length : 0;
  return length >= 1 && length <= most;
}

/**
 * @param {boolean} isRight
 * @param {string} code
 * @param {(string | number)[]} place
 */
function refuseUnless(isRight, code, place) {
  if (!isRight) throw refusal(code, place);
}

/**
 * @param {Record<string, any>} table
 * @param {string[]} known
 * @param {(string | number)[]} place
 */
function refuseUnknown(table, known, place) {
  const stranger = Object.keys(table).find((key) => !known.includes(key));
  if (stranger !== undefined) throw refusal("unknown-key", [...place, stranger]);
}

/**
 * @param {string} code
 * @param {(string | number)[]} place
 */
function refusal(code, place) {
  return new InputError(code, jsonPointer(place));
}
