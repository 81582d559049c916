// The mergeable state of one object, as structured cloning carries it between threads. It holds keys and counts of
// groups that may yet be suppressed, so it never leaves the enclave in the clear.
import type { Cell } from "./cell.ts";

export interface Partial {
  /** One for each of the program's levels. */
  readonly levels: readonly PartialLevel[];
  /** By measure, the passing rows whose value was NaN or had to be saturated. */
  readonly badRows: readonly number[];
}

export interface PartialLevel {
  /** Groups with at least one passing row; every array below but `cells` has one entry a group. */
  readonly groups: number;
  /** One for each dimension that the level keeps. */
  readonly keys: readonly KeyColumn[];
  readonly passing: Float64Array;
  readonly units: Float64Array;
  readonly measures: readonly PartialMeasure[];
}

/** One dimension of the keys: a code a group, and the cells that the codes stand for, each once. */
export interface KeyColumn {
  readonly codes: Int32Array;
  readonly cells: readonly Cell[] | Int32Array | Uint32Array;
}

export interface PartialMeasure {
  readonly nonNull: Float64Array;
  /** Distinct units with a non-null value. */
  readonly units: Float64Array;
  /** Distinct units with a passing row that has no value; null where not asked. */
  readonly missing: Float64Array | null;
  readonly sum: SumState | null;
  readonly share: ShareState | null;
  readonly moments: MomentState | null;
  readonly joint: JointState | null;
  readonly min: ExtremeState | null;
  readonly max: ExtremeState | null;
  readonly bins: BinState | null;
  readonly distinct: DistinctState | null;
}

/** The state of ExactSums or CompensatedSums, as the program's rule says. */
export interface SumState {
  readonly high: Float64Array;
  readonly low: Float64Array;
}

/** Of clipped contributions without their signs. */
export interface ShareState {
  readonly largest: Float64Array;
  readonly absolute: SumState;
}

/** Of the non-null rows, each clipped, less a centre that follows from the rule. */
export interface MomentState {
  readonly sum: SumState;
  /** One sum, or three where a square does not fit a float64 (moment.ts). */
  readonly squares: readonly SumState[];
}

/** By place in the partial's groups, and bin, where there is a value: rows, and units of which it is an end. */
export interface BinState {
  /** Rising, and beside equal ones the bins. */
  readonly places: Int32Array;
  readonly bins: Int32Array;
  readonly rows: Float64Array;
  readonly least: Float64Array;
  readonly greatest: Float64Array;
}

/** By place in the partial's groups: registers and their ranks, or, of pairs, the two words of kept hashes. */
export interface DistinctState {
  readonly places: Int32Array;
  readonly first: Uint32Array;
  readonly second: Uint32Array;
}

/** By column of the two, its moments and the least and the greatest of its clipped values; then their products. */
export interface JointState {
  readonly columns: readonly MomentState[];
  readonly ends: readonly (readonly ExtremeState[])[];
  /** One sum, or three where a product does not fit a float64 (joint-moment.ts). */
  readonly products: readonly SumState[];
}

export interface ExtremeState {
  readonly value: Float64Array;
  /** Distinct units that hold it; 0 where there is no value. */
  readonly units: Float64Array;
}
