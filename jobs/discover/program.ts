// What a worker is told to do to scan a data set for identifiers, as plain data that structured cloning carries.
import type { ColumnType } from "../../core/column/type.ts";
import type { ColumnEntry, UnitKind } from "../../core/manifest/manifest.ts";

export interface DiscoverProgram {
  readonly kind: "discover";
  /** Physical columns to read, in the order in which batches must bring them. */
  readonly columns: readonly ProgramColumn[];
  /** All of the data set, in its order: one row of the result each. */
  readonly listed: readonly ListedColumn[];
  readonly unit: UnitKind;
  /** Position in `columns` of what names a row's unit; null where marks tell units apart, or each row is one. */
  readonly unitColumn: number | null;
  readonly minUnits: number;
}

export interface ProgramColumn {
  readonly name: string;
  readonly type: ColumnType;
}

export interface ListedColumn extends ColumnEntry {
  /** Position in `columns`; null where its type is told and its values are not read. */
  readonly scanned: number | null;
}
