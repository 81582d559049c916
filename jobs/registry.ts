// The jobs there are, by the plan's kind. What runs a job asks here and knows no kind by name; a kind that is not
// in the table does not exist.
import type { ColumnBatch } from "../core/column/vector.ts";
import { SealroomError } from "../core/errors.ts";
import type { Manifest } from "../core/manifest/manifest.ts";
import type { Plan } from "../core/plan/plan.ts";
import { ObjectAggregation } from "./aggregate/accumulate.ts";
import { compileAggregate } from "./aggregate/compile.ts";
import { passGate } from "./aggregate/gate.ts";
import { Merge } from "./aggregate/merge.ts";
import type { Partial } from "./aggregate/partial.ts";
import type { AggregateProgram } from "./aggregate/program.ts";
import { encodeResult, mostTableBytes } from "./aggregate/result.ts";

/** What a thread is told, and what it answers: plain data, for structured cloning. */
export type Program = AggregateProgram;
export type { Merge, Partial };

/** Takes the batches of one object in order, then gives its partial, once. */
export interface Kernel {
  add(batch: ColumnBatch): void;
  finish(): Partial;
}

export interface Release {
  /** The most rows that a grant allows; null where no grant sets a bound. */
  readonly maxRows: number | null;
}

interface Job {
  readonly compile: (plan: Plan, manifest: Manifest) => Program;
  readonly startKernel: (program: Program) => Kernel;
  readonly startMerge: (program: Program) => Merge;
  readonly release: (program: Program, merge: Merge, release: Release) => Uint8Array;
  readonly mostBytes: (program: Program) => number;
}

const AGGREGATE: Job = {
  compile: compileAggregate,
  startKernel: (program) => new ObjectAggregation(program),
  startMerge: (program) => new Merge(program),
  release: (program, merge, release) => encodeResult(passGate(program, merge, release)),
  mostBytes: mostTableBytes,
};

const JOBS: ReadonlyMap<string, Job> = new Map([["aggregate", AGGREGATE]]);

/** Errors: PLAN_*. */
export function compileProgram(plan: Plan, manifest: Manifest): Program {
  return findJob(plan).compile(plan, manifest);
}

/** Errors of the kernel: AGGREGATE_*, AGGREGATE_GROUPS. */
export function startKernel(program: Program): Kernel {
  return findJob(program).startKernel(program);
}

/** Partials are added in the manifest's order of objects. Errors of `add`: AGGREGATE_GROUPS. */
export function startMerge(program: Program): Merge {
  return findJob(program).startMerge(program);
}

/** The released table, an Arrow file, once every object is merged. Errors: GATE_GROUPS, GATE_ROWS. */
export function releaseResult(program: Program, merge: Merge, release: Release): Uint8Array {
  return findJob(program).release(program, merge, release);
}

/** What a result is padded to, so that its length tells nothing: bytes, from plan and rules alone. */
export function mostResultBytes(program: Program): number {
  return findJob(program).mostBytes(program);
}

function findJob({ kind }: { readonly kind: string }): Job {
  const job = JOBS.get(kind);
  if (job === undefined) throw new SealroomError("PLAN_KIND");
  return job;
}
