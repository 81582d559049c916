// The worker pool: threads that each take one object of a job. The only file that knows piscina; its options
// and errors do not leak. Threads are fault isolation, not a security boundary.
import { Piscina } from "piscina";
import { SealroomError } from "../core/errors.ts";
import type { ObjectResult, ObjectTask } from "./object-task.ts";

export interface Pool {
  /** Rejects with the task's own typed error; with POOL_THREAD when the thread died or the task was abandoned. */
  run(task: ObjectTask, signal: AbortSignal): Promise<ObjectResult>;
  close(): Promise<void>;
}

export interface PoolOptions {
  /** A module that exports `run(task): Promise<TaskOutcome>`. */
  readonly thread: URL;
  readonly threads: number;
}

/** What a thread answers: typed errors cross as data, since structured cloning drops their class and fields. */
export type TaskOutcome =
  { readonly result: ObjectResult } | { readonly refusal: Pick<SealroomError, "code" | "details"> };

/** Batches are typed arrays outside V8's heap; what is left is small, and V8 would let 48 MB of it pile up. */
const YOUNG_MB = 6;

export function openPool({ thread, threads }: PoolOptions): Pool {
  const piscina = new Piscina<ObjectTask, TaskOutcome>({
    filename: thread.href,
    name: "run",
    minThreads: threads,
    maxThreads: threads,
    idleTimeout: Number.POSITIVE_INFINITY,
    concurrentTasksPerWorker: 1,
    env: {},
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
  });
  // A thread's answer to a task that was abandoned, or its end while it had none. Whoever waits for a task hears of it
  // by that; unheard, this event would end the process and print the answer, which is made of plaintext.
  piscina.on("error", () => undefined);
  return {
    async run(task, signal): Promise<ObjectResult> {
      const outcome = await runTask(piscina, task, signal);
      if ("result" in outcome) return outcome.result;
      throw new SealroomError(outcome.refusal.code, outcome.refusal.details);
    },
    close: () => piscina.close({ force: true }),
  };
}

async function runTask(
  piscina: Piscina<ObjectTask, TaskOutcome>,
  task: ObjectTask,
  signal: AbortSignal,
): Promise<TaskOutcome> {
  try {
    return await piscina.run(task, { signal });
  } catch (cause) {
    throw new SealroomError("POOL_THREAD", {}, { cause });
  }
}
