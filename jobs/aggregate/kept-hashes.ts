// By group, the least few of the distinct hashes that one unit's values have: which of its values count does not depend
// on the order of its rows.
import { growInt32 } from "./grow.ts";

export class KeptHashes {
  readonly #most: number;
  /** Of each group, how many are kept; behind each other, their words, high and low, rising. */
  #counts: Int32Array = new Int32Array(0);
  #words: Uint32Array = new Uint32Array(0);

  /** At most `most` of a group. */
  constructor(most: number) {
    this.#most = most;
  }

  grow(groups: number): void {
    this.#counts = growInt32(this.#counts, groups);
    const length = this.#counts.length * this.#most * 2;
    if (length <= this.#words.length) return;
    const words = new Uint32Array(length);
    words.set(this.#words);
    this.#words = words;
  }

  count(group: number): number {
    return this.#counts[group] ?? 0;
  }

  high(group: number, at: number): number {
    return this.#words[(group * this.#most + at) * 2] ?? 0;
  }

  low(group: number, at: number): number {
    return this.#words[(group * this.#most + at) * 2 + 1] ?? 0;
  }

  clear(group: number): void {
    this.#counts[group] = 0;
  }

  add(group: number, high: number, low: number): void {
    const count = this.count(group);
    let at = count;
    while (at > 0 && this.#isAbove(group, at - 1, high, low)) at -= 1;
    if (at > 0 && this.high(group, at - 1) === high && this.low(group, at - 1) === low) return;
    if (at >= this.#most) return;
    const kept = Math.min(count + 1, this.#most);
    const [from, end] = [(group * this.#most + at) * 2, (group * this.#most + kept) * 2];
    this.#words.copyWithin(from + 2, from, end - 2);
    this.#words[from] = high;
    this.#words[from + 1] = low;
    this.#counts[group] = kept;
  }

  #isAbove(group: number, at: number, high: number, low: number): boolean {
    const own = this.high(group, at);
    return own > high || (own === high && this.low(group, at) > low);
  }
}
