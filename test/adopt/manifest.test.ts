// Adopted objects in a manifest: every member is checked, every unknown one refused, and units that nobody marked may
// not pass for marked ones.
import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeCanonical } from "../../core/json.ts";
import type { AdoptedEntry, Envelope, Manifest } from "../../core/manifest/manifest.ts";
import { ADOPTED_SUITES, MAX_WHOLE_BYTES } from "../../core/manifest/objects.ts";
import { parseManifest } from "../../core/manifest/parse.ts";
import { altered, exampleManifest, makeParty } from "../manifest/example.ts";
import { codeOf } from "./memory.ts";

const bytes = (length: number): string => Buffer.alloc(length, 7).toString("base64url");

const ENVELOPES: readonly Envelope[] = [
  { kind: "esdk-whole", suite: 0x0478, wrappedKey: bytes(60) },
  { kind: "esdk-whole", suite: 0x0578, wrappedKey: bytes(60) },
  { kind: "esdk-whole", suite: 0x0214, wrappedKey: bytes(44) },
  { kind: "esdk-whole", suite: 0x0346, wrappedKey: bytes(52) },
  { kind: "s3ec-v2", iv: bytes(12), wrappedKey: bytes(60) },
  { kind: "s3ec-v3", messageId: bytes(28), commitment: bytes(28), wrappedKey: bytes(60) },
];

const entries = ENVELOPES.map((envelope, index): AdoptedEntry => ({
  key: `2026/part-${index}.arrow`,
  format: "arrow",
  digest: index.toString(16).padStart(96, "0"),
  bytes: 1000,
  rows: 10,
  envelope,
}));

const manifest: Manifest = {
  ...exampleManifest((await makeParty()).publicKey),
  unit: "scattered",
  objects: entries,
};

function verdict(value: unknown): Promise<string> {
  return codeOf(() => parseManifest(encodeCanonical(value)));
}

test("takes adopted objects of every envelope, beside sealed ones, where units are scattered or rows", async () => {
  assert.deepEqual(parseManifest(encodeCanonical(manifest)).objects, entries);
  const [sealed] = exampleManifest((await makeParty()).publicKey).objects;
  assert.equal(await verdict({ ...manifest, objects: [sealed, ...entries] }), "ok");
  const schema = manifest.schema.map((column) =>
    column.role === "unit" ? { ...column, role: "hidden" } : column,
  );
  assert.equal(await verdict({ ...manifest, unit: "row", schema }), "ok");
  assert.equal(await verdict({ ...manifest, unit: "scattered", schema }), "MANIFEST_SCHEMA");
});

test("refuses an adopted object where units are said to be marked", async () => {
  assert.equal(await verdict({ ...manifest, unit: "column" }), "MANIFEST_OBJECT");
  assert.equal(await verdict({ ...manifest, unit: "anywhere" }), "MANIFEST_FIELD");
});

test("refuses a unit that is told by a float, where nothing but its values tells it", async () => {
  const typed = (type: string): unknown => ({
    ...manifest,
    schema: manifest.schema.map((column) => (column.role === "unit" ? { ...column, type } : column)),
  });
  for (const type of ["float32", "float64"]) assert.equal(await verdict(typed(type)), "MANIFEST_SCHEMA");
  for (const type of ["utf8", "int64", "decimal(10,0)", "date"]) {
    assert.equal(await verdict(typed(type)), "ok");
  }
});

test("refuses a member of an envelope that is missing, unknown, of another kind or out of its limits", async () => {
  const change = (index: number, path: readonly string[], part: unknown): Promise<string> =>
    verdict(altered(manifest, ["objects", index, "envelope", ...path], part));
  for (const [index, envelope] of ENVELOPES.entries()) {
    for (const member of Object.keys(envelope)) {
      assert.equal(await change(index, [member], undefined), "MANIFEST_FIELD", `${index}.${member} missing`);
      assert.equal(await change(index, [member], 7), "MANIFEST_FIELD", `${index}.${member} a number`);
    }
    for (const wrong of [
      "",
      "AA",
      bytes(59),
      bytes(61),
      `${bytes(60)}=`,
      "!".repeat(80),
      "A".repeat(10_000),
    ]) {
      assert.equal(
        await change(index, ["wrappedKey"], wrong),
        "MANIFEST_FIELD",
        `${index} ${wrong.slice(0, 8)}`,
      );
    }
    assert.equal(await change(index, ["dataKey"], "x"), "MANIFEST_FIELD");
    for (const kind of ["s3ec-v1", "esdk-frames"]) {
      assert.equal(await change(index, ["kind"], kind), "MANIFEST_FIELD", kind);
    }
    for (const { kind } of ENVELOPES.filter((other) => other.kind !== envelope.kind)) {
      assert.equal(await change(index, ["kind"], kind), "MANIFEST_FIELD", `${index} as ${kind}`);
    }
  }
  assert.equal(await change(4, ["iv"], bytes(16)), "MANIFEST_FIELD");
  assert.equal(await change(5, ["messageId"], bytes(32)), "MANIFEST_FIELD");
  assert.equal(await change(5, ["commitment"], bytes(27)), "MANIFEST_FIELD");
  assert.equal(await verdict(altered(manifest, ["objects", 0, "envelope"], null)), "MANIFEST_FIELD");
});

