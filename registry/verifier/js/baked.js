// The credential baked into a PNG or SVG badge (Open Badges 3.0 §5.3, and 2.0 before it).
//
// Takes out what was put in; reads no pixels, and does not look at what the credential says.

import { MAX_DOCUMENT_BYTES } from "rootseal/documents.js";
import { InputError } from "rootseal/errors.js";
import { readAll } from "rootseal/streams.js";

const MAX_IMAGE_BYTES = 8 * 2 ** 20; // a badge with a photograph in it has some 2 MB
const MAX_ELEMENTS = 100_000; // of an SVG; a drawn badge has some hundreds

const PNG = "\x89PNG\r\n\x1a\n";
const KEYWORDS = ["openbadgecredential", "openbadges"]; // Open Badges 3.0, and 2.0
const ELEMENTS = ["openbadges:credential", "openbadges:assertion"];
const BYTE_ORDER_MARK = "\xef\xbb\xbf";
const BLANKS = [0x20, 0x09, 0x0a, 0x0b, 0x0c, 0x0d];
const LESS_THAN = 0x3c;
const MAX_KEYWORD_BYTES = 79; // PNG §11.3.3.2
// As drawing programs write it: no entity is declared in it, and what it names is not fetched.
const DOCTYPE =
  /<!DOCTYPE[ \t\r\n]+svg[ \t\r\n]+PUBLIC[ \t\r\n]+"[^"<>]*"[ \t\r\n]+"[^"<>]*"[ \t\r\n]*>/;
const MARK = "<openbadges:"; // the prefix is part of the standard

/** Name that a Content-Security-Policy must allow under `trusted-types`. */
export const TRUSTED_TYPES_POLICY = "rootseal-svg";

/** @type {any} */
let policy;

/**
 * The credential in an image; null if it is no PNG or SVG, or has none in it.
 *
 * @param {Uint8Array} bytes
 * @returns {Promise<Uint8Array | null>}
 * @throws {InputError} For a broken image, one with two credentials, since nobody could say
 *   which is meant, and past the limits.
 */
export async function unbake(bytes) {
  if (!looksLike(bytes, PNG) && !looksLikeXml(bytes)) return null;
  if (bytes.length > MAX_IMAGE_BYTES) throw new InputError("too-large");
  const found = looksLike(bytes, PNG) ? await inPng(bytes) : inSvg(bytes);
  if (found.length > 1) throw new InputError("two-credentials");
  const [credential] = found;
  if (credential !== undefined && credential.length > MAX_DOCUMENT_BYTES) {
    throw new InputError("too-large");
  }
  return credential ?? null;
}

/**
 * @param {Uint8Array} bytes
 * @param {string} start
 */
function looksLike(bytes, start) {
  return latin1(bytes.subarray(0, start.length)) === start;
}

/** @param {Uint8Array} bytes */
function looksLikeXml(bytes) {
  const start = looksLike(bytes, BYTE_ORDER_MARK) ? BYTE_ORDER_MARK.length : 0;
  const first = bytes.subarray(start).find((byte) => !BLANKS.includes(byte));
  return first === LESS_THAN && new TextDecoder("latin1").decode(bytes).includes(MARK);
}

/** @param {Uint8Array} image */
async function inPng(image) {
  const found = [];
  for (const content of textChunks(image)) {
    const start = content.subarray(0, MAX_KEYWORD_BYTES + 1);
    const end = start.indexOf(0);
    const keyword = latin1(end < 0 ? start : start.subarray(0, end));
    if (KEYWORDS.includes(keyword)) found.push(await textOf(content.subarray(keyword.length + 1)));
  }
  return found;
}

/**
 * Content of each iTXt chunk up to IEND.
 *
 * @param {Uint8Array} image
 */
function* textChunks(image) {
  const view = new DataView(image.buffer, image.byteOffset, image.length);
  for (let place = PNG.length; ; ) {
    const end = place + 8 <= image.length ? place + 8 + view.getUint32(place) : Infinity;
    if (end + 4 > image.length) throw new InputError("broken-png", `byte ${place}`);
    const kind = latin1(image.subarray(place + 4, place + 8));
    if (kind === "IEND") return;
    if (kind === "iTXt") yield image.subarray(place + 8, end);
    place = end + 4; // past the checksum: the credential's hash judges better
  }
}

/**
 * Text of an iTXt chunk, from behind its keyword (PNG §11.3.3.4).
 *
 * @param {Uint8Array} rest
 */
async function textOf(rest) {
  const language = rest.indexOf(0, 2);
  const translated = language < 0 ? -1 : rest.indexOf(0, language + 1);
  const [isPacked, method] = rest;
  if (translated < 0 || isPacked > 1 || method !== 0) throw new InputError("broken-png");
  const text = rest.subarray(translated + 1);
  return isPacked === 1 ? inflated(text) : text;
}

/** @param {Uint8Array} packed */
async function inflated(packed) {
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  let text;
  try {
    text = await readAll(stream, MAX_DOCUMENT_BYTES);
  } catch {
    throw new InputError("broken-png"); // what its chunk says it is packed as, it is not
  }
  if (text === null) throw new InputError("too-large");
  return text;
}

/** @param {Uint8Array} image */
function inSvg(image) {
  const elements = [...parseXml(image).getElementsByTagName("*")];
  if (elements.length > MAX_ELEMENTS) throw new InputError("too-large");
  const found = elements.filter((element) => ELEMENTS.includes(element.nodeName));
  if (found.some((element) => element.childElementCount > 0)) throw new InputError("broken-svg");
  return found.map((element) => new TextEncoder().encode(element.textContent ?? ""));
}

/** @param {Uint8Array} image */
function parseXml(image) {
  let text;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(image);
  } catch {
    throw new InputError("not-utf8");
  }
  text = withoutDoctype(text);
  // Without a document type there is no entity to expand.
  if (text.includes("<!DOCTYPE")) throw new InputError("svg-with-doctype");
  const xml = new DOMParser().parseFromString(parseable(text), "image/svg+xml");
  if (xml.getElementsByTagName("parsererror").length > 0) throw new InputError("broken-svg");
  return xml;
}

/**
 * Without the document type that only names the public one of SVG, as drawing programs write it.
 * Only one that stands before all elements: the credential may speak of one.
 *
 * @param {string} text
 */
function withoutDoctype(text) {
  const found = DOCTYPE.exec(text);
  if (found === null || /<[^!?]/.test(text.slice(0, found.index))) return text;
  return text.slice(0, found.index) + text.slice(found.index + found[0].length);
}

/**
 * The text as the parser takes it under a Content-Security-Policy with Trusted Types, which must
 * name this policy. What is parsed is never put into a page, so it can run nothing.
 *
 * @param {string} text
 * @returns {any}
 */
function parseable(text) {
  policy ??= globalThis.trustedTypes?.createPolicy(TRUSTED_TYPES_POLICY, { createHTML: String });
  return policy === undefined ? text : policy.createHTML(text);
}

/** @param {Uint8Array} bytes */
function latin1(bytes) {
  return String.fromCharCode(...bytes);
}
