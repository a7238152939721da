// The values of which our JSON is made. Each has one spelling, so that no byte of a document can
// change unnoticed.
//
// A reader takes the object or array that holds the value, its key, and the place for a message;
// it returns the value, or throws an InputError.

import { chainId, checksummed } from "rootseal/address.js";
import { parseTime } from "rootseal/dates.js";
import { isObject, isWrittenAsInteger, jsonPointer } from "rootseal/documents.js";
import { InputError } from "rootseal/errors.js";

/** @typedef {(string | number)[]} Place */
/** @typedef {(holder: any, key: string | number, place: Place) => any} Reader */

export const hash = matching(/^[0-9a-f]{64}$/, "not-a-hash");
export const ethHash = matching(/^0x[0-9a-f]{64}$/, "not-an-ethereum-hash");
export const text = matching(/(?:)/, "not-a-string");

/** @type {Reader} */
export function address(holder, key, place) {
  const value = matching(/^0x[0-9a-fA-F]{40}$/, "not-an-address")(holder, key, place);
  if (checksummed(value) !== value) throw refusal("wrong-checksum", place);
  return value;
}

/** @type {Reader} */
export function chain(holder, key, place) {
  const value = text(holder, key, place);
  if (chainId(value) === null) throw refusal("not-a-chain", place);
  return value;
}

/** Seconds since 1970. @type {Reader} */
export function time(holder, key, place) {
  const seconds = parseTime(text(holder, key, place));
  if (seconds === null) throw refusal("not-a-time", place);
  return seconds;
}

/**
 * @param {RegExp} pattern
 * @param {string} code Why another string is refused.
 * @returns {Reader}
 */
export function matching(pattern, code) {
  return (holder, key, place) => {
    const value = holder[key];
    if (typeof value !== "string" || !pattern.test(value)) throw refusal(code, place);
    return value;
  };
}

/**
 * @param {...string} values
 * @returns {Reader}
 */
export function oneOf(...values) {
  return (holder, key, place) => {
    if (!values.includes(holder[key])) throw refusal("unexpected-value", place);
    return holder[key];
  };
}

/**
 * @param {number} least
 * @param {number} most
 * @returns {Reader}
 */
export function integer(least, most) {
  return (holder, key, place) => {
    const value = holder[key];
    const isWithin = isWrittenAsInteger(holder, String(key)) && value >= least && value <= most;
    if (!isWithin) throw refusal("not-an-integer", place);
    return value;
  };
}

/**
 * @param {Reader} element
 * @param {number} most
 * @returns {Reader}
 */
export function listOf(element, most) {
  return (holder, key, place) => {
    const value = holder[key];
    if (!Array.isArray(value)) throw refusal("not-a-list", place);
    if (value.length > most) throw refusal("too-many", place);
    return value.map((_, index) => element(value, index, [...place, index]));
  };
}

/**
 * An object with exactly these members.
 *
 * @param {Record<string, Reader>} members
 * @returns {Reader}
 */
export function objectOf(members) {
  return (holder, key, place) => {
    const value = holder[key];
    if (!isObject(value)) throw refusal("not-an-object", place);
    for (const name of Object.keys(value)) {
      if (!Object.hasOwn(members, name)) throw refusal("unknown-key", [...place, name]);
    }
    const read = Object.entries(members).map(([name, member]) => {
      if (!Object.hasOwn(value, name)) throw refusal("missing-key", [...place, name]);
      return [name, member(value, name, [...place, name])];
    });
    return Object.fromEntries(read);
  };
}

/**
 * @param {string} code
 * @param {Place} place
 */
export function refusal(code, place) {
  return new InputError(code, jsonPointer(place));
}
