// Arrow files and streams into a table of the in-memory DuckDB, which cannot read them itself. Fixed-width columns
// move as whole buffers, batch by batch; the table counts against the memory limit.
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import {
  DuckDBDataChunk,
  BIGINT,
  BOOLEAN,
  DATE,
  DECIMAL,
  DOUBLE,
  FLOAT,
  INTEGER,
  SMALLINT,
  TIMESTAMP,
  TIMESTAMPTZ,
  TIMESTAMP_MS,
  TIMESTAMP_NS,
  TIMESTAMP_S,
  TINYINT,
  UBIGINT,
  UINTEGER,
  USMALLINT,
  UTINYINT,
  VARCHAR,
  type DuckDBType,
} from "@duckdb/node-api";
import * as arrow from "apache-arrow";
import { isUtf8 } from "../../core/column/utf8.ts";
import { SealroomError } from "../../core/errors.ts";
import { isOutOfMemory, type Database } from "./database.ts";
import { CHUNK_ROWS, writeText, writeValidity, writeValues } from "./duckdb-vector.ts";
import { sqlName } from "./sql.ts";

export interface StagedArrow {
  readonly table: string;
  /** The columns' own names; in the table they are c0, c1, ... */
  readonly names: readonly string[];
}

const DECIMAL_PRECISION = 38;

/** @throws OWNER_INPUT, OWNER_COLUMN_TYPE, OWNER_MEMORY */
export async function stageArrow(database: Database, file: string, table: string): Promise<StagedArrow> {
  const reader = await openReader(file);
  try {
    const { fields } = reader.schema;
    const types = fields.map((field) => stagedType(field, file));
    const columns = types.map((type, i) => `c${i} ${type.toString()}`).join(", ");
    await database.connection.run(`CREATE TABLE ${sqlName(table)} (${columns})`);
    const appender = await database.connection.createAppender(table);
    for await (const batch of reader) {
      for (let row = 0; row < batch.numRows; row += CHUNK_ROWS) {
        const rows = Math.min(CHUNK_ROWS, batch.numRows - row);
        const chunk = DuckDBDataChunk.create(types, rows);
        fields.forEach((field, i) => {
          const data = batch.data.children[i];
          if (data !== undefined) {
            fillColumn(chunk, i, { data, type: field.type as arrow.DataType, row, rows, file });
          }
        });
        appender.appendDataChunk(chunk);
      }
    }
    appender.flushSync();
    appender.closeSync();
    return { table, names: fields.map((field) => field.name) };
  } catch (cause) {
    if (cause instanceof SealroomError) throw cause;
    if (isOutOfMemory(cause)) throw new SealroomError("OWNER_MEMORY", { file }, { cause });
    throw new SealroomError("OWNER_INPUT", { file, fault: "not readable as Arrow" }, { cause });
  } finally {
    await reader.cancel();
  }
}

type ArrowReader = arrow.AsyncRecordBatchFileReader | arrow.AsyncRecordBatchStreamReader;

async function openReader(file: string): Promise<ArrowReader> {
  const handle = await open(file, "r");
  try {
    const head = Buffer.alloc(6);
    await handle.read(head, 0, head.length, 0);
    // A file may have its dictionaries after its batches, so it is read by its footer.
    if (head.toString("latin1") === "ARROW1") {
      return await (await arrow.RecordBatchReader.from(handle)).open();
    }
    await handle.close();
    const stream: AsyncIterable<Buffer> = createReadStream(file);
    return await (await arrow.RecordBatchReader.from(stream)).open();
  } catch (cause) {
    await handle.close();
    throw new SealroomError("OWNER_INPUT", { file, fault: "not readable as Arrow" }, { cause });
  }
}

const INTEGERS = {
  8: [UTINYINT, TINYINT],
  16: [USMALLINT, SMALLINT],
  32: [UINTEGER, INTEGER],
  64: [UBIGINT, BIGINT],
} as const;
const TIMESTAMPS: Readonly<Record<arrow.TimeUnit, DuckDBType>> = {
  [arrow.TimeUnit.SECOND]: TIMESTAMP_S,
  [arrow.TimeUnit.MILLISECOND]: TIMESTAMP_MS,
  [arrow.TimeUnit.MICROSECOND]: TIMESTAMP,
  [arrow.TimeUnit.NANOSECOND]: TIMESTAMP_NS,
};

function stagedType(field: arrow.Field, file: string): DuckDBType {
  const type = field.type as arrow.DataType;
  const unsupported = new SealroomError("OWNER_COLUMN_TYPE", {
    file,
    column: field.name,
    type: arrow.Type[field.typeId],
  });
  if (arrow.DataType.isInt(type)) return INTEGERS[type.bitWidth][type.isSigned ? 1 : 0];
  if (arrow.DataType.isFloat(type) && type.precision !== arrow.Precision.HALF) {
    return type.precision === arrow.Precision.SINGLE ? FLOAT : DOUBLE;
  }
  if (arrow.DataType.isBool(type)) return BOOLEAN;
  if (isText(type)) return VARCHAR;
  if (arrow.DataType.isDate(type)) return type.unit === arrow.DateUnit.DAY ? DATE : TIMESTAMP_MS;
  if (arrow.DataType.isTimestamp(type)) {
    if (type.timezone === null || type.timezone === undefined || type.timezone === "") {
      return TIMESTAMPS[type.unit];
    }
    // With a zone the numbers are instants in UTC.
    return TIMESTAMPTZ;
  }
  if (arrow.DataType.isDecimal(type) && type.bitWidth === 128) return DECIMAL(DECIMAL_PRECISION, type.scale);
  throw unsupported;
}

