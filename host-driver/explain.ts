// What a job would do, said beforehand: whether each owner's rules allow it, and what it reads. The host's word only;
// the enclave decides by the same functions. No data is touched, and nothing is asked of KMS.
import { FOOTER_GUESS_BYTES } from "../core/column/footer.ts";
import { BATCH_ROWS, findColumnType } from "../core/column/type.ts";
import { valueWidth } from "../core/column/batch.ts";
import type { Details, ErrorCode } from "../core/errors.ts";
import { SealroomError } from "../core/errors.ts";
import { canonicalText } from "../core/json.ts";
import { authorize } from "../core/manifest/authority.ts";
import type { Authority } from "../core/manifest/authority.ts";
import { thumbprint } from "../core/manifest/jwk.ts";
import type {
  Bounds,
  ColumnEntry,
  Manifest,
  ObjectEntry,
  VerifiedManifest,
} from "../core/manifest/manifest.ts";
import type { AudienceRule } from "../core/manifest/tokenization.ts";
import { verifyGrant } from "../core/manifest/verify.ts";
import { checkPlan } from "../core/plan/check.ts";
import type { AggregatePlan, Plan, Predicate } from "../core/plan/plan.ts";
import { least, releaseParameters } from "../core/receipt/compose.ts";
import type { ReleaseParameters } from "../core/receipt/compose.ts";
import { FRAME_OVERHEAD } from "../core/seal/size.ts";
import { DEFAULT_FRAME_LENGTH } from "../core/seal/writer.ts";
import { columnsRead } from "../jobs/discover/compile.ts";
import { compileProgram } from "../jobs/registry.ts";
import { unitsOf } from "../jobs/reveal/compile.ts";
import { compileCopy, DROP, findAudience } from "../jobs/tokenize/compile.ts";
import type { Claim } from "../jobs/tokenize/profiles/claim.ts";
import { claimsOf } from "../jobs/tokenize/profiles/claims.ts";
import type { PreparedJob } from "./client.ts";
import type { Dataset } from "./dataset.ts";
import { remedyOf } from "./remedy.ts";
import type { RefusedPlan, Remedy } from "./remedy.ts";

/** All that is refused is said, but the first refusal is the one that the enclave would give. */
export type Verdict =
  | { readonly allowed: true; readonly authority: Authority }
  | { readonly allowed: false; readonly refusals: readonly [Refusal, ...Refusal[]] };

export interface Refusal {
  readonly code: ErrorCode;
  readonly details: Details;
  readonly remedy: Remedy | null;
}

export interface ColumnUse extends ColumnEntry {
  /** `group by`, `where`, `sum` and so on; empty where the job does not use the column. */
  readonly uses: readonly string[];
  /** To which each unit's contribution is clipped, where it is summed. */
  readonly bounds: Bounds | null;
}

export interface InputExplanation {
  readonly dataset: Dataset;
  readonly verdict: Verdict;
  /** All of the data set, in the schema's order. */
  readonly columns: readonly ColumnUse[];
  readonly rows: number;
  /** Of all its objects, sealed. */
  readonly bytes: number;
  /** The most that the job asks of S3. It reads the frames of its columns, some of them more than once. */
  readonly readBytes: number;
  /** What the gate will do; null where the plan does not fit the data set, or is no aggregate. */
  readonly release: (ReleaseParameters & Pick<AggregatePlan, "totals">) | null;
  /** Of a tokenize job, the copy as the rules have it; null of others, and where it cannot be made. */
  readonly copy: AudienceRule | null;
  /** What that copy may be called under HIPAA and PCI DSS, and why not more. Empty where there is none. */
  readonly claims: readonly Claim[];
}

export interface Explanation {
  readonly inputs: readonly InputExplanation[];
  readonly allowed: boolean;
}

