// What a job would do, said beforehand: whether each owner's rules allow it, and what it reads. The host's word only;
// the enclave decides by the same functions. No data is touched, and nothing is asked of KMS.
import type { Details, ErrorCode } from "../core/errors.ts";
import { SealroomError } from "../core/errors.ts";
import { canonicalText } from "../core/json.ts";
import { authorize, checkGrantedInputs } from "../core/manifest/authority.ts";
import type { Authority } from "../core/manifest/authority.ts";
import { thumbprint } from "../core/manifest/jwk.ts";
import type { Manifest, VerifiedManifest } from "../core/manifest/manifest.ts";
import type { AudienceRule } from "../core/manifest/tokenization.ts";
import { verifyGrant } from "../core/manifest/verify.ts";
import { checkPlan } from "../core/plan/check.ts";
import type { AggregatePlan, Plan } from "../core/plan/plan.ts";
import { columnsOf } from "../core/plan/predicate.ts";
import { least, releaseParameters } from "../core/receipt/compose.ts";
import type { ReleaseParameters } from "../core/receipt/compose.ts";
import { passesOver } from "../jobs/join/compile.ts";
import { compileProgram } from "../jobs/registry.ts";
import { compileCopy, findAudience } from "../jobs/tokenize/compile.ts";
import type { Claim } from "../jobs/tokenize/profiles/claim.ts";
import { claimsOf } from "../jobs/tokenize/profiles/claims.ts";
import type { PreparedJob } from "./client.ts";
import { columnUses } from "./column-uses.ts";
import type { ColumnUse } from "./column-uses.ts";
import type { Dataset } from "./dataset.ts";
import { partsOf } from "./plan-parts.ts";
import { readBound } from "./read-bound.ts";
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
  const verified = datasets.map((dataset) => dataset.verified);
  const manifests = verified.map(({ manifest }) => manifest);
  const inputs = await Promise.all(
    datasets.map(async (dataset, input): Promise<InputExplanation> => {
      const { manifest } = dataset.verified;
      const columns = columnUses(plan, manifest, input);
      const used = columns.filter(({ uses }) => uses.length > 0);
      const verdict = await judge(
        checksOf(plan, manifests, least(grants.map(({ grant }) => grant.maxRows))),
        async () => {
          const authority = await authorize(plan, digest, dataset.verified, grants, nowMs);
          checkGrantedInputs(grants, verified);
          return authority;
        },
        { manifest, planDigest: digest, recipient, dimensions },
      );
      const copy = copyOf(plan, manifest);
      return {
        dataset,
        verdict,
        columns,
        rows: manifest.objects.reduce((sum, { rows }) => sum + rows, 0),
        bytes: manifest.objects.reduce((sum, { bytes }) => sum + bytes, 0),
        readBytes:
          passesOf(plan, manifests) *
          manifest.objects.reduce((sum, object) => sum + readBound(object, manifest, used), 0),
        release: releaseOf(plan, verified, verdict),
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

/** What the enclave checks of a plan and its inputs; of an aggregate part by part too, so that every fault shows. */
function checksOf(
  plan: Plan,
  manifests: readonly Manifest[],
  maxRows: number | null,
): readonly (() => unknown)[] {
  const compile = (): unknown => compileProgram(plan, manifests, { maxRows });
  if (plan.kind !== "aggregate") return [compile];
  return [compile, ...partsOf(plan).map((part) => () => checkPlan(part, manifests))];
}

/** How often all inputs are read. */
function passesOf(plan: Plan, manifests: readonly Manifest[]): number {
  if (plan.kind !== "aggregate" || plan.join === undefined) return 1;
  return passesOver(plan.join, manifests);
}

function dimensionsOf({ where, groupBy }: AggregatePlan): readonly string[] {
  return [...groupBy, ...(where === null ? [] : columnsOf(where))];
}

function releaseOf(
  plan: Plan,
  inputs: readonly VerifiedManifest[],
  verdict: Verdict,
): InputExplanation["release"] {
  if (plan.kind !== "aggregate") return null;
  const authority: Authority = verdict.allowed ? verdict.authority : { basis: "adhoc" };
  try {
    const given = inputs.map((verified) => ({ verified, authority }));
    return { ...releaseParameters(plan, given), totals: plan.totals };
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
