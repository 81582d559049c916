// The pool keeps the enclave alive whatever its threads do. An error that nobody handles would fail this file.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { ObjectTask } from "../../enclave-worker/object-task.ts";
import { openPool } from "../../enclave-worker/pool.ts";
import { refuses } from "../host/refusal.ts";

const pool = openPool({ thread: new URL("./pool-thread.ts", import.meta.url), threads: 2 });
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

test("replaces a thread that ends while it has no task", async () => {
  await Promise.all([run("late"), run("late")]);
  // The next ones may meet a thread in its last moments.
  for (let turn = 0; turn < 10; turn += 1) {
    await Promise.allSettled([run("work"), run("work")]);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await stillServes();
});

test("ends abandoned tasks, running or waiting, and only those", async () => {
  for (let turn = 0; turn < 5; turn += 1) {
    const abandoned = new AbortController();
    const mine = ["stay", "stay", "stay", "stay"].map((how) => run(how, abandoned.signal));
    const others = run("work");
    setTimeout(() => {
      abandoned.abort();
    }, turn * 10);
    for (const task of mine) await refuses("POOL_THREAD", task);
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

test("threads see no environment", async () => {
  assert.equal((await run("env")).rows, 0);
});
