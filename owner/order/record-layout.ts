// A row while it waits for its place: one record of whole words, so that a row moves, is sorted and is spilled as one
// piece. In words:
//   [0] length of the record   [1] [2] keyed hash of the unit, where rows have one   nulls, a bit a column
//   values of 4, 8 and 16 bytes, values of 2, values of 1   texts, the unit's first, each padded to a word
// A text's value is one word: its code in the column's dictionary, or the complement of its length (so below 0) where
// the text itself stands in the record.
import type { ColumnType } from "../../core/column/type.ts";
import type { SealColumn } from "../read/source.ts";

export type FieldLayout = "bool" | "fixed" | "decimal" | "text";

export interface RecordField {
  readonly layout: FieldLayout;
  /** Bytes of a value as DuckDB keeps it, and as the record does; of text, of its word. */
  readonly width: 1 | 2 | 4 | 8 | 16;
  /** Where in the record, counted in values of 1 or 2 bytes, or in words. */
  readonly at: number;
  /** The word of the null bit. */
  readonly nullWord: number;
  readonly nullMask: number;
}

export interface RecordLayout {
  /** One a column. */
  readonly fields: readonly RecordField[];
  /** Columns of text, in the order of their texts in a record. */
  readonly texts: readonly number[];
  readonly unit: number | null;
  /** Where the words of null bits begin, and how many they are. */
  readonly nullsAt: number;
  readonly nullWords: number;
  /** Words before the texts. */
  readonly fixedWords: number;
}

export const HASH_HIGH = 1;
export const HASH_LOW = 2;

export function recordLayout(columns: readonly SealColumn[], unit: number | null): RecordLayout {
  const nullsAt = unit === null ? 1 : 3;
  const nullWords = Math.ceil(columns.length / 32);
  let bytes = 4 * (nullsAt + nullWords);
  const shapes = columns.map(({ arrowType }) => fieldShape(arrowType));
  const places = columns.map(() => 0);
  for (const isWide of [
    (width: number) => width >= 4,
    (width: number) => width === 2,
    (width: number) => width === 1,
  ]) {
    for (const [i, { width }] of shapes.entries()) {
      if (!isWide(width)) continue;
      places[i] = bytes / Math.min(width, 4);
      bytes += width;
    }
  }
  const texts = shapes.flatMap(({ layout }, i) => (layout === "text" && i !== unit ? [i] : []));
  const isTextUnit = unit !== null && shapes[unit]?.layout === "text";
  return {
    fields: shapes.map((shape, i) => ({
      ...shape,
      at: places[i] ?? 0,
      nullWord: nullsAt + (i >> 5),
      nullMask: 1 << (i & 31),
    })),
    texts: isTextUnit ? [unit, ...texts] : texts,
    unit,
    nullsAt,
    nullWords,
    fixedWords: Math.ceil(bytes / 4),
  };
}

function fieldShape(type: ColumnType): Pick<RecordField, "layout" | "width"> {
  switch (type.kind) {
    case "bool":
      return { layout: "bool", width: 1 };
    case "utf8":
      return { layout: "text", width: 4 };
    case "decimal": {
      // DuckDB keeps a decimal in the smallest integer that holds its digits.
      const { precision } = type;
      return { layout: "decimal", width: precision <= 4 ? 2 : precision <= 9 ? 4 : precision <= 18 ? 8 : 16 };
    }
    case "date":
      return { layout: "fixed", width: 4 };
    case "timestamp":
      return { layout: "fixed", width: 8 };
    case "int":
    case "float":
      return { layout: "fixed", width: (type.bits / 8) as 1 | 2 | 4 | 8 };
  }
}

/** The same memory in all the widths of values. */
export interface RecordMemory {
  readonly words: Int32Array;
  readonly halves: Int16Array;
  readonly bytes: Uint8Array;
}

export function recordMemory(words: number): RecordMemory {
  const buffer = new ArrayBuffer(words * 4);
  return { words: new Int32Array(buffer), halves: new Int16Array(buffer), bytes: new Uint8Array(buffer) };
}
