// An enclave or a thread that dies in the middle of a job is one clean error at the host.
import assert from "node:assert/strict";
import { test } from "node:test";
import { connectUnix } from "../../transport/unix.ts";
import { BY_CITY, compilePlanFor, drawNonce, Host } from "../host/host.ts";
import { runProgram } from "../host/program.ts";
import { refuses } from "../host/refusal.ts";
import { copyTree } from "../host/tree.ts";
import { sealDataset, startWorld } from "../host/world.ts";
import { DOOMED } from "./doomed-thread.ts";

test("an enclave that is killed in the middle of a job ends it with TRANSPORT_CLOSED, and none can be had after", async (t) => {
  const world = await startWorld();
  t.after(() => world.close());
  const dataset = await sealDataset(world);
  const plan = await compilePlanFor(world, BY_CITY);
  let asked: () => void = () => undefined;
  const firstRead = new Promise<void>((resolve) => {
    asked = resolve;
  });
  const host = await Host.open(world, {
    answer: () => {
      asked();
      return undefined;
    },
  });
  t.after(() => host.close());
  const jobs = [1, 2].map(() =>
    refuses("TRANSPORT_CLOSED", host.submit({ plan, nonce: drawNonce(), dataset })),
  );
  await firstRead;
  await world.enclave.kill();
  for (const { details } of await Promise.all(jobs)) assert.deepEqual(details, {});
  await host.quiet();
  await refuses("TRANSPORT_CONNECT", connectUnix(`${world.sockets}/enclave.sock`));
});

test("a thread that dies over an object is POOL_THREAD for its job only, and the next job is done", async () => {
  const { root, remove } = await copyTree(
    [
      {
        file: "enclave-worker/object-task.ts",
        find: "    const kernel = startKernel(task.program);\n",
        replace: `    if (task.address.job === "${DOOMED}" && task.address.object === 2) process.exit(9);
    const kernel = startKernel(task.program);\n`,
      },
    ],
    ["test/end-to-end"],
  );
  try {
    const stdout = await runProgram(root, "test/end-to-end/doomed-thread.ts", ["run"]);
    assert.deepEqual(JSON.parse(stdout), {
      doomed: { type: "refused", code: "POOL_THREAD", details: {} },
      beside: 3,
      next: 3,
      printed: "",
    });
  } finally {
    await remove();
  }
});
