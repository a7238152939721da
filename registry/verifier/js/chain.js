// One EVM chain with the contract on it: what its storage, code and events say. Judges nothing.

import { checksummed, parseAddress } from "rootseal/address.js";
import { fromHex, toHex } from "rootseal/bytes.js";
import * as contract from "rootseal/contract.js";
import { MAX_SECONDS } from "rootseal/dates.js";
import { sha256 } from "rootseal/digest.js";
import { hex, Nodes } from "rootseal/nodes.js";
import * as reply from "rootseal/reply.js";

/** @typedef {import("rootseal/reply.js").Block} Block */
/** @typedef {import("rootseal/reply.js").Log} Log */
/** @typedef {"active" | "suspended" | "revoked"} Status */

const STATUSES = /** @type {const} */ (["active", "suspended", "revoked"]); // as numbered there
const WORD = 64; // hex digits of one ABI value

export class Chain {
  /**
   * @param {object} settings
   * @param {string} settings.chain CAIP-2.
   * @param {string[]} settings.rpcUrls
   * @param {string} settings.contract
   * @param {"finalized" | number} settings.finality The tag, or a depth: the number of blocks
   *   from a final one up to the head, both counted.
   * @param {{timeout: number, fetch: typeof fetch}} options
   */
  constructor({ chain, rpcUrls, contract, finality }, options) {
    this.name = chain;
    this.contract = parseAddress(contract);
    this.finality = finality;
    this.nodes = new Nodes(rpcUrls, { chain, ...options });
  }

  /** The latest block. */
  head() {
    return this.nodes.newest("latest");
  }

  /** Number of the newest block that counts as final; -1 if there is none. */
  async finalized() {
    if (this.finality === "finalized") return (await this.nodes.newest("finalized")).number;
    const head = await this.head();
    return Math.max(head.number - this.finality + 1, -1);
  }

  /**
   * Whether the contract's address runs our build, immutables apart.
   *
   * @param {Block} at
   */
  async isGenuine(at) {
    const code = await this.nodes.ask("eth_getCode", [this.contract, state(at)], reply.data);
    const bytes = fromHex(code);
    if (bytes.length !== contract.RUNTIME.length) return false;
    for (const { start, length } of contract.RUNTIME.immutables) {
      bytes.fill(0, start, start + length);
    }
    return toHex(await sha256(bytes)) === contract.RUNTIME.sha256;
  }

  /**
   * Time at which an issuer anchored a seal, in seconds since 1970; null if it never did.
   *
   * @param {string} issuer
   * @param {string} seal
   * @param {Block} at
   * @returns {Promise<number | null>}
   */
  async anchoredAt(issuer, seal, at) {
    const call = contract.ANCHOR_OF + word(issuer) + word(seal);
    const [anchoredAt, sequence, status] = await this.view(call, 3, at);
    if (anchoredAt + sequence + status === 0n) return null;
    if (anchoredAt > BigInt(MAX_SECONDS) || sequence >= 2n ** 64n) throw reply.malformed();
    if (status >= BigInt(STATUSES.length)) throw reply.malformed();
    return Number(anchoredAt);
  }

  /**
   * Status that holds for a credential under an anchored seal.
   *
   * @param {string} issuer
   * @param {string} seal
   * @param {number} leafIndex
   * @param {Block} at
   * @returns {Promise<Status>}
   */
  async credentialStatus(issuer, seal, leafIndex, at) {
    const call = contract.CREDENTIAL_STATUS_OF + word(issuer) + word(seal) + word(hex(leafIndex));
    const [status] = await this.view(call, 1, at);
    if (status >= BigInt(STATUSES.length)) throw reply.malformed();
    return STATUSES[Number(status)];
  }

  /**
   * The anchor's event in a given transaction; null if it is not mined or has none.
   *
   * @param {string} transaction
   * @param {string} issuer
   * @param {string} seal
   * @returns {Promise<Log | null>}
   */
  async anchorInTransaction(transaction, issuer, seal) {
    const logs = await this.logsOf(transaction);
    return logs === null ? null : this.only(logs.filter((log) => this.fits(log, issuer, seal)));
  }

