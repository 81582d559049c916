// One adopted CSV text as a table. All of it is read, whatever columns are wanted, and every record counts.
import { csvBatches } from "../core/csv/batches.ts";
import type { CsvDialect } from "../core/csv/dialect.ts";
import { CsvFault } from "../core/csv/fault.ts";
import { SealroomError } from "../core/errors.ts";
import type { TableShape, UseBatch } from "./object-table.ts";
import { CSV_MS } from "./patience.ts";
import type { PlainFile } from "./plain-file.ts";
import { RowCount } from "./row-count.ts";
import type { Steps } from "./steps.ts";

/** Calls `use` with every batch, one after another. Errors: COLUMN_CSV, OBJECT_ROWS, what reading throws. */
export async function readCsv(
  file: PlainFile,
  { schema, columns, rows }: TableShape,
  dialect: CsvDialect,
  steps: Steps,
  use: UseBatch,
): Promise<void> {
  const places = columns.map((name) => schema.findIndex((column) => column.name === name));
  const count = new RowCount(rows);
  try {
    const shape = { schema, dialect, columns: places };
    for await (const batch of csvBatches(file, shape, (work) => steps.take(CSV_MS, work))) {
      count.add(batch.rows);
      await use(batch);
    }
  } catch (error) {
    throw error instanceof CsvFault ? refusal(error) : error;
  }
  count.checkWhole();
}

/** Which record it was is the owner's to know: it would tell where in the data a value stands. */
function refusal({ part, column }: CsvFault): SealroomError {
  return new SealroomError("COLUMN_CSV", column === null ? { part } : { part, column });
}
