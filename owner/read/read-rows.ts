// The one pass over the inputs: every value converted, every row stored as a record, in memory or in an encrypted file.
// Nothing is known to be fit for sealing before the last row is read, so nothing is sealed before that.
import { setImmediate } from "node:timers/promises";
import { CsvFault } from "../../core/csv/fault.ts";
import { SealroomError } from "../../core/errors.ts";
import { ChunkReader } from "./chunk-reader.ts";
import { queryRows, type Database } from "./database.ts";
import { finishDictionary, openDictionaries, type Dictionaries } from "../write/dictionaries.ts";
import type { Input } from "./input.ts";
import { PlainCsv } from "./plain-csv.ts";
import { PlainReader } from "./plain-reader.ts";
import { recordLayout, type RecordLayout } from "../order/record-layout.ts";
import { RecordOrder, type RecordBlock } from "../order/record-order.ts";
import { RecordStore } from "../order/record-store.ts";
import { RecordWriter } from "../order/record-writer.ts";
import { Scanner } from "./scan.ts";
import type { SchemaFile } from "../schema-file.ts";
import { columnPlace, diagnose, readPlan, type SealColumn } from "./source.ts";
import { SpillFile } from "../order/spill-file.ts";
import { orderLimits, storeLimits } from "../order/store-limits.ts";

export interface StoredRows {
  readonly columns: readonly SealColumn[];
  readonly layout: RecordLayout;
  readonly rows: number;
  readonly droppedRows: number;
  readonly dictionaries: Dictionaries;
  /** By column: whether any row of it may be null. */
  readonly hasNulls: readonly boolean[];
  /** The rows in the order of sealing; once. @throws OWNER_MEMORY, OWNER_SPILL */
  ordered(): Iterable<RecordBlock, void, void>;
  /** Lets go of what was spilled. */
  close(): void;
}

export interface ReadRequest {
  readonly database: Database;
  readonly inputs: readonly Input[];
  readonly schema: SchemaFile;
  readonly columns: readonly SealColumn[];
  /** Hears of rows so far; what it throws ends the pass. */
  readonly onRows: (rows: number) => void;
}

/** How much memory records take, by bytes of file. */
const GROWTH: Readonly<Record<Input["format"], number>> = { csv: 1.2, parquet: 8, arrow: 1.5 };
/** Chunks between two looks at what else there is to do. */
const CHUNKS_AT_ONCE = 16;

/** @throws OWNER_INPUT, OWNER_COLUMN_TYPE, OWNER_VALUES, OWNER_UNIT_NULL, OWNER_MEMORY, OWNER_SPILL */
export async function readRows(request: ReadRequest): Promise<StoredRows> {
  try {
    return await readAll(request, "plain");
  } catch (error) {
    // Once more, by DuckDB alone, which knows more spellings and says what is wrong with the others.
    if (error instanceof CsvFault) return readAll(request, "any");
    throw error;
  }
}

async function readAll(request: ReadRequest, form: "plain" | "any"): Promise<StoredRows> {
  const { database, inputs, schema, columns, onRows } = request;
  const unit = schema.unit === null ? null : columns.findIndex(({ name }) => name === schema.unit);
  const layout = recordLayout(columns, unit);
  const memoryBytes = Math.max(0, database.limits.memoryBytes - (await usedBytes(database)));
  const bytes = inputs.reduce((sum, input) => sum + input.bytes * GROWTH[input.format], 0);
  const limits = storeLimits(memoryBytes, bytes, unit === null ? "as read" : "sorted");
  const spill = new SpillFile();
  try {
    const store = new RecordStore(limits, spill);
    const codes = openDictionaries(columns);
    const writer = new RecordWriter(layout, store, codes);
    const scanner = new Scanner(database.connection);
    for (const input of inputs) {
      const isPlain = form === "plain" && input.format === "csv";
      if (isPlain) await readPlain(input, request, layout, writer);
      else await readByDuckDB(scanner, input, request, layout, writer);
      onRows(writer.rows);
    }
    if (writer.unitless > 0 && schema.nullUnits === "refuse") {
      throw new SealroomError("OWNER_UNIT_NULL", { column: schema.unit ?? "", rows: writer.unitless });
    }
    const order = new RecordOrder(layout, orderLimits(memoryBytes), spill);
    return {
      columns,
      layout,
      rows: writer.rows,
      droppedRows: writer.unitless,
      dictionaries: new Map([...codes].map(([i, found]) => [i, finishDictionary(found)])),
      hasNulls: writer.hasNulls,
      ordered: () => order.blocks(store),
      close: () => {
        spill.close();
      },
    };
  } catch (error) {
    spill.close();
    throw error;
  }
}

/** @throws CsvFault */
async function readPlain(
  input: Input,
  { schema, columns, onRows }: ReadRequest,
  { fields }: RecordLayout,
  writer: RecordWriter,
): Promise<void> {
  const csv = new PlainCsv(input.file, schema.delimiter, input.columns.length);
  try {
    csv.skipHeader();
    const selections = columns.flatMap(({ name, arrowType: type }, i) => {
      const field = fields[i];
      return field === undefined ? [] : [{ place: columnPlace(input, name), type, field }];
    });
    const reader = new PlainReader(csv, selections, schema.nullTokens);
    let chunks = 0;
    for (let chunk = reader.read(); chunk !== null; chunk = reader.read()) {
      writer.add(chunk.columns, reader.sources, chunk.rows);
      if (++chunks % CHUNKS_AT_ONCE !== 0) continue;
      onRows(writer.rows);
      await setImmediate();
    }
  } finally {
    csv.close();
  }
}

async function readByDuckDB(
  scanner: Scanner,
  input: Input,
  { database, inputs, schema, columns, onRows }: ReadRequest,
  layout: RecordLayout,
  writer: RecordWriter,
): Promise<void> {
  const reader = new ChunkReader(readPlan(input, schema, columns, layout));
  await scanner.run(reader.expressions, input, (chunk) => {
    writer.add(reader.read(chunk), reader.sources, chunk.rowCount);
    onRows(writer.rows);
  });
  if (reader.badRows > 0) throw await diagnose(database, inputs, schema, columns);
}

/** What Arrow inputs take, which DuckDB holds as tables. */
async function usedBytes({ connection }: Database): Promise<number> {
  const sql = "SELECT coalesce(sum(memory_usage_bytes), 0)::DOUBLE AS n FROM duckdb_memory()";
  const [row = {}] = await queryRows(connection, sql);
  return Number(row["n"]);
}
