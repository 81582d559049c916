// Vectors as operators take them: texts, days, numbers, each with a fate a row. A row of the vector that is null has the
// fate `null`, no bytes and a zero.
import type { NumberVector, Vector, WordsVector } from "../../core/column/vector.ts";
import { formatDay } from "../calendar.ts";
import { columnOf, eachText, FATE } from "./text-column.ts";
import type { Fate, TextColumn } from "./text-column.ts";

/** A fate a row: done, or null. */
export function fatesOf({ rows, validity }: Pick<Vector, "rows" | "validity">): Uint8Array {
  const fates = new Uint8Array(rows);
  if (validity === null) return fates;
  for (let row = 0; row < rows; row++) {
    if ((((validity[row >> 3] ?? 0) >> (row & 7)) & 1) === 0) fates[row] = FATE.null;
  }
  return fates;
}

/** Text as it lies, whole numbers in decimal, days as 2026-11-30. Not for a vector of codes. */
export function textsOf(vector: Vector, fates: Uint8Array): TextColumn {
  switch (vector.layout) {
    case "utf8":
      return { rows: vector.rows, offsets: vector.offsets, bytes: vector.bytes };
    case "number":
      return spelt(fates, numberSpeller(vector));
    case "words":
      return spelt(fates, (row) => wholeOf(vector, row).toString());
    default:
      throw new Error("internal: no texts");
  }
}

/** A text of each string of a dictionary. */
export function dictionaryTexts(values: readonly string[]): TextColumn {
  const encoder = new TextEncoder();
  const texts = values.map((value) => encoder.encode(value));
  const column = columnOf(Int32Array.from(texts, (text) => text.length));
  for (const [at, text] of texts.entries()) column.bytes.set(text, column.offsets[at]);
  return column;
}

/** The texts of a vector of codes, a row each: for operators that need them beside other columns. */
export function spreadTexts(vector: Vector, fates: Uint8Array): TextColumn {
  if (vector.layout !== "dictionary") return textsOf(vector, fates);
  const { codes } = vector;
  const texts = dictionaryTexts(vector.values);
  const lengths = Int32Array.from(codes, (code, row) =>
    fates[row] === FATE.done ? (texts.offsets[code + 1] ?? 0) - (texts.offsets[code] ?? 0) : 0,
  );
  const spread = columnOf(lengths);
  for (let row = 0; row < vector.rows; row++) {
    if (fates[row] !== FATE.done) continue;
    const code = codes[row] ?? 0;
    spread.bytes.set(texts.bytes.subarray(texts.offsets[code], texts.offsets[code + 1]), spread.offsets[row]);
  }
  return spread;
}

function spelt(fates: Uint8Array, spell: (row: number) => string | Fate): TextColumn {
  const none: TextColumn = { rows: fates.length, offsets: new Int32Array(fates.length + 1), bytes: NO_BYTES };
  return eachText(none, fates, (_, row) => spell(row));
}

const NO_BYTES = new Uint8Array(0);

function numberSpeller({ type, values }: NumberVector): (row: number) => string | Fate {
  return type.kind === "date"
    ? (row) => formatDay(values[row] ?? 0) ?? FATE.range
    : (row) => String(values[row] ?? 0);
}

/** As many bits as the type has, in two's complement where it is signed. */
function wholeOf({ type, words, wordsPerValue }: WordsVector, row: number): bigint {
  let value = 0n;
  for (let word = wordsPerValue - 1; word >= 0; word--) {
    value = (value << 32n) | BigInt(words[row * wordsPerValue + word] ?? 0);
  }
  const isSigned = type.kind !== "int" || type.signed;
  return isSigned ? BigInt.asIntN(32 * wordsPerValue, value) : value;
}

/** Of numbers whose type has a scale, with their fraction; of 64 bits and more, as near as a double is. */
export function numbersOf(vector: Vector): Float64Array {
  if (vector.layout === "number") return Float64Array.from(vector.values);
  if (vector.layout !== "words") throw new Error("internal: no numbers");
  const scale = vector.type.kind === "decimal" ? 10 ** vector.type.scale : 1;
  return Float64Array.from({ length: vector.rows }, (_, row) => Number(wholeOf(vector, row)) / scale);
}

