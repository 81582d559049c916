// Objects with CSV inside, from their writers to a result by a real local enclave: the answers are those that the same
// rows give as adopted Arrow files, and so as sealed ones (end-to-end.test.ts).
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { BY_CITY, compilePlanFor, drawNonce, runHost } from "../host/host.ts";
import { openRows } from "../host/answer.ts";
import { DATASET, startWorld } from "../host/world.ts";
import type { WorldDataset } from "../host/world.ts";
import type { AdoptChange } from "./rig.ts";
import { openRig, SCHEMA } from "./rig.ts";
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
