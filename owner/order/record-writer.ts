// Chunks into records: codes for texts of few values, the hash of the unit, a place in the store, and then each column's
// values by one loop, straight from DuckDB's memory.
import type { ChunkColumn } from "../read/chunk-reader.ts";
import { CHUNK_ROWS } from "../read/duckdb-vector.ts";
import { HASH_HIGH, HASH_LOW, recordMemory, type RecordLayout, type RecordMemory } from "./record-layout.ts";
import { bucketOf, type RecordStore } from "./record-store.ts";
import type { TextCodes } from "./text-codes.ts";
import type { TextSource, TextVector } from "../read/text-vector.ts";
import { copyText, textWords } from "./text-words.ts";
import { UnitHash } from "./unit-hash.ts";
import { copyValues, type Placed } from "./value-copy.ts";

export class RecordWriter {
  readonly #layout: RecordLayout;
  readonly #store: RecordStore;
  readonly #codes: ReadonlyMap<number, TextCodes>;
  readonly #hash = new UnitHash();
  /** By column of text: what its word in the record is. */
  readonly #textValues: ReadonlyMap<number, Int32Array>;
  readonly #sizes = new Int32Array(CHUNK_ROWS);
  /** Rows of the chunk that have a place, where that is, and where their next text goes. */
  readonly #picked = new Int32Array(CHUNK_ROWS);
  readonly #bases = new Int32Array(CHUNK_ROWS);
  readonly #cursors = new Int32Array(CHUNK_ROWS);
  #count = 0;
  readonly #hasNulls: boolean[];
  #rows = 0;
  #unitless = 0;

  /** @param codes of the columns that may have a dictionary */
  constructor(layout: RecordLayout, store: RecordStore, codes: ReadonlyMap<number, TextCodes>) {
    this.#layout = layout;
    this.#store = store;
    this.#codes = codes;
    this.#textValues = new Map(layout.texts.map((i) => [i, new Int32Array(CHUNK_ROWS)]));
    this.#hasNulls = layout.fields.map(() => false);
  }

  /** Rows stored. */
  get rows(): number {
    return this.#rows;
  }

  /** Rows left out because they have no unit. */
  get unitless(): number {
    return this.#unitless;
  }

  /** By column: whether a row of it may be null. */
  get hasNulls(): readonly boolean[] {
    return this.#hasNulls;
  }

  /** @throws OWNER_SPILL */
  add(columns: readonly ChunkColumn[], sources: readonly TextSource[], rows: number): void {
    for (const [i, column] of columns.entries()) if (column.hasNulls) this.#hasNulls[i] = true;
    this.#measure(columns, sources, rows);
    const unit = this.#layout.unit === null ? undefined : columns[this.#layout.unit];
    if (unit !== undefined) this.#hashUnits(unit, sources, rows);
    for (let row = 0; row < rows;) {
      row = this.#place(row, rows, unit?.nulls ?? null);
      this.#write(columns, sources, this.#store.open);
      if (row === rows) break;
      // The page of this row is full, or no page is large enough.
      const bucket = this.#bucketOf(row);
      if ((this.#sizes[row] ?? 0) <= this.#store.longest) this.#store.turnPage(bucket);
      else this.#writeLong(columns, sources, row++, bucket);
    }
  }

  /** The texts' words and the length of each row's record. */
  #measure(columns: readonly ChunkColumn[], sources: readonly TextSource[], rows: number): void {
    const sizes = this.#sizes.fill(this.#layout.fixedWords, 0, rows);
    for (const [i, values] of this.#textValues) {
      const text = columns[i]?.text;
      if (text === undefined || text === null) continue;
      const codes = this.#codes.get(i);
      if (codes === undefined) {
        for (let row = 0; row < rows; row += 1) values[row] = ~(text.lengths[row] ?? 0);
      } else {
        encodeTexts(text, sources, codes, values, rows);
      }
      for (let row = 0; row < rows; row += 1) {
        const value = values[row] ?? 0;
        if (value < 0) sizes[row] = (sizes[row] ?? 0) + textWords(~value);
      }
    }
  }

  #hashUnits(unit: ChunkColumn, sources: readonly TextSource[], rows: number): void {
    const width = this.#layout.fields[this.#layout.unit ?? 0]?.width ?? 4;
    if (unit.text === null) this.#hash.hashFixed(unit.data, width, rows);
    else this.#hash.hashText(unit.text, sources, rows);
  }

