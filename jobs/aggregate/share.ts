// Per group, of the units' clipped contributions to a sum, without their signs: the largest one, and all together.
import { CHUNK_ROWS } from "./chunk.ts";
import { growFloat64 } from "./grow.ts";
import type { ShareState } from "./partial.ts";
import type { ClipRule } from "./program.ts";
import { makeSums, pickState } from "./sum.ts";
import type { Sums } from "./sum.ts";

export class ShareTally {
  readonly #absolute: Sums;
  #largest: Float64Array = new Float64Array(0);
  readonly #amounts = new Float64Array(CHUNK_ROWS);

  constructor(rule: ClipRule) {
    this.#absolute = makeSums(rule);
  }

  grow(groups: number): void {
    this.#absolute.grow(groups);
    this.#largest = growFloat64(this.#largest, groups);
  }

  addAll(groups: Int32Array, amounts: Float64Array, count: number): void {
    const [largest, absolutes] = [this.#largest, this.#amounts];
    for (let i = 0; i < count; i += 1) {
      const group = groups[i] ?? 0;
      const amount = Math.abs(amounts[i] ?? 0);
      if (amount > (largest[group] ?? 0)) largest[group] = amount;
      absolutes[i] = amount;
    }
    this.#absolute.addAll(groups, absolutes, count);
  }

  /** The state of another tally, whose groups have these numbers here. */
  merge(groups: Int32Array, state: ShareState): void {
    groups.forEach((group, at) => {
      this.#largest[group] = Math.max(this.#largest[group] ?? 0, state.largest[at] ?? 0);
      this.#absolute.merge(group, state.absolute.high[at] ?? 0, state.absolute.low[at] ?? 0);
    });
  }

  finish(formed: Int32Array): ShareState {
    return {
      largest: Float64Array.from(formed, (group) => this.#largest[group] ?? 0),
      absolute: pickState(this.#absolute, formed),
    };
  }

  largest(group: number): number {
    return this.#largest[group] ?? 0;
  }

  absolute(group: number): bigint | number {
    return this.#absolute.value(group);
  }
}
