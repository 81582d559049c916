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
    predicate: null,
    dimensions: [],
    levels: [[0], []],
    measures: [],
    outputs: ops.map((op) => outputOf(op)),
    orderBy: [],
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
  return op === "count" || op === "count_units"
    ? { as: op, type, op }
    : { as: op, type, op, measure: 0, scale };
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
  const none = { missing: 0, share: null, moments: null, min: null, max: null };
  const measures = [{ nonNull: present, units, sum, ...none, ...measure }];
  return {
    level,
    group: { key, passing: rows, units, measures },
    isShown,
    withheld: Uint8Array.of(withheld),
  };
}
