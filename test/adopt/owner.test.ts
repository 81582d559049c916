// What an owner adopts and what not, against the local S3 and KMS: real writers, keys and contexts that do not fit,
// instruction files that were swapped, contents that cannot be read. What is refused leaves no manifest.
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { buildClient, CommitmentPolicy, KmsKeyringNode, MultiKeyringNode } from "@aws-crypto/client-node";
import { ScheduleKeyDeletionCommand } from "@aws-sdk/client-kms";
import * as arrow from "apache-arrow";
import type { ErrorCode } from "../../core/errors.ts";
import { datasetContext } from "../../core/manifest/encryption-context.ts";
import type { AdoptedEntry } from "../../core/manifest/manifest.ts";
import { openAdopted } from "../../core/seal/adopted.ts";
import { INSTRUCTION_SUFFIX } from "../../core/seal/s3ec-metadata.ts";
import { decodeBase64url } from "../../core/text/base64url.ts";
import { startServices } from "../../local/services.ts";
import { decryptDatasetKey } from "../../owner/kms.ts";
import { sealDataset } from "../../owner/seal.ts";
import { signDataset } from "../../owner/sign.ts";
import { parseRulesFile } from "../../owner/rules-file.ts";
import { parseSchemaFile } from "../../owner/schema-file.ts";
import { Forger } from "../seal/forger.ts";
import { codeOf, MemorySource, readAll } from "./memory.ts";
import { openRig, PLACE, RULES, SCHEMA } from "./rig.ts";
import type { AdoptChange } from "./rig.ts";
import { encodeVisits, SIGNED, UNCOMMITTED, writeEsdk, writeS3V2, writeS3V3 } from "./writers.ts";
import type { Visit } from "./writers.ts";

const state = await mkdtemp(join(tmpdir(), "sealroom-adopt-"));
const services = await startServices(state);
const rig = await openRig(services);
after(async () => {
  rig.close();
  await services.close();
  await rm(state, { recursive: true, force: true });
});

const VISITS = Array.from({ length: 100 }, (_, i): Visit => ({
  person: `person-${i % 7}`,
  city: i % 5 === 0 ? null : `city-${i % 3}`,
  amount: i,
}));
const PLAIN = encodeVisits(VISITS, 64);

/** The code of the refusal, which must have left the manifest that was there, or none. */
async function refusal(change: AdoptChange): Promise<ErrorCode | "ok"> {
  const stored = async (): Promise<string | null> =>
    rig.manifest().then(
      ({ verified }) => verified.digest,
      () => null,
    );
  const before = await stored();
  const code = await codeOf(() => rig.adopt(change));
  assert.equal(await stored(), before, "a refusal changed the manifest");
  return code;
}

async function datasetKey(): Promise<Uint8Array> {
  const { manifest, owner } = (await rig.manifest()).verified;
  const { dataset, epoch, keyArn, wrappedKey } = manifest;
  const blob = decodeBase64url(wrappedKey) ?? new Uint8Array(0);
  return decryptDatasetKey(rig.writer.kms, keyArn, blob, datasetContext({ owner, dataset, epoch }));
}

/** Opens an entry of the stored manifest as the enclave would. */
async function openEntry(index: number): Promise<Uint8Array> {
  const entry = (await rig.manifest()).verified.manifest.objects[index] as AdoptedEntry;
  const source = new MemorySource(await rig.get(entry.key));
  return readAll(await openAdopted(source, entry, index, await datasetKey()));
}

