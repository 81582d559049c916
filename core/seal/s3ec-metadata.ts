// What the S3 Encryption Client says of an object beside it: in its metadata, in an instruction file, or in V3 in both
// (aws-encryption-sdk-specification, s3-encryption/data-format). All of it comes from the host, and is worth something
// only once KMS has opened the data key under the stored context and the object has verified under that key.
import { IV_BYTES } from "../crypto.ts";
import { PolicyError, SealroomError } from "../errors.ts";
import type { ErrorCode } from "../errors.ts";
import { parseJson } from "../json.ts";
import { encodeBase64url } from "../text/base64url.ts";
import { Field } from "../text/field.ts";
import { decodeUtf8 } from "../text/utf8.ts";
import type { OpenEnvelope } from "./adopted-key.ts";
import { S3EC_COMMITMENT_BYTES } from "./s3ec-keys.ts";

/** By name, without `x-amz-meta-`. */
export type ObjectMetadata = Readonly<Record<string, string>>;

export interface S3Envelope {
  readonly envelope: Extract<OpenEnvelope, { kind: "s3ec-v2" | "s3ec-v3" }>;
  /** The data key under KMS. */
  readonly blob: Uint8Array;
  /** The encryption context under which KMS has it, whole. */
  readonly context: Readonly<Record<string, string>>;
}

export const INSTRUCTION_SUFFIX = ".instruction";
export const MAX_INSTRUCTION_BYTES: number = 64 * 1024;

const V1_KEY = "x-amz-key";
const V2_KEY = "x-amz-key-v2";
/** What stays with a V3 object, wherever its data key is: the suite, the commitment and the message id. */
const V3_CONTENT = ["x-amz-c", "x-amz-d", "x-amz-i"] as const;
const V3_WRAP = ["x-amz-3", "x-amz-w", "x-amz-t", "x-amz-m"] as const;
const V2_MEMBERS: readonly string[] = [
  V2_KEY,
  "x-amz-iv",
  "x-amz-wrap-alg",
  "x-amz-cek-alg",
  "x-amz-tag-len",
  "x-amz-matdesc",
  "x-amz-unencrypted-content-length",
];

const CONTENT_ENTRY = "aws:x-amz-cek-alg";
const LEGACY_CONTEXT_ENTRY = "kms_cmk_id";
const GCM = "AES/GCM/NoPadding";
const KEY_COMMITTING = "115";
const LEGACY_WRAPS = ["kms", "AESWrap", "RSA/ECB/OAEPWithSHA-256AndMGF1Padding"];
const RAW_WRAPS = ["AES/GCM", "RSA-OAEP-SHA1"];
/** V3 writes the wrap as a number: raw AES, KMS with a context, raw RSA. */
const V3_KMS_WRAP = "12";
const V3_RAW_WRAPS = ["02", "22"];
/** AWS KMS API, CiphertextBlob. */
const MAX_BLOB_BYTES = 6144;

/** Where an object's envelope is said to be. */
export type EnvelopePlace = "nowhere" | "metadata" | "instruction file";

/** From the object's own metadata. `nowhere` may still be an object whose instruction file has all of it. */
export function findEnvelope(metadata: ObjectMetadata): EnvelopePlace {
  if (hasAny(metadata, [V1_KEY, V2_KEY, "x-amz-3"])) return "metadata";
  return hasAny(metadata, [...V3_CONTENT, ...V3_WRAP]) ? "instruction file" : "nowhere";
}

/**
 * `instruction` is the instruction file, or null where there is none. Which version it is decides which members count;
 * more than one version is refused, so that nobody can take an object's key commitment off.
 * Errors: S3EC_METADATA, S3EC_INSTRUCTION, PolicyError S3EC_LEGACY, S3EC_WRAP; JSON_* for the texts in it.
 */
export function parseEnvelope(metadata: ObjectMetadata, instruction: Uint8Array | null): S3Envelope {
  const place = findEnvelope(metadata);
  if (place === "metadata") return parseMembers(metadata);
  if (instruction === null) throw new SealroomError("S3EC_INSTRUCTION", { fault: "missing" });
  const file = parseInstruction(instruction);
  if (place === "nowhere") {
    // V2 and before: all of it is in the file. A V3 file has nothing without what stays with the object.
    const others = Object.keys(file).filter((name) => name !== V1_KEY && !V2_MEMBERS.includes(name));
    if (others.length > 0) {
      throw new SealroomError("S3EC_INSTRUCTION", { fault: "not of version 2" });
    }
    return parseMembers(file);
  }
  const strange = Object.keys(file).filter((name) => !(V3_WRAP as readonly string[]).includes(name));
  if (strange.length > 0) throw new SealroomError("S3EC_INSTRUCTION", { fault: "not of a key alone" });
  if (hasAny(metadata, V3_WRAP)) throw fault("x-amz-3", "the wrapped key is in two places");
  return parseMembers({ ...metadata, ...file });
}

