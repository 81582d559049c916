// Signing an existing data set again: other rules, another end of validity, as a new epoch. The objects stay as they
// are; their key is opened by the owner's role and wrapped again under the new epoch's context, and the old epoch dies
// when the key policy no longer lists it.
import type { KMSClient } from "@aws-sdk/client-kms";
import type { S3Client } from "@aws-sdk/client-s3";
import { signManifest } from "../core/manifest/sign.ts";
import { verifyManifest } from "../core/manifest/verify.ts";
import { encodeBase64url } from "../core/text/base64url.ts";
import type { OwnerKey } from "./keys.ts";
import { rewrapDatasetKey } from "./kms.ts";
import { getOwnManifest, publishManifest } from "./manifests.ts";
import { checkRules, type RulesFile } from "./rules-file.ts";
import { DEFAULT_VALIDITY_MS } from "./seal.ts";
import type { Place, Target } from "./store.ts";
import { checkTokenization } from "./tokenization-rules.ts";

export interface SignRequest {
  readonly dataset: string;
  readonly at: Place;
  /** SHA-384 (hex) of the manifest to sign again, as the owner kept it: S3 is the host's, and may serve an older one. */
  readonly manifest: string;
  /** Null to keep those of the stored manifest. */
  readonly rules: RulesFile | null;
  readonly ownerKey: OwnerKey;
  readonly s3: S3Client;
  readonly kms: KMSClient;
  /** UTC milliseconds: the new epoch. */
  readonly nowMs: number;
  /** UTC milliseconds; a year from now if left out. */
  readonly notAfter?: number;
}

export interface Signed {
  readonly manifestDigest: string;
  readonly owner: string;
  readonly epoch: number;
  /** Remove it from the key policy once no job needs it. */
  readonly previousEpoch: number;
}

/**
 * @throws STORE_*, OWNER_MANIFEST when another manifest is stored than the one named, OWNER_DATASET when the stored manifest is another's, OWNER_EPOCH, OWNER_RULES, MANIFEST_*, KMS_*
 */
export async function signDataset(request: SignRequest): Promise<Signed> {
  const { dataset, ownerKey, kms, nowMs: epoch } = request;
  const target: Target = { s3: request.s3, place: request.at };
  const owner = ownerKey.thumbprint;
  const manifest = await getOwnManifest(target, { dataset, owner, digest: request.manifest, epoch });
  const rules = request.rules === null ? manifest.rules : checkRules(request.rules, manifest);

  checkTokenization({ ...manifest, rules }, owner);
  const { plainKey, wrappedKey } = await rewrapDatasetKey(kms, manifest, owner, epoch);
  plainKey.fill(0);
  const renewed = {
    ...manifest,
    epoch,
    rules,
    wrappedKey: encodeBase64url(wrappedKey),
    ownerKey: ownerKey.sealing,
    notAfter: request.notAfter ?? epoch + DEFAULT_VALIDITY_MS,
  };
  const jws = await signManifest(renewed, ownerKey.signing);
  const { digest } = await verifyManifest(jws, { nowMs: epoch });
  await publishManifest(target, epoch, jws);
  return { manifestDigest: digest, owner, epoch, previousEpoch: manifest.epoch };
}