test("adopts what AWS's Encryption SDK writes, of every suite and frame length, and the S3 Encryption Client's", async () => {
  const { writer } = rig;
  await rig.put("small-frames", await writeEsdk(writer, PLAIN, { frameLength: 1 }));
  await rig.put("large-frames", await writeEsdk(writer, PLAIN, { frameLength: 16 * 2 ** 20 }));
  await rig.put("signed", await writeEsdk(writer, PLAIN, { suite: SIGNED }));
  await rig.put("uncommitted", await writeEsdk(writer, PLAIN, { suite: UNCOMMITTED }));
  await rig.putS3("v2", await writeS3V2(writer, PLAIN));
  await rig.putS3("v2-file", await writeS3V2(writer, PLAIN, "instruction file"));
  await rig.putS3("v3", await writeS3V3(writer, PLAIN));
  await rig.putS3("v3-file", await writeS3V3(writer, PLAIN, "instruction file"));
  await rig.put("no-context", await writeEsdk({ ...writer, context: {} }, PLAIN));
  const objects = [
    "small-frames",
    "large-frames",
    "signed",
    "uncommitted",
    "v2",
    "v2-file",
    "v3",
    "v3-file",
    "no-context",
  ];
  const adopted = await rig.adopt({ objects });
  assert.deepEqual(
    adopted.objects.map(({ envelope }) => envelope.kind),
    [
      "esdk-whole",
      "esdk-whole",
      "esdk-whole",
      "esdk-whole",
      "s3ec-v2",
      "s3ec-v2",
      "s3ec-v3",
      "s3ec-v3",
      "esdk-whole",
    ],
  );
  for (const [index, entry] of adopted.objects.entries()) {
    assert.deepEqual([entry.key, entry.rows], [objects[index], VISITS.length]);
    assert.ok(Buffer.from(await openEntry(index)).equals(PLAIN), entry.key);
  }
  const { manifest } = (await rig.manifest()).verified;
  assert.deepEqual(
    manifest.schema.map(({ name, type, role }) => `${name} ${type} ${role}`),
    ["person utf8 unit", "city utf8 dimension", "amount int32 measure"],
  );
  assert.equal(manifest.unit, "scattered");
});

test("the same rows by themselves are a data set of unit row", async () => {
  await rig.put("rows", await writeEsdk(rig.writer, PLAIN));
  const schema = SCHEMA.replace("unit: person", "unit: row").replace("role: unit", "role: identifier");
  assert.equal((await rig.adopt({ objects: ["rows"], schema })).unit, "row");
});

test("opens data keys only under KMS keys that are named as the writer's, and under the context that is demanded", async () => {
  const stranger = { ...rig.writer, keyArn: await rig.createKey() };
  await rig.put("own.esdk", await writeEsdk(rig.writer, PLAIN));
  await rig.putS3("own.v2", await writeS3V2(rig.writer, PLAIN));
  await rig.put("strange.esdk", await writeEsdk(stranger, PLAIN));
  await rig.putS3("strange.v2", await writeS3V2(stranger, PLAIN));
  for (const name of ["strange.esdk", "strange.v2"]) {
    assert.equal(await refusal({ objects: ["own.esdk", name] }), "OWNER_WRITER_KEY", name);
    const writerKeys = [rig.writer.keyArn, stranger.keyArn];
    assert.equal(
      await refusal({ objects: [name], writerKeys: [rig.writer.keyArn] }),
      "OWNER_WRITER_KEY",
      name,
    );
    assert.equal((await rig.adopt({ objects: [name], writerKeys })).objects.length, 1);
  }
  for (const name of ["own.esdk", "own.v2"]) {
    const demand = (...pairs: [string, string][]): Promise<string> =>
      codeOf(() => rig.adopt({ objects: [name], context: new Map(pairs) }));
    assert.equal(await demand(["purpose", "visits"]), "ok");
    assert.equal(await demand(["purpose", "other"]), "SEAL_CONTEXT");
    assert.equal(await demand(["purpose", "visits"], ["absent", ""]), "SEAL_CONTEXT");
    assert.equal(await demand(["toString", "visits"]), "SEAL_CONTEXT");
  }
});

test("a data key that is wrapped under several keys opens with the one that is named, or that KMS still opens", async () => {
  const { kms, keyArn } = rig.writer;
  const gone = await rig.createKey();
  const generator = new KmsKeyringNode({
    generatorKeyId: gone,
    keyIds: [keyArn],
    clientProvider: () => kms as never,
  });
  const { encrypt } = buildClient(CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT);
  const { result } = await encrypt(new MultiKeyringNode({ generator }), PLAIN);
  await rig.put("several", new Uint8Array(result));
  await kms.send(new ScheduleKeyDeletionCommand({ KeyId: gone, PendingWindowInDays: 7 }));
  for (const writerKeys of [[keyArn], [gone, keyArn], [keyArn, gone]]) {
    assert.equal((await rig.adopt({ objects: ["several"], writerKeys })).objects.length, 1);
  }
  assert.equal(await refusal({ objects: ["several"], writerKeys: [gone] }), "KMS_CALL");
});

