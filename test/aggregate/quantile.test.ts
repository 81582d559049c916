// Quantiles by declared edges: which edge is told, between which there are enough units, and the same of any split.
import assert from "node:assert/strict";
import { test } from "node:test";
import { DuckDBInstance } from "@duckdb/node-api";
import fc from "fast-check";
import type { Rules } from "../../core/manifest/manifest.ts";
import type { AggregatePlan } from "../../core/plan/plan.ts";
import type { MergedBin } from "../../jobs/aggregate/bin-tally.ts";
import type { Cell } from "../../jobs/aggregate/cell.ts";
import { toldEdges } from "../../jobs/aggregate/gate/quantile.ts";
import { encodeResult } from "../../jobs/aggregate/result.ts";
import { Dice, generateCuts } from "./generate.ts";
import { naiveBins } from "./naive-merge.ts";
import { peopleOf, unitsIn } from "./people.ts";
import type { Row } from "./people.ts";
import { runAggregate } from "./run.ts";
import { manifestOf, planOf } from "./table.ts";
import type { TestTable } from "./table.ts";

const SHARES = [0.000001, 0.25, 0.5, 0.75, 0.999999];

function quantilesOf(shares: readonly number[]): AggregatePlan["select"] {
  return shares.map((at) => ({ as: `q${at}`, op: "approx_quantile", column: "x", at }));
}

function released(
  rows: readonly Row[],
  rules: Partial<Rules> = {},
  shares: readonly number[] = SHARES,
  plan: Partial<AggregatePlan> = {},
): readonly (readonly Cell[])[] {
  const table = peopleOf(rows);
  const manifest = manifestOf(table, { minUnits: 3, bins: { x: [10, 20, 30, 40] }, ...rules });
  return runAggregate(planOf({ select: quantilesOf(shares), ...plan }), manifest, table).rows;
}

/** Four units in each of the five bins. */
const EVEN: readonly Row[] = [0, 10, 25, 39, 40].flatMap((x, at) => unitsIn("a", 4, 10 * at, x));

test("is the least edge below which there are as many values as the share says", () => {
  assert.deepEqual(released(EVEN), [[10, 20, 30, 40, null]]);
  // Eight of twenty lie below 20: just as many as 0.4 says, and less than 0.400001.
  assert.deepEqual(released(EVEN, {}, [0.4, 0.400001, 0.8, 0.800001]), [[20, 30, 40, null]]);
});

test("null values count neither for it nor against it, and few units that have one withhold it", () => {
  const nulls = (count: number): readonly Row[] => unitsIn("a", count, 100, null);
  assert.deepEqual(released([...EVEN, ...nulls(3)]), released(EVEN));
  assert.deepEqual(released([...EVEN, ...nulls(2)]), [SHARES.map(() => null)]);
  assert.deepEqual(released(nulls(5)), [SHARES.map(() => null)]);
});

test("tells no edge that has fewer units than the threshold on a side, or towards the next one", () => {
  const alone = (x: number): readonly Row[] => [
    ...unitsIn("a", 9, 0, 0),
    ...unitsIn("a", 2, 20, x),
    ...unitsIn("a", 9, 40, 45),
  ];
  // Two in the second bin, in the third or the fourth: always the first edge, and then the one behind more.
  for (const x of [15, 25, 35]) assert.deepEqual(released(alone(x)), [[10, 10, null, null, null]]);
  const low = [...unitsIn("a", 2, 0, 0), ...unitsIn("a", 9, 20, 15), ...unitsIn("a", 9, 40, 45)];
  assert.deepEqual(released(low), [[20, 20, 20, null, null]]);
  const high = [...unitsIn("a", 9, 0, 0), ...unitsIn("a", 9, 20, 15), ...unitsIn("a", 2, 40, 45)];
  assert.deepEqual(released(high), [[10, 10, null, null, null]]);
  assert.deepEqual(released(unitsIn("a", 9, 0, 15)), [SHARES.map(() => null)]);
});

test("many rows of one unit are one unit, wherever its values lie", () => {
  const wide = Array.from({ length: 40 }, (_, at): Row => [0, "a", at]);
  assert.deepEqual(released([...wide, ...unitsIn("a", 9, 20, 45)]), [SHARES.map(() => null)]);
  // Three whose values lie in all bins: none of them has its end in the middle.
  const three = [0, 1, 2].flatMap((unit) => [5, 15, 25, 35, 45].map((x): Row => [unit, "a", x]));
  assert.deepEqual(released(three), [[10, null, null, null, null]]);
});

test("is of no total, beside whose parts it would tell of what is left", () => {
  const rows = [...EVEN, ...EVEN.map(([unit, , x]): Row => [unit + 1000, "b", x])];
  const all = released(rows, { interval: 3 }, [0.5], { groupBy: ["g"], totals: [[]] });
  assert.deepEqual(all, [
    ["a", 0, 30],
    ["b", 0, 30],
    [null, 1, null],
  ]);
});

