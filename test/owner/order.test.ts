// Ordering under a memory limit that the rows do not fit: parts of the hash, halved until each fits.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after, before } from "node:test";
import { DuckDBInstance } from "@duckdb/node-api";
import { openDatabase } from "../../owner/database.ts";
import { openInputs } from "../../owner/input.ts";
import { orderedChunks } from "../../owner/order.ts";
import { parseSchemaFile } from "../../owner/schema-file.ts";
import { openSource, resolveColumns } from "../../owner/source.ts";
import { refused } from "./refused.ts";

let directory = "";
before(async () => {
  directory = await mkdtemp(join(tmpdir(), "sealroom-order-"));
});
after(() => rm(directory, { recursive: true, force: true }));

const SCHEMA = parseSchemaFile(
  "unit: who\ncolumns:\n  who: { type: int64, role: unit }\n  s: { type: utf8, role: hidden }\n",
);

async function parquetOf(name: string, select: string): Promise<string> {
  const file = join(directory, name);
  const connection = await (await DuckDBInstance.create(":memory:")).connect();
  await connection.run(`COPY (${select}) TO '${file}' (FORMAT parquet, ROW_GROUP_SIZE 4096)`);
  connection.closeSync();
  return file;
}

/** The units of all rows in order. `guess` is how large the table is said to be. */
async function orderOf(
  file: string,
  memoryBytes: number,
  guess: number,
): Promise<{ readonly order: readonly bigint[]; readonly passes: number }> {
  const database = await openDatabase({ memoryBytes, threads: 1 });
  try {
    const inputs = await openInputs(database, [file], SCHEMA);
    const columns = await resolveColumns(database, inputs, SCHEMA);
    const source = await openSource(database, inputs, SCHEMA, columns);
    const { connection } = database;
    const stream = connection.stream.bind(connection);
    let passes = 0;
    connection.stream = (...sql) => {
      passes += 1;
      return stream(...sql);
    };
    const units: bigint[] = [];
    for await (const chunk of orderedChunks(database, source, new Map(), guess)) {
      units.push(...(chunk.getColumnValues(0) as bigint[]));
    }
    return { order: units, passes };
  } finally {
    database.close();
  }
}

function stretches(units: readonly bigint[]): number {
  return units.filter((unit, i) => i === 0 || unit !== units[i - 1]).length;
}

const ROWS = 200_000;
const TEXT = "repeat(md5(i::VARCHAR), 4) AS s";

for (const [what, units] of [
  ["units of many rows", 1_000],
  ["units of one row", ROWS],
] as const) {
  test(`${what}: a guess that is far too small is mended by halving`, async () => {
    const file = await parquetOf(
      `${units}.parquet`,
      `SELECT (i * 7919 % ${units})::BIGINT AS who, ${TEXT} FROM range(${ROWS}) t(i)`,
    );
    const { order, passes } = await orderOf(file, 28_000_000, 0);
    assert.ok(passes >= 3, `${passes} passes`);
    assert.equal(order.length, ROWS);
    assert.equal(new Set(order).size, units);
    assert.equal(stretches(order), units);
  });
}

test("one unit that does not fit by itself is refused", async () => {
  const file = await parquetOf("one.parquet", `SELECT 7::BIGINT AS who, ${TEXT} FROM range(${ROWS}) t(i)`);
  await refused("OWNER_MEMORY", () => orderOf(file, 24_000_000, 0));
});

test("what DuckDB would spill stays in memory: there is no temporary directory to spill to", async () => {
  const database = await openDatabase({ memoryBytes: 20_000_000, threads: 1 });
  try {
    const sort = "SELECT i, md5(i::VARCHAR) AS m FROM range(2000000) t(i) ORDER BY m";
    await assert.rejects(database.connection.runAndReadAll(sort), /no temporary directory/);
    await assert.rejects(
      database.connection.run("SET temp_directory = '/tmp'"),
      /configuration has been locked/,
    );
  } finally {
    database.close();
  }
});
