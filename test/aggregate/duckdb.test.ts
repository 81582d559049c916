// The answers of generated jobs against DuckDB's, over a table with a repeating unit, nulls and a Zipf-skewed key.
// Clipping is a subquery by unit, the threshold a HAVING, declared keys an outer join.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { DuckDBDateValue, DuckDBDecimalValue, DuckDBInstance } from "@duckdb/node-api";
import type { DuckDBConnection, DuckDBValue } from "@duckdb/node-api";
import type { Bounds, Manifest } from "../../core/manifest/manifest.ts";
import type { Aggregate, AggregatePlan, Literal, Predicate } from "../../core/plan/plan.ts";
import type { Cell } from "../../jobs/aggregate/cell.ts";
import { Dice, generateCuts } from "./generate.ts";
import { runAggregate } from "./run.ts";
import { manifestOf, planOf } from "./table.ts";
import type { TestTable } from "./table.ts";

const JOBS = process.env["SEALROOM_DEEP"] === "1" ? 2000 : 150;
const ROWS = 20_000;
const DAYS = ["2024-01-01", "2024-02-29", "2024-12-31", "1969-12-31"] as const;
const REGIONS = ["north", "östlich", "south", "\u{1f30d}", "\uffee", ""] as const;
const DIMENSIONS = ["key", "region", "day", "flag", "level", "serial"] as const;
const MEASURES = ["qty", "big", "amount", "score"] as const;

let connection: DuckDBConnection;
let table: TestTable;

before(async () => {
  table = zipfTable(new Dice(20240229));
  connection = await (await DuckDBInstance.create(":memory:", { threads: "1" })).connect();
  await connection.run(`CREATE TABLE t (unit INTEGER, key VARCHAR, region VARCHAR, day DATE, flag BOOLEAN,
    level TINYINT, serial BIGINT, qty INTEGER, big BIGINT, amount DECIMAL(12,2), score DOUBLE)`);
  const appender = await connection.createAppender("t");
  for (let row = 0; row < ROWS; row += 1) {
    appender.appendInteger(table.units?.[row] ?? 0);
    for (const { name, cells } of table.columns) {
      const cell = cells[row] ?? null;
      if (cell === null) appender.appendNull();
      else if (name === "day") appender.appendDate(new DuckDBDateValue(Number(cell)));
      else if (name === "level") appender.appendTinyInt(Number(cell));
      else if (name === "qty") appender.appendInteger(Number(cell));
      else if (name === "amount") appender.appendDecimal(new DuckDBDecimalValue(BigInt(cell), 12, 2));
      else if (typeof cell === "string") appender.appendVarchar(cell);
      else if (typeof cell === "boolean") appender.appendBoolean(cell);
      else if (typeof cell === "bigint") appender.appendBigInt(cell);
      else appender.appendDouble(cell);
    }
    appender.endRow();
  }
  appender.closeSync();
});

after(() => {
  connection.closeSync();
});

test(`${JOBS} generated jobs over a skewed table give DuckDB's answers`, async () => {
  const seen = { rows: 0, suppressedCells: 0, emptyAnswers: 0 };
  for (let seed = 1; seed <= JOBS; seed += 1) {
    const dice = new Dice(seed);
    const { plan, manifest } = generateJob(dice);
    const ours = runAggregate(plan, manifest, table, generateCuts(dice, table));
    const sql = sqlOf(plan, manifest);
    const theirs = (await connection.runAndReadAll(sql)).getRows();
    assert.equal(ours.rows.length, theirs.length, `seed ${seed}: ${sql}`);
    ours.rows.forEach((row, at) => {
      row.forEach((cell, column) => {
        const scale = ours.columns[column]?.type.kind === "decimal" ? 2 : 0;
        const expected = cellOf(theirs[at]?.[column] ?? null, scale);
        const isRounded = plan.select[column - plan.groupBy.length]?.op === "avg";
        if (isRounded && typeof cell === "number" && typeof expected === "number") {
          assert.ok(
            Math.abs(cell - expected) <= 1e-13 * Math.abs(expected),
            `seed ${seed}: ${cell}, ${expected}`,
          );
        } else {
          assert.equal(
            typeof cell === "number" ? BigInt(cell * 8) : cell,
            eighths(expected, cell),
            `seed ${seed}, row ${at}: ${sql}`,
          );
        }
        if (cell === null && column >= plan.groupBy.length) seen.suppressedCells += 1;
      });
    });
    seen.rows += ours.rows.length;
    seen.emptyAnswers += ours.rows.length === 0 ? 1 : 0;
  }
  assert.ok(seen.rows > 10 * JOBS, "most jobs release something");
  assert.ok(seen.suppressedCells > JOBS / 2, "the threshold is at work");
  assert.ok(seen.emptyAnswers < JOBS / 4, "few jobs release nothing");
});

