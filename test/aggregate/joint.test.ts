// Covariances and correlations: exact, over the rows where both columns have a value, and released where no few units
// make them up.
import assert from "node:assert/strict";
import { test } from "node:test";
import { DuckDBInstance } from "@duckdb/node-api";
import fc from "fast-check";
import type { Rules } from "../../core/manifest/manifest.ts";
import type { Aggregate } from "../../core/plan/plan.ts";
import type { Cell } from "../../jobs/aggregate/cell.ts";
import { compileAggregate } from "../../jobs/aggregate/compile.ts";
import { JointTally } from "../../jobs/aggregate/joint-moment.ts";
import { ratio } from "../../jobs/aggregate/precise.ts";
import { encodeResult } from "../../jobs/aggregate/result.ts";
import { Dice, generateCuts } from "./generate.ts";
import { runAggregate } from "./run.ts";
import { manifestOf, planOf } from "./table.ts";
import type { TestTable } from "./table.ts";

const LIMIT = 2 ** 53 - 1;

const BOTH: readonly Aggregate[] = [
  { as: "covar", op: "covar", column: "x", with: "y" },
  { as: "corr", op: "corr", column: "y", with: "x" },
];
const BOUNDS = { x: { lower: -100, upper: 100 }, y: { lower: 0, upper: 50 } };

/** One row a unit: [x, y]. */
function released(
  rows: readonly (readonly [Cell, Cell])[],
  rules: Partial<Rules> = {},
  select: readonly Aggregate[] = BOTH,
): readonly Cell[] {
  const column = (name: string, at: 0 | 1): TestTable["columns"][number] => ({
    name,
    type: "int32",
    role: "measure",
    cells: rows.map((row) => row[at]),
  });
  const table = { rows: rows.length, units: null, columns: [column("x", 0), column("y", 1)] };
  const manifest = manifestOf(table, { minUnits: 3, bounds: BOUNDS, ...rules });
  return runAggregate(planOf({ select }), manifest, table).rows[0] ?? [];
}

const EVEN: readonly (readonly [Cell, Cell])[] = [
  [1, 2],
  [2, 4],
  [3, 6],
  [4, 8],
  [5, 10],
];

test("a covariance is of a sample, in both columns' units, and a correlation has none", () => {
  assert.deepEqual(released(EVEN), [5, 1]);
  assert.deepEqual(released(EVEN.map(([x, y]) => [-Number(x), y])), [-5, -1]);
  assert.deepEqual(released(EVEN.map(([x, y]) => [x, y === 6 ? 7 : y])), [5, 5 / Math.sqrt(2.5 * 10.2)]);
});

test("rows where either has no value count for neither, and few units of such rows withhold both figures", () => {
  const holes = (count: number): (readonly [Cell, Cell])[] => [
    ...EVEN,
    ...Array.from({ length: count }, (_, at) =>
      at % 2 === 0 ? ([90, null] as const) : ([null, 50] as const),
    ),
  ];
  assert.deepEqual(released(holes(3)), [5, 1]);
  assert.deepEqual(released(holes(2)), [null, null]);
  // What one column has by itself is another matter.
  const alone = { as: "s", op: "var", column: "y" } as const;
  assert.deepEqual(released(EVEN, {}, [...BOTH, alone]), [5, 1, 10]);
});

test("each row is clipped to the bounds before anything else", () => {
  const wild = EVEN.map(([x, y]) => [x === 5 ? 1_000_000 : x, y] as const);
  const tame = EVEN.map(([x, y]) => [x === 5 ? 100 : x, y] as const);
  assert.deepEqual(released(wild), released(tame));
});

test("is withheld where fewer units than the threshold lie off one end of a column's clipped values", () => {
  const at = (count: number, y: number): (readonly [Cell, Cell])[] =>
    Array.from({ length: count }, (_, x) => [7 * x + y, y] as const);
  for (const [few, many] of [
    [40, 0],
    [0, 40],
    // All past the bound are at it.
    [10, 3000],
  ] as const) {
    assert.ok(released([...at(9, many), ...at(3, few)]).every((figure) => figure !== null));
    assert.deepEqual(released([...at(9, many), ...at(2, few)]), [null, null]);
  }
  // The same in either column, and where the few differ.
  const swapped = [...at(9, 0), ...at(1, 20), ...at(1, 40)].map(([x, y]) => [y, Number(x) % 50] as const);
  assert.deepEqual(released(swapped), [null, null]);
});

test("is withheld where one unit dominates either column, over the rows where both have a value", () => {
  const rows: readonly (readonly [Cell, Cell])[] = [...EVEN, [1, 50]];
  assert.ok(released(rows, { maxShare: 0.7 }).every((figure) => figure !== null));
  assert.deepEqual(released(rows, { maxShare: 0.6 }), [null, null]);
  // Others' values without the other column's hide nobody.
  const hidden = [...rows, ...Array.from({ length: 9 }, () => [null, 50] as const)];
  assert.deepEqual(released(hidden, { maxShare: 0.6 }), [null, null]);
});

