// The owner's calls to KMS: a data set's key is drawn there, or, for a new epoch, opened and wrapped again. The
// context says whose data set it is and which epoch, so the blob opens nowhere else.
import {
  DecryptCommand,
  EncryptCommand,
  GenerateDataKeyCommand,
  GenerateDataKeyWithoutPlaintextCommand,
  IncorrectKeyException,
  type KMSClient,
} from "@aws-sdk/client-kms";
import { SealroomError } from "../core/errors.ts";
import { datasetContext, type EncryptionContext } from "../core/manifest/encryption-context.ts";
import type { Manifest } from "../core/manifest/manifest.ts";
import { decodeBase64url } from "../core/text/base64url.ts";

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

/**
 * A manifest's dataset key, opened under its own epoch and wrapped again under a new one.
 * @throws KMS_CALL, KMS_ANSWER, KMS_KEY_ID
 */
export async function rewrapDatasetKey(
  kms: KMSClient,
  { keyArn, wrappedKey, dataset, epoch }: Manifest,
  owner: string,
  newEpoch: number,
): Promise<WrappedKey> {
  const blob = decodeBase64url(wrappedKey) ?? new Uint8Array(0);
  const plainKey = await decryptDatasetKey(kms, keyArn, blob, datasetContext({ owner, dataset, epoch }));
  try {
    const context = datasetContext({ owner, dataset, epoch: newEpoch });
    return { plainKey, wrappedKey: await encryptDatasetKey(kms, keyArn, plainKey, context) };
  } catch (error) {
    plainKey.fill(0);
    throw error;
  }
}

/** A token domain's master key, which nobody outside of an enclave sees. @throws KMS_CALL, KMS_ANSWER, KMS_KEY_ID */
export async function generateTokenKey(
  kms: KMSClient,
  keyArn: string,
  context: EncryptionContext,
): Promise<Uint8Array> {
  const command = new GenerateDataKeyWithoutPlaintextCommand({
    KeyId: keyArn,
    KeySpec: "AES_256",
    EncryptionContext: { ...context },
  });
  const answer = await call("GenerateDataKeyWithoutPlaintext", () => kms.send(command));
  checkKeyId(answer.KeyId, keyArn);
  return blobBytes(answer.CiphertextBlob);
}

/** A client in the region of a key. */
export type KmsOf = (keyArn: string) => KMSClient;

/**
 * The data key of an object that others wrote, under the context that they gave it. Undefined where it is under another
 * key than `keyArn`. The caller zeroes it when done. @throws KMS_CALL, KMS_ANSWER, KMS_KEY_ID
 */
export async function decryptWriterKey(
  kms: KMSClient,
  keyArn: string,
  blob: Uint8Array,
  context: Readonly<Record<string, string>>,
): Promise<Uint8Array | undefined> {
  const command = new DecryptCommand({
    KeyId: keyArn,
    CiphertextBlob: blob,
    EncryptionContext: { ...context },
  });
  let answer;
  try {
    answer = await call("Decrypt", () => kms.send(command));
  } catch (error) {
    if (error instanceof SealroomError && error.cause instanceof IncorrectKeyException) return undefined;
    throw error;
  }
  checkKeyId(answer.KeyId, keyArn);
  if (answer.Plaintext === undefined) throw new SealroomError("KMS_ANSWER", { part: "Plaintext" });
  return answer.Plaintext;
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
