// The documents a job came with, from the host: they must be exactly the plan's inputs, each signed by the owner the
// plan names, and each owner must allow this plan. Nothing is read before this has passed.
import { SealroomError } from "../core/errors.ts";
import { authorize, checkGrantedInputs } from "../core/manifest/authority.ts";
import type { Authority } from "../core/manifest/authority.ts";
import type { VerifiedManifest } from "../core/manifest/manifest.ts";
import { verifyGrant, verifyManifest } from "../core/manifest/verify.ts";
import type { Plan } from "../core/plan/plan.ts";
import type { JobRequest } from "../core/wire/job.ts";

export interface Input {
  readonly verified: VerifiedManifest;
  /** Why the owner's rules let this plan run. */
  readonly authority: Authority;
}

/** In the plan's order. Errors: JOB_INPUTS, JWS_*, MANIFEST_*, RULES_*, GRANT_*. */
export async function verifyInputs(
  request: JobRequest,
  plan: Plan,
  planDigest: string,
  nowMs: number,
): Promise<readonly Input[]> {
  if (request.manifests.length !== plan.inputs.length) throw new SealroomError("JOB_INPUTS");
  const grants = await Promise.all(request.grants.map((grant) => verifyGrant(grant, { nowMs })));
  const inputs = await Promise.all(
    plan.inputs.map(async ({ dataset, owner }, index): Promise<Input> => {
      const verified = await verifyManifest(request.manifests[index] ?? new Uint8Array(0), { nowMs });
      if (verified.owner !== owner || verified.manifest.dataset !== dataset) {
        throw new SealroomError("JOB_INPUTS", { dataset });
      }
      return { verified, authority: await authorize(plan, planDigest, verified, grants, nowMs) };
    }),
  );
  checkGrantedInputs(
    grants,
    inputs.map(({ verified }) => verified),
  );
  return inputs;
}
