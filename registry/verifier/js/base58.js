// base58btc, as multibase writes it behind a `z`.

import { InputError } from "rootseal/errors.js";

const ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const MAX_CHARACTERS = 8_000; // the cost grows with the square

/**
 * @param {any} text `z` and base58btc.
 * @returns {Uint8Array}
 * @throws {InputError}
 */
export function decodeMultibase(text) {
  if (typeof text !== "string" || text[0] !== "z" || text.length > MAX_CHARACTERS + 1) {
    throw new InputError("not-base58");
  }
  let number = 0n;
  for (const character of text.slice(1)) {
    const value = ALPHABET.indexOf(character);
    if (value < 0) throw new InputError("not-base58");
    number = number * 58n + BigInt(value);
  }
  const digits = number === 0n ? "" : number.toString(16);
  const pairs = digits.padStart(digits.length + (digits.length % 2), "0").match(/../g) ?? [];
  const zeros = text.length - 1 - text.slice(1).replace(/^1+/, "").length;
  return Uint8Array.from([...Array(zeros).fill(0), ...pairs.map((pair) => parseInt(pair, 16))]);
}