/** Errors: those of verifyGrant. What the rules refuse is in the verdicts. */
export async function explainJob(
  { plan: { plan, digest }, datasets }: PreparedJob,
  grantFiles: readonly Uint8Array[],
  nowMs: number,
): Promise<Explanation> {
  const grants = await Promise.all(grantFiles.map((grant) => verifyGrant(grant, { nowMs })));
  const recipient = await thumbprint(plan.recipient);
  const dimensions = new Set(plan.kind === "aggregate" ? dimensionsOf(plan) : []);
  const inputs = await Promise.all(
    datasets.map(async (dataset): Promise<InputExplanation> => {
      const { manifest } = dataset.verified;
      const columns = columnUses(plan, manifest);
      const used = columns.filter(({ uses }) => uses.length > 0);
      const verdict = await judge(
        checksOf(plan, manifest, least(grants.map(({ grant }) => grant.maxRows))),
        () => authorize(plan, digest, dataset.verified, grants, nowMs),
        { manifest, planDigest: digest, recipient, dimensions },
      );
      const copy = copyOf(plan, manifest);
      return {
        dataset,
        verdict,
        columns,
        rows: manifest.objects.reduce((sum, { rows }) => sum + rows, 0),
        bytes: manifest.objects.reduce((sum, { bytes }) => sum + bytes, 0),
        readBytes: manifest.objects.reduce((sum, object) => sum + readBound(object, manifest, used), 0),
        release: releaseOf(plan, dataset.verified, verdict),
        copy,
        claims: copy === null ? [] : claimsOf(copy, manifest),
      };
    }),
  );
  return { inputs, allowed: inputs.every(({ verdict }) => verdict.allowed) };
}

async function judge(
  checks: readonly (() => unknown)[],
  decide: () => Promise<Authority>,
  refused: RefusedPlan,
): Promise<Verdict> {
  const refusals = new Map<string, Refusal>();
  const gather = (error: unknown): void => {
    if (!(error instanceof SealroomError)) throw error;
    const { code, details } = error;
    const remedy = remedyOf(code, details, refused);
    // Where one thing mends several uses of a column, it is said once.
    const known =
      remedy === null
        ? canonicalText([code, { ...details }])
        : canonicalText([code, { ...remedy, allows: [...remedy.allows] }]);
    if (!refusals.has(known)) refusals.set(known, { code, details, remedy });
  };
  for (const check of checks) {
    try {
      check();
    } catch (error) {
      gather(error);
    }
  }
  const authority = await decide().catch(gather);
  const [first, ...more] = refusals.values();
  if (first !== undefined) return { allowed: false, refusals: [first, ...more] };
  if (authority === undefined) throw new Error("internal: neither allowed nor refused");
  return { allowed: true, authority };
}

/** What the enclave checks of a plan and a manifest; of an aggregate part by part too, so that every fault shows. */
function checksOf(plan: Plan, manifest: Manifest, maxRows: number | null): readonly (() => unknown)[] {
  if (plan.kind !== "aggregate") return [() => compileProgram(plan, manifest, { maxRows })];
  return [plan, ...partsOf(plan)].map((part) => () => checkPlan(part, manifest));
}

function dimensionsOf({ where, groupBy }: AggregatePlan): readonly string[] {
  return [...groupBy, ...(where === null ? [] : filteredColumns(where))];
}

/** The same plan cut to one thing that it asks, so that each fault shows beside the first. */
function partsOf(plan: AggregatePlan): readonly AggregatePlan[] {
  const bare = { ...plan, where: null, groupBy: [], totals: [], orderBy: [] };
  const counted = { ...bare, select: [{ as: "rows", op: "count" } as const] };
  return [
    ...(plan.where === null ? [] : [{ ...counted, where: plan.where }]),
    ...plan.groupBy.map((column) => ({ ...counted, groupBy: [column] })),
    ...plan.select.map((aggregate) => ({ ...bare, select: [aggregate] })),
  ];
}

function releaseOf(plan: Plan, verified: VerifiedManifest, verdict: Verdict): InputExplanation["release"] {
  if (plan.kind !== "aggregate") return null;
  const authority: Authority = verdict.allowed ? verdict.authority : { basis: "adhoc" };
  try {
    return { ...releaseParameters(plan, [{ verified, authority }]), totals: plan.totals };
  } catch {
    return null;
  }
}

/** Null where the enclave would refuse the copy, whoever asked for it: the verdict says why. */
function copyOf(plan: Plan, manifest: Manifest): AudienceRule | null {
  if (plan.kind !== "tokenize") return null;
  try {
    compileCopy(plan, manifest);
    return findAudience(plan, manifest);
  } catch (error) {
    if (error instanceof SealroomError) return null;
    throw error;
  }
}

