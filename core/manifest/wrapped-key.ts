// How a manifest names a key that KMS keeps: by the full ARN, with the bytes that KMS wrapped.
import { decodeBase64url } from "../text/base64url.ts";
import type { Field } from "../text/field.ts";

/** The full ARN of a KMS key: an alias may come to name another, and a bare id leaves account and region to the host. */
export const KEY_ARN: Readonly<RegExp> =
  /^arn:aws(-[a-z]+)*:kms:[a-z0-9-]{1,32}:[0-9]{12}:key\/([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|mrk-[0-9a-f]{32})$/;
/** AWS KMS API, CiphertextBlob: at most 6144 bytes. */
export const MAX_WRAPPED_KEY_BYTES = 6144;

/** Not empty, base64url. */
export function parseWrappedKey(field: Field): string {
  const text = field.text();
  const length = text.length > MAX_WRAPPED_KEY_BYTES * 2 ? undefined : decodeBase64url(text)?.length;
  if (length === undefined || length === 0 || length > MAX_WRAPPED_KEY_BYTES) throw field.fault("malformed");
  return text;
}
