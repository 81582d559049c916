// Complementary suppression against a judge that tries every possible table.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { completeSuppression } from "../../jobs/aggregate/complement.ts";
import type { CellTable } from "../../jobs/aggregate/complement.ts";
import { feasibleIntervals } from "../../jobs/aggregate/complement/interval.ts";
import { naiveFaults, naiveIntervals } from "./complement-naive.ts";
import { nth, cubeTables, networkTables } from "./complement-tables.ts";

const RUNS = process.env["SEALROOM_DEEP"] === "1" ? 5000 : 300;
const STEPS = 1e9;

/** Some cells, by the bits of a number. */
function patternOf({ cells }: CellTable, bits: number): Uint8Array {
  return Uint8Array.from({ length: cells }, (_, cell) => (bits >>> (cell % 31)) & 1);
}

test("leaves no fault in sums, two-way tables and hierarchies", () => {
  fc.assert(
    fc.property(networkTables(), (table) => {
      assert.deepEqual(naiveFaults(table, completeSuppression(table)), []);
    }),
    { numRuns: RUNS },
  );
});

test("leaves no fault in cubes with all their totals", () => {
  fc.assert(
    fc.property(cubeTables(), (table) => {
      assert.deepEqual(naiveFaults(table, completeSuppression(table)), []);
    }),
    { numRuns: RUNS / 10 },
  );
});

test("leaves no fault however little work it may do", () => {
  fc.assert(
    fc.property(fc.oneof(networkTables(), cubeTables()), fc.nat({ max: 3000 }), (table, steps) => {
      assert.deepEqual(naiveFaults(table, completeSuppression(table, steps)), []);
    }),
    { numRuns: RUNS / 10 },
  );
});

test("the judge finds the faults of the primary cells alone", () => {
  const tables = fc.sample(networkTables(), { numRuns: 200, seed: 1 });
  const faulty = tables.filter((table) => naiveFaults(table, table.suppressed).length > 0);
  assert.ok(faulty.length > 100);
});

test("knows the intervals of networks exactly, whatever the pattern", () => {
  fc.assert(
    fc.property(networkTables(), fc.nat(), (table, bits) => {
      const pattern = patternOf(table, bits);
      const { low, high } = feasibleIntervals(table, pattern, STEPS);
      const naive = naiveIntervals(table, pattern);
      assert.deepEqual([Array.from(low), Array.from(high)], [naive.low, naive.high]);
    }),
    { numRuns: RUNS },
  );
});

test("never takes an interval of a cube to be wider than it is, and seldom narrower", () => {
  let [cells, narrower] = [0, 0];
  fc.assert(
    fc.property(cubeTables(), fc.nat(), (table, bits) => {
      const pattern = patternOf(table, bits);
      const { low, high } = feasibleIntervals(table, pattern, STEPS);
      const naive = naiveIntervals(table, pattern);
      low.forEach((end, cell) => {
        assert.ok(nth(naive.low, cell) <= end && nth(high, cell) <= nth(naive.high, cell));
        cells += 1;
        if (nth(naive.low, cell) < end || nth(high, cell) < nth(naive.high, cell)) narrower += 1;
      });
    }),
    { numRuns: RUNS / 10 },
  );
  assert.ok(narrower * 20 < cells, `${narrower} of ${cells}`);
});

test("knows the intervals of fractions to a small part of the width, and never too wide", () => {
  fc.assert(
    fc.property(networkTables(), fc.nat(), (whole, bits) => {
      const pattern = patternOf(whole, bits);
      const tenth = (numbers: Float64Array): Float64Array => numbers.map((x) => x / 10);
      const table = {
        ...whole,
        values: tenth(whole.values),
        lower: tenth(whole.lower),
        upper: tenth(whole.upper),
        width: 0.3,
      };
      const { low, high } = feasibleIntervals(table, pattern, STEPS);
      const naive = naiveIntervals(whole, pattern);
      low.forEach((end, cell) => {
        const [width, known] = [nth(naive.high, cell) - nth(naive.low, cell), 10 * (nth(high, cell) - end)];
        assert.ok(known <= width + 1e-12 && known >= width - 1e-6, `${known} for ${width}`);
      });
    }),
    { numRuns: RUNS },
  );
});

test("gives the same for the same table, in whatever order it lists its relations and children", () => {
  fc.assert(
    fc.property(fc.oneof(networkTables(), cubeTables()), (table) => {
      const relations = table.relations.toReversed().map(({ parent, children }) => ({
        parent,
        children: children.toReversed(),
      }));
      assert.deepEqual(completeSuppression({ ...table, relations }), completeSuppression(table));
    }),
    { numRuns: RUNS },
  );
});

test("changes no table it is given", () => {
  fc.assert(
    fc.property(networkTables(), (table) => {
      const before = structuredClone(table);
      completeSuppression(table);
      assert.deepEqual(table, before);
    }),
    { numRuns: RUNS / 10 },
  );
});