test("a key that KMS no longer opens, and a context that was changed, are KMS's to refuse", async () => {
  const keyArn = await rig.createKey();
  await rig.put("gone", await writeEsdk({ ...rig.writer, keyArn }, PLAIN));
  await rig.writer.kms.send(new ScheduleKeyDeletionCommand({ KeyId: keyArn, PendingWindowInDays: 7 }));
  assert.equal(await refusal({ objects: ["gone"], writerKeys: [keyArn] }), "KMS_CALL");
  const { bytes, metadata } = await writeS3V2(rig.writer, PLAIN);
  const context = '{"purpose":"other","aws:x-amz-cek-alg":"AES/GCM/NoPadding"}';
  await rig.put("other-context", bytes, { ...metadata, "x-amz-matdesc": context });
  assert.equal(await refusal({ objects: ["other-context"] }), "KMS_CALL");
});

test("an instruction file of another object gives another data key, which does not open this one", async () => {
  for (const [write, code] of [
    [writeS3V2, "S3EC_TAG"],
    [writeS3V3, "S3EC_COMMITMENT"],
  ] as const) {
    const [one, other] = [
      await write(rig.writer, PLAIN, "instruction file"),
      await write(rig.writer, PLAIN, "instruction file"),
    ];
    await rig.putS3("swapped", { ...one, instruction: other.instruction });
    assert.equal(await refusal({ objects: ["swapped"] }), code);
    await rig.put(`alone-${code}`, one.bytes, one.metadata);
    const expected = write === writeS3V2 ? "OWNER_ENVELOPE" : "S3EC_INSTRUCTION";
    assert.equal(await refusal({ objects: [`alone-${code}`] }), expected);
    await rig.put(`alone-${code}${INSTRUCTION_SUFFIX}`, new Uint8Array(100_000).fill(0x20));
    assert.equal(await refusal({ objects: [`alone-${code}`] }), "STORE_SIZE");
  }
});

test("refuses modes that authenticate nothing, keys that are not KMS's, and suites without a key derivation", async () => {
  const { bytes, metadata } = await writeS3V2(rig.writer, PLAIN);
  const cases: readonly (readonly [Readonly<Record<string, string>>, ErrorCode])[] = [
    [{ "x-amz-key": "AAAA", "x-amz-iv": "AAAA", "x-amz-matdesc": "{}" }, "S3EC_LEGACY"],
    [{ ...metadata, "x-amz-cek-alg": "AES/CBC/PKCS5Padding" }, "S3EC_LEGACY"],
    [{ ...metadata, "x-amz-wrap-alg": "kms" }, "S3EC_LEGACY"],
    [{ ...metadata, "x-amz-wrap-alg": "AESWrap" }, "S3EC_LEGACY"],
    [{ ...metadata, "x-amz-wrap-alg": "AES/GCM" }, "S3EC_WRAP"],
    [{ ...metadata, "x-amz-wrap-alg": "RSA-OAEP-SHA1" }, "S3EC_WRAP"],
    [{ ...metadata, "x-amz-wrap-alg": "ROT13" }, "S3EC_METADATA"],
    [{ ...metadata, "x-amz-cek-alg": "AES/CTR/NoPadding" }, "S3EC_METADATA"],
    [{ ...metadata, "x-amz-matdesc": "{}" }, "S3EC_METADATA"],
    [{ ...metadata, "x-amz-matdesc": "not json" }, "JSON_SYNTAX"],
    [{ ...metadata, "x-amz-iv": "AAAA" }, "S3EC_METADATA"],
    [{}, "OWNER_ENVELOPE"],
  ];
  for (const [changed, code] of cases) {
    await rig.put("mode", bytes, changed);
    assert.equal(await refusal({ objects: ["mode"] }), code, JSON.stringify(changed));
  }
  for (const suite of [0x0014, 0x0046, 0x0078]) {
    const forger = new Forger({
      suite,
      dataKeys: [["aws-kms", Buffer.from(rig.writer.keyArn), Buffer.from("x")]],
    });
    await rig.put("underived", forger.message(...forger.frames(PLAIN)));
    assert.equal(await refusal({ objects: ["underived"] }), "POLICY_MESSAGE");
  }
  const raw = new Forger({ suite: 0x0478 });
  await rig.put("raw", raw.message(...raw.frames(PLAIN)));
  assert.equal(await refusal({ objects: ["raw"] }), "OWNER_WRITER_KEY");
  assert.equal(await refusal({ objects: ["absent"] }), "STORE_MISSING");
});

