// What S3 does with single objects, as the AWS SDK with its defaults sees it: bodies, checksums, ranges, conditions.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { after, before, test } from "node:test";

import {
  CopyObjectCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadBucketCommand,
  ListObjectsV2Command,
  paginateListObjectsV2,
} from "@aws-sdk/client-s3";
import type { ChecksumAlgorithm } from "@aws-sdk/client-s3";

import { refusal } from "../rig.ts";
import { Endpoint } from "./endpoint.ts";

let endpoint: Endpoint;

before(async () => {
  endpoint = await Endpoint.open();
});
after(() => endpoint.close());

test("gives back the bytes that were put, and the checksum that the SDK adds by itself", async () => {
  const body = randomBytes(300_000);
  const { ChecksumCRC32, ETag } = await endpoint.put("bytes", body);
  assert.ok(ChecksumCRC32);
  const answer = await endpoint.get("bytes");
  assert.equal(answer.ChecksumCRC32, ChecksumCRC32);
  assert.equal(answer.ETag, ETag);
  assert.deepEqual(Buffer.from((await answer.Body?.transformToByteArray()) ?? []), body);
});

test("keeps an empty object", async () => {
  await endpoint.put("empty", "");
  assert.equal((await endpoint.read("empty")).length, 0);
  assert.equal((await endpoint.head("empty")).ContentLength, 0);
});

test("takes a body of 64 MiB from a stream and streams it back", async () => {
  const chunk = randomBytes(1 << 20);
  function* chunks() {
    for (let index = 0; index < 64; index++) yield chunk;
  }
  const sent = createHash("sha256");
  for (const part of chunks()) sent.update(part);
  const Body = Readable.from(chunks(), { objectMode: false });
  const { ChecksumCRC32 } = await endpoint.put("long", Body, { ContentLength: 64 << 20 });
  // In a trailer behind the chunks: the SDK knows it only when all is sent.
  assert.ok(ChecksumCRC32);
  const received = createHash("sha256");
  for await (const part of (await endpoint.get("long")).Body as Readable) received.update(part as Buffer);
  assert.equal(received.digest("hex"), sent.digest("hex"));
});

test("keeps content type, encoding and metadata, and says them on HEAD", async () => {
  await endpoint.put("described", "x", {
    ContentType: "application/vnd.apache.arrow.file",
    ContentEncoding: "gzip",
    CacheControl: "no-store",
    Metadata: { rows: "12", note: "a b" },
  });
  const head = await endpoint.head("described");
  assert.equal(head.ContentType, "application/vnd.apache.arrow.file");
  assert.equal(head.ContentEncoding, "gzip");
  assert.equal(head.CacheControl, "no-store");
  assert.deepEqual(head.Metadata, { rows: "12", note: "a b" });
  assert.equal(head.ContentLength, 1);
});

for (const algorithm of ["CRC32", "CRC32C", "SHA1", "SHA256"] satisfies ChecksumAlgorithm[]) {
  test(`verifies a ${algorithm} and gives it back when it is asked for`, async () => {
    const made = await endpoint.put(algorithm, "body", { ChecksumAlgorithm: algorithm });
    const field = `Checksum${algorithm}` as const;
    assert.ok(made[field]);
    assert.equal((await endpoint.head(algorithm, { ChecksumMode: "ENABLED" }))[field], made[field]);
    assert.equal((await endpoint.head(algorithm))[field], undefined);
    assert.equal(await endpoint.readText(algorithm, { ChecksumMode: "ENABLED" }), "body");
  });
}

test("refuses a body that is not what its checksum says, and keeps nothing", async () => {
  const sha256 = createHash("sha256").update("other").digest("base64");
  const md5 = createHash("md5").update("other").digest("base64");
  await assert.rejects(endpoint.put("wrong", "body", { ChecksumSHA256: sha256 }), refusal("BadDigest", 400));
  await assert.rejects(endpoint.put("wrong", "body", { ContentMD5: md5 }), refusal("BadDigest", 400));
  await assert.rejects(endpoint.head("wrong"), refusal("NotFound", 404));
});

