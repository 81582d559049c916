// Holds a plan against a manifest: every column is there, its role allows its use, and every literal is one of its
// type. What comes out is what kernels run on; nothing in it is looked up by name again.
import type { ColumnType } from "../column/type.ts";
import { PolicyError, SealroomError } from "../errors.ts";
import type { Edges } from "../manifest/bins.ts";
import type { Bounds, Manifest, Rules } from "../manifest/manifest.ts";
import type { TypedComputation } from "./check-computed.ts";
import { checkJoin } from "./check-join.ts";
import type { CheckedJoin } from "./check-join.ts";
import type { TypedLiteral } from "./literal.ts";
import type { AggregatePlan, Comparison, JointOp, LimitBy, Literal, Ordering, Predicate } from "./plan.ts";
import { Resolver } from "./resolver.ts";
import { ownEntry } from "./source-columns.ts";
import type { Ruled } from "./source-columns.ts";

/** A column of the batches that kernels run on, at the place `slot` in them. */
export interface PlanColumn extends Ruled {
  readonly slot: number;
  readonly name: string;
  readonly type: ColumnType;
}

/** A column that is computed from others. Those are named as in CheckedPlan.columns. */
export interface CheckedColumn {
  readonly column: PlanColumn;
  readonly computation: CheckedComputation;
}

export type CheckedComputation =
  | Extract<TypedComputation, { readonly kind: "arithmetic" | "part" | "truncate" }>
  | { readonly kind: "bin"; readonly of: string; readonly edges: readonly TypedLiteral[] }
  | {
      readonly kind: "case";
      readonly cases: readonly { readonly when: TypedPredicate; readonly then: Literal | null }[];
      readonly otherwise: Literal | null;
    };

/** As Predicate, resolved. Strings compare by their UTF-8 bytes, other literals by value; `in` lists are unsorted. */
export type TypedPredicate =
  | { readonly and: readonly TypedPredicate[] }
  | { readonly or: readonly TypedPredicate[] }
  | { readonly not: TypedPredicate }
  | { readonly column: PlanColumn; readonly op: Comparison; readonly value: TypedLiteral }
  | { readonly column: PlanColumn; readonly in: readonly TypedLiteral[] }
  | { readonly column: PlanColumn; readonly between: readonly [TypedLiteral, TypedLiteral] }
  | { readonly column: PlanColumn; readonly isNull: boolean };

/** As Aggregate, resolved. Bounds are the owner's, in the column's own unit; extremes are not clipped. */
export type TypedAggregate =
  | { readonly as: string; readonly op: "count"; readonly column: PlanColumn | null }
  | { readonly as: string; readonly op: "count_units" }
  | {
      readonly as: string;
      readonly op: "sum" | "avg" | "var" | "stddev";
      readonly column: PlanColumn;
      readonly bounds: Bounds;
    }
  | {
      readonly as: string;
      readonly op: JointOp;
      readonly column: PlanColumn;
      readonly bounds: Bounds;
      readonly with: PlanColumn;
      readonly withBounds: Bounds;
    }
  | { readonly as: string; readonly op: "min" | "max"; readonly column: PlanColumn }
  | {
      readonly as: string;
      readonly op: "approx_quantile";
      readonly column: PlanColumn;
      readonly at: number;
      readonly edges: Edges;
    }
  | {
      readonly as: string;
      readonly op: "approx_distinct";
      readonly column: PlanColumn;
      /** How many of its values one unit may add. */
      readonly perUnit: number;
    };

export interface CheckedPlan {
  /** The columns that the job reads for itself, each once, input by input in the schema's order: the first of each batch. */
  readonly columns: readonly PlanColumn[];
  readonly join: CheckedJoin | null;
  /** The last of each batch. */
  readonly computed: readonly CheckedColumn[];
  readonly where: TypedPredicate | null;
  readonly groupBy: readonly PlanColumn[];
  /** The columns that each total keeps, as rising positions in `groupBy`. */
  readonly totals: readonly (readonly number[])[];
  readonly select: readonly TypedAggregate[];
  /** Over the result's columns, whose types are not known here. */
  readonly having: Predicate | null;
  readonly orderBy: readonly Ordering[];
  readonly limitBy: LimitBy | null;
  readonly limit: number | null;
}

/**
 * `manifests`: of the plan's inputs, in their order. Errors: SealroomError PLAN_INPUT, PLAN_COLUMN, PLAN_TYPE, PLAN_LITERAL,
 * PLAN_OUTPUT; PolicyError PLAN_ROLE, PLAN_BOUNDS, PLAN_EXTREMES, PLAN_EXPRESSION, PLAN_BINS, PLAN_DISTINCT,
 * PLAN_GROUP_KEYS.
 */
export function checkPlan(plan: AggregatePlan, manifests: readonly Manifest[]): CheckedPlan {
  checkInputs(plan, manifests);
  const join = plan.join === undefined ? null : checkJoin(plan.join, manifests);
  const resolver = new Resolver(plan, manifests);
  const groupBy = plan.groupBy.map((name) => resolver.groupColumn(name));
  checkDeclaredKeys(plan, groupBy, manifests);
  return {
    columns: resolver.columns,
    join,
    where: plan.where === null ? null : resolver.predicate(plan.where),
    groupBy,
    totals: plan.totals.map((kept) => kept.map((name) => plan.groupBy.indexOf(name))),
    select: plan.select.map((aggregate) => resolver.aggregate(aggregate)),
    computed: resolver.computed(),
    having: plan.having ?? null,
    orderBy: plan.orderBy,
    limitBy: plan.limitBy ?? null,
    limit: plan.limit,
  };
}

function checkInputs({ inputs }: AggregatePlan, manifests: readonly Manifest[]): void {
  for (const [at, { dataset }] of manifests.entries()) {
    if (inputs[at]?.dataset !== dataset) throw new SealroomError("PLAN_INPUT", { dataset });
  }
  if (manifests.length !== inputs.length) throw new Error("internal: a plan held against some of its inputs");
}

/** Where every group column declares keys, their combinations are always listed, in each total too: more than may be? */
function checkDeclaredKeys(
  { totals, groupBy: names }: AggregatePlan,
  groupBy: readonly PlanColumn[],
  manifests: readonly Manifest[],
): void {
  const maxGroups = Math.min(...manifests.map(({ rules }) => rules.maxGroups));
  const declared = groupBy.map((column) => declaredKeys(column, manifests));
  if (groupBy.length === 0 || declared.includes(null)) return;
  const listed = [names, ...totals].map((kept) =>
    kept.reduce((product, name) => product * (declared[names.indexOf(name)]?.length ?? 0), 1),
  );
  if (listed.reduce((sum, rows) => sum + rows, 0) > maxGroups) {
    throw new PolicyError("PLAN_GROUP_KEYS", { maxGroups });
  }
}

/** The keys of a group column that its owner wants always listed; null where he names none. */
export function declaredKeys(
  column: PlanColumn,
  manifests: readonly Manifest[],
): Rules["groupKeys"][string] | null {
  return ownEntry(manifests[column.input]?.rules.groupKeys, column) ?? null;
}
