// The jobs there are, by the plan's kind. What runs a job asks here and knows no kind by name; a kind that is not
// in the table does not exist.
import { SealroomError } from "../core/errors.ts";
import type { Manifest } from "../core/manifest/manifest.ts";
import type { TokenKeyEntry } from "../core/manifest/tokenization.ts";
import type { Plan } from "../core/plan/plan.ts";
import { ObjectAggregation } from "./aggregate/accumulate.ts";
import { compileAggregate } from "./aggregate/compile.ts";
import { passGate } from "./aggregate/gate.ts";
import { withinMemory } from "./aggregate/group-memory.ts";
import { Merge as AggregateMerge } from "./aggregate/merge.ts";
import type { Partial as AggregatePartial } from "./aggregate/partial.ts";
import type { AggregateProgram } from "./aggregate/program.ts";
import { encodeResult, mostTableBytes } from "./aggregate/result.ts";
import { compileDiscovery } from "./discover/compile.ts";
import { encodeProfile, mostProfileBytes } from "./discover/profile.ts";
import type { DiscoverProgram } from "./discover/program.ts";
import { ScanMerge } from "./discover/scan-merge.ts";
import { ObjectScan } from "./discover/scan.ts";
import type { ScanPartial } from "./discover/scan.ts";
import { ObjectCollection } from "./join/collect.ts";
import type { BuildPartial } from "./join/collect.ts";
import { compileJoin } from "./join/compile.ts";
import { passJoinGate } from "./join/gate.ts";
import { BuildMerge } from "./join/held-side.ts";
import type { HeldSide } from "./join/held-side.ts";
import { JoinMerge } from "./join/join-merge.ts";
import { ObjectJoin } from "./join/object-join.ts";
import type { JoinPartial } from "./join/object-join.ts";
import type { BuildProgram, JoinProgram } from "./join/program.ts";
import type { Kernel as KernelOf, Merge as MergeOf } from "./kernel.ts";
import { compileReveal } from "./reveal/compile.ts";
import { ObjectReveal } from "./reveal/object-reveal.ts";
import type { RevealPartial } from "./reveal/object-reveal.ts";
import type { RevealProgram } from "./reveal/program.ts";
import { encodeRevealed, mostRevealedBytes } from "./reveal/result.ts";
import { RevealMerge } from "./reveal/reveal-merge.ts";
import { compileCopy } from "./tokenize/compile.ts";
import { CopyMerge } from "./tokenize/copy-merge.ts";
import { ObjectCopy } from "./tokenize/copy.ts";
import type { CopyPartial } from "./tokenize/copy.ts";
import { encodeOutcomes, mostOutcomeBytes } from "./tokenize/outcomes.ts";
import type { CopySecrets } from "./tokenize/copy-column.ts";
import type { CopyProgram, CopyShape, VaultRule } from "./tokenize/program.ts";
import { ObjectSurvey, SurveyMerge } from "./tokenize/survey.ts";
import type { SurveyPartial, SurveyProgram } from "./tokenize/survey.ts";

/** What a thread is told, and what it answers: plain data, for structured cloning. */
export type Program =
  | AggregateProgram
  | JoinProgram
  | BuildProgram
  | CopyProgram
  | SurveyProgram
  | DiscoverProgram
  | RevealProgram;
export type Partial =
  AggregatePartial | JoinPartial | BuildPartial | CopyPartial | SurveyPartial | ScanPartial | RevealPartial;
/** What kernels need that no thread may keep. */
export interface Secrets extends CopySecrets {
  /** Of joins, the side that is held. */
  readonly held?: HeldSide;
}
const NO_SECRETS: Secrets = { masters: [], maps: [] };
export type Kernel = KernelOf<Partial>;
export type Merge = MergeOf<Partial>;

export interface Release {
  /** The most rows that a grant allows; null where no grant sets a bound. */
  readonly maxRows: number | null;
}

/** Where nobody granted anything. */
const NO_GRANT: Release = { maxRows: null };

/** A kind of job: P its plan, G its program, S its partial, M what merges those. */
interface Job<P extends Plan, G extends Program, S extends Partial, M extends MergeOf<S>> {
  readonly compile: (plan: P, manifests: readonly Manifest[], release: Release) => G;
  /** The token keys that kernels are given, in this order. */
  readonly keys: (program: G) => readonly TokenKeyEntry[];
  /** What the objects that it makes are; null where it makes none. */
  readonly output: (program: G) => CopyShape | null;
  readonly startKernel: (program: G, secrets: Secrets, object: number) => KernelOf<S>;
  readonly startMerge: (program: G) => M;
  readonly release: (program: G, merge: M, release: Release) => Uint8Array;
  readonly mostBytes: (program: G) => number;
  /** For the owner alone. */
  readonly report: (program: G, merge: M) => Uint8Array | null;
}

