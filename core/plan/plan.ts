// What a job computes, as the canonical value whose digest is the job's identity. Types and a limit: job-text.ts makes
// one from YAML or JSON, parse.ts from canonical bytes, check.ts holds it against a manifest.
import type { P256Jwk } from "../manifest/jwk.ts";
import type { ComputedColumn } from "./computed.ts";
import type { Join } from "./join.ts";

export const MAX_PLAN_BYTES: number = 256 * 1024;

/** A literal as written in the job; check.ts types it by the column (dates and decimals are strings). */
export type Literal = string | number | boolean;

export type Comparison = "=" | "!=" | "<" | "<=" | ">" | ">=";

/** SQL's three-valued logic: a comparison with null is unknown, and a row is kept only where this is true. */
export type Predicate =
  | { readonly and: readonly Predicate[] }
  | { readonly or: readonly Predicate[] }
  | { readonly not: Predicate }
  | { readonly column: string; readonly op: Comparison; readonly value: Literal }
  | { readonly column: string; readonly in: readonly Literal[] }
  | { readonly column: string; readonly between: readonly [Literal, Literal] }
  | { readonly column: string; readonly isNull: boolean };

/**
 * `count` counts rows (or, with a column, its non-null rows); `count_units` distinct units. `var` and `stddev` are of
 * a sample (n - 1). What each does with bounds and nulls is in docs/jobs.md.
 */
export type Aggregate =
  | { readonly as: string; readonly op: "count"; readonly column?: string }
  | { readonly as: string; readonly op: "count_units" }
  | { readonly as: string; readonly op: ColumnOp; readonly column: string }
  | { readonly as: string; readonly op: JointOp; readonly column: string; readonly with: string }
  | { readonly as: string; readonly op: "approx_quantile"; readonly column: string; readonly at: number };

/** Aggregates of one column. */
export type ColumnOp = NumberOp | "approx_distinct";

/** Those for which it has to be one of numbers. */
export type NumberOp = "sum" | "avg" | "var" | "stddev" | "min" | "max";

/** How many digits there may be after the point of the share at which a quantile is asked. */
export const QUANTILE_DIGITS = 6;

/** Those that need two of them, over the rows where both have a value; as `var`, `covar` is of a sample. */
export type JointOp = "covar" | "corr";

export interface Ordering {
  /** The name of an output column: a group column or an aggregate's `as`. */
  readonly column: string;
  readonly direction: "asc" | "desc";
}

interface PlanBase {
  readonly version: 1;
  /** One; two of an aggregate plan that joins them. */
  readonly inputs: readonly PlanInput[];
  /** The key the result is sealed to. */
  readonly recipient: P256Jwk;
  readonly release: "sealed" | "clear";
}

/** At most `count` rows of those that are alike in these columns of the result: of each group's parts, the first. */
export interface LimitBy {
  readonly count: number;
  readonly columns: readonly string[];
}

/** What may be left out is never there and empty: a plan has one spelling. */
export interface AggregatePlan extends PlanBase {
  readonly kind: "aggregate";
  /** Where there are two inputs. Columns are then named by their side (join.ts). */
  readonly join?: Join;
  /** Named as columns are, and used as they are. */
  readonly computed?: readonly ComputedColumn[];
  readonly where: Predicate | null;
  readonly groupBy: readonly string[];
  /**
   * Besides the groups, totals over them: the group columns that each keeps. Proper subsets of `groupBy`, each once, in
   * canonical order (totals.ts). The result then has the column `grouping`.
   */
  readonly totals: readonly (readonly string[])[];
  readonly select: readonly Aggregate[];
  /** Over the released rows, by their columns' names. */
  readonly having?: Predicate;
  readonly orderBy: readonly Ordering[];
  /** Before the limit. */
  readonly limitBy?: LimitBy;
  readonly limit: number | null;
}

/** A copy of the data set with tokens. What is in it the owner's rules say; its result is coarse counts. */
export interface TokenizePlan extends PlanBase {
  readonly kind: "tokenize";
  /** For whom the copy is made, as the rules name it. */
  readonly audience: string;
}

/** What is behind the tokens of some rows, for the recipient that a grant names. */
export interface RevealPlan extends PlanBase {
  readonly kind: "reveal";
  /** Columns of the result, at least one of them of tokens. */
  readonly columns: readonly string[];
  /** Which rows: those whose token in this column is one of these; null for all. */
  readonly match: { readonly column: string; readonly tokens: readonly string[] } | null;
  readonly release: "sealed";
}

/** Which identifiers the columns hold, coarsely. Always of the whole data set: of chosen rows it would tell of them. */
export interface DiscoverPlan extends PlanBase {
  readonly kind: "discover";
}

export interface PlanInput {
  readonly dataset: string;
  /** RFC 7638 thumbprint of the owner's signing key: a data set of that name by anyone else is another. */
  readonly owner: string;
}

export type Plan = AggregatePlan | TokenizePlan | RevealPlan | DiscoverPlan;
