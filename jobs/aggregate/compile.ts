// Turns a plan and the manifest it runs on into a program. Refuses what core/plan/check.ts refuses.
import { findColumnType } from "../../core/column/type.ts";
import type { ColumnType } from "../../core/column/type.ts";
import type { Manifest, Rules } from "../../core/manifest/manifest.ts";
import { checkPlan } from "../../core/plan/check.ts";
import type { CheckedPlan, PlanColumn } from "../../core/plan/check.ts";
import type { TypedAggregate, TypedPredicate as PlanPredicate } from "../../core/plan/check.ts";
import { scaledDecimal, typedLiteral } from "../../core/plan/literal.ts";
import type { AggregatePlan, Literal } from "../../core/plan/plan.ts";
import { GROUPING } from "../../core/plan/totals.ts";
import { cellOf } from "./cell.ts";
import type { Cell } from "./cell.ts";
import { cellSet } from "./cell-set.ts";
import type {
  AggregateProgram,
  ClipRule,
  Measure,
  Output,
  Rounding,
  SortKey,
  TypedPredicate,
} from "./program.ts";

const INT64: ColumnType = { kind: "int", bits: 64, signed: true };
const FLOAT64: ColumnType = { kind: "float", bits: 64 };
const SUM_PRECISION = 38;

/**
 * A refusal says that a bound was passed, and who can bring a count to just below a bound learns of one more group,
 * however small. So the owner's cap counts only groups that pass the threshold, and this bound is far away.
 */
const MIN_FORMED = 262_144;

/** Errors: PLAN_*, of checkPlan. */
export function compileAggregate(plan: AggregatePlan, manifest: Manifest): AggregateProgram {
  const checked = checkPlan(plan, manifest);
  const { rules } = manifest;
  const levels = compileLevels(checked);
  const measures = compileMeasures(checked, manifest);
  const unitColumns = compileUnitColumns(manifest.unit, manifest.schema);
  return {
    kind: "aggregate",
    columns: [...checked.columns.map(({ name, type }) => ({ name, type })), ...unitColumns],
    unit: manifest.unit,
    unitColumn: unitColumns.length === 0 ? null : checked.columns.length,
    predicate: checked.where && compilePredicate(checked.where),
    dimensions: checked.groupBy.map(({ slot, name, type }) => ({ column: slot, name, type })),
    levels,
    measures,
    outputs: checked.select.map((aggregate) => compileOutput(aggregate, measures)),
    orderBy: compileOrder(checked),
    limit: checked.limit,
    minUnits: rules.minUnits,
    maxGroups: rules.maxGroups,
    maxFormed: Math.max(rules.maxGroups, MIN_FORMED),
    declaredKeys: compileDeclaredKeys(checked.groupBy, rules),
    maxShare: rules.maxShare,
    rounding: compileRounding(checked, measures, rules),
    interval: rules.interval,
  };
}

/** Where units are scattered no mark tells them apart, so the column that names them is read: after all others. */
function compileUnitColumns(unit: Manifest["unit"], schema: Manifest["schema"]): AggregateProgram["columns"] {
  if (unit !== "scattered") return [];
  const column = schema.find(({ role }) => role === "unit");
  const type = column && findColumnType(column.type);
  if (column === undefined || type === undefined) {
    throw new Error("internal: scattered units without a column");
  }
  return [{ name: column.name, type }];
}

/** The finest grouping, then the totals in the plan's order. */
function compileLevels({ groupBy, totals }: CheckedPlan): readonly (readonly number[])[] {
  return [groupBy.map((_, at) => at), ...totals];
}

function compilePredicate(predicate: PlanPredicate): TypedPredicate {
  if ("and" in predicate) return { kind: "and", terms: predicate.and.map(compilePredicate) };
  if ("or" in predicate) return { kind: "or", terms: predicate.or.map(compilePredicate) };
  if ("not" in predicate) return { kind: "not", term: compilePredicate(predicate.not) };
  const { slot, type } = predicate.column;
  if ("isNull" in predicate) return { kind: "null", column: slot, isNull: predicate.isNull };
  const cell = ({ value }: { readonly value: boolean | number | bigint | string }): NonNullable<Cell> =>
    cellOf(value, type);
  if ("in" in predicate) {
    return { kind: "member", column: slot, set: cellSet(type, { in: predicate.in.map(cell) }) };
  }
  if ("between" in predicate) {
    const [low, high] = predicate.between;
    return { kind: "member", column: slot, set: cellSet(type, { between: [cell(low), cell(high)] }) };
  }
  const { op, value } = predicate;
  return { kind: "member", column: slot, set: cellSet(type, { op, value: cell(value) }) };
}

