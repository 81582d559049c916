// All objects, each once, merged in the manifest's order, or nothing.
import assert from "node:assert/strict";
import { test } from "node:test";
import { SealroomError } from "../../core/errors.ts";
import type { ErrorCode } from "../../core/errors.ts";
import type { Manifest, ObjectEntry } from "../../core/manifest/manifest.ts";
import { computeObjects } from "../../enclave-worker/compute.ts";
import type { Progress } from "../../enclave-worker/compute.ts";
import type { ObjectResult, ObjectTask } from "../../enclave-worker/object-task.ts";
import type { Pool } from "../../enclave-worker/pool.ts";
import { Merge } from "../../jobs/aggregate/merge.ts";
import { startKernel, startMerge } from "../../jobs/registry.ts";
import type { Program } from "../../jobs/registry.ts";
import { refuses } from "../host/refusal.ts";
import { NOTHING } from "../aggregate/asked.ts";

/** Sums one float column over all rows: the order of adding shows in the last bits. */
const PROGRAM: Program = {
  kind: "aggregate",
  columns: [{ name: "x", type: { kind: "float", bits: 64 } }],
  unit: "row",
  unitColumn: null,
  computed: [],
  predicate: null,
  dimensions: [],
  levels: [[]],
  measures: [
    {
      ...NOTHING,
      column: 0,
      name: "x",
      sum: { lower: -1e300, upper: 1e300, exact: false },
      exact: false,
    },
  ],
  outputs: [{ as: "total", type: { kind: "float", bits: 64 }, op: "sum", measure: 0, scale: 0 }],
  orderBy: [],
  having: null,
  limitBy: null,
  limit: null,
  minUnits: 2,
  maxGroups: 1,
  maxFormed: 1,
  declaredKeys: null,
  maxShare: null,
  rounding: { counts: null, sums: [null] },
  interval: 2,
};

const VALUES = [1e300, 1, -1e300, 1e-8, 3, 1e17, -1e17, 0.1];

function entryOf(index: number): ObjectEntry {
  return { key: `part-${index}`, format: "arrow", digest: "ab".repeat(48), bytes: 1000, rows: 2 };
}

const MANIFEST = {
  objects: VALUES.map((_, index) => entryOf(index)),
  schema: [],
  unit: "row",
} as unknown as Manifest;

function resultOf(value: number): ObjectResult {
  const kernel = startKernel(PROGRAM);
  const values = Float64Array.of(value, 0);
  const vector = {
    type: { kind: "float", bits: 64 },
    rows: 2,
    validity: null,
    layout: "number",
    values,
  } as const;
  kernel.add({ rows: 2, columns: [vector], unitStart: null });
  return { partial: kernel.finish(), rows: 2, bytes: 500, made: null };
}

/** Answers each object's task when the test says so. */
class ScriptedPool implements Pool {
  readonly asked: ObjectTask[] = [];
  readonly signals: AbortSignal[] = [];
  readonly answer: ((outcome: ObjectResult | SealroomError) => void)[] = [];

  run(task: ObjectTask, signal: AbortSignal): Promise<ObjectResult> {
    this.asked.push(task);
    this.signals.push(signal);
    return new Promise((resolve, reject) => {
      signal.addEventListener("abort", () => {
        reject(new SealroomError("POOL_THREAD"));
      });
      this.answer.push((outcome) => {
        if (outcome instanceof SealroomError) reject(outcome);
        else resolve(outcome);
      });
    });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

function start(
  pool: Pool,
  abandoned: AbortSignal = new AbortController().signal,
  manifest: Manifest = MANIFEST,
): { merged: ReturnType<typeof computeObjects>; progress: Progress[] } {
  const progress: Progress[] = [];
  const computation = {
    job: "0123456789abcdef",
    input: 0,
    manifest,
    datasetKey: new Uint8Array(32),
    program: PROGRAM,
    secrets: { masters: [], maps: [] },
    target: null,
  };
  const merged = computeObjects(pool, computation, abandoned, (event) => progress.push(event));
  return { merged, progress };
}

function orders(): number[][] {
  const forwards = [...VALUES.keys()];
  return [forwards, forwards.toReversed(), [3, 1, 7, 0, 5, 2, 6, 4], [7, 0, 6, 1, 5, 2, 4, 3]];
}

test("asks for every object once, by its place in the manifest", async () => {
  const pool = new ScriptedPool();
  const { merged } = start(pool);
  pool.answer.forEach((answer, at) => {
    answer(resultOf(VALUES[at] ?? 0));
  });
  await merged;
  assert.deepEqual(
    pool.asked.map(({ address, entry }) => [address.input, address.object, entry.key]),
    VALUES.map((_, index) => [0, index, `part-${index}`]),
  );
});

test("holds few partials for an object that is slow: the rest wait until it is merged", async () => {
  const objects = Array.from({ length: 40 }, (_, index) => entryOf(index));
  const pool = new ScriptedPool();
  const { merged } = start(pool, new AbortController().signal, { ...MANIFEST, objects });
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  for (let at = 1; at < 40; at += 1) {
    pool.answer[at]?.(resultOf(1));
    await settle();
  }
  assert.equal(pool.asked.length, 16);
  for (let at = 0; at < 40; at += 1) {
    pool.answer[at]?.(resultOf(1));
    await settle();
  }
  await merged;
  assert.equal(pool.asked.length, 40);
});

test("gives the same bits in whichever order the threads finish", async () => {
  const expected = startMerge(PROGRAM);
  for (const value of VALUES) expected.add(resultOf(value).partial);
  for (const order of orders()) {
    const pool = new ScriptedPool();
    const { merged, progress } = start(pool);
    for (const at of order) {
      pool.answer[at]?.(resultOf(VALUES[at] ?? 0));
      await new Promise((resolve) => setImmediate(resolve));
    }
    const { merge } = await merged;
    assert.ok(merge instanceof Merge && expected instanceof Merge);
    assert.deepEqual([...merge.groups(0)], [...expected.groups(0)]);
    assert.deepEqual(
      progress,
      VALUES.map((_, index) => ({ objects: index + 1, ofObjects: VALUES.length, bytes: 500 * (index + 1) })),
    );
  }
});

test("refuses what does not add up to the manifest's rows", async () => {
  for (const rows of [0, 1, 3]) {
    const pool = new ScriptedPool();
    const { merged } = start(pool);
    pool.answer.forEach((answer, at) => {
      answer(at === 5 ? { ...resultOf(1), rows } : resultOf(1));
    });
    await refuses("JOB_INCOMPLETE", merged);
  }
});

test("the first object that is refused ends the others and gives the reason", async () => {
  const code: ErrorCode = "SEAL_FRAME_TAG";
  const pool = new ScriptedPool();
  const { merged } = start(pool);
  pool.answer[6]?.(new SealroomError(code, { sequence: 4 }));
  const { details } = await refuses(code, merged);
  assert.deepEqual(details, { sequence: 4 });
  for (const signal of pool.signals) assert.equal(signal.aborted, true);
});

test("ends all tasks when nobody waits for them any more", async () => {
  const pool = new ScriptedPool();
  const abandoned = new AbortController();
  const { merged } = start(pool, abandoned.signal);
  pool.answer[0]?.(resultOf(1));
  await new Promise((resolve) => setImmediate(resolve));
  abandoned.abort();
  await refuses("POOL_THREAD", merged);
});
