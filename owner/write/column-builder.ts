// The columns of the batch that is being filled: typed arrays of BATCH_ROWS rows, allocated once and used again for
// every batch. Each column is gathered from the records by one loop; records of a few thousand rows at a time, so that
// all columns find them in the cache.
import { MAX_BUFFER_BYTES } from "../../core/column/batch.ts";
import { BATCH_ROWS, type ColumnType } from "../../core/column/type.ts";
import type { DictionaryVector, NumberVector, Vector } from "../../core/column/vector.ts";
import { SealroomError } from "../../core/errors.ts";
import type { ColumnDictionary } from "./dictionaries.ts";
import type { RecordField } from "../order/record-layout.ts";
import type { RecordPart } from "./row-stream.ts";
import { appendText, textWords } from "../order/text-words.ts";

/** What a batch's column is made from. */
export interface BuilderColumn {
  readonly type: ColumnType;
  readonly field: RecordField;
  readonly hasNulls: boolean;
  /** Of a column whose records hold codes. */
  readonly dictionary: ColumnDictionary | null;
}

type Base = Pick<Vector, "type" | "rows" | "validity">;

export abstract class ColumnBuilder {
  protected readonly field: RecordField;
  protected rows = 0;
  readonly #type: ColumnType;
  readonly #validity: Uint8Array | null;
  #nulls = 0;

  constructor({ type, field, hasNulls }: BuilderColumn) {
    this.#type = type;
    this.field = field;
    this.#validity = hasNulls ? new Uint8Array(BATCH_ROWS / 8) : null;
  }

  append(part: RecordPart): void {
    if (this.#validity !== null) this.#appendValidity(this.#validity, part);
    this.copy(part);
    this.rows += part.rows;
  }

  /** The rows so far; shares the arrays, so it is valid until the next append. */
  vector(): Vector {
    return this.view({
      type: this.#type,
      rows: this.rows,
      validity: this.#nulls === 0 ? null : this.#validity,
    });
  }

  clear(): void {
    this.rows = 0;
    this.#nulls = 0;
    this.#validity?.fill(0);
  }

  #appendValidity(validity: Uint8Array, { memory: { words }, at, rows }: RecordPart): void {
    const { nullWord, nullMask } = this.field;
    for (let row = 0, bit = this.rows; row < rows; row += 1, bit += 1) {
      if (((words[(at[row] ?? 0) + nullWord] ?? 0) & nullMask) === 0) {
        validity[bit >> 3] = (validity[bit >> 3] ?? 0) | (1 << (bit & 7));
      } else {
        this.#nulls += 1;
      }
    }
  }

  protected abstract copy(part: RecordPart): void;
  protected abstract view(base: Base): Vector;
}

export function columnBuilder(column: BuilderColumn): ColumnBuilder {
  const { type, field, dictionary } = column;
  if (dictionary !== null && dictionary.codes !== null) return new CodeBuilder(column, dictionary.codes);
  if (field.layout === "text") return new TextBuilder(column);
  switch (type.kind) {
    case "bool":
      return new BoolBuilder(column);
    case "decimal":
      return new DecimalBuilder(column);
    case "timestamp":
      return new WordsBuilder(column);
    case "int":
      return type.bits === 64 ? new WordsBuilder(column) : new NumberBuilder(column);
    default:
      return new NumberBuilder(column);
  }
}

function numberArray(type: ColumnType): NumberVector["values"] {
  if (type.kind === "float") {
    return type.bits === 32 ? new Float32Array(BATCH_ROWS) : new Float64Array(BATCH_ROWS);
  }
  if (type.kind !== "int" || type.bits === 32) {
    return type.kind === "int" && !type.signed ? new Uint32Array(BATCH_ROWS) : new Int32Array(BATCH_ROWS);
  }
  if (type.bits === 16) return type.signed ? new Int16Array(BATCH_ROWS) : new Uint16Array(BATCH_ROWS);
  return type.signed ? new Int8Array(BATCH_ROWS) : new Uint8Array(BATCH_ROWS);
}