function parseInstruction(bytes: Uint8Array): ObjectMetadata {
  if (bytes.length > MAX_INSTRUCTION_BYTES) {
    throw new SealroomError("S3EC_INSTRUCTION", { fault: "too long" });
  }
  return textMap(decodeUtf8(bytes), "", "S3EC_INSTRUCTION");
}

function parseMembers(members: ObjectMetadata): S3Envelope {
  const isV1 = hasAny(members, [V1_KEY]);
  const isV2 = hasAny(members, [V2_KEY]);
  const isV3 = hasAny(members, [...V3_CONTENT, ...V3_WRAP]);
  if (Number(isV1) + Number(isV2) + Number(isV3) > 1) throw fault("x-amz-key", "of more than one version");
  if (isV1) throw new PolicyError("S3EC_LEGACY", { version: 1 });
  return isV2 ? parseV2(members) : parseV3(members);
}

function parseV2(members: ObjectMetadata): S3Envelope {
  const wrap = text(members, "x-amz-wrap-alg");
  const content = text(members, "x-amz-cek-alg");
  if (LEGACY_WRAPS.includes(wrap)) throw new PolicyError("S3EC_LEGACY", { wrap });
  if (content === "AES/CBC/PKCS5Padding") throw new PolicyError("S3EC_LEGACY", { content });
  if (RAW_WRAPS.includes(wrap)) throw new PolicyError("S3EC_WRAP", { wrap });
  if (wrap !== "kms+context") throw fault("x-amz-wrap-alg", "unknown");
  if (content !== GCM) throw fault("x-amz-cek-alg", "unknown");
  // A shorter tag could be guessed.
  if (text(members, "x-amz-tag-len") !== "128") throw fault("x-amz-tag-len", "not 128");
  const iv = bytes(members, "x-amz-iv", IV_BYTES, IV_BYTES);
  return {
    envelope: { kind: "s3ec-v2", iv: encodeBase64url(iv) },
    blob: bytes(members, V2_KEY, 1, MAX_BLOB_BYTES),
    context: contextOf(members, "x-amz-matdesc", GCM),
  };
}

function parseV3(members: ObjectMetadata): S3Envelope {
  const suite = text(members, "x-amz-c");
  const wrap = text(members, "x-amz-w");
  if (suite !== KEY_COMMITTING) throw fault("x-amz-c", "not 115");
  if (V3_RAW_WRAPS.includes(wrap)) throw new PolicyError("S3EC_WRAP", { wrap });
  if (wrap !== V3_KMS_WRAP) throw fault("x-amz-w", "unknown");
  const messageId = bytes(members, "x-amz-i", S3EC_COMMITMENT_BYTES, S3EC_COMMITMENT_BYTES);
  const commitment = bytes(members, "x-amz-d", S3EC_COMMITMENT_BYTES, S3EC_COMMITMENT_BYTES);
  return {
    envelope: {
      kind: "s3ec-v3",
      messageId: encodeBase64url(messageId),
      commitment: encodeBase64url(commitment),
    },
    blob: bytes(members, "x-amz-3", 1, MAX_BLOB_BYTES),
    context: contextOf(members, "x-amz-t", KEY_COMMITTING),
  };
}

/** KMS binds the content's algorithm to the data key by an entry that the client adds to the writer's context. */
function contextOf(members: ObjectMetadata, name: string, content: string): S3Envelope["context"] {
  const context = textMap(text(members, name), name, "S3EC_METADATA");
  if (context[CONTENT_ENTRY] !== content) throw fault(name, `${CONTENT_ENTRY} is not ${content}`);
  if (LEGACY_CONTEXT_ENTRY in context) throw fault(name, `${LEGACY_CONTEXT_ENTRY} is reserved`);
  return context;
}

/** JSON of one object of texts. */
function textMap(json: string, path: string, code: ErrorCode): Readonly<Record<string, string>> {
  const map = Object.create(null) as Record<string, string>;
  for (const [name, member] of new Field(parseJson(json), path, code).members()) map[name] = member.text();
  return map;
}

function text(members: ObjectMetadata, name: string): string {
  const value = Object.hasOwn(members, name) ? members[name] : undefined;
  if (value === undefined) throw fault(name, "missing");
  return value;
}

function bytes(members: ObjectMetadata, name: string, least: number, most: number): Uint8Array {
  const base64 = text(members, name);
  const decoded = Buffer.from(base64, "base64");
  if (decoded.toString("base64") !== base64) throw fault(name, "not base64");
  if (decoded.length < least || decoded.length > most) throw fault(name, "of another length");
  return new Uint8Array(decoded);
}

function hasAny(members: ObjectMetadata, names: readonly string[]): boolean {
  return names.some((name) => Object.hasOwn(members, name));
}

function fault(member: string, found: string): SealroomError {
  return new SealroomError("S3EC_METADATA", { field: member, fault: found });
}
