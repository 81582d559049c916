// What S3 does with multipart uploads, as the AWS SDK and its upload library with their defaults see it.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { after, before, test } from "node:test";

import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import type {
  CompletedPart,
  ListMultipartUploadsCommandInput,
  ListMultipartUploadsCommandOutput,
} from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";

import { refusal } from "../rig.ts";
import { Endpoint } from "./endpoint.ts";

const PART = 5 << 20;
const BIG = randomBytes(PART);

let endpoint: Endpoint;

before(async () => {
  endpoint = await Endpoint.open();
});
after(() => endpoint.close());

async function begin(name: string, more: object = {}): Promise<string> {
  const { UploadId } = await endpoint.s3.send(
    new CreateMultipartUploadCommand({ ...endpoint.at(name), ...more }),
  );
  assert.ok(UploadId);
  return UploadId;
}

async function send(name: string, UploadId: string, PartNumber: number, Body: Uint8Array) {
  const command = new UploadPartCommand({ ...endpoint.at(name), UploadId, PartNumber, Body });
  const { ETag, ChecksumCRC32, ChecksumSHA256 } = await endpoint.s3.send(command);
  return { PartNumber, ETag, ChecksumCRC32, ChecksumSHA256 };
}

const complete = (name: string, UploadId: string, Parts: CompletedPart[], more: object = {}) =>
  endpoint.s3.send(
    new CompleteMultipartUploadCommand({
      ...endpoint.at(name),
      UploadId,
      MultipartUpload: { Parts },
      ...more,
    }),
  );