  /**
   * Who anchored a seal in a given transaction; nobody if it is not mined.
   *
   * @param {string} transaction
   * @param {string} seal
   */
  async issuersInTransaction(transaction, seal) {
    const logs = (await this.logsOf(transaction)) ?? [];
    const issuers = [];
    for (const log of logs) {
      const issuer = `0x${(log.topics[1] ?? "").slice(-40)}`;
      if (this.fits(log, issuer, seal)) issuers.push(checksummed(issuer));
    }
    return issuers;
  }

  /**
   * The logs of a transaction; null if it is not mined, or no longer indexed.
   *
   * @param {string} transaction
   * @returns {Promise<Log[] | null>}
   */
  logsOf(transaction) {
    const read = (/** @type {any} */ result) => {
      if (result === null) return null;
      const receipt = reply.object(result);
      if (reply.data(receipt.transactionHash, 32) !== transaction) throw reply.malformed();
      return reply.logs(receipt.logs);
    };
    return this.nodes.ask("eth_getTransactionReceipt", [transaction], read);
  }

  /**
   * The anchor's event among the logs of blocks `first` to `last`; null if it is not there.
   *
   * @param {string} issuer
   * @param {string} seal
   * @param {number} first
   * @param {number} last
   * @returns {Promise<Log | null>}
   */
  async anchorInBlocks(issuer, seal, first, last) {
    const filter = {
      fromBlock: hex(first),
      toBlock: hex(last),
      address: this.contract,
      topics: topics(issuer, seal),
    };
    const logs = await this.nodes.ask("eth_getLogs", [filter], reply.logs);
    for (const log of logs) {
      const isWithin = log.blockNumber >= first && log.blockNumber <= last;
      if (!isWithin || !this.fits(log, issuer, seal)) throw reply.malformed();
    }
    return this.only(logs);
  }

  /** @param {number} number */
  block(number) {
    return this.nodes.ask("eth_getBlockByNumber", [hex(number), false], reply.block);
  }

  /**
   * A single event, once the node confirms that its block exists.
   *
   * @param {Log[]} logs
   */
  async only(logs) {
    const [log] = logs;
    if (log === undefined) return null;
    if (logs.length > 1) throw reply.malformed();
    const block = await this.nodes.ask("eth_getBlockByHash", [log.blockHash, false], reply.block);
    if (block.hash !== log.blockHash || block.number !== log.blockNumber) throw reply.malformed();
    return log;
  }

  /**
   * @param {Log} log
   * @param {string} issuer
   * @param {string} seal
   */
  fits(log, issuer, seal) {
    const wanted = topics(issuer, seal);
    const isOurs = log.address === this.contract.toLowerCase();
    return isOurs && wanted.every((topic, place) => log.topics[place] === topic);
  }

  /**
   * @param {string} call
   * @param {number} words How many values of one word the function returns.
   * @param {Block} at
   * @returns {Promise<bigint[]>}
   */
  async view(call, words, at) {
    const read = (/** @type {any} */ result) => reply.data(result, (words * WORD) / 2);
    const question = { to: this.contract, data: call };
    const result = await this.nodes.ask("eth_call", [question, state(at)], read);
    const parts = /** @type {RegExpMatchArray} */ (result.slice(2).match(/.{64}/g));
    return parts.map((part) => BigInt(`0x${part}`));
  }
}

/**
 * Names a state by block hash (EIP-1898): a number would silently follow a reorganisation.
 *
 * @param {Block} block
 */
function state({ hash }) {
  return { blockHash: hash, requireCanonical: true };
}

/**
 * An address, hash or number as one ABI word; each is left-padded, and a hash fills it.
 *
 * @param {string} value Hex, with 0x or without.
 */
function word(value) {
  return value.replace(/^0x/, "").toLowerCase().padStart(WORD, "0");
}

/**
 * @param {string} issuer
 * @param {string} seal
 */
function topics(issuer, seal) {
  return [contract.SEAL_ANCHORED, `0x${word(issuer)}`, `0x${word(seal)}`];
}
