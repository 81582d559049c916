// The statement of a job that has run, made of what was verified and checked and of nothing that the host said. The
// gate takes its parameters from here too, so that the receipt cannot state others.
import { PolicyError } from "../errors.ts";
import type { Authority } from "../manifest/authority.ts";
import { thumbprint } from "../manifest/jwk.ts";
import type { Edges } from "../manifest/bins.ts";
import type { Rounding, VerifiedManifest } from "../manifest/manifest.ts";
import type { CheckedPlan } from "../plan/check.ts";
import { checkPlan } from "../plan/check.ts";
import type { AggregatePlan, Plan, RevealPlan, TokenizePlan } from "../plan/plan.ts";
import type { Clipping, ReceiptRelease, RevealRelease, TokensRelease } from "./release.ts";
import type { ReceiptInput, Software, Statement, Subject } from "./statement.ts";
import { PROFILE_WORDS, REVEAL_WORDS, TOKENS_WORDS } from "./table-words.ts";
import { releaseWords } from "./words.ts";

/** An input of a plan that was authorized. */
export interface JobInput {
  readonly verified: VerifiedManifest;
  /** Why the owner's rules let this plan run. */
  readonly authority: Authority;
}

interface CheckedInput extends JobInput {
  readonly checked: CheckedPlan;
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

/** The strictest of all inputs' rules and grants. Errors: those of checkPlan. */
export function releaseParameters(plan: AggregatePlan, given: readonly JobInput[]): ReleaseParameters {
  const inputs = given.map((input) => ({ ...input, checked: checkPlan(plan, input.verified.manifest) }));
  const rules = inputs.map(({ verified }) => verified.manifest.rules);
  return {
    minUnits: Math.max(...rules.map(({ minUnits }) => minUnits)),
    maxGroups: Math.min(...rules.map(({ maxGroups }) => maxGroups)),
    maxRows: rowCap(inputs),
    clipping: inputs.flatMap(({ checked }) => clippingOf(checked)),
    maxShare: least(rules.flatMap(({ maxShare }) => maxShare ?? [])),
    extremes: inputs.flatMap(({ checked }) => columnsOf(checked, ["min", "max"])),
    rounding: {
      counts: greatest(rules.flatMap(({ rounding }) => rounding.counts ?? [])),
      sums: Object.fromEntries(inputs.flatMap((input) => roundedSums(input))),
    },
    interval: Math.max(...rules.map(({ interval }) => interval)),
    ...binsOf(inputs),
    ...distinctOf(inputs),
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

function roundedSums({ verified, checked }: CheckedInput): readonly (readonly [string, number])[] {
  const { sums } = verified.manifest.rules.rounding;
  return columnsOf(checked, CLIPPED).flatMap((name) => {
    const step = Object.hasOwn(sums, name) ? sums[name] : undefined;
    return step === undefined ? [] : [[name, step] as const];
  });
}

/** The columns of which the plan asks one of these aggregates, each once, by the names that rules have for them. */
function columnsOf({ columns, computed, select }: CheckedPlan, ops: readonly string[]): readonly string[] {
  const asked = new Set(
    select.flatMap((entry) => {
      if (!("column" in entry) || !ops.includes(entry.op)) return [];
      return [entry.column?.slot, "with" in entry ? entry.with.slot : undefined];
    }),
  );
  const all = [...columns, ...computed.map(({ column }) => column)];
  return [...new Set(all.flatMap(({ slot, ruled }) => (asked.has(slot) ? [ruled] : [])))];
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
function clippingOf(checked: CheckedPlan): readonly Clipping[] {
  return columnsOf(checked, CLIPPED).flatMap((column) => {
    const [bounds] = checked.select.flatMap((entry) => {
      if (!("bounds" in entry)) return [];
      const other = "with" in entry && entry.with.ruled === column ? [entry.withBounds] : [];
      return entry.column.ruled === column ? [entry.bounds] : other;
    });
    return bounds === undefined ? [] : [{ column, lower: bounds.lower, upper: bounds.upper }];
  });
}

/** The edges of every column that the plan asks by its bins; left out where there is none. */
function binsOf(inputs: readonly CheckedInput[]): Pick<ReleaseParameters, "bins"> {
  const bins = inputs.flatMap(({ verified, checked }) => {
    const { rules } = verified.manifest;
    const told = checked.select.flatMap((entry) =>
      entry.op === "approx_quantile" ? [[entry.column.ruled, entry.edges] as const] : [],
    );
    const binned = checked.computed.flatMap(({ computation }) => {
      const edges = computation.kind === "bin" ? rules.bins?.[computation.of] : undefined;
      return computation.kind === "bin" && edges !== undefined ? [[computation.of, edges] as const] : [];
    });
    return [...told, ...binned];
  });
  return bins.length === 0 ? {} : { bins: Object.fromEntries(bins) };
}

/** How many values one unit may add, of every column whose distinct values are counted. */
function distinctOf(inputs: readonly CheckedInput[]): Pick<ReleaseParameters, "distinct"> {
  const counted = inputs.flatMap(({ checked }) =>
    checked.select.flatMap((entry) =>
      entry.op === "approx_distinct" ? [[entry.column.ruled, entry.perUnit] as const] : [],
    ),
  );
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
