// What a join refuses rather than hold or give too much, and rows that are nobody's or belong to two objects.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Manifest, ObjectFacts } from "../../core/manifest/manifest.ts";
import type { JoinKind } from "../../core/plan/join.ts";
import type { AggregatePlan } from "../../core/plan/plan.ts";
import { checkHeld, MOST_HELD_BYTES, MOST_HELD_ROWS, ObjectCollection } from "../../jobs/join/collect.ts";
import { buildProgram, compileJoin, MOST_PASSES, passesOver, ROWS_A_PASS } from "../../jobs/join/compile.ts";
import { MOST_PARTNERS } from "../../jobs/join/key-index.ts";
import { manifestOf, objectsOf, planOf } from "../aggregate/table.ts";
import type { TestTable } from "../aggregate/table.ts";
import { runJoin } from "./run.ts";

function tableOf(keys: readonly (number | null)[], units: readonly number[] | null = null): TestTable {
  const column = { type: "int32", cells: keys } as const;
  return {
    rows: keys.length,
    units,
    columns: [
      { ...column, name: "key", role: "identifier" },
      { ...column, name: "place", role: "dimension" },
    ],
  };
}

function joinOf(kind: JoinKind, part: Partial<AggregatePlan> = {}): AggregatePlan {
  const inputs = [
    { dataset: "test", owner: "left" },
    { dataset: "test", owner: "right" },
  ];
  return planOf({ inputs, join: { kind, on: [{ left: "key", right: "key" }] }, ...part });
}

const sized = (table: TestTable, rows: number): Manifest => ({
  ...manifestOf(table),
  objects: [{ rows } as ObjectFacts],
});

test("a key that too many held rows share is refused, whoever is on the other side", () => {
  const shared = (rows: number): TestTable => tableOf(Array.from({ length: rows }, () => 7));
  const run = (one: TestTable, other: TestTable): unknown =>
    runJoin(joinOf("left"), [manifestOf(one), manifestOf(other)], [one, other]).rows[0]?.[0];
  assert.equal(run(shared(3_000), shared(MOST_PARTNERS)), BigInt(3_000 * MOST_PARTNERS));
  // Nobody has the key: the refusal is of the held data set alone, and tells nothing of the streamed one.
  for (const streamed of [shared(2), tableOf([1, 2, 3])]) {
    assert.throws(() => run(streamed, shared(MOST_PARTNERS + 1)), { code: "JOIN_SIZE" });
  }
});

test("one of a partner's whom very many rows have met does not hide among others, clipped as they are", () => {
  // Employer 0 has a hundred people and employers 1 to 4 one each, all with 100: he has 96% of the sum.
  const people = [...Array.from({ length: 100 }, () => 0), 1, 2, 3, 4];
  const claims: TestTable = {
    ...tableOf(people),
    columns: [
      ...tableOf(people).columns,
      { name: "cost", type: "int32", role: "measure", cells: people.map(() => 100) },
    ],
  };
  const employers = tableOf([0, 1, 2, 3, 4]);
  const plan = joinOf("inner", { select: [{ as: "sum", op: "sum", column: "left.cost" }] });
  const ask = (maxShare: number | null): unknown =>
    runJoin(
      plan,
      [
        manifestOf(claims, { bounds: { cost: { lower: 0, upper: 100 } } }),
        manifestOf(employers, { maxShare }),
      ],
      [claims, employers],
    ).rows[0]?.[0];
  assert.equal(ask(null), 10_400n);
  assert.equal(ask(0.97), 10_400n);
  assert.equal(ask(0.95), null);
});

test("more rows or bytes than one pass holds are refused, by the bounds and not by how many there are", () => {
  checkHeld(MOST_HELD_ROWS, MOST_HELD_BYTES);
  for (const [rows, bytes] of [
    [MOST_HELD_ROWS + 1, 0],
    [0, MOST_HELD_BYTES + 1],
  ] as const) {
    assert.throws(
      () => {
        checkHeld(rows, bytes);
      },
      { code: "JOIN_SIZE", details: { rows: MOST_HELD_ROWS, bytes: MOST_HELD_BYTES } },
    );
  }
});

