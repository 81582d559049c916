// Jobs of an honest host on a real local enclave: what comes back is what adding up by hand gives, and proves it.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { importSigningKey } from "../../core/manifest/signing-key.ts";
import { signGrant } from "../../core/manifest/sign.ts";
import { sha384Hex } from "../../core/text/digest.ts";
import { naiveByCity, openRows, resultOf, tableRows } from "../host/answer.ts";
import { makeKey, makeRows } from "../host/dataset.ts";
import type { Row } from "../host/dataset.ts";
import { BY_CITY, compilePlanFor, drawNonce, Host, runHost } from "../host/host.ts";
import { verifyAnswer } from "../host/receipt.ts";
import { refuses } from "../host/refusal.ts";
import { DATASET, resign, sealDataset, setLiveEpochs, startWorld } from "../host/world.ts";
import type { WorldDataset } from "../host/world.ts";

const world = await startWorld();
after(() => world.close());

const dataset = await sealDataset(world);
const byCity = await compilePlanFor(world, BY_CITY);
const EXPECTED = naiveByCity(rowsOf(dataset));

function rowsOf({ objects }: WorldDataset): readonly Row[] {
  return objects.flatMap(({ rows }) => rows);
}

async function manifestDigest({ jws }: WorldDataset): Promise<string> {
  return sha384Hex(Buffer.from(Buffer.from(jws).toString().split(".")[1] ?? "", "base64url"));
}

test("the sealed result opens for the analyst alone, to what adding up by hand gives", async () => {
  const { event } = await runHost(world, { plan: byCity, nonce: drawNonce(), dataset });
  assert.deepEqual(await openRows(event, world.analyst), EXPECTED);
  assert.ok(EXPECTED.length === 3 && !EXPECTED.some(({ city }) => city === "tiny"));
  await refuses("RESULT_OPEN", openRows(event, await makeKey()));
});

test("the receipt verifies, and says what ran on what", async () => {
  const job = { plan: byCity, nonce: drawNonce(), dataset };
  const { event } = await runHost(world, job);
  const manifest = await manifestDigest(dataset);
  const { statement, simulated, epochChecked } = await verifyAnswer(world, job, event, { manifest });
  assert.equal(simulated, true);
  assert.equal(epochChecked, true);
  const { keyArn, epoch } = dataset.manifest;
  assert.deepEqual(statement.inputs, [
    {
      dataset: DATASET,
      owner: world.owner.thumbprint,
      keyArn,
      epoch,
      manifest,
      unit: "column",
      objects: 4,
      rows: 1200,
      basis: "adhoc",
    },
  ]);
  assert.equal(statement.planDigest, byCity.digest);
  assert.ok(statement.release.mode === "threshold");
  assert.equal(statement.release.minUnits, 5);
  assert.deepEqual(statement.release.delivery, { sealedTo: world.analyst.thumbprint });
});

test("the receipt of one job is none for another nonce, owner, plan, result or manifest", async () => {
  const job = { plan: byCity, nonce: drawNonce(), dataset };
  const { event } = await runHost(world, job);
  const other = await compilePlanFor(world, (owner) => `${BY_CITY(owner)}limit: 1\n`);
  const stranger = (await makeKey()).thumbprint;
  await refuses("POLICY_NONCE", verifyAnswer(world, { ...job, nonce: drawNonce() }, event));
  await refuses("RECEIPT_OWNER", verifyAnswer(world, job, event, { owners: { [DATASET]: stranger } }));
  await refuses("RECEIPT_PLAN", verifyAnswer(world, { ...job, plan: other }, event));
  await refuses("RECEIPT_RESULT", verifyAnswer(world, job, event, { result: Uint8Array.of(1) }));
  await refuses("RECEIPT_MANIFEST", verifyAnswer(world, job, event, { manifest: "ab".repeat(48) }));
});

test("the same job again gives the same table under another nonce, sealed anew", async () => {
  const runs = [];
  for (let turn = 0; turn < 2; turn += 1) {
    const job = { plan: byCity, nonce: drawNonce(), dataset };
    const { event } = await runHost(world, job);
    await verifyAnswer(world, job, event);
    assert.deepEqual(await openRows(event, world.analyst), EXPECTED);
    runs.push(Buffer.from(resultOf(event)).toString());
  }
  assert.notEqual(runs[0], runs[1]);
  assert.equal(runs[0]?.length, runs[1]?.length);
});

test("jobs at the same time get each their own answer", async () => {
  const host = await Host.open(world);
  const cities = ["north", "south", "west", "north", "south", "west"];
  const other = await sealDataset(world, { rows: makeRows(3, 40, "another") });
  try {
    const answers = cities.map(async (city, index) => {
      const of = index % 2 === 0 ? dataset : other;
      const plan = await compilePlanFor(
        world,
        (owner) => `${BY_CITY(owner)}where: { column: city, op: "=", value: ${city} }\n`,
      );
      const job = { plan, nonce: drawNonce(), dataset: of };
      const { event } = await host.submit(job);
      await verifyAnswer(world, job, event);
      assert.deepEqual(
        await openRows(event, world.analyst),
        naiveByCity(rowsOf(of).filter((row) => row.city === city)),
      );
    });
    await Promise.all(answers);
  } finally {
    await host.close();
  }
});

