// An object in S3 that others wrote, as the owner reads it: its metadata, its length, and ranges of one version of it.
// S3 is the host's: what it gives is judged by whoever asks.
import { GetObjectCommand, HeadObjectCommand, NotFound, S3ServiceException } from "@aws-sdk/client-s3";
import { SealroomError } from "../../core/errors.ts";
import type { ByteSource } from "../../core/seal/byte-source.ts";
import type { ObjectMetadata } from "../../core/seal/s3ec-metadata.ts";
import type { Target } from "../store.ts";

export class ForeignObject implements ByteSource {
  /** Below the target's prefix. */
  readonly key: string;
  readonly bytes: number;
  readonly metadata: ObjectMetadata;
  readonly #target: Target;
  readonly #etag: string | undefined;

  private constructor(
    target: Target,
    key: string,
    head: Pick<ForeignObject, "bytes" | "metadata">,
    etag?: string,
  ) {
    this.#target = target;
    this.key = key;
    this.bytes = head.bytes;
    this.metadata = head.metadata;
    this.#etag = etag;
  }

  /** @throws STORE_MISSING, STORE_READ */
  static async open(target: Target, key: string): Promise<ForeignObject> {
    const { s3, place } = target;
    const where = { Bucket: place.bucket, Key: place.prefix + key };
    try {
      const { ContentLength = 0, Metadata = {}, ETag } = await s3.send(new HeadObjectCommand(where));
      return new ForeignObject(target, key, { bytes: ContentLength, metadata: Metadata }, ETag);
    } catch (cause) {
      const code = cause instanceof NotFound ? "STORE_MISSING" : "STORE_READ";
      throw new SealroomError(code, { bucket: where.Bucket, key: where.Key }, { cause });
    }
  }

  /** @throws OWNER_CHANGED when another version lies there by now; STORE_READ */
  async readInto(offset: number, target: Uint8Array): Promise<void> {
    if (target.length === 0) return;
    const { s3, place } = this.#target;
    const where = { Bucket: place.bucket, Key: place.prefix + this.key };
    try {
      const { Body } = await s3.send(
        new GetObjectCommand({
          ...where,
          Range: `bytes=${offset}-${offset + target.length - 1}`,
          ...(this.#etag === undefined ? {} : { IfMatch: this.#etag }),
        }),
      );
      const bytes = await Body?.transformToByteArray();
      if (bytes?.length !== target.length) throw new SealroomError("STORE_READ", { key: where.Key });
      target.set(bytes);
    } catch (cause) {
      if (cause instanceof SealroomError) throw cause;
      if (cause instanceof S3ServiceException && cause.$metadata.httpStatusCode === 412) {
        throw new SealroomError("OWNER_CHANGED", { file: where.Key }, { cause });
      }
      throw new SealroomError("STORE_READ", { bucket: where.Bucket, key: where.Key }, { cause });
    }
  }
}
