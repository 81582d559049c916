// The release gate: the only way from what was computed to what leaves. A table that comes out of here is public to
// the plan's recipient; whatever it does not list leaves no trace in it, not even how much was left out. One step a
// file, in gate/. What this mode does not stop, an analyst who compares several jobs above all, the receipt says.
import { PolicyError } from "../../core/errors.ts";
import type { ColumnType } from "../../core/column/type.ts";
import { GROUPING } from "../../core/plan/totals.ts";
import type { BadRows } from "../../core/receipt/bad-rows.ts";
import { findWhole, releaseBadRows } from "./gate/bad-rows.ts";
import type { Candidate } from "./gate/candidate.ts";
import { withholdDeducible } from "./gate/deducible.ts";
import { withholdDominated } from "./gate/dominance.ts";
import { withholdRareExtremes } from "./gate/extremes.ts";
import { limitRowsBy, withoutUnasked } from "./gate/having.ts";
import { listRows, orderRows, releaseRows } from "./gate/listing.ts";
import type { ReleasedRow } from "./gate/listing.ts";
import { withholdLopsided } from "./gate/lopsided.ts";
import { withholdRarelyMissing } from "./gate/missing.ts";
import { withoutSmall } from "./gate/small.ts";
import type { MergedLevels } from "./gate/small.ts";
import { GROUPING_TYPE } from "./compile.ts";
import type { AggregateProgram } from "./program.ts";

/** What leaves: the group columns, `grouping` where there are totals, then the aggregates. */
export interface ReleasedTable {
  readonly columns: readonly { readonly name: string; readonly type: ColumnType }[];
  readonly rows: readonly ReleasedRow[];
  readonly badRows: BadRows;
}

export interface MergedJob extends MergedLevels {
  /** By measure, the passing rows whose value could not be used as it was. */
  badRows(): readonly number[];
}

/**
 * The order of the gate. Rows have been filtered and contributions clipped before (accumulate.ts); figures are rounded
 * as they are listed. What comes after the listing is made of the released rows alone.
 * Errors: GATE_GROUPS, when more rows would be listed than the rules allow; GATE_ROWS, when more remain than the grant allows.
 */
export function passGate(
  program: AggregateProgram,
  merged: MergedJob,
  { maxRows }: { readonly maxRows: number | null },
): ReleasedTable {
  const released: ReleasedRow[] = [];
  let whole: Candidate | null = null;
  for (const candidates of withoutSmall(program, merged)) {
    withholdDominated(program, candidates);
    withholdLopsided(program, candidates);
    withholdRareExtremes(program, candidates);
    withholdRarelyMissing(program, candidates);
    withholdDeducible(program, candidates);
    for (const row of releaseRows(program, candidates)) released.push(row);
    whole ??= findWhole(program, candidates);
  }
  const kept = withoutUnasked(program, listRows(program, released));
  const ordered = limitRowsBy(program, orderRows(program, kept));
  const rows = ordered.slice(0, program.limit ?? ordered.length);
  if (maxRows !== null && rows.length > maxRows) throw new PolicyError("GATE_ROWS", { maxRows });
  return {
    columns: columnsOf(program),
    rows,
    badRows: releaseBadRows(program, whole, merged.badRows()),
  };
}

/** As they stand in a released table. */
export function columnsOf({ dimensions, levels, outputs }: AggregateProgram): ReleasedTable["columns"] {
  const grouping = levels.length > 1 ? [{ name: GROUPING, type: GROUPING_TYPE }] : [];
  return [
    ...dimensions.map(({ name, type }) => ({ name, type })),
    ...grouping,
    ...outputs.map(({ as, type }) => ({ name: as, type })),
  ];
}
