// Multipart uploads through the unmodified AWS client and its upload library.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { after, before, test } from "node:test";

import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListPartsCommand,
  PutObjectCommand,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import type { ChecksumAlgorithm, ChecksumType, CompletedPart, S3Client } from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";

import { Crc } from "../../../local/s3/crc.ts";
import { Cleanups } from "../kms/rig.ts";
import { BUCKET, refusal, startS3Rig } from "./rig.ts";
import type { S3Rig } from "./rig.ts";

const PART = 5 << 20;

const cleanups = new Cleanups();
let rig: S3Rig;
let s3: S3Client;

before(async () => {
  rig = await startS3Rig(cleanups);
  s3 = rig.client();
});
after(() => cleanups.run());

async function begin(Key: string, more: object = {}): Promise<string> {
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket: BUCKET, Key, ...more }));
  assert.ok(UploadId);
  return UploadId;
}

async function send(Key: string, UploadId: string, PartNumber: number, Body: Uint8Array, more: object = {}) {
  const command = new UploadPartCommand({ Bucket: BUCKET, Key, UploadId, PartNumber, Body, ...more });
  const { ETag, ChecksumCRC32, ChecksumSHA256, ChecksumCRC32C } = await s3.send(command);
  return { PartNumber, ETag, ChecksumCRC32, ChecksumSHA256, ChecksumCRC32C };
}

const complete = (Key: string, UploadId: string, Parts: CompletedPart[], more: object = {}) =>
  s3.send(
    new CompleteMultipartUploadCommand({
      Bucket: BUCKET,
      Key,
      UploadId,
      MultipartUpload: { Parts },
      ...more,
    }),
  );

async function read(Key: string, Range?: string): Promise<Buffer> {
  const answer = await s3.send(
    new GetObjectCommand({ Bucket: BUCKET, Key, ...(Range === undefined ? {} : { Range }) }),
  );
  return Buffer.from((await answer.Body?.transformToByteArray()) ?? []);
}

const md5 = (...parts: Uint8Array[]) => createHash("md5").update(Buffer.concat(parts)).digest();

test("puts parts together in the order of their numbers, whatever the order they came in", async () => {
  const [first, second, third] = [randomBytes(PART), randomBytes(PART + 1), randomBytes(10)];
  const id = await begin("ordered", { Metadata: { a: "1" }, ContentType: "text/plain" });
  const sent = [
    await send("ordered", id, 9, third),
    await send("ordered", id, 2, first),
    await send("ordered", id, 5, second),
  ];
  const parts = sent.toSorted((a, b) => a.PartNumber - b.PartNumber);
  const made = await complete("ordered", id, parts);
  const whole = Buffer.concat([first, second, third]);
  assert.deepEqual(await read("ordered"), whole);
  assert.deepEqual(
    await read("ordered", `bytes=${PART - 2}-${PART + 1}`),
    whole.subarray(PART - 2, PART + 2),
  );
  assert.equal(made.ETag, `"${md5(md5(first), md5(second), md5(third)).toString("hex")}-3"`);
  const head = await s3.send(new HeadObjectCommand({ Bucket: BUCKET, Key: "ordered" }));
  assert.deepEqual(head.Metadata, { a: "1" });
  assert.equal(head.ContentType, "text/plain");
  assert.equal(head.ETag, made.ETag);
});

test("streams an upload of unknown length through the upload library", async () => {
  const chunk = randomBytes(1 << 20);
  function* chunks() {
    for (let index = 0; index < 23; index++) yield chunk;
    yield Buffer.from("end");
  }
  const Body = Readable.from(chunks(), { objectMode: false });
  const upload = new Upload({ client: s3, params: { Bucket: BUCKET, Key: "library", Body }, partSize: PART });
  await upload.done();
  const whole = Buffer.concat([...chunks()]);
  assert.equal(Buffer.compare(await read("library"), whole), 0);
});

