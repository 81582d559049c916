// What became of a whole data set's values: tallies added up, and what is for the owner alone.
import type { Merge } from "../kernel.ts";
import type { CopyPartial } from "./copy.ts";
import { FATES } from "./fate-names.ts";
import type { CopyProgram } from "./program.ts";
import { encodeQuarantine, Quarantine } from "./quarantine.ts";
import type { PlacedValue } from "./quarantine.ts";

export class CopyMerge implements Merge<CopyPartial> {
  /** By column of the copy, rows by fate. */
  readonly tallies: readonly Float64Array[];
  rows = 0;
  readonly #quarantined: PlacedValue[] = [];
  readonly #limit = new Quarantine();
  #objects = 0;

  constructor({ outputs }: CopyProgram) {
    this.tallies = outputs.map(() => new Float64Array(FATES));
  }

  /** Error: TOKEN_QUARANTINE. */
  add({ rows, tallies, quarantined }: CopyPartial): void {
    this.rows += rows;
    for (const [column, tally] of this.tallies.entries()) {
      for (let fate = 0; fate < FATES; fate++) {
        tally[fate] = (tally[fate] ?? 0) + (tallies[column]?.[fate] ?? 0);
      }
    }
    for (const value of quarantined) {
      this.#limit.count(value.value);
      this.#quarantined.push({ ...value, object: this.#objects });
    }
    this.#objects += 1;
  }

  /** For the owner alone; an Arrow file. Null where no column's rule says quarantine. */
  report({ outputs }: CopyProgram): Uint8Array | null {
    const isAsked = outputs.some(({ invalid, tokens }) => tokens !== null && invalid === "quarantine");
    return isAsked ? encodeQuarantine(this.#quarantined) : null;
  }
}
