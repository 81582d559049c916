// Tests a column's values against a set, one truth value a row, for each layout. Null rows get some truth value or
// other, which the caller overwrites.
import type { BoolVector, NumberVector, Utf8Vector } from "../../core/column/vector.ts";
import { compareBytes } from "./cell-set.ts";
import type { CellSet } from "./cell-set.ts";
import { FALSE, TRUE, UNKNOWN } from "./truth.ts";

type NumberSet = CellSet & { of: "number" };
type BytesSet = CellSet & { of: "bytes" };

/** NaN is unknown, as null is. */
export function memberNumbers(
  vector: NumberVector,
  set: NumberSet,
  start: number,
  count: number,
  truth: Uint8Array,
): void {
  const { values } = vector;
  if (set.cuts.length <= 2) {
    // A missing cut is NaN, which nothing is at or above.
    const [low = NaN, high = NaN] = set.cuts;
    const [between, elsewhere] = set.inside ? [FALSE, TRUE] : [TRUE, FALSE];
    for (let i = 0; i < count; i += 1) {
      const value = values[start + i] ?? 0;
      truth[i] = value >= low && !(value >= high) ? between : elsewhere;
    }
  } else {
    for (let i = 0; i < count; i += 1) truth[i] = memberNumber(values[start + i] ?? 0, set) ? TRUE : FALSE;
  }
  if (vector.type.kind !== "float") return;
  for (let i = 0; i < count; i += 1) {
    if (Number.isNaN(values[start + i])) truth[i] = UNKNOWN;
  }
}

export function memberBits(
  { values }: BoolVector,
  set: NumberSet,
  start: number,
  count: number,
  truth: Uint8Array,
): void {
  const ofFalse = memberNumber(0, set) ? TRUE : FALSE;
  const ofTrue = memberNumber(1, set) ? TRUE : FALSE;
  for (let i = 0; i < count; i += 1) {
    const at = start + i;
    truth[i] = (((values[at >>> 3] ?? 0) >>> (at & 7)) & 1) === 1 ? ofTrue : ofFalse;
  }
}

export function memberText(
  { offsets, bytes }: Utf8Vector,
  set: BytesSet,
  start: number,
  count: number,
  truth: Uint8Array,
): void {
  for (let i = 0; i < count; i += 1) {
    const text = bytes.subarray(offsets[start + i], offsets[start + i + 1]);
    truth[i] = memberBytes(text, set) ? TRUE : FALSE;
  }
}

export function memberBytes(text: Uint8Array, { cuts, inside }: BytesSet): boolean {
  return isOdd(countLeading(cuts.length, (at) => compareBytes(cuts[at] ?? text, text) <= 0)) !== inside;
}

function memberNumber(value: number, { cuts, inside }: NumberSet): boolean {
  return isOdd(countLeading(cuts.length, (at) => (cuts[at] ?? 0) <= value)) !== inside;
}

/** How many positions of 0..length - 1 hold, when those that hold come before those that do not. */
export function countLeading(length: number, holds: (at: number) => boolean): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function isOdd(count: number): boolean {
  return (count & 1) === 1;
}
