// The statement of a job that has run, made of what was verified and checked and of nothing that the host said. The
// gate takes its parameters from here too, so that the receipt cannot state others.
import type { Authority } from "../manifest/authority.ts";
import { thumbprint } from "../manifest/jwk.ts";
import type { Rounding, VerifiedManifest } from "../manifest/manifest.ts";
import type { CheckedPlan } from "../plan/check.ts";
import type { Plan } from "../plan/plan.ts";
import type { Clipping, ReceiptInput, ReceiptRelease, Software, Statement } from "./statement.ts";
import { releaseWords } from "./words.ts";

/** An input of a plan that was authorized and checked. */
export interface JobInput {
  readonly verified: VerifiedManifest;
  readonly authority: Authority;
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
}

export interface FinishedJob {
  readonly plan: Plan;
  readonly planDigest: string;
  readonly inputs: readonly JobInput[];
  /** What left: its file's name, and SHA-384 (hex) of its bytes. */
  readonly result: Statement["subject"];
  readonly software: Software;
}

/** The strictest of all inputs' rules and grants. */
export function releaseParameters(inputs: readonly JobInput[]): ReleaseParameters {
  const rules = inputs.map(({ verified }) => verified.manifest.rules);
  const caps = inputs.flatMap(({ authority }) => (authority.basis === "grant" ? [authority.maxRows] : []));
  return {
    minUnits: Math.max(...rules.map(({ minUnits }) => minUnits)),
    maxGroups: Math.min(...rules.map(({ maxGroups }) => maxGroups)),
    maxRows: least(caps),
    clipping: inputs.flatMap(({ checked }) => clippingOf(checked)),
    maxShare: least(rules.flatMap(({ maxShare }) => maxShare ?? [])),
    extremes: inputs.flatMap(({ checked }) => columnsOf(checked, ["min", "max"])),
    rounding: {
      counts: greatest(rules.flatMap(({ rounding }) => rounding.counts ?? [])),
      sums: Object.fromEntries(inputs.flatMap((input) => roundedSums(input))),
    },
    interval: Math.max(...rules.map(({ interval }) => interval)),
  };
}

function least(values: readonly number[]): number | null {
  return values.length === 0 ? null : Math.min(...values);
}

function greatest(values: readonly number[]): number | null {
  return values.length === 0 ? null : Math.max(...values);
}

function roundedSums({ verified, checked }: JobInput): readonly (readonly [string, number])[] {
  const { sums } = verified.manifest.rules.rounding;
  return columnsOf(checked, ["sum", "avg", "var", "stddev"]).flatMap((name) => {
    const step = Object.hasOwn(sums, name) ? sums[name] : undefined;
    return step === undefined ? [] : [[name, step] as const];
  });
}

/** The columns of which the plan asks one of these aggregates, each once. */
function columnsOf({ columns, select }: CheckedPlan, ops: readonly string[]): readonly string[] {
  return columns.flatMap(({ name }) =>
    select.some((entry) => "column" in entry && entry.column?.name === name && ops.includes(entry.op))
      ? [name]
      : [],
  );
}

export async function composeStatement(job: FinishedJob): Promise<Statement> {
  const { plan, planDigest, inputs, result, software } = job;
  const delivery: ReceiptRelease["delivery"] =
    plan.release === "clear" ? { clear: true } : { sealedTo: await thumbprint(plan.recipient) };
  const release = { ...releaseParameters(inputs), totals: plan.totals };
  return {
    subject: result,
    plan,
    planDigest,
    inputs: inputs.map(receiptInput),
    release: { mode: "threshold", ...release, delivery, ...releaseWords(release) },
    software,
  };
}

/** Every column that is clipped, once. */
function clippingOf({ columns, select }: CheckedPlan): readonly Clipping[] {
  return columns.flatMap(({ name }) => {
    const summed = select.find((entry) => "bounds" in entry && entry.column.name === name);
    if (summed === undefined || !("bounds" in summed)) return [];
    return [{ column: name, lower: summed.bounds.lower, upper: summed.bounds.upper }];
  });
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
