// Counts of a whole data set, exact: they stay in the enclave. What may be told of them is profile.ts's.
import { DETECTORS } from "../../core/detect/detectors.ts";
import type { ColumnTally } from "../../core/detect/tally.ts";
import type { Merge } from "../kernel.ts";
import type { DiscoverProgram } from "./program.ts";
import type { ScanPartial } from "./scan.ts";
import { UnitsBehind } from "./unit-behind.ts";
import { WHOLE } from "./unit-shares.ts";

interface ColumnSums {
  values: number;
  readonly matched: Float64Array;
  readonly failed: Float64Array;
  readonly units: UnitsBehind | null;
}

export class ScanMerge implements Merge<ScanPartial> {
  readonly #columns: readonly ColumnSums[];

  constructor({ listed, unitColumn, minUnits }: DiscoverProgram) {
    this.#columns = listed.map(() => ({
      values: 0,
      matched: new Float64Array(DETECTORS.length),
      failed: new Float64Array(DETECTORS.length),
      units: unitColumn === null ? null : new UnitsBehind(minUnits),
    }));
  }

  add(partial: ScanPartial): void {
    for (const [at, sums] of this.#columns.entries()) {
      const part = partial[at];
      if (part === undefined || part === null) continue;
      sums.values += part.counts.values;
      addAll(sums.matched, part.counts.matched);
      addAll(sums.failed, part.counts.failed);
      if (part.units !== null) sums.units?.merge(part.units);
    }
  }

  /** Of a listed column: values that fewer units have than the rules ask for are left out. */
  tally(column: number): ColumnTally {
    const sums = this.#columns[column];
    if (sums === undefined) throw new Error("internal: no such column");
    const { values, matched, failed, units } = sums;
    return {
      values: units === null || units.hasValues() ? values / WHOLE : 0,
      matched: Array.from(matched, (count, at) =>
        units === null || units.hasMatched(at) ? count / WHOLE : 0,
      ),
      failed: Array.from(failed, (count, at) => (units === null || units.hasFailed(at) ? count / WHOLE : 0)),
    };
  }
}

function addAll(sums: Float64Array, more: Float64Array): void {
  for (let at = 0; at < sums.length; at++) sums[at] = (sums[at] ?? 0) + (more[at] ?? 0);
}
