// Objects in every envelope that may be adopted, opened as the enclave opens them: by ranges against the naive twin that
// has the plaintext, and from hosts that change bytes, the second time too.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import type { AdoptedEntry } from "../../core/manifest/manifest.ts";
import { wrapDataKey } from "../../core/seal/adopted-key.ts";
import { openAdopted, verifyObject } from "../../core/seal/adopted.ts";
import { CHUNK_BYTES } from "../../core/seal/checked-object.ts";
import { parseHeader } from "../../core/seal/header-fields.ts";
import { headerLength } from "../../core/seal/header.ts";
import { openWithDataKey } from "../../core/seal/open.ts";
import { SUITE_FACTS } from "../seal/forger.ts";
import { VECTORS, withoutVectors } from "../vectors.ts";
import { codeOf, MemorySource, readAll } from "./memory.ts";
import { entryOf, framedTwins, s3ecV2, s3ecV3, specimens } from "./specimens.ts";

const DATASET_KEY = new Uint8Array(randomBytes(32));
const INDEX = 3;

const LARGE = new Uint8Array(randomBytes(5 * CHUNK_BYTES + 77));
const SMALL = new Uint8Array(randomBytes(300));

test("any ranges of an object of any envelope hold the plaintext's bytes", async () => {
  for (const specimen of specimens(LARGE, 100_000)) {
    const entry = await entryOf(specimen, DATASET_KEY, INDEX);
    const file = await openAdopted(new MemorySource(specimen.bytes), entry, INDEX, DATASET_KEY);
    assert.equal(file.plainBytes, LARGE.length, specimen.name);
    const place = fc.nat(LARGE.length);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(place, fc.oneof(place, fc.nat(3000))), { maxLength: 6 }),
        async (drawn) => {
          const ranges = drawn.map(([start, length]) => ({
            start,
            end: Math.min(start + length, LARGE.length),
          }));
          const bytesOf = await file.read(ranges);
          for (const range of ranges) {
            assert.ok(
              Buffer.from(bytesOf(range)).equals(LARGE.subarray(range.start, range.end)),
              specimen.name,
            );
          }
        },
      ),
      { numRuns: 8 },
    );
  }
});

test("objects of no bytes, of one, and of whole blocks and chunks are whole", async () => {
  for (const length of [0, 1, 15, 16, 17, CHUNK_BYTES - 16, CHUNK_BYTES, CHUNK_BYTES + 1]) {
    const plain = LARGE.slice(0, length);
    for (const specimen of specimens(plain, CHUNK_BYTES / 4)) {
      const entry = await entryOf(specimen, DATASET_KEY, INDEX);
      const file = await openAdopted(new MemorySource(specimen.bytes), entry, INDEX, DATASET_KEY);
      assert.ok(Buffer.from(await readAll(file)).equals(plain), `${specimen.name} of ${length}`);
    }
  }
});

test("refuses a range that does not lie in the plaintext", async () => {
  for (const specimen of specimens(SMALL, 64)) {
    const entry = await entryOf(specimen, DATASET_KEY, INDEX);
    const file = await openAdopted(new MemorySource(specimen.bytes), entry, INDEX, DATASET_KEY);
    for (const [start, end] of [
      [-1, 1],
      [0, SMALL.length + 1],
      [2, 1],
      [Number.NaN, 1],
    ] as const) {
      assert.equal(await codeOf(() => file.read([{ start, end }])), "SEAL_RANGE", specimen.name);
    }
  }
});

test("a changed, missing or added byte anywhere is refused before any plaintext is there", async () => {
  const step = process.env["SEALROOM_DEEP"] === undefined ? 11 : 1;
  for (const specimen of specimens(SMALL, 64)) {
    const entry = await entryOf(specimen, DATASET_KEY, INDEX);
    const open = async (bytes: Uint8Array): Promise<void> => {
      await openAdopted(new MemorySource(bytes), entry, INDEX, DATASET_KEY);
    };
    for (let at = 0; at < specimen.bytes.length; at += step) {
      const flipped = specimen.bytes.slice();
      flipped[at] = (flipped[at] ?? 0) ^ (1 << (at % 8));
      const code = await codeOf(() => open(flipped));
      assert.match(
        code,
        /^(SEAL_|S3EC_TAG|POLICY_MESSAGE|CRYPTO_KEY|OBJECT_DIGEST)/,
        `${specimen.name} at ${at}`,
      );
      const cut = await codeOf(() => open(specimen.bytes.slice(0, at)));
      assert.equal(cut, "TRANSPORT_CLOSED", `${specimen.name} to ${at}`);
    }
  }
});

test("an object that its manifest says is longer or shorter than it is is refused", async () => {
  for (const specimen of specimens(SMALL, 64)) {
    for (const bytes of [specimen.bytes.length - 1, specimen.bytes.length + 1, 8]) {
      const given = new Uint8Array(bytes);
      given.set(specimen.bytes.subarray(0, bytes));
      const code = await codeOf(async () => {
        await verifyObject(new MemorySource(given), bytes, specimen.envelope, specimen.dataKey);
      });
      assert.match(code, /^(SEAL_|S3EC_)/, `${specimen.name} of ${bytes}`);
    }
  }
});

