// The cap on groups, on each way in which group numbers are given out, and what of the keys a partial carries.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ObjectAggregation } from "../../jobs/aggregate/accumulate.ts";
import type { Cell } from "../../jobs/aggregate/cell.ts";
import { compileAggregate } from "../../jobs/aggregate/compile.ts";
import type { Manifest } from "../../core/manifest/manifest.ts";
import type { AggregateProgram } from "../../jobs/aggregate/program.ts";
import { ARENA } from "../../jobs/aggregate/record/arena.ts";
import { boundProgram, compileProgram } from "../../jobs/registry.ts";
import { assertRefused } from "./refusal.ts";
import { runAggregate, runProgram } from "./run.ts";
import { manifestOf, objectsOf, planOf } from "./table.ts";
import type { Cuts, TestColumn, TestTable } from "./table.ts";

const MAX_GROUPS = 5;

function tableOf(dimensions: readonly Omit<TestColumn, "role">[]): TestTable {
  const columns = dimensions.map((column) => ({ ...column, role: "dimension" }) as const);
  return { rows: columns[0]?.cells.length ?? 0, columns, units: null };
}

/** `count` distinct keys, one of them null. */
function keys(count: number, cell: (at: number) => Cell): Cell[] {
  return Array.from({ length: count }, (_, at) => (at === 2 ? null : cell(at)));
}

const WAYS: readonly (readonly [string, (count: number) => TestTable])[] = [
  [
    "a small dictionary",
    (count) => tableOf([{ name: "a", type: "utf8", dictionary: [], cells: keys(count, String) }]),
  ],
  ["bytes", (count) => tableOf([{ name: "a", type: "uint8", cells: keys(count, (at) => at) }])],
  ["integers", (count) => tableOf([{ name: "a", type: "int32", cells: keys(count, (at) => at * 7) }])],
  ["wide integers", (count) => tableOf([{ name: "a", type: "int64", cells: keys(count, BigInt) }])],
  ["plain text", (count) => tableOf([{ name: "a", type: "utf8", cells: keys(count, (at) => `text ${at}`) }])],
  [
    "a large dictionary",
    (count) => {
      const dictionary = Array.from({ length: 70_000 }, (_, at) => `entry ${at}`);
      return tableOf([
        { name: "a", type: "utf8", dictionary, cells: keys(count, (at) => `entry ${at * 3}`) },
      ]);
    },
  ],
  [
    "tuples",
    (count) =>
      tableOf([
        { name: "a", type: "int32", cells: keys(count, (at) => at >> 1) },
        { name: "b", type: "date", cells: keys(count, (at) => at & 1) },
      ]),
  ],
  [
    "computed pairs",
    (count) =>
      tableOf([
        { name: "a", type: "bool", cells: Array.from({ length: count }, (_, at) => (at & 1) === 1) },
        { name: "b", type: "uint8", cells: Array.from({ length: count }, (_, at) => at >> 1) },
      ]),
  ],
];

/** The bound of memory made small, so that few rows reach it. */
function boundedProgram(table: TestTable): AggregateProgram {
  const groupBy = table.columns.map(({ name }) => name);
  const program = compileAggregate(planOf({ groupBy }), manifestOf(table, { minUnits: 1 }));
  return { ...program, maxFormed: MAX_GROUPS };
}

function run(table: TestTable, cuts: Cuts): number {
  return runProgram(boundedProgram(table), table, cuts).rows.length;
}

test("the rules' cap counts released groups: small ones neither fill it nor show in a refusal", () => {
  // Two groups of three units, and many of one.
  const cells = [
    "a",
    "a",
    "a",
    "b",
    "b",
    "b",
    ...Array.from({ length: 90 }, (_, at) => `lone ${String(at)}`),
  ];
  const table = tableOf([{ name: "g", type: "utf8", cells }]);
  const plan = planOf({ groupBy: ["g"] });
  const rules = (maxGroups: number): Manifest => manifestOf(table, { minUnits: 3, maxGroups });
  assert.equal(runAggregate(plan, rules(2), table).rows.length, 2);
  assertRefused("GATE_GROUPS", {}, () => runAggregate(plan, rules(1), table));
});

