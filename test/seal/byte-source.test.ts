// Ranges that are to be pulled, and the pieces that come: what is merged, and what answers for a range.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Range } from "../../core/column/range.ts";
import { bytesOfPieces, mergeRanges } from "../../core/seal/byte-source.ts";

function ranges(...pairs: readonly (readonly [number, number])[]): readonly Range[] {
  return pairs.map(([start, end]) => ({ start, end }));
}

test("merges ranges that overlap or touch, and no others, in the order of the file", () => {
  assert.deepEqual(mergeRanges([]), []);
  assert.deepEqual(mergeRanges(ranges([20, 30], [0, 10])), ranges([0, 10], [20, 30]));
  assert.deepEqual(mergeRanges(ranges([10, 20], [0, 10])), ranges([0, 20]));
  assert.deepEqual(mergeRanges(ranges([11, 20], [0, 10])), ranges([0, 10], [11, 20]));
  assert.deepEqual(mergeRanges(ranges([0, 10], [5, 15], [14, 16])), ranges([0, 16]));
});

test("a range that lies in another adds nothing to it", () => {
  assert.deepEqual(mergeRanges(ranges([0, 100], [10, 20], [90, 99])), ranges([0, 100]));
});

test("a range of no bytes is none, wherever it lies", () => {
  assert.deepEqual(mergeRanges(ranges([5, 5])), []);
  assert.deepEqual(mergeRanges(ranges([0, 10], [10, 10], [20, 20], [30, 40])), ranges([0, 10], [30, 40]));
});

const PIECES = [
  { start: 100, bytes: Uint8Array.of(1, 2, 3, 4) },
  { start: 10, bytes: Uint8Array.of(5, 6, 7) },
];

test("a range is answered from the piece that it lies in, in whatever order the pieces stand", () => {
  const bytesOf = bytesOfPieces(PIECES);
  assert.deepEqual(bytesOf({ start: 100, end: 104 }), Uint8Array.of(1, 2, 3, 4));
  assert.deepEqual(bytesOf({ start: 102, end: 103 }), Uint8Array.of(3));
  assert.deepEqual(bytesOf({ start: 10, end: 13 }), Uint8Array.of(5, 6, 7));
  assert.deepEqual(bytesOf({ start: 11, end: 12 }), Uint8Array.of(6));
});

test("a range that lies in no piece as a whole is a fault of ours, and one of no bytes is never", () => {
  const bytesOf = bytesOfPieces(PIECES);
  for (const [start, end] of [
    [9, 12],
    [11, 14],
    [99, 101],
    [13, 100],
  ] as const) {
    assert.throws(() => bytesOf({ start, end }), /^Error: internal: a range that was not read$/);
  }
  assert.deepEqual(bytesOf({ start: 50, end: 50 }), new Uint8Array(0));
});
