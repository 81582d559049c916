// Numbers the distinct group keys of all partials of one level. It does so in the enclave's main thread, where other jobs
// wait: keys that were crafted to collide must not hold it up.
import { randomBytes } from "../../core/crypto.ts";
import type { Cell } from "./cell.ts";
import type { KeyColumn, PartialLevel } from "./partial.ts";
import { WordTable } from "./word-table.ts";

export class MergedKeys {
  readonly #codes: readonly Map<Cell, number>[];
  readonly #cells: readonly Cell[][];
  readonly #tuples: WordTable;

  constructor(dimensions: number, maxGroups: number) {
    this.#codes = Array.from({ length: dimensions }, () => new Map<Cell, number>());
    this.#cells = Array.from({ length: dimensions }, () => []);
    this.#tuples = new WordTable(dimensions, maxGroups, drawSecret());
  }

  get size(): number {
    return this.#tuples.size;
  }

  key(group: number): readonly Cell[] {
    return this.#cells.map((cells, dimension) => cells[this.#tuples.word(group, dimension)] ?? null);
  }

  /** One dimension of some groups' keys. The cells are all there are, used or not. */
  column(groups: Int32Array, dimension: number): KeyColumn {
    const codes = groups.map((group) => this.#tuples.word(group, dimension));
    return { codes, cells: this.#cells[dimension] ?? [] };
  }

  /** The numbers of a partial's groups. Errors: AGGREGATE_GROUPS. */
  assign({ keys, groups }: Pick<PartialLevel, "keys" | "groups">): Int32Array {
    const width = this.#codes.length;
    const words = new Uint32Array(groups * width);
    keys.forEach(({ codes, cells }, dimension) => {
      const mergedCodes = new Uint32Array(cells.length);
      for (let at = 0; at < mergedCodes.length; at += 1) {
        mergedCodes[at] = this.#code(dimension, cells[at] ?? null);
      }
      for (let group = 0; group < groups; group += 1) {
        words[group * width + dimension] = mergedCodes[codes[group] ?? 0] ?? 0;
      }
    });
    const numbers = new Int32Array(groups);
    this.#tuples.encode(words, groups, numbers);
    return numbers;
  }

  #code(dimension: number, cell: Cell): number {
    const [codes, cells] = [this.#codes[dimension], this.#cells[dimension]];
    if (codes === undefined || cells === undefined) throw new Error("internal: a partial of another program");
    const key = hashedCell(cell);
    const known = codes.get(key);
    if (known !== undefined) return known;
    codes.set(key, cells.length);
    return cells.push(cell) - 1;
  }
}

/** V8 hashes a bigint by its lower 64 bits alone, and strings with a secret of the process. */
function hashedCell(cell: Cell): Cell {
  return typeof cell === "bigint" ? cell.toString(16) : cell;
}

function drawSecret(): number {
  return new DataView(randomBytes(4).buffer).getInt32(0);
}
