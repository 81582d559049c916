// Objects with CSV or Parquet inside, from their writers to a result by a real local enclave: the answers are those that the same
// rows give as adopted Arrow files, and so as sealed ones (end-to-end.test.ts).
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { BY_CITY, compilePlanFor, drawNonce, runHost } from "../host/host.ts";
import { openRows } from "../host/answer.ts";
import { DATASET, startWorld } from "../host/world.ts";
import type { WorldDataset } from "../host/world.ts";
import type { AdoptChange } from "./rig.ts";
import { openRig, SCHEMA } from "./rig.ts";
import { selectRows, writeParquet } from "./parquet-files.ts";
import { encodeVisits, SIGNED, writeEsdk, writeS3V2, writeS3V3 } from "./writers.ts";
import type { Visit } from "./writers.ts";

const world = await startWorld();
const rig = await openRig(world.services);
after(async () => {
  rig.close();
  await world.close();
});

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

let now = Date.now();

async function adoptAndLoad(change: AdoptChange): Promise<WorldDataset> {
  const nowMs = ++now;
  const keyArn = await rig.createDatasetKey(DATASET, nowMs);
  await rig.adopt({ keyArn, nowMs, recipient: world.analyst, ...change });
  return load();
}

async function load(): Promise<WorldDataset> {
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

async function answer(dataset: WorldDataset): Promise<readonly unknown[]> {
  const plan = await compilePlanFor(world, BY_CITY, { owner: dataset.owner });
  const { event } = await runHost(world, { plan, nonce: drawNonce(), dataset });
  return [...(await openRows(event, world.analyst))].sort((a, b) =>
    String(a["city"]) < String(b["city"]) ? -1 : 1,
  );
}

await rig.put("visits.arrow", await writeEsdk(rig.writer, encodeVisits(VISITS, 500)));
const EXPECTED = await answer(await adoptAndLoad({ objects: ["visits.arrow"] }));

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
  assert.ok(EXPECTED.length >= 4);
  assert.deepEqual(await answer(dataset), EXPECTED);
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
  assert.deepEqual(await answer(dataset), EXPECTED);
});

test("objects of all formats are one data set", async () => {
  await rig.putS3("part.arrow", await writeS3V3(rig.writer, encodeVisits(VISITS.slice(0, 900), 100)));
  const parquet = await parquetOf(VISITS.slice(900, 1800), "COMPRESSION gzip");
  await rig.putS3("part.parquet", await writeS3V3(rig.writer, parquet));
  await rig.putS3("part.csv", await writeS3V3(rig.writer, csvOf(VISITS.slice(1800), "", "\n")));
  const nowMs = (now += 2);
  const keyArn = await rig.createDatasetKey(DATASET, nowMs + 1);
  const { manifestDigest } = await rig.adopt({ objects: ["part.arrow", "part.parquet"], keyArn, nowMs });
  now += 1;
  const schema = `${TYPED}header: none\n`;
  const change = {
    objects: ["part.csv"],
    format: "csv",
    schema,
    keep: manifestDigest,
    keyArn,
    nowMs: now,
  } as const;
  await rig.adopt({ ...change, recipient: world.analyst });
  const dataset = await load();
  assert.deepEqual(
    dataset.manifest.objects.map(({ format }) => format),
    ["arrow", "parquet", "csv"],
  );
  assert.deepEqual(await answer(dataset), EXPECTED);
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
      rig.adopt({ objects: ["refused"], schema: TYPED, nowMs: ++now, ...change }),
      refusal,
    );
  });
}