function isText(type: arrow.DataType): boolean {
  if (arrow.DataType.isDictionary(type)) return isText(type.dictionary as arrow.DataType);
  return arrow.DataType.isUtf8(type) || arrow.DataType.isLargeUtf8(type);
}

interface Slice {
  readonly data: arrow.Data;
  readonly type: arrow.DataType;
  readonly row: number;
  readonly rows: number;
  readonly file: string;
}

function fillColumn(chunk: DuckDBDataChunk, column: number, slice: Slice): void {
  const { data, type, row, rows } = slice;
  if (data.nullCount > 0 || data.dictionary !== undefined) {
    writeValidity(chunk, column, validityBits(data, row, rows));
  }
  if (isText(type)) {
    fillText(chunk, column, slice);
  } else if (arrow.DataType.isBool(type)) {
    const bits = data.values as Uint8Array;
    const bytes = Uint8Array.from({ length: rows }, (_, i) => {
      const bit = data.offset + row + i;
      return ((bits[bit >> 3] ?? 0) >> (bit & 7)) & 1;
    });
    writeValues(chunk, column, bytes);
  } else {
    const values = data.values as Int32Array;
    const perRow = arrow.DataType.isDecimal(type) ? 4 : 1;
    const part = values.subarray(row * perRow, (row + rows) * perRow);
    writeValues(chunk, column, scaleInstants(part, type));
  }
}

/** What DuckDB calls infinity, which converts to nothing. */
const NO_INSTANT = 2n ** 63n - 1n;

/** Instants are staged in microseconds, those that are none exactly as none at all, so that `seal` refuses them. */
function scaleInstants(values: ArrayBufferView, type: arrow.DataType): ArrayBufferView {
  if (!arrow.DataType.isTimestamp(type) || !type.timezone || type.unit === arrow.TimeUnit.MICROSECOND) {
    return values;
  }
  const instants = values as BigInt64Array;
  if (type.unit === arrow.TimeUnit.NANOSECOND) {
    return instants.map((value) => (value % 1_000n === 0n ? value / 1_000n : NO_INSTANT));
  }
  const factor = type.unit === arrow.TimeUnit.SECOND ? 1_000_000n : 1_000n;
  return instants.map((value) => {
    const scaled = value * factor;
    return BigInt.asIntN(64, scaled) === scaled ? scaled : NO_INSTANT;
  });
}

/** Bits from `row` on, as DuckDB has them: whole words, spare bits set. */
function validityBits(data: arrow.Data, row: number, rows: number): Uint8Array {
  const bits = new Uint8Array(Math.ceil(rows / 64) * 8).fill(0xff);
  for (let i = 0; i < rows; i += 1) {
    if (!isThere(data, row + i)) bits[i >> 3] = (bits[i >> 3] ?? 0) & ~(1 << (i & 7));
  }
  return bits;
}

function fillText(chunk: DuckDBDataChunk, column: number, { data, row, rows, file }: Slice): void {
  const isCoded = data.dictionary !== undefined;
  for (let i = 0; i < rows; i += 1) {
    if (!isThere(data, row + i)) continue;
    const { part, at } = isCoded ? entryOf(data, row + i) : { part: data, at: row + i };
    const bytes = textBytes(part as TextData, at);
    if (!isUtf8(bytes, 0, bytes.length)) {
      throw new SealroomError("OWNER_INPUT", { file, fault: "text that is not valid UTF-8" });
    }
    writeText(chunk, column, i, bytes);
  }
}

/** A row with the code of a null is null. */
function isThere(data: arrow.Data, row: number): boolean {
  if (!data.getValid(row)) return false;
  if (data.dictionary === undefined) return true;
  const { part, at } = entryOf(data, row);
  return part.getValid(at);
}

/** Where the string lies that a row's code stands for. */
function entryOf(data: arrow.Data, row: number): { readonly part: arrow.Data; readonly at: number } {
  let at = Number((data.values as Int32Array)[row]);
  const parts = (data.dictionary?.data ?? []) as readonly arrow.Data[];
  for (const part of parts) {
    if (at < part.length) return { part, at };
    at -= part.length;
  }
  throw new RangeError("a code past its dictionary");
}

interface TextData {
  readonly valueOffsets: Int32Array | BigInt64Array;
  readonly values: Uint8Array;
}

/** Offsets are int32, or int64 in a LargeUtf8. */
function textBytes(data: TextData, row: number): Uint8Array {
  const { valueOffsets: offsets, values } = data;
  return values.subarray(Number(offsets[row]), Number(offsets[row + 1]));
}
