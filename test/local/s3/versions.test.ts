// The versions of the local S3 against a plain model of what S3 does, over restarts and kills; and its lists of them
// against a filter.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import fc from "fast-check";

import { SealroomError } from "../../../core/errors.ts";
import { AwsError } from "../../../local/aws-error.ts";
import { openCredentials } from "../../../local/credentials.ts";
import { readBucketFile, type Versioning } from "../../../local/s3/bucket-file.ts";
import { Bucket } from "../../../local/s3/bucket.ts";
import { compareKeys } from "../../../local/s3/listing.ts";
import { listVersions, type VersionMarker } from "../../../local/s3/version-listing.ts";
import { decodeFileName, encodeFileName, type Version } from "../../../local/s3/version.ts";
import { temporaryDirectory } from "../kms/rig.ts";
import { BUCKET, refusal, REGION, startS3Rig } from "./rig.ts";

const NOW_MS = 1_700_000_000_000;
const anything = () => undefined;

function openBucket(directory: string): Bucket {
  const bucket = new Bucket(BUCKET, directory, readBucketFile(directory));
  bucket.load();
  return bucket;
}

async function putText(bucket: Bucket, key: string, text: string): Promise<Version> {
  const draft = await bucket.createDraft();
  await draft.write(Buffer.from(text));
  const info = { key, bytes: text.length, etag: text, modifiedMs: NOW_MS, headers: {}, metadata: {} };
  const whole = { ...info, checksum: null };
  await draft.finish(whole);
  return bucket.put(draft, whole, anything);
}

/** What is said of a version here: its body, or that it is a marker. */
const spell = ({ id, isMarker, info }: Version) => `${id}:${isMarker ? "deleted" : info.etag}`;

/** S3's words on versions, as plainly as they can be written. */
class Model {
  versioning: Versioning = "Off";
  readonly keys = new Map<string, string[]>();

  write(key: string, id: string, entry: string): void {
    const others = (this.keys.get(key) ?? []).filter((other) => !other.startsWith(`${id}:`));
    this.keys.set(key, [`${id}:${entry}`, ...others]);
  }

  erase(key: string, id: string): void {
    const left = (this.keys.get(key) ?? []).filter((other) => !other.startsWith(`${id}:`));
    if (left.length > 0) this.keys.set(key, left);
    else this.keys.delete(key);
  }

  get currentKeys(): readonly string[] {
    return [...this.keys].flatMap(([key, entries]) => (entries[0]?.endsWith(":deleted") ? [] : [key])).sort();
  }
}

type Step =
  | { readonly kind: "put" | "delete"; readonly key: string }
  | { readonly kind: "erase"; readonly key: string; readonly nth: number }
  | { readonly kind: "versioning"; readonly to: "Enabled" | "Suspended" }
  | { readonly kind: "restart" };

const key = fc.constantFrom("a", "b");
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("put" as const), key }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("delete" as const), key }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("erase" as const), key, nth: fc.nat(4) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("versioning" as const),
      to: fc.constantFrom("Enabled" as const, "Suspended" as const),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: "restart" as const }) },
);