test("bytes that are others the second time are refused, though they be of an object as authentic", async () => {
  const other = new Uint8Array(LARGE).reverse();
  for (const specimen of specimens(LARGE, 100_000)) {
    const entry = await entryOf(specimen, DATASET_KEY, INDEX);
    let changed = 0;
    // Of a CTR text an attacker who knows the plaintext can make any other: here, the reversed one.
    const forged = specimen.bytes.slice();
    const offset = specimen.bytes.length - 16 - LARGE.length;
    if (specimen.name.startsWith("s3ec")) {
      LARGE.forEach((byte, at) => {
        forged[at + offset] = (forged[at + offset] ?? 0) ^ byte ^ (other[at] ?? 0);
      });
    } else {
      forged.fill(7, 1000);
    }
    let passes = 0;
    const source = new MemorySource(specimen.bytes, (_read, start, honest) => {
      if (start === 0) passes++;
      if (passes < 2) return honest;
      changed++;
      return forged.slice(start, start + honest.length);
    });
    const file = await openAdopted(source, entry, INDEX, DATASET_KEY);
    assert.equal(await codeOf(() => readAll(file)), "OBJECT_CHANGED", specimen.name);
    assert.ok(changed > 0);
  }
});

test("frames that their writer wrote again under the same header are refused, the second time too", async () => {
  const [specimen, twin] = framedTwins(LARGE, new Uint8Array(LARGE).reverse(), 100_000);
  const headerBytes = headerLength(specimen.bytes) ?? 0;
  assert.ok(headerBytes > 0);
  assert.deepEqual(twin.bytes.subarray(0, headerBytes), specimen.bytes.subarray(0, headerBytes));
  assert.equal(twin.bytes.length, specimen.bytes.length);
  const entry = await entryOf(specimen, DATASET_KEY, INDEX);
  // Its tags are true: as an object by itself it verifies.
  assert.notEqual((await entryOf(twin, DATASET_KEY, INDEX)).digest, entry.digest);
  const open = openAdopted(new MemorySource(twin.bytes), entry, INDEX, DATASET_KEY);
  assert.equal(await codeOf(() => open), "OBJECT_DIGEST");
  let isOpen = false;
  const source = new MemorySource(specimen.bytes, (_read, start, honest) =>
    isOpen ? twin.bytes.slice(start, start + honest.length) : honest,
  );
  const file = await openAdopted(source, entry, INDEX, DATASET_KEY);
  isOpen = true;
  assert.equal(await codeOf(() => file.read([{ start: 100_000, end: 100_010 }])), "OBJECT_CHANGED");
});

test("pulls of a framed message only the chunks in which the wanted frames lie", async () => {
  const [specimen] = framedTwins(LARGE, LARGE, 1000);
  const entry = await entryOf(specimen, DATASET_KEY, INDEX);
  const pulled: number[] = [];
  const source = new MemorySource(specimen.bytes, (_read, start, honest) => {
    pulled.push(start, honest.length);
    return honest;
  });
  const file = await openAdopted(source, entry, INDEX, DATASET_KEY);
  pulled.length = 0;
  const range = { start: 600_000, end: 600_010 };
  assert.deepEqual(
    Buffer.from((await file.read([range]))(range)),
    Buffer.from(LARGE.subarray(range.start, range.end)),
  );
  assert.deepEqual(pulled, [2 * CHUNK_BYTES, CHUNK_BYTES]);
});

test("a chunk of another place of the same object is refused", async () => {
  const specimen = s3ecV3(LARGE);
  const entry = await entryOf(specimen, DATASET_KEY, INDEX);
  let isOpen = false;
  const source = new MemorySource(specimen.bytes, (_read, start, honest) =>
    isOpen && start === 0 ? specimen.bytes.slice(CHUNK_BYTES, CHUNK_BYTES + honest.length) : honest,
  );
  const file = await openAdopted(source, entry, INDEX, DATASET_KEY);
  isOpen = true;
  assert.equal(await codeOf(() => file.read([{ start: 10, end: 20 }])), "OBJECT_CHANGED");
  assert.equal(await codeOf(() => file.read([{ start: CHUNK_BYTES, end: CHUNK_BYTES + 1 }])), "ok");
});

test("pulls an object in pieces of a bounded length, and again only the chunks that are wanted", async () => {
  const specimen = s3ecV2(LARGE);
  const entry = await entryOf(specimen, DATASET_KEY, INDEX);
  const lengths: number[] = [];
  const source = new MemorySource(specimen.bytes, (_read, _start, honest) => {
    lengths.push(honest.length);
    return honest;
  });
  const file = await openAdopted(source, entry, INDEX, DATASET_KEY);
  assert.ok(Math.max(...lengths) <= 8 * CHUNK_BYTES);
  assert.equal(
    lengths.reduce((sum, length) => sum + length, 0),
    specimen.bytes.length,
  );
  lengths.length = 0;
  for (let start = 0; start < 1000; start += 100) await file.read([{ start, end: start + 50 }]);
  assert.deepEqual(lengths, [CHUNK_BYTES]);
});

