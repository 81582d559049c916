// A Parquet file's footer: which columns there are, and where each row group has them. Parsed here and not by the decoder
// of pages, so that which bytes are read follows from the layout, checked, and from nothing else: statistics, indexes and
// Bloom filters are not looked at (DESIGN 1.4). Encrypted columns and files in parts are refused.
import { SealroomError } from "../errors.ts";
import type { Range } from "../column/range.ts";
import { MAX_COLUMNS } from "../manifest/manifest.ts";
import {
  columnType,
  convertedAnnotation,
  readLogical,
  type Annotation,
  type ParquetColumn,
} from "./column.ts";
import { parquetFault } from "./fault.ts";
import { ThriftReader } from "./thrift-reader.ts";

export const PARQUET_MAGIC: Uint8Array = new TextEncoder().encode("PAR1");
export const PARQUET_TRAILER_BYTES: number = 4 + PARQUET_MAGIC.length;
export const MAX_PARQUET_FOOTER_BYTES: number = 8 * 1024 * 1024;
/** What to read first from the end: holds most footers. */
export const PARQUET_GUESS_BYTES: number = 64 * 1024;

/** All pages of one column in one row group. */
export interface ColumnChunk {
  readonly codec: number;
  readonly encodings: readonly number[];
  /** In the file. */
  readonly range: Range;
  /** From the range's start. */
  readonly dataOffset: number;
  readonly hasDictionary: boolean;
  readonly uncompressedBytes: number;
}

export interface RowGroup {
  readonly rows: number;
  /** One a column. */
  readonly chunks: readonly ColumnChunk[];
}

export interface ParquetFile {
  readonly columns: readonly ParquetColumn[];
  readonly rowGroups: readonly RowGroup[];
}

/**
 * How many of the file's last bytes `parseParquetFooter` needs, told from its last PARQUET_TRAILER_BYTES or more.
 * @throws COLUMN_PARQUET
 */
export function parquetFooterBytes(tail: Uint8Array, fileBytes: number): number {
  const at = tail.length - PARQUET_TRAILER_BYTES;
  const least = 2 * PARQUET_MAGIC.length + 4;
  if (at < 0 || fileBytes < least || PARQUET_MAGIC.some((byte, i) => tail[at + 4 + i] !== byte)) {
    throw parquetFault("footer");
  }
  const length = new DataView(tail.buffer, tail.byteOffset + at, 4).getUint32(0, true);
  if (length > MAX_PARQUET_FOOTER_BYTES || length > fileBytes - least) throw parquetFault("footer");
  return length + PARQUET_TRAILER_BYTES;
}

/**
 * @param tail at least `parquetFooterBytes` of the file's last bytes
 * @throws COLUMN_PARQUET, COLUMN_TYPE, COLUMN_LIMIT
 */
export function parseParquetFooter(tail: Uint8Array, fileBytes: number): ParquetFile {
  const needed = parquetFooterBytes(tail, fileBytes);
  if (tail.length < needed) throw parquetFault("footer");
  const bytes = tail.subarray(tail.length - needed, tail.length - PARQUET_TRAILER_BYTES);
  const reader = new ThriftReader(bytes);
  const schema: ParquetColumn[] = [];
  const rowGroups: RowGroup[] = [];
  let rows = -1;
  // parquet.thrift, struct FileMetaData.
  reader.root((id, type) => {
    if (id === 2) schema.push(...readSchema(reader, type));
    else if (id === 3) rows = reader.integer(type);
    else if (id === 4) {
      reader.list(type, (group) => rowGroups.push(readRowGroup(reader, group, schema, fileBytes - needed)));
    } else if (id === 8 || id === 9) throw parquetFault("footer");
    else return false;
    return true;
  });
  if (schema.length === 0 || reader.at !== bytes.length) throw parquetFault("footer");
  if (rowGroups.reduce((sum, group) => sum + group.rows, 0) !== rows) throw parquetFault("footer");
  checkTotal(rowGroups, fileBytes);
  return { columns: schema, rowGroups };
}

/** A reader is so never made to fetch more than the file has. */
function checkTotal(rowGroups: readonly RowGroup[], fileBytes: number): void {
  let total = 0;
  for (const { chunks } of rowGroups) {
    for (const { range } of chunks) total += range.end - range.start;
  }
  if (total > fileBytes) throw parquetFault("column chunk");
}

function readSchema(reader: ThriftReader, type: number): readonly ParquetColumn[] {
  let expected = 0;
  const columns: ParquetColumn[] = [];
  const count = reader.list(type, (element, index) => {
    if (index > MAX_COLUMNS) throw new SealroomError("COLUMN_LIMIT", { columns: index });
    const { column, children } = readElement(reader, element);
    if (index === 0) {
      expected = children ?? 0;
      return;
    }
    // A leaf of a flat table, of a type that we hold.
    if (children !== null || column === null || columnType(column) === undefined) {
      throw new SealroomError("COLUMN_TYPE", { column: index - 1 });
    }
    columns.push(column);
  });
  if (count === 0 || columns.length !== expected) throw parquetFault("schema");
  return columns;
}

