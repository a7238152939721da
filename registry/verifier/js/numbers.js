// Numbers of JSON as doubles, or not at all.

import { InputError } from "rootseal/errors.js";

const INTEGER = /^-?[0-9]+$/;
const DECIMAL = /^-?([0-9]+)(?:\.([0-9]+))?(?:[eE][+]?(-?)0*([0-9]*))?$/;
// RFC 8785 prints smaller doubles in digits: 1e16 would be hashed as an integer that is refused.
const FIRST_WITH_EXPONENT = 1e21;
const MAX_EXPONENT_DIGITS = 18; // no double needs four; zero may have any up to here

/**
 * The double that a JSON number means.
 *
 * @param {string} text A number by the grammar of JSON.
 * @returns {number}
 * @throws {InputError} If it is another number than the one that the double prints, or an
 *   integer beyond ±(2^53−1), which JSON readers round.
 */
export function exactNumber(text) {
  const value = Number(text) + 0; // minus zero is zero
  if (INTEGER.test(text)) {
    if (!Number.isSafeInteger(value)) throw new InputError("unsafe-integer");
    return value;
  }
  if (!Number.isFinite(value)) throw new InputError("inexact-number");
  if (normalForm(text) !== normalForm(String(value))) throw new InputError("inexact-number");
  const size = Math.abs(value);
  if (size > Number.MAX_SAFE_INTEGER && size < FIRST_WITH_EXPONENT) {
    throw new InputError("unsafe-integer");
  }
  return value;
}

/**
 * One spelling for each decimal, sign apart: its digits without zeros around, and an exponent.
 *
 * @param {string} text
 */
function normalForm(text) {
  const match = /** @type {RegExpExecArray} */ (DECIMAL.exec(text));
  const [, whole, fraction = "", minus = "", exponent = ""] = match;
  if (exponent.length > MAX_EXPONENT_DIGITS) return "no double";
  const digits = (whole + fraction).replace(/^0+/, "");
  if (digits === "") return "0";
  let end = digits.length;
  while (digits[end - 1] === "0") end -= 1;
  const power = Number(`${minus}${exponent}`) - fraction.length + (digits.length - end);
  return `${digits.slice(0, end)}e${power}`;
}