test("is decided by rounded counts where counts are rounded", () => {
  // Eleven below 10 of twenty: ten and twenty, to tens.
  const rows = [...unitsIn("a", 11, 0, 5), ...unitsIn("a", 9, 20, 15)];
  const rounding = { counts: 10, sums: {} };
  assert.deepEqual(released(rows, {}, [0.5, 0.55, 0.550001]), [[10, 10, null]]);
  assert.deepEqual(released(rows, { rounding }, [0.5, 0.500001, 0.55]), [[10, null, null]]);
});

test("has the column's own type: days, decimals, and of floats the edge as the column holds it", () => {
  const cases: readonly (readonly [
    type: string,
    edge: string | number,
    low: Cell,
    high: Cell,
    told: Cell,
  ])[] = [
    ["date", "2026-01-31", 20_000, 21_000, 20_484],
    ["timestamp[UTC]", "2026-01-31T00:00:00Z", 0n, 2_000_000_000_000_000n, 1_769_817_600_000_000n],
    ["decimal(12,2)", "10.25", 1_024n, 1_025n, 1_025n],
    ["uint8", 200, 199, 200, 200],
    ["int64", -5, -6n, -5n, -5n],
    ["float32", 0.1, 0, Math.fround(0.1), Math.fround(0.1)],
    ["float64", 0.1, 0.09, 0.1, 0.1],
  ];
  for (const [type, edge, low, high, told] of cases) {
    const table = peopleOf([...unitsIn("a", 5, 0, low), ...unitsIn("a", 5, 10, high)], { x: type });
    const manifest = manifestOf(table, { minUnits: 3, bins: { x: [edge] } });
    assert.deepEqual(
      runAggregate(planOf({ select: quantilesOf([0.5]) }), manifest, table).rows,
      [[told]],
      type,
    );
  }
});

test("no two edges that may be told have fewer units between them, however units' values lie", () => {
  const unit = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(
      fc.array(unit, { minLength: 1, maxLength: 30 }),
      fc.integer({ min: 2, max: 5 }),
      (units, k) => {
        const rows = units.flatMap((own, at) =>
          own.map((value) => ({ unit: String(at), value: BigInt(value) })),
        );
        const edges = [1, 2, 3, 4, 5, 6, 7, 8, 9];
        const bins: readonly MergedBin[] = naiveBins(edges, true, rows);
        const told = toldEdges(bins, edges.length, k);
        const values = [-1, ...told.map(({ edge }) => edges[edge] ?? NaN), 10];
        if (told.length === 0) return;
        for (const [at, upper] of values.entries()) {
          const lower = values[at - 1];
          if (lower === undefined) continue;
          const between = units.filter((own) => own.some((value) => value >= lower && value < upper));
          assert.ok(between.length >= k, `${between.length} from ${lower} to ${upper}`);
        }
        for (const { edge, below } of told) {
          assert.equal(below, rows.filter(({ value }) => value < BigInt(edges[edge] ?? 0)).length);
        }
      },
    ),
    { numRuns: 500 },
  );
});

const EDGES = Array.from({ length: 30 }, (_, at) => 5 * at - 20);

test("lies above DuckDB's quantile_disc by no more than a bin, and has the same bits however it is split", async () => {
  const dice = new Dice(5);
  const units: number[] = [];
  while (units.length < 20_000) {
    units.push(...Array<number>(Math.min(1 + dice.below(4), 20_000 - units.length)).fill(units.length));
  }
  const table: TestTable = {
    rows: units.length,
    units,
    columns: [
      { name: "g", type: "int8", role: "dimension", cells: units.map(() => dice.below(5)) },
      {
        name: "x",
        type: "int32",
        role: "measure",
        cells: units.map(() => (dice.chance(0.1) ? null : Math.floor(120 * dice.real() * dice.real()) - 15)),
      },
    ],
  };
  const shares = [0.05, 0.1, 0.25, 1 / 2, 0.75, 0.9, 0.95];
  const plan = planOf({ groupBy: ["g"], select: quantilesOf(shares) });
  const manifest = manifestOf(table, { minUnits: 2, bins: { x: EDGES } });
  const ours = runAggregate(plan, manifest, table);
  for (let run = 0; run < 5; run += 1) {
    const split = runAggregate(plan, manifest, table, generateCuts(dice, table));
    assert.deepEqual(encodeResult(split), encodeResult(ours));
  }
  const connection = await (await DuckDBInstance.create(":memory:", { threads: "1" })).connect();
  await connection.run("CREATE TABLE t (g TINYINT, x INTEGER)");
  const [groups, values] = table.columns.map(({ cells }) => cells);
  const rows = units.map((_, row) => `(${String(groups?.[row])}, ${String(values?.[row] ?? null)})`);
  await connection.run(`INSERT INTO t VALUES ${rows.join(", ")}`);
  const answer = await connection.runAndReadAll(
    `SELECT g, ${shares.map((at) => `quantile_disc(x, ${at})`).join(", ")} FROM t GROUP BY g ORDER BY g`,
  );
  const theirs = answer.getRows();
  connection.closeSync();
  ours.rows.forEach((row, group) => {
    for (const [at] of shares.entries()) {
      const [told, value] = [Number(row[at + 1]), Number(theirs[group]?.[at + 1])];
      // The bins are so full that every edge may be told.
      assert.equal(
        told,
        EDGES.find((edge) => edge > value),
        `group ${group}, ${shares[at]}: ${value}`,
      );
    }
  });
});
