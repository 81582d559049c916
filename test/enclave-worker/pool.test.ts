// The pool keeps the enclave alive whatever its threads do. An error that nobody handles would fail this file.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { ObjectTask } from "../../enclave-worker/object-task.ts";
import { openPool } from "../../enclave-worker/pool.ts";
import { refuses } from "../host/refusal.ts";

const THREAD = new URL("./pool-thread.ts", import.meta.url);
const pool = openPool({ thread: THREAD, threads: 2, memoryBytes: 2 ** 28 });
after(() => pool.close());

const NEVER = new AbortController().signal;

function run(how: string, signal: AbortSignal = NEVER): ReturnType<typeof pool.run> {
  return pool.run({ entry: { key: how } } as ObjectTask, signal);
}

async function stillServes(): Promise<void> {
  const results = await Promise.all([run("work"), run("work"), run("work")]);
  for (const { rows, bytes } of results) assert.deepEqual([rows, bytes], [7, 8]);
}

test("gives what the task gives", async () => {
  await stillServes();
});

test("brings a task's refusal across with its code and its public fields", async () => {
  const { details } = await refuses("OBJECT_DIGEST", run("refuse"));
  assert.deepEqual(details, { place: 3 });
  await stillServes();
});

test("tells of a task that throws nothing but that it did", async () => {
  const { details } = await refuses("POOL_THREAD", run("throw"));
  assert.deepEqual(details, {});
  await stillServes();
});

test("replaces a thread that ends in the middle of a task, again and again", async () => {
  for (let turn = 0; turn < 3; turn += 1) {
    await Promise.all([refuses("POOL_THREAD", run("exit")), refuses("POOL_THREAD", run("exit"))]);
  }
  await stillServes();
});

test("replaces a thread that ends while it has no task", async (t) => {
  // Of its own, since such a thread may meet its end in somebody else's task.
  const own = openPool({ thread: THREAD, threads: 1, memoryBytes: 2 ** 30 });
  t.after(() => own.close());
  const runOwn = (how: string): ReturnType<typeof pool.run> =>
    own.run({ entry: { key: how } } as ObjectTask, NEVER);
  await runOwn("late");
  await new Promise((resolve) => setTimeout(resolve, 20));
  await runOwn("work").catch((error: unknown) => {
    assert.equal((error as { code?: string }).code, "POOL_THREAD");
  });
  for (let turn = 0; turn < 3; turn += 1) assert.equal((await runOwn("work")).rows, 7);
});

test("ends abandoned tasks, running or waiting, and only those", async () => {
  for (let turn = 0; turn < 5; turn += 1) {
    const abandoned = new AbortController();
    const mine = ["stay", "stay", "stay", "stay"].map((how) => run(how, abandoned.signal));
    const others = run("work");
    const refused = Promise.all(mine.map((task) => refuses("POOL_THREAD", task)));
    setTimeout(() => {
      abandoned.abort();
    }, turn * 10);
    await refused;
    assert.equal((await others).rows, 7);
  }
  await stillServes();
});

test("refuses a task that was abandoned before it came", async () => {
  await refuses("POOL_THREAD", run("work", AbortSignal.abort()));
  await stillServes();
});

test("lives through tasks that are abandoned just as they end", async () => {
  for (let turn = 0; turn < 24; turn += 1) {
    const abandoned = new AbortController();
    const tasks = Array.from({ length: 6 }, () => run("work", abandoned.signal));
    const first = tasks[turn % 2];
    await first?.catch(() => undefined);
    abandoned.abort();
    await Promise.allSettled(tasks);
  }
  await stillServes();
});

for (const how of [
  "compute without end",
  "compute in WebAssembly without end",
  "match without end",
  "stay in one native call",
  "end without end",
]) {
  test(`ends and replaces a thread whose bytes make it ${how}, while others go on`, async () => {
    const [{ details }, other] = await Promise.all([
      refuses("POOL_TIME", run(how)),
      run("compute in many steps"),
    ]);
    assert.deepEqual(details, {});
    assert.equal(other.rows, 7);
    await stillServes();
  });
}

test("ends every thread at once, again and again, and has them all back", async () => {
  for (let turn = 0; turn < 2; turn += 1) {
    const tasks = ["compute without end", "match without end", "compute without end"];
    await Promise.all(tasks.map((how) => refuses("POOL_TIME", run(how))));
  }
  await stillServes();
});

test("a thread that computes for long in steps, that gets no processor, or waits for the host, is not ended", async () => {
  for (const how of ["compute in many steps", "get no processor", "wait for the host"]) {
    assert.equal((await run(how)).rows, 7, how);
  }
});

test("ends a thread whose heap is full, with a code and no fields, and replaces it, while others go on", async () => {
  const [{ details }, other] = await Promise.all([
    refuses("POOL_MEMORY", run("fill the heap")),
    run("compute in many steps"),
  ]);
  assert.deepEqual(details, {});
  assert.equal(other.rows, 7);
  await stillServes();
});

test("threads see no environment", async () => {
  assert.equal((await run("env")).rows, 0);
});
