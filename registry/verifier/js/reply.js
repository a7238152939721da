// JSON-RPC results, read strictly: what is not as it should be is "could not ask".
//
// Never turns a missing or malformed value into a default.

import { MAX_SECONDS } from "rootseal/dates.js";
import { isObject } from "rootseal/documents.js";
import { UnavailableError } from "rootseal/errors.js";

const QUANTITY = /^0x[0-9a-fA-F]{1,64}$/;
const DATA = /^0x(?:[0-9a-fA-F]{2})*$/;

/**
 * @typedef {object} Block
 * @property {number} number
 * @property {string} hash
 * @property {number} time Seconds since 1970.
 */
/**
 * @typedef {object} Log
 * @property {string} address Lower-case hex, as are the other bytes.
 * @property {string[]} topics
 * @property {number} blockNumber
 * @property {string} blockHash
 * @property {string} transaction
 * @property {number} logIndex
 */

/** @returns {UnavailableError} */
export function malformed() {
  return new UnavailableError("malformed");
}

/**
 * @param {any} value
 * @returns {bigint}
 */
export function quantity(value) {
  if (typeof value !== "string" || !QUANTITY.test(value)) throw malformed();
  return BigInt(value);
}

/**
 * A number of blocks, logs or seconds.
 *
 * @param {any} value
 * @returns {number}
 */
export function count(value) {
  const number = quantity(value);
  if (number > BigInt(Number.MAX_SAFE_INTEGER)) throw malformed();
  return Number(number);
}

/**
 * Bytes, of exactly `length` if given.
 *
 * @param {any} value
 * @param {number} [length]
 * @returns {string} 0x and lower-case hex.
 */
export function data(value, length) {
  if (typeof value !== "string" || !DATA.test(value)) throw malformed();
  if (length !== undefined && value.length !== 2 + 2 * length) throw malformed();
  return value.toLowerCase();
}

/**
 * @param {any} value
 * @returns {number} Seconds since 1970.
 */
export function time(value) {
  const seconds = count(value);
  if (seconds > MAX_SECONDS) throw malformed();
  return seconds;
}

/**
 * @param {any} value
 * @returns {Record<string, any>}
 */
export function object(value) {
  if (!isObject(value)) throw malformed();
  return value;
}

/**
 * @param {any} value
 * @returns {any[]}
 */
export function elements(value) {
  if (!Array.isArray(value)) throw malformed();
  return value;
}

/**
 * @param {any} value
 * @returns {Block}
 */
export function block(value) {
  const { number, hash, timestamp } = object(value);
  return { number: count(number), hash: data(hash, 32), time: time(timestamp) };
}

/**
 * @param {any} value
 * @returns {Log[]}
 */
export function logs(value) {
  return elements(value).map((entry) => {
    const log = object(entry);
    data(log.data);
    return {
      address: data(log.address, 20),
      topics: elements(log.topics).map((topic) => data(topic, 32)),
      blockNumber: count(log.blockNumber),
      blockHash: data(log.blockHash, 32),
      transaction: data(log.transactionHash, 32),
      logIndex: count(log.logIndex),
    };
  });
}