test("a wrapped data key opens with its own entry only, at its own place, in its own data set", async () => {
  const [specimen, other] = [s3ecV2(SMALL), s3ecV2(SMALL)];
  const entry = await entryOf(specimen, DATASET_KEY, INDEX);
  const foreign = await entryOf(other, DATASET_KEY, INDEX);
  const open = (changed: AdoptedEntry, index = INDEX, key = DATASET_KEY): Promise<string> =>
    codeOf(() => openAdopted(new MemorySource(specimen.bytes), changed, index, key));
  assert.equal(await open(entry), "ok");
  assert.equal(await open(entry, INDEX + 1), "OBJECT_KEY");
  assert.equal(await open(entry, INDEX, new Uint8Array(randomBytes(32))), "OBJECT_KEY");
  const { wrappedKey } = foreign.envelope;
  const changes: readonly Partial<AdoptedEntry>[] = [
    { key: "another" },
    { digest: foreign.digest },
    { bytes: entry.bytes + 1 },
    { rows: entry.rows + 1 },
    { envelope: { ...entry.envelope, wrappedKey } },
    { envelope: foreign.envelope },
    { envelope: { kind: "esdk-whole", suite: 0x0178, wrappedKey: entry.envelope.wrappedKey } },
  ];
  for (const change of changes) assert.equal(await open({ ...entry, ...change }), "OBJECT_KEY");
});

test("an authentic object under the same data key is not the one of the manifest", async () => {
  for (const write of [s3ecV2, s3ecV3]) {
    const specimen = write(SMALL);
    const twin = write(SMALL.slice().reverse(), specimen.dataKey);
    const { digest } = await entryOf(specimen, DATASET_KEY, INDEX);
    const twinEntry = await entryOf(twin, DATASET_KEY, INDEX);
    // As its owner would have signed it: the key is bound to that digest, the bytes are the twin's.
    const open = { ...twinEntry, digest, envelope: twin.envelope };
    const signed = wrapDataKey(DATASET_KEY, open, INDEX, specimen.dataKey);
    const code = await codeOf(() => openAdopted(new MemorySource(twin.bytes), signed, INDEX, DATASET_KEY));
    assert.equal(code, "OBJECT_DIGEST");
  }
});

test("checks the key commitment before it asks for a byte", async () => {
  const specimen = s3ecV3(SMALL);
  const source = new MemorySource(specimen.bytes);
  const wrong = new Uint8Array(randomBytes(32));
  const code = await codeOf(() => verifyObject(source, specimen.bytes.length, specimen.envelope, wrong));
  assert.equal(code, "S3EC_COMMITMENT");
  assert.equal(source.reads, 0);
});

test("a message of another suite than its manifest says is refused", async () => {
  for (const { name, bytes, envelope, dataKey } of specimens(SMALL, 64)) {
    if (!("suite" in envelope)) continue;
    const suite = envelope.suite === 0x0178 ? 0x0378 : 0x0178;
    const code = await codeOf(() =>
      verifyObject(new MemorySource(bytes), bytes.length, { ...envelope, suite }, dataKey),
    );
    assert.equal(code, "POLICY_MESSAGE", name);
  }
});

test(
  "judges AWS's vectors in bounded memory as it does when it holds them",
  { skip: withoutVectors },
  async () => {
    interface Vector {
      readonly file: string;
      readonly suite: string;
      readonly plaintextDataKeyB64?: string;
      readonly plaintextDataKeyHex?: string;
    }
    const directory = new URL("esdk/", VECTORS);
    const manifest = JSON.parse(
      readFileSync(new URL("manifest.json", directory), "utf8"),
    ) as readonly Vector[];
    const verdicts = { ok: 0, refused: 0 };
    for (const vector of manifest) {
      const { plaintextDataKeyB64: base64, plaintextDataKeyHex: zeros } = vector;
      if (base64 === undefined && zeros === undefined) continue;
      const bytes = new Uint8Array(readFileSync(new URL(vector.file, directory)));
      const keyBytes = SUITE_FACTS.get(Number(vector.suite))?.keyBytes ?? 0;
      const dataKey =
        base64 === undefined ? new Uint8Array(keyBytes) : new Uint8Array(Buffer.from(base64, "base64"));
      let expected: Uint8Array | undefined;
      const heldCode = await codeOf(() => {
        expected = openWithDataKey(bytes, dataKey);
      });
      let plain: Uint8Array | undefined;
      const code = await codeOf(async () => {
        const envelope = { kind: "esdk-whole", suite: parseHeader(bytes).suite.id } as const;
        plain = await readAll(
          (await verifyObject(new MemorySource(bytes), bytes.length, envelope, dataKey)).file,
        );
      });
      assert.equal(code, heldCode, vector.file);
      assert.deepEqual(plain, expected, vector.file);
      verdicts[code === "ok" ? "ok" : "refused"]++;
    }
    assert.ok(verdicts.ok >= 20 && verdicts.refused >= 5, JSON.stringify(verdicts));
  },
);
