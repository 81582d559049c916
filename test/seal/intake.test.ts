// Chunks in, pieces out: the same bytes in the same order whatever their cuts, and no copy where none is needed.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Intake } from "../../core/seal/intake.ts";

function intakeOf(...chunks: readonly (readonly number[])[]): { intake: Intake; chunks: Uint8Array[] } {
  const given = chunks.map((chunk) => Uint8Array.from(chunk));
  const intake = new Intake();
  for (const chunk of given) intake.add(chunk);
  return { intake, chunks: given };
}

test("takes the bytes in their order, however they were cut, looked at and kept", () => {
  const step = fc.record({ add: fc.uint8Array({ maxLength: 9 }), take: fc.nat(12), keeps: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      const intake = new Intake();
      let left: readonly number[] = [];
      for (const { add, take, keeps } of steps) {
        const lent = add.slice();
        intake.add(lent);
        left = [...left, ...add];
        assert.equal(intake.available, left.length);
        const length = Math.min(take, left.length);
        assert.deepEqual([...intake.peek(length)], left.slice(0, length));
        assert.deepEqual([...intake.take(length)], left.slice(0, length));
        left = left.slice(length);
        if (keeps) {
          intake.keepRest();
          lent.fill(0xee);
        }
      }
      assert.deepEqual([...intake.take(left.length)], left);
    }),
  );
});

test("a piece that lies across chunks is joined of just those it lies in", () => {
  const { intake } = intakeOf([1, 2, 3], [4, 5, 6], [7, 8, 9]);
  assert.deepEqual([...intake.take(2)], [1, 2]);
  assert.deepEqual([...intake.peek(3)], [3, 4, 5]);
  assert.deepEqual([...intake.take(7)], [3, 4, 5, 6, 7, 8, 9]);
  assert.equal(intake.available, 0);
});

test("a piece that lies in one chunk is not copied, the first or a later one", () => {
  const { intake, chunks } = intakeOf([], [1, 2, 3], [], [4, 5, 6]);
  assert.equal(intake.take(1).buffer, chunks[1]?.buffer);
  assert.equal(intake.take(2).buffer, chunks[1]?.buffer);
  assert.equal(intake.peek(3).buffer, chunks[3]?.buffer);
  assert.equal(intake.take(3).buffer, chunks[3]?.buffer);
});

test("what is kept is the rest of the last chunk, and nothing that was taken of an earlier one comes again", () => {
  const { intake, chunks } = intakeOf([1, 2, 3, 4], [5, 6, 7, 8]);
  intake.take(3);
  intake.keepRest();
  chunks[1]?.fill(0xee);
  assert.deepEqual([...intake.take(5)], [4, 5, 6, 7, 8]);
  const { intake: one, chunks: lent } = intakeOf([1, 2, 3, 4]);
  one.take(3);
  one.keepRest();
  lent[0]?.fill(0xee);
  one.add(Uint8Array.of(5));
  assert.deepEqual([...one.take(2)], [4, 5]);
});

test("of nothing there is a piece of no bytes, and none of one", () => {
  const intake = new Intake();
  assert.deepEqual([...intake.take(0)], []);
  intake.keepRest();
  assert.throws(() => intake.take(1), /^Error: internal: more bytes wanted than are there$/);
  intake.add(Uint8Array.of(1, 2));
  assert.throws(() => intake.peek(3), /^Error: internal/);
  assert.deepEqual([...intake.take(2)], [1, 2]);
});
