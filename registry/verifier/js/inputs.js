// Files as a visitor gives them: which is the credential, and which its receipt.

import { MAX_DOCUMENT_BYTES } from "rootseal/documents.js";
import { InputError } from "rootseal/errors.js";
import { bring } from "rootseal/brought.js";

/** @typedef {{name: string, bytes: Uint8Array}} InputFile */
/** @typedef {{code: "credential" | "baked-credential" | "receipt", name: string}} Note */

const RECEIPT_NAME = ".receipt.json";
const RECEIPT_TYPE = "rootseal/receipt@"; // of any format: the verifier says which it reads

/**
 * Tells credential and receipt apart, in any order: a JSON credential, an image with one baked
 * into it, any other file, each with its receipt beside it or without; or a receipt alone.
 *
 * @param {InputFile[]} files
 * @returns {Promise<{credential: Uint8Array | null, receipt: Uint8Array | null, notes: Note[]}>}
 *   What `verify` takes as evidence, and how each file was understood. An image is the credential
 *   as it is: its receipt tells whether its own bytes are meant or what is inside.
 * @throws {InputError} `no-file`, `two-receipts` or `two-credentials`.
 */
export async function readInputs(files) {
  if (files.length === 0) throw new InputError("no-file");
  const receipt = theOnly(files.filter(isReceipt), "two-receipts");
  const credential = theOnly(files.filter((file) => !isReceipt(file)), "two-credentials");
  const notes = await Promise.all(files.map(noteOn));
  return { credential: credential?.bytes ?? null, receipt: receipt?.bytes ?? null, notes };
}

/**
 * @param {InputFile[]} files
 * @param {string} code
 */
function theOnly(files, code) {
  if (files.length > 1) throw new InputError(code, files[1].name);
  return files[0];
}

/**
 * @param {InputFile} file
 * @returns {Promise<Note>}
 */
async function noteOn(file) {
  if (isReceipt(file)) return { code: "receipt", name: file.name };
  const { inside } = await bring(file.bytes);
  return { code: inside === null ? "credential" : "baked-credential", name: file.name };
}

/**
 * Whether a file is meant as a receipt, damaged ones included: judging it is the verifier's.
 *
 * @param {InputFile} file
 */
function isReceipt({ name, bytes }) {
  if (name.toLowerCase().endsWith(RECEIPT_NAME)) return true;
  if (bytes.length > MAX_DOCUMENT_BYTES) return false;
  try {
    const { type } = /** @type {any} */ (JSON.parse(new TextDecoder().decode(bytes))) ?? {};
    return typeof type === "string" && type.startsWith(RECEIPT_TYPE);
  } catch {
    return false;
  }
}
