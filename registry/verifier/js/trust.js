// The verifier's trust list (TOML): who is behind which address, and who accredited them.

import { TomlError } from "smol-toml/error.js";
import { parse } from "smol-toml/parse.js";
import { parseAddress } from "rootseal/address.js";
import { isObject, jsonPointer } from "rootseal/documents.js";
import { InputError } from "rootseal/errors.js";

/** @typedef {{name: string, accreditation: string | null}} TrustedIssuer */

const MAX_CHARACTERS = 2 ** 20;
const MAX_NAME_CHARACTERS = 200;
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
  if (text.length > MAX_CHARACTERS) throw new InputError("too-large");
  const list = parsed(text);
  refuseUnknown(list, ["issuers"], []);
  const trusted = new Map();
  for (const [index, issuer] of tables(list.issuers).entries()) {
    const place = ["issuers", index];
    if (!isObject(issuer)) throw refusal("not-a-table", place);
    refuseUnknown(issuer, KEYS, place);
    const entry = {
      name: sentence(issuer.name, MAX_NAME_CHARACTERS, [...place, "name"]),
      accreditation: optional(issuer.accreditation, [...place, "accreditation"]),
    };
    optional(issuer.url, [...place, "url"]);
    for (const [address, at] of addresses(issuer.addresses, [...place, "addresses"])) {
      if (trusted.has(address)) throw refusal("address-named-twice", at);
      trusted.set(address, entry);
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
  if (!Array.isArray(value)) throw refusal("not-a-list", ["issuers"]);
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
 * @param {(string | number)[]} place
 */
function optional(value, place) {
  return value === undefined ? null : sentence(value, MAX_CHARACTERS, place);
}

/**
 * @param {any} value
 * @param {number} most
 * @param {(string | number)[]} place
 */
function sentence(value, most, place) {
  const length = typeof value === "string" ? [...value].length : 0;
  if (length < 1 || length > most) throw refusal("not-a-name", place);
  return value;
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
