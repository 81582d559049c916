// Parquet files as DuckDB writes them.
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDatabase } from "../../owner/read/database.ts";

/** @param select of the rows. @param options of COPY, behind FORMAT */
export async function writeParquet(select: string, options = "COMPRESSION snappy"): Promise<Uint8Array> {
  const directory = await mkdtemp(join(tmpdir(), "sealroom-parquet-"));
  // In one thread, so that rows keep their order.
  const database = await openDatabase({ memoryBytes: 200_000_000, threads: 1 });
  try {
    const path = join(directory, "file.parquet");
    await database.connection.run(`COPY (${select}) TO '${path}' (FORMAT parquet, ${options})`);
    return new Uint8Array(await readFile(path));
  } finally {
    database.close();
    await rm(directory, { recursive: true });
  }
}

/** Rows of values as SQL. */
export function selectRows(
  columns: readonly (readonly [name: string, type: string])[],
  rows: readonly (readonly (string | number | boolean | bigint | null)[])[],
): string {
  const literal = (value: string | number | boolean | bigint | null): string =>
    typeof value === "string" ? `'${value.replaceAll("'", "''")}'` : String(value);
  const values = rows.map((row) => `(${row.map(literal).join(", ")})`).join(", ");
  const names = columns.map(([name]) => name);
  const casts = columns.map(([name, type]) => `CAST(${name} AS ${type}) AS ${name}`);
  return `SELECT ${casts.join(", ")} FROM (VALUES ${values}) AS t(${names.join(", ")})`;
}
