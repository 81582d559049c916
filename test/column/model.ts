// Columns by chance, and the naive way between plain values and apache-arrow's vectors.
import * as arrow from "apache-arrow";
import fc from "fast-check";
import type { ArrowField } from "../../core/column/schema.ts";
import type { ColumnType } from "../../core/column/type.ts";
import { typeOf, vectorOf, type Cell, type ColumnModel } from "./cells.ts";

export const TYPE_NAMES = [
  "bool",
  "int8",
  "int16",
  "int32",
  "int64",
  "uint8",
  "uint16",
  "uint32",
  "uint64",
  "float32",
  "float64",
  "decimal(12,2)",
  "decimal(38,10)",
  "utf8",
  "date",
  "timestamp",
  "timestamp[UTC]",
] as const;

export function cellArbitrary(type: ColumnType): fc.Arbitrary<Cell> {
  switch (type.kind) {
    case "bool":
      return fc.boolean();
    case "int":
      if (type.bits === 64) {
        return type.signed ? fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n) : fc.bigInt(0n, 2n ** 64n - 1n);
      }
      return type.signed
        ? fc.integer({ min: -(2 ** (type.bits - 1)), max: 2 ** (type.bits - 1) - 1 })
        : fc.integer({ min: 0, max: 2 ** type.bits - 1 });
    case "float":
      return type.bits === 32 ? fc.float() : fc.double();
    case "decimal":
      return fc.bigInt(-(10n ** BigInt(type.precision)) + 1n, 10n ** BigInt(type.precision) - 1n);
    case "utf8":
      return fc.oneof(
        fc.string({ unit: "binary", maxLength: 12 }),
        fc.constantFrom("", "a,b", 'q"', "l\r\nf", "\0", "ü€😀"),
      );
    case "date":
      return fc.integer({ min: -700_000, max: 2_900_000 });
    case "timestamp":
      return fc.bigInt(-(10n ** 17n), 10n ** 17n);
  }
}

export function fieldArbitrary(): fc.Arbitrary<ArrowField> {
  return fc.oneof(
    fc.constantFrom(...TYPE_NAMES).map((name) => ({ name, type: typeOf(name), dictionary: null })),
    fc
      .constantFrom<8 | 16 | 32>(8, 16, 32)
      .map((bits) => ({ name: "d", type: typeOf("utf8"), dictionary: { id: 0, bits } })),
  );
}

/** Columns of any types and of equal length; some without any null, some with nothing else. */
export function tableArbitrary(maxRows = 40): fc.Arbitrary<readonly ColumnModel[]> {
  return fc
    .tuple(fc.array(fieldArbitrary(), { minLength: 1, maxLength: 6 }), fc.integer({ min: 0, max: maxRows }))
    .chain(([fields, rows]) => fc.tuple(...fields.map((field, i) => columnArbitrary(named(field, i), rows))));
}

function named(field: ArrowField, i: number): ArrowField {
  return {
    ...field,
    name: `${field.name} ${i}`,
    dictionary: field.dictionary && { ...field.dictionary, id: i },
  };
}

function columnArbitrary(field: ArrowField, rows: number): fc.Arbitrary<ColumnModel> {
  const cell = cellArbitrary(field.type);
  const cells = fc.oneof(
    fc.array(cell, { minLength: rows, maxLength: rows }),
    fc.array(fc.option(cell), { minLength: rows, maxLength: rows }),
    fc.array(fc.constant(null), { minLength: rows, maxLength: rows }),
  );
  return cells.map((list) => ({ field, cells: list }));
}

/** The cells of apache-arrow's vector, read through its own accessors. */
export function arrowCells(vector: arrow.Vector, type: ColumnType): readonly (Cell | null)[] {
  return Array.from({ length: vector.length }, (_, row): Cell | null => {
    const value: unknown = vector.get(row);
    if (value === null) return null;
    switch (type.kind) {
      case "date":
        return Number(value) / 86_400_000;
      case "timestamp":
        return rawTimestamp(vector, row);
      case "decimal":
        return signedWords(value as Uint32Array);
      default:
        return value as Cell;
    }
  });
}

function rawTimestamp(vector: arrow.Vector, row: number): bigint {
  let at = row;
  for (const data of vector.data) {
    if (at < data.length) return (data.values as BigInt64Array)[at] ?? 0n;
    at -= data.length;
  }
  throw new RangeError(`no row ${row}`);
}

function signedWords(words: Uint32Array): bigint {
  return BigInt.asIntN(
    128,
    Array.from(words).reduceRight((value, word) => value * 2n ** 32n + BigInt(word), 0n),
  );
}

/** apache-arrow's type for ours. */
export function arrowType({ type, dictionary }: ArrowField): arrow.DataType {
  if (dictionary !== null) {
    const index = { 8: arrow.Int8, 16: arrow.Int16, 32: arrow.Int32 }[dictionary.bits];
    return new arrow.Dictionary(new arrow.Utf8(), new index(), dictionary.id);
  }
  switch (type.kind) {
    case "bool":
      return new arrow.Bool();
    case "utf8":
      return new arrow.Utf8();
    case "date":
      return new arrow.DateDay();
    case "timestamp":
      return new arrow.Timestamp(arrow.TimeUnit.MICROSECOND, type.zone);
    case "float":
      return type.bits === 32 ? new arrow.Float32() : new arrow.Float64();
    case "decimal":
      return new arrow.Decimal(type.scale, type.precision, 128);
    case "int":
      return new arrow.Int(type.signed, type.bits);
  }
}

/** The Arrow file that apache-arrow writes for these columns. */
export function arrowFile(columns: readonly ColumnModel[]): Uint8Array {
  const rows = columns[0]?.cells.length ?? 0;
  const fields = columns.map(({ field }) => new arrow.Field(field.name, arrowType(field), true));
  const children = columns.map((column) => arrowData(column));
  const data = arrow.makeData({ type: new arrow.Struct(fields), length: rows, nullCount: 0, children });
  const batch = new arrow.RecordBatch(new arrow.Schema(fields), data);
  return arrow.RecordBatchFileWriter.writeAll([batch]).toUint8Array(true);
}

export function arrowData(column: ColumnModel): arrow.Data {
  const { field, cells } = column;
  const vector = vectorOf(column);
  const type = arrowType(field);
  const base = {
    type,
    length: cells.length,
    nullBitmap: vector.validity,
    nullCount: cells.filter((cell) => cell === null).length,
  };
  switch (vector.layout) {
    case "dictionary": {
      const dictionary = arrow.vectorFromArray([...vector.values], new arrow.Utf8());
      return arrow.makeData({ ...base, data: vector.codes, dictionary } as never);
    }
    case "utf8":
      return arrow.makeData({ ...base, valueOffsets: vector.offsets, data: vector.bytes } as never);
    case "words":
      return arrow.makeData({
        ...base,
        data: vector.wordsPerValue === 4 ? vector.words : new BigInt64Array(vector.words.buffer),
      } as never);
    default:
      return arrow.makeData({ ...base, data: vector.values } as never);
  }
}
