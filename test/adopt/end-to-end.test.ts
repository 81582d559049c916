// Objects that others wrote, from their writers to a result: adopted, read by a real local enclave through a host, and
// the answer is the one that adding up by hand gives. Units are scattered over objects and clipped over all of them.
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, test } from "node:test";
import * as arrow from "apache-arrow";
import type { AdoptedEntry } from "../../core/manifest/manifest.ts";
import { signManifest } from "../../core/manifest/sign.ts";
import { drawNonce, compilePlanFor, runHost, BY_CITY } from "../host/host.ts";
import type { Hostility, HostRun } from "../host/host.ts";
import { openRows } from "../host/answer.ts";
import { DATASET, startWorld } from "../host/world.ts";
import type { WorldDataset } from "../host/world.ts";
import { parseRulesFile } from "../../owner/rules-file.ts";
import { parseSchemaFile } from "../../owner/schema-file.ts";
import { sealDataset } from "../../owner/seal.ts";
import type { AdoptChange } from "./rig.ts";
import { selectRows, writeParquet } from "./parquet-files.ts";
import { openRig, PLACE, RULES, SCHEMA } from "./rig.ts";
import { encodeVisits, SIGNED, writeEsdk, writeS3V2, writeS3V3 } from "./writers.ts";
import type { Visit, VisitForm } from "./writers.ts";

const world = await startWorld();
const rig = await openRig(world.services);
after(async () => {
  rig.close();
  await world.close();
});

/** Visits of the same people lie in all parts, in no order, some without a city or an amount. */
function visitsOf(part: number): Visit[] {
  return Array.from({ length: 400 }, (_, index): Visit => {
    const draw = (index * 7919 + part * 104_729) % 997;
    return {
      person: `person-${draw % 61}`,
      city: draw % 29 === 0 ? null : draw === 5 ? "tiny" : (["north", "south", "west"][draw % 3] ?? null),
      amount: draw % 17 === 0 ? null : draw,
    };
  });
}

const PARTS = [visitsOf(0), visitsOf(1), visitsOf(2), visitsOf(3), visitsOf(4)];

/** Each writer has texts and codes in a way of its own. */
const FORMS: readonly VisitForm[] = [
  { text: new arrow.Utf8(), codes: new arrow.Int16() },
  { text: new arrow.LargeUtf8(), codes: new arrow.Uint32() },
  { text: new arrow.Utf8(), codes: new arrow.Uint8() },
  { text: new arrow.LargeUtf8(), codes: new arrow.Uint16() },
  { text: new arrow.LargeUtf8(), codes: new arrow.Int8() },
];

const KINDS = ["esdk-whole", "esdk-whole", "s3ec-v2", "s3ec-v3", "s3ec-v3"];

/** What is stored, as a host has it. */
async function loadDataset(): Promise<WorldDataset> {
  const { jws, verified } = await rig.manifest();
  const { manifest, owner } = verified;
  const objects = await Promise.all(
    manifest.objects.map(async (entry) => ({
      entry,
      bytes: await rig.get(entry.key),
      rows: [],
      plain: new Uint8Array(0),
    })),
  );
  return {
    owner: { ...world.owner, thumbprint: owner },
    manifest,
    jws,
    datasetKey: new Uint8Array(0),
    objects,
  };
}

