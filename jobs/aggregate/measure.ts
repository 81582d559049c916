// Reads a chunk of any column as float64 for adding up, with NaN for null. Integers and decimals are saturated at
// +-(2^53 - 1) of their smallest unit, floats at the largest finite value, so that no sum of two rows is NaN; NaN
// itself counts as null. Columns that have no value to add give 0: they can only be counted.
import type { Vector, WordsVector } from "../../core/column/vector.ts";
import { fillNulls } from "./chunk.ts";

/** 2^53 - 1: up to here every integer is a double of its own. */
export const MAX_EXACT: number = Number.MAX_SAFE_INTEGER;

const TWO_32 = 4294967296;

/** Returns whether there may be a NaN among the values. */
export function readMeasure(vector: Vector, start: number, count: number, out: Float64Array): boolean {
  if (vector.layout === "number") out.set(vector.values.subarray(start, start + count));
  else if (vector.layout !== "words") out.fill(0, 0, count);
  else if (vector.wordsPerValue === 2) readWords64(vector, start, count, out);
  else readWords128(vector, start, count, out);
  if (vector.validity !== null) fillNulls(out, NaN, vector.validity, start, count);
  return (vector.type.kind === "float" && !saturateFloats(out, count)) || vector.validity !== null;
}

/** Returns whether all values are numbers. */
function saturateFloats(out: Float64Array, count: number): boolean {
  let unequal = 0;
  for (let i = 0; i < count; i += 1) {
    const value = out[i] ?? 0;
    if (Math.abs(value) <= Number.MAX_VALUE) continue;
    if (Number.isNaN(value)) unequal += 1;
    else out[i] = value > 0 ? Number.MAX_VALUE : -Number.MAX_VALUE;
  }
  return unequal === 0;
}

function readWords64({ type, words }: WordsVector, start: number, count: number, out: Float64Array): void {
  const signed = !(type.kind === "int" && !type.signed);
  for (let i = 0; i < count; i += 1) {
    const top = words[2 * (start + i) + 1] ?? 0;
    out[i] = saturate((signed ? top | 0 : top) * TWO_32 + (words[2 * (start + i)] ?? 0));
  }
}

function readWords128({ words }: WordsVector, start: number, count: number, out: Float64Array): void {
  for (let i = 0; i < count; i += 1) {
    const at = 4 * (start + i);
    // Exact where the value fits in 53 bits, for then every step does; else far out of bounds, and saturated.
    let value = (words[at + 3] ?? 0) | 0;
    value = value * TWO_32 + (words[at + 2] ?? 0);
    value = value * TWO_32 + (words[at + 1] ?? 0);
    out[i] = saturate(value * TWO_32 + (words[at] ?? 0));
  }
}

function saturate(value: number): number {
  return value > MAX_EXACT ? MAX_EXACT : value < -MAX_EXACT ? -MAX_EXACT : value;
}
