// Programs and merged groups by hand, for the steps of the gate: one column of whole numbers, few groups.
import type { Cell } from "../../jobs/aggregate/cell.ts";
import type { Candidate } from "../../jobs/aggregate/gate/candidate.ts";
import type { MergedMeasure } from "../../jobs/aggregate/merged-measure.ts";
import type { AggregateProgram, Output } from "../../jobs/aggregate/program.ts";

export type Op = Output["op"];

const INT64 = { kind: "int", bits: 64, signed: true } as const;

/** By group and in total, at least 3 units, with an output for each of `ops` over the one measure. */
export function programOf(ops: readonly Op[], changes: Partial<AggregateProgram> = {}): AggregateProgram {
  return {
    kind: "aggregate",
    columns: [],
    unit: "column",
    unitColumn: null,
    computed: [],
    predicate: null,
    dimensions: [],
    levels: [[0], []],
    measures: [],
    outputs: ops.map((op) => outputOf(op)),
    having: null,
    orderBy: [],
    limitBy: null,
    limit: null,
    minUnits: 3,
    maxGroups: 10,
    maxFormed: 10,
    declaredKeys: null,
    maxShare: null,
    rounding: { counts: null, sums: [null] },
    interval: 4,
    ...changes,
  };
}

export function outputOf(op: Op, type: Output["type"] = INT64, scale = 0): Output {
  if (op === "count" || op === "count_units") return { as: op, type, op };
  if (op === "approx_quantile") return { as: op, type, op, measure: 0, at: 500_000 };
  if (op === "approx_distinct") return { as: op, type, op, measure: 0 };
  const of = { as: op, type, measure: 0, scale };
  return op === "covar" || op === "corr" ? { ...of, op, beside: 1 } : { ...of, op };
}

export interface Facts {
  readonly level: number;
  readonly key: readonly Cell[];
  readonly rows: number;
  readonly units: number;
  readonly present?: number;
  readonly sum?: number;
  readonly isShown?: boolean;
  /** Bits of WITHHELD. */
  readonly withheld?: number;
  readonly measure?: Partial<MergedMeasure>;
}

export function candidateOf(facts: Facts): Candidate {
  const { level, key, rows, units, present = rows, sum = 0, isShown = true, withheld = 0, measure } = facts;
  const none = {
    missing: 0,
    share: null,
    moments: null,
    joint: null,
    min: null,
    max: null,
    bins: null,
    distinct: null,
  };
  const measures = [{ nonNull: present, units, sum, ...none, ...measure }];
  return {
    level,
    group: { key, passing: rows, units, measures },
    isShown,
    withheld: Uint8Array.of(withheld),
  };
}
