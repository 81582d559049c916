// A KMS operation with Recipient: its key comes sealed to a fresh RSA key that an attestation document names. The
// encryption context is built in the enclave; the host supplies only credentials and the wire.
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

export interface RecipientCall {
  readonly operation: "Decrypt" | "GenerateDataKey";
  readonly keyArn: string;
  readonly context: EncryptionContext;
  /** What the operation asks for besides. */
  readonly members: Readonly<Record<string, string>>;
}

export interface RecipientAnswer {
  /** 32 bytes. */
  readonly key: Uint8Array;
  /** Of the answer: it came over TLS from KMS, yet is looked at as strictly as the host's bytes would be. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/**
 * A fresh RSA key each time, so that no earlier answer can be replayed.
 * Errors: KMS_KEY_ARN, KMS_TLS, KMS_DENIED (KMS refused; what was asked for is public), KMS_ANSWER, KMS_KEY_ID, CMS_OPEN.
 */
export async function callForRecipient(
  connection: KmsConnection,
  call: RecipientCall,
): Promise<RecipientAnswer> {
  const recipient = generateRecipientKey();
  const document = await attest(connection.nsm, { publicKey: recipient.publicKeyDer });
  const { ciphertext, fields } = parseAnswer(await post(connection, call, document), call);
  const key = openCms(ciphertext, recipient.privateKey);
  if (key.length !== DATA_KEY_BYTES) {
    key.fill(0);
    throw new SealroomError("CMS_OPEN");
  }
  return { key, fields };
}

async function post(
  connection: KmsConnection,
  { operation, keyArn, context, members }: RecipientCall,
  document: Uint8Array,
): Promise<HttpsAnswer> {
  const { host, region } = kmsEndpoint(keyArn);
  const body = new TextEncoder().encode(
    JSON.stringify({
      KeyId: keyArn,
      ...members,
      EncryptionContext: context,
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
    headers: { "content-type": "application/x-amz-json-1.1", "x-amz-target": `TrentService.${operation}` },
    body,
    region,
    service: "kms",
    credentials: connection.credentials,
    timeMs: connection.nowMs,
  });
  return postHttps(connection.dialer, connection.roots, { host, headers, body }, connection.abandoned);
}

/** The CiphertextForRecipient, and all members. Errors: KMS_DENIED, KMS_ANSWER, KMS_KEY_ID. */
export function parseAnswer(
  { status, body }: HttpsAnswer,
  { keyArn, context }: Pick<RecipientCall, "keyArn" | "context">,
): { readonly ciphertext: Uint8Array; readonly fields: Readonly<Record<string, unknown>> } {
  const fields = parseJson(body);
  if (status !== 200) {
    const reason = errorName(fields["__type"]);
    throw new PolicyError("KMS_DENIED", { status, reason, key: keyArn, ...publicContext(context) });
  }
  if (fields["KeyId"] !== keyArn) throw new SealroomError("KMS_KEY_ID");
  const ciphertext = fields["CiphertextForRecipient"];
  const plaintext = fields["Plaintext"] ?? null;
  if (typeof ciphertext !== "string" || plaintext !== null) throw new SealroomError("KMS_ANSWER");
  return { ciphertext: new Uint8Array(Buffer.from(ciphertext, "base64")), fields };
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

/** What was asked for, by the names in a key policy: all of it stands in the manifest, or is the plan's digest. */
function publicContext(context: EncryptionContext): Details {
  return Object.fromEntries(
    Object.entries(context).map(([name, value]) => [name.slice("sealroom:".length), value]),
  );
}

function errorName(type: unknown): string {
  const name = typeof type === "string" ? (/([A-Za-z]{1,64})$/.exec(type)?.[1] ?? null) : null;
  return name ?? "unknown";
}