function columnUses(plan: Plan, manifest: Manifest): readonly ColumnUse[] {
  const { schema, rules, unit, tokens } = manifest;
  const uses = new Map<string, Set<string>>();
  const add = (column: string, use: string): void => {
    uses.set(column, (uses.get(column) ?? new Set()).add(use));
  };
  switch (plan.kind) {
    case "aggregate":
      for (const column of plan.groupBy) add(column, "group by");
      for (const aggregate of plan.select) if ("column" in aggregate) add(aggregate.column, aggregate.op);
      if (plan.where !== null) for (const column of filteredColumns(plan.where)) add(column, "where");
      break;
    case "tokenize": {
      const columns = rules.tokenization?.[plan.audience]?.columns ?? {};
      for (const [column, { operator }] of Object.entries(columns)) {
        if (operator !== DROP) add(column, operator);
      }
      break;
    }
    case "reveal":
      for (const column of plan.columns) {
        const facts = tokens !== undefined && Object.hasOwn(tokens, column) ? tokens[column] : undefined;
        add(column, facts === undefined ? "as it is" : `reveal (${facts.operator})`);
      }
      for (const column of unitsOf(plan, manifest)) add(column, "unit of dates");
      if (plan.match !== null) add(plan.match.column, "match");
      break;
    case "discover":
      for (const { name } of columnsRead({ schema, unit })) add(name, "discover");
  }
  return schema.map((entry) => {
    const found = [...(uses.get(entry.name) ?? [])];
    const isClipped = found.some((use) => CLIPPED.includes(use)) && Object.hasOwn(rules.bounds, entry.name);
    return { ...entry, uses: found, bounds: (isClipped ? rules.bounds[entry.name] : undefined) ?? null };
  });
}

const CLIPPED: readonly string[] = ["sum", "avg", "var", "stddev"];

/** A frame of a sealed object as `seal` writes it. */
const FRAME_BYTES = DEFAULT_FRAME_LENGTH + FRAME_OVERHEAD;
/** What is read of an object's beginning, to find its header. */
const PREFIX_BYTES = 4096;
/** What a column, or a batch, takes of a footer at the most, its name left out. */
const FOOTER_ENTRY_BYTES = 512;

/**
 * How often adopted objects, whose layout only their readers know, are read at the most: once as a whole; then
 * footer and dictionaries, and each batch, which may share its first and last chunk with another.
 */
const ADOPTED_READINGS = 4;

/**
 * The most bytes of one object that are read, from what is public of it: the header, the footer, where its batches and
 * dictionaries lie, then the wanted dictionaries and each batch. No step reads a frame twice, so none reads more than
 * the object; a range that begins and ends inside frames reads two more than it fills.
 */
function readBound(object: ObjectEntry, { schema, unit }: Manifest, used: readonly ColumnUse[]): number {
  const { bytes, rows } = object;
  if ("envelope" in object) return ADOPTED_READINGS * bytes;
  const frames = (count: number): number => Math.min(bytes, count * FRAME_BYTES);
  const batches = Math.max(1, Math.ceil(rows / BATCH_ROWS));
  const texts = schema.filter(({ type }) => type === "utf8").length;
  const names = schema.reduce((sum, { name }) => sum + 4 * name.length + FOOTER_ENTRY_BYTES, 0);
  const isShort = names + batches * FOOTER_ENTRY_BYTES < FOOTER_GUESS_BYTES;
  const footer = isShort ? frames(2) : bytes + frames(2);
  const layout = frames(2 * batches) + frames(2 * texts);
  // Neighbours share a frame: dictionaries with a batch, and a batch with the next.
  let body = Math.min((batches + 1) * bytes, bytes + batches * FRAME_BYTES);
  const widths = used.map(({ type }) => fixedWidth(type));
  if (!widths.includes(null)) {
    // Values and validity of each column, and the marks of units: two buffers each at most.
    const buffers = 2 * widths.length + (unit === "row" ? 0 : 2);
    const perRow = widths.reduce((sum: number, width) => sum + (width ?? 0), 0) + buffers / 8;
    body = Math.min(body, Math.ceil(perRow * rows) + batches * buffers * 2 * FRAME_BYTES);
  }
  return Math.min(bytes, PREFIX_BYTES) + footer + layout + body;
}

/** Bytes of a value; null for text, whose length nobody but the owner knows. */
function fixedWidth(typeName: string): number | null {
  const type = findColumnType(typeName);
  return type === undefined || type.kind === "utf8" ? null : valueWidth(type);
}

function filteredColumns(predicate: Predicate): readonly string[] {
  if ("and" in predicate) return predicate.and.flatMap(filteredColumns);
  if ("or" in predicate) return predicate.or.flatMap(filteredColumns);
  if ("not" in predicate) return filteredColumns(predicate.not);
  return [predicate.column];
}