test("refuses a damaged object, in its header, its body and its end", async () => {
  const bytes = await writeEsdk(rig.writer, PLAIN, { frameLength: 500 });
  const signed = await writeEsdk(rig.writer, PLAIN, { suite: SIGNED, frameLength: 500 });
  const v3 = await writeS3V3(rig.writer, PLAIN);
  const flip = (honest: Uint8Array, at: number): Uint8Array => {
    const flipped = honest.slice();
    flipped[at] = (flipped[at] ?? 0) ^ 1;
    return flipped;
  };
  const cases: readonly (readonly [Uint8Array, RegExp])[] = [
    [flip(bytes, 20), /^(SEAL_|KMS_CALL)/],
    [flip(bytes, bytes.length - 20), /^SEAL_FRAME_TAG$/],
    [flip(bytes, bytes.length - 700), /^SEAL_FRAME_TAG$/],
    [bytes.slice(0, -1), /^SEAL_/],
    [bytes.slice(0, -400), /^SEAL_/],
    [flip(signed, signed.length - 5), /^SEAL_(SIGNATURE|FOOTER)$/],
    [signed.slice(0, -104), /^SEAL_TRUNCATED$/],
    [Buffer.concat([signed, Buffer.from([0])]), /^SEAL_TRAILING$/],
  ];
  for (const [index, [damaged, code]] of cases.entries()) {
    await rig.put("damaged", new Uint8Array(damaged));
    assert.match(await refusal({ objects: ["damaged"] }), code, String(index));
  }
  await rig.put("damaged", flip(v3.bytes, 100), v3.metadata);
  assert.equal(await refusal({ objects: ["damaged"] }), "S3EC_TAG");
});

/** The bytes of a file with these columns. */
function encodeColumns(
  columns: Readonly<Record<string, arrow.Vector>>,
  form: "file" | "stream" = "file",
): Uint8Array {
  return arrow.tableToIPC(new arrow.Table(columns), form);
}

function texts<Type extends arrow.DataType = arrow.Utf8>(
  values: readonly (string | null)[],
  type: arrow.DataType = new arrow.Utf8(),
): arrow.Vector<Type> {
  return arrow.vectorFromArray(values, type) as arrow.Vector<Type>;
}

