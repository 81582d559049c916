// Where the checks of S3's behaviour are run: against the local S3, or against any other that the environment names
// (docs/local.md). Each file works under a prefix of its own and leaves nothing there.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import type { Readable } from "node:stream";

import {
  AbortMultipartUploadCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import type {
  GetObjectCommandInput,
  GetObjectCommandOutput,
  HeadObjectCommandOutput,
  ListObjectVersionsCommandInput,
  ListObjectVersionsCommandOutput,
  PutObjectCommandInput,
  PutObjectCommandOutput,
  S3ClientConfig,
} from "@aws-sdk/client-s3";

import { Cleanups } from "../../kms/rig.ts";
import { BUCKET, startS3Rig } from "../rig.ts";

/** A version or a delete marker, as ListObjectVersions has it. */
export interface ListedVersion {
  readonly Key: string;
  readonly VersionId: string;
  readonly IsLatest: boolean;
  readonly isMarker: boolean;
}

export class Endpoint {
  readonly bucket: string;
  /** Of every key that the file uses. */
  readonly prefix: string = `sealroom-check/${randomBytes(8).toString("hex")}/`;
  readonly s3: S3Client;
  readonly #config: S3ClientConfig;
  readonly #cleanups: Cleanups;

  private constructor(bucket: string, config: S3ClientConfig, cleanups: Cleanups) {
    this.bucket = bucket;
    this.#config = config;
    this.#cleanups = cleanups;
    this.s3 = this.client({});
  }

  static async open(): Promise<Endpoint> {
    const cleanups = new Cleanups();
    const {
      SEALROOM_S3_ENDPOINT: endpoint,
      SEALROOM_S3_REGION: region,
      SEALROOM_S3_BUCKET: bucket,
    } = process.env;
    if (endpoint === undefined) {
      const rig = await startS3Rig(cleanups);
      const credentials = { ...rig.credentials.owner };
      return new Endpoint(
        BUCKET,
        { endpoint: rig.s3.endpoint, region: "eu-central-1", credentials },
        cleanups,
      );
    }
    assert.ok(
      region && bucket,
      "SEALROOM_S3_ENDPOINT needs SEALROOM_S3_REGION and SEALROOM_S3_BUCKET beside it",
    );
    // Credentials are found as the SDK finds them: environment, profile, role.
    return new Endpoint(bucket, { endpoint, region }, cleanups);
  }

  /** All else as the SDK has it by default: checksums, retries, chunked uploads. */
  client(change: S3ClientConfig): S3Client {
    const client = new S3Client({ ...this.#config, forcePathStyle: true, ...change });
    this.#cleanups.after(() => {
      client.destroy();
    });
    return client;
  }

  at(name: string): { readonly Bucket: string; readonly Key: string } {
    return { Bucket: this.bucket, Key: this.prefix + name };
  }

  put(
    name: string,
    Body: string | Uint8Array | Readable,
    more: Partial<PutObjectCommandInput> = {},
  ): Promise<PutObjectCommandOutput> {
    return this.s3.send(new PutObjectCommand({ ...this.at(name), Body, ...more }));
  }

  get(name: string, more: Partial<GetObjectCommandInput> = {}): Promise<GetObjectCommandOutput> {
    return this.s3.send(new GetObjectCommand({ ...this.at(name), ...more }));
  }

  /** Reading to the end makes the SDK compare the checksum, where it asked for one. */
  async read(name: string, more: Partial<GetObjectCommandInput> = {}): Promise<Buffer> {
    const { Body } = await this.get(name, more);
    return Buffer.from((await Body?.transformToByteArray()) ?? []);
  }

  async readText(name: string, more: Partial<GetObjectCommandInput> = {}): Promise<string> {
    return (await this.read(name, more)).toString();
  }

  head(name: string, more: Partial<GetObjectCommandInput> = {}): Promise<HeadObjectCommandOutput> {
    return this.s3.send(new HeadObjectCommand({ ...this.at(name), ...more }));
  }

  /** Versions by key, newest first; of each page the delete markers after them. */
  async versions(below: string, MaxKeys = 1000): Promise<readonly ListedVersion[]> {
    const pages = await this.versionPages(below, MaxKeys);
    return pages.flat();
  }

  async versionPages(below: string, MaxKeys: number): Promise<readonly (readonly ListedVersion[])[]> {
    const pages: ListedVersion[][] = [];
    let marker: Pick<ListObjectVersionsCommandInput, "KeyMarker" | "VersionIdMarker"> | null = {};
    while (marker !== null) {
      const where: ListObjectVersionsCommandInput = {
        Bucket: this.bucket,
        Prefix: this.prefix + below,
        MaxKeys,
        ...marker,
      };
      const page: ListObjectVersionsCommandOutput = await this.s3.send(new ListObjectVersionsCommand(where));
      const entries = [
        ...(page.Versions ?? []).map((entry) => ({ ...entry, isMarker: false })),
        ...(page.DeleteMarkers ?? []).map((entry) => ({ ...entry, isMarker: true })),
      ];
      pages.push(
        entries.map(({ Key = "", VersionId = "", IsLatest = false, isMarker }) => ({
          Key: Key.slice(this.prefix.length),
          VersionId,
          IsLatest,
          isMarker,
        })),
      );
      marker =
        page.IsTruncated === true
          ? { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker }
          : null;
    }
    return pages;
  }

  /** Removes every version below the prefix and every upload under way, and closes what was opened. */
  async close(): Promise<void> {
    const found = await this.versions("");
    for (let at = 0; at < found.length; at += 1000) {
      const Objects = found
        .slice(at, at + 1000)
        .map(({ Key, VersionId }) => ({ Key: this.prefix + Key, VersionId }));
      await this.s3.send(new DeleteObjectsCommand({ Bucket: this.bucket, Delete: { Objects, Quiet: true } }));
    }
    const where = { Bucket: this.bucket, Prefix: this.prefix };
    const { Uploads = [] } = await this.s3.send(new ListMultipartUploadsCommand(where));
    for (const { Key, UploadId } of Uploads) {
      await this.s3.send(new AbortMultipartUploadCommand({ Bucket: this.bucket, Key, UploadId }));
    }
    const left = await this.versions("");
    await this.#cleanups.run();
    assert.deepEqual(left, []);
  }
}
