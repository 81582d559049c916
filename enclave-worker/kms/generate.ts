// KMS GenerateDataKey with Recipient: the key of what a job writes. Always fresh: a wrapped key from the host could be
// one that it knows.
import { SealroomError } from "../../core/errors.ts";
import type { EncryptionContext } from "../../core/manifest/encryption-context.ts";
import { MAX_WRAPPED_KEY_BYTES } from "../../core/manifest/wrapped-key.ts";
import { encodeBase64url } from "../../core/text/base64url.ts";
import { callForRecipient } from "./recipient-call.ts";
import type { KmsConnection } from "./recipient-call.ts";

export interface GeneratedKey {
  /** 32 bytes. */
  readonly key: Uint8Array;
  /** The same under KMS, base64url. */
  readonly wrappedKey: string;
}

/** Errors: those of callForRecipient. */
export async function generateDataKey(
  connection: KmsConnection,
  { keyArn, context }: { readonly keyArn: string; readonly context: EncryptionContext },
): Promise<GeneratedKey> {
  const call = { operation: "GenerateDataKey", keyArn, context, members: { KeySpec: "AES_256" } } as const;
  const { key, fields } = await callForRecipient(connection, call);
  const blob = fields["CiphertextBlob"];
  const wrapped = typeof blob === "string" ? new Uint8Array(Buffer.from(blob, "base64")) : new Uint8Array(0);
  if (wrapped.length === 0 || wrapped.length > MAX_WRAPPED_KEY_BYTES) {
    key.fill(0);
    throw new SealroomError("KMS_ANSWER");
  }
  return { key, wrappedKey: encodeBase64url(wrapped) };
}
