// What each unit adds to each group's sum: the total of its values there, clipped to the rules' bounds. A total is
// complete when the group sees its next unit, so one total a group is carried from chunk to chunk.
import { CHUNK_ROWS } from "./chunk.ts";
import { growFloat64, growInt32 } from "./grow.ts";
import { MAX_EXACT } from "./measure.ts";
import type { ClipRule } from "./program.ts";

export class Contributions {
  /** The groups and amounts of the contributions that the last call completed. */
  readonly groups: Int32Array = new Int32Array(CHUNK_ROWS);
  readonly amounts: Float64Array = new Float64Array(CHUNK_ROWS);
  readonly #rule: ClipRule;
  /** Running totals are kept exact (integers) or finite (floats), whatever the rows say. */
  readonly #limit: number;
  /** By group, the ordinal of the unit whose total is running; 0 is none. */
  #unit: Int32Array = new Int32Array(0);
  #total: Float64Array = new Float64Array(0);

  constructor(rule: ClipRule) {
    this.#rule = rule;
    this.#limit = rule.exact ? MAX_EXACT : Number.MAX_VALUE;
  }

  /** Each row is a unit, whose total is the row's value. Returns how many there are: all of `count`. */
  addRows(groups: Int32Array, values: Float64Array, count: number): number {
    const { lower, upper } = this.#rule;
    this.groups.set(groups.subarray(0, count));
    clipAll(this.amounts, values, count, lower, upper);
    return count;
  }

  /** Returns how many totals were completed. Group numbers are below `bound`. */
  addUnits(
    bound: number,
    groups: Int32Array,
    values: Float64Array,
    ordinals: Int32Array,
    count: number,
  ): number {
    this.#unit = growInt32(this.#unit, bound);
    this.#total = growFloat64(this.#total, bound);
    const [units, totals, limit] = [this.#unit, this.#total, this.#limit];
    const [outGroups, outAmounts] = [this.groups, this.amounts];
    let complete = 0;
    for (let i = 0; i < count; i += 1) {
      const group = groups[i] ?? 0;
      const unit = ordinals[i] ?? 0;
      const total = totals[group] ?? 0;
      const last = units[group] ?? 0;
      if (last === unit) {
        totals[group] = clip(total + (values[i] ?? 0), -limit, limit);
        continue;
      }
      // Written in any case, kept only if there was a unit before.
      outGroups[complete] = group;
      outAmounts[complete] = total;
      complete += last === 0 ? 0 : 1;
      units[group] = unit;
      totals[group] = values[i] ?? 0;
    }
    clipAll(outAmounts, outAmounts, complete, this.#rule.lower, this.#rule.upper);
    return complete;
  }

  /** The clipped total that is still running in the group, or null if there is none. */
  last(group: number): number | null {
    if ((this.#unit[group] ?? 0) === 0) return null;
    return clip(this.#total[group] ?? 0, this.#rule.lower, this.#rule.upper);
  }
}

function clipAll(out: Float64Array, values: Float64Array, count: number, lower: number, upper: number): void {
  for (let i = 0; i < count; i += 1) out[i] = clip(values[i] ?? 0, lower, upper);
}

function clip(value: number, lower: number, upper: number): number {
  return value < lower ? lower : value > upper ? upper : value;
}
