// Who an answer is encrypted to: whoever an authentic, fresh attestation document names. Whether its measurements may
// have the key is for the key policy; a debug document is authentic too, with zero registers.
import { createPublicKey, type KeyObject } from "node:crypto";

import type { AttestationDocument } from "../../core/attestation/document.ts";
import { encodeRegister } from "../../core/attestation/measurements.ts";
import { SealroomError } from "../../core/errors.ts";
import { invalid, type Parameters } from "./parameters.ts";

const MAX_DOCUMENT_BYTES = 16 * 1024;
const MAX_AGE_MS = 5 * 60_000;
const MAX_AHEAD_MS = 60_000;
const KEY_BITS = [2048, 3072, 4096];

/** A document that is authentic at `nowMs` (Unix milliseconds). Fails with a SealroomError that says what is not. */
export type AuthenticateRecipient = (document: Uint8Array, nowMs: number) => Promise<AttestationDocument>;

export interface Recipient {
  readonly publicKey: KeyObject;
  /** Register to lower-case hex. */
  readonly pcrs: ReadonlyMap<number, string>;
}

/** Null where the request names none. @throws AwsError ValidationException */
export async function findRecipient(
  parameters: Parameters,
  authenticate: AuthenticateRecipient,
  nowMs: number,
): Promise<Recipient | null> {
  if (!parameters.has("Recipient")) return null;
  const recipient = parameters.object("Recipient", ["KeyEncryptionAlgorithm", "AttestationDocument"]);
  if (recipient.getText("KeyEncryptionAlgorithm", 64) !== "RSAES_OAEP_SHA_256") {
    throw invalid("KeyEncryptionAlgorithm must be RSAES_OAEP_SHA_256");
  }
  const bytes = recipient.getBytes("AttestationDocument", 1, MAX_DOCUMENT_BYTES);
  const document = await verifyDocument(bytes, authenticate, nowMs);
  return {
    publicKey: readPublicKey(document.publicKey),
    pcrs: new Map([...document.pcrs].map(([index, register]) => [index, encodeRegister(register)])),
  };
}

async function verifyDocument(
  bytes: Uint8Array,
  authenticate: AuthenticateRecipient,
  nowMs: number,
): Promise<AttestationDocument> {
  let document: AttestationDocument;
  try {
    document = await authenticate(bytes, nowMs);
  } catch (error) {
    if (error instanceof SealroomError) throw invalid(`AttestationDocument is not authentic (${error.code})`);
    throw error;
  }
  const age = nowMs - document.timestampMs;
  if (age > MAX_AGE_MS || age < -MAX_AHEAD_MS) {
    throw invalid("AttestationDocument is too old, or from the future");
  }
  return document;
}

function readPublicKey(der: Uint8Array | null): KeyObject {
  if (der === null) throw invalid("AttestationDocument has no public key");
  let key: KeyObject;
  try {
    key = createPublicKey({ key: Buffer.from(der), format: "der", type: "spki" });
  } catch {
    throw invalid("the public key of the AttestationDocument is not a SubjectPublicKeyInfo");
  }
  const { modulusLength, publicExponent } = key.asymmetricKeyDetails ?? {};
  const isUsable =
    key.asymmetricKeyType === "rsa" && KEY_BITS.includes(modulusLength ?? 0) && publicExponent === 65537n;
  // Bytes after the structure would be no part of the key that was attested.
  if (!isUsable || !key.export({ type: "spki", format: "der" }).equals(der)) {
    throw invalid("the public key of the AttestationDocument is not an RSA key that KMS takes");
  }
  return key;
}
