// The owner's writes to S3. An object has its name only when it is whole: multipart uploads complete at the end, and
// what is broken off is aborted. Sealed objects never replace anything; the current manifest is the one that does.
import { setImmediate } from "node:timers/promises";
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  NotFound,
  NoSuchBucket,
  NoSuchKey,
  PutObjectCommand,
  UploadPartCommand,
  type CompletedPart,
  type S3Client,
} from "@aws-sdk/client-s3";
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
 * Uploads bytes as they come, at S3's pace, under a name that is free. Returns what the generator returns. Pieces are
 * taken over: their memory is given back as soon as they are copied, since the collector lets too much of it pile up.
 * @throws STORE_WRITE; what the generator throws
 */
export async function uploadNew<T>(
  target: Target,
  key: string,
  bytes: Generator<Uint8Array, T, void>,
): Promise<T> {
  const filler = new PartFiller(bytes);
  const first = filler.fill(Buffer.allocUnsafeSlow(PART_BYTES));
  const upload = new ObjectUpload(target, target.place.prefix + key);
  if (filler.outcome === null) await upload.sendParts(filler, first);
  else await upload.sendWhole(first);
  if (filler.outcome === null) throw new Error("the upload ended before its bytes");
  return filler.outcome.value;
}

/** Cuts the pieces of a generator into parts. */
class PartFiller<T = unknown> {
  /** When all pieces are in a part. */
  outcome: { readonly value: T } | null = null;
  readonly #pieces: Generator<Uint8Array, T, void>;
  #rest: Uint8Array = new Uint8Array(0);

  constructor(pieces: Generator<Uint8Array, T, void>) {
    this.#pieces = pieces;
  }

  /** As many bytes as go into `part`; fewer only at the end. */
  fill(part: Buffer): Buffer {
    let filled = 0;
    for (;;) {
      const fitting = this.#rest.subarray(0, part.length - filled);
      part.set(fitting, filled);
      filled += fitting.length;
      if (fitting.length < this.#rest.length) {
        this.#rest = this.#rest.subarray(fitting.length);
        return part;
      }
      giveBack(this.#rest);
      const step = this.#pieces.next();
      this.#rest = step.done === true ? new Uint8Array(0) : step.value;
      if (step.done !== true) continue;
      this.outcome = { value: step.value };
      return part.subarray(0, filled);
    }
  }
}

function giveBack({ buffer }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer) buffer.transfer(0);
}

/**
 * Over TLS the signature leaves the payload out, as AWS's clients do for streams: hashing would take as long as sealing
 * the bytes, and a CRC, TLS and the frames' own tags vouch for them. Over plain HTTP it stays in.
 */
function leaveUnsigned(command: UploadPartCommand): void {
  command.middlewareStack.add(
    (next) => (args) => {
      const { request } = args as { request?: { protocol?: string; headers?: Record<string, string> } };
      if (request?.protocol === "https:" && request.headers !== undefined) {
        request.headers["x-amz-content-sha256"] = "UNSIGNED-PAYLOAD";
      }
      return next(args);
    },
    { step: "build", name: "leaveUnsigned" },
  );
}

/** One object on its way: whole by one request, or in parts that become an object when the last request names them. */
class ObjectUpload {
  readonly #s3: S3Client;
  readonly #at: { readonly Bucket: string; readonly Key: string };

  constructor({ s3, place }: Target, key: string) {
    this.#s3 = s3;
    this.#at = { Bucket: place.bucket, Key: key };
  }

  async sendWhole(body: Buffer): Promise<void> {
    const command = new PutObjectCommand({ ...this.#at, Body: body, IfNoneMatch: "*" });
    await this.#call(() => this.#s3.send(command));
  }

  async sendParts(filler: PartFiller, first: Buffer): Promise<void> {
    const create = new CreateMultipartUploadCommand({ ...this.#at, ChecksumAlgorithm: "CRC32" });
    const created = await this.#call(() => this.#s3.send(create));
    const upload = { ...this.#at, UploadId: created.UploadId };
    try {
      const parts = await this.#sendEach(upload, filler, first);
      const named = { ...upload, MultipartUpload: { Parts: parts }, IfNoneMatch: "*" };
      await this.#call(() => this.#s3.send(new CompleteMultipartUploadCommand(named)));
    } catch (error) {
      // What is left there costs the owner money and is no object; that it stays is no reason to hide the error.
      await this.#s3.send(new AbortMultipartUploadCommand(upload)).catch(() => undefined);
      throw error;
    }
  }

  /** Fills one part while others are sent; a part's memory is filled again when it is stored. */
  async #sendEach(
    upload: { readonly Bucket: string; readonly Key: string; readonly UploadId: string | undefined },
    filler: PartFiller,
    first: Buffer,
  ): Promise<CompletedPart[]> {
    const sending: Promise<Buffer>[] = [];
    const stored: CompletedPart[] = [];
    const send = async (body: Buffer, number: number): Promise<Buffer> => {
      const command = new UploadPartCommand({ ...upload, PartNumber: number, Body: body });
      leaveUnsigned(command);
      const { ETag, ChecksumCRC32 } = await this.#call(() => this.#s3.send(command));
      stored[number - 1] = { PartNumber: number, ETag, ChecksumCRC32 };
      return body;
    };
    try {
      let part = first;
      for (let number = 1; ; number += 1) {
        const sent = send(part, number);
        // A fault is looked at below, which may be later than Node would wait for somebody to look.
        sent.catch(() => undefined);
        sending.push(sent);
        if (filler.outcome !== null) break;
        const free = sending.length < PARTS_AT_ONCE ? undefined : await sending.shift();
        part = filler.fill(free ?? Buffer.allocUnsafeSlow(PART_BYTES));
        // A turn for the sockets, which filling leaves none.
        await setImmediate();
      }
    } finally {
      await Promise.allSettled(sending);
    }
    await Promise.all(sending);
    return stored;
  }

  async #call<Answer>(send: () => Promise<Answer>): Promise<Answer> {
    try {
      return await send();
    } catch (cause) {
      throw writeFault(this.#at.Key, cause);
    }
  }
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

/** How long an object is; undefined where there is none. @throws STORE_READ */
export async function findLength({ s3, place }: Target, key: string): Promise<number | undefined> {
  const where = { Bucket: place.bucket, Key: place.prefix + key };
  try {
    return (await s3.send(new HeadObjectCommand(where))).ContentLength;
  } catch (cause) {
    if (cause instanceof NotFound) return undefined;
    throw new SealroomError("STORE_READ", { bucket: where.Bucket, key: where.Key }, { cause });
  }
}

function writeFault(key: string, cause: unknown): SealroomError {
  return new SealroomError(
    "STORE_WRITE",
    { key, fault: cause instanceof Error ? cause.name : "unknown" },
    { cause },
  );
}
