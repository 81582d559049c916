// The statement of a job that has run, made of what was verified and checked and of nothing that the host said. The
// gate takes its parameters from here too, so that the receipt cannot state others.
import { PolicyError } from "../errors.ts";
import type { Authority } from "../manifest/authority.ts";
import { thumbprint } from "../manifest/jwk.ts";
import type { Edges } from "../manifest/bins.ts";
import type { Rounding, Rules, VerifiedManifest } from "../manifest/manifest.ts";
import type { CheckedPlan, PlanColumn } from "../plan/check.ts";
import { checkPlan } from "../plan/check.ts";
import type { AggregatePlan, Plan, RevealPlan, TokenizePlan } from "../plan/plan.ts";
import { ownEntry, plannedName } from "../plan/source-columns.ts";
import type { Clipping, JoinedRules, ReceiptRelease, RevealRelease, TokensRelease } from "./release.ts";
import type { ReceiptInput, Software, Statement, Subject } from "./statement.ts";
import { PROFILE_WORDS, REVEAL_WORDS, TOKENS_WORDS } from "./table-words.ts";
import { releaseWords } from "./words.ts";

/** An input of a plan that was authorized. */
export interface JobInput {
  readonly verified: VerifiedManifest;
  /** Why the owner's rules let this plan run. */
  readonly authority: Authority;
}

/** A plan held against its inputs. */
interface CheckedJob {
  readonly plan: AggregatePlan;
  readonly checked: CheckedPlan;
  readonly rules: readonly Rules[];
}

/** What the release gate has to keep to. */
export interface ReleaseParameters {
  readonly minUnits: number;
  readonly maxGroups: number;
  readonly maxRows: number | null;
  readonly clipping: readonly Clipping[];
  readonly maxShare: number | null;
  readonly extremes: readonly string[];
  readonly rounding: Rounding;
  readonly interval: number;
  /** By input, where two are joined; left out else. */
  readonly joined?: readonly JoinedRules[];
  /** By column that the plan asks by its bins; left out where there is none. */
  readonly bins?: Readonly<Record<string, Edges>>;
  /** By column whose distinct values the plan counts; left out where there is none. */
  readonly distinct?: Readonly<Record<string, number>>;
}

export interface FinishedJob {
  readonly plan: Plan;
  readonly planDigest: string;
  readonly inputs: readonly JobInput[];
  readonly result: Subject;
  /** What else left. */
  readonly outputs: readonly Subject[];
  readonly software: Software;
}

/**
 * Where data sets are joined, each group meets the rules of both, each with its own units; what is said of all of them is
 * what holds for all. Errors: those of checkPlan.
 */
export function releaseParameters(plan: AggregatePlan, inputs: readonly JobInput[]): ReleaseParameters {
  const manifests = inputs.map(({ verified }) => verified.manifest);
  const rules = manifests.map((manifest) => manifest.rules);
  const job: CheckedJob = { plan, checked: checkPlan(plan, manifests), rules };
  const shares = rules.map(({ maxShare }) => maxShare);
  return {
    minUnits: Math.min(...rules.map(({ minUnits }) => minUnits)),
    maxGroups: Math.min(...rules.map(({ maxGroups }) => maxGroups)),
    maxRows: rowCap(inputs),
    clipping: clippingOf(job),
    maxShare: shares.includes(null) ? null : greatest(shares.flatMap((share) => share ?? [])),
    extremes: columnsOf(job, ["min", "max"]).map((column) => toldName(plan, column)),
    rounding: {
      counts: greatest(rules.flatMap(({ rounding }) => rounding.counts ?? [])),
      sums: roundedSums(job),
    },
    interval: Math.max(...rules.map(({ interval }) => interval)),
    ...(plan.join === undefined
      ? {}
      : { joined: rules.map(({ minUnits, maxShare }) => ({ minUnits, maxShare })) }),
    ...binsOf(job),
    ...distinctOf(job),
  };
}

/** The least that a grant allows; null where there is none. */
export function rowCap(inputs: readonly JobInput[]): number | null {
  return least(inputs.flatMap(({ authority }) => (authority.basis === "grant" ? [authority.maxRows] : [])));
}

/** Null of none. */
export function least(values: readonly number[]): number | null {
  return values.length === 0 ? null : Math.min(...values);
}

function greatest(values: readonly number[]): number | null {
  return values.length === 0 ? null : Math.max(...values);
}

const CLIPPED: readonly string[] = ["sum", "avg", "var", "stddev", "covar", "corr"];

function roundedSums(job: CheckedJob): Readonly<Record<string, number>> {
  const steps = columnsOf(job, CLIPPED).flatMap((column) => {
    const step = ownEntry(job.rules[column.input]?.rounding.sums, column);
    return step === undefined ? [] : [[toldName(job.plan, column), step] as const];
  });
  return Object.fromEntries(steps);
}

/** The columns of which rules speak and the plan asks one of these aggregates, each once. */
function columnsOf(
  { checked: { columns, computed, select } }: Pick<CheckedJob, "checked">,
  ops: readonly string[],
): readonly RuledColumn[] {
  const asked = new Set(
    select.flatMap((entry) => {
      if (!("column" in entry) || !ops.includes(entry.op)) return [];
      return [entry.column?.slot, "with" in entry ? entry.with.slot : undefined];
    }),
  );
  return [...columns, ...computed.map(({ column }) => column)].flatMap(({ slot, ruled, input }) =>
    ruled !== null && asked.has(slot) ? [{ slot, ruled, input }] : [],
  );
}

