// Columns of text: as codes into a dictionary, or as the bytes themselves.
import { MAX_BUFFER_BYTES } from "../../core/column/batch.ts";
import { BATCH_ROWS } from "../../core/column/type.ts";
import type { DictionaryVector, Vector } from "../../core/column/vector.ts";
import { SealroomError } from "../../core/errors.ts";
import { appendText, textWords } from "../order/text-words.ts";
import { ColumnBuilder } from "./column-builder.ts";
import type { BuilderColumn, VectorBase } from "./column-builder.ts";
import type { ColumnDictionary } from "./dictionaries.ts";
import type { RecordPart } from "./row-stream.ts";

/** Codes as they were drawn, put in the order of the dictionary that is sealed. */
export class CodeBuilder extends ColumnBuilder {
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

  protected view(base: VectorBase): Vector {
    return { ...base, layout: "dictionary", codes: this.#codes, values: this.#strings };
  }
}

const FIRST_TEXT_BYTES = 1024 * 1024;

export class TextBuilder extends ColumnBuilder {
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

  protected view(base: VectorBase): Vector {
    return { ...base, layout: "utf8", offsets: this.#offsets, bytes: new Uint8Array(this.#words.buffer) };
  }
}

const NO_TEXT = new Int32Array(0);

function paddedWords(text: Uint8Array): Int32Array {
  const words = new Int32Array(textWords(text.length));
  new Uint8Array(words.buffer).set(text);
  return words;
}
