// The operations that use a key. Each reads top to bottom as its order of checks: parameters, key, attestation,
// policy, state, and the secret last.
import { randomBytes } from "../../core/crypto.ts";
import type { JsonObject } from "../../core/json.ts";
import { AwsError } from "../aws-error.ts";
import { MAX_BLOB_BYTES, MAX_PLAINTEXT_BYTES, openBlob, readKeyId, sealBlob } from "./blob.ts";
import {
  authorize,
  authorizeByIdentity,
  checkDryRun,
  checkEnabled,
  getKey,
  type Call,
  type Operation,
} from "./call.ts";
import { encodeCms } from "./cms.ts";
import type { Key } from "./key-store.ts";
import { invalid } from "./parameters.ts";
import { findRecipient, type Recipient } from "./recipient.ts";

const ALGORITHM = "SYMMETRIC_DEFAULT";
const MAX_KEY_ID = 2048;
const MAX_RANDOM_BYTES = 1024;
const SPECS: ReadonlyMap<string, number> = new Map([
  ["AES_256", 32],
  ["AES_128", 16],
]);
const COMMON = ["GrantTokens", "DryRun"];

async function decrypt(call: Call): Promise<JsonObject> {
  const { parameters, kms, nowMs } = call;
  const blob = parameters.getBytes("CiphertextBlob", 1, MAX_BLOB_BYTES);
  const encryptionContext = parameters.context("EncryptionContext");
  parameters.word("EncryptionAlgorithm", ALGORITHM);
  checkGrantTokens(call);
  const key = keyOfBlob(call, blob, "KeyId");
  const recipient = await findRecipient(parameters, kms.authenticateRecipient, nowMs);

  authorize(call, "kms:Decrypt", key, { encryptionContext, recipient });
  checkEnabled(key);
  const plaintext = openBlob(key, encryptionContext, blob);
  checkDryRun(call);
  return { KeyId: key.arn, EncryptionAlgorithm: ALGORITHM, ...deliver(call, recipient, plaintext) };
}

async function encrypt(call: Call): Promise<JsonObject> {
  const { parameters } = call;
  const plaintext = parameters.getBytes("Plaintext", 1, MAX_PLAINTEXT_BYTES);
  const encryptionContext = parameters.context("EncryptionContext");
  parameters.word("EncryptionAlgorithm", ALGORITHM);
  checkGrantTokens(call);
  const key = getKey(call, parameters.getText("KeyId", MAX_KEY_ID));

  authorize(call, "kms:Encrypt", key, { encryptionContext });
  checkEnabled(key);
  checkDryRun(call);
  const blob = sealBlob(key, encryptionContext, plaintext);
  return Promise.resolve({ KeyId: key.arn, EncryptionAlgorithm: ALGORITHM, CiphertextBlob: base64(blob) });
}

async function generateDataKey(call: Call): Promise<JsonObject> {
  const { parameters, kms, nowMs } = call;
  const bytes = dataKeyBytes(call);
  const encryptionContext = parameters.context("EncryptionContext");
  checkGrantTokens(call);
  const key = getKey(call, parameters.getText("KeyId", MAX_KEY_ID));
  const recipient = await findRecipient(parameters, kms.authenticateRecipient, nowMs);

  authorize(call, "kms:GenerateDataKey", key, { encryptionContext, recipient });
  checkEnabled(key);
  checkDryRun(call);
  const plaintext = randomBytes(bytes);
  const blob = sealBlob(key, encryptionContext, plaintext);
  return { KeyId: key.arn, CiphertextBlob: base64(blob), ...deliver(call, recipient, plaintext) };
}

async function generateDataKeyWithoutPlaintext(call: Call): Promise<JsonObject> {
  const { parameters } = call;
  const bytes = dataKeyBytes(call);
  const encryptionContext = parameters.context("EncryptionContext");
  checkGrantTokens(call);
  const key = getKey(call, parameters.getText("KeyId", MAX_KEY_ID));

  authorize(call, "kms:GenerateDataKeyWithoutPlaintext", key, { encryptionContext });
  checkEnabled(key);
  checkDryRun(call);
  const blob = sealBlob(key, encryptionContext, randomBytes(bytes));
  return Promise.resolve({ KeyId: key.arn, CiphertextBlob: base64(blob) });
}

