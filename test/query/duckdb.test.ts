// Queries over tables of generated schemas, asked of us and of DuckDB in SQL: the same answers, whatever the batches.
import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { after, before, test } from "node:test";
import { DuckDBDateValue, DuckDBDecimalValue, DuckDBInstance, DuckDBTimestampValue } from "@duckdb/node-api";
import type { DuckDBConnection, DuckDBValue } from "@duckdb/node-api";
import fc from "fast-check";
import type { Cell } from "../../jobs/aggregate/cell.ts";
import { readQuery } from "../../query/sql/select.ts";
import { Dice, generateCuts } from "../aggregate/generate.ts";
import { runAggregate } from "../aggregate/run.ts";
import { manifestOf, planOf } from "../aggregate/table.ts";
import { AGGREGATES, makeQuery, PARTS } from "./made-queries.ts";
import { createTable, makeTable } from "./made-tables.ts";

const isDeep = process.env["SEALROOM_DEEP"] === "1";
const given = process.env["SEALROOM_SEED"];
/** The fixed one is of queries that ask everything often enough; ten thousand do, whichever they are. */
const SEED = Number(given ?? (isDeep ? randomInt(2 ** 31) : 20261126));
const QUERIES = isDeep ? 10_000 : 600;
const TABLES = 24;
const LEAST = 5;
const MEASURED = [
  ...["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"],
  ...["decimal(9,2)", "decimal(38,4)", "float32", "float64"],
] as const;

const tables = Array.from({ length: TABLES }, (_, at) => makeTable(new Dice(SEED + at)));

/** Every aggregate of every type with and without nulls, each with the tables that have such a column. */
const FOCUSES = AGGREGATES.flatMap((op) =>
  MEASURED.flatMap((type) =>
    [false, true].map((nullable) =>
      tables.flatMap((table, at) => {
        const column = table.columns.find(
          (one) => one.role === "measure" && one.type === type && one.nullable === nullable,
        );
        return column === undefined ? [] : [{ name: `t${at}`, table, op, column }];
      }),
    ),
  ),
);

let connection: DuckDBConnection;

before(async () => {
  connection = await (await DuckDBInstance.create(":memory:", { threads: "1" })).connect();
  for (const [at, table] of tables.entries()) {
    for (const statement of createTable(`t${at}`, table)) await connection.run(statement);
  }
});

after(() => {
  connection.closeSync();
});

test(`${QUERIES} generated queries have DuckDB's answers`, async (t) => {
  t.diagnostic(`SEALROOM_SEED=${SEED}`);
  const covered = new Map<string, number>();
  const seen = { rows: 0, withheld: 0 };
  await fc.assert(
    fc.asyncProperty(fc.nat(FOCUSES.length - 1), fc.nat(), async (focus, seed) => {
      const dice = new Dice(seed);
      const { name, table, op, column } = dice.pick(FOCUSES[focus] ?? []);
      const { ours, theirs, rules, covers } = makeQuery(dice, name, table, { op, column });
      const { join, computed, having, limitBy, where, groupBy, totals, select, orderBy, limit } =
        await readQuery(ours, [name]);
      const plan = planOf({
        ...{ where, groupBy, totals, select, orderBy, limit },
        ...(join === null ? {} : { join }),
        ...(computed.length === 0 ? {} : { computed }),
        ...(having === null ? {} : { having }),
        ...(limitBy === null ? {} : { limitBy }),
      });
      const { rows } = runAggregate(plan, manifestOf(table, rules), table, generateCuts(dice, table));
      const answer = (await connection.runAndReadAll(theirs)).getRows();
      // A job that groups by nothing always has its one row.
      const expected = groupBy.length === 0 && answer.length === 0 && having === null ? null : answer;
      if (expected !== null) {
        assert.equal(rows.length, expected.length, `${ours}\n${theirs}`);
        rows.forEach((row, index) => {
          row.forEach((cell, column) => {
            assertSame(
              cell,
              expected[index]?.[column] ?? null,
              `row ${index}, column ${column}\n${ours}\n${theirs}`,
            );
          });
        });
      }
      for (const what of covers) covered.set(what, (covered.get(what) ?? 0) + 1);
      seen.rows += rows.length;
      seen.withheld += rows.flat().filter((cell) => cell === null).length;
    }),
    { numRuns: QUERIES, seed: SEED },
  );
  t.diagnostic(JSON.stringify(Object.fromEntries([...covered].sort())));
  assert.ok(seen.rows > 2 * QUERIES && seen.withheld > QUERIES, JSON.stringify(seen));
  if (given !== undefined) return;
  for (const op of AGGREGATES) {
    for (const type of MEASURED) {
      for (const nulls of ["null", "full"]) {
        const what = `${op} ${type} ${nulls}`;
        assert.ok((covered.get(what) ?? 0) >= LEAST, `${what} was asked ${covered.get(what) ?? 0} times`);
      }
    }
  }
  for (const part of PARTS) {
    assert.ok(
      [...covered.keys()].some((what) => what.startsWith(part)),
      part,
    );
  }
});

/** Whole numbers exactly; of doubles the last bits are the order's. */
function assertSame(cell: Cell, value: DuckDBValue, where: string): void {
  const expected = plainValue(value);
  if (typeof cell === "number" && typeof expected === "number") {
    assert.ok(
      Math.abs(cell - expected) <= 1e-9 * Math.max(1, Math.abs(expected)),
      `${cell}, ${expected}: ${where}`,
    );
  } else if (typeof expected === "number" || typeof expected === "bigint") {
    assert.ok(cell !== null && typeof cell !== "string", `${String(cell)}, ${expected}: ${where}`);
    assert.equal(BigInt(cell), BigInt(expected), where);
  } else {
    assert.equal(cell, expected, where);
  }
}

function plainValue(value: DuckDBValue): Cell {
  if (value instanceof DuckDBDateValue) return value.days;
  if (value instanceof DuckDBDecimalValue) return value.value;
  if (value instanceof DuckDBTimestampValue) return value.micros;
  assert.ok(value === null || typeof value !== "object");
  return value;
}
