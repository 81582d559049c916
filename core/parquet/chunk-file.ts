// One column chunk as a Parquet file of its own: its pages as they are, and a footer written here, of what was understood
// and nothing else. So the decoder of pages sees one column, no statistics, no name and no metadata of anybody's.
import type { Annotation, ParquetColumn, TimeUnit } from "./column.ts";
import { PARQUET_MAGIC, PARQUET_TRAILER_BYTES, type ColumnChunk } from "./footer.ts";
import {
  byteField,
  flagField,
  i32Field,
  i64Field,
  listField,
  structField,
  textField,
  type ThriftField,
} from "./thrift-writer.ts";

const VERSION = 1;
const NAME = "c";
const EMPTY = structField([]);

/** @param pages the bytes of the chunk's range */
export function encodeChunkFile(
  column: ParquetColumn,
  chunk: ColumnChunk,
  rows: number,
  pages: Uint8Array,
): Uint8Array {
  const footer = encodeFooter(column, chunk, rows, pages.length);
  const file = new Uint8Array(PARQUET_MAGIC.length + pages.length + footer.length + PARQUET_TRAILER_BYTES);
  file.set(PARQUET_MAGIC);
  file.set(pages, PARQUET_MAGIC.length);
  const end = PARQUET_MAGIC.length + pages.length + footer.length;
  file.set(footer, end - footer.length);
  new DataView(file.buffer).setUint32(end, footer.length, true);
  file.set(PARQUET_MAGIC, end + 4);
  return file;
}

function encodeFooter(
  column: ParquetColumn,
  chunk: ColumnChunk,
  rows: number,
  bytes: number,
): readonly number[] {
  const start = PARQUET_MAGIC.length;
  const facts = structField([
    [1, i32Field(column.physical)],
    [2, listField(chunk.encodings.map(i32Field))],
    [3, listField([textField(NAME)])],
    [4, i32Field(chunk.codec)],
    [5, i64Field(rows)],
    [6, i64Field(chunk.uncompressedBytes)],
    [7, i64Field(bytes)],
    [9, i64Field(start + chunk.dataOffset)],
    [11, chunk.hasDictionary ? i64Field(start) : null],
  ]);
  const columnChunk = structField([
    [2, i64Field(0)],
    [3, facts],
  ]);
  const group = structField([
    [1, listField([columnChunk])],
    [2, i64Field(bytes)],
    [3, i64Field(rows)],
  ]);
  const root = structField([
    [4, textField("schema")],
    [5, i32Field(1)],
  ]);
  return structField([
    [1, i32Field(VERSION)],
    [2, listField([root, encodeElement(column)])],
    [3, i64Field(rows)],
    [4, listField([group])],
  ]).bytes;
}

function encodeElement({ physical, length, isOptional, annotation }: ParquetColumn): ThriftField {
  const decimal = annotation?.kind === "decimal" ? annotation : null;
  return structField([
    [1, i32Field(physical)],
    [2, length === null ? null : i32Field(length)],
    [3, i32Field(isOptional ? 1 : 0)],
    [4, textField(NAME)],
    [7, decimal === null ? null : i32Field(decimal.scale)],
    [8, decimal === null ? null : i32Field(decimal.precision)],
    [10, annotation === null ? null : encodeLogical(annotation)],
  ]);
}

const UNIT_MEMBERS: Readonly<Record<TimeUnit, number>> = { milliseconds: 1, microseconds: 2, nanoseconds: 3 };

function encodeLogical(annotation: Annotation): ThriftField {
  switch (annotation.kind) {
    case "text":
      return structField([[1, EMPTY]]);
    case "decimal": {
      const { scale, precision } = annotation;
      return structField([
        [
          5,
          structField([
            [1, i32Field(scale)],
            [2, i32Field(precision)],
          ]),
        ],
      ]);
    }
    case "date":
      return structField([[6, EMPTY]]);
    case "timestamp": {
      const unit = structField([[UNIT_MEMBERS[annotation.unit], EMPTY]]);
      return structField([
        [
          8,
          structField([
            [1, flagField(annotation.isUtc)],
            [2, unit],
          ]),
        ],
      ]);
    }
    case "int":
      return structField([
        [
          10,
          structField([
            [1, byteField(annotation.bits)],
            [2, flagField(annotation.isSigned)],
          ]),
        ],
      ]);
    case "unknown":
      throw new RangeError("a column of no type is not read");
  }
}
