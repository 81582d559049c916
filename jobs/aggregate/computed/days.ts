// Dates and times as days, and as hours, since 1970, a chunk at a time. Times are microseconds, and UTC.
import type { Vector } from "../../../core/column/vector.ts";

const HOUR_MICROSECONDS = 3_600_000_000;
const HOURS_A_DAY = 24;
const TWO_32 = 4_294_967_296;
/** Microseconds whose upper word is below this are doubles of their own. */
const EXACT_HIGH = 2 ** 21;

/** Of a date or a time. Of nulls it may be anything. */
export function readDays(vector: Vector, start: number, count: number, days: Int32Array): void {
  if (vector.layout === "number") {
    days.set(vector.values.subarray(start, start + count));
    return;
  }
  for (let i = 0; i < count; i += 1) days[i] = Math.floor(hourAt(vector, start + i) / HOURS_A_DAY);
}

/** Of a time. */
export function hourAt(vector: Vector, row: number): number {
  if (vector.layout !== "words") throw new Error("internal: hours of what is no time");
  const low = vector.words[2 * row] ?? 0;
  const high = (vector.words[2 * row + 1] ?? 0) | 0;
  if (high >= -EXACT_HIGH && high < EXACT_HIGH) return Math.floor((high * TWO_32 + low) / HOUR_MICROSECONDS);
  const micros = (BigInt(high) << 32n) | BigInt(low);
  const hours = micros / BigInt(HOUR_MICROSECONDS);
  return Number(micros < 0n && micros % BigInt(HOUR_MICROSECONDS) !== 0n ? hours - 1n : hours);
}

/** The time at which an hour begins, as its two words. */
export function writeHour(hour: number, words: Uint32Array, row: number): void {
  const micros = BigInt.asUintN(64, BigInt(hour) * BigInt(HOUR_MICROSECONDS));
  words[2 * row] = Number(micros & 0xffff_ffffn);
  words[2 * row + 1] = Number(micros >> 32n);
}
