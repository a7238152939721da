// As much of CBOR (RFC 8949) as MerkleProof2019 is made of: integers, bytes, texts, lists.

import { InputError } from "rootseal/errors.js";

const MAX_DEPTH = 8;
const INTEGER = 0;
const NEGATIVE = 1;
const BYTES = 2;
const TEXT = 3;
const LIST = 4;
const WIDTHS = new Map([[24, 1], [25, 2], [26, 4]]); // of a length that does not fit its head

/**
 * The one value in `bytes`.
 *
 * @param {Uint8Array} bytes
 * @returns {any}
 * @throws {InputError} For anything else, and for what stands behind it.
 */
export function decodeCbor(bytes) {
  const reader = { bytes, at: 0 };
  const value = read(reader, 0);
  if (reader.at !== bytes.length) throw new InputError("not-cbor");
  return value;
}

/**
 * @param {{bytes: Uint8Array, at: number}} reader
 * @param {number} depth
 * @returns {any}
 */
function read(reader, depth) {
  const head = take(reader, 1)[0];
  const size = argument(reader, head & 0x1f);
  switch (head >> 5) {
    case INTEGER:
      return size;
    case NEGATIVE:
      return -1 - size;
    case BYTES:
      return take(reader, size);
    case TEXT:
      return textOf(take(reader, size));
    case LIST:
      if (depth >= MAX_DEPTH || size > reader.bytes.length) throw new InputError("not-cbor");
      return Array.from({ length: size }, () => read(reader, depth + 1));
    default:
      throw new InputError("not-cbor");
  }
}

/**
 * @param {{bytes: Uint8Array, at: number}} reader
 * @param {number} info
 */
function argument(reader, info) {
  if (info < 24) return info;
  const width = WIDTHS.get(info);
  if (width === undefined) throw new InputError("not-cbor");
  return take(reader, width).reduce((number, byte) => number * 256 + byte, 0);
}

/**
 * @param {{bytes: Uint8Array, at: number}} reader
 * @param {number} length
 */
function take(reader, length) {
  const end = reader.at + length;
  if (end > reader.bytes.length) throw new InputError("not-cbor");
  const taken = reader.bytes.slice(reader.at, end);
  reader.at = end;
  return taken;
}

/** @param {Uint8Array} bytes */
function textOf(bytes) {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new InputError("not-cbor");
  }
}
