// SQL's searched CASE: of each row the value of the first predicate that is true. Unknown is not true.
import type {
  BoolVector,
  ColumnBatch,
  DictionaryVector,
  Vector,
  WordsVector,
} from "../../../core/column/vector.ts";
import type { Cell } from "../cell.ts";
import { CHUNK_ROWS } from "../chunk.ts";
import { Filter } from "../predicate.ts";
import type { Computed } from "../program.ts";
import { TRUE } from "../truth.ts";
import type { ComputedVector } from "./computed-vector.ts";
import { Losses } from "./validity.ts";

type Case = Extract<Computed, { kind: "case" }>;

export class CaseColumn implements ComputedVector {
  readonly #type: Case["type"];
  readonly #filters: readonly Filter[];
  readonly #then: readonly Cell[];
  /** The texts, each once: the same for all batches. */
  readonly #texts: readonly string[];

  constructor({ type, when, then }: Case) {
    this.#type = type;
    this.#filters = when.map((predicate) => new Filter(predicate));
    this.#then = then;
    this.#texts = [...new Set(then.filter((cell) => typeof cell === "string"))];
  }

  compute(batch: ColumnBatch): Vector {
    const branches = this.#choose(batch);
    const losses = new Losses(batch.rows, null);
    branches.forEach((branch, row) => {
      if ((this.#then[branch] ?? null) === null) losses.lose(row);
    });
    const known = { type: this.#type, rows: batch.rows, validity: losses.bits };
    switch (this.#type.kind) {
      case "bool":
        return { ...known, layout: "bits", values: bitsOf(branches, this.#then) } satisfies BoolVector;
      case "utf8": {
        const code = this.#then.map((cell) => Math.max(0, this.#texts.indexOf(String(cell))));
        const codes = Int16Array.from(branches, (branch) => code[branch] ?? 0);
        return { ...known, layout: "dictionary", codes, values: this.#texts } satisfies DictionaryVector;
      }
      default:
        return {
          ...known,
          layout: "words",
          words: wordsOf(branches, this.#then),
          wordsPerValue: 2,
        } satisfies WordsVector;
    }
  }

  /** By row, the number of its branch. */
  #choose(batch: ColumnBatch): Int16Array {
    const none = this.#filters.length;
    const branches = new Int16Array(batch.rows).fill(none);
    for (let start = 0; start < batch.rows; start += CHUNK_ROWS) {
      const count = Math.min(CHUNK_ROWS, batch.rows - start);
      this.#filters.forEach((filter, branch) => {
        const truth = filter.truth(batch, start, count);
        for (let i = 0; i < count; i += 1) {
          if (truth[i] === TRUE && branches[start + i] === none) branches[start + i] = branch;
        }
      });
    }
    return branches;
  }
}

function bitsOf(branches: Int16Array, then: readonly Cell[]): Uint8Array {
  const bits = new Uint8Array((branches.length + 7) >>> 3);
  branches.forEach((branch, row) => {
    if (then[branch] === true) bits[row >>> 3] = (bits[row >>> 3] ?? 0) | (1 << (row & 7));
  });
  return bits;
}

function wordsOf(branches: Int16Array, then: readonly Cell[]): Uint32Array {
  const halves = then.map((cell) => {
    const value = BigInt.asUintN(64, typeof cell === "bigint" ? cell : 0n);
    return [Number(value & 0xffff_ffffn), Number(value >> 32n)] as const;
  });
  const words = new Uint32Array(2 * branches.length);
  branches.forEach((branch, row) => {
    const [low, high] = halves[branch] ?? [0, 0];
    words[2 * row] = low;
    words[2 * row + 1] = high;
  });
  return words;
}
