// Where manifests lie, and how a new one takes the place of the old. Below a data set's prefix:
//   <epoch>/part-00000.sealed ...   the objects of the seal that was made then; never changed, never written twice
//   manifest-<epoch>.jws            each epoch's manifest, kept
//   manifest.jws                    the current one, replaced last
// A seal that is killed leaves objects of an epoch that no manifest names; a rerun is a new epoch. Objects' names are
// relative to the prefix, so both copies of a manifest find them, and so does one that is signed again.
import { SealroomError } from "../core/errors.ts";
import { MAX_MANIFEST_BYTES, type Manifest, type VerifiedManifest } from "../core/manifest/manifest.ts";
import { verifyManifest } from "../core/manifest/verify.ts";
import { findObject, putObject, type Target } from "./store.ts";

export const MANIFEST_KEY = "manifest.jws";

export function keptManifestKey(epoch: number): string {
  return `manifest-${epoch}.jws`;
}

export function objectKey(epoch: number, index: number): string {
  return `${epoch}/part-${String(index).padStart(5, "0")}.sealed`;
}

/** The current manifest, whatever its age. @throws STORE_*, those of verifyManifest */
export async function findManifest(target: Target): Promise<VerifiedManifest | undefined> {
  const jws = await findObject(target, MANIFEST_KEY, 2 * MAX_MANIFEST_BYTES);
  return jws === undefined ? undefined : verifyManifest(jws, { nowMs: 0 });
}

/**
 * The current manifest, if it is the owner's own of this data set, the very one of that digest, and older than `epoch`.
 * Anybody may have put another there, or an older one back.
 * @throws STORE_*, OWNER_DATASET, OWNER_MANIFEST, OWNER_EPOCH; as findManifest
 */
export async function getOwnManifest(
  target: Target,
  expected: {
    readonly dataset: string;
    readonly owner: string;
    readonly digest: string;
    readonly epoch: number;
  },
): Promise<Manifest> {
  const { bucket, prefix } = target.place;
  const current = await findManifest(target);
  if (current === undefined) throw new SealroomError("STORE_MISSING", { bucket, key: prefix });
  const { manifest, owner, digest } = current;
  if (owner !== expected.owner || manifest.dataset !== expected.dataset) {
    throw new SealroomError("OWNER_DATASET", { dataset: manifest.dataset, owner });
  }
  if (digest !== expected.digest) {
    throw new SealroomError("OWNER_MANIFEST", { expected: expected.digest, stored: digest });
  }
  if (manifest.epoch >= expected.epoch) {
    throw new SealroomError("OWNER_EPOCH", { epoch: expected.epoch, stored: manifest.epoch });
  }
  return manifest;
}

/**
 * Refuses to put a data set where another one is, or an epoch where a later one is.
 * @throws OWNER_TAKEN, OWNER_EPOCH; as findManifest
 */
export async function checkPlace(
  target: Target,
  expected: { readonly dataset: string; readonly owner: string; readonly epoch: number },
): Promise<void> {
  const current = await findManifest(target);
  if (current === undefined) return;
  const { dataset, epoch } = current.manifest;
  if (dataset !== expected.dataset || current.owner !== expected.owner) {
    throw new SealroomError("OWNER_TAKEN", { dataset, owner: current.owner });
  }
  if (epoch >= expected.epoch) {
    throw new SealroomError("OWNER_EPOCH", { epoch: expected.epoch, stored: epoch });
  }
}

/** Stores a signed manifest as the current one; the kept copy first. @throws STORE_WRITE */
export async function publishManifest(target: Target, epoch: number, jws: Uint8Array): Promise<void> {
  await putObject(target, keptManifestKey(epoch), jws, "new");
  await putObject(target, MANIFEST_KEY, jws, "replace");
}