/** Values of `count` words from records to `target`; one word and two have loops of their own. */
function gatherWords(
  { memory: { words }, at, rows }: RecordPart,
  field: number,
  count: number,
  target: Int32Array,
  next: number,
): void {
  if (count === 1) {
    for (let row = 0; row < rows; row += 1) target[next++] = words[(at[row] ?? 0) + field] ?? 0;
    return;
  }
  for (let row = 0; row < rows; row += 1, next += 2) {
    const record = (at[row] ?? 0) + field;
    target[next] = words[record] ?? 0;
    target[next + 1] = words[record + 1] ?? 0;
  }
}

/** Bits of whatever kind of number, moved as integers: a float's NaN keeps its bits. */
class NumberBuilder extends ColumnBuilder {
  readonly #values: NumberVector["values"];
  readonly #words: Int32Array;
  readonly #halves: Int16Array;
  readonly #bytes: Uint8Array;

  constructor(column: BuilderColumn) {
    super(column);
    this.#values = numberArray(column.type);
    this.#words = new Int32Array(this.#values.buffer);
    this.#halves = new Int16Array(this.#values.buffer);
    this.#bytes = new Uint8Array(this.#values.buffer);
  }

  protected copy(part: RecordPart): void {
    const { width, at: field } = this.field;
    const { memory, at, rows } = part;
    let next = this.rows;
    if (width === 1) {
      for (let row = 0; row < rows; row += 1) {
        this.#bytes[next++] = memory.bytes[(at[row] ?? 0) * 4 + field] ?? 0;
      }
    } else if (width === 2) {
      for (let row = 0; row < rows; row += 1) {
        this.#halves[next++] = memory.halves[(at[row] ?? 0) * 2 + field] ?? 0;
      }
    } else {
      const count = width / 4;
      gatherWords(part, field, count, this.#words, next * count);
    }
  }

  protected view(base: Base): Vector {
    return { ...base, layout: "number", values: this.#values };
  }
}

class WordsBuilder extends ColumnBuilder {
  readonly #words = new Uint32Array(2 * BATCH_ROWS);
  readonly #signed = new Int32Array(this.#words.buffer);

  protected copy(part: RecordPart): void {
    gatherWords(part, this.field.at, 2, this.#signed, 2 * this.rows);
  }

  protected view(base: Base): Vector {
    return { ...base, layout: "words", words: this.#words, wordsPerValue: 2 };
  }
}

/** Widens what DuckDB keeps in 2 to 16 bytes to 16, with its sign. */
class DecimalBuilder extends ColumnBuilder {
  readonly #words = new Uint32Array(4 * BATCH_ROWS);
  readonly #signed = new Int32Array(this.#words.buffer);

  protected copy({ memory, at, rows }: RecordPart): void {
    const { width, at: field } = this.field;
    const words = this.#signed;
    let next = 4 * this.rows;
    for (let row = 0; row < rows; row += 1, next += 4) {
      const record = at[row] ?? 0;
      if (width === 16) {
        for (let i = 0; i < 4; i += 1) words[next + i] = memory.words[record + field + i] ?? 0;
        continue;
      }
      const low =
        width === 2 ? (memory.halves[record * 2 + field] ?? 0) : (memory.words[record + field] ?? 0);
      const high = width === 8 ? (memory.words[record + field + 1] ?? 0) : low >> 31;
      words[next] = low;
      words[next + 1] = high;
      words[next + 2] = high >> 31;
      words[next + 3] = high >> 31;
    }
  }

  protected view(base: Base): Vector {
    return { ...base, layout: "words", words: this.#words, wordsPerValue: 4 };
  }
}

class BoolBuilder extends ColumnBuilder {
  readonly #bits = new Uint8Array(BATCH_ROWS / 8);

  protected copy({ memory, at, rows }: RecordPart): void {
    const field = this.field.at;
    for (let row = 0, bit = this.rows; row < rows; row += 1, bit += 1) {
      const mask = 1 << (bit & 7);
      const byte = this.#bits[bit >> 3] ?? 0;
      this.#bits[bit >> 3] = memory.bytes[(at[row] ?? 0) * 4 + field] === 0 ? byte & ~mask : byte | mask;
    }
  }

  protected view(base: Base): Vector {
    return { ...base, layout: "bits", values: this.#bits };
  }
}

/** Codes as they were drawn, put in the order of the dictionary that is sealed. */
class CodeBuilder extends ColumnBuilder {
  readonly #codes: DictionaryVector["codes"];
  readonly #ranks: Int32Array;
  readonly #strings: readonly string[];

  constructor(column: BuilderColumn, { strings, ranks, bits }: NonNullable<ColumnDictionary["codes"]>) {
    super(column);
    const arrays = { 8: Int8Array, 16: Int16Array, 32: Int32Array } as const;
    this.#codes = new arrays[bits](BATCH_ROWS);
    this.#ranks = ranks;
    this.#strings = strings;
  }

  protected copy({ memory: { words }, at, rows }: RecordPart): void {
    const field = this.field.at;
    let next = this.rows;
    for (let row = 0; row < rows; row += 1) {
      const code = words[(at[row] ?? 0) + field] ?? 0;
      // Below 0 where null.
      this.#codes[next++] = code < 0 ? 0 : (this.#ranks[code] ?? 0);
    }
  }

  protected view(base: Base): Vector {
    return { ...base, layout: "dictionary", codes: this.#codes, values: this.#strings };
  }
}

const FIRST_TEXT_BYTES = 1024 * 1024;

class TextBuilder extends ColumnBuilder {
  readonly #offsets = new Int32Array(BATCH_ROWS + 1);
  readonly #texts: readonly Int32Array[];
  readonly #lengths: readonly number[];
  #words = new Int32Array(FIRST_TEXT_BYTES / 4);

  constructor(column: BuilderColumn) {
    super(column);
    const texts = column.dictionary?.texts ?? [];
    this.#lengths = texts.map((text) => text.length);
    this.#texts = texts.map(paddedWords);
  }

  protected copy({ memory: { words }, at, rows, cursors }: RecordPart): void {
    const field = this.field.at;
    const offsets = this.#offsets;
    let used = offsets[this.rows] ?? 0;
    for (let row = 0, next = this.rows + 1; row < rows; row += 1, next += 1) {
      const value = words[(at[row] ?? 0) + field] ?? 0;
      const length = value < 0 ? ~value : (this.#lengths[value] ?? 0);
      if (used + length + 4 > this.#words.length * 4) this.#reserve(used + length + 4, used);
      if (value < 0) {
        const cursor = cursors[row] ?? 0;
        cursors[row] = cursor + textWords(length);
        appendText(words, cursor, length, this.#words, used);
      } else {
        appendText(this.#texts[value] ?? NO_TEXT, 0, length, this.#words, used);
      }
      used += length;
      offsets[next] = used;
    }
  }

  #reserve(bytes: number, used: number): void {
    if (bytes - 4 > MAX_BUFFER_BYTES) {
      throw new SealroomError("OWNER_TEXT", { bytes: bytes - 4, limit: MAX_BUFFER_BYTES });
    }
    const larger = new Int32Array(2 ** Math.ceil(Math.log2(bytes)) / 4);
    larger.set(this.#words.subarray(0, textWords(used)));
    this.#words = larger;
  }

  protected view(base: Base): Vector {
    return { ...base, layout: "utf8", offsets: this.#offsets, bytes: new Uint8Array(this.#words.buffer) };
  }
}

const NO_TEXT = new Int32Array(0);

function paddedWords(text: Uint8Array): Int32Array {
  const words = new Int32Array(textWords(text.length));
  new Uint8Array(words.buffer).set(text);
  return words;
}
