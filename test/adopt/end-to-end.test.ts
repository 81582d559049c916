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