test("keeps, replaces, marks and removes versions as a plain model does, over restarts", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      const directory = mkdtempSync(join(tmpdir(), "sealroom-test-"));
      try {
        let bucket = openBucket(directory);
        const model = new Model();
        let count = 0;
        for (const taken of steps) {
          if (taken.kind === "put") {
            const body = `body ${count++}`;
            const { id } = await putText(bucket, taken.key, body);
            assert.equal(id === "null", model.versioning !== "Enabled");
            model.write(taken.key, id, body);
          } else if (taken.kind === "delete") {
            const marker = await bucket.delete(taken.key, NOW_MS, anything);
            assert.equal(marker === null, model.versioning === "Off");
            if (marker === null) model.erase(taken.key, "null");
            else model.write(taken.key, marker.id, "deleted");
          } else if (taken.kind === "erase") {
            const chosen = bucket.versions(taken.key)[taken.nth];
            if (chosen !== undefined) {
              bucket.erase(taken.key, chosen.id, anything);
              model.erase(taken.key, chosen.id);
            }
          } else if (taken.kind === "versioning") {
            bucket.setVersioning(taken.to);
            model.versioning = taken.to;
          } else {
            bucket = openBucket(directory);
          }
          assert.equal(bucket.versioning, model.versioning);
          assert.deepEqual(bucket.allKeys, [...model.keys.keys()].sort());
          assert.deepEqual(bucket.currentKeys, model.currentKeys);
          for (const name of ["a", "b"]) {
            assert.deepEqual(bucket.versions(name).map(spell), model.keys.get(name) ?? []);
          }
        }
        const files = readdirSync(join(directory, "objects"), { recursive: true, withFileTypes: true });
        const versions = [...model.keys.values()].reduce((sum, entries) => sum + entries.length, 0);
        assert.equal(files.filter((file) => file.isFile()).length, versions);
        assert.deepEqual(readdirSync(join(directory, "drafts")), []);
      } finally {
        rmSync(directory, { recursive: true });
      }
    }),
    { numRuns: 60 },
  );
});

test("finds one null version, the new one, after a kill before the old one was removed", async (context) => {
  const directory = await temporaryDirectory(context);
  const bucket = openBucket(directory);
  bucket.setVersioning("Suspended");
  await putText(bucket, "key", "old");
  const objects = join(directory, "objects");
  const [old] = readdirSync(objects, { recursive: true }).filter((name) => String(name).length > 60);
  const kept = join(await temporaryDirectory(context), "old");
  copyFileSync(join(objects, String(old)), kept);
  await putText(bucket, "key", "new");
  copyFileSync(kept, join(objects, String(old)));

  const again = openBucket(directory);
  assert.deepEqual(again.versions("key").map(spell), ["null:new"]);
  assert.equal(
    readdirSync(objects, { recursive: true }).filter((name) => String(name).length > 60).length,
    1,
  );
});

test("does not start from a version under another key's name, or in a bucket that never kept versions", async (context) => {
  for (const damage of ["key", "state"] as const) {
    const directory = await temporaryDirectory(context);
    const bucket = openBucket(directory);
    bucket.setVersioning("Enabled");
    await putText(bucket, "key", "x");
    const objects = join(directory, "objects");
    const [file = ""] = readdirSync(objects, { recursive: true })
      .map(String)
      .filter((name) => name.length > 60);
    if (damage === "state") {
      rmSync(join(directory, "bucket.json"));
    } else {
      mkdirSync(join(objects, "00"), { recursive: true });
      copyFileSync(join(objects, file), join(objects, "00", "0".repeat(64) + file.slice(67)));
    }
    assert.throws(
      () => openBucket(directory),
      (error) => error instanceof SealroomError && error.code === "LOCAL_STATE",
    );
  }
});

test("reads the name of a version's file back, and no other name", () => {
  const hex = (length: number) => fc.stringMatching(new RegExp(`^[0-9a-f]{${length}}$`));
  const name = fc
    .record({
      keyHash: hex(64),
      sequence: fc.integer({ min: 1, max: 2 ** 48 - 1 }),
      tag: fc.option(hex(20), { nil: null }),
      isMarker: fc.boolean(),
    })
    .map(({ tag, sequence, ...rest }) => ({
      ...rest,
      sequence,
      id: tag === null ? "null" : sequence.toString(16).padStart(12, "0") + tag,
    }));
  fc.assert(
    fc.property(name, (version) => {
      assert.deepEqual(decodeFileName(encodeFileName(version)), version);
    }),
  );
  const plain = { keyHash: "0".repeat(64), id: "null", sequence: 0, isMarker: false };
  assert.deepEqual(decodeFileName(encodeFileName(plain)), plain);
  for (const other of ["x", "0".repeat(63), `${"0".repeat(64)}.1.null`, `${"0".repeat(64)}.deleted`]) {
    assert.equal(decodeFileName(other), null);
  }
});

