// Counts of a column: the same whatever the split, and what the detectors say value by value.
import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { DETECTORS } from "../../core/detect/detectors.ts";
import { ColumnCounter, mergeTallies } from "../../core/detect/tally.ts";
import type { ColumnTally, TextRows } from "../../core/detect/tally.ts";
import { EXAMPLES } from "./examples.ts";
import { TWINS } from "./twins.ts";

/** A column as Arrow has it: nulls may have bytes, and the first value need not begin at 0. */
function columnOf(values: readonly (string | null)[], before = 0): TextRows {
  const texts = values.map((value) => new TextEncoder().encode(value ?? "4111111111111111"));
  const offsets = new Int32Array(values.length + 1).fill(before);
  for (const [row, text] of texts.entries()) offsets[row + 1] = (offsets[row] ?? 0) + text.length;
  const bytes = new Uint8Array((offsets.at(-1) ?? 0) + 3).fill(0x31);
  for (const [row, text] of texts.entries()) bytes.set(text, offsets[row]);
  const validity = new Uint8Array(Math.ceil(values.length / 8));
  for (const [row, value] of values.entries()) {
    if (value !== null) validity[row >> 3] = (validity[row >> 3] ?? 0) | (1 << (row & 7));
  }
  return { rows: values.length, offsets, bytes, validity: values.includes(null) ? validity : null };
}

function tallyOf(columns: readonly TextRows[]): ColumnTally {
  const counter = new ColumnCounter();
  for (const column of columns) counter.addRows(column);
  return counter.tally();
}

/** Value by value, by the twins. */
function naiveTally(values: readonly (string | null)[]): ColumnTally {
  const given = values.filter((value): value is string => value !== null && value.trim() !== "");
  const count = (verdict: string): readonly number[] =>
    DETECTORS.map(({ name }) => given.filter((value) => TWINS[name](value.trim()) === verdict).length);
  return { values: given.length, matched: count("matched"), failed: count("failed") };
}

const examples = DETECTORS.flatMap(({ name }) => [
  ...EXAMPLES[name].matched,
  ...EXAMPLES[name].failed,
  ...EXAMPLES[name].other,
]);
const value = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...examples) },
  { weight: 1, arbitrary: fc.constantFrom(null, "", "  ", "é字😀", "x".repeat(500)) },
  {
    weight: 1,
    arbitrary: fc.string({ unit: "grapheme", maxLength: 12 }).filter((text) => /^[^\s]*$/.test(text)),
  },
);

test("counts what the twins count, with nulls, blanks, long and non-ASCII values", () => {
  const known = value.filter((text) => text === null || !/^(?:XX|IB)[0-9]{2}/.test(text));
  fc.assert(
    fc.property(fc.array(known, { maxLength: 60 }), fc.nat(9), (values, before) => {
      assert.deepEqual(tallyOf([columnOf(values, before)]), naiveTally(values));
    }),
    { numRuns: 500 },
  );
});

test("is the same whatever the split of the rows, the order of the parts, and after structured cloning", () => {
  fc.assert(
    fc.property(
      fc.array(value, { maxLength: 60 }),
      fc.array(fc.nat(60), { maxLength: 4 }),
      (values, cuts) => {
        const whole = tallyOf([columnOf(values)]);
        const edges = [0, ...cuts.map((cut) => cut % (values.length + 1)), values.length].toSorted(
          (a, b) => a - b,
        );
        const parts = edges.slice(1).map((edge, part) => columnOf(values.slice(edges[part], edge)));
        assert.deepEqual(tallyOf(parts), whole);
        const tallies = parts.map((part) => structuredClone(tallyOf([part])));
        assert.deepEqual(mergeTallies(tallies), whole);
        assert.deepEqual(mergeTallies(tallies.toReversed()), whole);
        assert.deepEqual(mergeTallies([mergeTallies(tallies.slice(0, 2)), ...tallies.slice(2)]), whole);
      },
    ),
    { numRuns: 500 },
  );
});

test("a value that many rows have counts as often, and once is enough to judge it", () => {
  const bytes = new TextEncoder().encode(" 4111111111111111 ");
  const counter = new ColumnCounter();
  counter.addValue(bytes, 0, bytes.length, 7);
  counter.addValue(bytes, 0, bytes.length, 0);
  assert.deepEqual(counter.tally(), tallyOf([columnOf(Array<string>(7).fill("4111111111111111"))]));
});

test("a column of nulls, of blanks, or of no rows counts nothing", () => {
  for (const values of [[], [null, null], ["", "  ", "\t"]]) {
    assert.deepEqual(tallyOf([columnOf(values)]), mergeTallies([]), JSON.stringify(values));
  }
});

test("a tally is data that survives JSON, with a count for each detector", () => {
  const tally = tallyOf([columnOf(examples)]);
  assert.deepEqual(JSON.parse(JSON.stringify(tally)), tally);
  assert.equal(tally.matched.length, DETECTORS.length);
  assert.ok(tally.matched.every((count) => count > 0));
});
