// The RDF form of a JSON-LD credential (W3C RDFC-1.0), and whether its JSON says exactly that.
// Contexts are in `rootseal/contexts.js`, none is fetched. Loaded only for credentials that need it.

import { sha256 as sha256InScript } from "@noble/hashes/sha2.js";
import jsonld from "jsonld";
import { CONTEXTS } from "rootseal/contexts.js";
import { isObject } from "rootseal/documents.js";
import { InputError } from "rootseal/errors.js";
import { jcsText } from "rootseal/canonical.js";

// As the other engine has them: what takes too long to tell apart, or to compare, is refused.
const MAX_ITEMS = 500;
const MAX_OBJECTS = 5_000;
const BASES = ["https://www.w3.org/ns/credentials/v2", "https://www.w3.org/2018/credentials/v1"];
const UNDEFINED = "urn:undefined:";
const NOWHERE = "http://example.org/base/";
const CATCH = { "@vocab": UNDEFINED };

/**
 * Canonical N-Quads of a document without its top-level `proof`.
 *
 * @param {Record<string, any>} document
 * @returns {Promise<string>}
 * @throws {InputError} For contexts that are not bundled, for what none of them defines, and for
 *   JSON that says anything else to its readers than its statements say.
 */
export async function exactQuads(document) {
  const { proof: _, ...unsigned } = document;
  const quads = await canonicalQuads(unsigned);
  if (!BASES.includes([unsigned["@context"] ?? []].flat()[0])) throw new InputError("not-exact");
  requirePlainNames(unsigned);
  await requireCompacted(unsigned);
  return quads;
}

/**
 * As `exactQuads`, of the document as it is, however it spells its statements.
 *
 * @param {Record<string, any>} document
 * @returns {Promise<string>}
 */
export async function canonicalQuads(document) {
  requireKnownContexts(document);
  requireSmall(document);
  const own = [document["@context"] ?? []].flat();
  const quads = await attempt(() =>
    jsonld.canonize({ ...document, "@context": [CATCH, ...own] }, {
      ...options(),
      algorithm: "RDFC-1.0",
      format: "application/n-quads",
      canonizeOptions: { createMessageDigest: () => new Digest() },
    }),
  );
  if (quads.includes(`<${UNDEFINED}`) || quads.includes(`<${NOWHERE}`)) {
    throw new InputError("undefined-terms");
  }
  return quads;
}

/** @param {any} value */
function requireKnownContexts(value) {
  if (Array.isArray(value)) return value.forEach(requireKnownContexts);
  if (!isObject(value)) return;
  for (const [key, item] of Object.entries(value)) {
    if (key !== "@context") {
      requireKnownContexts(item);
      continue;
    }
    for (const url of [item].flat(1)) {
      const isKnown = typeof url === "string" && Object.hasOwn(CONTEXTS, url);
      if (!isKnown) throw new InputError("unknown-context", "/@context");
    }
  }
}

/** @param {any} document */
function requireSmall(document) {
  const waiting = [document];
  let objects = 0;
  while (waiting.length > 0) {
    const value = waiting.pop();
    if (Array.isArray(value)) {
      if (value.length > MAX_ITEMS) throw new InputError("too-large");
      waiting.push(...value);
    } else if (isObject(value)) {
      objects += 1;
      waiting.push(...Object.values(value));
    }
  }
  if (objects > MAX_OBJECTS) throw new InputError("too-large");
}

/** Refuses names that are IRIs or keywords: a reader of the JSON would not find them. */
export function requirePlainNames(/** @type {any} */ value) {
  if (Array.isArray(value)) return value.forEach(requirePlainNames);
  if (!isObject(value)) return;
  const isText = Object.hasOwn(value, "@value");
  for (const [key, item] of Object.entries(value)) {
    const isPlain = !key.includes(":") && (!key.startsWith("@") || key === "@context" || isText);
    if (!isPlain) throw new InputError("not-exact");
    if (key !== "@context") requirePlainNames(item);
  }
}

/** @param {Record<string, any>} document */
async function requireCompacted(document) {
  const context = { "@context": document["@context"] };
  const compacted = await attempt(() =>
    jsonld.compact(document, context, { ...options(), compactArrays: true }),
  );
  if (jcsText(plain(document)) !== jcsText(plain(compacted))) throw new InputError("not-exact");
}

/** Without what JSON-LD does not tell apart: one value or a list of it, a node or its name. */
function plain(/** @type {any} */ value) {
  if (Array.isArray(value)) {
    // JSON-LD takes the inner one for a part of the outer, and readers of the JSON do not.
    if (value.some(Array.isArray)) throw new InputError("not-exact");
    const items = value.map(plain);
    return items.length === 1 ? items[0] : items;
  }
  if (!isObject(value)) return value;
  const entries = Object.entries(value).filter(([key]) => key !== "@context");
  if (entries.length === 1 && entries[0][0] === "id") return entries[0][1];
  return Object.fromEntries(entries.map(([key, item]) => [key, plain(item)]));
}

function options() {
  return { base: NOWHERE, documentLoader: load, safe: false };
}

/** @param {string} url */
async function load(url) {
  if (!Object.hasOwn(CONTEXTS, url)) throw new InputError("unknown-context", "/@context");
  return { contextUrl: null, documentUrl: url, document: CONTEXTS[url] };
}

/**
 * @template T
 * @param {() => Promise<T>} act
 * @returns {Promise<T>}
 */
async function attempt(act) {
  try {
    return await act();
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError("not-json-ld"); // and graphs that are made to take years
  }
}

/** SHA-256 for the algorithm, also where the browser offers none of its own. */
class Digest {
  #hash = sha256InScript.create();

  /** @param {string} text */
  update(text) {
    this.#hash.update(new TextEncoder().encode(text));
  }

  async digest() {
    return Array.from(this.#hash.digest(), (byte) => byte.toString(16).padStart(2, "0")).join("");
  }
}
