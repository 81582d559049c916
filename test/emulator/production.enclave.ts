// Production's own image in the emulator: it comes up on real vsock and the kernel's NSM driver, and serves nobody,
// since a document that no hypervisor signed is none to it.
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, test } from "node:test";
import { tryJob } from "./job.ts";
import { openStage, PATIENCE } from "./stage.ts";

const stage = await openStage();
const machine = await stage.boot("production", "production");
after(async () => {
  await machine.stop();
  await stage.close();
});

test("production's image gives its heartbeat and listens", PATIENCE, (t) => {
  t.diagnostic(`listening after ${(machine.bootMs / 1000).toFixed(1)} s`);
  assert.ok(machine.bootMs > 0);
});

test("it refuses every job, because its own document does not verify", PATIENCE, async () => {
  for (const { job } of stage.answers.slice(0, 2)) {
    const out = join(stage.folder, `production-${job.name}`);
    const { answer } = await tryJob(stage, job, `emulator:${machine.uds}`, out);
    assert.deepEqual([answer.exit, answer.error?.code], [1, "COSE_HEADER"]);
  }
});
