// Moments: those of the chain and of receipts in seconds, those of credentials in microseconds.

const UTC = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$/;
const DATE_TIME = /^([0-9-]{10}T[0-9:]{8})(?:\.([0-9]+))?(?:Z|([+-])([0-9]{2}):([0-9]{2}))$/;
const MAX_OFFSET_MINUTES = 14 * 60; // XML Schema part 2, §3.3.7
const MILLION = 1_000_000n;
const FIRST_YEAR = "0001";

/** The first and last moment that dates of four digits name, in microseconds since 1970. */
const EARLIEST = BigInt(Date.parse("0001-01-01T00:00:00Z")) * 1000n;
const LATEST = BigInt(Date.parse("9999-12-31T23:59:59Z")) * 1000n + MILLION - 1n;

export const MAX_SECONDS = Number(LATEST / MILLION);

/**
 * Reads a time in UTC and whole seconds in its one spelling: 2026-01-31T02:00:05Z.
 *
 * @param {string} text
 * @returns {number | null} Seconds since 1970; null if it is none.
 */
export function parseTime(text) {
  if (!UTC.test(text) || text < FIRST_YEAR) return null;
  const seconds = Date.parse(text) / 1000;
  // The 30th of February is read as the 2nd of March, and hour 24 as the next day's 0.
  return Number.isNaN(seconds) || formatTime(seconds) !== text ? null : seconds;
}

/**
 * @param {number} seconds Since 1970.
 * @returns {string} As `parseTime` reads it.
 */
export function formatTime(seconds) {
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`;
}

/**
 * Reads an XML Schema dateTime that names its zone; without one, the moment is open.
 *
 * @param {string} text
 * @returns {bigint | null} Microseconds since 1970, held between the years 1 and 9999; null if
 *   it is none.
 */
export function parseDateTime(text) {
  const match = DATE_TIME.exec(text);
  const seconds = match === null ? null : parseTime(`${match[1]}Z`);
  if (match === null || seconds === null) return null;
  const [, , fraction = "", sign = "+", hours = "00", minutes = "00"] = match;
  const offset = 60 * Number(hours) + Number(minutes);
  if (offset > MAX_OFFSET_MINUTES || Number(minutes) > 59) return null;
  const inUtc = BigInt(seconds) - BigInt(Number(`${sign}${offset}`) * 60);
  const moment = inUtc * MILLION + BigInt(fraction.slice(0, 6).padEnd(6, "0"));
  // "For ever" is often written 9999-12-31T23:59:59 in a western zone.
  if (moment < EARLIEST) return EARLIEST;
  return moment > LATEST ? LATEST : moment;
}

/**
 * @param {bigint} moment Microseconds since 1970.
 * @returns {string} Its whole second, as `parseTime` reads it.
 */
export function formatMoment(moment) {
  const fraction = ((moment % MILLION) + MILLION) % MILLION;
  return formatTime(Number((moment - fraction) / MILLION));
}

/**
 * @param {Date} date
 * @returns {bigint} Microseconds since 1970.
 */
export function momentOf(date) {
  return BigInt(date.getTime()) * 1000n;
}
