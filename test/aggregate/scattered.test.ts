// Units whose rows lie anywhere: one unit is one unit however often and wherever it comes, and null is none.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ObjectAggregation } from "../../jobs/aggregate/accumulate.ts";
import { compileAggregate } from "../../jobs/aggregate/compile.ts";
import { Merge } from "../../jobs/aggregate/merge.ts";
import type { MergedGroup } from "../../jobs/aggregate/merge.ts";
import type { AggregateProgram } from "../../jobs/aggregate/program.ts";
import { MAX_PAIRS, pairProgram } from "../../jobs/aggregate/scattered.ts";
import { assertRefused } from "./refusal.ts";
import { manifestOf, objectsOf, planOf } from "./table.ts";
import type { Cuts, TestTable } from "./table.ts";
import type { Cell } from "../../jobs/aggregate/cell.ts";

const RULE = { lower: 5, upper: 10, exact: true };

type Row = readonly [who: Cell, value: Cell];

function tableOf(rows: readonly Row[], type = "utf8"): TestTable {
  return {
    rows: rows.length,
    units: null,
    columns: [
      { name: "x", type: "int32", role: "measure", cells: rows.map(([, value]) => value) },
      { name: "who", type, role: "unit", cells: rows.map(([who]) => who) },
    ],
  };
}

function programOf(table: TestTable): AggregateProgram {
  const plan = planOf({ select: [{ as: "s", op: "sum", column: "x" }] });
  const manifest = manifestOf(table, { bounds: { x: { lower: -10, upper: 10 } } });
  return compileAggregate(plan, { ...manifest, unit: "scattered" });
}

function groupOf(table: TestTable, cuts: Cuts): MergedGroup | undefined {
  const program = programOf(table);
  const merge = new Merge(program);
  for (const batches of objectsOf(table, ["x", "who"], cuts)) {
    const aggregation = new ObjectAggregation(program);
    for (const batch of batches) aggregation.add(batch);
    merge.add(aggregation.finish());
  }
  return [...merge.groups(0)][0];
}

test("reads the column that names the units last, and no mark", () => {
  const program = programOf(tableOf([]));
  assert.equal(program.unit, "scattered");
  assert.deepEqual(
    program.columns.map(({ name }) => name),
    ["x", "who"],
  );
  assert.equal(program.unitColumn, 1);
  assertRefused("AGGREGATE_UNITS", {}, () => {
    const [[batch] = []] = objectsOf(tableOf([["a", 1]]), ["x", "who"], [[1]]);
    assert.ok(batch);
    new ObjectAggregation(program).add({ ...batch, unitStart: Uint8Array.of(1) });
  });
});

test("counts a unit once, and clips its total over all objects once", () => {
  const rows: Row[] = [
    ["a", 9],
    ["b", 9],
    ["a", 9],
    ["b", -8],
    ["a", -30],
  ];
  for (const cuts of [[[5]], [[1], [2], [3], [4], [5]], [[2, 3], [5]]]) {
    const group = groupOf(tableOf(rows), cuts);
    assert.deepEqual([group?.units, group?.passing, group?.measures[0]?.sum], [2, 5, -10n + 1n]);
  }
});

test("tells text units apart by their bytes alone", () => {
  const names = ["é", "e\u0301", "E", "e", "e ", "e\0", ""];
  const group = groupOf(tableOf([...names, ...names].map((name) => [name, 1])), [[5], [14]]);
  assert.equal(group?.units, names.length);
});

test("a unit without a value adds nothing, though zero be below the lower bound", () => {
  const table = tableOf([
    ["a", null],
    ["b", 7],
  ]);
  const program = programOf(table);
  const bounded = { ...program, measures: program.measures.map((measure) => ({ ...measure, sum: RULE })) };
  const merge = new Merge(bounded);
  const aggregation = new ObjectAggregation(bounded);
  for (const batch of objectsOf(table, ["x", "who"], [[2]]).flat()) aggregation.add(batch);
  merge.add(aggregation.finish());
  const [measure] = [...merge.groups(0)][0]?.measures ?? [];
  assert.deepEqual([measure?.sum, measure?.units, measure?.nonNull], [7n, 1, 1]);
});

test("refuses a job as soon as a row names no unit, whether the row would pass or not", () => {
  for (const type of ["utf8", "int64"]) {
    const who = type === "utf8" ? "a" : 1n;
    const table = tableOf(
      Array.from({ length: 20 }, (_, row) => [row === 17 ? null : who, 1]),
      type,
    );
    assertRefused("AGGREGATE_UNITS", {}, () => groupOf(table, [[20]]));
    const program = programOf(table);
    const aggregation = new ObjectAggregation({
      ...program,
      predicate: { kind: "null", column: 0, isNull: true },
    });
    assertRefused("AGGREGATE_UNITS", {}, () => {
      for (const batch of objectsOf(table, ["x", "who"], [[20]]).flat()) aggregation.add(batch);
    });
  }
});

test("bounds pairs of group and unit, not groups, where units are scattered", () => {
  const table = tableOf(
    [1n, 2n, 3n, 2n].map((who) => [who, 1]),
    "int64",
  );
  const program = pairProgram({ ...programOf(table), maxFormed: 2 });
  assert.equal(program.maxFormed, MAX_PAIRS);
  const run = (maxFormed: number): void => {
    const aggregation = new ObjectAggregation({ ...program, maxFormed });
    for (const batch of objectsOf(table, ["x", "who"], [[4]]).flat()) aggregation.add(batch);
    aggregation.finish();
  };
  run(3);
  assertRefused("AGGREGATE_GROUPS", {}, () => {
    run(2);
  });
});

test("still bounds the groups that pairs are folded into", () => {
  const table = tableOf(["a", "b", "c"].map((who) => [who, 1]));
  const grouped = {
    ...table,
    columns: [...table.columns, { name: "g", type: "int32", role: "dimension", cells: [1, 2, 3] } as const],
  };
  const manifest = { ...manifestOf(grouped), unit: "scattered" } as const;
  const program = { ...compileAggregate(planOf({ groupBy: ["g"] }), manifest), maxFormed: 2 };
  const merge = new Merge(program);
  const aggregation = new ObjectAggregation(program);
  const names = program.columns.map(({ name }) => name);
  for (const batch of objectsOf(grouped, names, [[3]]).flat()) aggregation.add(batch);
  merge.add(aggregation.finish());
  assertRefused("AGGREGATE_GROUPS", {}, () => [...merge.groups(0)]);
});
