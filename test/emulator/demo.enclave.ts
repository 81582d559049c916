// The demo's jobs on one emulated enclave, from sealed objects in the local S3 to receipts, through real vsock and the
// kernel's NSM driver: the answers are the local enclave's, the registers are the image's, and only the test verifier
// takes the documents.
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { encodeRegister } from "../../core/attestation/measurements.ts";
import { parseReceipt } from "../../core/receipt/receipt.ts";
import { RECEIPT_FILE } from "../../host-driver/output.ts";
import { answer, start } from "../cli/command-line.ts";
import { runAsLocal, verifyAsItCame, verifyCountersigned } from "./answer.ts";
import { must } from "./demo.ts";
import { readEmulatedDocument } from "./emulated-document.ts";
import { jobArguments, tryJob } from "./job.ts";
import type { Ran } from "./job.ts";
import { imageFile, openStage, PATIENCE } from "./stage.ts";

const stage = await openStage();
const machine = await stage.boot("emulated", "demo");
after(async () => {
  await machine.stop();
  await stage.close();
});
const enclave = `emulator:${machine.uds}`;

const answers: Ran[] = [];
for (const local of stage.answers) {
  test(`the demo's job ${local.job.name} gives what the local enclave gives`, PATIENCE, async (t) => {
    const began = performance.now();
    answers.push(await runAsLocal(stage, local, machine.uds, `demo-${local.job.name}`));
    t.diagnostic(`answered in ${((performance.now() - began) / 1000).toFixed(1)} s`);
  });
}

test(
  "its receipts pass the production verifier once their documents are countersigned",
  PATIENCE,
  async () => {
    assert.equal(answers.length, stage.answers.length);
    for (const ran of answers) await verifyCountersigned(stage, ran);
  },
);

test(
  "the production verifier refuses them as they came, under Amazon's root and under the simulated one",
  PATIENCE,
  async () => {
    const simulated = ["--simulated-root", stage.services.endpoints.simulatedRoot];
    for (const ran of answers) {
      for (const root of [[], simulated]) {
        const { exit, error } = await verifyAsItCame(stage, ran, root);
        assert.deepEqual([exit, error?.code], [1, "COSE_HEADER"]);
      }
    }
  },
);

test("PCR0-2 of the device, of the receipts, and of `enclave measure` are the same", PATIENCE, async () => {
  const measured = await must(["enclave", "measure", imageFile(stage.folder, "emulated")]);
  const { PCR0, PCR1, PCR2 } = measured["measurements"] as Record<string, string>;
  assert.deepEqual({ 0: PCR0, 1: PCR1, 2: PCR2 }, await stage.measurements("emulated"));
  for (const { out } of answers) {
    const { attestation } = parseReceipt(await readFile(join(out, RECEIPT_FILE)));
    const { pcrs } = readEmulatedDocument(attestation);
    const registers = [0, 1, 2].map((index) => encodeRegister(pcrs.get(index) ?? new Uint8Array()));
    assert.deepEqual(registers, [PCR0, PCR1, PCR2]);
  }
});

test("every image has other registers, but for the kernel and init that they share", PATIENCE, async () => {
  const [production, emulated] = await Promise.all([
    stage.measurements("production"),
    stage.measurements("emulated"),
  ]);
  assert.notEqual(production[0], emulated[0]);
  assert.equal(production[1], emulated[1]);
  assert.notEqual(production[2], emulated[2]);
});

test("KMS keeps the key from it where the key policy lists another image only", PATIENCE, async () => {
  const [local] = stage.answers;
  assert.ok(local !== undefined);
  const { keyArn, policy } = await policyOf(local.job.dataset);
  const images = await stage.measurements("emulated");
  const others = policy.replaceAll(images[0], images[2]);
  assert.notEqual(others, policy);
  await putPolicy(keyArn, others);
  try {
    const out = join(stage.folder, "demo-unlisted");
    const refused = await tryJob(stage, local.job, enclave, out);
    assert.equal(refused.answer.error?.code, "KMS_DENIED");
  } finally {
    await putPolicy(keyArn, policy);
  }
  await runAsLocal(stage, local, machine.uds, "demo-listed-again");
});

test(
  "a host that is killed in the middle of a job leaves the enclave to the next one",
  PATIENCE,
  async () => {
    const local = stage.answers.find(({ job }) => job.dataset === "flights");
    assert.ok(local !== undefined);
    for (const afterMs of [200, 1500]) {
      const out = join(stage.folder, `demo-killed-${afterMs}`);
      const { args } = jobArguments(stage, local.job, enclave, out);
      const host = start(args);
      await delay(afterMs);
      host.child.kill("SIGKILL");
      await once(host.child, "close");
      await runAsLocal(stage, local, machine.uds, `demo-after-${afterMs}`);
    }
  },
);

test("a job that nobody allows is refused by the enclave with the code that says so", PATIENCE, async () => {
  const [local] = stage.answers;
  assert.ok(local !== undefined);
  const path = join(stage.demo.folder, "stranger.yaml");
  await must(["keygen", join(stage.demo.folder, "stranger.key"), "--recipient"]);
  const text = await readFile(join(stage.demo.folder, local.job.job), "utf8");
  await writeFile(path, text.replace("analyst.key.pub", "stranger.key.pub"));
  const out = ["--out", join(stage.folder, "demo-stranger"), "--local", "--state", stage.state];
  const { exit, error } = await answer(["run", path, ...out, "--enclave", enclave]);
  assert.deepEqual([exit, error?.code], [1, "RULES_RECIPIENT"]);
});

async function policyOf(dataset: string): Promise<{ readonly keyArn: string; readonly policy: string }> {
  const policy = await readFile(join(stage.demo.folder, `${dataset}.policy.json`), "utf8");
  const keyArn = await readFile(join(stage.demo.folder, `${dataset}.key-arn`), "utf8");
  return { keyArn, policy };
}

async function putPolicy(keyArn: string, policy: string): Promise<void> {
  const file = join(stage.folder, "other.policy.json");
  await writeFile(file, policy);
  await must(["local", "put-key-policy", "--state", stage.state, "--key", keyArn, "--policy", file]);
}