test("leaves out parts that the list does not name, and replaces a part sent twice", async () => {
  const id = await begin("chosen");
  await send("chosen", id, 1, Buffer.from("old"));
  const first = await send("chosen", id, 1, Buffer.from("new"));
  await send("chosen", id, 2, Buffer.from("left out"));
  await complete("chosen", id, [first]);
  assert.equal((await read("chosen")).toString(), "new");
});

test("lists the parts in pages", async () => {
  const id = await begin("listed");
  for (const number of [3, 1, 2]) await send("listed", id, number, Buffer.from(`part ${number}`));
  const list = (more: object = {}) =>
    s3.send(new ListPartsCommand({ Bucket: BUCKET, Key: "listed", UploadId: id, ...more }));
  const all = await list();
  assert.deepEqual(
    all.Parts?.map(({ PartNumber, Size }) => [PartNumber, Size]),
    [
      [1, 6],
      [2, 6],
      [3, 6],
    ],
  );
  const page = await list({ MaxParts: 2 });
  assert.equal(page.IsTruncated, true);
  const next = await list({ PartNumberMarker: page.NextPartNumberMarker });
  assert.deepEqual(
    next.Parts?.map(({ PartNumber }) => PartNumber),
    [3],
  );
  assert.equal(next.IsTruncated, false);
});

test("forgets an aborted upload with its parts", async () => {
  const id = await begin("aborted");
  const part = await send("aborted", id, 1, Buffer.from("x"));
  await s3.send(new AbortMultipartUploadCommand({ Bucket: BUCKET, Key: "aborted", UploadId: id }));
  const gone = refusal("NoSuchUpload", 404);
  await assert.rejects(send("aborted", id, 2, Buffer.from("x")), gone);
  await assert.rejects(complete("aborted", id, [part]), gone);
  await assert.rejects(
    s3.send(new AbortMultipartUploadCommand({ Bucket: BUCKET, Key: "aborted", UploadId: id })),
    gone,
  );
  const left = await readdir(join(rig.directory, "s3", "buckets", BUCKET, "uploads"));
  assert.equal(left.includes(id), false);
});

test("refuses an upload of another key, or one that never was", async () => {
  const id = await begin("mine");
  for (const [Key, UploadId] of [
    ["theirs", id],
    ["mine", "AAAA"],
    ["mine", "../mine"],
  ] as const) {
    await assert.rejects(send(Key, UploadId, 1, Buffer.from("x")), refusal("NoSuchUpload", 404));
  }
});

test("refuses to complete with parts that are not there, not the same, out of order or too small", async () => {
  const id = await begin("refused");
  const [small, last] = [
    await send("refused", id, 1, Buffer.from("x")),
    await send("refused", id, 2, Buffer.from("y")),
  ];
  const attempts: readonly (readonly [CompletedPart[], string])[] = [
    [[{ ...small, PartNumber: 3 }], "InvalidPart"],
    [[{ ...small, ETag: last.ETag }], "InvalidPart"],
    [[last, small], "InvalidPartOrder"],
    [[last, last], "InvalidPartOrder"],
    [[small, last], "EntityTooSmall"],
    [[], "MalformedXML"],
  ];
  for (const [parts, name] of attempts) await assert.rejects(complete("refused", id, parts), refusal(name));
  // A refusal costs nothing: the upload is still there to be completed.
  await complete("refused", id, [last]);
  assert.equal((await read("refused")).toString(), "y");
});

test("refuses part numbers that S3 does not have", async () => {
  const id = await begin("numbers");
  for (const number of [0, 10_001, -1]) {
    await assert.rejects(send("numbers", id, number, Buffer.from("x")), refusal("InvalidArgument"));
  }
  await send("numbers", id, 10_000, Buffer.from("x"));
});

const CHOICES: readonly (readonly [ChecksumAlgorithm, ChecksumType])[] = [
  ["CRC32", "COMPOSITE"],
  ["CRC32", "FULL_OBJECT"],
  ["CRC32C", "FULL_OBJECT"],
  ["SHA256", "COMPOSITE"],
];

