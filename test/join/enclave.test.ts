// Joins on a real local enclave, of two owners: both agree, both keys are asked of KMS, all objects of both are read, and the
// receipt says whose units each group has. What a host can do with two data sets is refused.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { JoinRule } from "../../core/manifest/joins.ts";
import { openRows } from "../host/answer.ts";
import { makeKey, makeRows } from "../host/dataset.ts";
import type { Row } from "../host/dataset.ts";
import { compilePlanFor, drawNonce, runHost } from "../host/host.ts";
import type { Hostility, HonestJob } from "../host/host.ts";
import { verifyAnswer } from "../host/receipt.ts";
import { refuses } from "../host/refusal.ts";
import { DATASET, sealDataset, startWorld } from "../host/world.ts";

const world = await startWorld({ threads: 1 });
after(() => world.close());

const registrar = await makeKey();
const REGISTRY = "registry";
const rule = (owner: string, dataset: string): JoinRule => ({
  owner,
  dataset,
  keys: [{ own: "person", theirs: "person" }],
});

const visited = makeRows(2, 60, "visits");
const people = [...new Set(visited.flat().map(({ person }) => person))];
/** Every third person of the visits is not in it, and some have never visited. */
const registered: readonly Row[] = [...people.filter((_, at) => at % 3 > 0), "never-1", "never-2"].map(
  (person, at) => ({ person, city: at % 2 === 0 ? "even" : "odd", amount: at }),
);

const visits = await sealDataset(world, {
  rows: visited,
  rules: { joins: [rule(registrar.thumbprint, REGISTRY)] },
});
const registry = await sealDataset(world, {
  owner: registrar,
  dataset: REGISTRY,
  rows: [registered.slice(0, 30), registered.slice(30)],
  rules: { joins: [rule(world.owner.thumbprint, DATASET)], minUnits: 7 },
});

const plan = await compilePlanFor(
  world,
  (owner) => `datasets:
  ${REGISTRY}: { owner: ${registrar.thumbprint} }
  ${DATASET}: { owner: ${owner} }
recipient: analyst
sql: >-
  SELECT r.city AS parity, count(*) AS visits, count_units(*) AS people, sum(v.amount) AS total
  FROM visits v JOIN registry r ON v.person = r.person GROUP BY 1
`,
);

function job(): HonestJob {
  return { plan, nonce: drawNonce(), dataset: visits, beside: registry };
}

test("two owners' data are joined, and the receipt says by whose rules", async () => {
  const asked = job();
  const { event, progress } = await runHost(world, asked);
  const cityOf = new Map(registered.map(({ person, city }) => [person, city]));
  const expected = ["even", "odd"].map((parity) => {
    const rows = visited.flat().filter(({ person }) => cityOf.get(person) === parity);
    const totals = new Map<string, number>();
    for (const { person, amount } of rows) totals.set(person, (totals.get(person) ?? 0) + amount);
    const total = [...totals.values()].reduce((sum, own) => sum + Math.min(1000, Math.max(0, own)), 0);
    return { parity, visits: BigInt(rows.length), people: BigInt(totals.size), total: BigInt(total) };
  });
  assert.deepEqual(await openRows(event, world.analyst), expected);
  assert.deepEqual(
    progress.map(({ objects, ofObjects }) => [objects, ofObjects]),
    [1, 2, 3, 4].map((objects) => [objects, 4]),
  );
  const { statement } = await verifyAnswer(world, asked, event);
  assert.deepEqual(
    statement.inputs.map(({ dataset, owner }) => [dataset, owner]),
    [
      [DATASET, world.owner.thumbprint],
      [REGISTRY, registrar.thumbprint],
    ],
  );
  const { release } = statement;
  assert.ok(release.mode === "threshold");
  assert.deepEqual(release.joined, [
    { minUnits: 5, maxShare: null },
    { minUnits: 7, maxShare: null },
  ]);
  assert.equal(release.minUnits, 5);
  assert.deepEqual(release.clipping, [{ column: "left.amount", lower: 0, upper: 1000 }]);
  assert.match(release.protects.join(), /Join: both owners' rules/);
  assert.match(release.doesNotProtect.join(), /Join keys: whoever brings/);
});

test("the receipt is held to the manifest of each data set", async () => {
  const asked = job();
  const { event } = await runHost(world, asked);
  const { statement } = await verifyAnswer(world, asked, event);
  const manifest = Object.fromEntries(statement.inputs.map((input) => [input.dataset, input.manifest]));
  const { epochChecked } = await verifyAnswer(world, asked, event, { manifest });
  assert.equal(epochChecked, true);
  const other = { ...manifest, [REGISTRY]: "ab".repeat(48) };
  await refuses("RECEIPT_MANIFEST", verifyAnswer(world, asked, event, { manifest: other }));
  for (const given of [String(manifest[DATASET]), { [DATASET]: String(manifest[DATASET]) }]) {
    await refuses("EXPECTATION_EMPTY", verifyAnswer(world, asked, event, { manifest: given }));
  }
});

const HOSTILE: readonly (readonly [what: string, code: RegExp, hostility: Hostility])[] = [
  [
    "exchanges the two manifests",
    /^JOB_INPUTS$/,
    { request: (request) => ({ ...request, manifests: request.manifests.toReversed() }) },
  ],
  [
    "leaves one manifest out",
    /^JOB_INPUTS$/,
    { request: (request) => ({ ...request, manifests: request.manifests.slice(0, 1) }) },
  ],
  [
    "gives one manifest for both",
    /^JOB_INPUTS$/,
    { request: (request) => ({ ...request, manifests: [visits.jws, visits.jws] }) },
  ],
  [
    "serves the one data set's objects for the other's",
    /^(SEAL_KEY|WIRE_LENGTH)$/,
    {
      read: ({ input, object, offset, length }, honest) =>
        input === 1 ? (visits.objects[object]?.bytes.slice(offset, offset + length) ?? honest) : honest,
    },
  ],
];

for (const [what, code, hostility] of HOSTILE) {
  test(`a host that ${what} is refused`, async () => {
    const { event } = await runHost(world, job(), hostility);
    assert.equal(event.type, "refused", JSON.stringify(event));
    assert.match(event.code, code);
  });
}
