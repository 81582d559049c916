// A time of day after a date: h:mm, seconds and their fraction, AM or PM, or a zone. Part of the date's span.
import { digitsEnd, isWordOver, peek, upperCase } from "./ascii.ts";
import { NONE } from "./detector.ts";

const COLON = 0x3a;
const DOT = 0x2e;
const SPACE = 0x20;
const MAX_FRACTION_DIGITS = 9;

/** The end of the longest time that begins at `at` and that no word goes on from, or NONE. */
export function clockEnd(bytes: Uint8Array, at: number, end: number): number {
  const hours = hoursEnd(bytes, at, end);
  if (hours === NONE || peek(bytes, hours, end) !== COLON) return NONE;
  const minutes = pairEnd(bytes, hours + 1, end, 60);
  if (minutes === NONE) return NONE;
  const seconds = secondsEnd(bytes, minutes, end);
  const fraction = seconds === minutes ? seconds : fractionEnd(bytes, seconds, end);
  const half = halfEnd(bytes, fraction, end);
  const zone = zoneEnd(bytes, half, end);
  for (const stop of [zone, half, fraction, seconds, minutes]) {
    if (isWordOver(bytes, stop, end)) return stop;
  }
  return NONE;
}

/** One or two digits below 24. */
function hoursEnd(bytes: Uint8Array, at: number, end: number): number {
  const stop = digitsEnd(bytes, at, end, 2);
  if (stop === at + 1) return stop;
  return pairEnd(bytes, at, end, 24);
}

/** 60 is a leap second. */
function secondsEnd(bytes: Uint8Array, at: number, end: number): number {
  if (peek(bytes, at, end) !== COLON) return at;
  const stop = pairEnd(bytes, at + 1, end, 61);
  return stop === NONE ? at : stop;
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
  return minutes !== NONE && isWordOver(bytes, minutes, end) ? minutes : hours;
}
