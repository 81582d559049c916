// Totals, variances, extremes and shares against DuckDB's GROUPING SETS, before any gate.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { DuckDBInstance } from "@duckdb/node-api";
import type { DuckDBConnection } from "@duckdb/node-api";
import { ObjectAggregation } from "../../jobs/aggregate/accumulate.ts";
import { Merge } from "../../jobs/aggregate/merge.ts";
import type { MergedGroup } from "../../jobs/aggregate/merge.ts";
import type { AggregateProgram } from "../../jobs/aggregate/program.ts";
import { NOTHING } from "./asked.ts";
import { Dice, generateCuts } from "./generate.ts";
import { getType, objectsOf } from "./table.ts";
import type { TestTable } from "./table.ts";

const ROWS = 20_000;
const RULE = { lower: -50, upper: 120 };
const LEVELS = [[0, 1], [0], [1], []];

let connection: DuckDBConnection;
const table = peopleTable(new Dice(7));

function peopleTable(dice: Dice): TestTable {
  const units: number[] = [];
  while (units.length < ROWS) {
    const rows = dice.chance(0.02) ? 60 : 1 + dice.below(5);
    units.push(...Array<number>(Math.min(rows, ROWS - units.length)).fill(units.length));
  }
  const cells = <T>(nulls: number, cell: () => T): (T | null)[] =>
    units.map(() => (dice.chance(nulls) ? null : cell()));
  return {
    rows: ROWS,
    units,
    columns: [
      {
        name: "a",
        type: "utf8",
        role: "dimension",
        dictionary: [],
        cells: cells(0.05, () => `a${dice.below(9)}`),
      },
      { name: "b", type: "int32", role: "dimension", cells: cells(0.1, () => dice.below(40) - 20) },
      { name: "n", type: "int64", role: "measure", cells: cells(0.2, () => BigInt(dice.below(300) - 100)) },
      { name: "x", type: "float64", role: "measure", cells: cells(0.02, () => 1e6 + dice.below(800) / 8) },
    ],
  };
}

function program(unit: "column" | "scattered"): AggregateProgram {
  const names = ["a", "b", "n", "x"];
  const measure = (column: number, exact: boolean): AggregateProgram["measures"][number] => ({
    ...NOTHING,
    column,
    name: names[column] ?? "",
    exact,
    sum: { ...RULE, exact },
    // The floats lie close together, far from zero, and within.
    moments: exact ? { ...RULE, exact } : { lower: 0, upper: 2e6, exact },
    missing: true,
    extremes: ["min", "max"],
    share: true,
  });
  return {
    kind: "aggregate",
    unit,
    unitColumn: unit === "scattered" ? 4 : null,
    columns: [
      ...names.map((name) => ({
        name,
        type: getType(table.columns.find((column) => column.name === name)?.type ?? ""),
      })),
      ...(unit === "scattered" ? [{ name: "unit", type: getType("int32") }] : []),
    ],
    computed: [],
    predicate: null,
    dimensions: [
      { name: "a", type: getType("utf8"), column: 0 },
      { name: "b", type: getType("int32"), column: 1 },
    ],
    levels: LEVELS,
    measures: [measure(2, true), measure(3, false)],
    outputs: [],
    orderBy: [],
    having: null,
    limitBy: null,
    limit: null,
    minUnits: 2,
    maxGroups: 1000,
    maxFormed: 262_144,
    declaredKeys: null,
    maxShare: 1,
    rounding: { counts: null, sums: [null, null] },
    interval: 2,
  };
}

before(async () => {
  connection = await (await DuckDBInstance.create(":memory:", { threads: "1" })).connect();
  await connection.run("CREATE TABLE t (unit INTEGER, a VARCHAR, b INTEGER, n BIGINT, x DOUBLE)");
  const appender = await connection.createAppender("t");
  for (let row = 0; row < ROWS; row += 1) {
    appender.appendInteger(table.units?.[row] ?? 0);
    for (const { cells } of table.columns) {
      const cell = cells[row] ?? null;
      if (cell === null) appender.appendNull();
      else if (typeof cell === "string") appender.appendVarchar(cell);
      else if (typeof cell === "bigint") appender.appendBigInt(cell);
      else if (cells === table.columns[1]?.cells) appender.appendInteger(Number(cell));
      else appender.appendDouble(Number(cell));
    }
    appender.endRow();
  }
  appender.closeSync();
});

after(() => {
  connection.closeSync();
});