test("keeps what was told over SIGKILL while keys are overwritten and deleted, in every state of a bucket", async (context) => {
  for (const state of ["Off", "Enabled", "Suspended"] as const) {
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
    if (state !== "Off") {
      const VersioningConfiguration = { Status: state };
      await client.send(new PutBucketVersioningCommand({ Bucket: BUCKET, VersioningConfiguration }));
    }
    // Each writer has one key and one request at a time, so it knows what its key may be after the kill.
    const told = new Map<
      string,
      { body: string | null; next: string | null; versions: Map<string, string> }
    >();
    let writes = 0;
    const writer = async (Key: string) => {
      const known = { body: null, next: null, versions: new Map<string, string>() } as {
        body: string | null;
        next: string | null;
        versions: Map<string, string>;
      };
      told.set(Key, known);
      for (let index = 0; ; index++) {
        known.next = index % 4 === 3 ? null : `${Key} ${index} ${"x".repeat(100_000)}`;
        if (known.next === null) {
          await client.send(new DeleteObjectCommand({ Bucket: BUCKET, Key }));
        } else {
          const Body = known.next;
          const { VersionId } = await client.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body }));
          if (VersionId !== undefined && VersionId !== "null") known.versions.set(VersionId, Body);
        }
        known.body = known.next;
        if (++writes === 40) child.kill("SIGKILL");
      }
    };
    await Promise.allSettled([writer("a"), writer("b"), writer("c")]);
    assert.ok(writes >= 40);

    const again = (await startS3Rig(context, directory)).client();
    const read = async (Key: string, VersionId?: string): Promise<string | null> => {
      const which = VersionId === undefined ? {} : { VersionId };
      const got = await again
        .send(new GetObjectCommand({ Bucket: BUCKET, Key, ...which }))
        .catch((error: unknown) => {
          assert.ok(refusal("NoSuchKey", 404)(error), String(error));
          return null;
        });
      return (await got?.Body?.transformToString()) ?? null;
    };
    for (const [Key, { body, next, versions }] of told) {
      const found = await read(Key);
      assert.ok(found === body || found === next, `${state} ${Key}: ${String(found).slice(0, 20)}`);
      assert.equal(versions.size > 0, state === "Enabled");
      for (const [id, text] of versions) assert.equal(await read(Key, id), text);
    }
  }
});

test("does not delete a bucket in which an old version or a delete marker is left", async (context) => {
  const client = (await startS3Rig(context)).client();
  const Bucket = "versioned-bucket";
  await client.send(new CreateBucketCommand({ Bucket }));
  const VersioningConfiguration = { Status: "Enabled" as const };
  await client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
  const { VersionId } = await client.send(new DeleteObjectCommand({ Bucket, Key: "never" }));
  await assert.rejects(client.send(new DeleteBucketCommand({ Bucket })), refusal("BucketNotEmpty", 409));
  await client.send(new DeleteObjectCommand({ Bucket, Key: "never", VersionId }));
  await client.send(new DeleteBucketCommand({ Bucket }));
});

test("refuses a configuration of versions that S3 does not have, and never goes back to none", async (context) => {
  const rig = await startS3Rig(context);
  const configure = async (xml: string) =>
    (
      await rig.send({
        method: "PUT",
        path: `/${BUCKET}`,
        query: [["versioning", ""]],
        body: Buffer.from(`<VersioningConfiguration>${xml}</VersioningConfiguration>`),
      })
    ).code;
  assert.equal(await configure(""), "IllegalVersioningConfigurationException");
  assert.equal(await configure("<Status>Off</Status>"), "MalformedXML");
  assert.equal(await configure("<Status>Enabled</Status><MfaDelete>Enabled</MfaDelete>"), "NotImplemented");
  assert.equal(await configure("<Status>Enabled</Status>"), "");
  assert.equal(await configure("<Status></Status>"), "MalformedXML");
});

