// JSON-RPC over HTTP to one node: the only place that asks anybody anything.
//
// Every way in which asking can fail becomes an UnavailableError. Retries nothing, and does not
// know what the methods mean.

import { isObject } from "rootseal/documents.js";
import { InputError, RpcError, UnavailableError } from "rootseal/errors.js";
import { readAll } from "rootseal/streams.js";

const MAX_ANSWER_BYTES = 64 * 2 ** 20; // a full block of logs is a few MiB; more is no answer

export class Rpc {
  /**
   * @param {string} url
   * @param {{timeout: number, fetch: typeof fetch}} options Timeout in milliseconds, for one
   *   whole answer.
   * @throws {InputError} For anything but an HTTP address, without a password in it.
   */
  constructor(url, { timeout, fetch }) {
    this.url = endpoint(url);
    this.timeout = timeout;
    this.fetch = fetch;
  }

  /**
   * @param {string} method
   * @param {any[]} params
   * @returns {Promise<any>} The result as the node gave it: nothing in it is checked yet.
   * @throws {RpcError} The node's own error.
   * @throws {UnavailableError} Silence, or what is no JSON-RPC answer.
   */
  async ask(method, params) {
    const { status, body } = await this.post({ jsonrpc: "2.0", id: 0, method, params });
    const answer = decode(body, status);
    const isRefusal = isObject(answer) && isObject(answer.error);
    // Some providers send the errors of JSON-RPC, and nothing else, as HTTP 400.
    if (status !== 200 && !(status === 400 && isRefusal)) {
      throw new UnavailableError(`http-${status}`);
    }
    if (!isObject(answer)) throw new UnavailableError("malformed");
    if ((answer.error ?? null) !== null) throw refusal(answer.error);
    if (!Object.hasOwn(answer, "result")) throw new UnavailableError("malformed");
    return answer.result;
  }

  /** @param {object} question */
  async post(question) {
    try {
      const response = await this.fetch.call(globalThis, this.url, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(question),
        // The node learns what is asked, and nothing else of who asks.
        credentials: "omit",
        referrerPolicy: "no-referrer",
        redirect: "error",
        cache: "no-store",
        signal: AbortSignal.timeout(this.timeout),
      });
      return { status: response.status, body: await bodyOf(response) };
    } catch (error) {
      throw asUnavailable(error);
    }
  }
}

/** @param {string} text */
function endpoint(text) {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isHttp = url !== null && ["http:", "https:"].includes(url.protocol);
  if (!isHttp || url.username !== "" || url.password !== "") throw new InputError("bad-endpoint");
  url.hash = "";
  return url.href;
}

/** @param {Response} response */
async function bodyOf(response) {
  const body = await readAll(response.body, MAX_ANSWER_BYTES);
  if (body === null) throw new UnavailableError("too-large");
  return body;
}

/**
 * @param {Uint8Array} body
 * @param {number} status
 */
function decode(body, status) {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body));
  } catch {
    throw new UnavailableError(status === 200 ? "malformed" : `http-${status}`);
  }
}

/** @param {any} error */
function refusal(error) {
  const { code, message } = isObject(error) ? error : { code: 0, message: error };
  return new RpcError(Number.isInteger(code) ? code : 0, String(message));
}

/** @param {unknown} error */
function asUnavailable(error) {
  if (error instanceof UnavailableError) return error;
  const name = error instanceof Error ? error.name : "";
  // Browsers say no more than this of a refused connection, a redirect, or a missing permission.
  return new UnavailableError(name === "TimeoutError" ? "timeout" : "connection");
}
