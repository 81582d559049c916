// KMS Decrypt with Recipient: how the keys that a manifest names come into the enclave.
import type { EncryptionContext } from "../../core/manifest/encryption-context.ts";
import { callForRecipient } from "./recipient-call.ts";
import type { KmsConnection } from "./recipient-call.ts";

export interface WrappedKey {
  readonly keyArn: string;
  /** base64url, as in the manifest. */
  readonly blob: string;
  /** Built from the verified manifest. */
  readonly context: EncryptionContext;
}

/** The 32 bytes of a dataset key, or of a token domain's master. Errors: those of callForRecipient. */
export async function decryptDataKey(
  connection: KmsConnection,
  { keyArn, blob, context }: WrappedKey,
): Promise<Uint8Array> {
  const members = {
    CiphertextBlob: Buffer.from(blob, "base64url").toString("base64"),
    EncryptionAlgorithm: "SYMMETRIC_DEFAULT",
  };
  const { key } = await callForRecipient(connection, { operation: "Decrypt", keyArn, context, members });
  return key;
}