test("a correlation with what does not vary is none", () => {
  const rules = { bounds: { x: { lower: 0, upper: 100 }, y: { lower: 4, upper: 4 } } };
  // Bounds of one value: all lie at both ends.
  assert.deepEqual(released(EVEN, rules), [null, null]);
});

test("rounding is of the squares and products alike, by the coarser of both columns", () => {
  const rows = Array.from({ length: 600 }, (_, at) => [(at * 7) % 100, (at * 11) % 50] as const);
  const [covar, corr] = released(rows).map(Number);
  for (const rounding of [
    { counts: 2, sums: {} },
    { counts: null, sums: { x: 300 } },
    { counts: null, sums: { y: 75 } },
  ]) {
    const [coarse, coarseCorr] = released(rows, { rounding });
    assert.ok(typeof coarse === "number" && typeof coarseCorr === "number");
    const rowsWorth = Math.max(
      rounding.counts ?? 0,
      (rounding.sums.x ?? 0) / 200,
      (rounding.sums.y ?? 0) / 50,
    );
    const steps = (coarse * 599) / (rowsWorth * 200 * 50);
    assert.ok(Math.abs(steps - Math.round(steps)) < 1e-9, `${steps} steps`);
    assert.ok(Math.abs(coarse - (covar ?? 0)) * 599 <= (rowsWorth * 200 * 50) / 2 + 1e-6);
    assert.ok(Math.abs(coarseCorr - (corr ?? 0)) <= 0.25);
  }
  // Where a spread is too small for its rounding, nothing is better than that.
  assert.deepEqual(released(rows, { rounding: { counts: 30, sums: {} } }), [null, null]);
});

test("asked in either order, both figures are made of the same two measures", () => {
  const table: TestTable = {
    rows: 0,
    units: null,
    columns: ["x", "y"].map((name) => ({ name, type: "int32", role: "measure", cells: [] })),
  };
  const { measures, outputs } = compileAggregate(
    planOf({ select: BOTH }),
    manifestOf(table, { bounds: BOUNDS }),
  );
  assert.deepEqual(
    measures.map(({ name, beside, joint }) => [name, beside, joint !== null]),
    [
      ["x", 1, true],
      ["y", 0, false],
    ],
  );
  assert.deepEqual(
    outputs.map((output) => "beside" in output && [output.measure, output.beside]),
    [
      [0, 1],
      [0, 1],
    ],
  );
});

test("products of integers are the nearest floats up to 2^53, in any grouping into partials", () => {
  const value = fc.oneof(fc.maxSafeInteger(), fc.integer(), fc.constantFrom(LIMIT, -LIMIT, 0, 2 ** 52));
  const parts = fc.array(fc.array(fc.tuple(value, value), { minLength: 1, maxLength: 20 }), {
    minLength: 1,
    maxLength: 4,
  });
  const rule = { lower: -LIMIT, upper: LIMIT, exact: true };
  fc.assert(
    fc.property(parts, (lists) => {
      const merged = new JointTally([rule, rule]);
      merged.grow(1);
      for (const list of lists) {
        const tally = new JointTally([rule, rule]);
        tally.grow(1);
        const chunk = { groups: new Int32Array(list.length), ordinals: null, count: list.length };
        const [left, right] = ([0, 1] as const).map((at) => Float64Array.from(list, (pair) => pair[at]));
        assert.ok(left !== undefined && right !== undefined);
        tally.addAll(chunk, left, right);
        merged.merge(Int32Array.of(0), tally.finish(Int32Array.of(0)));
      }
      const pairs = lists.flat().map(([x, y]) => [BigInt(x), BigInt(y)] as const);
      const sum = (of: (pair: readonly [bigint, bigint]) => bigint): bigint =>
        pairs.reduce((all, pair) => all + of(pair), 0n);
      const count = BigInt(pairs.length);
      const expected = count * sum(([x, y]) => x * y) - sum(([x]) => x) * sum(([, y]) => y);
      assert.equal(merged.read(0, pairs.length).products, ratio(expected, count));
    }),
    { numRuns: 500 },
  );
});

const ROWS = 6_000;
const TYPES = { i: "int32", d: "decimal(12,2)", f: "float64" } as const;

function manyRows(dice: Dice): TestTable {
  const units: number[] = [];
  while (units.length < ROWS) {
    units.push(...Array<number>(Math.min(1 + dice.below(4), ROWS - units.length)).fill(units.length));
  }
  const moods = units.map(() => dice.real());
  const cells = (cell: (mood: number) => Cell): Cell[] =>
    moods.map((mood) => (dice.chance(0.1) ? null : cell((mood + dice.real()) / 2)));
  const floats = cells((mood) => (dice.chance(0.02) ? NaN : (1 - mood) * 8));
  return {
    rows: ROWS,
    units,
    columns: [
      { name: "g", type: "int32", role: "dimension", cells: units.map(() => dice.below(20)) },
      { name: "i", type: TYPES.i, role: "measure", cells: cells((mood) => Math.floor(mood * 300) - 100) },
      { name: "d", type: TYPES.d, role: "measure", cells: cells((mood) => BigInt(Math.floor(mood * 9000))) },
      { name: "f", type: TYPES.f, role: "measure", cells: floats },
    ],
  };
}

