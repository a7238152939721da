// Reads JSON exactly: nothing rounded, nothing dropped, nothing guessed.
//
// What RFC 8785 cannot carry exactly is refused with the place in it (a JSON Pointer), because
// two readers of it could disagree about what was signed.

import { InputError } from "rootseal/errors.js";
import { exactNumber } from "rootseal/numbers.js";

export const MAX_DOCUMENT_BYTES = 4 * 2 ** 20; // a badge is about 1 kB; an embedded image 100 kB
const MAX_DEPTH = 64; // levels of nesting; real credentials stay under 12
const MAX_PLACE_CHARACTERS = 400; // of a place in a message; a key may have megabytes

const BLANKS = /[ \t\n\r]*/y;
const WORD = /[^ \t\n\r,\]}]+/y; // a number, true, false or null
const INTEGER = /^-?[0-9]+$/;
const LONE_SURROGATE = /\p{Surrogate}/u;
const UNPRINTABLE = /\p{C}|(?! )\p{Z}/gu;
const LITERALS = new Map([["true", true], ["false", false], ["null", null]]);

/** For each object that was read, the keys of numbers written with a point or an exponent. */
const decimals = new WeakMap();

/**
 * Reads one JSON object from UTF-8 bytes, exactly.
 *
 * @param {Uint8Array} bytes
 * @returns {Record<string, any>} Without a prototype, so that it has the document's keys only.
 * @throws {InputError} For anything but one JSON object, a duplicate key, a number that a double
 *   does not carry exactly, a lone surrogate, and past the limits on size and depth.
 */
export function parseDocument(bytes) {
  const value = parseJson(bytes);
  if (!isObject(value)) throw new InputError("not-an-object", "/");
  return value;
}

/**
 * Reads any one JSON value; limits and errors as in `parseDocument`.
 *
 * @param {Uint8Array} bytes
 */
export function parseJson(bytes) {
  if (bytes.length > MAX_DOCUMENT_BYTES) throw new InputError("too-large");
  const text = decode(bytes);
  try {
    JSON.parse(text); // judges the syntax, so that the reader below need not
  } catch {
    throw new InputError("not-json");
  }
  return new ExactReader(text).value();
}

/**
 * Whether a member that is a number was written without point and exponent: 3, but not 3.0.
 *
 * @param {object} holder An object that `parseJson` read.
 * @param {string} key
 */
export function isWrittenAsInteger(holder, key) {
  return Number.isInteger(holder[key]) && !decimals.get(holder)?.has(key);
}

/**
 * @param {any} value
 * @returns {value is Record<string, any>} Whether it is a JSON object.
 */
export function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * JSON Pointer for a message: printable and short, whatever the keys hold; the root is `/`.
 *
 * @param {(string | number)[]} steps
 */
export function jsonPointer(steps) {
  const tokens = steps.map((step) => String(step).replaceAll("~", "~0").replaceAll("/", "~1"));
  let pointer = tokens.map((token) => `/${token}`).join("") || "/";
  if (pointer.length > MAX_PLACE_CHARACTERS) {
    pointer = `${pointer.slice(0, MAX_PLACE_CHARACTERS - 1)}…`;
  }
  return pointer.replace(UNPRINTABLE, (character) => {
    return `\\u{${/** @type {number} */ (character.codePointAt(0)).toString(16)}}`;
  });
}

/** @param {Uint8Array} bytes */
function decode(bytes) {
  try {
    // A byte order mark is kept, and refused as the syntax error that it is in JSON.
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new InputError("not-utf8");
  }
}

/** Builds the value of a text that is JSON, and refuses what `JSON.parse` would smooth over. */
class ExactReader {
  /** @param {string} text */
  constructor(text) {
    this.text = text;
    this.at = 0;
    this.depth = 0;
    /** @type {(string | number)[]} */
    this.steps = [];
  }

  /** @returns {any} */
  value() {
    this.skip(BLANKS);
    const first = this.text[this.at];
    if (first === "{") return this.nested(() => this.members());
    if (first === "[") return this.nested(() => this.items());
    if (first === '"') return this.string();
    const word = this.skip(WORD);
    return LITERALS.has(word) ? LITERALS.get(word) : this.number(word);
  }

  /** @param {() => any} read */
  nested(read) {
    this.depth += 1;
    if (this.depth > MAX_DEPTH) throw this.refusal("too-deep");
    this.at += 1;
    const value = read();
    this.at += 1;
    this.depth -= 1;
    return value;
  }

  members() {
    const object = Object.create(null);
    while (!this.isAt("}")) {
      const key = this.string();
      this.steps.push(key);
      if (Object.hasOwn(object, key)) throw this.refusal("duplicate-key");
      this.skip(BLANKS);
      this.at += 1; // the colon
      object[key] = this.value();
      this.noteDecimal(object, key);
      this.steps.pop();
      if (this.isAt(",")) this.at += 1;
    }
    return object;
  }

  items() {
    const items = [];
    while (!this.isAt("]")) {
      this.steps.push(items.length);
      items.push(this.value());
      this.steps.pop();
      if (this.isAt(",")) this.at += 1;
    }
    return items;
  }

  string() {
    const quoted = this.quoted();
    if (!quoted.includes("\\")) return quoted.slice(1, -1);
    const string = JSON.parse(quoted);
    // UTF-8 has none: they can only come from an escape.
    if (LONE_SURROGATE.test(string)) throw this.refusal("lone-surrogate");
    return string;
  }

  /** Skips a string and returns it as written, quotes included. */
  quoted() {
    const start = this.at;
    let end = start;
    do end = this.text.indexOf('"', end + 1);
    while (this.isEscaped(end));
    this.at = end + 1;
    return this.text.slice(start, this.at);
  }

  /** @param {number} at */
  isEscaped(at) {
    let first = at;
    while (this.text[first - 1] === "\\") first -= 1;
    return (at - first) % 2 === 1;
  }

  /** @param {string} word */
  number(word) {
    this.isDecimal = !INTEGER.test(word);
    try {
      return exactNumber(word);
    } catch (error) {
      if (error instanceof InputError) throw this.refusal(error.code);
      throw error;
    }
  }

  /**
   * @param {any} object
   * @param {string} key
   */
  noteDecimal(object, key) {
    if (typeof object[key] !== "number" || !this.isDecimal) return;
    if (!decimals.has(object)) decimals.set(object, new Set());
    decimals.get(object).add(key);
  }

  /**
   * Whether the next character that is not blank is this one.
   *
   * @param {string} character
   */
  isAt(character) {
    this.skip(BLANKS);
    return this.text[this.at] === character;
  }

  /** @param {RegExp} pattern */
  skip(pattern) {
    pattern.lastIndex = this.at;
    const [found] = /** @type {RegExpExecArray} */ (pattern.exec(this.text));
    this.at += found.length;
    return found;
  }

  /** @param {string} code */
  refusal(code) {
    return new InputError(code, jsonPointer(this.steps));
  }
}
