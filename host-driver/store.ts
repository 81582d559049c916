// Reading sealed data sets from S3. The bytes are ciphertext to this machine; nothing here is trusted with more.
import type { Readable } from "node:stream";
import { GetObjectCommand, NoSuchBucket, NoSuchKey } from "@aws-sdk/client-s3";
import type { S3Client } from "@aws-sdk/client-s3";
import { SealroomError } from "../core/errors.ts";
import type { S3Location } from "./location.ts";

export const MANIFEST_KEY = "manifest.jws";

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
