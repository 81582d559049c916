// Per group, the least or the greatest value, and how many distinct units hold it. Rows of a unit lie together, so
// the last unit that was counted is all there is to remember.
import { growFloat64, growInt32 } from "./grow.ts";
import type { ExtremeState } from "./partial.ts";
import type { Extreme } from "./program.ts";

export class ExtremeTally {
  /** The greatest value is found as the least of the negated ones. */
  readonly #sign: 1 | -1;
  /** Infinity where there is none: values are finite. */
  #least: Float64Array = new Float64Array(0);
  #units: Float64Array = new Float64Array(0);
  #lastUnit: Int32Array = new Int32Array(0);

  constructor(extreme: Extreme) {
    this.#sign = extreme === "min" ? 1 : -1;
  }

  grow(groups: number): void {
    const known = this.#least.length;
    this.#least = growFloat64(this.#least, groups);
    this.#least.fill(Infinity, known);
    this.#units = growFloat64(this.#units, groups);
    this.#lastUnit = growInt32(this.#lastUnit, groups);
  }

  /** Where `ordinals` is null each row is a unit. */
  addAll(groups: Int32Array, values: Float64Array, ordinals: Int32Array | null, count: number): void {
    const [least, units, lastUnit, sign] = [this.#least, this.#units, this.#lastUnit, this.#sign];
    for (let i = 0; i < count; i += 1) {
      const group = groups[i] ?? 0;
      const value = sign * (values[i] ?? 0);
      const known = least[group] ?? Infinity;
      if (value > known) continue;
      const unit = ordinals === null ? 0 : (ordinals[i] ?? 0);
      if (value < known) {
        least[group] = value;
        units[group] = 1;
      } else if (ordinals === null || unit !== lastUnit[group]) {
        units[group] = (units[group] ?? 0) + 1;
      }
      lastUnit[group] = unit;
    }
  }

  /** The state of another tally over other units, whose groups have these numbers here. */
  merge(groups: Int32Array, state: ExtremeState): void {
    groups.forEach((group, at) => {
      const value = (state.value[at] ?? 0) * this.#sign;
      const known = this.#least[group] ?? Infinity;
      const units = state.units[at] ?? 0;
      if (units === 0 || value > known) return;
      this.#units[group] = units + (value === known ? (this.#units[group] ?? 0) : 0);
      this.#least[group] = value;
    });
  }

  /** The value is 0 where no unit has one. */
  finish(formed: Int32Array): ExtremeState {
    return {
      value: Float64Array.from(formed, (group) => this.value(group) ?? 0),
      units: Float64Array.from(formed, (group) => this.units(group)),
    };
  }

  /** Null where no unit has one. Negative zero is zero. */
  value(group: number): number | null {
    return this.units(group) === 0 ? null : this.#sign * (this.#least[group] ?? 0) + 0;
  }

  units(group: number): number {
    return this.#units[group] ?? 0;
  }
}