const MAX_NAME_BYTES = 1_024;

/** parquet.thrift, struct SchemaElement. */
function readElement(
  reader: ThriftReader,
  type: number,
): { readonly column: ParquetColumn | null; readonly children: number | null } {
  const read = {
    physical: -1,
    length: -1,
    repetition: -1,
    children: -1,
    converted: -1,
    scale: 0,
    precision: 0,
  };
  let name = "";
  const logical: Annotation[] = [];
  reader.struct(type, (id, field) => {
    if (id === 1) read.physical = reader.integer(field);
    else if (id === 2) read.length = reader.integer(field);
    else if (id === 3) read.repetition = reader.integer(field);
    else if (id === 4) name = readName(reader.binary(field, MAX_NAME_BYTES));
    else if (id === 5) read.children = reader.integer(field);
    else if (id === 6) read.converted = reader.integer(field);
    else if (id === 7) read.scale = reader.integer(field);
    else if (id === 8) read.precision = reader.integer(field);
    else if (id === 10) logical.push(readLogical(reader, field));
    else return false;
    return true;
  });
  const { physical, length, repetition, converted, scale, precision } = read;
  const older = converted < 0 ? null : convertedAnnotation(converted, scale, precision);
  const column =
    physical < 0 || (repetition !== REQUIRED && repetition !== OPTIONAL)
      ? null
      : {
          name,
          physical,
          length: length < 0 ? null : length,
          isOptional: repetition === OPTIONAL,
          annotation: logical[0] ?? older,
        };
  return { column, children: read.children <= 0 && physical >= 0 ? null : read.children };
}

const [REQUIRED, OPTIONAL] = [0, 1];

function readName(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw parquetFault("schema");
  }
}

/** parquet.thrift, struct RowGroup. @param end where the footer begins */
function readRowGroup(
  reader: ThriftReader,
  type: number,
  columns: readonly ParquetColumn[],
  end: number,
): RowGroup {
  const read: { chunk: ColumnChunk; values: number }[] = [];
  let rows = -1;
  reader.struct(type, (id, field) => {
    if (id === 1) {
      reader.list(field, (element, index) => {
        const column = columns[index];
        if (column === undefined) throw parquetFault("row group");
        read.push(readChunk(reader, element, column, end));
      });
    } else if (id === 3) rows = reader.integer(field);
    else return false;
    return true;
  });
  if (rows < 0 || read.length !== columns.length) throw parquetFault("row group");
  // A flat column has a value, or the mark of none, for each row.
  if (read.some(({ values }) => values !== rows)) throw parquetFault("column chunk");
  return { rows, chunks: read.map(({ chunk }) => chunk) };
}

const MAX_ENCODINGS = 14;

/** parquet.thrift, structs ColumnChunk and ColumnMetaData. */
function readChunk(
  reader: ThriftReader,
  type: number,
  column: ParquetColumn,
  end: number,
): { readonly chunk: ColumnChunk; readonly values: number } {
  const read = {
    physical: -1,
    codec: -1,
    values: -1,
    uncompressed: -1,
    compressed: -1,
    data: -1,
    dictionary: 0,
  };
  const encodings = new Set<number>();
  const path: string[] = [];
  reader.struct(type, (id, field) => {
    // In another file, or encrypted.
    if (id === 1 || id === 8 || id === 9) throw parquetFault("column chunk");
    if (id !== 3) return false;
    reader.struct(field, (member, inner) => {
      if (member === 1) read.physical = reader.integer(inner);
      else if (member === 2) reader.list(inner, (each) => encodings.add(reader.integer(each)));
      else if (member === 3) {
        reader.list(inner, (each) => path.push(readName(reader.binary(each, MAX_NAME_BYTES))));
      } else if (member === 4) read.codec = reader.integer(inner);
      else if (member === 5) read.values = reader.integer(inner);
      else if (member === 6) read.uncompressed = reader.integer(inner);
      else if (member === 7) read.compressed = reader.integer(inner);
      else if (member === 9) read.data = reader.integer(inner);
      else if (member === 11) read.dictionary = reader.integer(inner);
      else return false;
      return true;
    });
    return true;
  });
  const { physical, codec, values, uncompressed, compressed, data, dictionary } = read;
  // Some writers say 0 where there is none.
  const start = dictionary === 0 ? data : dictionary;
  const isPlaced =
    start >= PARQUET_MAGIC.length &&
    data >= start &&
    compressed >= 0 &&
    compressed <= end - start &&
    data <= start + compressed;
  const isThis = physical === column.physical && path.length === 1 && path[0] === column.name;
  if (!isPlaced || !isThis || codec < 0 || uncompressed < 0 || encodings.size > MAX_ENCODINGS) {
    throw parquetFault("column chunk");
  }
  return {
    chunk: {
      codec,
      encodings: [...encodings],
      range: { start, end: start + compressed },
      dataOffset: data - start,
      hasDictionary: dictionary !== 0,
      uncompressedBytes: uncompressed,
    },
    values,
  };
}
