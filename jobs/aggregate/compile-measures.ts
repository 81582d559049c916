// What a program computes of columns: a measure for each that is aggregated, and two for each two columns of which a
// covariance is asked. Bounds and steps in the columns' smallest units.
import type { ColumnType } from "../../core/column/type.ts";
import { edgeValue } from "../../core/manifest/bins.ts";
import type { Rules } from "../../core/manifest/manifest.ts";
import type { CheckedPlan, PlanColumn, TypedAggregate } from "../../core/plan/check.ts";
import { scaledDecimal } from "../../core/plan/literal.ts";
import { ownEntry } from "../../core/plan/source-columns.ts";
import type { ClipRule, DistinctRule, Measure, Rounding } from "./program.ts";

/** One measure for each aggregated column, with whatever any aggregate needs of it. */
export function compileMeasures(checked: CheckedPlan, rules: readonly Rules[]): readonly Measure[] {
  const { select, totals } = checked;
  const maxShare = rules.find((each) => each.maxShare !== null)?.maxShare ?? null;
  const alone = allColumns(checked).flatMap(({ slot, name, type }): Measure[] => {
    const uses = select.filter(
      (aggregate) => "column" in aggregate && !("with" in aggregate) && aggregate.column?.slot === slot,
    );
    if (uses.length === 0) return [];
    const ops = new Set(uses.map(({ op }) => op));
    const bounded = uses.find((use) => "bounds" in use);
    const rule = bounded === undefined ? null : clipRule(type, bounded.bounds);
    const needsShare = rule !== null && maxShare !== null;
    return [
      {
        name,
        column: slot,
        exact: type.kind !== "float",
        // With totals, what is suppressed of a column is decided by its sums.
        sum: ops.has("sum") || ops.has("avg") || needsShare || totals.length > 0 ? rule : null,
        moments: ops.has("var") || ops.has("stddev") ? rule : null,
        extremes: (["min", "max"] as const).filter((extreme) => ops.has(extreme)),
        share: needsShare,
        bins: compileBins(uses, type),
        distinct: compileDistinct(uses),
        missing: (["count", "avg", "var", "stddev", "approx_quantile"] as const).some((op) => ops.has(op)),
        beside: null,
        joint: null,
      },
    ];
  });
  return compileJoint(checked, maxShare !== null, alone);
}

/** Besides `alone`, two for each two columns of which a covariance is asked, over the rows where both have a value. */
function compileJoint(
  { select, totals }: CheckedPlan,
  needsShare: boolean,
  alone: readonly Measure[],
): readonly Measure[] {
  const measures = [...alone];
  for (const aggregate of select) {
    if (!("with" in aggregate)) continue;
    const columns = [aggregate.column, aggregate.with];
    if (findJoint(measures, columns) !== undefined) continue;
    const rules = [
      clipRule(aggregate.column.type, aggregate.bounds),
      clipRule(aggregate.with.type, aggregate.withBounds),
    ] as const;
    const first = measures.length;
    columns.forEach(({ slot, name }, at) => {
      const rule = at === 0 ? rules[0] : rules[1];
      measures.push({
        name,
        column: slot,
        exact: rule.exact,
        sum: needsShare || totals.length > 0 ? rule : null,
        moments: null,
        extremes: [],
        bins: null,
        distinct: null,
        share: needsShare,
        missing: true,
        beside: first + 1 - at,
        joint: at === 0 ? rules : null,
      });
    });
  }
  return measures;
}

function compileBins(uses: readonly TypedAggregate[], type: ColumnType): readonly number[] | null {
  const [asked] = uses.flatMap((use) => (use.op === "approx_quantile" ? [use] : []));
  if (asked === undefined) return null;
  // The rules' parser has taken only edges of measures that are doubles of their own.
  return asked.edges.map((edge) => Number(edgeValue(edge, type)));
}

function compileDistinct(uses: readonly TypedAggregate[]): DistinctRule | null {
  const [asked] = uses.flatMap((use) => (use.op === "approx_distinct" ? [use] : []));
  return asked === undefined ? null : { perUnit: asked.perUnit, byPair: false };
}

/** The place of the first of both, in whichever order they stand; undefined where they are not there yet. */
export function findJoint(measures: readonly Measure[], columns: readonly PlanColumn[]): number | undefined {
  const slots = columns.map(({ slot }) => slot);
  const at = measures.findIndex(
    ({ joint, column, beside }) =>
      joint !== null && slots.includes(column) && slots.includes(measures[beside ?? -1]?.column ?? -1),
  );
  return at < 0 ? undefined : at;
}

/** In the columns' smallest units. */
export function compileRounding(
  checked: CheckedPlan,
  measures: readonly Measure[],
  rules: readonly Rules[],
): Rounding {
  const counts = rules.flatMap(({ rounding }) => rounding.counts ?? []);
  return {
    counts: counts.length === 0 ? null : Math.max(...counts),
    sums: measures.map(({ column }) => {
      const rounded = allColumns(checked).find(({ slot }) => slot === column);
      const step = rounded && ownEntry(rules[rounded.input]?.rounding.sums, rounded);
      return rounded === undefined || step === undefined ? null : smallestUnits(step, rounded.type);
    }),
  };
}

function clipRule(type: ColumnType, { lower, upper }: { lower: number; upper: number }): ClipRule {
  const exact = type.kind !== "float";
  return { lower: smallestUnits(lower, type), upper: smallestUnits(upper, type), exact };
}

/** The rules' parser has taken only bounds that are whole in the column's smallest unit and within 2^53. */
function smallestUnits(bound: number, type: ColumnType): number {
  if (type.kind === "float") return bound;
  const scaled = Number(scaledDecimal(bound, scaleOf(type)));
  if (!Number.isSafeInteger(scaled)) throw new Error("internal: a bound that its column does not hold");
  return scaled;
}

/** Digits after the point of a type's smallest unit. */
export function scaleOf(type: ColumnType): number {
  return type.kind === "decimal" ? type.scale : 0;
}

/** Those that are read, and those that are computed. */
function allColumns({ columns, computed }: CheckedPlan): readonly PlanColumn[] {
  return [...columns, ...computed.map(({ column }) => column)];
}
