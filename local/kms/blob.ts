// The ciphertext blob of the local KMS: version u8 | key id 16 | IV 12 | AES-256-GCM ciphertext and tag. The key's ARN
// and the encryption context are authenticated with it, so a blob opens under its own context only.
import { aesKey, IV_BYTES, openGcm, randomBytes, sealGcm, TAG_BYTES } from "../../core/crypto.ts";
import { AwsError } from "../aws-error.ts";
import type { Key } from "./key-store.ts";
import type { Context } from "./parameters.ts";

/** What KMS takes for a blob and for a plaintext. */
export const MAX_BLOB_BYTES = 6144;
export const MAX_PLAINTEXT_BYTES = 4096;

const VERSION = 1;
const KEY_ID_END = 1 + 16;
const IV_END: number = KEY_ID_END + IV_BYTES;

export function sealBlob(key: Key, context: Context, plaintext: Uint8Array): Uint8Array {
  const iv = randomBytes(IV_BYTES);
  const sealed = sealGcm(aesKey(key.secret), iv, authenticatedData(key, context), plaintext);
  return Buffer.concat([Uint8Array.of(VERSION), Buffer.from(key.id.replaceAll("-", ""), "hex"), iv, sealed]);
}

/** @throws AwsError InvalidCiphertextException */
export function openBlob(key: Key, context: Context, blob: Uint8Array): Uint8Array {
  try {
    const iv = blob.subarray(KEY_ID_END, IV_END);
    return openGcm(aesKey(key.secret), iv, authenticatedData(key, context), blob.subarray(IV_END));
  } catch {
    throw invalidCiphertext();
  }
}

/** The id of the key that a blob names; nothing of it is proved yet. @throws AwsError InvalidCiphertextException */
export function readKeyId(blob: Uint8Array): string {
  if (blob[0] !== VERSION || blob.length < IV_END + TAG_BYTES) throw invalidCiphertext();
  const hex = Buffer.from(blob.subarray(1, KEY_ID_END)).toString("hex");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

// Every part stands behind its length, so that no two contexts have the same bytes.
function authenticatedData(key: Key, context: Context): Uint8Array {
  const parts = ["sealroom-local-kms", key.arn, ...context.flat()].map((part) => Buffer.from(part));
  return Buffer.concat(
    parts.flatMap((part) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(part.length);
      return [length, part];
    }),
  );
}

function invalidCiphertext(): AwsError {
  return new AwsError("InvalidCiphertextException", 400, "the ciphertext does not open under this context");
}