test("serves ranges from the front, up to the end, and as a suffix", async () => {
  const body = randomBytes(100_000);
  await endpoint.put("ranged", body);
  for (const [Range, start, end] of [
    ["bytes=0-0", 0, 1],
    ["bytes=65535-65537", 65_535, 65_538],
    ["bytes=99999-", 99_999, 100_000],
    ["bytes=99000-5000000", 99_000, 100_000],
    ["bytes=-1", 99_999, 100_000],
    ["bytes=-30000", 70_000, 100_000],
    ["bytes=-200000", 0, 100_000],
  ] as const) {
    const answer = await endpoint.get("ranged", { Range });
    assert.equal(answer.$metadata.httpStatusCode, 206, Range);
    assert.equal(answer.ContentRange, `bytes ${start}-${end - 1}/100000`, Range);
    const bytes = Buffer.from((await answer.Body?.transformToByteArray()) ?? []);
    assert.deepEqual(bytes, body.subarray(start, end), Range);
  }
});

test("refuses a range that begins behind the end", async () => {
  await endpoint.put("short", "abc");
  await assert.rejects(endpoint.get("short", { Range: "bytes=3-" }), refusal("InvalidRange", 416));
});

test("reads only if the tag is the one named, or is not", async () => {
  const { ETag } = await endpoint.put("tagged", "x");
  assert.equal(await endpoint.readText("tagged", { IfMatch: ETag }), "x");
  await assert.rejects(endpoint.get("tagged", { IfMatch: '"other"' }), refusal("PreconditionFailed", 412));
  await assert.rejects(
    endpoint.get("tagged", { IfNoneMatch: ETag }),
    (error: { $metadata?: { httpStatusCode?: number } }) => error.$metadata?.httpStatusCode === 304,
  );
});

test("creates a key only where there is none, if asked so", async () => {
  await endpoint.put("once", "first", { IfNoneMatch: "*" });
  const again = endpoint.put("once", "second", { IfNoneMatch: "*" });
  await assert.rejects(again, refusal("PreconditionFailed", 412));
  assert.equal(await endpoint.readText("once"), "first");
});

test("lets one of several racing writers create a key", async () => {
  const outcomes = await Promise.allSettled(
    Array.from({ length: 6 }, (_, index) => endpoint.put("raced", `writer ${index}`, { IfNoneMatch: "*" })),
  );
  const winners = outcomes.flatMap(({ status }, index) => (status === "fulfilled" ? [index] : []));
  assert.equal(winners.length, 1);
  assert.equal(await endpoint.readText("raced"), `writer ${winners[0]}`);
});

test("replaces a key only if it is still what was read, if asked so", async () => {
  const { ETag } = await endpoint.put("matched", "first");
  await endpoint.put("matched", "second", { IfMatch: ETag });
  await assert.rejects(
    endpoint.put("matched", "third", { IfMatch: ETag }),
    refusal("PreconditionFailed", 412),
  );
  await assert.rejects(endpoint.put("absent", "x", { IfMatch: ETag }), refusal("NoSuchKey", 404));
  assert.equal(await endpoint.readText("matched"), "second");
});

test("deletes a key, also one that is not there, and does not know it afterwards", async () => {
  await endpoint.put("gone", "x");
  await endpoint.s3.send(new DeleteObjectCommand(endpoint.at("gone")));
  await assert.rejects(endpoint.get("gone"), refusal("NoSuchKey", 404));
  await assert.rejects(endpoint.head("gone"), refusal("NotFound", 404));
  await endpoint.s3.send(new DeleteObjectCommand(endpoint.at("gone")));
});

test("deletes many keys at once, and is quiet about it if asked so", async () => {
  const names = ["m/1", "m/2 &<>", "m/ü"];
  for (const name of names) await endpoint.put(name, name);
  const remove = (Quiet: boolean, ...some: string[]) =>
    endpoint.s3.send(
      new DeleteObjectsCommand({
        Bucket: endpoint.bucket,
        Delete: { Quiet, Objects: some.map((name) => ({ Key: endpoint.prefix + name })) },
      }),
    );
  const loud = await remove(false, "m/1", "m/2 &<>");
  assert.deepEqual(loud.Deleted?.map(({ Key }) => Key?.slice(endpoint.prefix.length)).sort(), [
    "m/1",
    "m/2 &<>",
  ]);
  const quiet = await remove(true, "m/ü");
  assert.deepEqual(quiet.Deleted ?? [], []);
  assert.equal((await list("m/")).length, 0);
});

