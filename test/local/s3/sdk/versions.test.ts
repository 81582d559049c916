// What S3 does in a bucket that keeps versions, or no longer keeps them, as the AWS SDK sees it. One bucket goes from
// one state to the other, so the order of these tests is part of them.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";

import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketVersioningCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  NoSuchKey,
  PutBucketVersioningCommand,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import type { BucketVersioningStatus } from "@aws-sdk/client-s3";

import { refusal } from "../rig.ts";
import { Endpoint } from "./endpoint.ts";

let endpoint: Endpoint;

before(async () => {
  endpoint = await Endpoint.open();
  // A bucket that these tests had before keeps versions already.
  if ((await versioning()) === "Enabled") await setVersioning("Suspended");
  await endpoint.put("before", "unversioned");
  await setVersioning("Enabled");
});
after(() => endpoint.close());

const PATIENCE = 30;

/** S3 lets a change of this take effect when it gets to it: writes show when. */
async function setVersioning(Status: BucketVersioningStatus): Promise<void> {
  const { bucket: Bucket, s3 } = endpoint;
  await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status } }));
  for (let attempt = 0; attempt < PATIENCE; attempt++) {
    const { VersionId = "null" } = await endpoint.put("state", Status);
    if ((VersionId === "null") === (Status === "Suspended")) return;
    await delay(1000 * attempt);
  }
  assert.fail(`the bucket's versioning never became ${Status}`);
}

async function versioning(): Promise<BucketVersioningStatus | undefined> {
  const { Status } = await endpoint.s3.send(new GetBucketVersioningCommand({ Bucket: endpoint.bucket }));
  return Status;
}

const remove = (name: string, VersionId?: string) =>
  endpoint.s3.send(
    new DeleteObjectCommand({ ...endpoint.at(name), ...(VersionId === undefined ? {} : { VersionId }) }),
  );

async function putVersion(name: string, body: string, more: object = {}): Promise<string> {
  const { VersionId } = await endpoint.put(name, body, more);
  assert.ok(VersionId);
  return VersionId;
}

const isNotThere = refusal("NoSuchKey", 404);

test("says that it keeps versions", async () => {
  assert.equal(await versioning(), "Enabled");
});

test("keeps every version of a key, each with its bytes, tag and metadata, under its id", async () => {
  const first = await putVersion("kept", "first", { Metadata: { n: "1" } });
  const second = await putVersion("kept", "second", { Metadata: { n: "2" } });
  assert.notEqual(first, second);
  const newest = await endpoint.get("kept");
  assert.equal(newest.VersionId, second);
  assert.equal(await newest.Body?.transformToString(), "second");
  assert.equal(await endpoint.readText("kept", { VersionId: first }), "first");
  assert.equal(await endpoint.readText("kept", { VersionId: first, Range: "bytes=-3" }), "rst");
  const head = await endpoint.head("kept", { VersionId: first });
  assert.deepEqual(head.Metadata, { n: "1" });
  assert.equal(head.VersionId, first);
});

test("calls the version of a time before versions null, and keeps it", async () => {
  const made = await putVersion("before", "versioned");
  assert.equal(await endpoint.readText("before"), "versioned");
  assert.equal(await endpoint.readText("before", { VersionId: "null" }), "unversioned");
  assert.deepEqual(
    (await endpoint.versions("before")).map(({ VersionId, IsLatest }) => [VersionId, IsLatest]),
    [
      [made, true],
      ["null", false],
    ],
  );
});

test("deletes a key by a marker, under which the versions stay", async () => {
  const version = await putVersion("marked", "x");
  const { DeleteMarker, VersionId } = await remove("marked");
  assert.equal(DeleteMarker, true);
  await assert.rejects(endpoint.get("marked"), (error) => {
    assert.ok(error instanceof NoSuchKey);
    const headers = error.$response?.headers ?? {};
    assert.equal(headers["x-amz-delete-marker"], "true");
    assert.equal(headers["x-amz-version-id"], VersionId);
    return true;
  });
  assert.equal(await endpoint.readText("marked", { VersionId: version }), "x");
  const query = { Bucket: endpoint.bucket, Prefix: endpoint.at("marked").Key };
  assert.equal((await endpoint.s3.send(new ListObjectsV2Command(query))).KeyCount, 0);
  assert.deepEqual(
    (await endpoint.versions("marked")).toSorted((a, b) => Number(b.IsLatest) - Number(a.IsLatest)),
    [
      { Key: "marked", VersionId, IsLatest: true, isMarker: true },
      { Key: "marked", VersionId: version, IsLatest: false, isMarker: false },
    ],
  );
});

