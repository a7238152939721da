// Open Badges as VC-JWT: a credential inside a compact JWS (Open Badges 3.0 §8.2, RFC 7515).
//
// A token's bytes are the credential, so it is anchored as bytes. Its dates and its signature count
// all the same.

import { isObject, MAX_DOCUMENT_BYTES, parseDocument } from "rootseal/documents.js";
import { parseDateTime } from "rootseal/dates.js";
import { InputError } from "rootseal/errors.js";

/**
 * @typedef {object} Token A compact JWS whose payload is a JSON object. Nothing of it is verified.
 * @property {Record<string, any>} header
 * @property {Record<string, any>} payload
 * @property {Uint8Array} signed The bytes that were signed.
 * @property {string} signature In base64url.
 */

const COMPACT = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*$/;
const BLANKS = /^[ \t\r\n]+|[ \t\r\n]+$/g;
const CLAIMS = ["iss", "sub", "jti", "nbf", "iat", "exp", "aud", "vc"];
const STARTS = ["validFrom", "issuanceDate"];
const ENDS = ["validUntil", "expirationDate"];
const MAX_SECONDS = 253_402_300_799; // the last of the year 9999
const SECOND = 1_000_000n; // in microseconds

/**
 * The token in a file; null for anything else, whatever it resembles.
 *
 * @param {Uint8Array} bytes
 * @returns {Token | null}
 */
export function readToken(bytes) {
  if (bytes.length > 3 * MAX_DOCUMENT_BYTES) return null;
  const text = new TextDecoder("latin1").decode(bytes).replace(BLANKS, "");
  if (text.length > 2 * MAX_DOCUMENT_BYTES || !COMPACT.test(text)) return null;
  const [head, body, end] = text.split(".");
  try {
    const header = parseDocument(decodeBase64Url(head));
    const payload = parseDocument(decodeBase64Url(body));
    if (typeof header.alg !== "string") return null;
    const signed = new TextEncoder().encode(`${head}.${body}`);
    return { header, payload, signed, signature: end };
  } catch (error) {
    if (error instanceof InputError) return null;
    throw error;
  }
}

/**
 * The credential in a token. Its dates are the earlier ones, where claims say others.
 *
 * @param {Token} token
 * @returns {Record<string, any>}
 */
export function credentialIn({ payload }) {
  const entries = Object.entries(membersOf(payload)).filter(([name]) => !CLAIMS.includes(name));
  const found = Object.fromEntries(entries);
  for (const name of [...STARTS, ...ENDS]) {
    if (found[name] === null) delete found[name]; // as if it said none
  }
  const [start, end] = [claimed(payload, "nbf"), claimed(payload, "exp")];
  if (start !== null && !STARTS.some((name) => name in found)) found[STARTS[0]] = dateOf(start);
  if (end === null) return found;
  const name = ENDS.find((each) => each in found) ?? ENDS[0];
  const said = timeOf(found[name]);
  if (!(name in found) || (said !== null && BigInt(end) * SECOND < said)) {
    found[name] = dateOf(end);
  }
  return found;
}

/** @param {bigint} microseconds Since 1970, or before. */
function wholeSeconds(microseconds) {
  const rest = microseconds % SECOND;
  return (microseconds - (rest < 0n ? rest + SECOND : rest)) / SECOND;
}

/** @param {number} seconds Since 1970. */
function dateOf(seconds) {
  return new Date(seconds * 1000).toISOString().replace(".000Z", "Z");
}

/**
 * @param {Token} token
 * @throws {InputError} If claims say something else than the credential beside them.
 */
export function requireAgreement({ payload }) {
  if (isObject(payload.vc) && "credentialSubject" in payload) disagree(); // two credentials
  const members = membersOf(payload);
  const { issuer, credentialSubject: subject } = members;
  const said = {
    iss: isObject(issuer) ? issuer.id : issuer,
    jti: members.id,
    sub: isObject(subject) ? subject.id : null,
  };
  for (const [claim, value] of Object.entries(said)) {
    const found = payload[claim] ?? null;
    if (found !== null && (value ?? null) !== null && found !== value) disagree();
  }
  for (const [claim, names] of Object.entries({ nbf: STARTS, exp: ENDS })) {
    const time = claimed(payload, claim);
    if (claim in payload && time === null) disagree();
    const name = names.find((each) => each in members);
    const member = name === undefined ? null : timeOf(members[name]);
    if (time !== null && member !== null && BigInt(time) !== wholeSeconds(member)) disagree();
  }
}

function disagree() {
  throw new InputError("claims-disagree");
}

/** @param {Record<string, any>} payload */
function membersOf(payload) {
  return isObject(payload.vc) ? payload.vc : payload;
}

/** @param {any} value */
function timeOf(value) {
  return typeof value === "string" ? parseDateTime(value) : null;
}

/**
 * A time in whole seconds since 1970; null for anything else.
 *
 * @param {Record<string, any>} payload
 * @param {string} name
 * @returns {number | null}
 */
function claimed(payload, name) {
  const value = payload[name];
  return Number.isInteger(value) && value >= 0 && value <= MAX_SECONDS ? value : null;
}

/**
 * @param {string} text
 * @throws {InputError} Of a signature, that it is none.
 */
export function decodeBase64Url(text) {
  try {
    const binary = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    return Uint8Array.from(binary, (one) => one.charCodeAt(0));
  } catch {
    throw new InputError("bad-signature");
  }
}

/** @param {Uint8Array} bytes The one spelling of them. */
export function encodeBase64Url(bytes) {
  const text = btoa(String.fromCharCode(...bytes));
  return text.replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}
