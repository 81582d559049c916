// KMS Decrypt with Recipient: how a dataset key comes into the enclave. The encryption context is built here from
// the verified manifest; the host supplies only credentials and the wire.
import { generateRecipientKey } from "../../core/crypto.ts";
import { PolicyError, SealroomError } from "../../core/errors.ts";
import type { Details } from "../../core/errors.ts";
import type { EncryptionContext } from "../../core/manifest/encryption-context.ts";
import { openCms } from "../../core/seal/cms.ts";
import { signRequest } from "../../core/sigv4.ts";
import type { AwsCredentials } from "../../core/sigv4.ts";
import type { Dialer } from "../../core/wire/transport.ts";
import { attest } from "../attest.ts";
import type { NsmDevice } from "../nsm.ts";
import { kmsEndpoint } from "./endpoint.ts";
import { postHttps } from "./https.ts";
import type { HttpsAnswer } from "./https.ts";

const DATA_KEY_BYTES = 32;

export interface KmsConnection {
  readonly dialer: Dialer;
  /** PEM roots under which the endpoint's certificate must be issued. */
  readonly roots: readonly string[];
  readonly nsm: NsmDevice;
  readonly credentials: AwsCredentials;
  /** Enclave time, for the request's signature. */
  readonly nowMs: number;
  /** The host hung up: nobody waits for the key. */
  readonly abandoned: AbortSignal;
}

export interface WrappedKey {
  readonly keyArn: string;
  /** base64url, as in the manifest. */
  readonly blob: string;
  readonly context: EncryptionContext;
}

/**
 * The 32 bytes of the dataset key. A fresh RSA key each time, so that no earlier answer can be replayed.
 * Errors: KMS_KEY_ARN, KMS_TLS, KMS_DENIED (KMS refused; what was asked for is public), KMS_ANSWER, KMS_KEY_ID, CMS_OPEN.
 */
export async function decryptDataKey(connection: KmsConnection, wrapped: WrappedKey): Promise<Uint8Array> {
  const recipient = generateRecipientKey();
  const document = await attest(connection.nsm, { publicKey: recipient.publicKeyDer });
  const answer = await postDecrypt(connection, wrapped, document);
  const ciphertext = parseAnswer(answer, wrapped);
  const key = openCms(ciphertext, recipient.privateKey);
  if (key.length !== DATA_KEY_BYTES) {
    key.fill(0);
    throw new SealroomError("CMS_OPEN");
  }
  return key;
}

async function postDecrypt(
  connection: KmsConnection,
  wrapped: WrappedKey,
  document: Uint8Array,
): Promise<HttpsAnswer> {
  const { host, region } = kmsEndpoint(wrapped.keyArn);
  const body = new TextEncoder().encode(
    JSON.stringify({
      KeyId: wrapped.keyArn,
      CiphertextBlob: Buffer.from(wrapped.blob, "base64url").toString("base64"),
      EncryptionAlgorithm: "SYMMETRIC_DEFAULT",
      EncryptionContext: wrapped.context,
      Recipient: {
        KeyEncryptionAlgorithm: "RSAES_OAEP_SHA_256",
        AttestationDocument: Buffer.from(document).toString("base64"),
      },
    }),
  );
  const headers = signRequest({
    method: "POST",
    host,
    path: "/",
    query: [],
    headers: { "content-type": "application/x-amz-json-1.1", "x-amz-target": "TrentService.Decrypt" },
    body,
    region,
    service: "kms",
    credentials: connection.credentials,
    timeMs: connection.nowMs,
  });
  return postHttps(connection.dialer, connection.roots, { host, headers, body }, connection.abandoned);
}

/**
 * The CiphertextForRecipient. The answer came over TLS from KMS, yet is parsed as strictly as the host's bytes would be.
 * Errors: KMS_DENIED, KMS_ANSWER, KMS_KEY_ID.
 */
export function parseAnswer({ status, body }: HttpsAnswer, { keyArn, context }: WrappedKey): Uint8Array {
  const fields = parseJson(body);
  if (status !== 200) {
    const reason = errorName(fields["__type"]);
    throw new PolicyError("KMS_DENIED", { status, reason, key: keyArn, ...publicContext(context) });
  }
  if (fields["KeyId"] !== keyArn) throw new SealroomError("KMS_KEY_ID");
  const ciphertext = fields["CiphertextForRecipient"];
  const plaintext = fields["Plaintext"] ?? null;
  if (typeof ciphertext !== "string" || plaintext !== null) throw new SealroomError("KMS_ANSWER");
  return new Uint8Array(Buffer.from(ciphertext, "base64"));
}

function parseJson(body: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
    if (typeof value === "object" && value !== null) return value as Readonly<Record<string, unknown>>;
  } catch (cause) {
    throw new SealroomError("KMS_ANSWER", {}, { cause });
  }
  throw new SealroomError("KMS_ANSWER");
}

/** What was asked for, by the names in a key policy: all of it stands in the manifest. */
function publicContext(context: EncryptionContext): Details {
  return Object.fromEntries(
    Object.entries(context).map(([name, value]) => [name.slice("sealroom:".length), value]),
  );
}

function errorName(type: unknown): string {
  const name = typeof type === "string" ? (/([A-Za-z]{1,64})$/.exec(type)?.[1] ?? null) : null;
  return name ?? "unknown";
}