test("leaves a marker also for a key that never was", async () => {
  const { DeleteMarker } = await remove("never");
  assert.equal(DeleteMarker, true);
  assert.equal((await endpoint.versions("never")).length, 1);
});

test("does not read a delete marker, and gives the key back when the marker is removed", async () => {
  await putVersion("restored", "x");
  const { VersionId = "" } = await remove("restored");
  await assert.rejects(endpoint.get("restored", { VersionId }), refusal("MethodNotAllowed", 405));
  await assert.rejects(
    endpoint.head("restored", { VersionId }),
    (error: { $metadata?: { httpStatusCode?: number } }) => error.$metadata?.httpStatusCode === 405,
  );
  const removed = await remove("restored", VersionId);
  assert.equal(removed.DeleteMarker, true);
  assert.equal(removed.VersionId, VersionId);
  assert.equal(await endpoint.readText("restored"), "x");
});

test("removes a version for good, and makes the one before it the newest", async () => {
  const first = await putVersion("erased", "first");
  const second = await putVersion("erased", "second");
  const removed = await remove("erased", second);
  assert.equal(removed.VersionId, second);
  assert.equal(removed.DeleteMarker, undefined);
  await assert.rejects(endpoint.get("erased", { VersionId: second }), refusal("NoSuchVersion", 404));
  assert.equal((await endpoint.get("erased")).VersionId, first);
  await remove("erased", second);
  await remove("erased", first);
  await assert.rejects(endpoint.get("erased"), isNotThere);
  assert.deepEqual(await endpoint.versions("erased"), []);
});

test("refuses an id that no version has", async () => {
  await putVersion("ids", "x");
  await assert.rejects(endpoint.get("ids", { VersionId: "not an id" }), refusal("InvalidArgument", 400));
  await assert.rejects(endpoint.get("ids", { VersionId: "null" }), refusal("NoSuchVersion", 404));
});

test("removes many versions and makes many markers at once", async () => {
  const first = await putVersion("many/a", "x");
  const second = await putVersion("many/b", "x");
  const Objects = [{ Key: endpoint.at("many/a").Key, VersionId: first }, { Key: endpoint.at("many/b").Key }];
  const { Deleted = [] } = await endpoint.s3.send(
    new DeleteObjectsCommand({ Bucket: endpoint.bucket, Delete: { Objects } }),
  );
  const [a, b] = Deleted.toSorted((x, y) => ((x.Key ?? "") < (y.Key ?? "") ? -1 : 1));
  assert.deepEqual([a?.VersionId, a?.DeleteMarker], [first, undefined]);
  assert.equal(b?.DeleteMarker, true);
  assert.deepEqual(
    (await endpoint.versions("many/")).map(({ Key, VersionId }) => [Key, VersionId]).sort(),
    [
      ["many/b", b.DeleteMarkerVersionId],
      ["many/b", second],
    ].sort(),
  );
});

test("lists versions in pages of any size, newest first", async () => {
  const expected: string[] = [];
  for (const name of ["page/a", "page/b", "page/c"]) {
    const ids = [await putVersion(name, "1"), await putVersion(name, "2"), await putVersion(name, "3")];
    expected.push(...ids.reverse());
  }
  for (const size of [1, 2, 4, 100]) {
    const pages = await endpoint.versionPages("page/", size);
    assert.deepEqual(
      pages.flat().map(({ VersionId }) => VersionId),
      expected,
    );
    assert.ok(pages.every((page) => page.length <= size));
  }
  const where = { Bucket: endpoint.bucket, VersionIdMarker: expected[0] };
  await assert.rejects(
    endpoint.s3.send(new ListObjectVersionsCommand(where)),
    refusal("InvalidArgument", 400),
  );
});

