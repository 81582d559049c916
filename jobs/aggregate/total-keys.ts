// Group numbers of a total: each follows from the number of the finer group, so dimensions are encoded once for all
// levels. Numbers are dense, in order of first appearance.
import type { GroupKeys } from "./group-key.ts";
import { growInt32 } from "./grow.ts";
import { WordTable } from "./word-table.ts";

export class TotalKeys {
  readonly #finest: GroupKeys;
  /** The dimensions that the total keeps. */
  readonly #kept: readonly number[];
  readonly #tuples: WordTable;
  /** By finest group, one more than its number here; 0 where it has none yet. */
  #numbers: Int32Array = new Int32Array(0);

  constructor(finest: GroupKeys, kept: readonly number[], maxFormed: number) {
    this.#finest = finest;
    this.#kept = kept;
    this.#tuples = new WordTable(kept.length, maxFormed);
  }

  get bound(): number {
    return this.#tuples.size;
  }

  /** Writes the numbers of rows whose finest groups are given. Errors: AGGREGATE_GROUPS. */
  assign(finest: Int32Array, count: number, groups: Int32Array): void {
    this.#numbers = growInt32(this.#numbers, this.#finest.bound);
    const numbers = this.#numbers;
    for (let i = 0; i < count; i += 1) {
      const group = finest[i] ?? 0;
      const number = numbers[group] ?? 0;
      groups[i] = (number === 0 ? this.#insert(group) : number) - 1;
    }
  }

  /** The code, of its dimension's coder, of one of the kept dimensions. */
  code(group: number, at: number): number {
    return this.#tuples.word(group, at);
  }

  #insert(finest: number): number {
    const words = Uint32Array.from(this.#kept, (dimension) => this.#finest.code(finest, dimension));
    const codes = new Int32Array(1);
    this.#tuples.encode(words, 1, codes);
    const number = (codes[0] ?? 0) + 1;
    this.#numbers[finest] = number;
    return number;
  }
}
