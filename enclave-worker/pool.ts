// The worker pool: threads that each take one object of a job. The only file that knows piscina; its options
// and errors do not leak. Threads are fault isolation, not a security boundary.
import { Piscina } from "piscina";
import { SealroomError } from "../core/errors.ts";
import type { ErrorCode } from "../core/errors.ts";
import { shareMemory } from "./memory-share.ts";
import type { ObjectResult, ObjectTask } from "./object-task.ts";
import { openSteps } from "./steps.ts";
import type { StepsMemory } from "./steps.ts";
import { Watchdog } from "./watchdog.ts";

export interface Pool {
  /**
   * Rejects with the task's own typed error; with POOL_TIME or POOL_MEMORY when bytes made the thread compute, or
   * allocate, without end; with POOL_THREAD when it died or the task was abandoned. A thread that did is replaced.
   */
  run(task: ObjectTask, signal: AbortSignal): Promise<ObjectResult>;
  close(): Promise<void>;
}

export interface PoolOptions {
  /** A module that exports `run(assignment): Promise<TaskOutcome>`. */
  readonly thread: URL;
  readonly threads: number;
  /** The enclave's. */
  readonly memoryBytes: number;
}

/** What a thread is given. */
export interface Assignment {
  readonly task: ObjectTask;
  readonly steps: StepsMemory;
}

/** What a thread answers: typed errors cross as data, since structured cloning drops their class and fields. */
export type TaskOutcome =
  { readonly result: ObjectResult } | { readonly refusal: Pick<SealroomError, "code" | "details"> };

/** Batches are typed arrays outside V8's heap; what is left is small, and V8 would let 48 MB of it pile up. */
const YOUNG_MB = 6;

/** Of a thread whose heap is full. */
const HEAP_FULL = "ERR_WORKER_OUT_OF_MEMORY";

export function openPool({ thread, threads, memoryBytes }: PoolOptions): Pool {
  const { heapMb, readBytes } = shareMemory(memoryBytes, threads);
  const piscina: Threads = new Piscina<Assignment, TaskOutcome>({
    filename: thread.href,
    name: "run",
    minThreads: threads,
    maxThreads: threads,
    idleTimeout: Number.POSITIVE_INFINITY,
    concurrentTasksPerWorker: 1,
    env: {},
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB, maxOldGenerationSizeMb: heapMb },
  });
  // A thread's answer to a task that was abandoned, or its end while it had none. Whoever waits for a task hears of it
  // by that; unheard, this event would end the process and print the answer, which is made of plaintext.
  piscina.on("error", () => undefined);
  const watchdog = new Watchdog(() => piscina.threads);
  return {
    async run(task, signal): Promise<ObjectResult> {
      const steps = openSteps(readBytes);
      const overdue = new AbortController();
      const unwatch = watchdog.watch(steps.words, () => {
        overdue.abort();
      });
      try {
        const outcome = await runTask(piscina, { task, steps }, signal, overdue.signal);
        if ("result" in outcome) return outcome.result;
        throw new SealroomError(outcome.refusal.code, outcome.refusal.details);
      } finally {
        unwatch();
      }
    },
    close: () => piscina.close({ force: true }),
  };
}

type Threads = Piscina<Assignment, TaskOutcome>;

async function runTask(
  piscina: Threads,
  assignment: Assignment,
  abandoned: AbortSignal,
  overdue: AbortSignal,
): Promise<TaskOutcome> {
  try {
    return await piscina.run(assignment, { signal: AbortSignal.any([abandoned, overdue]) });
  } catch (cause) {
    throw new SealroomError(overdue.aborted ? "POOL_TIME" : codeOf(cause), {}, { cause });
  }
}

function codeOf(cause: unknown): ErrorCode {
  const isFull = cause instanceof Error && "code" in cause && cause.code === HEAP_FULL;
  return isFull ? "POOL_MEMORY" : "POOL_THREAD";
}