/** One measure for each aggregated column, with whatever any aggregate needs of it. */
function compileMeasures(
  { columns, select, totals }: CheckedPlan,
  { rules: { maxShare } }: Manifest,
): readonly Measure[] {
  return columns.flatMap(({ slot, type }): Measure[] => {
    const uses = select.filter((aggregate) => "column" in aggregate && aggregate.column?.slot === slot);
    if (uses.length === 0) return [];
    const ops = new Set(uses.map(({ op }) => op));
    const bounded = uses.find((use) => "bounds" in use);
    const rule = bounded === undefined ? null : clipRule(type, bounded.bounds);
    const needsShare = rule !== null && maxShare !== null;
    return [
      {
        column: slot,
        exact: type.kind !== "float",
        // With totals, what is suppressed of a column is decided by its sums.
        sum: ops.has("sum") || ops.has("avg") || needsShare || totals.length > 0 ? rule : null,
        moments: ops.has("var") || ops.has("stddev") ? rule : null,
        extremes: (["min", "max"] as const).filter((extreme) => ops.has(extreme)),
        share: needsShare,
        missing: (["count", "avg", "var", "stddev"] as const).some((op) => ops.has(op)),
      },
    ];
  });
}

function clipRule(type: ColumnType, { lower, upper }: { lower: number; upper: number }): ClipRule {
  const exact = type.kind !== "float";
  return { lower: smallestUnits(lower, type), upper: smallestUnits(upper, type), exact };
}

/** In the columns' smallest units. */
function compileRounding(
  { columns }: CheckedPlan,
  measures: readonly Measure[],
  { rounding: { counts, sums } }: Rules,
): Rounding {
  return {
    counts,
    sums: measures.map(({ column }) => {
      const rounded = columns[column];
      if (rounded === undefined || !Object.hasOwn(sums, rounded.name)) return null;
      return smallestUnits(sums[rounded.name] ?? NaN, rounded.type);
    }),
  };
}

/** The rules' parser has taken only bounds that are whole in the column's smallest unit and within 2^53. */
function smallestUnits(bound: number, type: ColumnType): number {
  if (type.kind === "float") return bound;
  const scaled = Number(scaledDecimal(bound, scaleOf(type)));
  if (!Number.isSafeInteger(scaled)) throw new Error("internal: a bound that its column does not hold");
  return scaled;
}

function compileOutput(aggregate: TypedAggregate, measures: readonly Measure[]): Output {
  const { as, op } = aggregate;
  if (op === "count_units") return { as, type: INT64, op };
  if (aggregate.column === null) return { as, type: INT64, op: "count" };
  const { slot, type } = aggregate.column;
  const of = { measure: measures.findIndex(({ column }) => column === slot), scale: scaleOf(type) };
  if (op === "count") return { as, type: INT64, op: "count_column", ...of };
  // Results have floats of one width.
  if (op === "min" || op === "max") return { as, type: type.kind === "float" ? FLOAT64 : type, op, ...of };
  return { as, type: op === "sum" ? sumType(type) : FLOAT64, op, ...of };
}

function sumType(type: ColumnType): ColumnType {
  if (type.kind === "decimal") return { kind: "decimal", precision: SUM_PRECISION, scale: type.scale };
  return type.kind === "float" ? FLOAT64 : INT64;
}

function scaleOf(type: ColumnType): number {
  return type.kind === "decimal" ? type.scale : 0;
}

function compileOrder({ groupBy, totals, select, orderBy }: CheckedPlan): readonly SortKey[] {
  const grouping = totals.length > 0 ? [GROUPING] : [];
  const names = [...groupBy.map(({ name }) => name), ...grouping, ...select.map(({ as }) => as)];
  return orderBy.map(({ column, direction }) => {
    const position = names.indexOf(column);
    if (position < 0) throw new Error("internal: a plan ordered by a column that it does not put out");
    return { column: position, direction };
  });
}

/** Null unless every group column declares keys: only then is the list of groups known without the data. */
function compileDeclaredKeys(
  groupBy: readonly PlanColumn[],
  { groupKeys }: Rules,
): AggregateProgram["declaredKeys"] {
  if (groupBy.length === 0 || !groupBy.every(({ name }) => Object.hasOwn(groupKeys, name))) return null;
  const keys = groupBy.map(({ name, type }) => [
    ...new Set((groupKeys[name] ?? []).map((literal) => declaredCell(literal, type))),
  ]);
  return keys;
}

function declaredCell(literal: Literal, type: ColumnType): Cell {
  const typed = typedLiteral(literal, type);
  if (typed === undefined) throw new Error("internal: a declared key that its column does not hold");
  return cellOf(typed.value, type);
}

/** Names of the columns that the program reads, for `explain`. */
export function neededColumns({ columns }: AggregateProgram): readonly string[] {
  return columns.map(({ name }) => name);
}
