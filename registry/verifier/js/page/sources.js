// Where a visitor's evidence comes from: files, text, or an address behind the page's #.

import { InputError } from "rootseal/errors.js";
import { isReachable } from "rootseal/page/config.js";
import { readAll } from "rootseal/streams.js";

/** @typedef {import("rootseal/inputs.js").InputFile} InputFile */

const MAX_BYTES = 32 * 2 ** 20; // a scanned diploma; our server takes no more either
const PATIENCE = 20_000; // milliseconds for a file from elsewhere
const ADDRESS = /^https?:/i;

/**
 * @param {Iterable<File>} files
 * @returns {Promise<InputFile[]>}
 * @throws {InputError}
 */
export function filesRead(files) {
  return Promise.all(
    Array.from(files, async (file) => {
      if (file.size > MAX_BYTES) throw new InputError("too-large", file.name);
      try {
        return { name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) };
      } catch {
        throw new InputError("could-not-read", file.name); // a folder, or gone meanwhile
      }
    }),
  );
}

/**
 * @param {string} text
 * @returns {Promise<InputFile[]>}
 * @throws {InputError}
 */
export async function textRead(text) {
  if (text.trim() === "") throw new InputError("no-text");
  const bytes = new TextEncoder().encode(text);
  if (bytes.length > MAX_BYTES) throw new InputError("too-large");
  return [{ name: "text", bytes }];
}

/**
 * The address that stands behind a page's #; null if what stands there is none.
 *
 * @param {string} hash
 */
export function addressIn(hash) {
  const text = hash.replace(/^#/, "");
  if (ADDRESS.test(text)) return text;
  try {
    const decoded = decodeURIComponent(text);
    return ADDRESS.test(decoded) ? decoded : null;
  } catch {
    return null;
  }
}

/**
 * Fetches a file, as anybody could: with no cookie, and without saying from where.
 *
 * @param {string} address
 * @returns {Promise<InputFile[]>}
 * @throws {InputError}
 */
export async function fetched(address) {
  const url = URL.canParse(address) ? new URL(address) : null;
  const isUsable = url !== null && isReachable(url) && url.username + url.password === "";
  if (!isUsable) throw new InputError("bad-address", address);
  const bytes = await content(url);
  if (bytes === null) throw new InputError("too-large", address);
  return [{ name: url.pathname.split("/").at(-1) || url.host, bytes }];
}

/** @param {URL} url */
async function content(url) {
  try {
    const response = await fetch(url, {
      credentials: "omit",
      referrerPolicy: "no-referrer",
      cache: "no-store",
      signal: AbortSignal.timeout(PATIENCE),
    });
    if (response.ok) return await readAll(response.body, MAX_BYTES);
  } catch {
    // A browser does not say why: refused, unknown, forbidden to other sites, or too slow.
  }
  throw new InputError("not-fetched", url.href);
}
