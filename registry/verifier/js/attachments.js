// Credential and receipt attached to a PDF (ISO 32000 §7.11.4), as certificates have them.
//
// Reads attachments alone, and no page: what a PDF shows is not what was sealed. A stream never stands
// inside another object, so its dictionary is found in the file as it is; no cross-reference is
// followed, and whoever appends a second credential gets a refusal and not a choice.

import { MAX_DOCUMENT_BYTES } from "rootseal/documents.js";
import { InputError } from "rootseal/errors.js";
import { readAll } from "rootseal/streams.js";

const MAX_PDF_BYTES = 16 * 2 ** 20;
const MAX_ATTACHMENTS = 50;
const MAX_DICTIONARY = 1_000; // bytes before and behind the name of its type
const START = "%PDF-";
const MARK = /\/Type[ \t\r\n\f\0]*\/EmbeddedFile(?![0-9A-Za-z])/g;
const LENGTH =
  /\/Length[ \t\r\n\f\0]+([0-9]{1,8})(?![0-9]|[ \t\r\n\f\0]+[0-9]+[ \t\r\n\f\0]+R)/;
const FILTER = /\/Filter[ \t\r\n\f\0]*\[?[ \t\r\n\f\0]*(\/[0-9A-Za-z]+)/;
const DATA = /stream\r?\n/;
const END = /^[\r\n]{0,2}endstream/;
const PACKED = "/FlateDecode";
const OPENING_BRACE = 0x7b;
const RECEIPT = '"rootseal/receipt@'; // of any format: its reader says which it reads
const CREDENTIAL = '"credentialSubject"';

/**
 * Credential and receipt in a PDF; null if it is none, or has no credential attached.
 *
 * @param {Uint8Array} bytes
 * @returns {Promise<{credential: Uint8Array, receipt: Uint8Array | null} | null>}
 * @throws {InputError} If two are attached, one cannot be read, and past the limits. Attachments
 *   that are neither are passed over.
 */
export async function attached(bytes) {
  if (latin1(bytes.subarray(0, START.length)) !== START) return null;
  const text = latin1(bytes);
  if (text.search(MARK) < 0) return null;
  if (bytes.length > MAX_PDF_BYTES) throw new InputError("too-large");
  /** @type {Map<string, Uint8Array>} */
  const found = new Map();
  // One at a time: each may be large, and there may be many.
  for await (const content of attachments(bytes, text)) {
    const kind = kindOf(content);
    if (kind === undefined) continue;
    if (found.has(kind)) throw new InputError("two-credentials");
    found.set(kind, content);
  }
  const credential = found.get(CREDENTIAL);
  return credential === undefined ? null : { credential, receipt: found.get(RECEIPT) ?? null };
}

/**
 * By which mark it is one of ours; a credential may have its receipt inside.
 *
 * @param {Uint8Array} content
 */
function kindOf(content) {
  if (content[0] !== OPENING_BRACE) return undefined;
  const words = latin1(content);
  return [CREDENTIAL, RECEIPT].find((mark) => words.includes(mark));
}

/**
 * Each that is not too large to be a credential, in the file's order.
 *
 * @param {Uint8Array} bytes
 * @param {string} text
 */
async function* attachments(bytes, text) {
  const mark = new RegExp(MARK);
  let count = 0;
  for (let hit = mark.exec(text); hit !== null; hit = mark.exec(text)) {
    count += 1;
    if (count > MAX_ATTACHMENTS) throw new InputError("too-large");
    const { first, stop, isPacked } = streamAt(text, hit.index, mark.lastIndex);
    const content = bytes.subarray(first, stop);
    const unpacked = isPacked ? await inflated(content) : content;
    if (unpacked !== null) yield unpacked;
    mark.lastIndex = stop;
  }
}

/**
 * Where the data of the stream stand in whose dictionary a type stands.
 *
 * @param {string} text
 * @param {number} start Of the type.
 * @param {number} end
 */
function streamAt(text, start, end) {
  const before = text.slice(Math.max(0, start - MAX_DICTIONARY), start);
  const opening = before.lastIndexOf("obj");
  const after = text.slice(end, end + MAX_DICTIONARY);
  const begin = DATA.exec(after);
  if (opening < 0 || begin === null) throw broken(start);
  const dictionary = before.slice(opening) + text.slice(start, end + begin.index);
  const length = LENGTH.exec(dictionary);
  const packing = FILTER.exec(dictionary);
  if (length === null || (packing !== null && packing[1] !== PACKED)) {
    throw new InputError("unread-attachment", `byte ${start}`);
  }
  const first = end + begin.index + begin[0].length;
  const stop = first + Number(length[1]);
  if (!END.test(text.slice(stop, stop + 12))) throw broken(start);
  return { first, stop, isPacked: packing !== null };
}

/**
 * @param {Uint8Array} packed
 * @returns {Promise<Uint8Array | null>} Null if it is too large.
 */
async function inflated(packed) {
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  try {
    return await readAll(stream, MAX_DOCUMENT_BYTES);
  } catch {
    throw new InputError("broken-attachment");
  }
}

/** @param {number} place */
function broken(place) {
  return new InputError("broken-attachment", `byte ${place}`);
}

/** @param {Uint8Array} bytes */
function latin1(bytes) {
  return new TextDecoder("latin1").decode(bytes);
}
