// Turns one dimension's values into small integers, one coder a dimension and object; null, a key of its own, has a
// code too. Where the codes' bound is known beforehand (bool, dictionary, one byte) they need no hash table;
// else they are dense, in order of first appearance among the rows that pass.
import type { BoolVector, DictionaryVector, NumberVector, Utf8Vector } from "../../core/column/vector.ts";
import type { Vector, WordsVector } from "../../core/column/vector.ts";
import { isWide } from "./cell.ts";
import type { Cell } from "./cell.ts";
import { CHUNK_ROWS, compact, fillNulls } from "./chunk.ts";
import type { Dimension } from "./program.ts";
import { TextTable } from "./text-table.ts";
import { WordTable } from "./word-table.ts";

/** The rows of a chunk that pass: all `count` from `start`, or those at the `picked` distances from it. */
export interface Passing {
  readonly start: number;
  readonly count: number;
  readonly picked: Int32Array | null;
  /** How many: `count`, or the length used of `picked`. */
  readonly passing: number;
}

export interface DimensionCoder {
  /** Exclusive bound of all codes this coder will ever give; Infinity where it grows with the data. */
  readonly bound: number;
  /** Exclusive bound of the codes given so far. */
  readonly used: number;
  encode(vector: Vector, rows: Passing, codes: Int32Array): void;
  cell(code: number): Cell;
  /** The codes as they lie in the column, where they are what `encode` gives for all its rows; else null. */
  rawCodes?(vector: Vector): DictionaryVector["codes"] | null;
  /** Gives codes to keys of one word each that others have found, in their order, before any other. */
  adopt?(words: Uint32Array): void;
}

/** Coders that grow hold at most `limit` keys besides null, then throw AGGREGATE_GROUPS. */
export function makeCoder(dimension: Dimension, first: Vector, limit: number): DimensionCoder {
  switch (first.layout) {
    case "bits":
      return new BitsCoder();
    case "dictionary":
      return new DictionaryCoder(first);
    case "utf8":
      return new TextCoder(limit);
    case "words":
      return new WordsCoder(dimension, first.wordsPerValue, limit);
    case "number":
      return first.values.BYTES_PER_ELEMENT === 1 ? new ByteCoder(first) : new NumberCoder(dimension, limit);
  }
}

class BitsCoder implements DimensionCoder {
  readonly bound = 3;
  readonly used = 3;

  encode(vector: Vector, rows: Passing, codes: Int32Array): void {
    const { values } = vector as BoolVector;
    for (let i = 0; i < rows.count; i += 1) {
      const at = rows.start + i;
      codes[i] = ((values[at >>> 3] ?? 0) >>> (at & 7)) & 1;
    }
    finishCodes(vector, rows, codes, 2);
  }

  cell(code: number): Cell {
    return code === 2 ? null : code === 1;
  }
}

class ByteCoder implements DimensionCoder {
  readonly bound = 257;
  readonly used = 257;
  readonly #shift: number;

  constructor({ values }: NumberVector) {
    this.#shift = values instanceof Int8Array ? 128 : 0;
  }

  encode(vector: Vector, rows: Passing, codes: Int32Array): void {
    const { values } = vector as NumberVector;
    for (let i = 0; i < rows.count; i += 1) codes[i] = (values[rows.start + i] ?? 0) + this.#shift;
    finishCodes(vector, rows, codes, 256);
  }

  cell(code: number): Cell {
    return code === 256 ? null : code - this.#shift;
  }
}

class DictionaryCoder implements DimensionCoder {
  readonly bound: number;
  readonly used: number;
  readonly #values: readonly string[];
  /** The first position of each entry's string, where some string stands twice: equal strings are one key. */
  readonly #firsts: Int32Array | null;

  constructor({ values }: DictionaryVector) {
    this.bound = values.length + 1;
    this.used = this.bound;
    this.#values = values;
    const firsts = new Map<string, number>();
    values.forEach((value, at) => firsts.has(value) || firsts.set(value, at));
    this.#firsts =
      firsts.size === values.length ? null : Int32Array.from(values, (value) => firsts.get(value) ?? 0);
  }

  encode(vector: Vector, rows: Passing, codes: Int32Array): void {
    const dictionary = vector as DictionaryVector;
    if (dictionary.values !== this.#values) {
      throw new Error("internal: a dictionary changed within an object");
    }
    const firsts = this.#firsts;
    codes.set(dictionary.codes.subarray(rows.start, rows.start + rows.count));
    if (firsts !== null) {
      for (let i = 0; i < rows.count; i += 1) codes[i] = firsts[codes[i] ?? 0] ?? 0;
    }
    finishCodes(vector, rows, codes, this.#values.length);
  }

  rawCodes(vector: Vector): DictionaryVector["codes"] | null {
    const { values, codes, validity } = vector as DictionaryVector;
    return values === this.#values && this.#firsts === null && validity === null ? codes : null;
  }

  cell(code: number): Cell {
    return this.#values[code] ?? null;
  }
}

/** Codes of all rows of the chunk become codes of its passing rows. A null row's may have been anything. */
function finishCodes({ validity }: Vector, rows: Passing, codes: Int32Array, ofNull: number): void {
  if (validity !== null) fillNulls(codes, ofNull, validity, rows.start, rows.count);
  if (rows.picked !== null) compact(codes, rows.picked, rows.passing);
}

class TextCoder implements DimensionCoder {
  readonly bound = Infinity;
  readonly #table: TextTable;

