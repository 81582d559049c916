// What a worker is told to do, as plain data that structured cloning carries: the plan with every name resolved to
// a position, every literal to the column's type, and every bound to the column's smallest unit.
import type { ColumnType } from "../../core/column/type.ts";
import type { ArithmeticOp } from "../../core/plan/arithmetic.ts";
import type { DatePart, DateUnit } from "../../core/plan/computed.ts";
import type { Cell } from "./cell.ts";
import type { CellSet, CellTest } from "./cell-set.ts";

export interface AggregateProgram {
  readonly kind: "aggregate";
  /** Physical columns to read, in the order in which batches must bring them. */
  readonly columns: readonly ProgramColumn[];
  /** Whether batches mark the first row of each unit, each row is a unit, or a column names them, rows anywhere. */
  readonly unit: "column" | "row" | "scattered";
  /** Position in `columns` of the column that names the units, where they are scattered; else null. */
  readonly unitColumn: number | null;
  /** What is computed of these columns, and follows them in a batch. */
  readonly computed: readonly Computed[];
  readonly predicate: TypedPredicate | null;
  /** The group key: positions in `columns`. Empty means one group, which is always listed. */
  readonly dimensions: readonly Dimension[];
  /**
   * The grouping sets, as rising positions in `dimensions`: first all of them, then the totals. Units, clipping and
   * all else are counted for each level by itself: a unit of many groups is one unit of their total.
   */
  readonly levels: readonly (readonly number[])[];
  /** One for each column that is aggregated, however many outputs use it. */
  readonly measures: readonly Measure[];
  readonly outputs: readonly Output[];
  /** Over the result's columns, at these positions. */
  readonly having: ReleasedPredicate | null;
  readonly orderBy: readonly SortKey[];
  readonly limitBy: { readonly count: number; readonly columns: readonly number[] } | null;
  readonly limit: number | null;
  readonly minUnits: number;
  /** The owner's cap on released groups. */
  readonly maxGroups: number;
  /** How many groups may be formed before the gate, released or not: memory's bound, the same for all data. */
  readonly maxFormed: number;
  /** By dimension, the keys whose cross product is always listed; null where not every dimension declares some. */
  readonly declaredKeys: readonly (readonly Cell[])[] | null;
  /** The most that one unit may have of the absolute clipped contributions to a column's sum; null for no limit. */
  readonly maxShare: number | null;
  readonly rounding: Rounding;
  /** How many units wide the narrowest interval may be that can be worked out for a suppressed count. */
  readonly interval: number;
}

/** To multiples of what is released numbers are rounded; null where they are released as they are. */
export interface Rounding {
  readonly counts: number | null;
  /** By measure, in the column's smallest unit. */
  readonly sums: readonly (number | null)[];
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

/** Of a released row: positions are those of its cells. */
export type ReleasedPredicate =
  | { readonly kind: "and" | "or"; readonly terms: readonly ReleasedPredicate[] }
  | { readonly kind: "not"; readonly term: ReleasedPredicate }
  | { readonly kind: "null"; readonly column: number; readonly isNull: boolean }
  | { readonly kind: "test"; readonly column: number; readonly test: CellTest };

/** `of` are positions in `columns`. */
export type Computed =
  | { readonly kind: "arithmetic"; readonly type: ColumnType; readonly root: ArithmeticNode }
  | { readonly kind: "part"; readonly part: DatePart; readonly of: number }
  | { readonly kind: "truncate"; readonly unit: DateUnit; readonly type: ColumnType; readonly of: number }
  | { readonly kind: "bin"; readonly of: number; readonly edges: readonly Edge[] }
  | {
      readonly kind: "case";
      readonly type: ColumnType;
      readonly when: readonly TypedPredicate[];
      /** One for each predicate, and one for rows of which none is true. */
      readonly then: readonly Cell[];
    };

/** In the column's smallest unit. */
export type Edge = number | bigint;

/** Exact ones are whole numbers of a smallest unit; `times` and `over` bring an operand to its parent's. */
export type ArithmeticNode =
  | { readonly kind: "column"; readonly column: number; readonly exact: boolean }
  | { readonly kind: "constant"; readonly value: number }
  | {
      readonly kind: "operation";
      readonly op: ArithmeticOp;
      readonly exact: boolean;
      readonly operands: readonly [Operand, Operand];
    };

export interface Operand {
  readonly node: ArithmeticNode;
  readonly times: number;
  readonly over: number;
}

export interface Measure {
  readonly name: string;
  readonly column: number;
  /** Whether values are integers, in the smallest unit; else float64. */
  readonly exact: boolean;
  /** How a unit's total is clipped; null where neither a sum nor a share is needed. */
  readonly sum: ClipRule | null;
  /** How each row is clipped for variances; null where none is needed. */
  readonly moments: ClipRule | null;
  /** The measure, by its place, beside which it stands: its rows are those where both have a value. Null: its own. */
  readonly beside: number | null;
  /** How the two are clipped for covariances; null where none is needed, and of the later one of both. */
  readonly joint: JointRule | null;
  /** Whether it is needed how many units have a row without a value. */
  readonly missing: boolean;
  /** The extremes that are needed, unclipped. */
  readonly extremes: readonly Extreme[];
  /** The edges of its declared bins, where a quantile is asked, in the column's smallest unit. */
  readonly bins: readonly number[] | null;
  /** How distinct values are counted, where they are. */
  readonly distinct: DistinctRule | null;
  /** Whether one unit's share of the sum is needed; only where there is a sum. */
  readonly share: boolean;
}

export type Extreme = "min" | "max";

/**
 * What a value is clipped to, in the column's smallest unit (10^-scale for decimals). `exact`: integers within
 * +-(2^53 - 1), added without rounding; else float64, added with compensation.
 */
export interface ClipRule {
  readonly lower: number;
  readonly upper: number;
  readonly exact: boolean;
}

/** At most `perUnit` of a unit's values count; `byPair` where groups are pairs of a group and a unit. */
export interface DistinctRule {
  readonly perUnit: number;
  readonly byPair: boolean;
}

/** Of a measure, and of the one beside which it stands. */
export type JointRule = readonly [ClipRule, ClipRule];

export type Output =
  | { readonly as: string; readonly type: ColumnType; readonly op: "count" | "count_units" }
  | {
      readonly as: string;
      readonly type: ColumnType;
      readonly op: "count_column" | "sum" | "avg" | "var" | "stddev" | Extreme;
      /** Position in `measures`. */
      readonly measure: number;
      /** Digits after the point of the measure's smallest unit. */
      readonly scale: number;
    }
  | {
      readonly as: string;
      readonly type: ColumnType;
      readonly op: "approx_quantile";
      readonly measure: number;
      /** Of how many in a million values. */
      readonly at: number;
    }
  | {
      readonly as: string;
      readonly type: ColumnType;
      readonly op: "approx_distinct";
      readonly measure: number;
    }
  | {
      readonly as: string;
      readonly type: ColumnType;
      readonly op: "covar" | "corr";
      /** The one that has the joint rule. */
      readonly measure: number;
      /** The one beside it. */
      readonly beside: number;
      /** Digits after the point of the product of both smallest units. */
      readonly scale: number;
    };

/** `column` is a position in the result: the dimensions, then the outputs. */
export interface SortKey {
  readonly column: number;
  readonly direction: "asc" | "desc";
}
