// Whether one owner's rules allow a plan, and on what ground. Called for every input of a plan; all must agree.
import { PolicyError } from "../errors.ts";
import type { Plan } from "../plan/plan.ts";
import { checkJoinRules } from "./joins.ts";
import { isSameKey, thumbprint } from "./jwk.ts";
import type { VerifiedGrant, VerifiedManifest } from "./manifest.ts";

/** The ground stands on the receipt. A grant also caps the rows of the result. */
export type Authority =
  | { readonly basis: "adhoc" | "listed" }
  | { readonly basis: "grant"; readonly grantDigest: string; readonly maxRows: number };

/**
 * The first ground that holds: the plan is listed; this owner granted it; ad-hoc plans are allowed and the recipient
 * is named. A grant that does not fit is refused rather than passed over: whoever sent it relied on it.
 * Errors: PolicyError RULES_INPUT, RULES_RELEASE, RULES_JOIN, RULES_ADHOC, RULES_RECIPIENT, RULES_REVEAL, GRANT_OWNER, GRANT_PLAN,
 * GRANT_MANIFEST, GRANT_RECIPIENT, GRANT_EXPIRED.
 */
export async function authorize(
  plan: Plan,
  planDigest: string,
  verified: VerifiedManifest,
  grants: readonly VerifiedGrant[],
  nowMs: number,
): Promise<Authority> {
  const { dataset, rules } = verified.manifest;
  const isInput = plan.inputs.some((input) => input.dataset === dataset && input.owner === verified.owner);
  if (!isInput) throw new PolicyError("RULES_INPUT", { dataset });
  if (plan.release === "clear" && rules.release !== "clear") {
    throw new PolicyError("RULES_RELEASE", { dataset });
  }
  checkJoinRules(plan, verified);
  const recipient = await thumbprint(plan.recipient);
  for (const grant of grants) {
    if (!plan.inputs.some(({ owner }) => owner === grant.owner)) throw new PolicyError("GRANT_OWNER");
  }
  const own = grants.filter(({ owner }) => owner === verified.owner);
  for (const grant of own) {
    checkGrant(grant, { planDigest, manifestDigest: verified.digest, recipient, nowMs });
  }
  const [grant] = own;
  // A digest in the rules has no cap and no end: what is behind tokens is for a grant to give.
  if (plan.kind === "reveal" && grant === undefined) throw new PolicyError("RULES_REVEAL", { dataset });
  if (rules.plans.includes(planDigest) && plan.kind !== "reveal") return { basis: "listed" };
  if (grant !== undefined) return { basis: "grant", grantDigest: grant.digest, maxRows: grant.grant.maxRows };
  if (!rules.adhoc) throw new PolicyError("RULES_ADHOC", { dataset });
  if (!rules.recipients.some((key) => isSameKey(key, plan.recipient))) {
    throw new PolicyError("RULES_RECIPIENT", { dataset, recipient });
  }
  return { basis: "adhoc" };
}

/**
 * A grant is for all of a plan's inputs as they were when it was given: who brings the other side of a join may not change,
 * under a grant of this one's, who is in it. Errors: PolicyError GRANT_MANIFEST.
 */
export function checkGrantedInputs(
  grants: readonly VerifiedGrant[],
  inputs: readonly Pick<VerifiedManifest, "digest">[],
): void {
  for (const { grant } of grants) {
    for (const { digest } of inputs) {
      if (!grant.manifests.includes(digest)) throw new PolicyError("GRANT_MANIFEST", { manifest: digest });
    }
  }
}

interface GrantedJob {
  readonly planDigest: string;
  readonly manifestDigest: string;
  readonly recipient: string;
  readonly nowMs: number;
}

function checkGrant({ grant }: VerifiedGrant, job: GrantedJob): void {
  if (grant.plan !== job.planDigest) throw new PolicyError("GRANT_PLAN", { plan: grant.plan });
  // Older epochs have older rules: a grant is for the manifests whose digests it names.
  if (!grant.manifests.includes(job.manifestDigest)) {
    throw new PolicyError("GRANT_MANIFEST", { manifest: job.manifestDigest });
  }
  if (grant.recipient !== job.recipient) {
    throw new PolicyError("GRANT_RECIPIENT", { recipient: grant.recipient });
  }
  if (!(job.nowMs <= grant.notAfter)) throw new PolicyError("GRANT_EXPIRED", { notAfter: grant.notAfter });
}
