// DuckDB's side of the comparison: a table of its own in memory, texts as the enumerations that db-benchmark uses for them,
// and Parquet files of it, plain and encrypted. Its encrypted reads take the mbedTLS that it brings; the OpenSSL of its httpfs
// extension, which is faster, is loaded from the network and is not here.
import { DuckDBDataChunk, DuckDBInstance, DATE, DOUBLE, INTEGER, TINYINT } from "@duckdb/node-api";
import type { DuckDBConnection, DuckDBType } from "@duckdb/node-api";
import duckdb from "@duckdb/node-bindings";
import type { PeerColumn, PeerTable } from "./tables.ts";

const CHUNK = 2048;
const KEY = "0123456789abcdef0123456789abcdef";

export async function openDuckDb(threads: number): Promise<DuckDBConnection> {
  const instance = await DuckDBInstance.create(":memory:", { threads: String(threads) });
  return instance.connect();
}

/** Rows in the order of the table's, under its name; `unit` is a column as well. */
export async function loadTable(connection: DuckDBConnection, table: PeerTable): Promise<void> {
  const { name, rows, columns, units } = table;
  const unit = { name: "unit", type: "int32", role: "unit", values: units, texts: [] } as const;
  const all: readonly PeerColumn[] = [...columns, unit];
  const declared = all.map((column) => `${column.name} ${duckType(column).toString()}`);
  await connection.run(`CREATE TABLE codes (${declared.join(", ")})`);
  const appender = await connection.createAppender("codes");
  const chunk = DuckDBDataChunk.create(all.map(duckType));
  for (let start = 0; start < rows; start += CHUNK) {
    const count = Math.min(CHUNK, rows - start);
    duckdb.data_chunk_set_size(chunk.chunk, count);
    all.forEach(({ values }, at) => {
      const vector = duckdb.data_chunk_get_vector(chunk.chunk, at);
      const width = values.BYTES_PER_ELEMENT;
      duckdb.copy_data_to_vector(
        vector,
        0,
        values.buffer as ArrayBuffer,
        values.byteOffset + start * width,
        count * width,
      );
    });
    appender.appendDataChunk(chunk);
  }
  appender.closeSync();
  for (const { name: column, texts, type } of all) {
    if (type !== "utf8") continue;
    await connection.run(
      `CREATE TYPE ${name}_${column} AS ENUM (${texts.map((text) => `'${text}'`).join(", ")})`,
    );
  }
  const selected = all.map(({ name: column, texts, type }) => {
    if (type !== "utf8") return column;
    return `([${texts.map((text) => `'${text}'`).join(", ")}][${column} + 1])::${name}_${column} AS ${column}`;
  });
  await connection.run(`CREATE TABLE ${name} AS SELECT ${selected.join(", ")} FROM codes`);
  await connection.run("DROP TABLE codes");
}

function duckType({ type, values }: PeerColumn): DuckDBType {
  if (type === "date") return DATE;
  if (type === "float64") return DOUBLE;
  return values instanceof Int8Array ? TINYINT : INTEGER;
}

/** A Parquet file of a table; `encrypted` under a key that the same connection has. */
export async function writeParquet(
  connection: DuckDBConnection,
  table: string,
  file: string,
  kind: "plain" | "encrypted",
): Promise<void> {
  if (kind === "plain") {
    await connection.run(`COPY ${table} TO '${file}' (FORMAT parquet)`);
    return;
  }
  await connection.run(`PRAGMA add_parquet_key('bench', '${KEY}')`);
  // Its own writer of encrypted files wants OpenSSL's randomness unless told otherwise. These are for measuring only.
  await connection.run("SET force_mbedtls_unsafe = 'true'");
  await connection.run(
    `COPY ${table} TO '${file}' (FORMAT parquet, ENCRYPTION_CONFIG {footer_key: 'bench'})`,
  );
}

export function parquetSource(file: string, kind: "plain" | "encrypted"): string {
  const key = kind === "plain" ? "" : ", encryption_config = {footer_key: 'bench'}";
  return `read_parquet('${file}'${key})`;
}

/** The question over a table, or whatever else stands for one; the answer stays where it is. Returns its rows. */
export async function ask(connection: DuckDBConnection, sql: string, source: string): Promise<number> {
  const result = await connection.run(sql.replace("FROM t", `FROM ${source}`));
  return result.rowCount;
}
