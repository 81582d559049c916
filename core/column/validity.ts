// Which rows have a value: bitmaps that lie least significant bit first, and whose count of nulls is true. Bits past the
// last row mean nothing.
import { SealroomError } from "../errors.ts";
import { bitmapBytes, type ColumnLayout } from "./batch.ts";
import type { BytesOf } from "./range.ts";
import { fetched } from "./view.ts";

/** Null where no row is null. Error: COLUMN_VALIDITY. */
export function readValidity(
  part: ColumnLayout,
  rows: number,
  column: number,
  bytesOf: BytesOf,
): Uint8Array | null {
  if (part.nullCount === 0) return null;
  const bits = fetched(part.validity, bytesOf);
  if (rows - countBits(bits, rows) !== part.nullCount) throw new SealroomError("COLUMN_VALIDITY", { column });
  return bits;
}

/** Bits set among the first `count` of a bitmap that lies least significant bit first. */
export function countBits(bits: Uint8Array, count: number): number {
  let sum = 0;
  const whole = count >> 3;
  for (let i = 0; i < whole; i += 1) sum += POPULATION[bits[i] ?? 0] ?? 0;
  const rest = (bits[whole] ?? 0) & ((1 << (count & 7)) - 1);
  return bitmapBytes(count) === whole ? sum : sum + (POPULATION[rest] ?? 0);
}

const POPULATION: Uint8Array = Uint8Array.from(
  { length: 256 },
  (_, byte) => byte.toString(2).replaceAll("0", "").length,
);

export function isSet(bits: Uint8Array | null, at: number): boolean {
  return bits === null || (((bits[at >> 3] ?? 0) >> (at & 7)) & 1) === 1;
}
