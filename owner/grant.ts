// Granting one plan: the owner's signature on its digest, over named manifests, for one recipient. A plan that reads
// several owners' data needs a grant, or a rule, of each.
import { SealroomError } from "../core/errors.ts";
import type { VerifiedManifest } from "../core/manifest/manifest.ts";
import type { PublicJwk } from "../core/manifest/jwk.ts";
import { thumbprint } from "../core/manifest/jwk.ts";
import { signGrant } from "../core/manifest/sign.ts";
import { verifyGrant } from "../core/manifest/verify.ts";
import type { OwnerKey } from "./keys.ts";

export const DEFAULT_GRANT_MS: number = 30 * 24 * 60 * 60 * 1000;
export const DEFAULT_GRANT_ROWS = 100_000;
/** Of a reveal job: its rows are people, and its result is as long as so many of them would make it. */
export const DEFAULT_REVEAL_ROWS = 1_000;

export interface GrantRequest {
  /** SHA-384 (hex) of the plan's canonical bytes. */
  readonly plan: string;
  /** Of all the plan's inputs, one of them the owner's own; only these very epochs may be read. */
  readonly manifests: readonly VerifiedManifest[];
  readonly recipient: PublicJwk;
  readonly ownerKey: OwnerKey;
  /** UTC milliseconds. */
  readonly nowMs: number;
  readonly notAfter?: number;
  readonly maxRows?: number;
}

export interface Granted {
  /** The compact JWS, ASCII bytes. */
  readonly jws: Uint8Array;
  readonly digest: string;
  readonly notAfter: number;
}

/** @throws OWNER_DATASET where the owner signed none of the manifests, GRANT_FIELD */
export async function grantPlan(request: GrantRequest): Promise<Granted> {
  const { ownerKey, nowMs } = request;
  const { manifests } = request;
  const [first] = manifests;
  if (first !== undefined && !manifests.some(({ owner }) => owner === ownerKey.thumbprint)) {
    throw new SealroomError("OWNER_DATASET", { dataset: first.manifest.dataset, owner: first.owner });
  }
  const notAfter = request.notAfter ?? nowMs + DEFAULT_GRANT_MS;
  const grant = {
    version: 1,
    plan: request.plan,
    manifests: manifests.map(({ digest }) => digest),
    recipient: await thumbprint(request.recipient),
    notAfter,
    maxRows: request.maxRows ?? DEFAULT_GRANT_ROWS,
  } as const;
  const jws = await signGrant(grant, ownerKey.signing);
  const { digest } = await verifyGrant(jws, { nowMs });
  return { jws, digest, notAfter };
}