test("streams a body of unknown length through the upload library", async () => {
  const Body = Readable.from([BIG, BIG.subarray(0, 1000), Buffer.from("end")], { objectMode: false });
  const params = { ...endpoint.at("library"), Body };
  const { ETag } = await new Upload({ client: endpoint.s3, params, partSize: PART }).done();
  assert.match(ETag ?? "", /-2"$/);
  const whole = Buffer.concat([BIG, BIG.subarray(0, 1000), Buffer.from("end")]);
  assert.equal(Buffer.compare(await endpoint.read("library"), whole), 0);
});

test("puts parts together by their numbers, whatever the order they came in, and serves ranges across them", async () => {
  const last = randomBytes(10);
  const id = await begin("ordered", { Metadata: { a: "1" } });
  const [second, first] = [await send("ordered", id, 7, last), await send("ordered", id, 2, BIG)];
  const made = await complete("ordered", id, [first, second]);
  const head = await endpoint.head("ordered");
  assert.equal(head.ETag, made.ETag);
  assert.equal(head.ContentLength, PART + 10);
  assert.deepEqual(head.Metadata, { a: "1" });
  const across = await endpoint.read("ordered", { Range: `bytes=${PART - 2}-${PART + 1}` });
  assert.deepEqual(across, Buffer.concat([BIG.subarray(PART - 2), last.subarray(0, 2)]));
});

test("takes the later of two parts with one number, and leaves out what the list does not name", async () => {
  const id = await begin("chosen");
  await send("chosen", id, 1, Buffer.from("old"));
  const first = await send("chosen", id, 1, Buffer.from("new"));
  await send("chosen", id, 2, Buffer.from("left out"));
  await complete("chosen", id, [first]);
  assert.equal(await endpoint.readText("chosen"), "new");
});

test("does not show an object before its upload is complete, and forgets an aborted one", async () => {
  const id = await begin("aborted");
  const part = await send("aborted", id, 1, Buffer.from("part"));
  await assert.rejects(endpoint.head("aborted"), refusal("NotFound", 404));
  await endpoint.s3.send(new AbortMultipartUploadCommand({ ...endpoint.at("aborted"), UploadId: id }));
  await assert.rejects(complete("aborted", id, [part]), refusal("NoSuchUpload", 404));
  await assert.rejects(send("aborted", id, 2, Buffer.from("x")), refusal("NoSuchUpload", 404));
  await assert.rejects(endpoint.head("aborted"), refusal("NotFound", 404));
});

test("lets a client that knows nothing find an upload and its parts, and go on with it", async () => {
  const begun = await begin("resumed");
  await send("resumed", begun, 1, BIG);
  const other = endpoint.client({});
  const where = { Bucket: endpoint.bucket, Prefix: endpoint.at("resumed").Key };
  const { Uploads = [] } = await other.send(new ListMultipartUploadsCommand(where));
  assert.deepEqual(
    Uploads.map(({ UploadId }) => UploadId),
    [begun],
  );
  const { Parts = [] } = await other.send(
    new ListPartsCommand({ ...endpoint.at("resumed"), UploadId: begun }),
  );
  assert.deepEqual(
    Parts.map(({ PartNumber, Size }) => [PartNumber, Size]),
    [[1, PART]],
  );
  const parts = Parts.map(({ PartNumber, ETag }) => ({ PartNumber, ETag }));
  const { ETag } = await send("resumed", begun, 2, Buffer.from("end"));
  await complete("resumed", begun, [...parts, { PartNumber: 2, ETag }]);
  assert.equal((await endpoint.head("resumed")).ContentLength, PART + 3);
  assert.equal(await endpoint.readText("resumed", { Range: "bytes=-3" }), "end");
});

test("lists parts and uploads in pages", async () => {
  const ids = [await begin("paged/a"), await begin("paged/b"), await begin("paged/c")];
  for (const number of [1, 2, 3]) await send("paged/a", ids[0] ?? "", number, Buffer.from("x"));
  const where = { ...endpoint.at("paged/a"), UploadId: ids[0], MaxParts: 2 };
  const first = await endpoint.s3.send(new ListPartsCommand(where));
  assert.deepEqual([first.IsTruncated, first.Parts?.length], [true, 2]);
  const PartNumberMarker = first.NextPartNumberMarker;
  const second = await endpoint.s3.send(new ListPartsCommand({ ...where, PartNumberMarker }));
  assert.deepEqual([second.IsTruncated, second.Parts?.[0]?.PartNumber], [false, 3]);

  const found: (string | undefined)[] = [];
  let marker: Partial<ListMultipartUploadsCommandInput> | null = {};
  while (marker !== null) {
    const Prefix = endpoint.at("paged/").Key;
    const query: ListMultipartUploadsCommandInput = {
      Bucket: endpoint.bucket,
      Prefix,
      MaxUploads: 1,
      ...marker,
    };
    const page: ListMultipartUploadsCommandOutput = await endpoint.s3.send(
      new ListMultipartUploadsCommand(query),
    );
    found.push(...(page.Uploads ?? []).map(({ UploadId }) => UploadId));
    marker =
      page.IsTruncated === true
        ? { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker }
        : null;
  }
  assert.deepEqual(found, ids);
});

test("refuses to complete with parts that are too small, not there, or out of order", async () => {
  const id = await begin("refused");
  const [first, second] = [
    await send("refused", id, 1, Buffer.from("small")),
    await send("refused", id, 2, Buffer.from("last")),
  ];
  await assert.rejects(complete("refused", id, [first, second]), refusal("EntityTooSmall", 400));
  await assert.rejects(complete("refused", id, [second, first]), refusal("InvalidPartOrder", 400));
  await assert.rejects(
    complete("refused", id, [{ PartNumber: 1, ETag: second.ETag }]),
    refusal("InvalidPart", 400),
  );
  await assert.rejects(
    complete("refused", id, [{ PartNumber: 3, ETag: second.ETag }]),
    refusal("InvalidPart", 400),
  );
});

test("keeps a checksum of the parts' checksums", async () => {
  const id = await begin("composite", { ChecksumAlgorithm: "SHA256" });
  const command = new UploadPartCommand({
    ...endpoint.at("composite"),
    UploadId: id,
    PartNumber: 1,
    Body: "part",
    ChecksumAlgorithm: "SHA256",
  });
  const { ETag, ChecksumSHA256 } = await endpoint.s3.send(command);
  await complete("composite", id, [{ PartNumber: 1, ETag, ChecksumSHA256 }]);
  const ofPart = createHash("sha256").update("part").digest();
  const head = await endpoint.head("composite", { ChecksumMode: "ENABLED" });
  assert.equal(head.ChecksumSHA256, `${createHash("sha256").update(ofPart).digest("base64")}-1`);
  assert.equal(head.ChecksumType, "COMPOSITE");
});

test("completes under a condition, and keeps the parts if it does not hold", async () => {
  await endpoint.put("guarded", "there");
  const id = await begin("guarded");
  const part = await send("guarded", id, 1, Buffer.from("part"));
  const guarded = complete("guarded", id, [part], { IfNoneMatch: "*" });
  await assert.rejects(guarded, refusal("PreconditionFailed", 412));
  assert.equal(await endpoint.readText("guarded"), "there");
  await complete("guarded", id, [part]);
  assert.equal(await endpoint.readText("guarded"), "part");
});