test("puts conditions on the newest version, and finds nothing under a delete marker", async () => {
  const { ETag } = await endpoint.put("conditional", "first");
  const create = (body: string) => endpoint.put("conditional", body, { IfNoneMatch: "*" });
  await assert.rejects(create("second"), refusal("PreconditionFailed", 412));
  await remove("conditional");
  await assert.rejects(endpoint.put("conditional", "second", { IfMatch: ETag }), refusal("NoSuchKey", 404));
  await create("second");
  await assert.rejects(create("third"), refusal("PreconditionFailed", 412));
  await assert.rejects(
    endpoint.put("conditional", "third", { IfMatch: ETag }),
    refusal("PreconditionFailed", 412),
  );
  assert.equal(await endpoint.readText("conditional"), "second");
});

test("makes a version of a multipart upload when it is complete", async () => {
  const before = await putVersion("parts", "before");
  const { UploadId } = await endpoint.s3.send(new CreateMultipartUploadCommand(endpoint.at("parts")));
  const part = { ...endpoint.at("parts"), UploadId, PartNumber: 1, Body: "part" };
  const { ETag } = await endpoint.s3.send(new UploadPartCommand(part));
  assert.equal(await endpoint.readText("parts"), "before");
  const Parts = [{ PartNumber: 1, ETag }];
  const { VersionId } = await endpoint.s3.send(
    new CompleteMultipartUploadCommand({ ...endpoint.at("parts"), UploadId, MultipartUpload: { Parts } }),
  );
  assert.equal((await endpoint.get("parts")).VersionId, VersionId);
  assert.equal(await endpoint.readText("parts"), "part");
  assert.equal(await endpoint.readText("parts", { VersionId: before }), "before");
});

test("brings an old version back by a copy of it onto its own key", async () => {
  const old = await putVersion("copied", "old");
  await putVersion("copied", "new");
  const CopySource = `${endpoint.bucket}/${endpoint.at("copied").Key}?versionId=${old}`;
  const made = await endpoint.s3.send(new CopyObjectCommand({ ...endpoint.at("copied"), CopySource }));
  assert.equal(made.CopySourceVersionId, old);
  assert.equal(await endpoint.readText("copied"), "old");
  assert.equal((await endpoint.get("copied")).VersionId, made.VersionId);
  assert.equal((await endpoint.versions("copied")).length, 3);
});

test("does not copy a delete marker", async () => {
  await putVersion("uncopied", "x");
  const { VersionId = "" } = await remove("uncopied");
  const copy = (CopySource: string) =>
    endpoint.s3.send(new CopyObjectCommand({ ...endpoint.at("target"), CopySource }));
  const source = `${endpoint.bucket}/${endpoint.at("uncopied").Key}`;
  await assert.rejects(copy(source), isNotThere);
  await assert.rejects(copy(`${source}?versionId=${VersionId}`), refusal("InvalidRequest", 400));
});

test("where versions are suspended, writes replace the null version and leave the others", async () => {
  const kept = await putVersion("suspended", "kept");
  await setVersioning("Suspended");
  await endpoint.put("suspended", "null 1");
  await endpoint.put("suspended", "null 2");
  assert.equal(await endpoint.readText("suspended"), "null 2");
  assert.equal((await endpoint.get("suspended")).VersionId, "null");
  assert.equal(await endpoint.readText("suspended", { VersionId: kept }), "kept");
  assert.deepEqual(
    (await endpoint.versions("suspended")).map(({ VersionId, IsLatest }) => [VersionId, IsLatest]),
    [
      ["null", true],
      [kept, false],
    ],
  );
});

test("where versions are suspended, deleting replaces the null version by a marker of that id", async () => {
  const { DeleteMarker, VersionId } = await remove("suspended");
  assert.deepEqual([DeleteMarker, VersionId], [true, "null"]);
  await assert.rejects(endpoint.get("suspended"), isNotThere);
  assert.equal((await endpoint.versions("suspended")).length, 2);
  await endpoint.put("suspended", "again");
  assert.equal(await endpoint.readText("suspended"), "again");
  await remove("suspended", "null");
  assert.equal(await endpoint.readText("suspended"), "kept");
});

test("keeps versions again when asked to, and the null version among them", async () => {
  await endpoint.put("resumed", "null");
  await setVersioning("Enabled");
  const made = await putVersion("resumed", "newer");
  assert.deepEqual(
    (await endpoint.versions("resumed")).map(({ VersionId }) => VersionId),
    [made, "null"],
  );
  assert.equal(await endpoint.readText("resumed", { VersionId: "null" }), "null");
});