async function adoptAll(): Promise<WorldDataset> {
  const [frames, signed, v2, v3, split] = PARTS.map((visits, part) => encodeVisits(visits, 150, FORMS[part]));
  assert.ok(frames && signed && v2 && v3 && split);
  await rig.put("a.esdk", await writeEsdk(rig.writer, frames));
  await rig.put("b.esdk", await writeEsdk(rig.writer, signed, { suite: SIGNED, frameLength: 1000 }));
  await rig.putS3("c.v2", await writeS3V2(rig.writer, v2));
  await rig.putS3("d.v3", await writeS3V3(rig.writer, v3));
  await rig.putS3("e.v3", await writeS3V3(rig.writer, split, "instruction file"));
  const nowMs = Date.now();
  const objects = ["a.esdk", "b.esdk", "c.v2", "d.v3", "e.v3"];
  const keyArn = await rig.createDatasetKey(DATASET, nowMs);
  const context = new Map(Object.entries(rig.writer.context ?? {}));
  const adopted = await rig.adopt({ objects, keyArn, nowMs, context, recipient: world.analyst });
  assert.equal(adopted.unit, "scattered");
  assert.deepEqual(
    adopted.objects.map(({ envelope }) => envelope.kind),
    KINDS,
  );
  const loaded = await loadDataset();
  assert.deepEqual(loaded.manifest.objects, adopted.objects);
  return loaded;
}

const dataset = await adoptAll();

async function run(hostility: Hostility = {}, of: WorldDataset = dataset): Promise<HostRun> {
  const plan = await compilePlanFor(world, BY_CITY, { owner: of.owner });
  return runHost(world, { plan, nonce: drawNonce(), dataset: of }, hostility);
}

/** Distinct people and clipped totals by city over all parts; the city that is null is a group like any other. */
function naive(visits: readonly Visit[] = PARTS.flat()): readonly unknown[] {
  const totals = new Map<string | null, Map<string, number>>();
  for (const { person, city, amount } of visits) {
    const people = totals.get(city) ?? new Map<string, number>();
    totals.set(city, people.set(person, (people.get(person) ?? 0) + (amount ?? 0)));
  }
  return [...totals]
    .filter(([, people]) => people.size >= 5)
    .map(([city, people]) => {
      const total = [...people.values()].reduce((sum, value) => sum + Math.min(Math.max(value, 0), 1000), 0);
      return { city, count_units: BigInt(people.size), total: BigInt(total) };
    })
    .sort(byCity);
}

function byCity(a: { readonly city?: unknown }, b: { readonly city?: unknown }): number {
  return String(a.city) < String(b.city) ? -1 : 1;
}

test("a job over adopted objects of every kind gives what adding up by hand gives", async () => {
  const { event, progress } = await run();
  const bytes = dataset.objects.reduce((sum, object) => sum + object.bytes.length, 0);
  assert.ok((progress.at(-1)?.bytes ?? 0) <= 4 * bytes, "more than explain says");
  const rows = [...(await openRows(event, world.analyst))].sort(byCity);
  assert.deepEqual(rows, naive());
  const clipped = naive().some((row) => (row as { total: bigint }).total % 1000n !== 0n);
  assert.ok(clipped);
});

/** What of an object is read first has to be all of it, where only its end tells; then the host may change its mind. */
function changing(object: number, change: (offset: number, honest: Uint8Array) => Uint8Array): Hostility {
  const size = dataset.objects[object]?.bytes.length ?? 0;
  let seen = 0;
  return {
    read: (request, honest) => {
      if (request.object !== object) return honest;
      if (seen >= size) return change(request.offset, honest);
      seen += honest.length;
      return honest;
    },
  };
}

function codeOf({ event }: HostRun): string {
  return event.type === "refused" ? event.code : event.type;
}

test("a host that serves an object's second reading from elsewhere is refused", async () => {
  for (const [object, code] of [
    [0, "OBJECT_CHANGED"],
    [1, "OBJECT_CHANGED"],
    [2, "OBJECT_CHANGED"],
    [3, "OBJECT_CHANGED"],
  ] as const) {
    const flipped = changing(object, (_offset, honest) =>
      honest.map((byte, at) => (at === 0 ? byte ^ 1 : byte)),
    );
    assert.equal(codeOf(await run(flipped)), code, String(object));
    const other = dataset.objects[4]?.bytes ?? new Uint8Array(0);
    const swapped = changing(object, (offset, honest) => {
      const given = honest.slice();
      given.set(other.subarray(offset, offset + honest.length));
      return given;
    });
    assert.equal(codeOf(await run(swapped)), code, String(object));
  }
});

