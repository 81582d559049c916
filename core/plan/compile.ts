// A job to its plan, without manifest, clock or network: the analyst before the job, the host, and whoever
// verifies a receipt compile the same job to the same bytes.
import { SealroomError } from "../errors.ts";
import { encodeCanonical } from "../json.ts";
import { parseSealingJwk } from "../manifest/jwk.ts";
import type { PublicJwk } from "../manifest/jwk.ts";
import { byName } from "./computed.ts";
import type { Job } from "./job-text.ts";
import { orderKeys } from "./join.ts";
import { parsePlan, planDigest } from "./parse.ts";
import { MAX_PLAN_BYTES } from "./plan.ts";
import type { AggregatePlan, DiscoverPlan, Plan, RevealPlan, TokenizePlan } from "./plan.ts";

export interface CompiledPlan {
  readonly plan: Plan;
  /** Canonical; what the enclave is sent. */
  readonly bytes: Uint8Array;
  /** SHA-384 (hex) of `bytes`: the job's identity. */
  readonly digest: string;
}

/** Finds the key that a job names by a string, which is for the caller to understand (a file, a directory). */
export type ResolveRecipient = (reference: string) => PublicJwk | Promise<PublicJwk>;

/** Errors: KEY_*, PLAN_SIZE, PLAN_FIELD, PLAN_OUTPUT, and what `resolveRecipient` throws. */
export async function compilePlan(job: Job, resolveRecipient: ResolveRecipient): Promise<CompiledPlan> {
  const recipient = typeof job.recipient === "string" ? await resolveRecipient(job.recipient) : job.recipient;
  const bytes = encodeCanonical({
    ...ownFields(job),
    version: 1,
    inputs: job.datasets.map(({ dataset, owner }) => ({ dataset, owner })),
    recipient: parseSealingJwk(recipient, "recipient"),
    release: job.release,
  });
  if (bytes.length > MAX_PLAN_BYTES) {
    throw new SealroomError("PLAN_SIZE", { bytes: bytes.length, limit: MAX_PLAN_BYTES });
  }
  // Read back as the enclave will read it: what it would refuse is refused here, before anything is sent.
  return { plan: parsePlan(bytes), bytes, digest: await planDigest(bytes) };
}

/** What plans of the job's kind have beside what all have. */
function ownFields(job: Job): OwnFields {
  switch (job.kind) {
    case "aggregate": {
      const { kind, join, computed, where, groupBy, totals, select, having, orderBy, limitBy, limit } = job;
      return {
        kind,
        where,
        groupBy,
        totals,
        select,
        orderBy,
        limit,
        ...(join === null ? {} : { join: { ...join, on: orderKeys(join.on) } }),
        ...(computed.length === 0 ? {} : { computed: computed.toSorted(byName) }),
        ...(having === null ? {} : { having }),
        ...(limitBy === null ? {} : { limitBy }),
      };
    }
    case "tokenize":
      return { kind: job.kind, audience: job.audience };
    case "reveal":
      return { kind: job.kind, columns: job.columns, match: job.match };
    case "discover":
      return { kind: job.kind };
  }
}

type Own<P extends Plan> = Omit<P, "version" | "inputs" | "recipient" | "release">;
type OwnFields = Own<AggregatePlan> | Own<TokenizePlan> | Own<RevealPlan> | Own<DiscoverPlan>;
