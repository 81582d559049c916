// Holds a plan against a manifest: every column is there, its role allows its use, and every literal is one of its
// type. What comes out is what kernels run on; nothing in it is looked up by name again.
import { findColumnType } from "../column/type.ts";
import type { ColumnType } from "../column/type.ts";
import { PolicyError, SealroomError } from "../errors.ts";
import type { Bounds, Manifest, Role } from "../manifest/manifest.ts";
import { nearestDetail } from "../text/field.ts";
import { shortName } from "../text/name.ts";
import { literalForm, typedLiteral } from "./literal.ts";
import type { TypedLiteral } from "./literal.ts";
import type { Aggregate, AggregatePlan, Comparison, Literal, Ordering, Predicate } from "./plan.ts";

/** A column that the job reads. `slot` is its place in `CheckedPlan.columns`. */
export interface PlanColumn {
  readonly slot: number;
  readonly name: string;
  readonly type: ColumnType;
}

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
  | { readonly as: string; readonly op: "min" | "max"; readonly column: PlanColumn };

export interface CheckedPlan {
  /** The columns that the job reads, each once, in the schema's order. */
  readonly columns: readonly PlanColumn[];
  readonly where: TypedPredicate | null;
  readonly groupBy: readonly PlanColumn[];
  /** The columns that each total keeps, as rising positions in `groupBy`. */
  readonly totals: readonly (readonly number[])[];
  readonly select: readonly TypedAggregate[];
  readonly orderBy: readonly Ordering[];
  readonly limit: number | null;
}

/** Errors: SealroomError PLAN_INPUT, PLAN_COLUMN, PLAN_TYPE, PLAN_LITERAL; PolicyError PLAN_ROLE, PLAN_BOUNDS, PLAN_EXTREMES, PLAN_GROUP_KEYS. */
export function checkPlan(plan: AggregatePlan, manifest: Manifest): CheckedPlan {
  if (!plan.inputs.some(({ dataset }) => dataset === manifest.dataset)) {
    throw new SealroomError("PLAN_INPUT", { dataset: manifest.dataset });
  }
  const resolver = new Resolver(manifest, namesOf(plan));
  checkDeclaredKeys(plan, manifest);
  return {
    columns: resolver.columns,
    where: plan.where === null ? null : resolver.predicate(plan.where),
    groupBy: plan.groupBy.map((name) => resolver.groupColumn(name)),
    totals: plan.totals.map((kept) => kept.map((name) => plan.groupBy.indexOf(name))),
    select: plan.select.map((aggregate) => resolver.aggregate(aggregate)),
    orderBy: plan.orderBy,
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

  constructor(manifest: Manifest, names: ReadonlySet<string>) {
    this.#manifest = manifest;
    const read = manifest.schema.filter(({ name }) => names.has(name));
    this.columns = read.map(({ name, type }, slot) => ({ slot, name, type: getColumnType(type) }));
  }

  predicate(predicate: Predicate): TypedPredicate {
    if ("and" in predicate) return { and: predicate.and.map((branch) => this.predicate(branch)) };
    if ("or" in predicate) return { or: predicate.or.map((branch) => this.predicate(branch)) };
    if ("not" in predicate) return { not: this.predicate(predicate.not) };
    const column = this.#column(predicate.column, "filter", ["dimension"]);
    if ("isNull" in predicate) return { column, isNull: predicate.isNull };
    if ("in" in predicate) return { column, in: predicate.in.map((value) => literal(value, column)) };
    const isOrdered = column.type.kind !== "bool";
    if ("between" in predicate) {
      if (!isOrdered) throw unfit(column, "between");
      return {
        column,
        between: [literal(predicate.between[0], column), literal(predicate.between[1], column)],
      };
    }
    if (!isOrdered && predicate.op !== "=" && predicate.op !== "!=") throw unfit(column, predicate.op);
    return { column, op: predicate.op, value: literal(predicate.value, column) };
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
    const column = this.#column(aggregate.column, op, ["measure"]);
    if (!["int", "float", "decimal"].includes(column.type.kind)) throw unfit(column, op);
    const { bounds, extremes } = this.#manifest.rules;
    if (op === "min" || op === "max") {
      if (!extremes.includes(column.name)) {
        throw new PolicyError("PLAN_EXTREMES", { column: column.name, use: op });
      }
      return { as, op, column };
    }
    const own = Object.hasOwn(bounds, column.name) ? bounds[column.name] : undefined;
    if (own === undefined) throw new PolicyError("PLAN_BOUNDS", { column: column.name, use: op });
    return { as, op, column, bounds: own };
  }

  #column(name: string, use: string, roles: readonly Role[]): PlanColumn {
    const entry = this.#manifest.schema.find((column) => column.name === name);
    const column = this.columns.find((known) => known.name === name);
    if (entry === undefined || column === undefined) {
      const near = nearestDetail(
        name,
        this.#manifest.schema.map((known) => known.name),
      );
      throw new SealroomError("PLAN_COLUMN", { column: shortName(name), use, ...near });
    }
    if (!roles.includes(entry.role)) {
      throw new PolicyError("PLAN_ROLE", {
        column: name,
        use,
        role: entry.role,
        allowed: roles.join(" or "),
      });
    }
    return column;
  }
}

function namesOf(plan: AggregatePlan): ReadonlySet<string> {
  const names = new Set(plan.groupBy);
  for (const aggregate of plan.select) if ("column" in aggregate) names.add(aggregate.column);
  if (plan.where !== null) addNames(plan.where, names);
  return names;
}

function addNames(predicate: Predicate, names: Set<string>): void {
  if ("and" in predicate) for (const branch of predicate.and) addNames(branch, names);
  else if ("or" in predicate) for (const branch of predicate.or) addNames(branch, names);
  else if ("not" in predicate) addNames(predicate.not, names);
  else names.add(predicate.column);
}

function literal(value: Literal, column: PlanColumn): TypedLiteral {
  const typed = typedLiteral(value, column.type);
  if (typed === undefined) {
    const expected = literalForm(column.type);
    throw new SealroomError("PLAN_LITERAL", { column: column.name, type: column.type.kind, expected });
  }
  return typed;
}

function unfit(column: PlanColumn, use: string): SealroomError {
  return new SealroomError("PLAN_TYPE", { column: column.name, type: column.type.kind, use });
}

/** A manifest is parsed before it gets here, so its types have names that are known. */
function getColumnType(name: string): ColumnType {
  const type = findColumnType(name);
  if (type === undefined) throw new Error("internal: a manifest with an unknown type");
  return type;
}
