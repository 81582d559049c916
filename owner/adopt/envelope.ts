// How an object that others wrote is encrypted, and its data key, opened by the owner's own credentials under the
// writer's encryption context. Only KMS keys that the owner names as the writer's are asked: under any other key anybody
// could have written the object, made-up people and all.
import { PolicyError, SealroomError } from "../../core/errors.ts";
import { ADOPTED_SUITES } from "../../core/manifest/objects.ts";
import type { OpenEnvelope } from "../../core/seal/adopted-key.ts";
import type { ByteSource } from "../../core/seal/byte-source.ts";
import { MAX_HEADER_BYTES, parseHeader } from "../../core/seal/header-fields.ts";
import type { EncryptedDataKey } from "../../core/seal/header-fields.ts";
import { headerLength } from "../../core/seal/header.ts";
import { checkPolicy, suitePolicy } from "../../core/seal/policy.ts";
import {
  findEnvelope,
  INSTRUCTION_SUFFIX,
  MAX_INSTRUCTION_BYTES,
  parseEnvelope,
} from "../../core/seal/s3ec-metadata.ts";
import type { ForeignObject } from "./foreign-object.ts";
import { decryptWriterKey, type KmsOf } from "../kms.ts";
import { findObject, type Target } from "../store.ts";

export interface WriterTerms {
  /** Full ARNs of the KMS keys that the objects' writers use. */
  readonly writerKeys: readonly string[];
  /** Pairs that the writer's encryption context must have. */
  readonly context: ReadonlyMap<string, string>;
  readonly kms: KmsOf;
}

export interface OpenedEnvelope {
  readonly envelope: OpenEnvelope;
  /** The caller zeroes it when done. */
  readonly dataKey: Uint8Array;
}

/** A data key as an object has it: wrapped by KMS, under these contexts. */
interface WrappedByKms {
  readonly envelope: OpenEnvelope;
  readonly context: Readonly<Record<string, string>>;
  /** With the key that wrapped it, where the object says which that was. */
  readonly blobs: readonly { readonly keyArn: string | null; readonly blob: Uint8Array }[];
}

/**
 * @throws OWNER_ENVELOPE, OWNER_WRITER_KEY, SEAL_CONTEXT (not the context that was asked for), POLICY_MESSAGE, SEAL_*,
 * S3EC_*, JSON_*, STORE_*, KMS_*
 */
export async function openEnvelope(
  target: Target,
  object: ForeignObject,
  terms: WriterTerms,
): Promise<OpenedEnvelope> {
  const wrapped = await readEnvelope(target, object);
  for (const [entry, value] of terms.context) {
    if (!Object.hasOwn(wrapped.context, entry) || wrapped.context[entry] !== value) {
      throw new SealroomError("SEAL_CONTEXT", { entry });
    }
  }
  return { envelope: wrapped.envelope, dataKey: await openDataKey(wrapped, terms) };
}

async function readEnvelope(target: Target, object: ForeignObject): Promise<WrappedByKms> {
  const { key, bytes, metadata } = object;
  const place = findEnvelope(metadata);
  if (place === "nowhere") {
    const message = await findMessage(object);
    if (message !== null) return message;
  }
  const instruction =
    place === "metadata" ? null : await findObject(target, key + INSTRUCTION_SUFFIX, MAX_INSTRUCTION_BYTES);
  if (place === "nowhere" && instruction === undefined) {
    throw new SealroomError("OWNER_ENVELOPE", { key, bytes });
  }
  const { envelope, blob, context } = parseEnvelope(metadata, instruction ?? null);
  return { envelope, context, blobs: [{ keyArn: null, blob }] };
}

/** Null when the object does not begin as a message does. */
async function findMessage(object: ForeignObject): Promise<WrappedByKms | null> {
  let prefix: Uint8Array;
  try {
    prefix = await readHeader(object, object.bytes);
  } catch (error) {
    if (error instanceof SealroomError && error.code.startsWith("SEAL_")) return null;
    throw error;
  }
  const header = parseHeader(prefix);
  const { suite, dataKeys } = header;
  if (!ADOPTED_SUITES.includes(suite.id)) throw new PolicyError("POLICY_MESSAGE", { suite: suite.id });
  checkPolicy(header, suitePolicy(suite.id));
  return {
    envelope: { kind: "esdk-whole", suite: suite.id },
    context: Object.fromEntries(header.context),
    blobs: dataKeys.filter(isKms).map(({ providerInfo, ciphertext }) => ({
      keyArn: new TextDecoder().decode(providerInfo),
      blob: ciphertext,
    })),
  };
}

const HEADER_GUESS_BYTES = 4096;

/** So much of the object's beginning that its header is in it. @throws SEAL_TRUNCATED, those of headerLength */
async function readHeader(source: ByteSource, bytes: number): Promise<Uint8Array> {
  for (const guess of [HEADER_GUESS_BYTES, MAX_HEADER_BYTES]) {
    const prefix = new Uint8Array(Math.min(bytes, guess));
    await source.readInto(0, prefix);
    if (headerLength(prefix) !== null) return prefix;
  }
  throw new SealroomError("SEAL_TRUNCATED", { needed: MAX_HEADER_BYTES });
}

/** Encryption SDK, framework/aws-kms/aws-kms-keyring: the provider's information is the key's ARN. */
function isKms({ providerId }: EncryptedDataKey): boolean {
  return providerId === "aws-kms";
}

/** An object may hold its data key under several keys: one that KMS refuses does not keep from trying the next. */
async function openDataKey(
  { context, blobs }: WrappedByKms,
  { writerKeys, kms }: WriterTerms,
): Promise<Uint8Array> {
  let refused: SealroomError | undefined;
  for (const { keyArn, blob } of blobs) {
    for (const writerKey of writerKeys) {
      if (keyArn !== null && keyArn !== writerKey) continue;
      try {
        const dataKey = await decryptWriterKey(kms(writerKey), writerKey, blob, context);
        if (dataKey !== undefined) return dataKey;
      } catch (error) {
        if (!(error instanceof SealroomError) || error.code !== "KMS_CALL") throw error;
        refused ??= error;
      }
    }
  }
  if (refused !== undefined) throw refused;
  const found = blobs.flatMap(({ keyArn }) => (keyArn === null ? [] : [keyArn]));
  throw new SealroomError("OWNER_WRITER_KEY", found.length === 0 ? {} : { found: found.join(", ") });
}