type RuledColumn = Pick<PlanColumn, "slot" | "input"> & { readonly ruled: string };

/** By what the rules call it, and by its side where there are two. */
function toldName(plan: AggregatePlan, { input, ruled }: Pick<RuledColumn, "input" | "ruled">): string {
  return plannedName(plan, input, ruled);
}

export async function composeStatement(job: FinishedJob): Promise<Statement> {
  const { plan, planDigest, inputs, result, outputs, software } = job;
  const delivery: ReceiptRelease["delivery"] =
    plan.release === "clear" ? { clear: true } : { sealedTo: await thumbprint(plan.recipient) };
  return {
    subject: result,
    outputs,
    plan,
    planDigest,
    inputs: inputs.map(receiptInput),
    release: { ...composeRelease(plan, inputs), delivery } as ReceiptRelease,
    software,
  };
}

type WithoutDelivery<R> = R extends ReceiptRelease ? Omit<R, "delivery"> : never;

function composeRelease(plan: Plan, inputs: readonly JobInput[]): WithoutDelivery<ReceiptRelease> {
  switch (plan.kind) {
    case "aggregate": {
      const release = { ...releaseParameters(plan, inputs), totals: plan.totals };
      return { mode: "threshold", ...release, ...releaseWords(release) };
    }
    case "tokenize":
      return { mode: "tokens", ...tokensOf(plan, inputs), minUnits: mostUnits(inputs), ...TOKENS_WORDS };
    case "reveal":
      return { mode: "reveal", ...revealedOf(plan, inputs), ...REVEAL_WORDS };
    case "discover":
      return { mode: "profile", minUnits: mostUnits(inputs), ...PROFILE_WORDS };
  }
}

/** Of all inputs, the strictest. */
export function mostUnits(inputs: readonly JobInput[]): number {
  return Math.max(...inputs.map(({ verified }) => verified.manifest.rules.minUnits));
}

function tokensOf(
  { audience }: TokenizePlan,
  inputs: readonly JobInput[],
): Pick<TokensRelease, "audience" | "dataset" | "keyArn" | "columns"> {
  const [rule] = inputs.flatMap(({ verified }) => verified.manifest.rules.tokenization?.[audience] ?? []);
  if (rule === undefined) throw new PolicyError("RULES_AUDIENCE", { audience });
  return { audience, ...rule };
}

function revealedOf(
  { columns }: RevealPlan,
  inputs: readonly JobInput[],
): Pick<RevealRelease, "maxRows" | "tokens"> {
  const maxRows = rowCap(inputs);
  if (maxRows === null) throw new PolicyError("RULES_REVEAL");
  const known = Object.entries(inputs[0]?.verified.manifest.tokens ?? {});
  return { maxRows, tokens: Object.fromEntries(known.filter(([name]) => columns.includes(name))) };
}

/** Every column that is clipped, once. */
function clippingOf(job: CheckedJob): readonly Clipping[] {
  return columnsOf(job, CLIPPED).flatMap((column) => {
    const [bounds] = job.checked.select.flatMap((entry) => {
      if (!("bounds" in entry)) return [];
      const other = "with" in entry && entry.with.slot === column.slot ? [entry.withBounds] : [];
      return entry.column.slot === column.slot ? [entry.bounds] : other;
    });
    if (bounds === undefined) return [];
    return [{ column: toldName(job.plan, column), lower: bounds.lower, upper: bounds.upper }];
  });
}

/** The edges of every column that the plan asks by its bins; left out where there is none. */
function binsOf({ plan, checked, rules }: CheckedJob): Pick<ReleaseParameters, "bins"> {
  const told = checked.select.flatMap((entry) => {
    if (entry.op !== "approx_quantile") return [];
    const { input, ruled } = entry.column;
    return ruled === null ? [] : [[toldName(plan, { input, ruled }), entry.edges] as const];
  });
  const binned = checked.computed.flatMap(({ computation }) => {
    const column = checked.columns.find(({ name }) => computation.kind === "bin" && name === computation.of);
    const edges = column && ownEntry(rules[column.input]?.bins, column);
    return column === undefined || edges === undefined ? [] : [[column.name, edges] as const];
  });
  const bins = [...told, ...binned];
  return bins.length === 0 ? {} : { bins: Object.fromEntries(bins) };
}

/** How many values one unit may add, of every column whose distinct values are counted. */
function distinctOf({ plan, checked }: CheckedJob): Pick<ReleaseParameters, "distinct"> {
  const counted = checked.select.flatMap((entry) => {
    if (entry.op !== "approx_distinct") return [];
    const { input, ruled } = entry.column;
    return ruled === null ? [] : [[toldName(plan, { input, ruled }), entry.perUnit] as const];
  });
  return counted.length === 0 ? {} : { distinct: Object.fromEntries(counted) };
}

function receiptInput({ verified, authority }: JobInput): ReceiptInput {
  const { manifest, digest, owner } = verified;
  const input: ReceiptInput = {
    dataset: manifest.dataset,
    owner,
    keyArn: manifest.keyArn,
    epoch: manifest.epoch,
    manifest: digest,
    unit: manifest.unit,
    objects: manifest.objects.length,
    rows: manifest.objects.reduce((total, object) => total + object.rows, 0),
    basis: authority.basis,
  };
  return authority.basis === "grant" ? { ...input, grant: authority.grantDigest } : input;
}
