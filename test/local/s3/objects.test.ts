// Objects of the local S3 through the unmodified AWS client.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";

import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketLocationCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import type { GetObjectCommandOutput, S3Client } from "@aws-sdk/client-s3";
import fc from "fast-check";

import { findRange } from "../../../local/s3/range.ts";
import { AwsError } from "../../../local/aws-error.ts";
import { Cleanups } from "../kms/rig.ts";
import { BUCKET, refusal, startS3Rig } from "./rig.ts";
import type { S3Rig } from "./rig.ts";

const cleanups = new Cleanups();
let rig: S3Rig;
let s3: S3Client;

before(async () => {
  rig = await startS3Rig(cleanups);
  s3 = rig.client();
});
after(() => cleanups.run());

const put = (Key: string, Body: string | Uint8Array, more: object = {}) =>
  s3.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body, ...more }));
const get = (Key: string, more: object = {}) =>
  s3.send(new GetObjectCommand({ Bucket: BUCKET, Key, ...more }));
const head = (Key: string, more: object = {}) =>
  s3.send(new HeadObjectCommand({ Bucket: BUCKET, Key, ...more }));
const bytesOf = async (answer: GetObjectCommandOutput) =>
  Buffer.from((await answer.Body?.transformToByteArray()) ?? []);

test("gives back what was put, with type, metadata, entity tag, date and length", async () => {
  const body = randomBytes(300_000);
  const etag = `"${createHash("md5").update(body).digest("hex")}"`;
  const made = await put("object", body, {
    ContentType: "application/vnd.apache.arrow.file",
    CacheControl: "no-store",
    Metadata: { rows: "12", note: "a b" },
  });
  assert.equal(made.ETag, etag);
  const answers = [await get("object"), await head("object")];
  for (const answer of answers) {
    assert.equal(answer.ContentType, "application/vnd.apache.arrow.file");
    assert.equal(answer.CacheControl, "no-store");
    assert.deepEqual(answer.Metadata, { rows: "12", note: "a b" });
    assert.equal(answer.ETag, etag);
    assert.equal(answer.ContentLength, body.length);
    assert.equal(answer.LastModified?.getTime(), Math.floor(rig.time.nowMs / 1000) * 1000);
  }
  assert.deepEqual(answers[0] && (await bytesOf(answers[0])), body);
});

test("keeps an empty object", async () => {
  await put("empty", "");
  assert.equal((await bytesOf(await get("empty"))).length, 0);
  assert.equal((await head("empty")).ContentLength, 0);
});

test("replaces an object whole, and a reader of the old one reads the old one", async () => {
  const [old, fresh] = [randomBytes(8 << 20), randomBytes(1000)];
  await put("replaced", old);
  const reading = await get("replaced");
  await put("replaced", fresh);
  assert.deepEqual(await bytesOf(reading), old);
  assert.deepEqual(await bytesOf(await get("replaced")), fresh);
});

const RANGES: readonly (readonly [string, number, number])[] = [
  ["bytes=0-0", 0, 1],
  ["bytes=0-9", 0, 10],
  ["bytes=262143-262145", 262_143, 262_146],
  ["bytes=999999-", 999_999, 1_000_000],
  ["bytes=999990-5000000", 999_990, 1_000_000],
  ["bytes=-1", 999_999, 1_000_000],
  ["bytes=-300000", 700_000, 1_000_000],
  ["bytes=-2000000", 0, 1_000_000],
  ["bytes=0-999999", 0, 1_000_000],
];

test("serves ranges from the front and from the end", async () => {
  const body = randomBytes(1_000_000);
  await put("ranged", body);
  for (const [Range, start, end] of RANGES) {
    const answer = await get("ranged", { Range });
    assert.equal(answer.$metadata.httpStatusCode, 206, Range);
    assert.equal(answer.ContentRange, `bytes ${start}-${end - 1}/1000000`, Range);
    assert.equal(answer.ContentLength, end - start, Range);
    assert.deepEqual(await bytesOf(answer), body.subarray(start, end), Range);
  }
  assert.equal((await head("ranged", { Range: "bytes=5-9" })).ContentLength, 5);
});

test("answers 416 to a range that the object does not have", async () => {
  await put("short", "abc");
  for (const Range of ["bytes=3-", "bytes=3-5", "bytes=-0", "bytes=9999999999-"]) {
    await assert.rejects(get("short", { Range }), refusal("InvalidRange", 416));
  }
  await put("none", "");
  await assert.rejects(get("none", { Range: "bytes=0-" }), refusal("InvalidRange", 416));
});

