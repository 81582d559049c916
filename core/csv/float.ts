// Floating point from the bytes of text, rounded as IEEE 754 asks: to the nearest, ties to even.
import { CsvFault } from "./fault.ts";

const [PLUS, MINUS, POINT, SMALL_E, LOWER] = [0x2b, 0x2d, 0x2e, 0x65, 0x20];
/** 10^22 is the last power of ten that a double holds. */
const POWERS = Float64Array.from({ length: 23 }, (_, i) => Number(`1e${i}`));
const [HEAD_DIGITS, EXACT_DIGITS, MOST_DIGITS] = [9, 15, 19];
/** More digits say nothing that a double could hold, and would take long to read. */
const MOST_CHARS = 1_024;

/** Infinities and what is none of a number are not spelled. @throws CsvFault, of what is beyond the type's range too */
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

/** With an exponent, a sign, a point at either end, or more digits than two doubles hold. */
/** With an exponent, a sign, a point at either end, or more digits than two doubles hold. */
function readOther(bytes: Uint8Array, start: number, end: number): number {
  const spelling = end - start > MOST_CHARS ? null : findSpelling(bytes, start, end);
  if (spelling === null) throw new CsvFault("value");
  const value = Number(Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("latin1"));
  if (!Number.isFinite(value) || (value === 0 && spelling === "not zero")) throw new CsvFault("value");
  return value;
}

/** `[+-] digits [. digits] [e [+-] digits]`, with digits on one side of the point at least. */
function findSpelling(bytes: Uint8Array, start: number, end: number): "zero" | "not zero" | null {
  let at = isSign(bytes[start]) ? start + 1 : start;
  let digits = 0;
  let isZero = true;
  let hasPoint = false;
  for (; at < end; at += 1) {
    const digit = (bytes[at] ?? 0) ^ 0x30;
    if (digit <= 9) {
      digits += 1;
      if (digit !== 0) isZero = false;
    } else if (bytes[at] === POINT && !hasPoint) hasPoint = true;
    else break;
  }
  if (digits === 0) return null;
  const found = isZero ? "zero" : "not zero";
  if (at === end) return found;
  if (((bytes[at] ?? 0) | LOWER) !== SMALL_E) return null;
  at += isSign(bytes[at + 1]) ? 2 : 1;
  if (at >= end) return null;
  for (; at < end; at += 1) if (((bytes[at] ?? 0) ^ 0x30) > 9) return null;
  return found;
}

function isSign(byte: number | undefined): boolean {
  return byte === MINUS || byte === PLUS;
}