/** Score is in eighths, so float sums are exact in any order and compare as integers. */
function eighths(expected: Cell, cell: Cell): Cell {
  return typeof cell === "number" && typeof expected === "number" ? BigInt(expected * 8) : expected;
}

function cellOf(value: DuckDBValue, scale: number): Cell {
  if (value instanceof DuckDBDateValue) return value.days;
  if (value instanceof DuckDBDecimalValue) {
    assert.equal(value.scale, scale);
    return value.value;
  }
  assert.ok(value === null || typeof value !== "object");
  return value;
}

function zipfTable(dice: Dice): TestTable {
  const units: number[] = [];
  while (units.length < ROWS) {
    const rows = dice.chance(0.01) ? 1 + dice.below(300) : 1 + dice.below(6);
    units.push(...Array.from({ length: Math.min(rows, ROWS - units.length) }, () => units.length));
  }
  const column = (nulls: number, cell: (row: number) => Cell): Cell[] =>
    Array.from({ length: ROWS }, (_, row) => (dice.chance(nulls) ? null : cell(row)));
  const zipf = (most: number): number => Math.floor(most ** dice.real());
  return {
    rows: ROWS,
    units,
    columns: [
      {
        name: "key",
        type: "utf8",
        role: "dimension",
        dictionary: [],
        cells: column(0.05, () => `k${zipf(400)}`),
      },
      { name: "region", type: "utf8", role: "dimension", cells: column(0, () => dice.pick(REGIONS)) },
      {
        name: "day",
        type: "date",
        role: "dimension",
        cells: column(0.1, () => Date.parse(dice.pick(DAYS)) / 86_400_000),
      },
      { name: "flag", type: "bool", role: "dimension", cells: column(0.2, () => dice.chance(0.7)) },
      { name: "level", type: "int8", role: "dimension", cells: column(0.02, () => zipf(20) - 3) },
      {
        name: "serial",
        type: "int64",
        role: "dimension",
        cells: column(0.01, () => BigInt(zipf(5000)) * 10n ** 12n),
      },
      { name: "qty", type: "int32", role: "measure", cells: column(0.1, () => dice.below(200) - 100) },
      {
        name: "big",
        type: "int64",
        role: "measure",
        cells: column(0.3, () => BigInt(dice.below(2 ** 31)) * 1_000_000n),
      },
      {
        name: "amount",
        type: "decimal(12,2)",
        role: "measure",
        cells: column(0.6, () => BigInt(dice.below(10 ** 6) - 3000)),
      },
      {
        name: "score",
        type: "float64",
        role: "measure",
        cells: column(0.05, () => (dice.below(8000) - 2000) / 8),
      },
    ],
  };
}

function generateJob(dice: Dice): { plan: AggregatePlan; manifest: Manifest } {
  const groupBy = dice.some(DIMENSIONS, dice.pick([1, 1, 2, 3]));
  const select = Array.from({ length: 1 + dice.below(6) }, (_, at) => generateAggregate(dice, `a${at}`));
  const outputs = [...groupBy, ...select.map(({ as }) => as)];
  const isDeclared = groupBy.length === 1 && groupBy[0] === "region" && dice.chance(0.8);
  const bounds: Record<string, Bounds> = {
    qty: { lower: -dice.below(300), upper: dice.below(300) },
    big: { lower: dice.below(2) * 10 ** 12, upper: 10 ** 15 + dice.below(2) * 10 ** 15 },
    amount: { lower: dice.below(10) / 4, upper: 9999.99 },
    score: { lower: -dice.below(1000) / 8, upper: 500.125 },
  };
  return {
    manifest: manifestOf(table, {
      minUnits: dice.pick([2, 3, 5, 10, 50]),
      bounds,
      groupKeys: isDeclared ? { region: ["south", "nowhere", "\u{1f30d}", "atlantis"] } : {},
    }),
    plan: planOf({
      groupBy,
      select,
      where: dice.chance(0.7) ? generatePredicate(dice, 2) : null,
      orderBy: dice.some(outputs, 2).map((column) => ({ column, direction: dice.pick(["asc", "desc"]) })),
      limit: dice.chance(0.3) ? 1 + dice.below(20) : null,
    }),
  };
}

function generateAggregate(dice: Dice, as: string): Aggregate {
  const column = dice.pick(MEASURES);
  return dice.pick<Aggregate>([
    { as, op: "count" },
    { as, op: "count_units" },
    { as, op: "count", column },
    { as, op: "sum", column },
    { as, op: "sum", column },
    { as, op: "avg", column },
  ]);
}

