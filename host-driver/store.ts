// Sealed data sets in S3: reading them, and storing what jobs make. The bytes are ciphertext to this machine; nothing here
// is trusted with more.
import type { Readable } from "node:stream";
import { GetObjectCommand, NoSuchBucket, NoSuchKey } from "@aws-sdk/client-s3";
import type { S3Client } from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { SealroomError } from "../core/errors.ts";
import type { S3Location } from "./location.ts";

export const MANIFEST_KEY = "manifest.jws";

const PART_BYTES = 8 * 1024 * 1024;
/** Of each object that is on its way; each thread of an enclave has one. */
const PARTS_AT_ONCE = 2;

export class Store {
  readonly #client: S3Client;

  constructor(client: S3Client) {
    this.#client = client;
  }

  /** A whole small object. Errors: STORE_MISSING, STORE_SIZE, STORE_READ. */
  async read(location: S3Location, key: string, maxBytes: number): Promise<Uint8Array> {
    const body = await this.#get(location, key);
    const chunks: Buffer[] = [];
    let length = 0;
    for await (const chunk of body as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > maxBytes) throw new SealroomError("STORE_SIZE", { key: location.prefix + key });
      chunks.push(chunk);
    }
    return new Uint8Array(Buffer.concat(chunks));
  }

  /** A range of an object, as it comes. Errors: STORE_MISSING, STORE_READ. */
  async range(location: S3Location, key: string, offset: number, length: number): Promise<Readable> {
    return this.#get(location, key, `bytes=${offset}-${offset + length - 1}`);
  }

  /** Stores an object as its bytes come: whole, under a name that is free, or not at all. Errors: STORE_WRITE, STORE_MISSING. */
  async write(location: S3Location, key: string, body: Readable): Promise<void> {
    const where = { bucket: location.bucket, key: location.prefix + key };
    const upload = new Upload({
      client: this.#client,
      params: { Bucket: where.bucket, Key: where.key, Body: body, IfNoneMatch: "*" },
      partSize: PART_BYTES,
      queueSize: PARTS_AT_ONCE,
    });
    try {
      await upload.done();
    } catch (cause) {
      body.destroy();
      if (cause instanceof SealroomError) throw cause;
      const fault = cause instanceof Error ? cause.name : "unknown";
      if (cause instanceof NoSuchBucket) throw new SealroomError("STORE_MISSING", where, { cause });
      throw new SealroomError("STORE_WRITE", { key: where.key, fault }, { cause });
    }
  }

  async #get({ bucket, prefix }: S3Location, key: string, range?: string): Promise<Readable> {
    const where = { bucket, key: prefix + key };
    try {
      const answer = await this.#client.send(
        new GetObjectCommand({
          Bucket: bucket,
          Key: where.key,
          ...(range === undefined ? {} : { Range: range }),
        }),
      );
      if (answer.Body === undefined) throw new SealroomError("STORE_READ", where);
      return answer.Body as Readable;
    } catch (cause) {
      if (cause instanceof SealroomError) throw cause;
      const missing = cause instanceof NoSuchKey || cause instanceof NoSuchBucket;
      throw new SealroomError(missing ? "STORE_MISSING" : "STORE_READ", where, { cause });
    }
  }
}