test("refuses contents that the enclave could not read, and columns that schema.yaml does not name", async () => {
  const person = texts(["a", "b", "c"]);
  const city = texts(["x", "y", "x"]);
  const amount = arrow.vectorFromArray([1, 2, 3], new arrow.Int32());
  // A dictionary in two parts is written as one and a delta.
  const dictionary: arrow.Vector<arrow.Utf8> = texts(["x"]).concat(texts(["y"]));
  const grown = arrow.makeData({
    type: new arrow.Dictionary(new arrow.Utf8(), new arrow.Int16(), 5),
    data: Int16Array.of(0, 1, 0),
    dictionary,
  });
  const nullCoded = arrow.makeData({
    type: new arrow.Dictionary(new arrow.Utf8(), new arrow.Uint32(), 6),
    data: Uint32Array.of(0, 1, 0),
    dictionary: texts(["a", null]),
  });
  const deltas = encodeColumns({ person, city: new arrow.Vector([grown]), amount });
  arrow.compressionRegistry.set(arrow.CompressionType.ZSTD, {
    encode: zstdCompressSync,
    decode: zstdDecompressSync,
  });
  const compressed = new arrow.RecordBatchFileWriter({ compressionType: arrow.CompressionType.ZSTD });
  compressed.writeAll(new arrow.Table({ person, city, amount })).finish();
  const cases: readonly (readonly [string, Uint8Array, ErrorCode])[] = [
    ["a compressed file", await compressed.toUint8Array(), "COLUMN_COMPRESSED"],
    ["what begins as Parquet does", Buffer.from("PAR1 and so on PAR1"), "COLUMN_PARQUET"],
    ["CSV", Buffer.from("person,city,amount\na,x,1\n"), "OWNER_FORMAT"],
    ["nothing", new Uint8Array(0), "OWNER_FORMAT"],
    ["a stream", encodeColumns({ person, city, amount }, "stream"), "OWNER_FORMAT"],
    ["half a file", encodeColumns({ person, city, amount }).slice(0, 400), "COLUMN_FOOTER"],
    ["a column less", encodeColumns({ person, city }), "OWNER_COLUMNS"],
    ["a column more", encodeColumns({ person, city, amount, secret: city }), "OWNER_COLUMNS"],
    [
      "float16",
      encodeColumns({ person, city, amount: arrow.vectorFromArray([1], new arrow.Float16()) }),
      "COLUMN_TYPE",
    ],
    [
      "a time of day",
      encodeColumns({ person, city, amount: arrow.vectorFromArray([1], new arrow.TimeSecond()) }),
      "COLUMN_TYPE",
    ],
    [
      "a unit that is null by its dictionary",
      encodeColumns({ person: new arrow.Vector([nullCoded]), city, amount }),
      "OWNER_UNIT_NULL",
    ],
    [
      "a unit that is null",
      encodeColumns({ person: texts(["a", null, "c"]), city, amount }),
      "OWNER_UNIT_NULL",
    ],
    ["dictionaries that change", deltas, "COLUMN_DICTIONARY"],
  ];
  for (const [name, plain, code] of cases) {
    await rig.put("content", await writeEsdk(rig.writer, plain));
    assert.equal(await refusal({ objects: ["content"] }), code, name);
  }
  await rig.put("good", await writeEsdk(rig.writer, encodeColumns({ person, city, amount })));
  await rig.put("other-order", await writeEsdk(rig.writer, encodeColumns({ city, person, amount })));
  assert.equal(await refusal({ objects: ["good", "other-order"] }), "COLUMN_SCHEMA");
  const int64 = SCHEMA.replace("{ role: measure }", "{ role: measure, type: int64 }");
  assert.equal(await refusal({ objects: ["good"], schema: int64 }), "OWNER_COLUMN_TYPE");
  assert.equal(await refusal({ objects: ["good"], schema: `${SCHEMA}drop: [x]\n` }), "OWNER_SCHEMA");
  assert.equal(await refusal({ objects: ["good"], schema: `${SCHEMA}null_units: drop\n` }), "OWNER_SCHEMA");
  assert.equal(await refusal({ objects: ["good", "good"] }), "MANIFEST_OBJECT");
  assert.equal(await refusal({ objects: ["../good"] }), "MANIFEST_OBJECT");
  assert.equal(
    await refusal({ objects: ["good"], rules: RULES.replace("upper: 1000", "upper: -1") }),
    "MANIFEST_RULES",
  );
});