test("how often both are read follows from the manifests' rows alone, and has an end", () => {
  const table = tableOf([1]);
  const passes = (kind: JoinKind, left: number, right: number): number =>
    passesOver({ kind }, [sized(table, left), sized(table, right)]);
  assert.equal(passes("inner", 10, 10), 1);
  assert.equal(passes("inner", 10, 9 * ROWS_A_PASS), 1, "the smaller one is held");
  assert.equal(passes("left", 10, 9 * ROWS_A_PASS), 9, "of a left join the right one is");
  assert.equal(passes("semi", 0, 0), 1);
  const most = MOST_PASSES * ROWS_A_PASS;
  const compile = (rows: number): unknown =>
    compileJoin(joinOf("left"), [sized(table, 1), sized(table, rows)]);
  assert.ok(compile(most));
  assert.throws(() => compile(most + 1), { code: "JOIN_SIZE" });
});

test("very many objects beside very many held rows are refused by the manifests alone", () => {
  const table = tableOf([1]);
  const objects = Array.from({ length: 20_000 }, () => ({ rows: 1 }) as ObjectFacts);
  const compile = (held: number): unknown =>
    compileJoin(joinOf("left"), [{ ...manifestOf(table), objects }, sized(table, held)]);
  assert.ok(compile(800_000));
  assert.throws(() => compile(900_000), { code: "JOIN_SIZE" });
});

test("rows without a key meet nobody, on either side, and stay in a left join", () => {
  const left = tableOf([null, null, 1, 1]);
  const right = tableOf([null, 1, 1, null]);
  const count = (kind: JoinKind): unknown =>
    runJoin(joinOf(kind), [manifestOf(left), manifestOf(right)], [left, right]).rows[0]?.[0];
  assert.equal(count("inner"), 4n);
  assert.equal(count("semi"), 2n);
  assert.equal(count("left"), 6n);
});

test("marks of units that are missing, or there where rows are units, are refused", () => {
  const [marked, plain] = [tableOf([1, 1], [0, 1]), tableOf([1, 1])];
  const program = compileJoin(joinOf("inner"), [manifestOf(marked), manifestOf(marked)]);
  const collect = (table: TestTable): void => {
    const [batches = []] = objectsOf(table, ["key"], [[2]]);
    const collection = new ObjectCollection(buildProgram(program, 0));
    for (const batch of batches) collection.add(batch);
  };
  collect(marked);
  assert.throws(
    () => {
      collect(plain);
    },
    { code: "AGGREGATE_UNITS" },
  );
});

test("a grant's cap holds for joined rows too", () => {
  const table = tableOf([1, 1, 2, 2]);
  const plan = joinOf("inner", { groupBy: ["left.place"] });
  const manifests = [manifestOf(table), manifestOf(table)] as const;
  assert.equal(runJoin(plan, manifests, [table, table], undefined, 2).rows.length, 2);
  assert.throws(() => runJoin(plan, manifests, [table, table], undefined, 1), { code: "GATE_ROWS" });
});

test("totals are withheld where they would tell a group that either owner withholds", () => {
  // Place 3 has two people of the left side and one of the right: whole less places 1 and 2 would be its rows.
  const left = tableOf([1, 1, 2, 2, 3, 3]);
  const right = tableOf([1, 1, 2, 2, 3]);
  const plan = joinOf("inner", { groupBy: ["left.place"], totals: [[]] });
  const { rows } = runJoin(plan, [manifestOf(left), manifestOf(right)], [left, right]);
  const shown = rows.filter((row) => row[2] !== null);
  assert.ok(!shown.some(([place]) => place === 3));
  assert.notEqual(shown.length, 3, "two places and their total give the third");
});
