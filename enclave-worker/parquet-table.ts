// One adopted Parquet file as a table: the footer, then of each row group the wanted columns. The decoder of pages is made
// in a thread that meets its first such file, and kept.
import { checkParquetSchema, openParquet, parquetBatches } from "../core/parquet/batches.ts";
import { PageDecoder } from "../core/parquet/page-decoder.ts";
import { readDecoder } from "./decoder-file.ts";
import type { TableShape, UseBatch } from "./object-table.ts";
import { readMs } from "./patience.ts";
import type { PlainFile } from "./plain-file.ts";
import { RowCount } from "./row-count.ts";
import type { Steps } from "./steps.ts";

/** A thread has the one limit for all its life. */
let known: PageDecoder | null = null;

/** Calls `use` with every batch, one after another. Errors: COLUMN_*, OBJECT_ROWS, POOL_MEMORY, what reading throws. */
export async function readParquet(
  file: PlainFile,
  { schema, columns, rows }: TableShape,
  steps: Steps,
  use: UseBatch,
): Promise<void> {
  const run = <T>(bytes: number, work: () => T): T => steps.take(readMs(bytes), work);
  const parquet = await openParquet(file, run);
  checkParquetSchema(parquet, schema);
  const count = new RowCount(rows);
  for (const group of parquet.rowGroups) count.add(group.rows);
  count.checkWhole();
  const places = columns.map((name) => schema.findIndex((column) => column.name === name));
  // Compiling it has nothing to do with any bytes of an owner's.
  known ??= new PageDecoder(readDecoder(), steps.mostBytes);
  const means = { decoder: known, mostBytes: steps.mostBytes, run };
  for await (const batch of parquetBatches(file, parquet, places, means)) await use(batch);
}
