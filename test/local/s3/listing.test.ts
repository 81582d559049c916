// Listing: order, prefixes, delimiters and pages.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { ListObjectsV2Command, paginateListObjectsV2, PutObjectCommand } from "@aws-sdk/client-s3";
import type { S3Client } from "@aws-sdk/client-s3";
import fc from "fast-check";

import { compareKeys, decodeMarker, encodeMarker, listKeys } from "../../../local/s3/listing.ts";
import type { Marker } from "../../../local/s3/listing.ts";
import { Cleanups } from "../kms/rig.ts";
import { BUCKET, refusal, startS3Rig } from "./rig.ts";

const KEYS = [
  "a",
  "a/",
  "a/1",
  "a/2",
  "a/b/1",
  "a/b/2",
  "ab",
  "b/1",
  "b/c/1",
  "z",
  "ü",
  "\u{1f642}",
  "\ufffd",
];
const SORTED = [...KEYS].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));

const cleanups = new Cleanups();
let s3: S3Client;

before(async () => {
  s3 = (await startS3Rig(cleanups)).client();
  for (const Key of KEYS) await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body: Key }));
});
after(() => cleanups.run());

async function list(more: object = {}): Promise<{ keys: string[]; prefixes: string[]; count: number }> {
  const answer = await s3.send(new ListObjectsV2Command({ Bucket: BUCKET, ...more }));
  return {
    keys: (answer.Contents ?? []).map(({ Key }) => Key ?? ""),
    prefixes: (answer.CommonPrefixes ?? []).map(({ Prefix }) => Prefix ?? ""),
    count: answer.KeyCount ?? -1,
  };
}

test("lists all keys by their bytes", async () => {
  assert.deepEqual((await list()).keys, SORTED);
});

test("lists what is under a prefix, and rolls up at a delimiter", async () => {
  assert.deepEqual(await list({ Prefix: "a/" }), {
    keys: ["a/", "a/1", "a/2", "a/b/1", "a/b/2"],
    prefixes: [],
    count: 5,
  });
  assert.deepEqual(await list({ Prefix: "a/", Delimiter: "/" }), {
    keys: ["a/", "a/1", "a/2"],
    prefixes: ["a/b/"],
    count: 4,
  });
  const top = await list({ Delimiter: "/" });
  assert.deepEqual(top.prefixes, ["a/", "b/"]);
  assert.deepEqual(
    top.keys,
    SORTED.filter((key) => !key.includes("/")),
  );
  assert.deepEqual((await list({ Prefix: "none" })).keys, []);
});

test("begins after a key, whether it is there or not", async () => {
  assert.deepEqual((await list({ StartAfter: "ab" })).keys, SORTED.slice(SORTED.indexOf("ab") + 1));
  assert.deepEqual(
    (await list({ StartAfter: "a/3" })).keys,
    SORTED.filter((key) => compareKeys(key, "a/3") > 0),
  );
});

test("lists the same in pages of any size, as the SDK's paginator reads them", async () => {
  for (const pageSize of [1, 2, 3, 7, 1000]) {
    for (const more of [{}, { Delimiter: "/" }, { Prefix: "a/" }, { Prefix: "a", Delimiter: "/" }]) {
      const keys: string[] = [];
      const prefixes: string[] = [];
      for await (const page of paginateListObjectsV2({ client: s3, pageSize }, { Bucket: BUCKET, ...more })) {
        assert.ok((page.KeyCount ?? 0) <= pageSize);
        keys.push(...(page.Contents ?? []).map(({ Key }) => Key ?? ""));
        prefixes.push(...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix ?? ""));
      }
      const whole = await list(more);
      assert.deepEqual({ keys, prefixes }, { keys: whole.keys, prefixes: whole.prefixes });
    }
  }
});

test("lists nothing, and no next page, when asked for no keys", async () => {
  const answer = await s3.send(new ListObjectsV2Command({ Bucket: BUCKET, MaxKeys: 0 }));
  assert.equal(answer.KeyCount, 0);
  assert.equal(answer.IsTruncated, false);
});

test("refuses a continuation token that it did not give, and a count that is none", async () => {
  for (const ContinuationToken of ["x", "!!!", "a2tleQ=="]) {
    await assert.rejects(list({ ContinuationToken }), refusal("InvalidArgument", 400));
  }
  await assert.rejects(list({ MaxKeys: -1 }), refusal("InvalidArgument", 400));
});

const key = fc.string({
  unit: fc.constantFrom("a", "b", "/", "\ud7ff", "\ue000", "\u{1f642}"),
  minLength: 1,
  maxLength: 5,
});

test("orders keys as their UTF-8 bytes", () => {
  fc.assert(
    fc.property(key, key, (a, b) => {
      assert.equal(Math.sign(compareKeys(a, b)), Buffer.compare(Buffer.from(a), Buffer.from(b)));
    }),
    { numRuns: 2000 },
  );
});

test("lists as a plain filter does, page by page", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(key, { maxLength: 30 }),
      fc.string({ unit: fc.constantFrom("a", "/"), maxLength: 2 }),
      fc.constantFrom("", "/", "a", "a/"),
      fc.integer({ min: 1, max: 6 }),
      (keys, prefix, delimiter, maxKeys) => {
        const sorted = [...keys].sort(compareKeys);
        const entries: string[] = [];
        let after: Marker | null = null;
        do {
          const page = listKeys(sorted, { prefix, delimiter, maxKeys, after });
          entries.push(...page.keys, ...page.prefixes);
          after = page.next === null ? null : decodeMarker(encodeMarker(page.next));
        } while (after !== null);
        assert.deepEqual(entries.sort(), naive(sorted, prefix, delimiter).sort());
      },
    ),
    { numRuns: 2000 },
  );
});

function naive(sorted: readonly string[], prefix: string, delimiter: string): string[] {
  const rolled = sorted
    .filter((entry) => entry.startsWith(prefix))
    .map((entry) => {
      const end = delimiter === "" ? -1 : entry.indexOf(delimiter, prefix.length);
      return end < 0 ? `key ${entry}` : `prefix ${entry.slice(0, end + delimiter.length)}`;
    });
  return [...new Set(rolled)].map((entry) => entry.replace(/^(?:key|prefix) /, ""));
}
