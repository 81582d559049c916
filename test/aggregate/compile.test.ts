// What a program is made of, and what no program is made of.
import assert from "node:assert/strict";
import { test } from "node:test";
import { PolicyError } from "../../core/errors.ts";
import type { Role } from "../../core/manifest/manifest.ts";
import type { AggregatePlan } from "../../core/plan/plan.ts";
import { compileAggregate, neededColumns } from "../../jobs/aggregate/compile.ts";
import { NOTHING } from "./asked.ts";
import { manifestOf, planOf } from "./table.ts";

const ROLES: readonly Role[] = ["unit", "identifier", "dimension", "measure", "hidden"];
const TABLE = {
  rows: 0,
  units: null,
  columns: ROLES.map((role) => ({ name: role, type: "int32", role, cells: [] })),
};
const BOUNDS = { measure: { lower: 0, upper: 9 } };

test("reads the columns that the plan names and no other, each once", () => {
  const plan = planOf({
    groupBy: ["dimension"],
    where: { column: "dimension", op: ">", value: 3 },
    select: [
      { as: "s", op: "sum", column: "measure" },
      { as: "n", op: "count", column: "measure" },
      { as: "d", op: "count", column: "dimension" },
    ],
  });
  const program = compileAggregate(plan, manifestOf(TABLE, { bounds: BOUNDS }));
  assert.deepEqual(neededColumns(program), ["dimension", "measure"]);
  const of = { ...NOTHING, exact: true, missing: true };
  assert.deepEqual(program.measures, [
    { ...of, name: "dimension", column: 0 },
    { ...of, name: "measure", column: 1, sum: { lower: 0, upper: 9, exact: true } },
  ]);
  assert.deepEqual(neededColumns(compileAggregate(planOf({}), manifestOf(TABLE))), []);
});

const USES: readonly (readonly [string, (column: string) => Partial<AggregatePlan>, readonly Role[]])[] = [
  ["grouped", (column) => ({ groupBy: [column] }), ["dimension"]],
  ["filtered", (column) => ({ where: { column, op: "=", value: 1 } }), ["dimension"]],
  [
    "filtered within a not",
    (column) => ({ where: { not: { and: [{ column, isNull: true }] } } }),
    ["dimension"],
  ],
  ["counted", (column) => ({ select: [{ as: "a", op: "count", column }] }), ["dimension", "measure"]],
  ["summed", (column) => ({ select: [{ as: "a", op: "sum", column }] }), ["measure"]],
  ["averaged", (column) => ({ select: [{ as: "a", op: "avg", column }] }), ["measure"]],
];

for (const [use, partOf, allowed] of USES) {
  test(`compiles no program in which a column is ${use} unless its role is ${allowed.join(" or ")}`, () => {
    for (const role of ROLES) {
      const compile = (): unknown =>
        compileAggregate(planOf(partOf(role)), manifestOf(TABLE, { bounds: BOUNDS }));
      if (allowed.includes(role)) assert.doesNotThrow(compile);
      else assert.throws(compile, (error) => error instanceof PolicyError && error.code === "PLAN_ROLE");
    }
  });
}

test("compiles no sum of a measure without bounds", () => {
  const plan = planOf({ select: [{ as: "a", op: "sum", column: "measure" }] });
  assert.throws(
    () => compileAggregate(plan, manifestOf(TABLE)),
    (error) => error instanceof PolicyError && error.code === "PLAN_BOUNDS",
  );
});

test("a program survives structured cloning whole", () => {
  const plan = planOf({ where: { column: "dimension", in: [1, 2, 5] }, groupBy: ["dimension"] });
  const program = compileAggregate(plan, manifestOf(TABLE, { groupKeys: { dimension: [4] } }));
  assert.deepEqual(structuredClone(program), program);
});
