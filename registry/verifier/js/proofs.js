// The check of what else a credential carries: signatures of its issuer, proofs of Blockcerts.
//
// No issuer is asked for its key, since asking tells who looks: a did:key holds its own.

import { decodeMultibase } from "rootseal/base58.js";
import { documentHash, jcsText, statementsHash } from "rootseal/canonical.js";
import { parseDateTime } from "rootseal/dates.js";
import { sha256 } from "rootseal/digest.js";
import { isObject } from "rootseal/documents.js";
import { InputError } from "rootseal/errors.js";
import { fromHex } from "rootseal/bytes.js";
import { credentialIn, decodeBase64Url, encodeBase64Url, requireAgreement } from "rootseal/jwt.js";
import { decodeMerkleProof, sealedPath } from "rootseal/merkle_proof.js";
import { otherProofs, proofName } from "rootseal/receipt.js";
import { fail, pass, reasonOf, skipped } from "rootseal/report.js";
import { sealFromProof } from "rootseal/tree.js";

/** @typedef {import("rootseal/receipt.js").Receipt} Receipt */
/** @typedef {import("rootseal/report.js").Check} Check */

const MAX_PROOFS = 10; // of one credential that are looked at
const RDFC = "eddsa-rdfc-2022";
const JCS = "eddsa-jcs-2022";
const MERKLE = "merkle-proof-2019";
const TOKEN = { type: "JWT" };
const EDDSA = "EdDSA";
const ED25519_DID = "did:key:z6Mk"; // as every Ed25519 key begins in base58
const UNREAD = ["crit", "b64"]; // of a header; they change what is signed
const ALGORITHMS = [EDDSA, "RS256", "ES256", "ES384"]; // that are verified elsewhere
const PURPOSE = "assertionMethod";
const ED25519 = [0xed, 0x01]; // multicodec of a public key
const MAX_DID_URL = 2_000;
const NOT_CHECKED = false;
const HOLDS = true;

/**
 * Other proofs in the credential. What is of a kind not known here is named, and not judged.
 *
 * Of a token its signature is the proof.
 *
 * @param {import("rootseal/brought.js").Brought} brought
 * @param {Receipt} receipt
 * @param {bigint} now Microseconds since 1970.
 * @returns {Promise<Check>}
 */
export async function checkProofs({ document, token }, receipt, now) {
  if (token !== null) return checkAll([TOKEN], () => checkToken(token));
  const proofs = document === null ? [] : otherProofs(document);
  if (document === null || proofs.length === 0) return skipped("proofs", "no-other-proofs");
  return checkAll(proofs.slice(0, MAX_PROOFS), (proof) => holds(document, proof, receipt, now));
}

/**
 * @param {any[]} looked
 * @param {(proof: any) => Promise<boolean>} check
 * @returns {Promise<Check>}
 */
async function checkAll(looked, check) {
  const evidence = { proofs: looked.map(proofName).join(", ") };
  let held = 0;
  for (const proof of looked) {
    try {
      if (await check(proof)) held += 1;
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      return fail("proofs", "bad-proof", evidence, reasonOf(error));
    }
  }
  return held > 0
    ? pass("proofs", "proofs-hold", evidence)
    : skipped("proofs", "other-proofs-not-checked", evidence);
}

/**
 * Whether a token's signature holds; false if nobody here knows the key: one inside of the token is
 * its own word.
 *
 * @param {import("rootseal/jwt.js").Token} token
 * @throws {InputError} If it does not.
 */