test("codes of every width, batches of any size, and what stands beside the data are read", async () => {
  const rows = Array.from({ length: 300 }, (_, i) => i);
  const schema =
    "unit: row\ncolumns:\n  a: { role: dimension }\n  b: { role: dimension }\n  c: { role: dimension }\n  d: { role: measure }\n";
  const coded = (bits: arrow.Int8 | arrow.Int16 | arrow.Int32): arrow.Vector =>
    texts(
      rows.map((row) => (row % 9 === 0 ? null : `value-${row % 40}`)),
      new arrow.Dictionary(new arrow.Utf8(), bits),
    );
  const plain = encodeColumns({
    a: coded(new arrow.Int8()),
    b: coded(new arrow.Int16()),
    c: coded(new arrow.Int32()),
    d: arrow.vectorFromArray(rows, new arrow.Float64()),
  });
  await rig.put("widths", await writeEsdk(rig.writer, plain));
  const rules = "min_units: 2\nmax_groups: 10\n";
  const { objects } = await rig.adopt({ objects: ["widths"], schema, rules });
  assert.equal(objects[0]?.rows, 300);
});

test("adds to a data set of before, sealed or adopted, and signs it again; the wrapped keys still open", async () => {
  const at = PLACE;
  const input = join(state, "visits.csv");
  await writeFile(input, "person,city,amount\na,x,1\nb,y,2\n");
  const typed = SCHEMA.replace("role: measure", "role: measure, type: int32");
  const sealed = await sealDataset({
    inputs: [input],
    dataset: "visits",
    schema: parseSchemaFile(typed),
    rules: await parseRulesFile(RULES, () => Promise.reject(new Error("no recipient"))),
    ownerKey: rig.ownerKey,
    keyArn: rig.writer.keyArn,
    to: at,
    s3: rig.s3,
    kms: rig.writer.kms,
    nowMs: Date.now(),
  });
  await rig.put("more", await writeEsdk(rig.writer, PLAIN));
  await rig.putS3("and-more", await writeS3V3(rig.writer, PLAIN));
  assert.equal(await refusal({ objects: ["more"], keep: "00".repeat(48) }), "OWNER_MANIFEST");
  const added = await rig.adopt({ objects: ["more"], keep: sealed.manifestDigest });
  assert.deepEqual([added.unit, added.kept, added.objects.length], ["scattered", 1, 1]);
  const twice = await rig.adopt({ objects: ["and-more"], keep: added.manifestDigest });
  assert.equal(twice.kept, 2);
  const signed = await signDataset({
    dataset: "visits",
    at,
    manifest: twice.manifestDigest,
    rules: null,
    ownerKey: rig.ownerKey,
    s3: rig.s3,
    kms: rig.writer.kms,
    nowMs: Date.now() + 1,
  });
  const { manifest, digest } = (await rig.manifest()).verified;
  assert.equal(digest, signed.manifestDigest);
  assert.deepEqual(
    manifest.objects.map((entry) => ("envelope" in entry ? entry.envelope.kind : "sealed")),
    ["sealed", "esdk-whole", "s3ec-v3"],
  );
  for (const index of [1, 2]) assert.ok(Buffer.from(await openEntry(index)).equals(PLAIN));
  const nowMs = Date.now() + 10;
  const keep = signed.manifestDigest;
  const byRow = SCHEMA.replace("unit: person", "unit: row").replace("role: unit", "role: identifier");
  assert.equal(await refusal({ objects: ["more"], keep, nowMs, schema: byRow }), "OWNER_SCHEMA");
  assert.equal(await refusal({ objects: ["more"], keep, nowMs }), "MANIFEST_OBJECT");
  assert.equal(
    await refusal({ objects: ["more"], keep, nowMs, keyArn: await rig.createKey() }),
    "OWNER_DATASET",
  );
});

test("an object that is replaced while it is read is refused", async () => {
  const [one, other] = [await writeS3V3(rig.writer, PLAIN), await writeS3V3(rig.writer, PLAIN)];
  await rig.putS3("moving", one);
  let sent = 0;
  rig.s3.middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        const { Key = "" } = args.input as { Key?: string };
        if (commandName === "GetObjectCommand" && Key.endsWith("moving") && ++sent === 1) {
          await rig.putS3("moving", other);
        }
        return next(args);
      },
    { step: "initialize", name: "mover" },
  );
  const code = await codeOf(() => rig.adopt({ objects: ["moving"], nowMs: Date.now() + 20 }));
  rig.s3.middlewareStack.remove("mover");
  assert.ok(sent > 0);
  assert.equal(code, "OWNER_CHANGED");
});
