// What each unit adds to each group's sum: the total of its values there, clipped to the rules' bounds. A total is
// complete when the group sees its next unit, so one total a group is carried from chunk to chunk. This is the general
// way, contribution by contribution; unit-sums.ts does the same faster where bounds have one sign.
import { CHUNK_ROWS } from "./chunk.ts";
import { growFloat64 } from "./grow.ts";
import { MAX_EXACT } from "./measure.ts";
import type { ShareState, SumState } from "./partial.ts";
import type { ClipRule } from "./program.ts";
import { ShareTally } from "./share.ts";
import { makeSums, pickState } from "./sum.ts";
import type { Sums } from "./sum.ts";
import type { ChunkRows } from "./unit-tally.ts";

export class SumTally {
  readonly #rule: ClipRule;
  /** Running totals are kept exact (integers) or finite (floats), whatever the rows say. */
  readonly #limit: number;
  readonly #sums: Sums;
  readonly #share: ShareTally;
  /** By group, the total of the unit that it saw last, not clipped yet; NaN where there was none. */
  #total: Float64Array = new Float64Array(0);
  readonly #groups = new Int32Array(CHUNK_ROWS);
  readonly #amounts = new Float64Array(CHUNK_ROWS);

  constructor(rule: ClipRule) {
    this.#rule = rule;
    this.#limit = rule.exact ? MAX_EXACT : Number.MAX_VALUE;
    this.#sums = makeSums(rule);
    this.#share = new ShareTally(rule);
  }

  grow(groups: number): void {
    const known = this.#total.length;
    this.#total = growFloat64(this.#total, groups).fill(NaN, known);
    this.#sums.grow(groups);
    this.#share.grow(groups);
  }

  /** `firsts` marks the rows that are the first of their unit in their group. At most a chunk. */
  addAll(
    { groups, count }: Pick<ChunkRows, "groups" | "count">,
    firsts: Uint8Array,
    values: Float64Array,
  ): void {
    const { lower, upper } = this.#rule;
    const [totals, limit] = [this.#total, this.#limit];
    let complete = 0;
    for (let i = 0; i < count; i += 1) {
      const group = groups[i] ?? 0;
      const total = totals[group] ?? 0;
      if (firsts[i] === 0) {
        totals[group] = clip(total + (values[i] ?? 0), -limit, limit);
        continue;
      }
      // Written in any case, kept only if there was a unit before.
      this.#groups[complete] = group;
      this.#amounts[complete] = clip(total, lower, upper);
      complete += Number.isNaN(total) ? 0 : 1;
      totals[group] = values[i] ?? 0;
    }
    this.#sums.addAll(this.#groups, this.#amounts, complete);
    this.#share.addAll(this.#groups, this.#amounts, complete);
  }

  /** Once: it ends the units whose totals are running. */
  finish(formed: Int32Array): { readonly sum: SumState; readonly share: ShareState } {
    const firsts = new Uint8Array(CHUNK_ROWS).fill(1);
    const zeros = new Float64Array(CHUNK_ROWS);
    // A next unit ends the last one, and is itself not counted.
    for (let start = 0; start < formed.length; start += CHUNK_ROWS) {
      const groups = formed.subarray(start, start + CHUNK_ROWS);
      this.addAll({ groups, count: groups.length }, firsts, zeros);
    }
    return { sum: pickState(this.#sums, formed), share: this.#share.finish(formed) };
  }
}

function clip(value: number, lower: number, upper: number): number {
  return value < lower ? lower : value > upper ? upper : value;
}
