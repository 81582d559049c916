// What a worker is told to do, as plain data that structured cloning carries: the plan with every name resolved to
// a position, every literal to the column's type, and every bound to the column's smallest unit.
import type { ColumnType } from "../../core/column/type.ts";
import type { Cell } from "./cell.ts";
import type { CellSet } from "./cell-set.ts";

export interface AggregateProgram {
  readonly kind: "aggregate";
  /** Physical columns to read, in the order in which batches must bring them. */
  readonly columns: readonly ProgramColumn[];
  /** Whether batches mark the first row of each unit, or each row is a unit. */
  readonly unit: "column" | "row";
  readonly predicate: TypedPredicate | null;
  /** The group key: positions in `columns`. Empty means one group, which is always listed. */
  readonly dimensions: readonly Dimension[];
  /** One for each column that is aggregated, however many outputs use it. */
  readonly measures: readonly Measure[];
  readonly outputs: readonly Output[];
  readonly orderBy: readonly SortKey[];
  readonly limit: number | null;
  readonly minUnits: number;
  /** The owner's cap on released groups. */
  readonly maxGroups: number;
  /** How many groups may be formed before the gate, released or not: memory's bound, the same for all data. */
  readonly maxFormed: number;
  /** By dimension, the keys whose cross product is always listed; null where not every dimension declares some. */
  readonly declaredKeys: readonly (readonly Cell[])[] | null;
}

export interface ProgramColumn {
  readonly name: string;
  readonly type: ColumnType;
}

export interface Dimension extends ProgramColumn {
  readonly column: number;
}

/** Positions are those of `columns`. Membership of null is unknown (SQL's three-valued logic). */
export type TypedPredicate =
  | { readonly kind: "and" | "or"; readonly terms: readonly TypedPredicate[] }
  | { readonly kind: "not"; readonly term: TypedPredicate }
  | { readonly kind: "null"; readonly column: number; readonly isNull: boolean }
  | { readonly kind: "member"; readonly column: number; readonly set: CellSet };

export interface Measure {
  readonly column: number;
  /** Null where the column is only counted. */
  readonly sum: SumRule | null;
}

/**
 * How one unit's total in one group is clipped, in the column's smallest unit (10^-scale for decimals).
 * `exact`: integers within +-(2^53 - 1), added without rounding; else float64, added with compensation.
 */
export interface SumRule {
  readonly lower: number;
  readonly upper: number;
  readonly exact: boolean;
}

export type Output =
  | { readonly as: string; readonly type: ColumnType; readonly op: "count" | "count_units" }
  | {
      readonly as: string;
      readonly type: ColumnType;
      readonly op: "count_column" | "sum" | "avg";
      /** Position in `measures`. */
      readonly measure: number;
      /** Digits after the point of the measure's smallest unit. */
      readonly scale: number;
    };

/** `column` is a position in the result: the dimensions, then the outputs. */
export interface SortKey {
  readonly column: number;
  readonly direction: "asc" | "desc";
}
