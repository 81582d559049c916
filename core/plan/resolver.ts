// Finds what a plan names: each column by its name, in a role and of a type that allow its use, and whatever the rules of
// the one whose column it is say of it.
import { PolicyError, SealroomError } from "../errors.ts";
import type { Edges } from "../manifest/bins.ts";
import type { Bounds, Manifest, Role, Rules } from "../manifest/manifest.ts";
import { shortName } from "../text/name.ts";
import { aggregatedColumns } from "./aggregated.ts";
import type {
  CheckedColumn,
  CheckedComputation,
  PlanColumn,
  TypedAggregate,
  TypedPredicate,
} from "./check.ts";
import { findColumn, literalOf, unfit } from "./check-column.ts";
import type { NamedColumn } from "./check-column.ts";
import { checkComputed } from "./check-computed.ts";
import type { ComputedFacts, TypedComputation } from "./check-computed.ts";
import type { Aggregate, AggregatePlan, Predicate } from "./plan.ts";
import { columnsOf } from "./predicate.ts";
import { ownEntry, sourceColumns } from "./source-columns.ts";
import type { Ruled } from "./source-columns.ts";

export class Resolver {
  readonly columns: readonly PlanColumn[];
  readonly #manifests: readonly Manifest[];
  readonly #facts: readonly ComputedFacts[];
  readonly #placed: readonly PlanColumn[];
  /** All that the plan may name. */
  readonly #known: readonly (NamedColumn & Ruled)[];

  constructor(plan: AggregatePlan, manifests: readonly Manifest[]) {
    const sources = sourceColumns(plan, manifests);
    this.#manifests = manifests;
    this.#facts = checkComputed(plan, manifests, sources);
    this.#known = [...sources, ...this.#facts];
    const names = namesOf(plan, this.#facts);
    const read = sources.filter(({ name }) => names.has(name));
    this.columns = read.map(({ name, type, ruled, input }, slot) => ({ slot, name, type, ruled, input }));
    let slot = read.length + unitColumns(plan, manifests);
    this.#placed = this.#facts.map(({ name, type, ruled, input, computation }) => {
      if (computation.kind !== "same") return { slot: slot++, name, type, ruled, input };
      const column = this.columns.find((other) => other.name === computation.of);
      if (column === undefined) throw new Error("internal: a name for a column that is not read");
      return { ...column, name };
    });
  }

  computed(): readonly CheckedColumn[] {
    return this.#placed.flatMap((column, at) => {
      const computation = this.#facts[at]?.computation;
      if (computation === undefined || computation.kind === "same") return [];
      return [{ column, computation: this.#resolve(computation) }];
    });
  }

  #resolve(computation: Exclude<TypedComputation, { readonly kind: "same" }>): CheckedComputation {
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
      const { extremes = [] } = this.#rules(column);
      if (column.ruled === null || !extremes.includes(column.ruled)) {
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

  #bounds(column: PlanColumn, use: string): Bounds {
    const own = ownEntry(this.#rules(column).bounds, column);
    if (own === undefined) throw new PolicyError("PLAN_BOUNDS", { column: column.name, use });
    return own;
  }

  /** Nobody but the owner says at which values a measure may be cut. */
  #edges(column: PlanColumn, use: string): Edges {
    const own = ownEntry(this.#rules(column).bins, column);
    if (own === undefined) throw new PolicyError("PLAN_BINS", { column: column.name, use });
    return own;
  }

  #perUnit(column: PlanColumn, use: string): number {
    const own = ownEntry(this.#rules(column).distinct, column);
    if (own === undefined) throw new PolicyError("PLAN_DISTINCT", { column: column.name, use });
    return own;
  }

  /** Of the owner whose column it is. */
  #rules({ input }: PlanColumn): Partial<Rules> {
    return this.#manifests[input]?.rules ?? {};
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

/** How many columns stand between those that are read and those that are computed, and name the rows' units. */
function unitColumns({ join }: AggregatePlan, manifests: readonly Manifest[]): number {
  if (join !== undefined) return manifests.length;
  // Where units are scattered, the column that names them is read after all others.
  return manifests[0]?.unit === "scattered" ? 1 : 0;
}

/** The columns of the data sets that the job reads, for itself or to compute others. */
function namesOf(plan: AggregatePlan, computed: readonly ComputedFacts[]): ReadonlySet<string> {
  const names = new Set(plan.groupBy);
  for (const name of plan.select.flatMap(aggregatedColumns)) names.add(name);
  if (plan.where !== null) for (const name of columnsOf(plan.where)) names.add(name);
  for (const { sources } of computed) for (const name of sources) names.add(name);
  return names;
}
