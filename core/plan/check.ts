// Holds a plan against a manifest: every column is there, its role allows its use, and every literal is one of its
// type. What comes out is what kernels run on; nothing in it is looked up by name again.
import { findColumnType } from "../column/type.ts";
import type { ColumnType } from "../column/type.ts";
import { PolicyError, SealroomError } from "../errors.ts";
import type { Edges } from "../manifest/bins.ts";
import type { Bounds, Manifest, Role } from "../manifest/manifest.ts";
import { aggregatedColumns } from "./aggregated.ts";
import { findColumn, literalOf, unfit } from "./check-column.ts";
import type { NamedColumn } from "./check-column.ts";
import { checkComputed } from "./check-computed.ts";
import type { ComputedFacts, TypedComputation } from "./check-computed.ts";
import { shortName } from "../text/name.ts";
import type { TypedLiteral } from "./literal.ts";
import type { Aggregate, AggregatePlan, Comparison, JointOp, LimitBy, Literal } from "./plan.ts";
import type { Ordering, Predicate } from "./plan.ts";
import { columnsOf } from "./predicate.ts";

/** A column of the batches that kernels run on, at the place `slot` in them. */
export interface PlanColumn {
  readonly slot: number;
  readonly name: string;
  readonly type: ColumnType;
  /** The name by which the rules speak of it. */
  readonly ruled: string;
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
  /** The columns that the job reads, each once, in the schema's order: the first of each batch. */
  readonly columns: readonly PlanColumn[];
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

/** Errors: SealroomError PLAN_INPUT, PLAN_COLUMN, PLAN_TYPE, PLAN_LITERAL, PLAN_OUTPUT; PolicyError PLAN_ROLE, PLAN_BOUNDS, PLAN_EXTREMES, PLAN_EXPRESSION, PLAN_BINS, PLAN_DISTINCT, PLAN_GROUP_KEYS. */
export function checkPlan(plan: AggregatePlan, manifest: Manifest): CheckedPlan {
  if (!plan.inputs.some(({ dataset }) => dataset === manifest.dataset)) {
    throw new SealroomError("PLAN_INPUT", { dataset: manifest.dataset });
  }
  const resolver = new Resolver(plan, manifest);
  checkDeclaredKeys(plan, manifest);
  return {
    columns: resolver.columns,
    where: plan.where === null ? null : resolver.predicate(plan.where),
    groupBy: plan.groupBy.map((name) => resolver.groupColumn(name)),
    totals: plan.totals.map((kept) => kept.map((name) => plan.groupBy.indexOf(name))),
    select: plan.select.map((aggregate) => resolver.aggregate(aggregate)),
    computed: resolver.computed(),
    having: plan.having ?? null,
    orderBy: plan.orderBy,
    limitBy: plan.limitBy ?? null,
    limit: plan.limit,
  };
}

/** Where every group column declares keys, their combinations are always listed, in each total too: more than may be? */
function checkDeclaredKeys(
  { groupBy, totals }: AggregatePlan,
  { rules: { groupKeys, maxGroups } }: Manifest,
): void {
  if (groupBy.length === 0 || !groupBy.every((name) => Object.hasOwn(groupKeys, name))) return;
  const listed = [groupBy, ...totals].map((kept) =>
    kept.reduce((product, name) => product * (groupKeys[name]?.length ?? 0), 1),
  );
  if (listed.reduce((sum, rows) => sum + rows, 0) > maxGroups) {
    throw new PolicyError("PLAN_GROUP_KEYS", { maxGroups });
  }
}

class Resolver {
  readonly columns: readonly PlanColumn[];
  readonly #manifest: Manifest;
  readonly #facts: readonly ComputedFacts[];
  readonly #placed: readonly PlanColumn[];
  /** All that the plan may name. */
  readonly #known: readonly NamedColumn[];

  constructor(plan: AggregatePlan, manifest: Manifest) {
    const schema = manifest.schema.map(({ name, type, role }) => ({ name, type: getColumnType(type), role }));
    this.#manifest = manifest;
    this.#facts = checkComputed(plan, manifest, schema);
    this.#known = [...schema, ...this.#facts];
    const names = namesOf(plan, this.#facts);
    const read = schema.filter(({ name }) => names.has(name));
    this.columns = read.map(({ name, type }, slot) => ({ slot, name, type, ruled: name }));
    // Where units are scattered, the column that names them is read after all others.
    const first = read.length + (manifest.unit === "scattered" ? 1 : 0);
    this.#placed = this.#facts.map(({ name, type, ruled }, at) => ({ slot: first + at, name, type, ruled }));
  }

  computed(): readonly CheckedColumn[] {
    return this.#placed.flatMap((column, at) => {
      const computation = this.#facts[at]?.computation;
      return computation === undefined ? [] : [{ column, computation: this.#resolve(computation) }];
    });
  }

  #resolve(computation: TypedComputation): CheckedComputation {
    if (computation.kind === "bin") {
      const { of, edges } = computation;
      const column = this.#column(of, "bin", ["measure", "dimension"]);
      return { kind: "bin", of, edges: edges.map((edge) => literalOf(edge, column)) };
    }
    if (computation.kind !== "case") return computation;
    const { cases, otherwise } = computation;
    return {
      kind: "case",
      cases: cases.map(({ when, then }) => ({ when: this.predicate(when, this.columns), then })),
      otherwise,
    };
  }

