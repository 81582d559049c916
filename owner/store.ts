// The owner's writes to S3. An object has its name only when it is whole: multipart uploads complete at the end, and
// what is broken off is aborted. Sealed objects never replace anything; the current manifest is the one that does.
import { Readable } from "node:stream";
import {
  GetObjectCommand,
  NoSuchBucket,
  NoSuchKey,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { SealroomError } from "../core/errors.ts";

/** Where a data set lies. */
export interface Place {
  readonly bucket: string;
  /** Empty, or ends with a slash. */
  readonly prefix: string;
}

export interface Target {
  readonly s3: S3Client;
  readonly place: Place;
}

const PART_BYTES = 8 * 1024 * 1024;
/** Parts that are sent while the next is sealed. */
const PARTS_AT_ONCE = 2;

/**
 * Uploads bytes as they come, at S3's pace, under a name that is free. Returns what the generator returns.
 * @throws STORE_WRITE; what the generator throws
 */
export async function uploadNew<T>(
  { s3, place }: Target,
  key: string,
  bytes: Generator<Uint8Array, T, void>,
): Promise<T> {
  let outcome: { readonly value: T } | undefined;
  let fault: Error | undefined;
  function* body(): Generator<Buffer, void, void> {
    try {
      for (;;) {
        const step = bytes.next();
        if (step.done === true) {
          outcome = { value: step.value };
          return;
        }
        const { buffer, byteOffset, byteLength } = step.value;
        yield Buffer.from(buffer, byteOffset, byteLength);
      }
    } catch (error) {
      fault = error instanceof Error ? error : new Error("aborted", { cause: error });
      throw fault;
    }
  }
  const where = place.prefix + key;
  try {
    const upload = new Upload({
      client: s3,
      params: { Bucket: place.bucket, Key: where, Body: Readable.from(body()), IfNoneMatch: "*" },
      partSize: PART_BYTES,
      queueSize: PARTS_AT_ONCE,
      leavePartsOnError: false,
    });
    await upload.done();
  } catch (cause) {
    throw fault ?? writeFault(where, cause);
  }
  if (outcome === undefined) throw writeFault(where, new Error("the upload ended before its bytes"));
  return outcome.value;
}

/** Stores small bytes whole. @throws STORE_WRITE */
export async function putObject(
  { s3, place }: Target,
  key: string,
  bytes: Uint8Array,
  condition: "new" | "replace",
): Promise<void> {
  const where = place.prefix + key;
  const ifNone = condition === "new" ? { IfNoneMatch: "*" } : {};
  try {
    await s3.send(
      new PutObjectCommand({
        Bucket: place.bucket,
        Key: where,
        Body: bytes,
        ContentType: "application/jose",
        ...ifNone,
      }),
    );
  } catch (cause) {
    throw writeFault(where, cause);
  }
}

/** A small object, or undefined when there is none. @throws STORE_MISSING for the bucket, STORE_SIZE, STORE_READ */
export async function findObject(
  { s3, place }: Target,
  key: string,
  maxBytes: number,
): Promise<Uint8Array | undefined> {
  const where = place.prefix + key;
  try {
    const { Body, ContentLength } = await s3.send(new GetObjectCommand({ Bucket: place.bucket, Key: where }));
    if ((ContentLength ?? 0) > maxBytes) throw new SealroomError("STORE_SIZE", { key: where });
    return await Body?.transformToByteArray();
  } catch (cause) {
    if (cause instanceof SealroomError) throw cause;
    if (cause instanceof NoSuchKey) return undefined;
    if (cause instanceof NoSuchBucket) {
      throw new SealroomError("STORE_MISSING", { bucket: place.bucket }, { cause });
    }
    throw new SealroomError("STORE_READ", { bucket: place.bucket, key: where }, { cause });
  }
}

function writeFault(key: string, cause: unknown): SealroomError {
  return new SealroomError(
    "STORE_WRITE",
    { key, fault: cause instanceof Error ? cause.name : "unknown" },
    { cause },
  );
}
