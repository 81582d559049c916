// The owner's calls to KMS: a data set's key is drawn there, or, for a new epoch, opened and wrapped again. The
// context says whose data set it is and which epoch, so the blob opens nowhere else.
import { DecryptCommand, EncryptCommand, GenerateDataKeyCommand, type KMSClient } from "@aws-sdk/client-kms";
import { SealroomError } from "../core/errors.ts";
import type { EncryptionContext } from "../core/manifest/encryption-context.ts";

export const DATASET_KEY_BYTES = 32;

export interface WrappedKey {
  /** The caller zeroes it when done. */
  readonly plainKey: Uint8Array;
  readonly wrappedKey: Uint8Array;
}

/** @throws KMS_CALL, KMS_ANSWER, KMS_KEY_ID */
export async function generateDatasetKey(
  kms: KMSClient,
  keyArn: string,
  context: EncryptionContext,
): Promise<WrappedKey> {
  const command = new GenerateDataKeyCommand({
    KeyId: keyArn,
    KeySpec: "AES_256",
    EncryptionContext: { ...context },
  });
  const answer = await call("GenerateDataKey", () => kms.send(command));
  checkKeyId(answer.KeyId, keyArn);
  return { plainKey: keyBytes(answer.Plaintext), wrappedKey: blobBytes(answer.CiphertextBlob) };
}

/** @throws KMS_CALL, KMS_ANSWER, KMS_KEY_ID */
export async function decryptDatasetKey(
  kms: KMSClient,
  keyArn: string,
  wrappedKey: Uint8Array,
  context: EncryptionContext,
): Promise<Uint8Array> {
  const command = new DecryptCommand({
    KeyId: keyArn,
    CiphertextBlob: wrappedKey,
    EncryptionContext: { ...context },
  });
  const answer = await call("Decrypt", () => kms.send(command));
  checkKeyId(answer.KeyId, keyArn);
  return keyBytes(answer.Plaintext);
}

/** @throws KMS_CALL, KMS_ANSWER, KMS_KEY_ID */
export async function encryptDatasetKey(
  kms: KMSClient,
  keyArn: string,
  plainKey: Uint8Array,
  context: EncryptionContext,
): Promise<Uint8Array> {
  const command = new EncryptCommand({
    KeyId: keyArn,
    Plaintext: plainKey,
    EncryptionContext: { ...context },
  });
  const answer = await call("Encrypt", () => kms.send(command));
  checkKeyId(answer.KeyId, keyArn);
  return blobBytes(answer.CiphertextBlob);
}

async function call<T>(operation: string, send: () => Promise<T>): Promise<T> {
  try {
    return await send();
  } catch (cause) {
    const fault = cause instanceof Error ? cause.name : "unknown";
    throw new SealroomError("KMS_CALL", { operation, fault }, { cause });
  }
}

/** Full ARNs on both sides: an alias may have been pointed elsewhere. */
function checkKeyId(keyId: string | undefined, keyArn: string): void {
  if (keyId !== keyArn) throw new SealroomError("KMS_KEY_ID", { expected: keyArn });
}

function keyBytes(bytes: Uint8Array | undefined): Uint8Array {
  if (bytes?.length !== DATASET_KEY_BYTES) throw new SealroomError("KMS_ANSWER", { part: "Plaintext" });
  return bytes;
}

function blobBytes(bytes: Uint8Array | undefined): Uint8Array {
  if (bytes === undefined || bytes.length === 0) {
    throw new SealroomError("KMS_ANSWER", { part: "CiphertextBlob" });
  }
  return bytes;
}
