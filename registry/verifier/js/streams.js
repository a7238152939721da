// Reading streams of bytes from outside, up to a limit.

import { concat } from "rootseal/bytes.js";

/**
 * @param {ReadableStream<Uint8Array> | null} stream
 * @param {number} most
 * @returns {Promise<Uint8Array | null>} All of it, or null if there are more bytes than that.
 */
export async function readAll(stream, most) {
  if (stream === null) return new Uint8Array();
  const reader = stream.getReader();
  const chunks = [];
  let size = 0;
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    size += next.value.length;
    if (size > most) {
      await reader.cancel();
      return null;
    }
    chunks.push(next.value);
  }
  return concat(...chunks);
}
