// The rows that a join puts side by side, some at a time: a row of the streamed batch, and a held one, or -1 for none.
import { growInt32 } from "../aggregate/grow.ts";

const FIRST_PAIRS = 4_096;
/** As many as a batch that `seal` writes. */
const MOST_PAIRS = 262_144;

export class RowPairs {
  readonly #use: (pairs: Pairs) => void;
  #streamed: Int32Array = new Int32Array(FIRST_PAIRS);
  #held: Int32Array = new Int32Array(FIRST_PAIRS);
  #count = 0;

  /** `use`: is given pairs that it may not keep. */
  constructor(use: (pairs: Pairs) => void) {
    this.#use = use;
  }

  add(streamed: number, held: number): void {
    if (this.#count === this.#streamed.length) this.#makeRoom();
    this.#streamed[this.#count] = streamed;
    this.#held[this.#count] = held;
    this.#count += 1;
  }

  #makeRoom(): void {
    if (this.#count === MOST_PAIRS) {
      this.flush();
      return;
    }
    this.#streamed = growInt32(this.#streamed, 2 * this.#count);
    this.#held = growInt32(this.#held, 2 * this.#count);
  }

  /** When the batch is through. */
  flush(): void {
    const count = this.#count;
    this.#count = 0;
    if (count === 0) return;
    this.#use({ streamed: this.#streamed.subarray(0, count), held: this.#held.subarray(0, count) });
  }
}

export interface Pairs {
  readonly streamed: Int32Array;
  readonly held: Int32Array;
}

/** Those with a held row. */
export function metPairs(pairs: Pairs): Pairs {
  if (!pairs.held.includes(-1)) return pairs;
  const met = (_: number, at: number): boolean => (pairs.held[at] ?? -1) >= 0;
  return { streamed: pairs.streamed.filter(met), held: pairs.held.filter(met) };
}