const SECOND = 1_000_000n;
const DAY_MICROSECONDS = 86_400n * SECOND;
const DAY_LIMIT = 2 ** 31;

/** Days since 1970, and what of a timestamp lies behind midnight, in microseconds; null of dates. */
export interface Days {
  readonly days: Int32Array;
  readonly times: BigInt64Array | null;
}

export function daysOf(vector: Vector, fates: Uint8Array): Days {
  if (vector.layout === "number") return { days: Int32Array.from(vector.values), times: null };
  if (vector.layout !== "words") throw new Error("internal: no days");
  const days = new Int32Array(vector.rows);
  const times = new BigInt64Array(vector.rows);
  for (let row = 0; row < vector.rows; row++) {
    if (fates[row] !== FATE.done) continue;
    const instant = wholeOf(vector, row);
    const behind = ((instant % DAY_MICROSECONDS) + DAY_MICROSECONDS) % DAY_MICROSECONDS;
    const day = Number((instant - behind) / DAY_MICROSECONDS);
    if (day < -DAY_LIMIT || day >= DAY_LIMIT) fates[row] = FATE.range;
    else days[row] = day;
    times[row] = behind;
  }
  return { days, times };
}

/** A date or a timestamp as an owner reads it; one out of the calendar as the number that it is. */
export function spellDay(vector: Vector, row: number): string {
  if (vector.layout === "number") {
    const day = vector.values[row] ?? 0;
    return formatDay(day) ?? String(day);
  }
  if (vector.layout !== "words") throw new Error("internal: no days");
  const instant = wholeOf(vector, row);
  const second = BigInt.asIntN(64, (instant - (((instant % SECOND) + SECOND) % SECOND)) / SECOND);
  const date = new Date(Number(second) * 1000);
  if (Number.isNaN(date.getTime())) return instant.toString();
  const fraction = String(instant - second * SECOND).padStart(6, "0");
  return date.toISOString().replace(".000Z", `.${fraction}Z`);
}

/** A number as an owner reads it: whole ones by all their digits. */
export function spellNumber(vector: Vector, row: number): string {
  if (vector.layout === "number") return String(vector.values[row] ?? 0);
  if (vector.layout !== "words") throw new Error("internal: no number");
  const whole = wholeOf(vector, row);
  const scale = vector.type.kind === "decimal" ? vector.type.scale : 0;
  if (scale === 0) return whole.toString();
  const digits = (whole < 0n ? -whole : whole).toString().padStart(scale + 1, "0");
  return `${whole < 0n ? "-" : ""}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

/** A vector of the type that the days were of; rows that are not `done` are null and zero. */
export function vectorOfDays(
  { type, rows }: Vector,
  { days, times }: Days,
  validity: Uint8Array | null,
): Vector {
  if (times === null) return { type, rows, validity, layout: "number", values: days };
  const words = new Uint32Array(rows * 2);
  for (let row = 0; row < rows; row++) {
    const instant = BigInt(days[row] ?? 0) * DAY_MICROSECONDS + (times[row] ?? 0n);
    words[2 * row] = Number(BigInt.asUintN(32, instant));
    words[2 * row + 1] = Number(BigInt.asUintN(32, instant >> 32n));
  }
  return { type, rows, validity, layout: "words", words, wordsPerValue: 2 };
}

/** Which rows are `done`, as a bitmap: also where all are, so that an object's length does not tell that. */
export function validityOf(fates: Uint8Array): Uint8Array {
  const bits = new Uint8Array((fates.length + 7) >> 3);
  for (let row = 0; row < fates.length; row++) {
    if (fates[row] === FATE.done) bits[row >> 3] = (bits[row >> 3] ?? 0) | (1 << (row & 7));
  }
  return bits;
}
