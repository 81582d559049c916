// The data key of an adopted object, wrapped by its owner under the dataset key. All that the manifest says of the object
// and its place is bound to it, so a wrapped key opens with its own entry only, in its own data set.
import { IV_BYTES, TAG_BYTES, aesKey, hkdf, openGcm, randomBytes, sealGcm } from "../crypto.ts";
import type { AesKey } from "../crypto.ts";
import { SealroomError } from "../errors.ts";
import { encodeCanonical } from "../json.ts";
import type { AdoptedEntry, Envelope } from "../manifest/manifest.ts";
import { decodeBase64url, encodeBase64url } from "../text/base64url.ts";
import { openAs } from "./layer.ts";

/** A key of its own: the dataset key itself wraps the data keys of sealed objects, under IVs drawn elsewhere. */
const WRAPPING_INFO = new TextEncoder().encode("sealroom adopted data key");
const NO_SALT = new Uint8Array(0);

/** An envelope without its data key. */
export type OpenEnvelope = Envelope extends infer E
  ? E extends Envelope
    ? Omit<E, "wrappedKey">
    : never
  : never;

/** An entry whose data key is not wrapped yet. */
export interface OpenEntry extends Omit<AdoptedEntry, "envelope"> {
  readonly envelope: OpenEnvelope;
}

/** The entry at place `index` of a manifest, with its data key wrapped. */
export function wrapDataKey(
  datasetKey: Uint8Array,
  entry: OpenEntry,
  index: number,
  dataKey: Uint8Array,
): AdoptedEntry {
  const iv = randomBytes(IV_BYTES);
  const sealed = sealGcm(wrappingKey(datasetKey), iv, binding(entry, index), dataKey);
  const wrappedKey = encodeBase64url(new Uint8Array(Buffer.concat([iv, sealed])));
  return { ...entry, envelope: { ...entry.envelope, wrappedKey } };
}

/** The caller zeroes it when done. Error: OBJECT_KEY. */
export function unwrapDataKey(datasetKey: Uint8Array, entry: AdoptedEntry, index: number): Uint8Array {
  const { wrappedKey, ...envelope } = entry.envelope;
  const wrapped = decodeBase64url(wrappedKey) ?? NO_SALT;
  if (wrapped.length < IV_BYTES + TAG_BYTES) throw new SealroomError("OBJECT_KEY");
  const aad = binding({ ...entry, envelope }, index);
  return openAs("OBJECT_KEY", () =>
    openGcm(wrappingKey(datasetKey), wrapped.subarray(0, IV_BYTES), aad, wrapped.subarray(IV_BYTES)),
  );
}

function binding({ key, format, digest, bytes, rows, csv, envelope }: OpenEntry, index: number): Uint8Array {
  const dialect = csv === undefined ? {} : { csv };
  return encodeCanonical({ object: index, key, format, ...dialect, digest, bytes, rows, envelope });
}

function wrappingKey(datasetKey: Uint8Array): AesKey {
  return aesKey(hkdf("sha512", datasetKey, NO_SALT, WRAPPING_INFO, 32));
}
