// Which figures the totals are checked for: rows, and each column's counts by themselves, as far as they are released.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Rules } from "../../core/manifest/manifest.ts";
import type { AggregatePlan } from "../../core/plan/plan.ts";
import type { Cell } from "../../jobs/aggregate/cell.ts";
import { peopleOf, unitsIn } from "./people.ts";
import type { Row } from "./people.ts";
import { runAggregate } from "./run.ts";
import { manifestOf, planOf } from "./table.ts";

const UNITS = { as: "units", op: "count_units" } as const;
const PRESENT = { as: "present", op: "count", column: "x" } as const;

function release(
  rows: readonly Row[],
  select: AggregatePlan["select"],
  rules: Partial<Rules> = {},
): (readonly Cell[])[] {
  const table = peopleOf(rows);
  const all = { minUnits: 3, interval: 3, bounds: { x: { lower: 0, upper: 100 } }, ...rules };
  return [
    ...runAggregate(planOf({ groupBy: ["g"], totals: [[]], select }), manifestOf(table, all), table).rows,
  ];
}

const GROUPS = [...unitsIn("a", 9, 0), ...unitsIn("b", 2, 100), ...unitsIn("c", 5, 200)];

test("rows that are withheld are not known more closely than to the interval, though no units are released", () => {
  const released = (interval: number): unknown =>
    release(GROUPS, [{ as: "rows", op: "count" }], { interval });
  // b and c have 7 rows together, each at least 1: b has from 1 to 6. With a instead of c it has from 1 to 10.
  assert.deepEqual(released(5), [
    ["c", 0, 5n],
    [null, 1, 16n],
  ]);
  assert.deepEqual(released(4), [
    ["a", 0, 9n],
    [null, 1, 16n],
  ]);
  assert.deepEqual(released(10), [[null, 1, 16n]]);
});

test("how many have a value is not known more closely than to the interval where it is withheld", () => {
  const rows = [
    ...unitsIn("a", 9, 0),
    ...unitsIn("b", 2, 100),
    ...unitsIn("b", 6, 150, null),
    ...unitsIn("c", 7, 200),
    ...unitsIn("d", 8, 300),
  ];
  const withheld = (interval: number): unknown =>
    release(rows, [UNITS, PRESENT], { interval })
      .filter(([, , , present]) => present === null)
      .map(([g]) => g);
  // Of b and c 9 have a value, of b from 2 to 8 and of c up to 7; of b and a 11, of b from 2 to 8.
  assert.deepEqual(withheld(6), ["b", "c"]);
  assert.deepEqual(withheld(8), ["b", "d"]);
  assert.deepEqual(withheld(9), ["a", "b"]);
  // No other group hides it so well, so the total goes.
  assert.deepEqual(withheld(10), ["b", null]);
});
