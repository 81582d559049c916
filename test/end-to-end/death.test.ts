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

/** The end of a thread, in the third object's task of the job that is doomed to it there. */
function dies(place: keyof typeof DOOMED): string {
  return `    if (task.address.job === "${DOOMED[place]}" && task.address.object === 2) process.exit(9);\n`;
}

const TASK = "enclave-worker/object-task.ts";
const DIAL = '    stream = await dialStream(dialer, "gateway", IDLE_MS);\n';
const KERNEL = "    const kernel = steps.take(startMs(program.kind, secrets), () =>\n";
const ADD = "      const made = steps.take(kernelMs(task.program.kind, batch), () => kernel.add(batch));\n";
const RETURN = "    return { partial, rows, bytes: gateway.bytesRead, made };\n";

test("a thread that dies over an object, wherever in it, is POOL_THREAD for its job only, and the next job is done", async () => {
  const { root, remove } = await copyTree(
    [
      {
        file: TASK,
        find: DIAL,
        replace: dies("before it connects") + DIAL + dies("before it asks for anything"),
      },
      { file: TASK, find: KERNEL, replace: dies("when the object's header is verified") + KERNEL },
      { file: TASK, find: ADD, replace: ADD + dies("with rows in its hands") },
      {
        file: TASK,
        find: RETURN,
        replace: dies("when the partial is made and not handed over") + RETURN,
      },
    ],
    ["test/end-to-end"],
  );
  try {
    const stdout = await runProgram(root, "test/end-to-end/doomed-thread.ts", ["run"]);
    const { printed, ...told } = JSON.parse(stdout) as Record<string, unknown>;
    assert.equal(printed, "");
    const doomed = { type: "refused", code: "POOL_THREAD", details: {} };
    assert.deepEqual(
      told,
      Object.fromEntries(Object.keys(DOOMED).map((place) => [place, { doomed, beside: 3, next: 3 }])),
    );
  } finally {
    await remove();
  }
});