test("a host that serves one adopted object for another, a part of it, or nothing, is refused", async () => {
  for (const [object, codes] of [
    [0, /^(SEAL_|POLICY_MESSAGE)/],
    [1, /^(SEAL_|POLICY_MESSAGE)/],
    [2, /^S3EC_TAG$/],
    [3, /^S3EC_TAG$/],
  ] as const) {
    const bytes = dataset.objects[(object + 1) % 5]?.bytes ?? new Uint8Array(0);
    const served = await run({
      read: ({ object: asked, offset }, honest) => {
        if (asked !== object) return honest;
        const given = new Uint8Array(honest.length);
        given.set(bytes.subarray(offset, offset + honest.length));
        return given;
      },
    });
    assert.match(codeOf(served), codes, String(object));
    const cut = await run({
      read: (request, honest) => (request.object === object ? honest.slice(0, -1) : honest),
    });
    assert.match(codeOf(cut), /^(TRANSPORT_CLOSED|WIRE_LENGTH)$/);
  }
});

test("a manifest in which keys, digests or places of adopted objects are mixed up is refused, though it be signed", async () => {
  const { manifest } = dataset;
  const [a, b, c, d, e] = manifest.objects as readonly AdoptedEntry[];
  assert.ok(a && b && c && d && e);
  const mixed: readonly (readonly [readonly AdoptedEntry[], string])[] = [
    [[a, b, c, e, d], "OBJECT_KEY"],
    [[a, b, c, { ...d, envelope: e.envelope }, { ...e, envelope: d.envelope }], "OBJECT_KEY"],
    [[a, b, c, { ...d, digest: e.digest }, { ...e, digest: d.digest }], "OBJECT_KEY"],
    [[a, b, { ...c, rows: c.rows - 1 }, d, e], "OBJECT_KEY"],
  ];
  for (const [objects, code] of mixed) {
    const jws = await signManifest({ ...manifest, objects }, rig.ownerKey.signing);
    const plan = await compilePlanFor(world, BY_CITY, { owner: dataset.owner });
    const changed = { ...dataset, jws, manifest: { ...manifest, objects } };
    const order = objects.map((entry) =>
      (manifest.objects as readonly AdoptedEntry[]).findIndex(({ key }) => key === entry.key),
    );
    const served = order.map((index) => dataset.objects[index]).filter((object) => object !== undefined);
    const end = await runHost(world, { plan, nonce: drawNonce(), dataset: { ...changed, objects: served } });
    assert.equal(codeOf(end), code);
  }
});

test("sealed objects, whose units are marked, and adopted ones are one data set of scattered units", async () => {
  const [first = [], second = []] = PARTS;
  const csv = join(world.state, "visits.csv");
  const lines = first.map(({ person, city, amount }) => `${person},${city ?? ""},${amount ?? ""}\n`);
  await writeFile(csv, `person,city,amount\n${lines.join("")}`);
  const nowMs = Date.now();
  const keyArn = await rig.createDatasetKey(DATASET, nowMs + 1);
  const sealed = await sealDataset({
    inputs: [csv],
    dataset: DATASET,
    schema: parseSchemaFile(SCHEMA.replace("role: measure", "role: measure, type: int32")),
    rules: await parseRulesFile(RULES, () => Promise.reject(new Error("no recipients"))),
    ownerKey: rig.ownerKey,
    keyArn,
    to: PLACE,
    s3: rig.s3,
    kms: rig.writer.kms,
    nowMs,
  });
  await rig.putS3("more.v3", await writeS3V3(rig.writer, encodeVisits(second, 150)));
  const keep = sealed.manifestDigest;
  const recipient = world.analyst;
  await rig.adopt({ objects: ["more.v3"], keep, keyArn, nowMs: nowMs + 1, recipient });
  const mixed = await loadDataset();
  assert.deepEqual(
    mixed.manifest.objects.map((entry) => "envelope" in entry),
    [false, true],
  );
  const rows = [...(await openRows((await run({}, mixed)).event, world.analyst))].sort(byCity);
  assert.deepEqual(rows, naive([...first, ...second]));
});

