// Writers that are not ours: AWS's Encryption SDK against the local KMS, and a small S3 Encryption Client, written from
// the specification for these tests, whose objects lie in the local S3 as the real one's would.
import { createCipheriv, hkdfSync, randomBytes } from "node:crypto";
import {
  AlgorithmSuiteIdentifier,
  buildClient,
  CommitmentPolicy,
  KmsKeyringNode,
  MultiKeyringNode,
} from "@aws-crypto/client-node";
import { GenerateDataKeyCommand } from "@aws-sdk/client-kms";
import type { KMS } from "@aws-sdk/client-kms";
import * as arrow from "apache-arrow";

export interface Writer {
  readonly kms: KMS;
  readonly keyArn: string;
  readonly context?: Readonly<Record<string, string>>;
}

const COMMITTED = AlgorithmSuiteIdentifier.ALG_AES256_GCM_IV12_TAG16_HKDF_SHA512_COMMIT_KEY;
export const SIGNED: AlgorithmSuiteIdentifier =
  AlgorithmSuiteIdentifier.ALG_AES256_GCM_IV12_TAG16_HKDF_SHA512_COMMIT_KEY_ECDSA_P384;
export const UNCOMMITTED: AlgorithmSuiteIdentifier =
  AlgorithmSuiteIdentifier.ALG_AES256_GCM_IV12_TAG16_HKDF_SHA256;

export interface EsdkChoice {
  readonly suite?: AlgorithmSuiteIdentifier;
  /** Plaintext bytes of a frame; 4096 if left out, as the SDK has it. */
  readonly frameLength?: number;
}

/** By AWS's own client, with a KMS keyring. */
export async function writeEsdk(
  { kms, keyArn, context = {} }: Writer,
  plain: Uint8Array,
  { suite = COMMITTED, frameLength = 4096 }: EsdkChoice = {},
): Promise<Uint8Array> {
  const { encrypt } = buildClient(
    suite === UNCOMMITTED
      ? CommitmentPolicy.FORBID_ENCRYPT_ALLOW_DECRYPT
      : CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT,
  );
  // By its types it wants the client of its own version; it makes three calls, which are the same.
  const generator = new KmsKeyringNode({ generatorKeyId: keyArn, clientProvider: () => kms as never });
  const { result } = await encrypt(new MultiKeyringNode({ generator }), plain, {
    suiteId: suite,
    frameLength,
    encryptionContext: { ...context },
  });
  return new Uint8Array(result);
}

export interface S3Object {
  readonly bytes: Uint8Array;
  readonly metadata: Readonly<Record<string, string>>;
  readonly instruction: Readonly<Record<string, string>> | null;
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");

async function drawDataKey(
  { kms, keyArn, context = {} }: Writer,
  content: string,
): Promise<{ plain: Uint8Array; blob: Uint8Array; stored: string }> {
  const stored = { ...context, "aws:x-amz-cek-alg": content };
  const { Plaintext: plain, CiphertextBlob: blob } = await kms.send(
    new GenerateDataKeyCommand({ KeyId: keyArn, KeySpec: "AES_256", EncryptionContext: stored }),
  );
  if (plain === undefined || blob === undefined) throw new Error("KMS gave no key");
  return { plain, blob, stored: JSON.stringify(stored) };
}

function seal(key: Uint8Array, iv: Uint8Array, aad: Uint8Array, plain: Uint8Array): Uint8Array {
  const cipher = createCipheriv("aes-256-gcm", key, iv, { authTagLength: 16 });
  cipher.setAAD(aad);
  return new Uint8Array(Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]));
}

/** kms+context, AES/GCM/NoPadding. */
export async function writeS3V2(
  writer: Writer,
  plain: Uint8Array,
  place: "metadata" | "instruction file" = "metadata",
): Promise<S3Object> {
  const key = await drawDataKey(writer, "AES/GCM/NoPadding");
  const iv = randomBytes(12);
  const envelope = {
    "x-amz-key-v2": base64(key.blob),
    "x-amz-iv": base64(iv),
    "x-amz-wrap-alg": "kms+context",
    "x-amz-cek-alg": "AES/GCM/NoPadding",
    "x-amz-tag-len": "128",
    "x-amz-matdesc": key.stored,
  };
  const bytes = seal(key.plain, iv, new Uint8Array(0), plain);
  return place === "metadata"
    ? { bytes, metadata: envelope, instruction: null }
    : { bytes, metadata: {}, instruction: envelope };
}

/** Suite 115. */
export async function writeS3V3(
  writer: Writer,
  plain: Uint8Array,
  place: "metadata" | "instruction file" = "metadata",
): Promise<S3Object> {
  const key = await drawDataKey(writer, "115");
  const messageId = randomBytes(28);
  const suite = Buffer.from([0, 0x73]);
  const derive = (label: string, length: number): Uint8Array =>
    new Uint8Array(
      hkdfSync("sha512", key.plain, messageId, Buffer.concat([suite, Buffer.from(label)]), length),
    );
  const wrap = { "x-amz-3": base64(key.blob), "x-amz-w": "12", "x-amz-t": key.stored };
  const content = {
    "x-amz-c": "115",
    "x-amz-d": base64(derive("COMMITKEY", 28)),
    "x-amz-i": base64(messageId),
  };
  const bytes = seal(derive("DERIVEKEY", 32), Buffer.alloc(12, 1), suite, plain);
  return place === "metadata"
    ? { bytes, metadata: { ...content, ...wrap }, instruction: null }
    : { bytes, metadata: content, instruction: wrap };
}

export interface Visit {
  readonly person: string;
  readonly city: string | null;
  readonly amount: number | null;
}

/** Else it counts, and the first file would be shorter than the next. */
const DICTIONARY_ID = 7;

/** How a writer has texts and the codes of a dictionary. */
export interface VisitForm {
  readonly text: arrow.Utf8 | arrow.LargeUtf8;
  readonly codes: arrow.Int8 | arrow.Int16 | arrow.Uint8 | arrow.Uint16 | arrow.Uint32;
}

const USUAL: VisitForm = { text: new arrow.Utf8(), codes: new arrow.Int16() };

/** An Arrow file as apache-arrow writes it: a dictionary for the city, batches of `batchRows`. */
export function encodeVisits(
  visits: readonly Visit[],
  batchRows: number,
  { text, codes }: VisitForm = USUAL,
): Uint8Array {
  const person = arrow.vectorFromArray(
    visits.map((visit) => visit.person),
    text as arrow.DataType,
  );
  const city = arrow.vectorFromArray(
    visits.map((visit) => visit.city),
    new arrow.Dictionary(text, codes, DICTIONARY_ID),
  );
  const amount = arrow.vectorFromArray(
    visits.map((visit) => visit.amount),
    new arrow.Int32(),
  );
  const whole = new arrow.Table({ person, city, amount });
  const [batch] = whole.batches;
  if (batch === undefined) return arrow.tableToIPC(whole, "file");
  const batches: arrow.RecordBatch[] = [];
  for (let row = 0; row < visits.length; row += batchRows) batches.push(batch.slice(row, row + batchRows));
  const writer = arrow.RecordBatchFileWriter.writeAll(batches);
  return writer.toUint8Array(true);
}
