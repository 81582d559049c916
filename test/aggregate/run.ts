// Runs a job over a test table as the enclave does: compiled, cloned into threads, merged, through the gate.
import type { Manifest } from "../../core/manifest/manifest.ts";
import type { AggregatePlan } from "../../core/plan/plan.ts";
import { ObjectAggregation } from "../../jobs/aggregate/accumulate.ts";
import type { Cell } from "../../jobs/aggregate/cell.ts";
import { compileAggregate } from "../../jobs/aggregate/compile.ts";
import { passGate } from "../../jobs/aggregate/gate.ts";
import type { ReleasedTable } from "../../jobs/aggregate/gate.ts";
import { Merge } from "../../jobs/aggregate/merge.ts";
import type { AggregateProgram } from "../../jobs/aggregate/program.ts";
import { objectsOf } from "./table.ts";
import type { Cuts, TestTable } from "./table.ts";

export function runAggregate(
  plan: AggregatePlan,
  manifest: Manifest,
  table: TestTable,
  cuts: Cuts = [[table.rows]],
  maxRows: number | null = null,
): ReleasedTable {
  return runProgram(structuredClone(compileAggregate(plan, manifest)), table, cuts, maxRows);
}

export function runProgram(
  program: AggregateProgram,
  table: TestTable,
  cuts: Cuts,
  maxRows: number | null = null,
): ReleasedTable {
  const merge = new Merge(program);
  const names = program.columns.map(({ name }) => name);
  for (const batches of objectsOf(table, names, cuts)) {
    const aggregation = new ObjectAggregation(program);
    for (const batch of batches) aggregation.add(batch);
    merge.add(structuredClone(aggregation.finish()));
  }
  return passGate(program, merge, { maxRows });
}

/** As runAggregate, as lists of cells. */
export function rowsOf(...job: Parameters<typeof runAggregate>): (readonly Cell[])[] {
  return [...runAggregate(...job).rows];
}
