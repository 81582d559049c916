// Whole numbers, decimals and booleans from the bytes of text, where they are spelled plainly.
import { CsvFault } from "./fault.ts";

const [MINUS, POINT] = [0x2d, 0x2e];
/** So many digits are exact in a double. */
const EXACT_DIGITS = 15;
/** And so many in an integer of 32 bits. */
const HEAD_DIGITS = 9;
const WORD = 0x1_0000_0000;
/** Zeros beside a number of any type; what is longer would take long to read. */
const MOST_CHARS = 128;

/**
 * Digits with a minus before them, and up to `scale` after a point, more only if they are zeros: in units of the last
 * place. NaN for a number of more digits than a double holds: readLong reads it.
 * @throws CsvFault
 */
export function readScaled(bytes: Uint8Array, start: number, end: number, scale: number): number {
  if (end - start > MOST_CHARS) throw new CsvFault("value");
  const isNegative = bytes[start] === MINUS;
  // The first digits and the others: products of small integers are several times as fast as of doubles.
  let head = 0;
  let tail = 0;
  let digits = 0;
  let places = -1;
  for (let at = isNegative ? start + 1 : start; at < end; at += 1) {
    const digit = (bytes[at] ?? 0) ^ 0x30;
    if (digit <= 9) {
      if (places === scale) {
        if (digit !== 0) throw new CsvFault("value");
        continue;
      }
      if (digits < HEAD_DIGITS) head = (head * 10 + digit) | 0;
      else tail = (tail * 10 + digit) | 0;
      digits += 1;
      if (places >= 0) places += 1;
    } else if (bytes[at] === POINT && places < 0 && digits > 0 && scale > 0 && at + 1 < end) {
      places = 0;
    } else {
      throw new CsvFault("value");
    }
  }
  if (digits === 0) throw new CsvFault("value");
  const missing = places < 0 ? scale : scale - places;
  if (digits + missing > EXACT_DIGITS) return NaN;
  const whole = digits <= HEAD_DIGITS ? head : head * (POWERS[digits - HEAD_DIGITS] ?? 1) + tail;
  const value = missing === 0 ? whole : whole * (POWERS[missing] ?? 1);
  return isNegative ? -value : value;
}

/** What readScaled found to be a number, of any length. */
export function readLong(bytes: Uint8Array, start: number, end: number, scale: number): bigint {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("latin1");
  const [whole = "", fraction = ""] = text.replace("-", "").split(".");
  const value = BigInt(whole + fraction.slice(0, scale).padEnd(scale, "0"));
  return bytes[start] === MINUS ? -value : value;
}

const POWERS = Float64Array.from({ length: EXACT_DIGITS + 1 }, (_, i) => 10 ** i);

/** Puts a whole number that a double holds in `count` words, two's complement. */
export function putWords(value: number, words: Int32Array, at: number, count: number): void {
  words[at] = value | 0;
  if (count === 1) return;
  words[at + 1] = Math.floor(value / WORD);
  const sign = value < 0 ? -1 : 0;
  for (let i = 2; i < count; i += 1) words[at + i] = sign;
}

export function putLong(value: bigint, words: Int32Array, at: number, count: number): void {
  for (let i = 0; i < count; i += 1) words[at + i] = Number(BigInt.asIntN(32, value >> BigInt(32 * i)));
}

const WORDS: ReadonlyMap<string, number> = new Map([
  ...["true", "t", "yes", "y", "1"].map((word) => [word, 1] as const),
  ...["false", "f", "no", "n", "0"].map((word) => [word, 0] as const),
]);

export function readBool(bytes: Uint8Array, start: number, end: number): number {
  if (end - start > 5) throw new CsvFault("value");
  const word = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("latin1");
  const value = WORDS.get(word.toLowerCase());
  if (value === undefined) throw new CsvFault("value");
  return value;
}