/** Per group: key, rows, units, then for each measure its figures. */
async function answers(kept: readonly number[]): Promise<Map<string, unknown[]>> {
  const keys = kept.map((at) => ["a", "b"][at] ?? "");
  const by = (...more: string[]): string =>
    [...keys, ...more].length === 0 ? "" : `GROUP BY ${[...keys, ...more].join(", ")}`;
  const list = (columns: readonly string[]): string => columns.map((column) => `${column}, `).join("");
  // DuckDB's least and greatest pass over nulls.
  const clip = (value: string, low: number, high: number): string =>
    `CASE WHEN ${value} IS NOT NULL THEN least(greatest(${value}, ${low}), ${high}) END`;
  const perUnit = ["n", "x"].map(
    (m) => `sum(${m}) AS s_${m}, min(${m}) AS lo_${m}, max(${m}) AS hi_${m}, count(${m}) AS c_${m}`,
  );
  const units = ["n", "x"].map((m) => {
    const amount = clip(`s_${m}`, RULE.lower, RULE.upper);
    return `sum(c_${m})::DOUBLE, count(*) FILTER (c_${m} > 0), count(*) FILTER (c_${m} < rows), sum(${amount})::DOUBLE,
      max(abs(${amount}))::DOUBLE, sum(abs(${amount}))::DOUBLE, min(lo_${m})::DOUBLE, max(hi_${m})::DOUBLE`;
  });
  const sql = `WITH u AS (SELECT ${list(keys)} unit, count(*) AS rows, ${perUnit.join(", ")} FROM t ${by("unit")})
    SELECT ${list(keys)} sum(rows)::DOUBLE, count(*), ${units.join(", ")} FROM u ${by()}`;
  const moments = `SELECT ${list(keys)} var_samp(${clip("n", RULE.lower, RULE.upper)}), var_samp(x - 1e6) FROM t ${by()}`;
  const holders = ["n", "x"].map(
    (m) => `WITH u AS (SELECT ${list(keys)} unit, min(${m}) AS lo, max(${m}) AS hi FROM t ${by("unit")}),
      e AS (SELECT *, min(lo) OVER w AS least, max(hi) OVER w AS most FROM u
        WINDOW w AS (${keys.length === 0 ? "" : `PARTITION BY ${keys.join(", ")}`}))
      SELECT ${list(keys)} count(*) FILTER (lo = least), count(*) FILTER (hi = most) FROM e ${by()}`,
  );
  const found = new Map<string, unknown[]>();
  for (const text of [sql, moments, ...holders]) {
    for (const row of (await connection.runAndReadAll(text)).getRows()) {
      const key = JSON.stringify(
        [0, 1].map((at) => (kept.includes(at) ? String(row[kept.indexOf(at)]) : "null")),
      );
      const figures = row.slice(keys.length).map((value) => (value === null ? null : Number(value)));
      found.set(key, [...(found.get(key) ?? []), ...figures]);
    }
  }
  return found;
}

function figuresOf({ passing, units, measures }: MergedGroup): unknown[] {
  const number = (value: bigint | number | null | undefined): number | null =>
    value === null || value === undefined ? null : Number(value);
  const sums = measures.flatMap(({ nonNull, units: present, missing, sum, share, min, max }) => [
    nonNull,
    present,
    missing,
    // SQL has no sum of nothing.
    ...(nonNull === 0 ? [null, null, null] : [number(sum), number(share?.largest), number(share?.absolute)]),
    number(min?.value),
    number(max?.value),
  ]);
  const variances = measures.map(({ moments }) =>
    moments && moments.count > 1 ? moments.m2 / (moments.count - 1) : null,
  );
  const holders = measures.flatMap(({ min, max }) => [min?.units, max?.units]);
  return [passing, units, ...sums, ...variances, ...holders];
}

for (const unit of ["column", "scattered"] as const) {
  test(`every level has DuckDB's figures, where units are ${unit === "column" ? "marked" : "scattered"}`, async () => {
    const asked = program(unit);
    const merge = new Merge(asked);
    const cells = [...(table.units ?? [])];
    const whole: TestTable =
      unit === "column"
        ? table
        : {
            ...table,
            units: null,
            columns: [...table.columns, { name: "unit", type: "int32", role: "unit", cells }],
          };
    const names = asked.columns.map(({ name }) => name);
    for (const batches of objectsOf(whole, names, generateCuts(new Dice(3), whole))) {
      const aggregation = new ObjectAggregation(asked);
      for (const batch of batches) aggregation.add(batch);
      merge.add(aggregation.finish());
    }
    for (const [level, kept] of LEVELS.entries()) {
      const theirs = await answers(kept);
      const ours = [...merge.groups(level)];
      assert.equal(ours.length, theirs.size);
      for (const group of ours) {
        const expected = theirs.get(JSON.stringify(group.key.map(String))) ?? [];
        figuresOf(group).forEach((figure, at) => {
          const other = expected[at];
          const isClose =
            typeof figure === "number" &&
            typeof other === "number" &&
            Math.abs(figure - other) <= 1e-9 * Math.abs(other);
          assert.ok(
            figure === other || isClose,
            `level ${level}, ${String(group.key)}, figure ${at}: ${String(figure)}, ${String(other)}`,
          );
        });
      }
    }
  });
}
