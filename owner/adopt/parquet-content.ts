// A Parquet file inside an object that others wrote, read as the enclave will read it.
import { readFileSync } from "node:fs";
import { columnTypeName } from "../../core/column/type.ts";
import {
  checkParquetSchema,
  openParquet,
  parquetBatches,
  type ParquetMeans,
} from "../../core/parquet/batches.ts";
import { columnType } from "../../core/parquet/column.ts";
import type { ParquetFile } from "../../core/parquet/footer.ts";
import { PageDecoder } from "../../core/parquet/page-decoder.ts";
import type { ColumnEntry } from "../../core/manifest/manifest.ts";
import type { OpenedFile } from "../../core/seal/byte-source.ts";
import { checkUnits } from "./check-units.ts";

export interface ParquetContent {
  readonly columns: readonly Pick<ColumnEntry, "name" | "type">[];
  readonly parquet: ParquetFile;
}

/** What a thread of a large enclave may have; a smaller one says POOL_MEMORY. */
const MOST_BYTES: number = 512 * 1024 * 1024;

const run: ParquetMeans["run"] = (_bytes, work) => work();

/** @throws COLUMN_PARQUET, COLUMN_TYPE, COLUMN_LIMIT */
export async function openParquetContent(file: OpenedFile): Promise<ParquetContent> {
  const parquet = await openParquet(file, run);
  const columns = parquet.columns.map((column) => {
    const type = columnType(column);
    if (type === undefined) throw new RangeError("a footer with such a column is refused");
    return { name: column.name, type: columnTypeName(type) };
  });
  return { columns, parquet };
}

/** @throws COLUMN_*, POOL_MEMORY, OWNER_UNIT_NULL, what reading throws */
export async function checkParquet(
  file: OpenedFile,
  parquet: ParquetFile,
  schema: readonly ColumnEntry[],
): Promise<number> {
  checkParquetSchema(parquet, schema);
  const wasm = new URL(import.meta.resolve("parquet-wasm/esm/parquet_wasm_bg.wasm"));
  const decoder = new PageDecoder(readFileSync(wasm), MOST_BYTES);
  const places = schema.map((_, place) => place);
  const unitColumn = schema.findIndex(({ role }) => role === "unit");
  let rows = 0;
  const batches = parquetBatches(file, parquet, places, { decoder, mostBytes: MOST_BYTES, run });
  for await (const batch of batches) {
    checkUnits(batch, schema, unitColumn);
    rows += batch.rows;
  }
  return rows;
}
