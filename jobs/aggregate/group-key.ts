// Turns the group key of each passing row into a group number. Where the product of the dimensions' bounds is small
// a group's number is computed; a single growing dimension's codes are the numbers; else a table of code tuples
// gives them out. Some numbers may have no rows: those are not groups.
import type { ColumnBatch, DictionaryVector } from "../../core/column/vector.ts";
import type { Cell } from "./cell.ts";
import { CHUNK_ROWS } from "./chunk.ts";
import { makeCoder } from "./dimension-coder.ts";
import type { DimensionCoder, Passing } from "./dimension-coder.ts";
import type { Dimension } from "./program.ts";
import { WordTable } from "./word-table.ts";

/** Up to here a number for each possible key costs less than a hash table. */
const MAX_COMPUTED = 65_536;

export interface RawCodes {
  readonly codes: DictionaryVector["codes"];
  readonly bound: number;
}

export class GroupKeys {
  readonly #dimensions: readonly Dimension[];
  readonly #maxFormed: number;
  #coders: readonly DimensionCoder[] | null = null;
  /** The tuples of codes, where numbers are neither computed nor a dimension's own codes. */
  #tuples: WordTable | null = null;
  #tupleWords: Uint32Array = new Uint32Array(0);
  readonly #codes = new Int32Array(CHUNK_ROWS);

  constructor(dimensions: readonly Dimension[], maxFormed: number) {
    this.#dimensions = dimensions;
    this.#maxFormed = maxFormed;
  }

  /** Exclusive bound of the group numbers given so far. */
  get bound(): number {
    if (this.#tuples !== null) return this.#tuples.size;
    return (this.#coders ?? []).reduce(
      (product, { bound, used }) => product * (bound < Infinity ? bound : used),
      1,
    );
  }

  /** The bound, where it is the same for all rows of the object; else null. */
  fixedBound(batch: ColumnBatch): number | null {
    this.#coders ??= this.#prepare(batch);
    const isFixed = this.#tuples === null && this.#coders.every(({ bound }) => bound < Infinity);
    return isFixed ? this.bound : null;
  }

  /** Where group numbers are computed of codes that lie in the columns: those codes, and their bounds; else null. */
  rawCodes(batch: ColumnBatch): readonly RawCodes[] | null {
    this.#coders ??= this.#prepare(batch);
    const raw: RawCodes[] = [];
    for (const [at, coder] of this.#coders.entries()) {
      const vector = batch.columns[this.#dimensions[at]?.column ?? -1];
      const codes = vector === undefined ? null : (coder.rawCodes?.(vector) ?? null);
      if (codes === null) return null;
      raw.push({ codes, bound: coder.bound });
    }
    return raw;
  }

  /** Where there is one dimension, of keys of one word: numbers for keys that others have found, in their order. */
  adopt(words: Uint32Array): void {
    const [coder, ...others] = this.#coders ?? [];
    if (coder?.adopt === undefined || others.length > 0) throw new Error("internal: keys of another kind");
    coder.adopt(words);
  }

  /** Writes the passing rows' group numbers. Errors: AGGREGATE_GROUPS. */
  assign(batch: ColumnBatch, rows: Passing, groups: Int32Array): void {
    this.#coders ??= this.#prepare(batch);
    const [first, ...rest] = this.#coders;
    if (first === undefined) groups.fill(0, 0, rows.passing);
    else if (this.#tuples !== null) this.#assignTuples(this.#tuples, this.#coders, batch, rows, groups);
    else {
      this.#encode(first, 0, batch, rows, groups);
      rest.forEach((coder, at) => {
        this.#encode(coder, at + 1, batch, rows, this.#codes);
        for (let i = 0; i < rows.passing; i += 1) {
          groups[i] = (groups[i] ?? 0) * coder.bound + (this.#codes[i] ?? 0);
        }
      });
    }
  }

  /** The code of one dimension in a group's key. */
  code(group: number, dimension: number): number {
    if (this.#tuples !== null) return this.#tuples.word(group, dimension);
    const later = (this.#coders ?? []).slice(dimension + 1);
    const rest = Math.floor(group / later.reduce((product, { bound }) => product * bound, 1));
    return dimension === 0 ? rest : rest % (this.#coders?.[dimension]?.bound ?? 1);
  }

  /** Exclusive bound of one dimension's codes. */
  codeBound(dimension: number): number {
    return this.#coders?.[dimension]?.used ?? 0;
  }

  cell(dimension: number, code: number): Cell {
    return this.#coders?.[dimension]?.cell(code) ?? null;
  }

  #prepare(batch: ColumnBatch): readonly DimensionCoder[] {
    const coders = this.#dimensions.map((dimension) => {
      const vector = batch.columns[dimension.column];
      if (vector === undefined) throw new Error("internal: a batch lacks a column of the program");
      return makeCoder(dimension, vector, this.#maxFormed);
    });
    const isComputed = coders.reduce((product, { bound }) => product * bound, 1) <= MAX_COMPUTED;
    const isSingle = coders.length === 1 && coders[0]?.bound === Infinity;
    if (!isComputed && !isSingle) {
      this.#tuples = new WordTable(coders.length, this.#maxFormed);
      this.#tupleWords = new Uint32Array(CHUNK_ROWS * coders.length);
    }
    return coders;
  }

  #encode(
    coder: DimensionCoder,
    dimension: number,
    batch: ColumnBatch,
    rows: Passing,
    codes: Int32Array,
  ): void {
    const vector = batch.columns[this.#dimensions[dimension]?.column ?? 0];
    if (vector === undefined) throw new Error("internal: a batch lacks a column of the program");
    coder.encode(vector, rows, codes);
  }

  #assignTuples(
    tuples: WordTable,
    coders: readonly DimensionCoder[],
    batch: ColumnBatch,
    rows: Passing,
    groups: Int32Array,
  ): void {
    coders.forEach((coder, at) => {
      this.#encode(coder, at, batch, rows, this.#codes);
      for (let i = 0; i < rows.passing; i += 1) {
        this.#tupleWords[i * coders.length + at] = this.#codes[i] ?? 0;
      }
    });
    groups.fill(0, 0, rows.passing);
    tuples.encode(this.#tupleWords, rows.passing, groups);
  }
}
