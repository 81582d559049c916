// What the host may know of a sealed data set: its manifest, which is signed, not secret. The host reads it to find
// objects and to explain; only the enclave's reading of it counts.
import { verifyManifest } from "../core/manifest/verify.ts";
import type { Manifest, VerifiedManifest } from "../core/manifest/manifest.ts";
import { MAX_MANIFEST_BYTES } from "../core/manifest/manifest.ts";
import type { S3Location } from "./location.ts";
import { MANIFEST_KEY } from "./store.ts";
import type { Store } from "./store.ts";

const MAX_JWS_BYTES = 2 * MAX_MANIFEST_BYTES;

export interface Dataset {
  readonly location: S3Location;
  readonly jws: Uint8Array;
  readonly verified: VerifiedManifest;
}

/** The current manifest at a location. Errors: STORE_*, and those of verifyManifest. */
export async function loadDataset(store: Store, location: S3Location, nowMs: number): Promise<Dataset> {
  const jws = await store.read(location, MANIFEST_KEY, MAX_JWS_BYTES);
  return { location, jws, verified: await verifyManifest(jws, { nowMs }) };
}

/** Without a judgement on its age, which is the enclave's to make. */
export async function readPublicManifest(jws: Uint8Array): Promise<Manifest> {
  return (await verifyManifest(jws, { nowMs: 0 })).manifest;
}
