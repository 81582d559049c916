// Where the buffers of one record batch lie. The layout is validated before a byte of data is fetched: buffers
// apart, inside the body, aligned and long enough for the rows. Values are vectors.ts's to check.
import { SealroomError } from "../errors.ts";
import type { FlatBuffer, Table } from "./flatbuffer.ts";
import { parseMessage, type Block } from "./footer.ts";
import { EMPTY_RANGE, inFileOrder, rangeBytes, type Range } from "./range.ts";
import type { ArrowField } from "./schema.ts";
import { MAX_BATCH_ROWS, type ColumnType } from "./type.ts";

/** The buffers of one column. A buffer that holds nothing is an empty range and is never asked for. */
export interface ColumnLayout {
  readonly nullCount: number;
  /** Empty when no row is null. */
  readonly validity: Range;
  /** Of utf8 without a dictionary only: rows + 1 int32, or int64. */
  readonly offsets: Range;
  readonly values: Range;
}

export interface BatchLayout {
  readonly rows: number;
  readonly columns: readonly ColumnLayout[];
}

const HEADER_RECORD_BATCH = 3;
/** A buffer past this is refused before it is fetched: an enclave has no disk to fall back on. */
export const MAX_BUFFER_BYTES: number = 256 * 1024 * 1024;
const BUFFER_ALIGNMENT = 8;

/** What to fetch for parseBatch. */
export function metadataRange(block: Block): Range {
  return block.metadata;
}

/**
 * @param metadata the bytes of `metadataRange(block)`
 * @throws COLUMN_METADATA, COLUMN_COMPRESSED, COLUMN_LIMIT, COLUMN_LAYOUT
 */
export function parseBatch(metadata: Uint8Array, block: Block, fields: readonly ArrowField[]): BatchLayout {
  const { buffer, header } = parseMessage(metadata, block, HEADER_RECORD_BATCH);
  return parseRecordBatch(buffer, header, block.body, fields, MAX_BATCH_ROWS);
}

/** The RecordBatch table, alone or inside a DictionaryBatch; Message.fbs has its slots. */
export function parseRecordBatch(
  buffer: FlatBuffer,
  header: Table,
  body: Range,
  fields: readonly ArrowField[],
  maxRows: number,
): BatchLayout {
  const rows = header.i64(0);
  if (rows > maxRows) throw new SealroomError("COLUMN_LIMIT", { rows });
  if (header.has(3)) throw new SealroomError("COLUMN_COMPRESSED");
  if (header.structs(4, 8).count !== 0) throw new SealroomError("COLUMN_METADATA", { part: "variadic" });
  const nodes = header.structs(1, 16);
  if (nodes.count !== fields.length) throw new SealroomError("COLUMN_METADATA", { part: "nodes" });
  const ranges = parseBuffers(buffer, header, body, fields);

  let used = 0;
  const columns = fields.map((field, column): ColumnLayout => {
    const node = nodes.start + 16 * column;
    const nullCount = buffer.i64(node + 8);
    if (buffer.i64(node) !== rows || nullCount > rows) throw new SealroomError("COLUMN_LAYOUT", { column });
    const [first, second, third] = ranges.slice(used, used + bufferCount(field));
    used += bufferCount(field);
    const validity = nullCount === 0 ? EMPTY_RANGE : take(first, bitmapBytes(rows), column);
    if (third === undefined) {
      return {
        nullCount,
        validity,
        offsets: EMPTY_RANGE,
        values: take(second, valueBytes(field, rows), column),
      };
    }
    if (rangeBytes(third) > MAX_BUFFER_BYTES) throw new SealroomError("COLUMN_LIMIT", { column });
    // The format lets the offsets of no rows be left out.
    const offsets = take(second, rows === 0 ? 0 : offsetWidth(field) * (rows + 1), column);
    return { nullCount, validity, offsets, values: rows === 0 ? EMPTY_RANGE : third };
  });
  return { rows, columns };
}

/** The buffers as file ranges; refused unless each lies inside the body and no two overlap. */
function parseBuffers(
  buffer: FlatBuffer,
  header: Table,
  body: Range,
  fields: readonly ArrowField[],
): readonly Range[] {
  const buffers = header.structs(2, 16);
  if (buffers.count !== fields.reduce((sum, field) => sum + bufferCount(field), 0)) {
    throw new SealroomError("COLUMN_METADATA", { part: "buffers" });
  }
  const ranges = Array.from({ length: buffers.count }, (_, index) => {
    const offset = buffer.i64(buffers.start + 16 * index);
    const length = buffer.i64(buffers.start + 16 * index + 8);
    if (offset % BUFFER_ALIGNMENT !== 0 || offset + length > rangeBytes(body)) {
      throw new SealroomError("COLUMN_LAYOUT", { buffer: index });
    }
    return { start: body.start + offset, end: body.start + offset + length };
  });
  checkApart(ranges);
  return ranges;
}

/** A reader is so never made to fetch more than the file has. Writers choose the order, which means nothing. */
function checkApart(ranges: readonly Range[]): void {
  let end = 0;
  for (const range of inFileOrder(ranges)) {
    if (range.start < end) throw new SealroomError("COLUMN_LAYOUT", { offset: range.start });
    end = range.end;
  }
}

/** Validity and values; text has offsets between them. */
function bufferCount(field: ArrowField): number {
  return holdsText(field) ? 3 : 2;
}

/** The first `bytes` of a buffer that must hold them; the rest is padding. */
function take(range: Range | undefined, bytes: number, column: number): Range {
  if (range === undefined || rangeBytes(range) < bytes) throw new SealroomError("COLUMN_LAYOUT", { column });
  return { start: range.start, end: range.start + bytes };
}

/** The buffers to fetch for these columns (positions in the schema), in file order. */
export function neededRanges(layout: BatchLayout, columns: readonly number[]): readonly Range[] {
  return inFileOrder(
    columns.flatMap((column) => {
      const { validity, offsets, values } = columnLayout(layout, column);
      return [validity, offsets, values];
    }),
  );
}

export function columnLayout(layout: BatchLayout, column: number): ColumnLayout {
  const found = layout.columns[column];
  if (found === undefined) throw new RangeError(`no column ${column} in the batch`);
  return found;
}

export function bitmapBytes(rows: number): number {
  return (rows + 7) >> 3;
}

/** Bytes of one value of a fixed width; 0 for bool, which is packed, and for text. */
export function valueWidth(type: ColumnType): number {
  switch (type.kind) {
    case "int":
    case "float":
      return type.bits >> 3;
    case "decimal":
      return 16;
    case "timestamp":
      return 8;
    case "date":
      return 4;
    case "bool":
    case "utf8":
      return 0;
  }
}

export function holdsText(field: ArrowField): boolean {
  return field.type.kind === "utf8" && field.dictionary === null;
}

/** In a file. */
function offsetWidth({ stored }: ArrowField): number {
  return stored === "large_utf8" ? 8 : 4;
}

/** Of a column's values or codes, in a file. */
function valueBytes({ type, dictionary, stored }: ArrowField, rows: number): number {
  if (dictionary !== null) return rows * ((dictionary.stored ?? dictionary).bits >> 3);
  if (type.kind === "bool") return bitmapBytes(rows);
  return rows * (stored === "date64" ? 8 : valueWidth(type));
}