for (const [algorithm, type] of CHOICES) {
  test(`keeps a ${type} checksum by ${algorithm} of the parts put together`, async () => {
    const Key = `sum-${algorithm}-${type}`;
    const [first, second] = [randomBytes(PART), randomBytes(100)];
    const id = await begin(Key, { ChecksumAlgorithm: algorithm, ChecksumType: type });
    const more = { ChecksumAlgorithm: algorithm };
    const parts = [await send(Key, id, 1, first, more), await send(Key, id, 2, second, more)];
    const field = `Checksum${algorithm}` as "ChecksumCRC32";
    const wrong = parts.map((part) => ({ ...part, [field]: "AAAAAA==" }));
    await assert.rejects(complete(Key, id, wrong), refusal("InvalidPart"));
    const made = await complete(Key, id, parts);
    const whole = Buffer.concat([first, second]);
    const head = await s3.send(new HeadObjectCommand({ Bucket: BUCKET, Key, ChecksumMode: "ENABLED" }));
    assert.equal(head.ChecksumType, type);
    assert.equal(head[field], made[field]);
    if (type === "COMPOSITE") {
      assert.match(made[field] ?? "", /-2$/);
    } else {
      const single = `single-${algorithm}`;
      const { [field]: expected } = await s3.send(
        new PutObjectCommand({ Bucket: BUCKET, Key: single, Body: whole, ChecksumAlgorithm: algorithm }),
      );
      assert.equal(made[field], expected);
    }
    assert.equal(Buffer.compare(await read(Key), whole), 0);
  });
}

test("refuses a checksum or a size of the whole that is not that of the parts", async () => {
  const body = Buffer.from("the only part");
  const id = await begin("whole", { ChecksumAlgorithm: "CRC32C", ChecksumType: "FULL_OBJECT" });
  const part = await send("whole", id, 1, body, { ChecksumAlgorithm: "CRC32C" });
  const crc = Crc.crc32c();
  crc.update(body);
  const ChecksumCRC32C = crc.digest().toString("base64");
  await assert.rejects(complete("whole", id, [part], { ChecksumCRC32C: "AAAAAA==" }), refusal("BadDigest"));
  await assert.rejects(complete("whole", id, [part], { MpuObjectSize: 12 }), refusal("InvalidRequest"));
  await complete("whole", id, [part], { ChecksumCRC32C, MpuObjectSize: body.length });
  assert.equal((await read("whole")).toString(), "the only part");
});

test("refuses a checksum type that the algorithm does not have", async () => {
  for (const more of [
    { ChecksumAlgorithm: "SHA256", ChecksumType: "FULL_OBJECT" },
    { ChecksumAlgorithm: "CRC64NVME", ChecksumType: "COMPOSITE" },
    { ChecksumType: "FULL_OBJECT" },
  ]) {
    await assert.rejects(begin("types", more), refusal("InvalidArgument"));
  }
});

test("completes under a condition, and keeps the parts if it does not hold", async () => {
  await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: "guarded", Body: "there" }));
  const id = await begin("guarded");
  const part = await send("guarded", id, 1, Buffer.from("x"));
  await assert.rejects(
    complete("guarded", id, [part], { IfNoneMatch: "*" }),
    refusal("PreconditionFailed", 412),
  );
  assert.equal((await read("guarded")).toString(), "there");
  await complete("guarded", id, [part]);
  assert.equal((await read("guarded")).toString(), "x");
});

test("completes an upload once, however many ask at the same time", async () => {
  const id = await begin("once");
  const part = await send("once", id, 1, randomBytes(PART));
  const outcomes = await Promise.allSettled(Array.from({ length: 5 }, () => complete("once", id, [part])));
  assert.equal(outcomes.filter(({ status }) => status === "fulfilled").length, 1);
  const refused = outcomes.flatMap((outcome) =>
    outcome.status === "rejected" ? [outcome.reason as unknown] : [],
  );
  assert.ok(refused.every(refusal("NoSuchUpload")));
});