test("passes over what is no range, and refuses several", async () => {
  await put("short", "abc");
  for (const Range of ["bytes=2-1", "bytes=a-b", "bytes=", "lines=0-1", "bytes=-"]) {
    const answer = await get("short", { Range });
    assert.equal(answer.$metadata.httpStatusCode, 200, Range);
  }
  await assert.rejects(get("short", { Range: "bytes=0-0,2-2" }), refusal("NotImplemented", 501));
});

test("reads every range as slicing does", () => {
  const bound = fc.option(fc.nat(40), { nil: null });
  fc.assert(
    fc.property(fc.nat(30), bound, bound, (size, first, last) => {
      const header = `bytes=${first ?? ""}-${last ?? ""}`;
      const bytes = Array.from({ length: size }, (_, index) => index);
      const naive =
        first === null
          ? last === null
            ? bytes
            : bytes.filter((at) => at >= size - last)
          : last !== null && last < first
            ? bytes
            : bytes.filter((at) => at >= first && (last === null || at <= last));
      const isWhole = (first === null && last === null) || (first !== null && last !== null && last < first);
      if (naive.length === 0 && !isWhole) {
        assert.throws(
          () => findRange(header, size),
          (error) => error instanceof AwsError && error.status === 416,
        );
      } else {
        const range = findRange(header, size);
        assert.equal(range === null, isWhole);
        assert.deepEqual(range === null ? bytes : bytes.slice(range.start, range.end), naive);
      }
    }),
    { numRuns: 1000 },
  );
});

const ODD_KEYS = [
  "a/b/c",
  "a//b",
  "/leading",
  "trailing/",
  ".",
  "..",
  "../../etc/passwd",
  "./x",
  "a b",
  "a+b",
  "a%2Fb",
  "a%20b",
  "%",
  "?query=1&x",
  "#fragment",
  "quote'\"<>&",
  "back\\slash",
  "ünïcödé/中文/🙂",
  "\u00e9 composed",
  "e\u0301 decomposed",
  "tab\tkey",
  "con\u0001trol",
  "!*'()~-_.;:@,$=",
  "UPPER",
  "upper",
  "x".repeat(1024),
  "é".repeat(512),
  "index.html",
  "__proto__",
  "constructor",
];

test("keeps every odd key apart from every other, and none outside its directory", async () => {
  const Bucket = "odd-keys";
  await s3.send(new CreateBucketCommand({ Bucket }));
  for (const Key of ODD_KEYS) await s3.send(new PutObjectCommand({ Bucket, Key, Body: `body of ${Key}` }));
  for (const Key of ODD_KEYS) {
    const answer = await s3.send(new GetObjectCommand({ Bucket, Key }));
    assert.equal(await answer.Body?.transformToString(), `body of ${Key}`);
  }
  const listed = await s3.send(new ListObjectsV2Command({ Bucket, EncodingType: "url" }));
  const keys = (listed.Contents ?? []).map(({ Key }) => decodeURIComponent(Key ?? ""));
  assert.deepEqual(
    keys,
    [...ODD_KEYS].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
  );
  const below = await readdir(rig.directory, { recursive: true });
  assert.deepEqual(
    below.filter((name) => /passwd|leading|index/.test(name)),
    [],
  );
  assert.deepEqual((await readdir(rig.directory)).sort(), ["credentials.json", "s3"]);
});

test("refuses a key that is too long", async () => {
  await assert.rejects(put("x".repeat(1025), ""), refusal("KeyTooLongError"));
  await assert.rejects(put("é".repeat(513), ""), refusal("KeyTooLongError"));
});

test("does not know what was never put, or was deleted", async () => {
  await assert.rejects(get("never"), refusal("NoSuchKey", 404));
  await assert.rejects(head("never"), refusal("NotFound", 404));
  await put("gone", "x");
  await s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: "gone" }));
  await assert.rejects(get("gone"), refusal("NoSuchKey"));
  await s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: "gone" }));
});

test("deletes many at once", async () => {
  const keys = ["m/1", "m/2 &<>", "m/ü"];
  for (const key of keys) await put(key, key);
  const Objects = [...keys, "m/none"].map((Key) => ({ Key }));
  const answer = await s3.send(new DeleteObjectsCommand({ Bucket: BUCKET, Delete: { Objects } }));
  assert.deepEqual(
    answer.Deleted?.map(({ Key }) => Key),
    Objects.map(({ Key }) => Key),
  );
  assert.equal((await s3.send(new ListObjectsV2Command({ Bucket: BUCKET, Prefix: "m/" }))).KeyCount, 0);
});

