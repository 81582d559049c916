// All buckets of the local S3, each in a directory of its name.
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";

import { SealroomError } from "../../core/errors.ts";
import { AwsError } from "../aws-error.ts";
import { readBucketFile, writeBucketFile, type BucketState } from "./bucket-file.ts";
import { Bucket } from "./bucket.ts";
import { Uploads } from "./uploads.ts";

/** S3's rule, without names that look like addresses; none of these is a path. */
const BUCKET_NAME = /^(?!\d+\.\d+\.\d+\.\d+$)(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

export interface StoredBucket {
  readonly bucket: Bucket;
  readonly uploads: Uploads;
}

export class Store {
  readonly #directory: string;
  readonly #buckets = new Map<string, StoredBucket>();

  /** The caller holds the lock of the state. @throws SealroomError LOCAL_STATE if a stored object is damaged */
  constructor(directory: string) {
    this.#directory = directory;
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    for (const name of readdirSync(directory)) {
      const path = join(directory, name);
      if (!BUCKET_NAME.test(name)) throw new SealroomError("LOCAL_STATE", { file: path });
      this.#load(name, readBucketFile(path));
    }
  }

  get sorted(): readonly Bucket[] {
    const buckets = [...this.#buckets.values()].map(({ bucket }) => bucket);
    return buckets.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** @throws AwsError NoSuchBucket */
  get(name: string): StoredBucket {
    const stored = this.#buckets.get(name);
    if (stored === undefined) throw new AwsError("NoSuchBucket", 404, "The specified bucket does not exist");
    return stored;
  }

  /** @throws AwsError InvalidBucketName, BucketAlreadyOwnedByYou */
  create(name: string, nowMs: number): void {
    if (!BUCKET_NAME.test(name)) {
      throw new AwsError("InvalidBucketName", 400, "The specified bucket is not valid.");
    }
    if (this.#buckets.has(name)) {
      throw new AwsError("BucketAlreadyOwnedByYou", 409, "The bucket exists already, and it is yours.");
    }
    const directory = join(this.#directory, name);
    mkdirSync(directory, { mode: 0o700 });
    const state: BucketState = { createdMs: nowMs, versioning: "Off" };
    writeBucketFile(directory, state);
    this.#load(name, state);
  }

  /** @throws AwsError NoSuchBucket, BucketNotEmpty */
  delete(name: string): void {
    const { bucket, uploads } = this.get(name);
    // Also if all that is left of a key is an old version, or a delete marker.
    if (bucket.allKeys.length > 0 || !uploads.isEmpty) {
      throw new AwsError("BucketNotEmpty", 409, "The bucket you tried to delete is not empty");
    }
    this.#buckets.delete(name);
    rmSync(bucket.directory, { recursive: true });
  }

  #load(name: string, state: BucketState): void {
    const bucket = new Bucket(name, join(this.#directory, name), state);
    const uploads = new Uploads(bucket.directory);
    bucket.load();
    uploads.load();
    this.#buckets.set(name, { bucket, uploads });
  }
}