test("the bound of formed groups is far from any cap an owner would set, and not below it", () => {
  const table = tableOf([{ name: "g", type: "utf8", cells: ["a"] }]);
  const formed = (maxGroups: number): number =>
    compileAggregate(planOf({ groupBy: ["g"] }), manifestOf(table, { maxGroups })).maxFormed;
  assert.equal(formed(2), 262_144);
  assert.equal(formed(1_000_000), 1_000_000);
});

for (const [way, make] of WAYS) {
  test(`takes as many groups as its bound and refuses one more, by ${way}`, () => {
    assert.equal(run(make(MAX_GROUPS), [[MAX_GROUPS]]), MAX_GROUPS);
    assertRefused("AGGREGATE_GROUPS", {}, () => run(make(MAX_GROUPS + 1), [[MAX_GROUPS + 1]]));
  });

  test(`refuses more groups in all than in any one object, by ${way}`, () => {
    assertRefused("AGGREGATE_GROUPS", {}, () => run(make(MAX_GROUPS + 1), [[3], [MAX_GROUPS + 1]]));
  });

  test(`refuses in a worker already, before it holds more than its bound, by ${way}`, () => {
    const table = make(200);
    const program = boundedProgram(table);
    const names = program.columns.map(({ name }) => name);
    assertRefused("AGGREGATE_GROUPS", {}, () => {
      const aggregation = new ObjectAggregation(program);
      for (const batch of objectsOf(table, names, [[table.rows]]).flat()) aggregation.add(batch);
      aggregation.finish();
    });
  });
}

test("ten million groups are refused where memory has no room for them, long before it is full", () => {
  const share = 2 ** 26;
  const rows = 200_000;
  const table = tableOf([
    { name: "a", type: "int32", cells: Array.from({ length: rows }, (_, row) => row * 50) },
  ]);
  const plan = planOf({ groupBy: ["a"] });
  const asked = compileProgram(plan, [manifestOf(table, { minUnits: 1, maxGroups: 10_000_000 })]);
  const program = boundProgram(asked, share);
  assert.ok(asked.kind === "aggregate" && program.kind === "aggregate");
  assert.equal(asked.maxFormed, 10_000_000);
  assert.equal(program.maxFormed, 65_536);
  assertRefused("AGGREGATE_GROUPS", {}, () => runProgram(program, table, [[rows]]));
  // What a thread's records take, keys and slots included, is a small part of the share.
  assert.ok(ARENA.views.bytes.length < share / 4);
});

test("does not count keys of rows that the filter drops towards the cap", () => {
  for (const [, make] of WAYS) {
    const table = make(50);
    const rest = table.columns.slice(0, 1).map(({ name, type, cells }) => {
      const kept = cells[0] ?? null;
      const value = typeof kept === "bigint" ? Number(kept) : kept;
      return { column: name, type, value };
    });
    const [leaf] = rest;
    if (leaf?.value === null || leaf === undefined) throw new Error("the first key is not null");
    const plan = planOf({
      groupBy: table.columns.map(({ name }) => name),
      where: { column: leaf.column, op: "=", value: leaf.value },
    });
    const manifest = manifestOf(table, { maxGroups: 25, minUnits: 1 });
    assert.ok(runAggregate(plan, manifest, table).rows.length <= 25);
  }
});

test("carries no key in a partial that no passing row has", () => {
  const cells = ["shown", "FILTERED", "shown"];
  const table = tableOf([{ name: "a", type: "utf8", dictionary: ["UNUSED"], cells }]);
  const where = { column: "a", op: "!=", value: "FILTERED" } as const;
  const program = compileAggregate(planOf({ groupBy: ["a"], where }), manifestOf(table));
  const aggregation = new ObjectAggregation(program);
  for (const batch of objectsOf(table, ["a"], [[3]]).flat()) aggregation.add(batch);
  assert.deepEqual(aggregation.finish().levels[0]?.keys[0]?.cells, ["shown"]);
});

test("gives equal strings one key though a dictionary lists them twice", () => {
  const cells = ["a", "a", "b", "a"];
  const table = {
    ...tableOf([{ name: "a", type: "utf8", dictionary: ["a", "b", "a"], cells }]),
    units: [1, 1, 2, 3],
  };
  assert.deepEqual(
    runAggregate(
      planOf({ groupBy: ["a"], select: [{ as: "u", op: "count_units" }] }),
      manifestOf(table),
      table,
    ).rows,
    [["a", 2n]],
  );
});