  #bucketOf(row: number): number {
    return this.#layout.unit === null ? 0 : bucketOf(this.#hash.high[row] ?? 0, 0, this.#store.bits);
  }

  /** Gives places to rows from `from` on, as long as their pages have room. Returns the first row without one. */
  #place(from: number, rows: number, unitless: Uint8Array | null): number {
    const { heads, ends, open, bits } = this.#store;
    const { fixedWords, unit } = this.#layout;
    const [picked, bases, cursors, sizes] = [this.#picked, this.#bases, this.#cursors, this.#sizes];
    const { high } = this.#hash;
    let count = 0;
    let row = from;
    for (; row < rows; row += 1) {
      if (unitless !== null && unitless[row] === 1) {
        this.#unitless += 1;
        continue;
      }
      const bucket = unit === null ? 0 : bucketOf(high[row] ?? 0, 0, bits);
      const base = heads[bucket] ?? 0;
      const end = base + (sizes[row] ?? 0);
      if (end > (ends[bucket] ?? 0)) break;
      heads[bucket] = end;
      picked[count] = row;
      bases[count] = base;
      cursors[count] = base + fixedWords;
      count += 1;
    }
    this.#count = count;
    this.#writeHeads(open.words);
    return row;
  }

  #writeHeads(words: Int32Array): void {
    const { nullsAt, nullWords, unit } = this.#layout;
    const [picked, bases, sizes, { high, low }] = [this.#picked, this.#bases, this.#sizes, this.#hash];
    for (let i = 0; i < this.#count; i += 1) {
      const row = picked[i] ?? 0;
      const base = bases[i] ?? 0;
      words[base] = sizes[row] ?? 0;
      for (let word = 0; word < nullWords; word += 1) words[base + nullsAt + word] = 0;
      if (unit === null) continue;
      words[base + HASH_HIGH] = high[row] ?? 0;
      words[base + HASH_LOW] = low[row] ?? 0;
    }
  }

  #writeLong(
    columns: readonly ChunkColumn[],
    sources: readonly TextSource[],
    row: number,
    bucket: number,
  ): void {
    const size = this.#sizes[row] ?? 0;
    const memory = recordMemory(size);
    this.#picked[0] = row;
    this.#bases[0] = 0;
    this.#cursors[0] = this.#layout.fixedWords;
    this.#count = 1;
    this.#writeHeads(memory.words);
    this.#write(columns, sources, memory);
    this.#store.addPage(bucket, memory.words, size);
  }

  #write(columns: readonly ChunkColumn[], sources: readonly TextSource[], target: RecordMemory): void {
    const placed: Placed = { rows: this.#picked, bases: this.#bases, count: this.#count };
    this.#rows += this.#count;
    for (const [i, field] of this.#layout.fields.entries()) {
      const column = columns[i];
      if (column === undefined) continue;
      if (column.hasNulls) markNulls(target.words, placed, column.nulls, field.nullWord, field.nullMask);
      if (column.text === null) copyValues(target, placed, column.data, field);
    }
    for (const [i, values] of this.#textValues) {
      const text = columns[i]?.text;
      const at = this.#layout.fields[i]?.at ?? 0;
      if (text !== undefined && text !== null) this.#writeTexts(text, sources, values, target.words, at);
    }
  }

  #writeTexts(
    { lengths, starts, sources: sourceOf }: TextVector,
    sources: readonly TextSource[],
    values: Int32Array,
    words: Int32Array,
    at: number,
  ): void {
    const [picked, bases, cursors, count] = [this.#picked, this.#bases, this.#cursors, this.#count];
    for (let i = 0; i < count; i += 1) {
      const row = picked[i] ?? 0;
      const value = values[row] ?? 0;
      words[(bases[i] ?? 0) + at] = value;
      if (value >= 0) continue;
      const source = sources[sourceOf[row] ?? 0];
      const length = lengths[row] ?? 0;
      const cursor = cursors[i] ?? 0;
      if (source === undefined || length === 0) continue;
      copyText(source.words, starts[row] ?? 0, length, words, cursor);
      cursors[i] = cursor + textWords(length);
    }
  }
}

function encodeTexts(
  { lengths, starts, sources: sourceOf, nulls }: TextVector,
  sources: readonly TextSource[],
  codes: TextCodes,
  values: Int32Array,
  rows: number,
): void {
  for (let row = 0; row < rows; row += 1) {
    const length = lengths[row] ?? 0;
    const source = sources[sourceOf[row] ?? 0];
    const isText = nulls[row] === 0 && source !== undefined;
    const code = isText ? codes.codeOf(source.words, starts[row] ?? 0, length) : -1;
    values[row] = code < 0 ? ~length : code;
  }
}

function markNulls(
  words: Int32Array,
  { rows, bases, count }: Placed,
  nulls: Uint8Array,
  nullWord: number,
  mask: number,
): void {
  for (let i = 0; i < count; i += 1) {
    if (nulls[rows[i] ?? 0] === 0) continue;
    const at = (bases[i] ?? 0) + nullWord;
    words[at] = (words[at] ?? 0) | mask;
  }
}