  constructor(limit: number) {
    this.#table = new TextTable(limit);
  }

  get used(): number {
    return this.#table.size + 1;
  }

  encode(vector: Vector, rows: Passing, codes: Int32Array): void {
    const { offsets, bytes } = vector as Utf8Vector;
    codes.fill(1, 0, rows.count);
    finishCodes(vector, rows, codes, 0);
    for (let i = 0; i < rows.passing; i += 1) {
      if (codes[i] === 0) continue;
      const row = rows.start + (rows.picked?.[i] ?? i);
      codes[i] = this.#table.encode(bytes, offsets[row] ?? 0, offsets[row + 1] ?? 0) + 1;
    }
  }

  cell(code: number): Cell {
    return code === 0 ? null : this.#table.text(code - 1);
  }
}

/** Codes through a table of words. Subclasses say which words a row has, and what value they stand for. */
abstract class TableCoder implements DimensionCoder {
  readonly bound = Infinity;
  protected readonly table: WordTable;
  protected readonly words: Uint32Array<ArrayBuffer>;

  constructor(width: number, limit: number) {
    this.table = new WordTable(width, limit);
    this.words = new Uint32Array(CHUNK_ROWS * width);
  }

  get used(): number {
    return this.table.size + 1;
  }

  /** Writes the words of the passing rows. */
  protected abstract gather(vector: Vector, rows: Passing): void;
  protected abstract value(code: number): Cell;

  encode(vector: Vector, rows: Passing, codes: Int32Array): void {
    // A null row's words may be anything, so they must not reach the table: -1 passes them over.
    codes.fill(0, 0, rows.count);
    if (vector.validity !== null) fillNulls(codes, -1, vector.validity, rows.start, rows.count);
    if (rows.picked !== null) compact(codes, rows.picked, rows.passing);
    this.gather(vector, rows);
    this.table.encode(this.words, rows.passing, codes);
    for (let i = 0; i < rows.passing; i += 1) codes[i] = (codes[i] ?? 0) + 1;
  }

  cell(code: number): Cell {
    return code === 0 ? null : this.value(code - 1);
  }

  adopt(words: Uint32Array): void {
    this.table.encode(words, words.length, new Int32Array(words.length));
  }
}

/** 16- and 32-bit integers and dates. Floats are never keys (core/plan/check.ts). */
class NumberCoder extends TableCoder {
  readonly #isSigned: boolean;
  readonly #integers: Int32Array;

  constructor({ type }: Dimension, limit: number) {
    super(1, limit);
    if (type.kind === "float") throw new Error("internal: a float as a group key");
    this.#isSigned = !(type.kind === "int" && !type.signed);
    this.#integers = new Int32Array(this.words.buffer);
  }

  protected override gather(vector: Vector, rows: Passing): void {
    const { values } = vector as NumberVector;
    this.#integers.set(values.subarray(rows.start, rows.start + rows.count));
    if (rows.picked !== null) compact(this.#integers, rows.picked, rows.passing);
  }

  protected override value(code: number): Cell {
    const word = this.table.word(code, 0);
    return this.#isSigned ? word | 0 : word;
  }
}

class WordsCoder extends TableCoder {
  readonly #width: 2 | 4;
  readonly #isSigned: boolean;

  constructor({ type }: Dimension, width: 2 | 4, limit: number) {
    super(width, limit);
    if (!isWide(type)) throw new Error("internal: a narrow type in a wide layout");
    this.#width = width;
    this.#isSigned = !(type.kind === "int" && !type.signed);
  }

  protected override gather(vector: Vector, rows: Passing): void {
    const { words } = vector as WordsVector;
    const width = this.#width;
    if (rows.picked === null) {
      this.words.set(words.subarray(rows.start * width, (rows.start + rows.count) * width));
      return;
    }
    for (let i = 0; i < rows.passing; i += 1) {
      const from = (rows.start + (rows.picked[i] ?? 0)) * width;
      for (let at = 0; at < width; at += 1) this.words[i * width + at] = words[from + at] ?? 0;
    }
  }

  protected override value(code: number): Cell {
    let value = 0n;
    for (let at = this.#width - 1; at >= 0; at -= 1) {
      value = (value << 32n) | BigInt(this.table.word(code, at));
    }
    return this.#isSigned ? BigInt.asIntN(32 * this.#width, value) : value;
  }
}
