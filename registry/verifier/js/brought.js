// A credential file as it was brought: itself, an image with a credential baked into it, or a PDF to
// which it is attached, perhaps with its receipt.

import { attached } from "rootseal/attachments.js";
import { unbake } from "rootseal/baked.js";
import { parseDocument } from "rootseal/documents.js";
import { InputError } from "rootseal/errors.js";
import { credentialIn, readToken } from "rootseal/jwt.js";

/**
 * @typedef {object} Brought
 * @property {Uint8Array | null} file
 * @property {Uint8Array | null} inside The credential in it, if it is an image or PDF with one.
 * @property {Uint8Array | null} receipt In a PDF, the receipt beside that.
 * @property {Record<string, any> | null} document The credential that it is or has inside.
 * @property {import("rootseal/jwt.js").Token | null} token That it is in, if it is.
 * @property {InputError | null} fault Why an image or a PDF gives none.
 */

const BLANKS = [0x20, 0x09, 0x0a, 0x0d];
const OPENING_BRACE = 0x7b;

/**
 * @param {Uint8Array | null} file
 * @returns {Promise<Brought>}
 */
export async function bring(file) {
  const nothing = { file, inside: null, receipt: null, document: null, token: null, fault: null };
  if (file === null) return nothing;
  try {
    const pdf = await attached(file);
    const inside = pdf === null ? await unbake(file) : pdf.credential;
    const token = readToken(inside ?? file);
    const document = token === null ? documentIn(inside ?? file) : credentialIn(token);
    return { ...nothing, inside, receipt: pdf?.receipt ?? null, document, token };
  } catch (fault) {
    if (!(fault instanceof InputError)) throw fault;
    return { ...nothing, fault };
  }
}

/**
 * The bytes that a receipt of that canonicalization speaks of: an image's own, or those inside.
 *
 * @param {Brought} brought
 * @param {"jcs" | "raw" | "rdfc"} canonicalization
 * @returns {Uint8Array}
 * @throws {InputError} If they are in an image that gives none.
 */
export function contentMeant({ file, inside, fault }, canonicalization) {
  const bytes = /** @type {Uint8Array} */ (file);
  if (canonicalization === "raw") return bytes;
  if (fault !== null) throw fault;
  return inside ?? bytes;
}

/**
 * The document in a file; null if it is none that can be read: if the receipt says that it is,
 * the integrity check says what is wrong.
 *
 * @param {Uint8Array} bytes
 */
function documentIn(bytes) {
  if (bytes.find((byte) => !BLANKS.includes(byte)) !== OPENING_BRACE) return null;
  try {
    return parseDocument(bytes);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return null;
  }
}
