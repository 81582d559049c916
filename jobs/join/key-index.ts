// Finds, for keys of the streamed side, the held rows that have the same: each distinct key has a number, and the rows of
// a number lie together.
import type { ColumnBatch } from "../../core/column/vector.ts";
import { SealroomError } from "../../core/errors.ts";
import { TextTable } from "../aggregate/text-table.ts";
import { WordTable } from "../aggregate/word-table.ts";
import { KeyWords } from "./key-words.ts";
import type { JoinProgram } from "./program.ts";

/** Of held rows, to have one key: what is multiplied by more is joined by no key. */
export const MOST_PARTNERS = 1_024;

export class KeyIndex {
  readonly #table: WordTable;
  readonly #streamed: KeyWords;
  /** By number, where its rows begin in `rows`, and after the last one where they end. */
  readonly starts: Int32Array;
  /** Held rows, by the number of their key, in their order. */
  readonly rows: Int32Array;

  constructor(program: JoinProgram, held: ColumnBatch) {
    const { keyTypes, streamed, held: shape } = program;
    const texts = keyTypes.map(({ kind }) => (kind === "text" ? new TextTable(held.rows) : null));
    shape.keys.forEach((key, at) => {
      const [vector, table] = [held.columns[key], texts[at]];
      if (vector?.layout !== "utf8" || table === null || table === undefined) return;
      const { offsets, bytes } = vector;
      for (let row = 0; row < held.rows; row += 1) {
        table.encode(bytes, offsets[row] ?? 0, offsets[row + 1] ?? 0);
      }
    });
    const own = new KeyWords(keyTypes, streamed === 0 ? 1 : 0, texts);
    this.#streamed = new KeyWords(keyTypes, streamed, texts);
    this.#table = new WordTable(own.width, held.rows);
    const { words, marks } = own.read(held, shape.keys);
    this.#table.encode(words, held.rows, marks);
    this.starts = countStarts(marks, this.#table.size);
    checkShared(this.starts);
    this.rows = orderRows(marks, this.starts);
  }

  /** By row of a batch of the streamed side, its key's number; -1 where nobody has it. */
  find(batch: ColumnBatch, keys: readonly number[]): Int32Array {
    const { words, marks } = this.#streamed.read(batch, keys);
    this.#table.find(words, batch.rows, marks);
    return marks;
  }
}

/**
 * A property of the held side alone. Were it of pairs of both, who brings one side could bring the other's known rows to
 * just below the bound, and learn from a refusal that one more is there. Errors: JOIN_SIZE.
 */
function checkShared(starts: Int32Array): void {
  for (let number = 1; number < starts.length; number += 1) {
    if ((starts[number] ?? 0) - (starts[number - 1] ?? 0) > MOST_PARTNERS) {
      throw new SealroomError("JOIN_SIZE", { partners: MOST_PARTNERS });
    }
  }
}

function countStarts(numbers: Int32Array, size: number): Int32Array {
  const starts = new Int32Array(size + 1);
  for (const number of numbers) if (number >= 0) starts[number + 1] = (starts[number + 1] ?? 0) + 1;
  for (let number = 0; number < size; number += 1) {
    starts[number + 1] = (starts[number + 1] ?? 0) + (starts[number] ?? 0);
  }
  return starts;
}

function orderRows(numbers: Int32Array, starts: Int32Array): Int32Array {
  const next = starts.slice();
  const rows = new Int32Array(starts.at(-1) ?? 0);
  numbers.forEach((number, row) => {
    if (number < 0) return;
    const at = next[number] ?? 0;
    rows[at] = row;
    next[number] = at + 1;
  });
  return rows;
}