test("deletes among many only what its own condition and version allow, and says what it did not", async () => {
  const { ETag } = await put("kept", "x");
  const Objects = [
    { Key: "kept", ETag: '"other"' },
    { Key: "kept", VersionId: "1" },
  ];
  const remove = (entries: typeof Objects) =>
    s3.send(new DeleteObjectsCommand({ Bucket: BUCKET, Delete: { Objects: entries } }));
  const { Deleted, Errors } = await remove(Objects);
  assert.deepEqual(Deleted ?? [], []);
  assert.deepEqual(
    Errors?.map(({ Key, Code, VersionId }) => [Key, Code, VersionId]),
    [
      ["kept", "PreconditionFailed", undefined],
      ["kept", "InvalidArgument", "1"],
    ],
  );
  assert.ok(await head("kept"));
  assert.equal((await remove([{ Key: "kept", ETag: ETag ?? "" }])).Deleted?.length, 1);
  await assert.rejects(head("kept"), refusal("NotFound"));
});

test("deletes none of many if one has a condition that it does not know", async () => {
  await put("kept", "x");
  const Objects = [{ Key: "kept" }, { Key: "kept", Size: 1 }];
  await assert.rejects(
    s3.send(new DeleteObjectsCommand({ Bucket: BUCKET, Delete: { Objects } })),
    refusal("MalformedXML"),
  );
  assert.ok(await head("kept"));
});

test("creates a key only where there is none, if asked so", async () => {
  await put("once", "first", { IfNoneMatch: "*" });
  await assert.rejects(put("once", "second", { IfNoneMatch: "*" }), refusal("PreconditionFailed", 412));
  assert.equal(await (await get("once")).Body?.transformToString(), "first");
});

test("replaces a key only if it is still the one that was read, if asked so", async () => {
  const { ETag } = await put("matched", "first");
  await put("matched", "second", { IfMatch: ETag });
  await assert.rejects(put("matched", "third", { IfMatch: ETag }), refusal("PreconditionFailed", 412));
  await assert.rejects(put("absent", "x", { IfMatch: ETag }), refusal("NoSuchKey", 404));
  assert.equal(await (await get("matched")).Body?.transformToString(), "second");
});

test("lets one of many racing writers create a key", async () => {
  const outcomes = await Promise.allSettled(
    Array.from({ length: 12 }, (_, index) => put("raced", `writer ${index}`, { IfNoneMatch: "*" })),
  );
  const winners = outcomes.flatMap(({ status }, index) => (status === "fulfilled" ? [index] : []));
  assert.equal(winners.length, 1);
  assert.equal(await (await get("raced")).Body?.transformToString(), `writer ${winners[0]}`);
});

test("deletes a key only if it is still the one that was read, if asked so", async () => {
  const { ETag } = await put("delete-matched", "first");
  const remove = (IfMatch: string | undefined) =>
    s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: "delete-matched", IfMatch }));
  await assert.rejects(remove('"other"'), refusal("PreconditionFailed", 412));
  await remove(ETag);
  await assert.rejects(head("delete-matched"), refusal("NotFound"));
});

test("reads under conditions of tag and date", async () => {
  const { ETag } = await put("conditional", "x");
  const earlier = new Date(rig.time.nowMs - 60_000);
  const later = new Date(rig.time.nowMs + 60_000);
  for (const more of [
    { IfMatch: ETag },
    { IfMatch: "*" },
    { IfNoneMatch: '"other"' },
    { IfModifiedSince: earlier },
    { IfUnmodifiedSince: later },
    { IfMatch: ETag, IfUnmodifiedSince: earlier },
  ]) {
    assert.equal((await get("conditional", more)).$metadata.httpStatusCode, 200);
  }
  for (const more of [{ IfMatch: '"other"' }, { IfUnmodifiedSince: earlier }]) {
    await assert.rejects(get("conditional", more), refusal("PreconditionFailed", 412));
  }
  for (const more of [{ IfNoneMatch: ETag }, { IfModifiedSince: later }]) {
    await assert.rejects(get("conditional", more), (error: { $metadata?: { httpStatusCode?: number } }) => {
      return error.$metadata?.httpStatusCode === 304;
    });
  }
});

test("copies an object with its metadata, or with new ones", async () => {
  await put("source ü", "copied", { Metadata: { a: "1" }, ContentType: "text/plain" });
  const CopySource = `${BUCKET}/${encodeURIComponent("source ü")}`;
  const copy = (Key: string, more: object = {}) =>
    s3.send(new CopyObjectCommand({ Bucket: BUCKET, Key, CopySource, ...more }));
  await copy("copy");
  await copy("copy2", { MetadataDirective: "REPLACE", Metadata: { b: "2" } });
  assert.deepEqual((await head("copy")).Metadata, { a: "1" });
  assert.deepEqual((await head("copy2")).Metadata, { b: "2" });
  assert.equal(await (await get("copy2")).Body?.transformToString(), "copied");
  await assert.rejects(copy("source ü"), refusal("InvalidRequest"));
  await assert.rejects(
    s3.send(new CopyObjectCommand({ Bucket: BUCKET, Key: "x", CopySource: `${BUCKET}/never` })),
    refusal("NoSuchKey"),
  );
});

