// A time of day after a date: h:mm, seconds and their fraction, AM or PM, or a zone. Part of the date's span.
import { peek, digitsEnd, upperCase } from "./ascii.ts";
import { NONE } from "./detector.ts";

const COLON = 0x3a;
const DOT = 0x2e;
const SPACE = 0x20;
const MAX_FRACTION_DIGITS = 9;

/** The end of the time that begins at `at`, or NONE. */
export function clockEnd(bytes: Uint8Array, at: number, end: number): number {
  const minutes = clockPart(bytes, at, end, 24);
  if (minutes === NONE || peek(bytes, minutes, end) !== COLON) return NONE;
  let place = pairEnd(bytes, minutes + 1, end, 60);
  if (place === NONE) return NONE;
  if (peek(bytes, place, end) === COLON) {
    // 60 is a leap second.
    const seconds = pairEnd(bytes, place + 1, end, 61);
    if (seconds === NONE) return NONE;
    place = fractionEnd(bytes, seconds, end);
  }
  return zoneEnd(bytes, halfEnd(bytes, place, end), end);
}

/** One or two digits below `limit`. */
function clockPart(bytes: Uint8Array, at: number, end: number, limit: number): number {
  const stop = digitsEnd(bytes, at, end, 2);
  if (stop === at) return NONE;
  return stop === at + 1 || pairEnd(bytes, at, end, limit) !== NONE ? stop : NONE;
}

/** Two digits below `limit`. */
function pairEnd(bytes: Uint8Array, at: number, end: number, limit: number): number {
  if (digitsEnd(bytes, at, end, 2) !== at + 2) return NONE;
  return ((bytes[at] ?? 0) - 0x30) * 10 + (bytes[at + 1] ?? 0) - 0x30 < limit ? at + 2 : NONE;
}

function fractionEnd(bytes: Uint8Array, at: number, end: number): number {
  if (peek(bytes, at, end) !== DOT) return at;
  const stop = digitsEnd(bytes, at + 1, end, MAX_FRACTION_DIGITS);
  return stop === at + 1 ? at : stop;
}

/** AM or PM, after a space or none. */
function halfEnd(bytes: Uint8Array, at: number, end: number): number {
  const letter = peek(bytes, at, end) === SPACE ? at + 1 : at;
  const half = upperCase(peek(bytes, letter, end));
  if (half !== 0x41 && half !== 0x50) return at;
  return upperCase(peek(bytes, letter + 1, end)) === 0x4d ? letter + 2 : at;
}

/** Z, or hours and minutes ahead or behind. */
function zoneEnd(bytes: Uint8Array, at: number, end: number): number {
  const sign = peek(bytes, at, end);
  if (upperCase(sign) === 0x5a) return at + 1;
  if (sign !== 0x2b && sign !== 0x2d) return at;
  const hours = pairEnd(bytes, at + 1, end, 24);
  if (hours === NONE) return at;
  const minutes = pairEnd(bytes, peek(bytes, hours, end) === COLON ? hours + 1 : hours, end, 60);
  return minutes === NONE ? hours : minutes;
}
