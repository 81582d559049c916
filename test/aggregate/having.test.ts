// HAVING and the first rows of each kind: over what is released, and over nothing else.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { AggregatePlan, Predicate } from "../../core/plan/plan.ts";
import type { Rules } from "../../core/manifest/manifest.ts";
import type { Cell } from "../../jobs/aggregate/cell.ts";
import { compileAggregate } from "../../jobs/aggregate/compile.ts";
import { assertThrows } from "../manifest/refusal.ts";
import { peopleOf, unitsIn } from "./people.ts";
import { rowsOf } from "./run.ts";
import { manifestOf, planOf } from "./table.ts";

/** Groups a to d of 4, 3, 2 and 6 units; the one of d is large, and dominates its sum. */
const TABLE = peopleOf([
  ...unitsIn("a", 4, 0, 10),
  ...unitsIn("b", 3, 10, 20),
  ...unitsIn("c", 2, 20, 30),
  ...unitsIn("d", 5, 30, 1),
  [40, "d", 900],
]);
const RULES: Partial<Rules> = { minUnits: 3, maxShare: 0.6, bounds: { x: { lower: 0, upper: 1000 } } };

function released(part: Partial<AggregatePlan>): (readonly Cell[])[] {
  const plan = planOf({
    groupBy: ["g"],
    select: [
      { as: "n", op: "count_units" },
      { as: "total", op: "sum", column: "x" },
    ],
    ...part,
  });
  return rowsOf(plan, manifestOf(TABLE, RULES), TABLE);
}

const having = (predicate: Predicate): Cell[] =>
  released({ having: predicate }).map(([group]) => group ?? null);

test("keeps the released rows for which the condition is true", () => {
  assert.deepEqual(released({}), [
    ["a", 4n, 40n],
    ["b", 3n, 60n],
    ["d", 6n, null],
  ]);
  assert.deepEqual(having({ column: "n", op: ">", value: 3 }), ["a", "d"]);
  assert.deepEqual(having({ column: "n", op: ">=", value: 6 }), ["d"]);
  assert.deepEqual(having({ column: "n", op: "<", value: 4 }), ["b"]);
  assert.deepEqual(having({ column: "n", op: "<=", value: 4 }), ["a", "b"]);
  assert.deepEqual(having({ column: "n", op: "!=", value: 4 }), ["b", "d"]);
  assert.deepEqual(having({ column: "n", in: [3, 6] }), ["b", "d"]);
  assert.deepEqual(having({ column: "total", between: [40, 50] }), ["a"]);
  assert.deepEqual(
    having({
      or: [
        { column: "g", op: "=", value: "b" },
        { column: "n", op: "=", value: 6 },
      ],
    }),
    ["b", "d"],
  );
});

test("of a figure that is withheld every comparison is unknown, whichever way it is asked", () => {
  const large: Predicate = { column: "total", op: ">", value: 100 };
  assert.deepEqual(having(large), []);
  assert.deepEqual(having({ not: large }), ["a", "b"]);
  assert.deepEqual(having({ or: [large, { not: large }] }), ["a", "b"]);
  assert.deepEqual(having({ column: "total", isNull: true }), ["d"]);
  assert.deepEqual(
    having({
      and: [
        { column: "total", isNull: false },
        { column: "n", op: ">", value: 3 },
      ],
    }),
    ["a"],
  );
});

test("a condition finds no group that is too small", () => {
  assert.deepEqual(having({ column: "g", op: "=", value: "c" }), []);
  assert.deepEqual(having({ column: "n", op: "<", value: 3 }), []);
});

test("literals of a condition are of the result's types", () => {
  const compile = (predicate: Predicate): unknown =>
    compileAggregate(
      planOf({ select: [{ as: "n", op: "count" }], having: predicate }),
      manifestOf(TABLE, RULES),
    );
  assertThrows(() => compile({ column: "n", op: ">", value: "many" }), "PLAN_LITERAL");
  assertThrows(() => compile({ column: "n", op: ">", value: 2.5 }), "PLAN_LITERAL");
});

test("the first rows of each kind are the first in the result's order, before its limit", () => {
  const table = peopleOf([
    ...unitsIn("a", 3, 0, 1),
    ...unitsIn("b", 5, 10, 1),
    ...unitsIn("c", 4, 20, 2),
    ...unitsIn("d", 5, 30, 2),
    ...unitsIn(null, 3, 40, null),
  ]);
  const columns = table.columns.map((column) => ({ ...column, role: "dimension" as const }));
  const asked = { ...table, columns };
  const first = (count: number, limit: number | null): unknown =>
    rowsOf(
      planOf({
        groupBy: ["x", "g"],
        select: [{ as: "n", op: "count_units" }],
        orderBy: [{ column: "n", direction: "desc" }],
        limitBy: { count, columns: ["x"] },
        limit,
      }),
      manifestOf(asked, { minUnits: 3 }),
      asked,
    ).map(([, group]) => group);
  assert.deepEqual(first(1, null), ["b", "d", null]);
  assert.deepEqual(first(2, null), ["b", "d", "c", "a", null]);
  assert.deepEqual(first(1, 2), ["b", "d"]);
});