async function reEncrypt(call: Call): Promise<JsonObject> {
  const { parameters } = call;
  const blob = parameters.getBytes("CiphertextBlob", 1, MAX_BLOB_BYTES);
  const sourceContext = parameters.context("SourceEncryptionContext");
  const destinationContext = parameters.context("DestinationEncryptionContext");
  parameters.word("SourceEncryptionAlgorithm", ALGORITHM);
  parameters.word("DestinationEncryptionAlgorithm", ALGORITHM);
  checkGrantTokens(call);
  const source = keyOfBlob(call, blob, "SourceKeyId");
  const destination = getKey(call, parameters.getText("DestinationKeyId", MAX_KEY_ID));

  authorize(call, "kms:ReEncryptFrom", source, { encryptionContext: sourceContext });
  authorize(call, "kms:ReEncryptTo", destination, { encryptionContext: destinationContext });
  checkEnabled(source);
  checkEnabled(destination);
  const plaintext = openBlob(source, sourceContext, blob);
  checkDryRun(call);
  return Promise.resolve({
    CiphertextBlob: base64(sealBlob(destination, destinationContext, plaintext)),
    SourceKeyId: source.arn,
    KeyId: destination.arn,
    SourceEncryptionAlgorithm: ALGORITHM,
    DestinationEncryptionAlgorithm: ALGORITHM,
  });
}

async function generateRandom(call: Call): Promise<JsonObject> {
  const { parameters, kms, nowMs } = call;
  const bytes = parameters.findInteger("NumberOfBytes", 1, MAX_RANDOM_BYTES);
  if (bytes === null) throw invalid("NumberOfBytes is missing");
  const recipient = await findRecipient(parameters, kms.authenticateRecipient, nowMs);
  authorizeByIdentity(call, "kms:GenerateRandom");
  return deliver(call, recipient, randomBytes(bytes));
}

export const CRYPTOGRAPHIC_OPERATIONS: ReadonlyMap<string, Operation> = new Map([
  [
    "Decrypt",
    {
      parameters: [
        "CiphertextBlob",
        "KeyId",
        "EncryptionContext",
        "EncryptionAlgorithm",
        "Recipient",
        ...COMMON,
      ],
      run: decrypt,
    },
  ],
  [
    "Encrypt",
    {
      parameters: ["KeyId", "Plaintext", "EncryptionContext", "EncryptionAlgorithm", ...COMMON],
      run: encrypt,
    },
  ],
  [
    "GenerateDataKey",
    {
      parameters: ["KeyId", "KeySpec", "NumberOfBytes", "EncryptionContext", "Recipient", ...COMMON],
      run: generateDataKey,
    },
  ],
  [
    "GenerateDataKeyWithoutPlaintext",
    {
      parameters: ["KeyId", "KeySpec", "NumberOfBytes", "EncryptionContext", ...COMMON],
      run: generateDataKeyWithoutPlaintext,
    },
  ],
  [
    "ReEncrypt",
    {
      parameters: [
        "CiphertextBlob",
        "SourceKeyId",
        "SourceEncryptionContext",
        "SourceEncryptionAlgorithm",
        "DestinationKeyId",
        "DestinationEncryptionContext",
        "DestinationEncryptionAlgorithm",
        ...COMMON,
      ],
      run: reEncrypt,
    },
  ],
  ["GenerateRandom", { parameters: ["NumberOfBytes", "Recipient"], run: generateRandom }],
]);

// A blob of no key here is refused as one whose key the caller may not use: KMS does not tell the two apart.
function keyOfBlob(call: Call, blob: Uint8Array, parameter: string): Key {
  const key = call.kms.keys.find(readKeyId(blob), call.nowMs);
  const named = call.parameters.findText(parameter, MAX_KEY_ID);
  const expected = named === null ? null : getKey(call, named);
  if (expected !== null && expected.id !== key?.id) {
    throw new AwsError(
      "IncorrectKeyException",
      400,
      "the ciphertext was not encrypted under the key that is named",
    );
  }
  if (key === null) {
    throw new AwsError(
      "AccessDeniedException",
      400,
      "the ciphertext refers to a key that does not exist here",
    );
  }
  return key;
}

function dataKeyBytes({ parameters }: Call): number {
  const spec = parameters.findText("KeySpec", 32);
  const bytes = parameters.findInteger("NumberOfBytes", 1, MAX_RANDOM_BYTES);
  const chosen = spec === null ? bytes : bytes === null ? (SPECS.get(spec) ?? null) : null;
  if (chosen === null) throw invalid("give either KeySpec (AES_256 or AES_128) or NumberOfBytes");
  return chosen;
}

function checkGrantTokens({ parameters }: Call): void {
  parameters.checkEmptyList("GrantTokens", "InvalidGrantTokenException");
}

/** To a recipient in CMS only, with no plaintext beside it. */
function deliver({ kms }: Call, recipient: Recipient | null, plaintext: Uint8Array): JsonObject {
  if (recipient === null) return { Plaintext: base64(plaintext) };
  return {
    Plaintext: null,
    CiphertextForRecipient: base64(encodeCms(recipient.publicKey, plaintext, kms.cmsForm)),
  };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}