// Objects with CSV or Parquet inside: the answers are those that the same rows give in any other form.

const VISITS = Array.from({ length: 3_000 }, (_, index): Visit => {
  const draw = (index * 7919) % 997;
  return {
    person: `person-${draw % 61}`,
    city: draw % 29 === 0 ? null : draw === 5 ? "tiny" : (["north", "so,uth", 'we"st'][draw % 3] ?? null),
    amount: draw % 17 === 0 ? null : draw,
  };
});

const TYPED = SCHEMA.replace("role: unit", "role: unit, type: utf8")
  .replace("role: dimension", "role: dimension, type: utf8")
  .replace("role: measure", "role: measure, type: int32");

function quoted(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}

function csvOf(visits: readonly Visit[], header = "person,city,amount\r\n", end = "\r\n"): Uint8Array {
  const lines = visits.map(
    ({ person, city, amount }) => `${person},${city === null ? "" : quoted(city)},${amount ?? ""}${end}`,
  );
  return new TextEncoder().encode(header + lines.join(""));
}

let last = 0;

/** Later than all before, of this test's and of those above. */
function nextEpoch(): number {
  last = Math.max(last + 2, Date.now() + 2);
  return last;
}

async function adoptAndLoad(change: AdoptChange): Promise<WorldDataset> {
  const nowMs = nextEpoch();
  const keyArn = await rig.createDatasetKey(DATASET, nowMs);
  await rig.adopt({ keyArn, nowMs, recipient: world.analyst, ...change });
  return loadDataset();
}

async function answer(of: WorldDataset): Promise<readonly unknown[]> {
  return [...(await openRows((await run({}, of)).event, world.analyst))].sort(byCity);
}

test("a job over CSV in objects of every kind gives what the same rows as Arrow give", async () => {
  const [a, b, c] = [VISITS.slice(0, 1000), VISITS.slice(1000, 1001), VISITS.slice(1001)];
  await rig.put("a.csv", await writeEsdk(rig.writer, csvOf(a), { suite: SIGNED, frameLength: 1000 }));
  await rig.putS3("b.csv", await writeS3V2(rig.writer, csvOf(b)));
  await rig.putS3("c.csv", await writeS3V3(rig.writer, csvOf(c), "instruction file"));
  const dataset = await adoptAndLoad({ objects: ["a.csv", "b.csv", "c.csv"], format: "csv", schema: TYPED });
  assert.deepEqual(
    dataset.manifest.objects.map(({ format, rows }) => `${format} ${rows}`),
    ["csv 1000", "csv 1", "csv 1999"],
  );
  assert.ok(naive(VISITS).length >= 4);
  assert.deepEqual(await answer(dataset), naive(VISITS));
});

function parquetOf(visits: readonly Visit[], options: string): Promise<Uint8Array> {
  const columns = [
    ["person", "VARCHAR"],
    ["city", "VARCHAR"],
    ["amount", "INTEGER"],
  ] as const;
  const rows = visits.map(({ person, city, amount }) => [person, city, amount]);
  return writeParquet(selectRows(columns, rows), options);
}

test("a job over Parquet in objects of every kind gives what the same rows as Arrow give", async () => {
  const [a, b, c] = [VISITS.slice(0, 1000), VISITS.slice(1000, 1001), VISITS.slice(1001)];
  await rig.put(
    "a.parquet",
    await writeEsdk(rig.writer, await parquetOf(a, "COMPRESSION zstd"), { suite: SIGNED }),
  );
  await rig.putS3("b.parquet", await writeS3V2(rig.writer, await parquetOf(b, "COMPRESSION uncompressed")));
  const groups = await parquetOf(c, "COMPRESSION snappy, ROW_GROUP_SIZE 1000");
  await rig.putS3("c.parquet", await writeS3V3(rig.writer, groups, "instruction file"));
  const dataset = await adoptAndLoad({ objects: ["a.parquet", "b.parquet", "c.parquet"] });
  assert.deepEqual(
    dataset.manifest.objects.map(({ format, rows }) => `${format} ${rows}`),
    ["parquet 1000", "parquet 1", "parquet 1999"],
  );
  assert.deepEqual(await answer(dataset), naive(VISITS));
});

