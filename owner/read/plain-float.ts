// Floating point from the bytes of text, rounded as IEEE 754 asks: to the nearest, ties to even.
import { NotPlain } from "./plain-csv.ts";

const [MINUS, POINT] = [0x2d, 0x2e];
/** 10^22 is the last power of ten that a double holds. */
const POWERS = Float64Array.from({ length: 23 }, (_, i) => Number(`1e${i}`));
const [HEAD_DIGITS, EXACT_DIGITS, MOST_DIGITS] = [9, 15, 19];
const SPELLING = /^[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)(e[+-]?[0-9]+)?$/i;

/** @throws NotPlain */
export function readFloat(bytes: Uint8Array, start: number, end: number): number {
  const isNegative = bytes[start] === MINUS;
  const first = isNegative ? start + 1 : start;
  // Nine digits, six, and four, as integers of 32 bits, whose products are several times as fast as those of doubles.
  let head = 0;
  let middle = 0;
  let low = 0;
  let digits = 0;
  let places = -1;
  for (let at = first; at < end; at += 1) {
    const digit = (bytes[at] ?? 0) ^ 0x30;
    if (digit > 9) {
      if (bytes[at] !== POINT || places >= 0 || digits === 0) return readOther(bytes, start, end);
      places = 0;
      continue;
    }
    if (digits < HEAD_DIGITS) head = (head * 10 + digit) | 0;
    else if (digits < EXACT_DIGITS) middle = (middle * 10 + digit) | 0;
    else low = (low * 10 + digit) | 0;
    digits += 1;
    if (places >= 0) places += 1;
  }
  if (digits === 0 || places === 0 || digits > MOST_DIGITS || places > 22) {
    return readOther(bytes, start, end);
  }
  const power = POWERS[Math.max(0, places)] ?? 1;
  const more = Math.min(digits, EXACT_DIGITS) - HEAD_DIGITS;
  const high = more <= 0 ? head : head * (POWERS[more] ?? 1) + middle;
  // Clinger 1990: both are exact, so one rounding is all there is.
  const value = digits <= EXACT_DIGITS ? high / power : divideLong(high, low, digits - EXACT_DIGITS, power);
  if (Number.isNaN(value)) return readOther(bytes, start, end);
  return isNegative ? -value : value;
}

/**
 * (high * 10^more + low) / power, correctly rounded: in twice a double's precision, and NaN where even that leaves in
 * doubt which double is the nearest.
 */
function divideLong(high: number, low: number, more: number, power: number): number {
  const scaled = high * (POWERS[more] ?? 1);
  const scaledRest = productError(high, POWERS[more] ?? 1, scaled);
  const whole = scaled + low;
  const rounded = whole - scaled;
  const rest = scaled - (whole - rounded) + (low - rounded) + scaledRest;
  const quotient = whole / power;
  const product = quotient * power;
  const remainder = whole - product - productError(quotient, power, product) + rest;
  const correction = remainder / power;
  const doubt = quotient * 2 ** -100;
  const value = quotient + (correction - doubt);
  return value === quotient + (correction + doubt) ? value : NaN;
}

/** What a product lost when it was rounded (Dekker 1971). */
function productError(a: number, b: number, product: number): number {
  const splitA = a * SPLITTER;
  const splitB = b * SPLITTER;
  const highA = splitA - (splitA - a);
  const highB = splitB - (splitB - b);
  const lowA = a - highA;
  const lowB = b - highB;
  return lowA * lowB - (product - highA * highB - lowA * highB - highA * lowB);
}

const SPLITTER = 2 ** 27 + 1;

function readOther(bytes: Uint8Array, start: number, end: number): number {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("latin1");
  const value = SPELLING.test(text) ? Number(text) : NaN;
  // What is too large or too small for a double is DuckDB's to judge.
  if (!Number.isFinite(value) || (value === 0 && /[1-9]/.test(text.replace(/e.*/i, "")))) {
    throw new NotPlain();
  }
  return value;
}

/** A float of 32 bits. A double halfway between two may have been rounded there, so it is not rounded again. */
export function readSingle(bytes: Uint8Array, start: number, end: number): number {
  const value = readFloat(bytes, start, end);
  const single = Math.fround(value);
  if (single !== value) {
    DOUBLE[0] = value;
    if (((DOUBLE_WORDS[0] ?? 0) & 0x1fff_ffff) === 0x1000_0000) throw new NotPlain();
  }
  if (!Number.isFinite(single) || Math.abs(single) < 2 ** -126) {
    if (value !== 0) throw new NotPlain();
  }
  return single;
}

const DOUBLE = new Float64Array(1);
const DOUBLE_WORDS = new Uint32Array(DOUBLE.buffer);
