// Bytes and their hexadecimal form, lower case.

/**
 * @param {Uint8Array} bytes
 * @returns {string} Hex digits without 0x.
 */
export function toHex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * @param {string} digits An even number of hex digits, with 0x or without.
 * @returns {Uint8Array}
 */
export function fromHex(digits) {
  const pairs = digits.replace(/^0x/, "").match(/../g) ?? [];
  return Uint8Array.from(pairs, (pair) => parseInt(pair, 16));
}

/**
 * @param {...Uint8Array} parts
 * @returns {Uint8Array} All of them, end to end.
 */
export function concat(...parts) {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
