// One cell of a vector as text, exactly: decimals and 64-bit integers digit by digit, dates and times in ISO
// 8601. For results and reports; no kernel goes through here, but for whole numbers that detectors read as digits.
import { isSet } from "./validity.ts";
import type { DictionaryVector, Utf8Vector, Vector, WordsVector } from "./vector.ts";

const MICROSECONDS_PER_DAY = 86_400_000_000n;
const MILLISECONDS_PER_DAY = 86_400_000;

/** Whether the row has a value. */
export function isValid(vector: Vector, row: number): boolean {
  return isSet(vector.validity, row);
}

/** The text of one row's value, or null. */
export function cellText(vector: Vector, row: number): string | null {
  if (!isValid(vector, row)) return null;
  switch (vector.layout) {
    case "bits":
      return (((vector.values[row >> 3] ?? 0) >> (row & 7)) & 1) === 1 ? "true" : "false";
    case "number":
      return vector.type.kind === "date" ? dateText(vector.values[row] ?? 0) : String(vector.values[row]);
    case "words":
      return wordsText(vector, row);
    case "dictionary":
    case "utf8":
      return textOf(vector, row);
  }
}

function textOf(vector: DictionaryVector | Utf8Vector, row: number): string {
  if (vector.layout === "dictionary") return vector.values[vector.codes[row] ?? 0] ?? "";
  const bytes = vector.bytes.subarray(vector.offsets[row], vector.offsets[row + 1]);
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}

function wordsText(vector: WordsVector, row: number): string {
  const { type } = vector;
  const value = bigintOf(vector, row);
  if (type.kind === "timestamp") return timestampText(value) + (type.zone === null ? "" : "Z");
  return type.kind === "decimal" ? decimalText(value, type.scale) : value.toString();
}

/** The whole number that a row's words hold: two's complement, except for uint64. */
export function bigintOf(vector: WordsVector, row: number): bigint {
  let value = 0n;
  for (let word = vector.wordsPerValue - 1; word >= 0; word -= 1) {
    value = (value << 32n) | BigInt(vector.words[row * vector.wordsPerValue + word] ?? 0);
  }
  const unsigned = vector.type.kind === "int" && !vector.type.signed;
  return unsigned ? value : BigInt.asIntN(32 * vector.wordsPerValue, value);
}

/** `unscaled` / 10^scale, with exactly `scale` decimal places. */
export function decimalText(unscaled: bigint, scale: number): string {
  const sign = unscaled < 0n ? "-" : "";
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, "0");
  const point = digits.length - scale;
  return scale === 0 ? sign + digits : `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}

/** Days since 1970 as YYYY-MM-DD; years outside 0..9999 have a sign and six digits (ISO 8601 expanded). */
export function dateText(days: number): string {
  const date = new Date(days * MILLISECONDS_PER_DAY);
  // Past what a Date holds (100 million days) the count itself is the only exact text.
  return Number.isNaN(date.getTime()) ? `${days} days` : date.toISOString().split("T", 1).join("");
}

function timestampText(microseconds: bigint): string {
  const inDay = ((microseconds % MICROSECONDS_PER_DAY) + MICROSECONDS_PER_DAY) % MICROSECONDS_PER_DAY;
  const days = Number((microseconds - inDay) / MICROSECONDS_PER_DAY);
  const seconds = Number(inDay / 1_000_000n);
  const pair = (value: number): string => String(Math.trunc(value)).padStart(2, "0");
  const clock = `${pair(seconds / 3_600)}:${pair((seconds / 60) % 60)}:${pair(seconds % 60)}`;
  return `${dateText(days)}T${clock}.${String(inDay % 1_000_000n).padStart(6, "0")}`;
}