  /** `columns`: those that it may be of, if not all. */
  predicate(predicate: Predicate, columns?: readonly PlanColumn[]): TypedPredicate {
    const resolve = (branch: Predicate): TypedPredicate => this.predicate(branch, columns);
    if ("and" in predicate) return { and: predicate.and.map(resolve) };
    if ("or" in predicate) return { or: predicate.or.map(resolve) };
    if ("not" in predicate) return { not: resolve(predicate.not) };
    const column = this.#column(predicate.column, "filter", ["dimension"], columns);
    if ("isNull" in predicate) return { column, isNull: predicate.isNull };
    if ("in" in predicate) return { column, in: predicate.in.map((value) => literalOf(value, column)) };
    const isOrdered = column.type.kind !== "bool";
    if ("between" in predicate) {
      if (!isOrdered) throw unfit(column, "between");
      const [low, high] = predicate.between;
      return { column, between: [literalOf(low, column), literalOf(high, column)] };
    }
    if (!isOrdered && predicate.op !== "=" && predicate.op !== "!=") throw unfit(column, predicate.op);
    return { column, op: predicate.op, value: literalOf(predicate.value, column) };
  }

  groupColumn(name: string): PlanColumn {
    const column = this.#column(name, "group", ["dimension"]);
    // Equal floats are a matter of rounding; a group's key has to be exact.
    if (column.type.kind === "float") throw unfit(column, "group");
    return column;
  }

  aggregate(aggregate: Aggregate): TypedAggregate {
    const { as, op } = aggregate;
    if (op === "count_units") return { as, op };
    if (op === "count") {
      const { column } = aggregate;
      return {
        as,
        op,
        column: column === undefined ? null : this.#column(column, op, ["measure", "dimension"]),
      };
    }
    if (aggregate.op === "approx_quantile") {
      const column = this.#column(aggregate.column, op, ["measure"]);
      return { as, op: aggregate.op, column, at: aggregate.at, edges: this.#edges(column, op) };
    }
    if (aggregate.op === "approx_distinct") {
      const column = this.#column(aggregate.column, op, ["measure", "dimension"]);
      return { as, op: aggregate.op, column, perUnit: this.#perUnit(column, op) };
    }
    const column = this.#numbers(aggregate.column, op);
    if (aggregate.op === "min" || aggregate.op === "max") {
      if (!this.#manifest.rules.extremes.includes(column.ruled)) {
        throw new PolicyError("PLAN_EXTREMES", { column: column.name, use: op });
      }
      return { as, op: aggregate.op, column };
    }
    const bounds = this.#bounds(column, op);
    if (!("with" in aggregate)) return { as, op: aggregate.op, column, bounds };
    const other = this.#numbers(aggregate.with, op);
    return { as, op: aggregate.op, column, bounds, with: other, withBounds: this.#bounds(other, op) };
  }

  #numbers(name: string, use: string): PlanColumn {
    const column = this.#column(name, use, ["measure"]);
    if (!["int", "float", "decimal"].includes(column.type.kind)) throw unfit(column, use);
    return column;
  }

  #bounds({ name, ruled }: PlanColumn, use: string): Bounds {
    const { bounds } = this.#manifest.rules;
    const own = Object.hasOwn(bounds, ruled) ? bounds[ruled] : undefined;
    if (own === undefined) throw new PolicyError("PLAN_BOUNDS", { column: name, use });
    return own;
  }

  /** Nobody but the owner says at which values a measure may be cut. */
  #edges({ name, ruled }: PlanColumn, use: string): Edges {
    const { bins = {} } = this.#manifest.rules;
    const own = Object.hasOwn(bins, ruled) ? bins[ruled] : undefined;
    if (own === undefined) throw new PolicyError("PLAN_BINS", { column: name, use });
    return own;
  }

  #perUnit({ name, ruled }: PlanColumn, use: string): number {
    const { distinct = {} } = this.#manifest.rules;
    const own = Object.hasOwn(distinct, ruled) ? distinct[ruled] : undefined;
    if (own === undefined) throw new PolicyError("PLAN_DISTINCT", { column: name, use });
    return own;
  }

  #column(
    name: string,
    use: string,
    roles: readonly Role[],
    columns: readonly PlanColumn[] = [...this.columns, ...this.#placed],
  ): PlanColumn {
    findColumn(name, use, roles, this.#known);
    const column = columns.find((known) => known.name === name);
    // Of computed columns none is made of another.
    if (column === undefined) throw new SealroomError("PLAN_COLUMN", { column: shortName(name), use });
    return column;
  }
}

/** The columns of the data set that the job reads, for itself or to compute others. */
function namesOf(plan: AggregatePlan, computed: readonly ComputedFacts[]): ReadonlySet<string> {
  const names = new Set(plan.groupBy);
  for (const name of plan.select.flatMap(aggregatedColumns)) names.add(name);
  if (plan.where !== null) for (const name of columnsOf(plan.where)) names.add(name);
  for (const { sources } of computed) for (const name of sources) names.add(name);
  return names;
}

/** A manifest is parsed before it gets here, so its types have names that are known. */
function getColumnType(name: string): ColumnType {
  const type = findColumnType(name);
  if (type === undefined) throw new Error("internal: a manifest with an unknown type");
  return type;
}
