// What the local S3 keeps over a stop and a kill, and what it refuses to start from.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readdir, readFile, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";

import { SealroomError } from "../../../core/errors.ts";
import { credentialTable, openCredentials } from "../../../local/credentials.ts";
import { startLocalS3 } from "../../../local/s3/server.ts";
import { temporaryDirectory } from "../kms/rig.ts";
import { BUCKET, REGION, startS3Rig } from "./rig.ts";

const isDamaged = (error: unknown) => error instanceof SealroomError && error.code === "LOCAL_STATE";

test("keeps objects, metadata and half-done uploads over a restart", async (context) => {
  const first = await startS3Rig(context);
  const client = first.client();
  const keys = ["b", "a/ü", "../x"];
  for (const Key of keys) {
    await client.send(
      new PutObjectCommand({ Bucket: BUCKET, Key, Body: `body of ${Key}`, Metadata: { of: "it" } }),
    );
  }
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket: BUCKET, Key: "upload" }));
  const part = { Bucket: BUCKET, Key: "upload", UploadId, PartNumber: 1 };
  const { ETag } = await client.send(new UploadPartCommand({ ...part, Body: "part" }));
  const before = await client.send(new ListObjectsV2Command({ Bucket: BUCKET }));
  await first.s3.close();

  const second = await startS3Rig(context, first.directory);
  const again = second.client();
  const after = await again.send(new ListObjectsV2Command({ Bucket: BUCKET }));
  assert.deepEqual(after.Contents, before.Contents);
  const head = await again.send(
    new HeadObjectCommand({ Bucket: BUCKET, Key: "../x", ChecksumMode: "ENABLED" }),
  );
  assert.deepEqual(head.Metadata, { of: "it" });
  assert.ok(head.ChecksumCRC32);
  await again.send(
    new CompleteMultipartUploadCommand({
      Bucket: BUCKET,
      Key: "upload",
      UploadId,
      MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] },
    }),
  );
  const got = await again.send(new GetObjectCommand({ Bucket: BUCKET, Key: "upload" }));
  assert.equal(await got.Body?.transformToString(), "part");
});

test("survives SIGKILL while objects are being put: each is there whole, or not at all", async (context) => {
  const directory = await temporaryDirectory(context);
  const credentials = await openCredentials(directory);
  const program = new URL("./serve.ts", import.meta.url).pathname;
  const child = spawn(process.execPath, [program, directory], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  const client = new S3Client({
    endpoint: line.toString().trim(),
    region: REGION,
    forcePathStyle: true,
    maxAttempts: 1,
    credentials: { ...credentials.owner },
  });
  context.after(() => {
    client.destroy();
  });
  const body = randomBytes(2 << 20);
  const told: string[] = [];
  const writer = async (name: string) => {
    for (let index = 0; ; index++) {
      const Key = `${name}/${index}`;
      await client.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body: body }));
      told.push(Key);
      if (told.length === 12) child.kill("SIGKILL");
    }
  };
  await Promise.allSettled([writer("a"), writer("b"), writer("c")]);
  assert.ok(told.length >= 12);

  const rig = await startS3Rig(context, directory);
  const again = rig.client();
  const listed = (await again.send(new ListObjectsV2Command({ Bucket: BUCKET }))).Contents ?? [];
  assert.ok(told.every((key) => listed.some(({ Key }) => Key === key)));
  for (const { Key } of listed) {
    const got = await again.send(new GetObjectCommand({ Bucket: BUCKET, Key }));
    assert.equal(Buffer.compare((await got.Body?.transformToByteArray()) ?? Buffer.alloc(0), body), 0);
  }
  assert.deepEqual(await readdir(join(directory, "s3", "buckets", BUCKET, "drafts")), []);
});

test("does not start from an object that was cut, or whose footer was changed", async (context) => {
  const damages = [
    async (file: string) => truncate(file, (await stat(file)).size - 1),
    async (file: string) => truncate(file, 5),
    async (file: string) => truncate(file, 0),
    async (file: string) => writeFile(file, Buffer.concat([Buffer.from("x"), await readFile(file)])),
    async (file: string) =>
      writeFile(file, (await readFile(file, "latin1")).replace('"bytes"', '"bites"'), "latin1"),
  ];
  for (const damage of damages) {
    const rig = await startS3Rig(context);
    await rig.client().send(new PutObjectCommand({ Bucket: BUCKET, Key: "key", Body: "body" }));
    await rig.s3.close();
    const objects = join(rig.directory, "s3", "buckets", BUCKET, "objects");
    const [file] = (await readdir(objects, { recursive: true })).filter((name) => name.length > 60);
    assert.ok(file);
    await damage(join(objects, file));
    await assert.rejects(
      startLocalS3({
        directory: join(rig.directory, "s3"),
        credentials: credentialTable(Object.values(rig.credentials)),
      }),
      isDamaged,
    );
  }
});

test("gives nobody else on the machine a look at its files", async (context) => {
  const rig = await startS3Rig(context);
  await rig.client().send(new PutObjectCommand({ Bucket: BUCKET, Key: "key", Body: "body" }));
  for (const name of await readdir(rig.directory, { recursive: true })) {
    assert.equal((await stat(join(rig.directory, name))).mode & 0o077, 0, name);
  }
});
