// What the page begins with: the chains to ask, whom it trusts, and where it came from.

import { byId } from "rootseal/page/elements.js";

/** @typedef {import("rootseal/verify.js").ChainSettings} ChainSettings */
/** @typedef {import("rootseal/trust.js").TrustedIssuer} TrustedIssuer */
/**
 * @typedef {object} Config
 * @property {ChainSettings[]} chains
 * @property {Record<string, TrustedIssuer>} trusted By address, with checksum.
 * @property {number} timeout Of one answer of a node, in milliseconds.
 * @property {string} version
 * @property {boolean} isSingle Whether this is the file that needs no server.
 */

/** @type {Config} */
export const config = JSON.parse(byId("config").textContent);

const LOOPBACK = ["127.0.0.1", "localhost"];
const configured = config.chains.flatMap((chain) => chain.rpcUrls.map((url) => new URL(url).origin));

/**
 * Whether the page may ask there: what its Content-Security-Policy lets through, but said in words
 * and beforehand.
 *
 * @param {URL} url
 */
export function isReachable(url) {
  const isPlain = url.protocol === "http:";
  return (
    url.protocol === "https:" ||
    (isPlain && LOOPBACK.includes(url.hostname)) ||
    (isPlain && [location.origin, ...configured].includes(url.origin))
  );
}