test("makes, lists, finds and deletes buckets", async () => {
  const Bucket = "another.bucket-1";
  await s3.send(
    new CreateBucketCommand({ Bucket, CreateBucketConfiguration: { LocationConstraint: "eu-central-1" } }),
  );
  await s3.send(new HeadBucketCommand({ Bucket }));
  await s3.send(new GetBucketLocationCommand({ Bucket }));
  const names = ((await s3.send(new ListBucketsCommand({}))).Buckets ?? []).map(({ Name }) => Name);
  assert.ok(names.includes(Bucket) && names.includes(BUCKET));
  await assert.rejects(s3.send(new CreateBucketCommand({ Bucket })), refusal("BucketAlreadyOwnedByYou", 409));
  await s3.send(new PutObjectCommand({ Bucket, Key: "x", Body: "x" }));
  await assert.rejects(s3.send(new DeleteBucketCommand({ Bucket })), refusal("BucketNotEmpty", 409));
  await s3.send(new DeleteObjectCommand({ Bucket, Key: "x" }));
  await s3.send(new DeleteBucketCommand({ Bucket }));
  await assert.rejects(s3.send(new HeadBucketCommand({ Bucket })), refusal("NotFound", 404));
  await assert.rejects(s3.send(new GetObjectCommand({ Bucket, Key: "x" })), refusal("NoSuchBucket", 404));
});

test("refuses bucket names that S3 refuses", async () => {
  for (const path of [
    "ab",
    "Upper",
    "under_score",
    "-dash",
    "dot.",
    "a..b",
    "1.2.3.4",
    "x".repeat(64),
    "..%2F..%2Fx",
  ]) {
    const answer = await rig.send({ method: "PUT", path: `/${path}` });
    assert.equal(answer.code, "InvalidBucketName", path);
  }
});

test("refuses what it would not do: encryption, storage classes, access lists, tags, parts", async () => {
  for (const more of [
    { ServerSideEncryption: "aws:kms" as const },
    { StorageClass: "GLACIER" as const },
    { ACL: "public-read" as const },
    { Tagging: "a=b" },
    { ExpectedBucketOwner: "111111111111" },
  ]) {
    await assert.rejects(put("refused", "x", more), refusal("NotImplemented", 501));
  }
  await put("whole", "x");
  await assert.rejects(get("whole", { PartNumber: 1 }), refusal("NotImplemented", 501));
  await assert.rejects(get("whole", { ResponseContentType: "x" }), refusal("NotImplemented", 501));
  await assert.rejects(head("refused"), refusal("NotFound"));
});

test("refuses metadata past 2 KiB", async () => {
  await put("meta", "x", { Metadata: { a: "x".repeat(2047) } });
  await assert.rejects(put("meta", "x", { Metadata: { a: "x".repeat(2048) } }), refusal("MetadataTooLarge"));
});

test("lets only principals that may", async () => {
  const analyst = rig.client({ credentials: { ...rig.credentials.analyst } });
  const enclave = rig.client({ credentials: { ...rig.credentials.enclave } });
  await put("shared", "x");
  await enclave.send(new GetObjectCommand({ Bucket: BUCKET, Key: "shared" }));
  for (const attempt of [
    () => analyst.send(new GetObjectCommand({ Bucket: BUCKET, Key: "shared" })),
    () => analyst.send(new PutObjectCommand({ Bucket: BUCKET, Key: "shared", Body: "y" })),
    () => analyst.send(new ListObjectsV2Command({ Bucket: BUCKET })),
    () => analyst.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: "shared" })),
  ]) {
    await assert.rejects(attempt(), refusal("AccessDenied", 403));
  }
});

test("leaves no draft behind, whether a write came through or not", async () => {
  await put("draft", "x");
  await assert.rejects(put("draft", "y", { IfNoneMatch: "*" }), refusal("PreconditionFailed"));
  await assert.rejects(put("draft", "y", { ChecksumCRC32: "AAAAAA==" }), refusal("BadDigest"));
  assert.deepEqual(await readdir(join(rig.directory, "s3", "buckets", BUCKET, "drafts")), []);
});