test("takes CSV with its dialect, and Parquet, of adopted objects alone", async () => {
  const csv = { delimiter: "tab", header: "none", nulls: ["", "\\N"] } as const;
  const [first, ...others] = entries;
  assert.ok(first !== undefined);
  const objects = [
    { ...first, format: "csv", csv },
    { ...others[0], format: "parquet" },
  ];
  const parsed = parseManifest(encodeCanonical({ ...manifest, objects }));
  assert.deepEqual(parsed.objects, objects);
  const { envelope, ...sealed } = first;
  assert.ok(envelope.kind === "esdk-whole");
  for (const entry of [
    { ...first, csv },
    { ...first, format: "csv" },
    { ...first, format: "parquet", csv },
    { ...first, format: "orc" },
    { ...sealed, format: "csv", csv },
    { ...sealed, format: "parquet" },
    { ...sealed, csv },
  ]) {
    assert.equal(await verdict({ ...manifest, objects: [entry] }), "MANIFEST_FIELD", JSON.stringify(entry));
  }
});

test("refuses a member of a dialect that is missing, unknown, or what no field can be", async () => {
  const csv = { delimiter: "comma", header: "names", nulls: [""] };
  const dialect = (change: object): Promise<string> =>
    verdict({ ...manifest, objects: [{ ...entries[0], format: "csv", csv: { ...csv, ...change } }] });
  assert.equal(await dialect({ nulls: Array<string>(32).fill("x".repeat(64)) }), "ok");
  for (const change of [
    { delimiter: "," },
    { delimiter: "space" },
    { header: true },
    { nulls: "" },
    { nulls: [null] },
    { nulls: Array<string>(33).fill("") },
    { nulls: ["x".repeat(65)] },
    { nulls: ["a,b"] },
    { nulls: ['"'] },
    { quote: "'" },
  ]) {
    assert.equal(await dialect(change), "MANIFEST_FIELD", JSON.stringify(change));
  }
  for (const member of Object.keys(csv)) {
    const objects = [{ ...entries[0], format: "csv", csv }];
    const changed = altered({ ...manifest, objects }, ["objects", 0, "csv", member], undefined);
    assert.equal(await verdict(changed), "MANIFEST_FIELD", member);
  }
});

test("says of an adopted object where in its envelope the fault is", () => {
  const { unit, ...others } = manifest;
  assert.equal(unit, "scattered");
  const faults: readonly (readonly [object, object])[] = [
    [
      { ...others, unit: "column" },
      { field: "objects[0].envelope", fault: "units are not marked" },
    ],
    [
      altered(manifest, ["objects", 1, "envelope", "wrappedKey"], bytes(59)),
      { field: "objects[1].envelope.wrappedKey", fault: "malformed" },
    ],
    [
      altered(manifest, ["objects", 5, "envelope", "commitment"], bytes(27)),
      { field: "objects[5].envelope.commitment", fault: "malformed" },
    ],
    [
      altered(manifest, ["objects", 4, "envelope", "suite"], 0x0478),
      { field: "objects[4].envelope.suite", fault: "unknown", known: "kind, iv, wrappedKey" },
    ],
  ];
  for (const [value, details] of faults) {
    assert.throws(() => parseManifest(encodeCanonical(value)), { details });
  }
});

test("takes wrapped keys of the lengths that their suites' data keys have, and no others", async () => {
  const lengths = Array.from({ length: 100 }, (_, length) => length);
  const taken = async (index: number, member: string): Promise<readonly number[]> => {
    const verdicts = await Promise.all(
      lengths.map((length) =>
        verdict(altered(manifest, ["objects", index, "envelope", member], bytes(length))),
      ),
    );
    return lengths.filter((length) => verdicts[length] === "ok");
  };
  for (const index of [0, 1, 2, 3]) assert.deepEqual(await taken(index, "wrappedKey"), [44, 52, 60]);
  for (const index of [4, 5]) assert.deepEqual(await taken(index, "wrappedKey"), [60]);
  assert.deepEqual(await taken(4, "iv"), [12]);
  for (const member of ["messageId", "commitment"]) assert.deepEqual(await taken(5, member), [28]);
});

test("refuses suites that may not be adopted", async () => {
  for (let suite = 0; suite < 0x600; suite += 1) {
    const whole = await verdict({
      ...manifest,
      objects: [{ ...entries[1], envelope: { ...ENVELOPES[1], suite } }],
    });
    assert.equal(whole, ADOPTED_SUITES.includes(suite) ? "ok" : "MANIFEST_FIELD", suite.toString(16));
  }
});

test("refuses an object that is longer than can be verified to its end", async () => {
  // The longest GCM text there is, and its tag.
  assert.equal(await verdict(altered(manifest, ["objects", 4, "bytes"], 2 ** 36 - 16)), "ok");
  assert.equal(await verdict(altered(manifest, ["objects", 4, "bytes"], MAX_WHOLE_BYTES)), "ok");
  assert.equal(
    await verdict(altered(manifest, ["objects", 4, "bytes"], MAX_WHOLE_BYTES + 1)),
    "MANIFEST_FIELD",
  );
});
