// Which rows a plan asks for: those whose token in one column is one of its own, byte by byte. What a token stands for
// is not looked at, and one that no row has matches none.
import type { DictionaryVector, Utf8Vector, Vector } from "../../core/column/vector.ts";
import { fatesOf } from "../tokenize/cells.ts";
import { FATE } from "../tokenize/text-column.ts";

export class ChosenRows {
  readonly #texts: ReadonlySet<string>;
  /** The tokens' UTF-8, a character a byte. */
  readonly #bytes: ReadonlySet<string>;
  readonly #lengths: ReadonlySet<number>;
  #dictionary: readonly string[] | null = null;
  #isCode: readonly boolean[] = [];

  constructor(tokens: readonly string[]) {
    const encoded = tokens.map((token) => Buffer.from(token, "utf8"));
    this.#texts = new Set(tokens);
    this.#bytes = new Set(encoded.map((bytes) => bytes.toString("latin1")));
    this.#lengths = new Set(encoded.map((bytes) => bytes.length));
  }

  /** Ascending. */
  of(vector: Vector): Int32Array {
    const fates = fatesOf(vector);
    const isChosen = this.#testOf(vector);
    const rows: number[] = [];
    for (let row = 0; row < vector.rows; row++) {
      if (fates[row] === FATE.done && isChosen(row)) rows.push(row);
    }
    return Int32Array.from(rows);
  }

  #testOf(vector: Vector): (row: number) => boolean {
    if (vector.layout === "dictionary") return this.#codeTest(vector);
    if (vector.layout === "utf8") return this.#textTest(vector);
    throw new Error("internal: a match of no text");
  }

  #codeTest({ codes, values }: DictionaryVector): (row: number) => boolean {
    // The same array for all batches of an object.
    if (this.#dictionary !== values) {
      this.#dictionary = values;
      this.#isCode = values.map((value) => this.#texts.has(value));
    }
    return (row) => this.#isCode[codes[row] ?? -1] === true;
  }

  #textTest({ offsets, bytes }: Utf8Vector): (row: number) => boolean {
    const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return (row) => {
      const [from, to] = [offsets[row] ?? 0, offsets[row + 1] ?? 0];
      return this.#lengths.has(to - from) && this.#bytes.has(all.toString("latin1", from, to));
    };
  }
}

/** Of a batch of so many. */
export function allRows(rows: number): Int32Array {
  return Int32Array.from({ length: rows }, (_, row) => row);
}
