// Units whose rows lie anywhere in the data set. No mark tells them apart, so workers group by (group, unit), and only
// when all objects are merged are these pairs folded into groups: exact, within a bound on pairs.
import type { ColumnBatch } from "../../core/column/vector.ts";
import { SealroomError } from "../../core/errors.ts";
import type { AggregateProgram, ClipRule, Measure } from "./program.ts";
import { MAX_EXACT } from "./measure.ts";

/** Pairs of a group and a unit, of any one level, that one job may form: memory's bound, the same for all data. */
export const MAX_PAIRS = 4_194_304;

/** Rows are saturated here, far beyond any bounds, so that no unit's total of floats overflows. */
const MAX_PAIR_FLOAT: number = 2 ** 960;

/** What is computed by pair: the unit is one more dimension, the last one of each level, and each row stands alone. */
export function pairProgram(program: AggregateProgram): AggregateProgram {
  const { dimensions, levels, measures, unit, unitColumn, columns } = program;
  const column = columns[unitColumn ?? -1];
  if (unit !== "scattered" || unitColumn === null || column === undefined) {
    throw new Error("internal: no column names the units");
  }
  return {
    ...program,
    unit: "row",
    unitColumn: null,
    dimensions: [...dimensions, { ...column, column: unitColumn }],
    levels: levels.map((kept) => [...kept, dimensions.length]),
    measures: measures.map(pairMeasure),
    maxFormed: MAX_PAIRS,
  };
}

/** Totals of pairs are clipped, and compared, only when they are complete. */
function pairMeasure(measure: Measure): Measure {
  const { sum, distinct } = measure;
  return {
    ...measure,
    share: false,
    sum: sum && unclipped(sum),
    distinct: distinct && { ...distinct, byPair: true },
  };
}

/** As far as numbers go. */
export function unclipped({ exact }: ClipRule): ClipRule {
  const limit = exact ? MAX_EXACT : MAX_PAIR_FLOAT;
  return { lower: -limit, upper: limit, exact };
}

/** All null units would count as one, or as many: either is a lie. Errors: AGGREGATE_UNITS. */
export function checkUnits({ rows, columns }: ColumnBatch, unitColumn: number): void {
  const vector = columns[unitColumn];
  if (vector === undefined) throw new Error("internal: a batch lacks a column of the program");
  const { validity } = vector;
  if (validity === null) return;
  for (let row = 0; row < rows; row += 1) {
    if ((((validity[row >>> 3] ?? 0) >>> (row & 7)) & 1) === 0) throw new SealroomError("AGGREGATE_UNITS");
  }
}
