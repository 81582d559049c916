// Boots of the emulator's image, none of which may hang: each to a job whose answer is the local enclave's, with a
// document that the test verifier accepts. Six, so that each of the demo's jobs is asked of a machine of its own, or
// twenty with SEALROOM_DEEP=1. As many at a time as there are CPUs, since an emulated machine takes one.
import assert from "node:assert/strict";
import { availableParallelism } from "node:os";
import { after, test } from "node:test";
import type { TestContext } from "node:test";
import { runAsLocal, verifyCountersigned } from "./answer.ts";
import { openStage, PATIENCE } from "./stage.ts";

const isDeep = process.env["SEALROOM_DEEP"] === "1";
const BOOTS = isDeep ? 20 : 6;
const AT_A_TIME = availableParallelism();

const stage = await openStage();
after(() => stage.close());

async function bootOnce(t: TestContext, index: number): Promise<void> {
  const began = performance.now();
  const seconds = (): string => ((performance.now() - began) / 1000).toFixed(1);
  const machine = await stage.boot("emulated", `boot-${index}`);
  try {
    const listening = seconds();
    const local = stage.answers[index % stage.answers.length];
    assert.ok(local !== undefined);
    const ran = await runAsLocal(stage, local, machine.uds, `boot-${index}`);
    t.diagnostic(`listening after ${listening} s, ${local.job.name} answered after ${seconds()} s`);
    await verifyCountersigned(stage, ran);
  } finally {
    await machine.stop();
  }
}

test(
  `${BOOTS} boots in a row come up, each to a job whose answer is the local enclave's (${AT_A_TIME} at a time${isDeep ? "" : "; 20 with SEALROOM_DEEP=1"})`,
  { concurrency: AT_A_TIME },
  async (t) => {
    assert.ok(BOOTS >= stage.answers.length);
    const boots = Array.from({ length: BOOTS }, (_, index) =>
      t.test(`boot ${index + 1}`, PATIENCE, (boot) => bootOnce(boot, index)),
    );
    await Promise.all(boots);
  },
);
