// Turns a plan and the manifest it runs on into a program. Refuses what core/plan/check.ts refuses.
import { findColumnType } from "../../core/column/type.ts";
import type { ColumnType } from "../../core/column/type.ts";
import type { Manifest } from "../../core/manifest/manifest.ts";
import { checkPlan, declaredKeys } from "../../core/plan/check.ts";
import type { CheckedPlan, PlanColumn } from "../../core/plan/check.ts";
import type { TypedAggregate, TypedPredicate as PlanPredicate } from "../../core/plan/check.ts";
import { scaledDecimal, typedLiteral } from "../../core/plan/literal.ts";
import { QUANTILE_DIGITS } from "../../core/plan/plan.ts";
import type { AggregatePlan, Literal } from "../../core/plan/plan.ts";
import { GROUPING } from "../../core/plan/totals.ts";
import { cellOf } from "./cell.ts";
import type { Cell } from "./cell.ts";
import { cellSet } from "./cell-set.ts";
import { compileComputed } from "./compile-computed.ts";
import { compileMeasures, compileRounding, findJoint, scaleOf } from "./compile-measures.ts";
import { compileHaving } from "./compile-having.ts";
import type { ResultColumn } from "./compile-having.ts";
import type { AggregateProgram, Measure, Output, TypedPredicate } from "./program.ts";

const INT64: ColumnType = { kind: "int", bits: 64, signed: true };
const FLOAT64: ColumnType = { kind: "float", bits: 64 };
/** SQL's GROUPING_ID, up to sixteen dimensions. */
export const GROUPING_TYPE: ColumnType = { kind: "int", bits: 32, signed: true };
const SUM_PRECISION = 38;

/**
 * A refusal says that a bound was passed, and who can bring a count to just below a bound learns of one more group,
 * however small. So the owner's cap counts only groups that pass the threshold, and this bound is far away.
 */
const MIN_FORMED = 262_144;

/** Of a plan with one input. Errors: PLAN_*, of checkPlan. */
export function compileAggregate(plan: AggregatePlan, manifest: Manifest): AggregateProgram {
  const checked = checkPlan(plan, [manifest]);
  const unitColumns = compileUnitColumns(manifest.unit, manifest.schema);
  return compileChecked(checked, [manifest], {
    columns: [...checked.columns.map(({ name, type }) => ({ name, type })), ...unitColumns],
    unit: manifest.unit,
    unitColumn: unitColumns.length === 0 ? null : checked.columns.length,
    minUnits: manifest.rules.minUnits,
    maxShare: manifest.rules.maxShare,
  });
}

/** Whose units are counted, where batches have them, and what is demanded of groups by their units. */
export type UnitRules = Pick<AggregateProgram, "columns" | "unit" | "unitColumn" | "minUnits" | "maxShare">;

/** `manifests`: of all inputs, since each column's rules are its owner's, and the strictest of what they say of groups holds. */
export function compileChecked(
  checked: CheckedPlan,
  manifests: readonly Manifest[],
  units: UnitRules,
): AggregateProgram {
  const rules = manifests.map((manifest) => manifest.rules);
  const measures = compileMeasures(checked, rules);
  const outputs = checked.select.map((aggregate) => compileOutput(aggregate, measures));
  const names = resultColumns(checked, outputs);
  const positionOf = (name: string): number => positionIn(names, name);
  const maxGroups = Math.min(...rules.map((each) => each.maxGroups));
  return {
    kind: "aggregate",
    ...units,
    computed: checked.computed.map((column) => compileComputed(column, checked.columns, compilePredicate)),
    predicate: checked.where && compilePredicate(checked.where),
    dimensions: checked.groupBy.map(({ slot, name, type }) => ({ column: slot, name, type })),
    levels: compileLevels(checked),
    measures,
    outputs,
    having: checked.having && compileHaving(checked.having, names),
    orderBy: checked.orderBy.map(({ column, direction }) => ({ column: positionOf(column), direction })),
    limitBy: checked.limitBy && {
      count: checked.limitBy.count,
      columns: checked.limitBy.columns.map(positionOf),
    },
    limit: checked.limit,
    maxGroups,
    maxFormed: Math.max(maxGroups, MIN_FORMED),
    declaredKeys: compileDeclaredKeys(checked.groupBy, manifests),
    rounding: compileRounding(checked, measures, rules),
    interval: Math.max(...rules.map(({ interval }) => interval)),
  };
}

/** Where units are scattered no mark tells them apart, so the column that names them is read: after all others. */
export function compileUnitColumns(
  unit: Manifest["unit"],
  schema: Manifest["schema"],
): AggregateProgram["columns"] {
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

function compileOutput(aggregate: TypedAggregate, measures: readonly Measure[]): Output {
  const { as } = aggregate;
  if (aggregate.op === "count_units") return { as, type: INT64, op: aggregate.op };
  if (aggregate.column === null) return { as, type: INT64, op: "count" };
  const { slot, type } = aggregate.column;
  if ("with" in aggregate) {
    const measure = findJoint(measures, [aggregate.column, aggregate.with]);
    if (measure === undefined) throw new Error("internal: a covariance without its measures");
    const scale = scaleOf(type) + scaleOf(aggregate.with.type);
    return { as, type: FLOAT64, op: aggregate.op, measure, beside: measure + 1, scale };
  }
  const of = { measure: measures.findIndex(({ column }) => column === slot), scale: scaleOf(type) };
  if (aggregate.op === "count") return { as, type: INT64, op: "count_column", ...of };
  if (aggregate.op === "approx_quantile") {
    const at = Number(scaledDecimal(aggregate.at, QUANTILE_DIGITS));
    return { as, type: resultType(type), op: aggregate.op, measure: of.measure, at };
  }
  if (aggregate.op === "approx_distinct") {
    return { as, type: INT64, op: aggregate.op, measure: of.measure };
  }
  const { op } = aggregate;
  if (op === "min" || op === "max") return { as, type: resultType(type), op, ...of };
  return { as, type: op === "sum" ? sumType(type) : FLOAT64, op, ...of };
}

/** Results have floats of one width. */
function resultType(type: ColumnType): ColumnType {
  return type.kind === "float" ? FLOAT64 : type;
}

function sumType(type: ColumnType): ColumnType {
  if (type.kind === "decimal") return { kind: "decimal", precision: SUM_PRECISION, scale: type.scale };
  return type.kind === "float" ? FLOAT64 : INT64;
}

/** What a released row has in its cells. */
function resultColumns(
  { groupBy, totals }: CheckedPlan,
  outputs: readonly Output[],
): readonly ResultColumn[] {
  return [
    ...groupBy,
    ...(totals.length > 0 ? [{ name: GROUPING, type: GROUPING_TYPE }] : []),
    ...outputs.map(({ as, type }) => ({ name: as, type })),
  ];
}

function positionIn(columns: readonly ResultColumn[], wanted: string): number {
  const position = columns.findIndex(({ name }) => name === wanted);
  if (position < 0) throw new Error("internal: a plan ordered by a column that it does not put out");
  return position;
}

/** Null unless every group column declares keys: only then is the list of groups known without the data. */
function compileDeclaredKeys(
  groupBy: readonly PlanColumn[],
  manifests: readonly Manifest[],
): AggregateProgram["declaredKeys"] {
  const declared = groupBy.map((column) => declaredKeys(column, manifests));
  if (groupBy.length === 0 || declared.includes(null)) return null;
  return groupBy.map(({ type }, at) => [
    ...new Set((declared[at] ?? []).map((literal) => declaredCell(literal, type))),
  ]);
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
