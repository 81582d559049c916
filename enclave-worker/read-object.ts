// An opened object as a table, by what its manifest says is in it: nothing that stands in the object decides that.
import { SealroomError } from "../core/errors.ts";
import type { ObjectEntry } from "../core/manifest/manifest.ts";
import { readCsv } from "./csv-table.ts";
import { readTable } from "./object-table.ts";
import type { TableShape, UseBatch } from "./object-table.ts";
import { readParquet } from "./parquet-table.ts";
import type { PlainFile } from "./plain-file.ts";
import type { Steps } from "./steps.ts";

/** Calls `use` with every batch, one after another. Errors: COLUMN_*, OBJECT_ROWS, POOL_MEMORY, what reading throws. */
export async function readObject(
  file: PlainFile,
  entry: ObjectEntry,
  shape: TableShape,
  steps: Steps,
  use: UseBatch,
): Promise<void> {
  switch (entry.format) {
    case "arrow":
      return readTable(file, shape, steps, use);
    case "csv":
      if (!("csv" in entry)) throw new SealroomError("INTERNAL");
      return readCsv(file, shape, entry.csv, steps, use);
    case "parquet":
      return readParquet(file, shape, steps, use);
  }
}