test("progress counts every object once, and bytes that grow", async () => {
  const { progress } = await runHost(world, { plan: byCity, nonce: drawNonce(), dataset });
  assert.deepEqual(
    progress.map(({ objects, ofObjects }) => [objects, ofObjects]),
    [
      [1, 4],
      [2, 4],
      [3, 4],
      [4, 4],
    ],
  );
  progress.forEach(({ bytes }, at) => {
    assert.ok(bytes > (progress[at - 1]?.bytes ?? 0));
  });
});

test("a plan that nobody may run ad hoc runs when the rules list it, and the receipt says so", async () => {
  const listed = await sealDataset(world, {
    rules: { adhoc: false, recipients: [], plans: [byCity.digest] },
  });
  const job = { plan: byCity, nonce: drawNonce(), dataset: listed };
  const { event } = await runHost(world, job);
  const { statement } = await verifyAnswer(world, job, event);
  assert.equal(statement.inputs[0]?.basis, "listed");
  const other = await compilePlanFor(world, (owner) => `${BY_CITY(owner)}limit: 2\n`);
  const refused = await runHost(world, { plan: other, nonce: drawNonce(), dataset: listed });
  assert.deepEqual(refused.event, { type: "refused", code: "RULES_ADHOC", details: { dataset: DATASET } });
});

test("a granted plan runs, its rows are capped, and the receipt names the grant", async () => {
  const strict = await sealDataset(world, { rules: { adhoc: false, recipients: [] } });
  const grantOf = async (maxRows: number): Promise<Uint8Array> =>
    signGrant(
      {
        version: 1,
        plan: byCity.digest,
        manifests: [await manifestDigest(strict)],
        recipient: world.analyst.thumbprint,
        notAfter: Date.now() + 60_000,
        maxRows,
      },
      await importSigningKey(world.owner.privateKey),
    );
  const job = { plan: byCity, nonce: drawNonce(), dataset: strict };
  const grant = await grantOf(3);
  const { event } = await runHost(world, { ...job, grants: [grant] });
  const { statement } = await verifyAnswer(world, job, event);
  assert.equal(statement.inputs[0]?.basis, "grant");
  assert.ok(statement.release.mode === "threshold");
  assert.equal(statement.release.maxRows, 3);
  assert.deepEqual(await openRows(event, world.analyst), EXPECTED);
  const capped = await runHost(world, { ...job, grants: [await grantOf(2)] });
  assert.deepEqual(capped.event, { type: "refused", code: "GATE_ROWS", details: { maxRows: 2 } });
});

test("a result leaves in the clear where rules and plan both say so, and the receipt says it did", async () => {
  const open = await sealDataset(world, { rules: { release: "clear" } });
  const plan = await compilePlanFor(world, (owner) => `${BY_CITY(owner)}release: clear\n`);
  const job = { plan, nonce: drawNonce(), dataset: open };
  const { event } = await runHost(world, job);
  const { statement } = await verifyAnswer(world, job, event);
  assert.deepEqual(statement.release.delivery, { clear: true });
  assert.deepEqual(tableRows(resultOf(event)), EXPECTED);
});

test("keys that the rules declare are always listed, suppressed and absent ones alike as null", async () => {
  const groupKeys = { city: ["north", "south", "west", "tiny", "atlantis"] };
  const declared = await sealDataset(world, { rules: { groupKeys } });
  const { event } = await runHost(world, { plan: byCity, nonce: drawNonce(), dataset: declared });
  const hidden = ["atlantis", "tiny"].map((city) => ({ city, count_units: null, total: null }));
  const all = [...EXPECTED, ...hidden].sort((a, b) => (String(a.city) < String(b.city) ? -1 : 1));
  assert.deepEqual(await openRows(event, world.analyst), all);
});

test("rules that were signed again hold from the moment the key policy has the new epoch alone", async () => {
  const [first, second] = [Date.now() - 1000, Date.now()];
  const old = await sealDataset(world, { epoch: first });
  const renewed = await resign(world, old, { epoch: second, rules: { minUnits: 1000 } });
  const run = async (epoch: WorldDataset): Promise<string> => {
    const { event } = await runHost(world, { plan: byCity, nonce: drawNonce(), dataset: epoch });
    return event.type === "refused" ? event.code : String((await openRows(event, world.analyst)).length);
  };
  assert.equal(await run(old), "3");
  assert.equal(await run(renewed), "KMS_DENIED");
  await setLiveEpochs(world, old, [second]);
  assert.equal(await run(old), "KMS_DENIED");
  assert.equal(await run(renewed), "0");
});

test("the enclave has printed nothing but where it listens", () => {
  assert.equal(
    Buffer.from(world.enclave.stdout()).toString(),
    `listening on ${world.sockets}/enclave.sock\n`,
  );
  assert.equal(Buffer.from(world.enclave.stderr()).toString(), "");
});
