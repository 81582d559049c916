// Bad inputs, bad schemas and failing services: one clear code each, and nothing that looks like a data set.
import assert from "node:assert/strict";
import test, { after, before } from "node:test";
import {
  CompleteMultipartUploadCommand,
  PutObjectCommand,
  UploadPartCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import * as arrow from "apache-arrow";
import { generateOwnerKeys, encodeKeys, parseOwnerKey } from "../../owner/keys.ts";
import { parseJson } from "../../core/json.ts";
import type { Details, ErrorCode } from "../../core/errors.ts";
import { Cleanups } from "../local/kms/rig.ts";
import { refused } from "./refused.ts";
import { EPOCH, startOwnerRig, type OwnerRig, type SealInput } from "./rig.ts";

const cleanups = new Cleanups();
let rig: OwnerRig;
before(async () => {
  rig = await startOwnerRig(cleanups);
});
after(() => cleanups.run());

const SCHEMA =
  "unit: who\ncolumns:\n  who: { type: utf8, role: unit }\n  n: { type: int32, role: measure }\n";
const GOOD = "who,n\na,1\nb,2\n";

let places = 0;
/** A prefix of its own, where nothing may be left but objects that no manifest names. */
function place(): string {
  places += 1;
  return `refused-${places}/`;
}

async function sealRefused(
  code: ErrorCode,
  request: Omit<SealInput, "prefix">,
  details: Details = {},
): Promise<void> {
  const prefix = place();
  await refused(code, () => rig.seal({ ...request, prefix }), details);
  assert.deepEqual(
    (await rig.keys(prefix)).filter((key) => key.endsWith(".jws")),
    [],
  );
}

for (const [what, name, content, code, details] of [
  ["a file that is missing", null, "", "FILE_MISSING", {}],
  ["a file of no known format", "x.dat", "who,n\na,1\n", "OWNER_INPUT", {}],
  ["an empty CSV file", "x.csv", "", "OWNER_INPUT", { fault: "no header" }],
  [
    "a record with too few fields",
    "x.csv",
    "who,n\na,1\nb\n",
    "OWNER_INPUT",
    { line: 3, fault: "a record has another number of fields than the header" },
  ],
  ["a record with too many fields", "x.csv", "who,n\na,1,9\n", "OWNER_INPUT", { line: 2 }],
  ["a quote that does not end", "x.csv", 'who,n\na,"1\n', "OWNER_INPUT", { line: 2 }],
  ["a quote in the header that does not end", "x.csv", 'who,"n\na,1\n', "OWNER_INPUT", {}],
  ["text after a quote", "x.csv", 'who,n\n"a"b,1\n', "OWNER_INPUT", { line: 2 }],
  [
    "bytes that are not UTF-8",
    "x.csv",
    Buffer.from("who,n\n\xff\xfe,1\n", "latin1"),
    "OWNER_INPUT",
    { fault: "text that is not valid UTF-8" },
  ],
  [
    "UTF-16 text",
    "x.csv",
    Buffer.from("who,n\na,1\n", "utf16le"),
    "OWNER_INPUT",
    { fault: "not a text file" },
  ],
  ["a Parquet file cut short", "x.parquet", "PAR1" + "\0".repeat(200), "OWNER_INPUT", {}],
  ["an Arrow file cut short", "x.arrow", "ARROW1\0\0" + "\0".repeat(200), "OWNER_INPUT", {}],
  ["a column that is missing", "x.csv", "who,m\na,1\n", "OWNER_COLUMNS", { missing: "n" }],
  ["a column that nobody spoke of", "x.csv", "who,n,ssn\na,1,2\n", "OWNER_COLUMNS", { unknown: "ssn" }],
  ["a column named twice", "x.csv", "who,n,n\na,1,2\n", "OWNER_COLUMNS", { twice: "n" }],
  ["a name that differs in case", "x.csv", "who,N\na,1\n", "OWNER_COLUMNS", { missing: "n", nearest: "N" }],
  ["rows without a unit", "x.csv", "who,n\na,1\n,2\n,3\n", "OWNER_UNIT_NULL", { column: "who", rows: 2 }],
] as const) {
  test(`refuses ${what}`, async () => {
    const file = name === null ? `${rig.directory}/nowhere.csv` : await rig.file(name, content);
    await sealRefused(code, { inputs: [file], schema: SCHEMA }, details);
  });
}

for (const [type, bad] of [
  ["int32", ["1.5", "2147483648", "1e3", "0x10", "1_000", "x", "--1", "12,5"]],
  ["uint8", ["-1", "256"]],
  ["decimal(6,2)", ["1.005", "12345.6", "1e2", "1.2.3", "$5"]],
  ["float64", ["1,5", "abc", "1_0"]],
  ["date", ["2020-02-30", "01/02/2020", "2020-01-02 10:00:00", "infinity", "epoch"]],
  [
    "timestamp",
    ["2020-01-02T03:04:05Z", "2020-01-02T03:04:05+02:00", "2020-01-02 03:04:05.1234567", "2020-01-02 25:00"],
  ],
  ["timestamp[UTC]", ["2020-01-02T03:04:05 Europe/Berlin", "yesterday"]],
  ["bool", ["maybe", "2"]],
] as const) {
  test(`refuses text that is not exactly a ${type}, by column, file and row, without showing it`, async () => {
    const schema = SCHEMA.replace("int32", JSON.stringify(type)).replace("measure", "hidden");
    for (const value of bad) {
      const file = await rig.file("bad.csv", `who,n\na,\nb,\nc,"${value}"\nd,\ne,"${value}"\n`);
      await sealRefused(
        "OWNER_VALUES",
        { inputs: [file], schema },
        { file, column: "n", type, rows: 2, firstRow: 3 },
      );
    }
  });
}

test("a value that does not convert is in none of what an error says", async () => {
  const file = await rig.file("canary.csv", "who,n\na,CANARYVALUE\n");
  for (const prefix of [place()]) {
    const error = await rig
      .seal({ inputs: [file], schema: SCHEMA, prefix })
      .catch((caught: unknown) => caught);
    assert.ok(error instanceof Error);
    assert.ok(!JSON.stringify([error, error.message]).includes("CANARYVALUE"));
  }
});

test("refuses numbers of a typed file that its new type would round", async () => {
  const table = new arrow.Table({
    who: arrow.vectorFromArray(["a", "b"], new arrow.Utf8()),
    n: arrow.vectorFromArray([1, 2.5], new arrow.Float64()),
  });
  const file = await rig.file("floats.arrow", arrow.tableToIPC(table, "file"));
  await sealRefused(
    "OWNER_VALUES",
    { inputs: [file], schema: SCHEMA },
    { column: "n", rows: 1, firstRow: 2 },
  );
});

test("refuses columns of types that no sealed table holds", async () => {
  const table = new arrow.Table({
    who: arrow.vectorFromArray(["a"], new arrow.Utf8()),
    n: arrow.vectorFromArray([[1, 2]], new arrow.List(new arrow.Field("item", new arrow.Int32()))),
  });
  const file = await rig.file("lists.arrow", arrow.tableToIPC(table, "stream"));
  await sealRefused("OWNER_COLUMN_TYPE", { inputs: [file], schema: SCHEMA }, { column: "n" });
});

test("refuses Arrow text that is not UTF-8", async () => {
  const data = arrow.makeData({
    type: new arrow.Utf8(),
    length: 1,
    nullCount: 0,
    valueOffsets: Int32Array.of(0, 2),
    data: Uint8Array.of(0xc0, 0xaf),
  });
  const table = new arrow.Table({
    who: arrow.makeVector(data),
    n: arrow.vectorFromArray([1], new arrow.Int32()),
  });
  const file = await rig.file("utf8.arrow", arrow.tableToIPC(table, "stream"));
  await sealRefused(
    "OWNER_INPUT",
    { inputs: [file], schema: SCHEMA },
    { fault: "text that is not valid UTF-8" },
  );
});

test("the second of two inputs is the one that is named when it is the one at fault", async () => {
  const good = await rig.file("good.csv", GOOD);
  const bad = await rig.file("late.csv", "who,n\na,x\n");
  await sealRefused("OWNER_VALUES", { inputs: [good, bad], schema: SCHEMA }, { file: bad, firstRow: 1 });
  const cut = await rig.file("cut.csv", "who,n\na\n");
  await sealRefused("OWNER_INPUT", { inputs: [good, cut], schema: SCHEMA }, { file: cut, line: 2 });
});

test("rules that do not fit the schema are refused in the words of rules.yaml, before KMS or S3 are asked", async () => {
  const file = await rig.file("good.csv", GOOD);
  const rules = (text: string): string => `min_units: 2\nmax_groups: 10\n${text}\n`;
  const nothing = { send: () => Promise.reject(new Error("called")) } as never;
  for (const [text, code, details] of [
    ["bounds: { m: { lower: 0, upper: 1 } }", "MANIFEST_RULES", { field: "bounds.m" }],
    ["bounds: { n: { lower: 0.5, upper: 1 } }", "MANIFEST_RULES", { field: "bounds.n.lower" }],
    ["group_keys: { n: [1] }", "MANIFEST_RULES", { field: "group_keys.n" }],
  ] as const) {
    await sealRefused(code, { inputs: [file], schema: SCHEMA, rules: rules(text), kms: nothing }, details);
  }
});

test("an end that is past, and faults in the rules, are found before a byte of the data is read", async () => {
  const nowhere = `${rig.directory}/nowhere.csv`;
  const rules = (text: string): string => `min_units: 2\nmax_groups: 10\n${text}\n`;
  const badBounds = rules("bounds: { m: { lower: 0, upper: 1 } }");
  const open = SCHEMA.replace("type: int32, ", "");
  for (const schema of [SCHEMA, open]) {
    await sealRefused(
      "MANIFEST_RULES",
      { inputs: [nowhere], schema, rules: badBounds },
      { field: "bounds.m" },
    );
    await sealRefused("MANIFEST_EXPIRED", { inputs: [nowhere], schema, notAfter: EPOCH });
  }
  // Whether these bounds fit is known when the type is.
  const fraction = rules("bounds: { n: { lower: 0.5, upper: 1 } }");
  await sealRefused("FILE_MISSING", { inputs: [nowhere], schema: open, rules: fraction });
  const file = await rig.file("good.csv", GOOD);
  await sealRefused("MANIFEST_RULES", { inputs: [file], schema: open, rules: fraction });
});

test("names that a manifest cannot hold are refused before KMS is asked", async () => {
  const file = await rig.file("good.csv", GOOD);
  const kms = { send: () => Promise.reject(new Error("called")) } as never;
  await sealRefused("MANIFEST_FIELD", { inputs: [file], schema: SCHEMA, dataset: "not a name", kms });
  await sealRefused("MANIFEST_FIELD", { inputs: [file], schema: SCHEMA, keyArn: "alias/mine", kms });
});

test("KMS that fails, answers for another key, or answers nonsense is refused", async () => {
  const file = await rig.file("good.csv", GOOD);
  const answering = (answer: unknown): never => ({ send: () => Promise.resolve(answer) }) as never;
  const failing = { send: () => Promise.reject(new Error("down")) } as never;
  const blob = new Uint8Array(100);
  const key = new Uint8Array(32);
  const inputs = [file];
  await sealRefused("KMS_CALL", { inputs, schema: SCHEMA, kms: failing });
  await sealRefused("KMS_KEY_ID", {
    inputs,
    schema: SCHEMA,
    kms: answering({ KeyId: `${rig.keyArn}0`, Plaintext: key, CiphertextBlob: blob }),
  });
  await sealRefused("KMS_ANSWER", {
    inputs,
    schema: SCHEMA,
    kms: answering({ KeyId: rig.keyArn, Plaintext: key.subarray(1), CiphertextBlob: blob }),
  });
  await sealRefused("KMS_ANSWER", {
    inputs,
    schema: SCHEMA,
    kms: answering({ KeyId: rig.keyArn, Plaintext: key }),
  });
});

/** The client with one kind of request failing after so many. */
function breaking(s3: S3Client, kind: new (...args: never[]) => unknown, after_: number): S3Client {
  let left = after_;
  return new Proxy(s3, {
    get: (client, name) => {
      if (name !== "send") {
        const value: unknown = Reflect.get(client, name, client);
        return typeof value === "function" ? (value.bind(client) as unknown) : value;
      }
      return (command: unknown, ...rest: unknown[]) => {
        if (command instanceof kind && left-- <= 0) return Promise.reject(new Error("broken"));
        return (client.send as (...all: unknown[]) => unknown).call(client, command, ...rest);
      };
    },
  });
}

const MANY = Array.from({ length: 3_000 }, (_, i) => `${i % 50},${i}\n`).join("");

test("S3 that fails at the first, a later object or the manifest leaves no manifest", async () => {
  const file = await rig.file("many.csv", `who,n\n${MANY}`);
  for (const puts of [0, 1, 3]) {
    const s3 = breaking(rig.s3, PutObjectCommand, puts);
    await sealRefused("STORE_WRITE", { inputs: [file], schema: SCHEMA, rowsPerObject: 500, s3 });
  }
});

test("a multipart upload that breaks off, or is not completed, leaves no object and no manifest", async () => {
  const text = Array.from(
    { length: 260_000 },
    (_, i) => `${i % 50},${i},${"x".repeat(40)}${i * 7_919}\n`,
  ).join("");
  const file = await rig.file("wide.csv", `who,n,s\n${text}`);
  const schema = `${SCHEMA}  s: { type: utf8, role: hidden }\n`;
  for (const [kind, after_] of [
    [UploadPartCommand, 1],
    [CompleteMultipartUploadCommand, 0],
  ] as const) {
    const prefix = place();
    const s3 = breaking(rig.s3, kind, after_);
    await refused("STORE_WRITE", () => rig.seal({ inputs: [file], schema, prefix, s3 }));
    assert.deepEqual(await rig.keys(prefix), []);
  }
});

test("a seal that is stopped at any step leaves no manifest", async () => {
  const file = await rig.file("many.csv", `who,n\n${MANY}`);
  for (const stopAt of [1, 2, 3, 5, 8, 13]) {
    const prefix = place();
    const controller = new AbortController();
    let reports = 0;
    const run = rig.seal({
      inputs: [file],
      schema: SCHEMA,
      prefix,
      rowsPerObject: 500,
      signal: controller.signal,
      onProgress: () => {
        reports += 1;
        if (reports === stopAt) controller.abort();
      },
    });
    await assert.rejects(run, { name: "AbortError" });
    assert.deepEqual(
      (await rig.keys(prefix)).filter((key) => key.endsWith(".jws")),
      [],
    );
  }
});

test("after a seal that was stopped, the next one is a new epoch and whole", async () => {
  const file = await rig.file("many.csv", `who,n\n${MANY}`);
  const prefix = place();
  const s3 = breaking(rig.s3, PutObjectCommand, 2);
  await refused("STORE_WRITE", () =>
    rig.seal({ inputs: [file], schema: SCHEMA, prefix, s3, rowsPerObject: 500 }),
  );
  await rig.seal({ inputs: [file], schema: SCHEMA, prefix, nowMs: EPOCH + 1, rowsPerObject: 500 });
  const opened = await rig.open(prefix);
  assert.equal(opened.columns["n"]?.length, 3_000);
  assert.ok(opened.manifest.manifest.objects.every(({ key }) => key.startsWith(`${EPOCH + 1}/`)));
});

test("an epoch that is not later than the stored one is refused, and the stored one stays", async () => {
  const file = await rig.file("good.csv", GOOD);
  const prefix = place();
  await rig.seal({ inputs: [file], schema: SCHEMA, prefix });
  for (const nowMs of [EPOCH, EPOCH - 1]) {
    await refused("OWNER_EPOCH", () => rig.seal({ inputs: [file], schema: SCHEMA, prefix, nowMs }));
  }
  assert.equal((await rig.open(prefix)).manifest.manifest.epoch, EPOCH);
});

test("another data set's place, or another owner's, is not taken", async () => {
  const file = await rig.file("good.csv", GOOD);
  const prefix = place();
  await rig.seal({ inputs: [file], schema: SCHEMA, prefix });
  const nowMs = EPOCH + 1;
  await refused("OWNER_TAKEN", () =>
    rig.seal({ inputs: [file], schema: SCHEMA, prefix, nowMs, dataset: "others" }),
  );
  const ownerKey = await parseOwnerKey(
    parseJson(await encodeKeys(await generateOwnerKeys("EdDSA"), "private")),
  );
  await refused("OWNER_TAKEN", () => rig.seal({ inputs: [file], schema: SCHEMA, prefix, nowMs, ownerKey }));
});

test("an input that changes while it is sealed leaves no manifest", async () => {
  const file = await rig.file("moving.csv", GOOD);
  const prefix = place();
  const run = rig.seal({
    inputs: [file],
    schema: SCHEMA,
    prefix,
    onProgress: ({ step }) => {
      if (step === "seal") void rig.file("moving.csv", `${GOOD}c,3\n`);
    },
  });
  await refused("OWNER_CHANGED", () => run);
  assert.deepEqual(
    (await rig.keys(prefix)).filter((key) => key.endsWith(".jws")),
    [],
  );
});