async function checkToken(token) {
  const { alg, kid } = token.header;
  requireAgreement(token);
  if (UNREAD.some((name) => name in token.header)) throw new InputError("bad-signature");
  if (alg.toLowerCase() === "none" || alg.startsWith("HS")) throw new InputError("bad-signature");
  if (!ALGORITHMS.includes(alg)) return NOT_CHECKED;
  if (typeof kid !== "string" || !kid.startsWith("did:")) return NOT_CHECKED;
  const [controller, mark] = kid.split(/(#)/s);
  if (mark === undefined || kid.length > MAX_DID_URL) throw new InputError("no-key");
  if (controller !== issuerOf(credentialIn(token))) throw new InputError("another-issuers-key");
  const isOtherKey = controller.startsWith("did:key:") && !controller.startsWith(ED25519_DID);
  if (isOtherKey) return NOT_CHECKED;
  const key = keyOf(controller, kid.slice(controller.length + 1));
  if (key === null) return NOT_CHECKED;
  if (alg !== EDDSA) throw new InputError("bad-signature");
  const signature = decodeBase64Url(token.signature);
  if (encodeBase64Url(signature) !== token.signature) throw new InputError("bad-signature");
  const isGood = await isSignature(key, signature, token.signed);
  if (isGood === false) throw new InputError("bad-signature");
  return isGood === true ? HOLDS : NOT_CHECKED;
}

/**
 * Whether a proof holds; false if it is not judged.
 *
 * @param {Record<string, any>} document
 * @param {any} proof
 * @param {Receipt} receipt
 * @param {bigint} now
 * @throws {InputError} If it does not.
 */
async function holds(document, proof, receipt, now) {
  if (!isObject(proof)) throw new InputError("bad-proof-form");
  const name = proofName(proof);
  let found = NOT_CHECKED;
  if (name === RDFC || name === JCS) found = await checkSignature(document, proof, name);
  else if (name === MERKLE) found = await checkMerkle(document, proof, receipt);
  if (found === HOLDS) requireNotEnded(proof, now);
  return found;
}

/**
 * @param {Record<string, any>} document
 * @param {Record<string, any>} proof
 * @param {string} suite
 */
async function checkSignature(document, proof, suite) {
  const method = proof.verificationMethod;
  const [controller, mark] = typeof method === "string" ? method.split(/(#)/s) : [];
  const isNamed = mark !== undefined && method.length <= MAX_DID_URL;
  if (!isNamed || !/^(did:|https?:\/\/)/.test(controller)) throw new InputError("no-key");
  if (controller !== issuerOf(document)) throw new InputError("another-issuers-key");
  const key = keyOf(controller, method.slice(controller.length + 1));
  if (key === null) return NOT_CHECKED;
  if (proof.type !== "DataIntegrityProof" || proof.proofPurpose !== PURPOSE) {
    throw new InputError("bad-proof-form");
  }
  const signature = decodeMultibase(proof.proofValue);
  const { proofValue: _, ...options } = proof;
  const signed = await signedBytes(document, options, suite);
  const isGood = await isSignature(key, signature, signed);
  if (isGood === false) throw new InputError("bad-signature");
  // A key behind the address of a page is the proof's own word: it can only speak against it.
  return isGood === true && controller.startsWith("did:key:") ? HOLDS : NOT_CHECKED;
}

/**
 * The Ed25519 key that stands in its own name; null for one that somebody would have to be asked for.
 *
 * @param {string} controller
 * @param {string} name
 */
function keyOf(controller, name) {
  const isDidKey = controller.startsWith("did:key:");
  if (controller.startsWith("did:") && !isDidKey) return null;
  const key = multikey(name);
  if (isDidKey && (key === null || controller !== `did:key:${name}`)) throw new InputError("no-key");
  return key;
}

/** @param {string} name */
function multikey(name) {
  try {
    const bytes = decodeMultibase(name);
    const isKey = bytes.length === 34 && ED25519.every((byte, index) => bytes[index] === byte);
    return isKey ? bytes.slice(2) : null;
  } catch (error) {
    if (error instanceof InputError) return null;
    throw error;
  }
}

/**
 * Hash of the proof's options, then of the document (vc-di-eddsa §3.2.4, §3.3.4).
 *
 * @param {Record<string, any>} document
 * @param {Record<string, any>} options
 * @param {string} suite
 */
async function signedBytes(document, options, suite) {
  const config = { ...options, "@context": document["@context"] ?? null };
  const hashes = [];
  if (suite === RDFC) {
    const { canonicalQuads, requirePlainNames } = await import("rootseal/rdf.js");
    requirePlainNames(options);
    hashes.push(await hashOf(await canonicalQuads(config)));
    hashes.push(fromHex(await statementsHash(document)));
  } else {
    hashes.push(await hashOf(jcsText(config)), fromHex(await documentHash(document)));
  }
  return Uint8Array.from(hashes.flatMap((hash) => [...hash]));
}

/** @param {string} text */
function hashOf(text) {
  return sha256(new TextEncoder().encode(text));
}

/**
 * Whether it is one; null in a browser that does not know Ed25519, or gives scripts none.
 *
 * @param {Uint8Array} key
 * @param {Uint8Array} signature
 * @param {Uint8Array} signed
 */
async function isSignature(key, signature, signed) {
  const subtle = globalThis.crypto?.subtle;
  if (subtle === undefined) return null;
  let imported;
  try {
    imported = await subtle.importKey("raw", key, { name: "Ed25519" }, false, ["verify"]);
  } catch (error) {
    if (error instanceof DOMException && error.name === "NotSupportedError") return null;
    return false; // 32 bytes that are no point
  }
  return subtle.verify({ name: "Ed25519" }, imported, signature, signed);
}

/**
 * That a proof of Blockcerts says what the receipt says, which is what the chain was asked about.
 *
 * @param {Record<string, any>} document
 * @param {Record<string, any>} proof
 * @param {Receipt} receipt
 */
async function checkMerkle(document, proof, receipt) {
  const found = decodeMerkleProof(proof.proofValue);
  if ((await statementsHash(document)) !== found.targetHash) throw new InputError("another-hash");
  const path = sealedPath(found);
  if (path === null) return NOT_CHECKED; // made with tools of others
  if ((await sealFromProof(path)) !== path.seal) throw new InputError("another-seal");
  return path.seal === receipt.seal ? HOLDS : NOT_CHECKED;
}

/**
 * @param {Record<string, any>} proof
 * @param {bigint} now
 */
function requireNotEnded(proof, now) {
  const ends = proof.expires ?? null;
  if (ends === null) return;
  const moment = typeof ends === "string" ? parseDateTime(ends) : null;
  if (moment === null) throw new InputError("no-date-with-zone");
  if (moment < now) throw new InputError("proof-expired");
}

/** @param {Record<string, any>} document */
function issuerOf({ issuer }) {
  return isObject(issuer) ? issuer.id : issuer;
}