function generatePredicate(dice: Dice, depth: number): Predicate {
  if (depth > 0 && dice.chance(0.5)) {
    const terms = [generatePredicate(dice, depth - 1), generatePredicate(dice, depth - 1)];
    return dice.pick<Predicate>([{ and: terms }, { or: terms }, { not: generatePredicate(dice, depth - 1) }]);
  }
  const column = dice.pick(DIMENSIONS);
  const literal = (): Literal => {
    switch (column) {
      case "key":
        return `k${dice.below(30)}`;
      case "region":
        return dice.pick(REGIONS);
      case "day":
        return dice.pick(DAYS);
      case "flag":
        return dice.chance(0.5);
      case "level":
        return dice.below(12) - 3;
      case "serial":
        return dice.below(3000) * 10 ** 12;
    }
  };
  if (dice.chance(0.15)) return { column, isNull: dice.chance(0.3) };
  if (dice.chance(0.2)) return { column, in: Array.from({ length: 1 + dice.below(6) }, literal) };
  if (column === "flag") return { column, op: dice.pick(["=", "!="]), value: literal() };
  if (dice.chance(0.2)) return { column, between: [literal(), literal()] };
  return { column, op: dice.pick(["=", "!=", "<", "<=", ">", ">="]), value: literal() };
}

function sqlOf(plan: AggregatePlan, { rules }: Manifest): string {
  const keys = plan.groupBy;
  const perUnit = MEASURES.map((name) => {
    const total = name === "score" ? `sum(${name})` : `sum(${name}::DECIMAL(38,2))`;
    const { lower, upper } = rules.bounds[name] ?? { lower: 0, upper: 0 };
    return `count(${name}) AS n_${name}, CASE WHEN count(${name}) > 0
      THEN least(greatest(${total}, ${lower}), ${upper}) END AS s_${name}`;
  });
  const aggregates = plan.select.map(
    (aggregate) => `${aggregateSql(aggregate, rules.minUnits)} AS ${aggregate.as}`,
  );
  const grouping = keys.length === 0 ? "" : `GROUP BY ${keys.join(", ")}`;
  const names = [...keys, ...plan.select.map(({ as }) => as)].join(", ");
  const order = [
    ...plan.orderBy.map(({ column, direction }) => `${column} ${direction} NULLS LAST`),
    ...keys.map((key) => `${key} ASC NULLS LAST`),
  ];
  const declared = rules.groupKeys["region"]?.map((key) => `('${String(key)}')`).join(", ");
  const from =
    keys.length === 0
      ? "(SELECT 1) LEFT JOIN released ON true"
      : declared === undefined
        ? "released"
        : `released FULL OUTER JOIN (VALUES ${declared}) AS always(region) USING (region)`;
  return `WITH per_unit AS (
      SELECT ${[...keys, "unit", "count(*) AS n", ...perUnit].join(", ")} FROM t
      WHERE ${plan.where === null ? "true" : predicateSql(plan.where)} GROUP BY ${[...keys, "unit"].join(", ")}),
    released AS (SELECT ${[...keys, ...aggregates].join(", ")} FROM per_unit ${grouping} HAVING count(*) >= ${rules.minUnits})
    SELECT ${names} FROM ${from} ${order.length === 0 ? "" : `ORDER BY ${order.join(", ")}`}
    ${plan.limit === null ? "" : `LIMIT ${plan.limit}`}`;
}

function aggregateSql(aggregate: Aggregate, minUnits: number): string {
  if (aggregate.op === "count_units") return "count(*)::BIGINT";
  if (aggregate.column === undefined) return "sum(n)::BIGINT";
  const { op, column } = aggregate;
  const present = `count(*) FILTER (n_${column} > 0) >= ${minUnits}`;
  const sumType = column === "amount" ? "DECIMAL(38,2)" : column === "score" ? "DOUBLE" : "BIGINT";
  const value = {
    count: `sum(n_${column})::BIGINT`,
    sum: `sum(s_${column})::${sumType}`,
    avg: `sum(s_${column})::DOUBLE / sum(n_${column})`,
  };
  if (op !== "count" && op !== "sum" && op !== "avg") throw new Error(`no model of ${op}`);
  const missing = `count(*) FILTER (n_${column} < n)`;
  const isHidden = op !== "sum" ? `${missing} BETWEEN 1 AND ${minUnits - 1}` : "false";
  return `CASE WHEN ${present} AND NOT ${isHidden} THEN ${value[op]} END`;
}

function predicateSql(predicate: Predicate): string {
  if ("and" in predicate) return `(${predicate.and.map(predicateSql).join(" AND ")})`;
  if ("or" in predicate) return `(${predicate.or.map(predicateSql).join(" OR ")})`;
  if ("not" in predicate) return `(NOT ${predicateSql(predicate.not)})`;
  const { column } = predicate;
  const sql = (value: Literal): string => (typeof value === "string" ? `'${value}'` : String(value));
  if ("isNull" in predicate) return `(${column} IS ${predicate.isNull ? "" : "NOT "}NULL)`;
  if ("in" in predicate) return `(${column} IN (${predicate.in.map(sql).join(", ")}))`;
  if ("between" in predicate) return `(${column} BETWEEN ${predicate.between.map(sql).join(" AND ")})`;
  return `(${column} ${predicate.op} ${sql(predicate.value)})`;
}