const AGGREGATE: Job<
  Extract<Plan, { kind: "aggregate" }>,
  AggregateProgram,
  AggregatePartial,
  AggregateMerge
> = {
  compile: (plan, manifests) => compileAggregate(plan, onlyOf(manifests)),
  keys: () => [],
  output: () => null,
  startKernel: (program) => new ObjectAggregation(program),
  startMerge: (program) => new AggregateMerge(program),
  release: (program, merge, release) => encodeResult(passGate(program, merge, release)),
  mostBytes: mostTableBytes,
  report: () => null,
};

const JOIN: Job<Extract<Plan, { kind: "aggregate" }>, JoinProgram, JoinPartial, JoinMerge> = {
  compile: compileJoin,
  keys: () => [],
  output: () => null,
  startKernel: (program, { held }, object) => {
    if (held === undefined) throw new Error("internal: a join without its held side");
    return new ObjectJoin(program, held, object);
  },
  startMerge: (program) => new JoinMerge(program),
  release: (program, { sides }, release) => {
    const merged = { sides, badRows: () => sides[0].badRows() };
    return encodeResult(passJoinGate(program, merged, release));
  },
  mostBytes: ({ sides: [first] }) => mostTableBytes(first),
  report: () => null,
};

/** No job by itself: the first part of each pass of a join. Nothing of it leaves. */
const BUILD: Job<never, BuildProgram, BuildPartial, BuildMerge> = {
  compile: noJob,
  keys: () => [],
  output: () => null,
  startKernel: (program) => new ObjectCollection(program),
  startMerge: (program) => new BuildMerge(program),
  release: noJob,
  mostBytes: noJob,
  report: () => null,
};

const TOKENIZE: Job<Extract<Plan, { kind: "tokenize" }>, CopyProgram, CopyPartial, CopyMerge> = {
  compile: (plan, manifests) => compileCopy(plan, onlyOf(manifests)),
  keys: ({ keys }) => keys,
  output: ({ output }) => output,
  startKernel: (program, secrets) => new ObjectCopy(program, secrets),
  startMerge: (program) => new CopyMerge(program),
  release: encodeOutcomes,
  mostBytes: mostOutcomeBytes,
  report: (program, merge) => merge.report(program),
};

/** No job by itself: the first pass of one. No plan is of its kind, and nothing of it leaves. */
const SURVEY: Job<never, SurveyProgram, SurveyPartial, SurveyMerge> = {
  compile: noJob,
  keys: ({ keys }) => keys,
  output: () => null,
  startKernel: (program, { masters }) => new ObjectSurvey(program, masters),
  startMerge: (program) => new SurveyMerge(program),
  release: noJob,
  mostBytes: noJob,
  report: () => null,
};

function noJob(): never {
  throw new SealroomError("PLAN_KIND");
}

const DISCOVER: Job<Extract<Plan, { kind: "discover" }>, DiscoverProgram, ScanPartial, ScanMerge> = {
  compile: (plan, manifests) => compileDiscovery(plan, onlyOf(manifests)),
  keys: () => [],
  output: () => null,
  startKernel: (program) => new ObjectScan(program),
  startMerge: (program) => new ScanMerge(program),
  release: encodeProfile,
  mostBytes: mostProfileBytes,
  report: () => null,
};

const REVEAL: Job<Extract<Plan, { kind: "reveal" }>, RevealProgram, RevealPartial, RevealMerge> = {
  compile: (plan, manifests, { maxRows }) => compileReveal(plan, onlyOf(manifests), maxRows),
  keys: ({ keys }) => keys,
  output: () => null,
  startKernel: (program, secrets) => new ObjectReveal(program, secrets),
  startMerge: (program) => new RevealMerge(program),
  release: encodeRevealed,
  mostBytes: mostRevealedBytes,
  report: () => null,
};

