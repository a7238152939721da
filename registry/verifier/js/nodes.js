// One or several endpoints of a chain, asked like one: several must all say the same.

import { chainId } from "rootseal/address.js";
import { DisagreementError, InputError, RpcError, UnavailableError } from "rootseal/errors.js";
import { block, quantity } from "rootseal/reply.js";
import { Rpc } from "rootseal/rpc.js";

/** @typedef {import("rootseal/reply.js").Block} Block */
/** @typedef {{value: any} | {failure: UnavailableError}} Heard */

const UNKNOWN_BLOCK = -39001; // execution API's code; asked by tag: there is none yet
const SHOWN_CHARACTERS = 66; // of an answer, in a sentence about nodes that disagree

/** Stands for the finalized block of a chain that has none yet. @type {Block} */
const NO_BLOCK = { number: -1, hash: "", time: 0 };

export class Nodes {
  /**
   * @param {string[]} urls
   * @param {{chain: string, timeout: number, fetch: typeof fetch}} options
   * @throws {InputError} If there is none, one is no endpoint, or one is named twice.
   */
  constructor(urls, { chain, ...options }) {
    if (urls.length === 0) throw new InputError("no-endpoint");
    const rpcs = urls.map((url) => new Rpc(url, options));
    // Not only useless: a node asked twice would agree with itself.
    if (new Set(rpcs.map((rpc) => rpc.url)).size < urls.length) {
      throw new InputError("same-endpoint-twice");
    }
    this.endpoints = rpcs.map((rpc) => new Endpoint(rpc, chainId(chain)));
  }

  /**
   * @template T
   * @param {string} method
   * @param {any[]} params
   * @param {(result: any) => T} read Reads the result strictly; what it returns is compared.
   * @returns {Promise<T>}
   * @throws {UnavailableError} If no node answers, or not all the same.
   */
  async ask(method, params, read) {
    return agreed(await this.hear(this.endpoints, method, params, read));
  }

  /**
   * The newest block, by tag, that all nodes have and agree on.
   *
   * @param {"latest" | "finalized"} tag
   * @returns {Promise<Block>} Number -1 if no block is final yet.
   */
  async newest(tag) {
    const heads = await this.hear(this.endpoints, "eth_getBlockByNumber", [tag, false], block);
    const blocks = heads.map((head) => ("failure" in head ? noFinalBlock(head) : head.value));
    if (blocks.some((found) => found === null)) return agreed(heads);
    const oldest = blocks.reduce((a, b) => (b.number < a.number ? b : a));
    if (oldest.number < 0 || blocks.length === 1) return oldest;
    return this.ask("eth_getBlockByNumber", [hex(oldest.number), false], block);
  }

  /**
   * @param {Endpoint[]} endpoints
   * @param {string} method
   * @param {any[]} params
   * @param {(result: any) => any} read
   * @returns {Promise<Heard[]>}
   */
  hear(endpoints, method, params, read) {
    return Promise.all(
      endpoints.map(async (endpoint) => {
        try {
          return { value: read(await endpoint.ask(method, params)) };
        } catch (failure) {
          if (!(failure instanceof UnavailableError)) throw failure;
          return { failure };
        }
      }),
    );
  }
}

/** A node that must show, before it is asked anything, that it serves the right chain. */
class Endpoint {
  /**
   * @param {Rpc} rpc
   * @param {bigint | null} id
   */
  constructor(rpc, id) {
    this.rpc = rpc;
    this.id = id;
    /** @type {Promise<void> | null} */
    this.checked = null;
  }

  /**
   * @param {string} method
   * @param {any[]} params
   */
  async ask(method, params) {
    this.checked ??= this.checkChain();
    await this.checked;
    return this.rpc.ask(method, params);
  }

  async checkChain() {
    const served = quantity(await this.rpc.ask("eth_chainId", []));
    if (served !== this.id) throw new UnavailableError("wrong-chain");
  }
}

/** @param {number} number */
export function hex(number) {
  return `0x${number.toString(16)}`;
}

/** @param {Heard[]} heard */
function agreed(heard) {
  const [first] = heard;
  if (heard.every((answer) => "failure" in answer)) throw first.failure;
  const meaning = (/** @type {any} */ answer) => JSON.stringify(answer.value);
  if (heard.every((answer) => !("failure" in answer) && meaning(answer) === meaning(first))) {
    return first.value;
  }
  throw new DisagreementError(heard.map((answer, i) => `node ${i + 1}: ${words(answer)}`));
}

/**
 * What one node said, in short; never its address: strangers may read this.
 *
 * @param {any} answer
 */
function words({ failure, value }) {
  if (failure !== undefined) return `no answer (${failure.code})`;
  if (Array.isArray(value)) return `${value.length} logs`;
  if (value?.hash !== undefined) return `block ${value.number} ${value.hash}`;
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
}

/** @param {{failure: UnavailableError}} head */
function noFinalBlock({ failure }) {
  if (!(failure instanceof RpcError)) return null;
  const text = failure.text.toLowerCase().replace(/[^a-z0-9]/g, "");
  const isNone = failure.number === UNKNOWN_BLOCK || text.includes("finalizedblocknotfound");
  return isNone ? NO_BLOCK : null;
}