test("copies an object with its metadata, or with new ones", async () => {
  await endpoint.put("source ü", "copied", { Metadata: { a: "1" }, ContentType: "text/plain" });
  const CopySource = `${endpoint.bucket}/${encodeURIComponent(endpoint.at("source ü").Key)}`;
  const copy = (name: string, more: object = {}) =>
    endpoint.s3.send(new CopyObjectCommand({ ...endpoint.at(name), CopySource, ...more }));
  const { CopyObjectResult } = await copy("copy");
  await copy("copy2", { MetadataDirective: "REPLACE", Metadata: { b: "2" } });
  const head = await endpoint.head("copy");
  assert.deepEqual(head.Metadata, { a: "1" });
  assert.equal(head.ETag, CopyObjectResult?.ETag);
  assert.deepEqual((await endpoint.head("copy2")).Metadata, { b: "2" });
  assert.equal(await endpoint.readText("copy2"), "copied");
  await assert.rejects(copy("source ü"), refusal("InvalidRequest", 400));
});

test("copies only if the source is still what was read, if asked so", async () => {
  const { ETag } = await endpoint.put("origin", "x");
  const CopySource = `${endpoint.bucket}/${endpoint.at("origin").Key}`;
  const copy = (CopySourceIfMatch: string | undefined) =>
    endpoint.s3.send(new CopyObjectCommand({ ...endpoint.at("guarded"), CopySource, CopySourceIfMatch }));
  await assert.rejects(copy('"other"'), refusal("PreconditionFailed", 412));
  await assert.rejects(endpoint.head("guarded"), refusal("NotFound", 404));
  await copy(ETag);
  assert.equal(await endpoint.readText("guarded"), "x");
});

const KEYS = ["a", "a/b/c", "a/b/d", "a//b", "a b+c%2F", "b", "quote'\"<>&", "ünï/中文/🙂", "z"];

test("lists keys by their bytes, in pages of any size", async () => {
  for (const key of KEYS) await endpoint.put(`l/${key}`, key);
  const expected = KEYS.toSorted((x, y) => Buffer.compare(Buffer.from(x), Buffer.from(y)));
  for (const pageSize of [1, 2, 4, 1000]) {
    const found: string[] = [];
    const query = { Bucket: endpoint.bucket, Prefix: `${endpoint.prefix}l/` };
    for await (const page of paginateListObjectsV2({ client: endpoint.s3, pageSize }, query)) {
      assert.ok((page.Contents ?? []).length <= pageSize);
      for (const { Key = "" } of page.Contents ?? []) found.push(Key.slice(endpoint.prefix.length + 2));
    }
    assert.deepEqual(found, expected);
  }
});

test("rolls keys up at a delimiter, and begins after a key", async () => {
  for (const key of KEYS) await endpoint.put(`l/${key}`, key);
  const Prefix = `${endpoint.prefix}l/`;
  const query = { Bucket: endpoint.bucket, Prefix };
  const rolled = await endpoint.s3.send(new ListObjectsV2Command({ ...query, Delimiter: "/" }));
  const cut = (text = "") => text.slice(Prefix.length);
  assert.deepEqual(
    rolled.CommonPrefixes?.map(({ Prefix: common }) => cut(common)),
    ["a/", "ünï/"],
  );
  assert.equal(
    rolled.Contents?.some(({ Key }) => cut(Key) === "a"),
    true,
  );
  const later = await endpoint.s3.send(new ListObjectsV2Command({ ...query, StartAfter: `${Prefix}b` }));
  assert.equal(cut(later.Contents?.[0]?.Key), "quote'\"<>&");
});

test("refuses a request signed with another secret", async () => {
  const { accessKeyId, sessionToken } = await endpoint.s3.config.credentials();
  const secretAccessKey = "x".repeat(40);
  const credentials = {
    accessKeyId,
    secretAccessKey,
    ...(sessionToken === undefined ? {} : { sessionToken }),
  };
  const stranger = endpoint.client({ credentials });
  await endpoint.put("signed", "x");
  await assert.rejects(
    stranger.send(new GetObjectCommand(endpoint.at("signed"))),
    refusal("SignatureDoesNotMatch", 403),
  );
});

test("does not know a bucket that was never made", async () => {
  const Bucket = `never-${randomBytes(12).toString("hex")}`;
  await endpoint.s3.send(new HeadBucketCommand({ Bucket: endpoint.bucket }));
  await assert.rejects(
    endpoint.s3.send(new GetObjectCommand({ Bucket, Key: "x" })),
    refusal("NoSuchBucket", 404),
  );
});

async function list(below: string): Promise<readonly string[]> {
  const query = { Bucket: endpoint.bucket, Prefix: endpoint.prefix + below };
  const { Contents = [] } = await endpoint.s3.send(new ListObjectsV2Command(query));
  return Contents.map(({ Key = "" }) => Key);
}
