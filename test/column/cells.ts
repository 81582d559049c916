// Columns as plain JavaScript values, and the naive way between them and our vectors.
import type { ArrowField } from "../../core/column/schema.ts";
import { encodeTable } from "../../core/column/table.ts";
import { findColumnType, type ColumnType } from "../../core/column/type.ts";
import type { Vector } from "../../core/column/vector.ts";

/** int64, uint64, timestamp and decimal are bigints (microseconds, unscaled); date is a number of days. */
export type Cell = boolean | number | bigint | string;

export interface ColumnModel {
  readonly field: ArrowField;
  readonly cells: readonly (Cell | null)[];
}

export function typeOf(name: string): ColumnType {
  const type = findColumnType(name);
  if (type === undefined) throw new Error(`no type ${name}`);
  return type;
}

/** Our vector of these cells. Null slots hold rubbish, as a careless writer's would. */
export function vectorOf({ field, cells }: ColumnModel): Vector {
  const rows = cells.length;
  const base = { type: field.type, rows, validity: validityOf(cells) };
  if (field.dictionary !== null) {
    const values = [...new Set(cells.filter((cell) => cell !== null))] as string[];
    const arrays = { 8: Int8Array, 16: Int16Array, 32: Int32Array };
    const codes = new arrays[field.dictionary.bits](
      cells.map((cell) => (cell === null ? 77 : values.indexOf(cell as string))),
    );
    return { ...base, layout: "dictionary", codes, values };
  }
  switch (field.type.kind) {
    case "bool":
      return { ...base, layout: "bits", values: bitsOf(cells.map((cell) => cell ?? true) as boolean[]) };
    case "utf8": {
      const encoded = cells.map((cell) => new TextEncoder().encode((cell as string | null) ?? "stale"));
      const offsets = new Int32Array(rows + 1);
      encoded.forEach((bytes, i) => (offsets[i + 1] = (offsets[i] ?? 0) + bytes.length));
      return { ...base, layout: "utf8", offsets, bytes: new Uint8Array(Buffer.concat(encoded)) };
    }
    case "decimal":
      return { ...base, layout: "words", words: wordsOf(cells, 4), wordsPerValue: 4 };
    case "timestamp":
      return { ...base, layout: "words", words: wordsOf(cells, 2), wordsPerValue: 2 };
    case "date":
      return {
        ...base,
        layout: "number",
        values: Int32Array.from(cells as (number | null)[], (cell) => cell ?? 99),
      };
    case "float": {
      const numbers = cells.map((cell) => (cell as number | null) ?? 99);
      return {
        ...base,
        layout: "number",
        values: field.type.bits === 32 ? Float32Array.from(numbers) : Float64Array.from(numbers),
      };
    }
    case "int": {
      if (field.type.bits === 64) {
        return { ...base, layout: "words", words: wordsOf(cells, 2), wordsPerValue: 2 };
      }
      const arrays = {
        8: [Uint8Array, Int8Array],
        16: [Uint16Array, Int16Array],
        32: [Uint32Array, Int32Array],
      } as const;
      const array = arrays[field.type.bits][field.type.signed ? 1 : 0];
      return {
        ...base,
        layout: "number",
        values: array.from(cells.map((cell) => (cell as number | null) ?? 99)),
      };
    }
  }
}

export function bitsOf(flags: readonly boolean[]): Uint8Array {
  const bits = new Uint8Array((flags.length + 7) >> 3).fill(0xff);
  flags.forEach((flag, i) => {
    if (!flag) bits[i >> 3] = (bits[i >> 3] ?? 0) & ~(1 << (i & 7));
  });
  return bits;
}

function validityOf(cells: readonly (Cell | null)[]): Uint8Array | null {
  return cells.includes(null) ? bitsOf(cells.map((cell) => cell !== null)) : null;
}

function wordsOf(cells: readonly (Cell | null)[], width: number): Uint32Array {
  return Uint32Array.from(
    cells.flatMap((cell) =>
      Array.from({ length: width }, (_, word) =>
        Number(BigInt.asUintN(32, ((cell as bigint | null) ?? -1n) >> BigInt(32 * word))),
      ),
    ),
  );
}

/** The cells of our vector, one by one. */
export function cellsOf(vector: Vector): readonly (Cell | null)[] {
  return Array.from({ length: vector.rows }, (_, row) => {
    const bit = (bits: Uint8Array): boolean => (((bits[row >> 3] ?? 0) >> (row % 8)) & 1) === 1;
    if (vector.validity !== null && !bit(vector.validity)) return null;
    switch (vector.layout) {
      case "bits":
        return bit(vector.values);
      case "number":
        return vector.values[row] ?? null;
      case "dictionary":
        return vector.values[vector.codes[row] ?? -1] ?? null;
      case "utf8":
        return Buffer.from(vector.bytes.slice(vector.offsets[row], vector.offsets[row + 1])).toString("utf8");
      case "words": {
        const words = vector.words.slice(row * vector.wordsPerValue, (row + 1) * vector.wordsPerValue);
        const unsigned = words.reduceRight((value, word) => value * 2n ** 32n + BigInt(word), 0n);
        const isUnsigned = vector.type.kind === "int" && !vector.type.signed;
        return isUnsigned ? unsigned : BigInt.asIntN(32 * vector.wordsPerValue, unsigned);
      }
    }
  });
}

/** A file of one batch, by our writer. */
export function fileOf(columns: readonly ColumnModel[]): Uint8Array {
  const rows = columns[0]?.cells.length ?? 0;
  return encodeTable(
    columns.map(({ field }) => field),
    [{ rows, columns: columns.map(vectorOf) }],
  );
}