test("objects of all formats are one data set", async () => {
  await rig.putS3("part.arrow", await writeS3V3(rig.writer, encodeVisits(VISITS.slice(0, 900), 100)));
  const parquet = await parquetOf(VISITS.slice(900, 1800), "COMPRESSION gzip");
  await rig.putS3("part.parquet", await writeS3V3(rig.writer, parquet));
  await rig.putS3("part.csv", await writeS3V3(rig.writer, csvOf(VISITS.slice(1800), "", "\n")));
  const nowMs = nextEpoch();
  const keyArn = await rig.createDatasetKey(DATASET, nowMs + 1);
  const { manifestDigest } = await rig.adopt({ objects: ["part.arrow", "part.parquet"], keyArn, nowMs });
  const schema = `${TYPED}header: none\n`;
  const change = {
    objects: ["part.csv"],
    format: "csv",
    schema,
    keep: manifestDigest,
    keyArn,
    nowMs: nowMs + 1,
  } as const;
  await rig.adopt({ ...change, recipient: world.analyst });
  const dataset = await loadDataset();
  assert.deepEqual(
    dataset.manifest.objects.map(({ format }) => format),
    ["arrow", "parquet", "csv"],
  );
  assert.deepEqual(await answer(dataset), naive(VISITS));
});

for (const [what, content, change, refusal] of [
  ["CSV that is not said to be", csvOf(VISITS), {}, { code: "OWNER_FORMAT", details: { format: "unknown" } }],
  [
    "Arrow that is said to be CSV",
    encodeVisits(VISITS.slice(0, 10), 5),
    { format: "csv" },
    { code: "OWNER_FORMAT", details: { format: "arrow" } },
  ],
  [
    "CSV of whose columns the types are not said",
    csvOf(VISITS),
    { format: "csv", schema: SCHEMA },
    { code: "OWNER_COLUMN_TYPE", details: { column: "person", type: "CSV text", expected: "a type" } },
  ],
  [
    "CSV with a value of another type",
    csvOf([...VISITS.slice(0, 5), { person: "person", city: "x", amount: 2 ** 31 }]),
    { format: "csv" },
    { code: "COLUMN_CSV", details: { part: "value", record: 7, column: 2 } },
  ],
  [
    "CSV of another delimiter",
    csvOf(VISITS),
    { format: "csv", schema: `${TYPED}delimiter: bar\n` },
    { code: "COLUMN_CSV", details: { part: "fields", record: 1 } },
  ],
  [
    "CSV with a null unit",
    csvOf([...VISITS.slice(0, 5), { person: "", city: "x", amount: 1 }]),
    { format: "csv" },
    { code: "OWNER_UNIT_NULL", details: { column: "person", rows: 1 } },
  ],
  [
    "CSV with a column that nobody named",
    csvOf(VISITS.slice(0, 5), "person,city,cost\n", "\n"),
    { format: "csv" },
    { code: "OWNER_COLUMNS", details: { column: "amount", fault: "not in the object" } },
  ],
  [
    "a null token that no field can be",
    csvOf(VISITS),
    { format: "csv", schema: `${TYPED}null_tokens: ["a,b"]\n` },
    { code: "OWNER_SCHEMA", details: { field: "csv.nulls[0]", fault: "malformed" } },
  ],
] as const) {
  test(`an owner is told of ${what}`, async () => {
    await rig.putS3("refused", await writeS3V3(rig.writer, content));
    await assert.rejects(
      rig.adopt({ objects: ["refused"], schema: TYPED, nowMs: nextEpoch(), ...change }),
      refusal,
    );
  });
}
