// A discover job on an enclave, from the host's bytes to the table: what it says, and that nothing else left.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { parseReceipt } from "../../core/receipt/receipt.ts";
import { parseStatement } from "../../core/receipt/statement.ts";
import { findCanaries, textCanary } from "../canary/search.ts";
import { openRows, resultOf, tableRows } from "../host/answer.ts";
import { makeKey } from "../host/dataset.ts";
import type { Row } from "../host/dataset.ts";
import { compilePlanFor, drawNonce, Host } from "../host/host.ts";
import type { HostRun } from "../host/host.ts";
import { DATASET, sealDataset, startWorld } from "../host/world.ts";
import type { WorldDataset } from "../host/world.ts";
import { cards, issuedSsns } from "./numbers.ts";

const world = await startWorld();
after(() => world.close());

/** 150 people whose names are card numbers and whose cities are SSNs, with two rows each, in two objects. */
const rows: readonly Row[] = cards(150).flatMap((person, at) => {
  const city = issuedSsns(150)[at] ?? "";
  return [1, 2].map((visit): Row => ({ person, city, amount: 91_827_000 + 10 * at + visit }));
});
const objects = [rows.slice(0, 100), rows.slice(100)];

async function run(
  dataset: WorldDataset,
  over: { release?: string; more?: string; recipient?: typeof world.analyst } = {},
): Promise<HostRun> {
  const { release = "sealed", more = "", recipient = world.analyst } = over;
  const text = (owner: string): string =>
    `kind: discover\ndatasets:\n  ${DATASET}: { owner: ${owner} }\nrecipient: analyst\nrelease: ${release}\n${more}`;
  const plan = await compilePlanFor(world, text, { recipient });
  const host = await Host.open(world);
  try {
    const { recording, stored } = host;
    return { ...(await host.submit({ plan, nonce: drawNonce(), dataset })), recording, stored };
  } finally {
    await host.close();
  }
}

const SAID = [
  ["person", "unit", "pan", ">95%", "yes"],
  ["city", "dimension", "ssn", ">95%", "yes"],
  ["amount", "measure", "-", "none", "-"],
];

test("says of each column what its values are, sealed to the recipient, and the receipt says how", async () => {
  const { event } = await run(await sealDataset(world, { rows: objects }));
  const table = await openRows(event, world.analyst);
  const said = table.map(({ column, role, values_say: kind, share, evident }) => [
    column,
    role,
    kind,
    share,
    evident,
  ]);
  assert.deepEqual(said, SAID);
  assert.equal(event.type, "done");
  const { release, plan } = parseStatement(parseReceipt(event.receipt).statement);
  assert.equal(plan.kind, "discover");
  assert.equal(release.mode, "profile");
  assert.equal(release.minUnits, 5);
});

test("no value leaves in any encoding, even where the table leaves in the clear", async () => {
  const dataset = await sealDataset(world, { rows: objects, rules: { release: "clear" } });
  const { event, recording } = await run(dataset, { release: "clear" });
  assert.equal(tableRows(resultOf(event)).length, 3);
  const secret = rows.flatMap(({ person, city, amount }) => [person, city, String(amount)]);
  const recorded = recording.all();
  assert.deepEqual(findCanaries(recorded, [...new Set(secret)].map(textCanary)), []);
  // The search does find what leaves.
  assert.notDeepEqual(findCanaries(recorded, [textCanary("values_say")]), []);
});

test("the length of what leaves is the same whatever the columns hold", async () => {
  const lengths = new Set<number>();
  const plain = rows.map((row, at) => ({ ...row, person: `person ${at >> 1}`, city: "Aachen" }));
  for (const data of [rows, plain, rows.slice(80, 120)]) {
    const dataset = await sealDataset(world, {
      rows: [data.slice(0, data.length / 2), data.slice(data.length / 2)],
    });
    lengths.add(resultOf((await run(dataset)).event).length);
  }
  assert.equal(lengths.size, 1);
});

test("whom the rules do not name gets no profile, nor does anybody where jobs must be listed", async () => {
  const stranger = await makeKey();
  const { event } = await run(await sealDataset(world, { rows: objects }), { recipient: stranger });
  assert.equal(event.type === "refused" && event.code, "RULES_RECIPIENT");
  const listed = await sealDataset(world, { rows: objects, rules: { adhoc: false } });
  const refused = (await run(listed)).event;
  assert.equal(refused.type === "refused" && refused.code, "RULES_ADHOC");
  const sealed = await run(await sealDataset(world, { rows: objects }), { release: "clear" });
  assert.equal(sealed.event.type === "refused" && sealed.event.code, "RULES_RELEASE");
});

test("a job cannot choose rows or columns", async () => {
  const dataset = await sealDataset(world, { rows: objects });
  for (const more of ["where: { column: city, op: =, value: x }\n", "columns: [city]\n", "limit: 1\n"]) {
    await assert.rejects(run(dataset, { more }), { code: "JOB_FIELD" });
  }
});
