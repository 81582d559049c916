// Records sorted by the hash of their unit, and the first of each unit marked. A radix sort on 32 bits of the hash keeps
// rows of a unit in the order in which they were read; where units share those bits, the rest of the hash and then the
// units themselves are compared.
import { HASH_HIGH } from "./record-layout.ts";
import type { UnitCompare } from "./unit-compare.ts";

const DIGIT_BITS = 11;
const DIGITS = 1 << DIGIT_BITS;
const PASSES = 3;

/** Sorts `at`, where records begin, in place. Returns one byte a record, 1 where a unit starts. */
export function sortByHash(words: Int32Array, at: Int32Array, units: UnitCompare): Uint8Array {
  radixSort(words, at);
  const starts = new Uint8Array(at.length);
  for (let row = 0; row < at.length;) {
    const end = endOfEqual(words, at, row);
    starts[row] = 1;
    if (!areOneUnit(at, row, end, units)) {
      sortCollision(at.subarray(row, end), units);
      for (let i = row + 1; i < end; i += 1) {
        starts[i] = units.areEqual(at[i - 1] ?? 0, at[i] ?? 0) ? 0 : 1;
      }
    }
    row = end;
  }
  return starts;
}

function radixSort(words: Int32Array, at: Int32Array): void {
  const rows = at.length;
  let from: Int32Array = at;
  let to: Int32Array = new Int32Array(rows);
  let keys: Int32Array = new Int32Array(rows);
  let nextKeys: Int32Array = new Int32Array(rows);
  for (let row = 0; row < rows; row += 1) keys[row] = words[(at[row] ?? 0) + HASH_HIGH] ?? 0;
  const heads = new Int32Array(DIGITS);
  for (let pass = 0; pass < PASSES; pass += 1) {
    const shift = pass * DIGIT_BITS;
    heads.fill(0);
    for (let row = 0; row < rows; row += 1) {
      const digit = ((keys[row] ?? 0) >>> shift) & (DIGITS - 1);
      heads[digit] = (heads[digit] ?? 0) + 1;
    }
    for (let digit = 0, sum = 0; digit < DIGITS; digit += 1) {
      const count = heads[digit] ?? 0;
      heads[digit] = sum;
      sum += count;
    }
    for (let row = 0; row < rows; row += 1) {
      const key = keys[row] ?? 0;
      const digit = (key >>> shift) & (DIGITS - 1);
      const place = heads[digit] ?? 0;
      heads[digit] = place + 1;
      to[place] = from[row] ?? 0;
      nextKeys[place] = key;
    }
    [from, to] = [to, from];
    [keys, nextKeys] = [nextKeys, keys];
  }
  if (from !== at) at.set(from);
}

function endOfEqual(words: Int32Array, at: Int32Array, row: number): number {
  const key = words[(at[row] ?? 0) + HASH_HIGH];
  let end = row + 1;
  while (end < at.length && words[(at[end] ?? 0) + HASH_HIGH] === key) end += 1;
  return end;
}

function areOneUnit(at: Int32Array, from: number, to: number, units: UnitCompare): boolean {
  for (let row = from + 1; row < to; row += 1) {
    if (!units.areEqual(at[from] ?? 0, at[row] ?? 0)) return false;
  }
  return true;
}

/** Rows of several units with equal hashes; those of one unit stay in their order. */
function sortCollision(at: Int32Array, units: UnitCompare): void {
  const sorted = [...at].map((record, row) => ({ record, row }));
  sorted.sort((a, b) => units.compare(a.record, b.record) || a.row - b.row);
  for (const [i, { record }] of sorted.entries()) at[i] = record;
}