/** A kind's plans, programs, partials and merges are its own: nothing else comes to where this type is dropped. */
type AnyJob = Job<Plan, Program, Partial, Merge>;
const JOBS: ReadonlyMap<string, AnyJob> = new Map<string, AnyJob>([
  ["aggregate", AGGREGATE as unknown as AnyJob],
  ["join", JOIN as unknown as AnyJob],
  ["build", BUILD as unknown as AnyJob],
  ["tokenize", TOKENIZE as unknown as AnyJob],
  ["survey", SURVEY as unknown as AnyJob],
  ["discover", DISCOVER as unknown as AnyJob],
  ["reveal", REVEAL as unknown as AnyJob],
]);

/** `manifests`: of the plan's inputs, in its order. Errors: PLAN_*, JOIN_SIZE, RULES_AUDIENCE, RULES_REVEAL, TOKEN_*, REVEAL_ROWS, REVEAL_SIZE. */
export function compileProgram(
  plan: Plan,
  manifests: readonly Manifest[],
  release: Release = NO_GRANT,
): Program {
  const joins = plan.kind === "aggregate" && plan.join !== undefined;
  return findJob(joins ? { kind: "join" } : plan).compile(plan, manifests, release);
}

function onlyOf(manifests: readonly Manifest[]): Manifest {
  const [manifest, ...more] = manifests;
  if (manifest === undefined || more.length > 0) {
    throw new Error("internal: a plan held against other inputs");
  }
  return manifest;
}

/** The program, held to so many bytes of the enclave's memory for what grows with the groups it finds. */
export function boundProgram(program: Program, groupBytes: number): Program {
  if (program.kind === "aggregate") return withinMemory(program, groupBytes);
  if (program.kind !== "join") return program;
  // Both owners' groups are held.
  const [left, right] = program.sides;
  return { ...program, sides: [withinMemory(left, groupBytes / 2), withinMemory(right, groupBytes / 2)] };
}

/** The token keys that the program's kernels are given, in this order. */
export function tokenKeysOf(program: Program): readonly TokenKeyEntry[] {
  return findJob(program).keys(program);
}

/** What the objects that the program makes are; null where it makes none. */
export function outputOf(program: Program): CopyShape | null {
  return findJob(program).output(program);
}

/** `secrets.masters`: of tokenKeysOf. `object`: its number. Errors of the kernel: AGGREGATE_*, JOIN_SIZE, TOKEN_*. */
export function startKernel(program: Program, secrets: Secrets = NO_SECRETS, object = 0): Kernel {
  return findJob(program).startKernel(program, secrets, object);
}

/** The maps that the program's kernels look values up in, as they are; empty where they look up none. */
export function openedVaults(program: Program): readonly VaultRule[] {
  return program.kind === "reveal" ? program.vaults : [];
}

/** The pass that comes before the program's own, over the same objects; null where there is none. */
export function surveyOf(program: Program): SurveyProgram | null {
  if (program.kind !== "tokenize" || program.vaults.length === 0) return null;
  const { columns, keys } = program;
  // Of the columns only those whose values the maps are to have.
  const read = [...new Set(program.vaults.flatMap((vault) => vault.columns.map(({ column }) => column)))];
  const vaults = program.vaults.map((vault) => ({
    ...vault,
    columns: vault.columns.map(({ column, canonical }) => ({ column: read.indexOf(column), canonical })),
  }));
  return { kind: "survey", columns: read.flatMap((at) => columns[at] ?? []), vaults, keys };
}

/** Errors of `add`: AGGREGATE_GROUPS, TOKEN_QUARANTINE. */
export function startMerge(program: Program): Merge {
  return findJob(program).startMerge(program);
}

/** The released table, an Arrow file, once every object is merged. Errors: GATE_GROUPS, GATE_ROWS, REVEAL_ROWS, REVEAL_SIZE. */
export function releaseResult(program: Program, merge: Merge, release: Release): Uint8Array {
  return findJob(program).release(program, merge, release);
}

/** What a result is padded to, so that its length tells nothing: bytes, from plan, manifest and grant alone. */
export function mostResultBytes(program: Program): number {
  return findJob(program).mostBytes(program);
}

/** A table that leaves sealed to the owner's key, an Arrow file; null where the rules ask for none. */
export function ownerReport(program: Program, merge: Merge): Uint8Array | null {
  return findJob(program).report(program, merge);
}

function findJob({ kind }: { readonly kind: string }): AnyJob {
  const job = JOBS.get(kind);
  if (job === undefined) throw new SealroomError("PLAN_KIND");
  return job;
}
