import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { BUFFER_ALIGNMENT, placeInFrames, placeInOrder } from "../../core/column/placement.ts";
import type { Placement } from "../../core/column/placement.ts";

const FRAME = 4096;

/** Aligned, apart, inside the body; returns the bytes that no buffer holds. */
function checkSound(lengths: readonly number[], { offsets, bytes }: Placement): number {
  assert.equal(offsets.length, lengths.length);
  const places = lengths
    .map((length, index) => ({ start: offsets[index] ?? Number.NaN, length }))
    .filter(({ length }) => length > 0)
    .sort((a, b) => a.start - b.start);
  let end = 0;
  for (const { start, length } of places) {
    assert.equal(start % BUFFER_ALIGNMENT, 0);
    assert.ok(start >= end);
    end = start + length;
  }
  assert.ok(bytes >= end && bytes % BUFFER_ALIGNMENT === 0);
  return bytes - lengths.reduce((sum, length) => sum + length, 0);
}

const lengths = fc.array(
  fc.oneof(
    fc.nat(600),
    fc.nat(30_000),
    fc.integer({ min: 1, max: 6 }).map((frames) => frames * FRAME),
  ),
  { maxLength: 12 },
);
const start = fc.nat(300).map((blocks) => blocks * BUFFER_ALIGNMENT);

test("buffers are aligned, apart and inside the body, and little of it is left empty", () => {
  fc.assert(
    fc.property(lengths, start, (buffers, at) => {
      const alignment = buffers.length * BUFFER_ALIGNMENT;
      assert.ok(checkSound(buffers, placeInOrder(buffers)) <= alignment);
      const total = buffers.reduce((sum, length) => sum + length, 0);
      assert.ok(checkSound(buffers, placeInFrames(buffers, at, FRAME)) <= alignment + total / 4);
    }),
  );
});

test("where it costs little, a buffer that fills frames shares none, and small ones share one frame with the metadata", () => {
  const buffers = [0, 8 * FRAME, 100, 8 * FRAME, 0, 4 * FRAME + 4, 9 * FRAME, 500];
  for (let at = 0; at < FRAME; at += BUFFER_ALIGNMENT) {
    const { offsets, bytes } = placeInFrames(buffers, at, FRAME);
    for (const large of [1, 3, 6]) assert.equal((at + (offsets[large] ?? 1)) % FRAME, 0);
    assert.deepEqual([offsets[7], offsets[2]], [0, 512]);
    // Text comes last: its ends are anywhere.
    assert.ok((offsets[5] ?? 0) > (offsets[6] ?? 0));
    assert.ok(FRAME - ((at + bytes) % FRAME) >= 640, "room for the small buffers of the next batch");
  }
});

test("small batches are not blown up to frames", () => {
  const buffers = [10, 800, 10, 800, 64];
  assert.deepEqual(placeInFrames(buffers, 64, FRAME).bytes, placeInOrder(buffers).bytes);
  const narrow = [32, FRAME];
  assert.ok(placeInFrames(narrow, 64, FRAME).bytes <= placeInOrder(narrow).bytes + FRAME / 4);
});
