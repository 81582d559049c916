// The keys of rows as words: equal values give equal words, whichever side and width they come from. A row without a key,
// as one with a null in it, meets nobody.
import type { ColumnBatch, Vector } from "../../core/column/vector.ts";
import { isSet } from "../../core/column/validity.ts";
import type { TextTable } from "../aggregate/text-table.ts";
import type { KeyType } from "./program.ts";

/** Of a batch's rows. */
export interface RowKeys {
  /** `width` words a row. */
  readonly words: Uint32Array;
  /** 0 where there is a key, -1 where there is none: as tables take it. */
  readonly marks: Int32Array;
}

export class KeyWords {
  readonly #types: readonly KeyType[];
  readonly #input: 0 | 1;
  readonly #texts: readonly (TextTable | null)[];
  readonly width: number;
  /** By key, the dictionary that was met last, and what its strings are here: it is the same for an object's batches. */
  readonly #known = new Map<number, { readonly values: readonly string[]; readonly codes: Int32Array }>();

  /** `texts`: by key, the strings that there may be partners for; null of keys that are no text. */
  constructor(types: readonly KeyType[], input: 0 | 1, texts: readonly (TextTable | null)[]) {
    this.#types = types;
    this.#input = input;
    this.#texts = texts;
    this.width = types.reduce((sum, { kind }) => sum + WIDTHS[kind], 0);
  }

  read({ rows, columns }: ColumnBatch, keys: readonly number[]): RowKeys {
    const words = new Uint32Array(rows * this.width);
    const marks = new Int32Array(rows);
    let at = 0;
    this.#types.forEach((type, key) => {
      const vector = columns[keys[key] ?? -1];
      if (vector === undefined) throw new Error("internal: a batch lacks a key");
      markNulls(vector, marks);
      if (type.kind === "text") this.#readText(vector, key, { words, marks }, at);
      else readNumbers(vector, { words, marks }, { at, width: this.width, words: WIDTHS[type.kind] });
      if (this.#isMixed(type)) markUnmatched(marks, words, this.width, at);
      at += WIDTHS[type.kind];
    });
    return { words, marks };
  }

  /** Strings that are not in the table have no partner. */
  #readText(vector: Vector, key: number, { words, marks }: RowKeys, at: number): void {
    const table = this.#texts[key];
    if (table === null || table === undefined) throw new Error("internal: a text without its table");
    const put = (row: number, code: number): void => {
      if (code < 0) marks[row] = -1;
      else words[row * this.width + at] = code;
    };
    if (vector.layout === "dictionary") {
      const codes = this.#codesOf(key, table, vector.values);
      for (let row = 0; row < marks.length; row += 1) {
        if (marks[row] === 0) put(row, codes[vector.codes[row] ?? 0] ?? -1);
      }
      return;
    }
    if (vector.layout !== "utf8") throw new Error("internal: a text of numbers");
    const { offsets, bytes } = vector;
    for (let row = 0; row < marks.length; row += 1) {
      if (marks[row] === 0) put(row, table.find(bytes, offsets[row] ?? 0, offsets[row + 1] ?? 0));
    }
  }

  #codesOf(key: number, table: TextTable, values: readonly string[]): Int32Array {
    const known = this.#known.get(key);
    if (known?.values === values) return known.codes;
    const encoder = new TextEncoder();
    const codes = Int32Array.from(values, (text) => {
      const bytes = encoder.encode(text);
      return table.find(bytes, 0, bytes.length);
    });
    this.#known.set(key, { values, codes });
    return codes;
  }

  /** Whether one side's 64 bits may mean what the other side has not: 2^64 - 1 is not -1. */
  #isMixed({ types }: KeyType): boolean {
    const [own, other] = [types[this.#input], types[this.#input === 0 ? 1 : 0]];
    if (own.kind !== "int" || other.kind !== "int") return false;
    return own.signed !== other.signed && (isUint64(own) || isUint64(other));
  }
}

const WIDTHS: Readonly<Record<KeyType["kind"], number>> = { integer: 2, decimal: 4, text: 1 };

function isUint64({ bits, signed }: { readonly bits: number; readonly signed: boolean }): boolean {
  return bits === 64 && !signed;
}

export function markNulls({ validity }: Vector, marks: Int32Array): void {
  if (validity === null) return;
  for (let row = 0; row < marks.length; row += 1) if (!isSet(validity, row)) marks[row] = -1;
}

/** A set sign bit is a negative number on one side, and one past the other's reach on the other. */
function markUnmatched(marks: Int32Array, words: Uint32Array, width: number, at: number): void {
  for (let row = 0; row < marks.length; row += 1) {
    if ((words[row * width + at + 1] ?? 0) >>> 31 === 1) marks[row] = -1;
  }
}

interface Place {
  readonly at: number;
  readonly width: number;
  readonly words: number;
}

/** Narrow integers and dates are drawn out to 64 bits. */
function readNumbers(vector: Vector, { words, marks }: RowKeys, { at, width, words: count }: Place): void {
  if (vector.layout === "number") {
    const { values } = vector;
    const isSigned = vector.type.kind !== "int" || vector.type.signed;
    for (let row = 0; row < marks.length; row += 1) {
      const value = values[row] ?? 0;
      words[row * width + at] = value;
      words[row * width + at + 1] = isSigned && value < 0 ? 0xffff_ffff : 0;
    }
    return;
  }
  if (vector.layout !== "words" || vector.wordsPerValue !== count) {
    throw new Error("internal: a key of another type");
  }
  for (let row = 0; row < marks.length; row += 1) {
    for (let word = 0; word < count; word += 1) {
      words[row * width + at + word] = vector.words[row * count + word] ?? 0;
    }
  }
}
