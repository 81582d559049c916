// What became of a whole data set's values: tallies added up, and what is for the owner alone.
import { SealroomError } from "../../core/errors.ts";
import type { Merge } from "../kernel.ts";
import type { CopyPartial } from "./copy.ts";
import { FATES } from "./fate-names.ts";
import type { CopyProgram } from "./program.ts";
import { encodeQuarantine, Quarantine } from "./quarantine.ts";
import type { PlacedValue } from "./quarantine.ts";
import { FATE } from "./text-column.ts";

export class CopyMerge implements Merge<CopyPartial> {
  /** By column of the copy, rows by fate. */
  readonly tallies: readonly Float64Array[];
  rows = 0;
  readonly #quarantined = new Quarantine<PlacedValue>();
  #objects = 0;

  constructor({ outputs }: CopyProgram) {
    this.tallies = outputs.map(() => new Float64Array(FATES));
  }

  add({ rows, tallies, quarantined, isOver }: CopyPartial): void {
    this.rows += rows;
    for (const [column, tally] of this.tallies.entries()) {
      for (let fate = 0; fate < FATES; fate++) {
        tally[fate] = (tally[fate] ?? 0) + (tallies[column]?.[fate] ?? 0);
      }
    }
    for (const value of quarantined) this.#quarantined.add({ ...value, object: this.#objects });
    this.#quarantined.isOver ||= isOver;
    this.#objects += 1;
  }

  /**
   * Once all objects are merged: refusals that follow from values, of which the moment is to tell nothing and the code as
   * little as can be. Errors: TOKEN_INVALID (with the column alone), TOKEN_QUARANTINE.
   */
  check({ outputs }: CopyProgram): void {
    for (const [at, { name, invalid }] of outputs.entries()) {
      const tally = this.tallies[at] ?? new Float64Array(FATES);
      const isSound = tally[FATE.done] === this.rows - (tally[FATE.null] ?? 0);
      if (invalid === "error" && !isSound) throw new SealroomError("TOKEN_INVALID", { column: name });
    }
    this.#quarantined.check();
  }

  /** For the owner alone; an Arrow file. Null where no column's rule says quarantine. */
  report({ outputs }: CopyProgram): Uint8Array | null {
    const isAsked = outputs.some(({ invalid, tokens }) => tokens !== null && invalid === "quarantine");
    return isAsked ? encodeQuarantine(this.#quarantined.values) : null;
  }
}