test("lists versions as a plain filter does, page by page, also when each page is deleted before the next", () => {
  const listedKey = fc.string({ unit: fc.constantFrom("a", "b", "/"), minLength: 1, maxLength: 4 });
  const entry = fc.record({ key: listedKey, isNull: fc.boolean() });
  fc.assert(
    fc.property(
      fc.array(entry, { maxLength: 30 }),
      fc.string({ unit: fc.constantFrom("a", "/"), maxLength: 2 }),
      fc.constantFrom("", "/", "a"),
      fc.integer({ min: 1, max: 5 }),
      fc.boolean(),
      (written, prefix, delimiter, maxKeys, deletes) => {
        const kept = new Map<string, Version[]>();
        written.forEach(({ key: name, isNull }, index) => {
          const sequence = index + 1;
          const id = isNull ? "null" : `${sequence.toString(16).padStart(12, "0")}${"0".repeat(20)}`;
          const info = {
            key: name,
            bytes: 0,
            etag: "",
            modifiedMs: 0,
            headers: {},
            metadata: {},
            checksum: null,
          };
          const others = (kept.get(name) ?? []).filter((version) => version.id !== id);
          kept.set(name, [{ id, sequence, isMarker: false, info }, ...others]);
        });
        const expected = naive(kept, prefix, delimiter);
        const found: string[] = [];
        let after: VersionMarker | null = null;
        do {
          const sorted = [...kept.keys()].sort(compareKeys);
          const page = listVersions(sorted, (name) => kept.get(name) ?? [], {
            prefix,
            delimiter,
            maxKeys,
            after,
          });
          const entries = page.entries.map(({ version }) => version);
          assert.ok(page.entries.length + page.prefixes.length <= maxKeys);
          for (const { version, isLatest } of page.entries) {
            assert.equal(isLatest, kept.get(version.info.key)?.[0] === version);
          }
          found.push(...entries.map(({ id, info }) => `${info.key} ${id}`), ...page.prefixes);
          if (deletes) {
            for (const gone of entries) {
              const left = (kept.get(gone.info.key) ?? []).filter((version) => version !== gone);
              if (left.length > 0) kept.set(gone.info.key, left);
              else kept.delete(gone.info.key);
            }
          }
          after = page.next;
        } while (after !== null);
        // Within a page prefixes stand by themselves.
        assert.deepEqual(found.sort(), expected.sort());
      },
    ),
    { numRuns: 2000 },
  );
});

function naive(kept: ReadonlyMap<string, readonly Version[]>, prefix: string, delimiter: string): string[] {
  const rolled = [...kept].flatMap(([name, versions]) => {
    if (!name.startsWith(prefix)) return [];
    const end = delimiter === "" ? -1 : name.indexOf(delimiter, prefix.length);
    return end < 0 ? versions.map(({ id }) => `${name} ${id}`) : [name.slice(0, end + delimiter.length)];
  });
  return [...new Set(rolled)];
}

test("says of the newest version what is wrong with asking for it, and of an old one too", async (context) => {
  const bucket = openBucket(await temporaryDirectory(context));
  bucket.setVersioning("Enabled");
  const { id } = await putText(bucket, "key", "x");
  const marker = await bucket.delete("key", NOW_MS, anything);
  const refuses = (asked: string | null, code: string, isMarker: boolean) => {
    assert.throws(
      () => bucket.get("key", asked),
      (error) =>
        error instanceof AwsError &&
        error.code === code &&
        (error.headers["x-amz-delete-marker"] === "true") === isMarker,
    );
  };
  refuses(null, "NoSuchKey", true);
  refuses(marker?.id ?? "", "MethodNotAllowed", true);
  refuses("null", "NoSuchVersion", false);
  assert.equal(bucket.get("key", id).info.etag, "x");
});
