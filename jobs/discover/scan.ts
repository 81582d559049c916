// One object's columns, value by value, to counts by detector. Holds counts only: no value outlives its row.
import type { ColumnBatch, Vector } from "../../core/column/vector.ts";
import { SealroomError } from "../../core/errors.ts";
import type { Kernel } from "../kernel.ts";
import { ColumnJudge } from "./column-judge.ts";
import type { DiscoverProgram } from "./program.ts";
import { UnitsBehind } from "./unit-behind.ts";
import type { MarksByCount } from "./unit-behind.ts";
import { NO_UNIT, unitHashes } from "./unit-marks.ts";
import { UnitShares } from "./unit-shares.ts";
import type { Counts } from "./unit-shares.ts";

/** By listed column; null of those that are not scanned. */
export type ScanPartial = readonly (ColumnPart | null)[];

export interface ColumnPart {
  /** Where units are scattered, each row weighs one. */
  readonly counts: Counts;
  /** Null where counts themselves are of so many units. */
  readonly units: MarksByCount | null;
}

interface ColumnScan {
  /** Position among the batch's columns. */
  readonly at: number;
  readonly judge: ColumnJudge;
  readonly shares: UnitShares;
  readonly units: UnitsBehind | null;
}

export class ObjectScan implements Kernel<ScanPartial> {
  readonly #program: DiscoverProgram;
  readonly #columns: readonly (ColumnScan | null)[];

  constructor(program: DiscoverProgram) {
    this.#program = program;
    const { listed, unitColumn, minUnits } = program;
    this.#columns = listed.map(({ scanned }) =>
      scanned === null
        ? null
        : {
            at: scanned,
            judge: new ColumnJudge(),
            shares: new UnitShares(),
            units: unitColumn === null ? null : new UnitsBehind(minUnits),
          },
    );
  }

  /** Errors: AGGREGATE_UNITS, when the object has no marks of units and should, which does not hang on values. */
  add(batch: ColumnBatch): null {
    const { unit, unitColumn } = this.#program;
    if ((batch.unitStart !== null) !== (unit === "column")) throw new SealroomError("AGGREGATE_UNITS");
    const hashes = unitColumn === null ? null : unitHashes(vectorAt(batch, unitColumn));
    for (const column of this.#columns) {
      if (column !== null) scanRows(column, vectorAt(batch, column.at), batch.unitStart, hashes);
    }
    return null;
  }

  finish(): ScanPartial {
    return this.#columns.map((column) => {
      if (column === null) return null;
      column.shares.endUnit();
      return { counts: column.shares.counts(), units: column.units?.marks() ?? null };
    });
  }
}

function scanRows(
  { judge, shares, units }: ColumnScan,
  vector: Vector,
  unitStart: Uint8Array | null,
  hashes: Int32Array | null,
): void {
  for (let row = 0; row < vector.rows; row++) {
    const isStart = unitStart === null || (((unitStart[row >>> 3] ?? 0) >>> (row & 7)) & 1) === 1;
    if (isStart) shares.endUnit();
    if (!judge.judge(vector, row)) continue;
    shares.add(judge.matched, judge.failed);
    const hash = hashes?.[row] ?? NO_UNIT;
    if (hash !== NO_UNIT) units?.add(hash, judge.matched, judge.failed);
  }
}

function vectorAt({ columns }: ColumnBatch, at: number): Vector {
  const vector = columns[at];
  if (vector === undefined) throw new Error("internal: a batch without a column of the program");
  return vector;
}