test("gives DuckDB's covar_samp and corr of integers, decimals and floats, and the same bits however it is split", async () => {
  const dice = new Dice(11);
  const table = manyRows(dice);
  const bounds = {
    i: { lower: -50, upper: 120 },
    d: { lower: 0.5, upper: 70.25 },
    f: { lower: 1, upper: 7 },
  };
  const pairs = [
    ["i", "d"],
    ["d", "f"],
    ["f", "i"],
  ] as const;
  const select = pairs.flatMap(([column, other]): Aggregate[] => [
    { as: `covar_${column}`, op: "covar", column, with: other },
    { as: `corr_${column}`, op: "corr", column, with: other },
  ]);
  const [manifest, plan] = [manifestOf(table, { bounds }), planOf({ groupBy: ["g"], select })];
  const ours = runAggregate(plan, manifest, table);
  const exact = planOf({ groupBy: ["g"], select: select.slice(0, 2) });
  const whole = encodeResult(runAggregate(exact, manifest, table));
  for (let run = 0; run < 5; run += 1) {
    assert.deepEqual(encodeResult(runAggregate(exact, manifest, table, generateCuts(dice, table))), whole);
  }

  const connection = await (await DuckDBInstance.create(":memory:", { threads: "1" })).connect();
  await connection.run("CREATE TABLE t (g INTEGER, i INTEGER, d DECIMAL(12,2), f DOUBLE)");
  const text = (cell: Cell, name: string): string =>
    cell === null || Number.isNaN(cell) ? "NULL" : name === "d" ? `${String(cell)} / 100.0` : String(cell);
  const values = Array.from({ length: ROWS }, (_, row) => {
    const cells = table.columns.map(({ cells: column, name }) => text(column[row] ?? null, name));
    return `(${cells.join(", ")})`;
  });
  await connection.run(`INSERT INTO t VALUES ${values.join(", ")}`);
  const clip = (name: keyof typeof bounds): string =>
    `least(greatest(${name}::DOUBLE, ${bounds[name].lower}), ${bounds[name].upper})`;
  const figures = pairs.flatMap(([column, other]) =>
    ["covar_samp", "corr"].map(
      (op) =>
        `${op}(${clip(column)}, ${clip(other)}) FILTER (${column} IS NOT NULL AND ${other} IS NOT NULL)`,
    ),
  );
  const answer = await connection.runAndReadAll(
    `SELECT g, ${figures.join(", ")} FROM t GROUP BY g ORDER BY g`,
  );
  const theirs = answer.getRows();
  connection.closeSync();
  assert.equal(ours.rows.length, theirs.length);
  ours.rows.forEach((row, at) => {
    row.forEach((cell, column) => {
      const [mine, other] = [Number(cell), Number(theirs[at]?.[column])];
      assert.ok(
        cell !== null && Math.abs(mine - other) <= 1e-10 * Math.max(1, Math.abs(other)),
        `${mine}, ${other}`,
      );
    });
  });
});

test("with totals, what is left of one beside its shown groups is of enough units, of both columns together", () => {
  const parts = (few: number): TestTable => {
    const rows = [
      ...Array.from({ length: 30 }, (_, at) => ["a", at, (7 * at) % 50] as const),
      ...Array.from({ length: few }, (_, at) => ["b", at, 3 * at] as const),
      // Of these only one column has a value: they are no cover.
      ...(few < 3 ? Array.from({ length: 9 }, (_, at) => ["b", at, null] as const) : []),
    ];
    return {
      rows: rows.length,
      units: null,
      columns: [
        { name: "g", type: "utf8", role: "dimension", cells: rows.map(([g]) => g) },
        { name: "x", type: "int32", role: "measure", cells: rows.map(([, x]) => x) },
        { name: "y", type: "int32", role: "measure", cells: rows.map(([, , y]) => y) },
      ],
    };
  };
  const covariances = (few: number): readonly Cell[] => {
    const table = parts(few);
    const plan = planOf({ groupBy: ["g"], totals: [[]], select: BOTH.slice(0, 1) });
    const manifest = manifestOf(table, { minUnits: 3, interval: 3, bounds: BOUNDS });
    const { rows } = runAggregate(plan, manifest, table);
    return rows.filter(([g, grouping]) => g === "a" || grouping === 1).map((row) => row[2] ?? null);
  };
  assert.ok(covariances(5).every((figure) => figure !== null));
  // Less the group that is shown the total would be two people's.
  assert.ok(covariances(2).includes(null));
});
