// Ends what computes for longer than honest bytes can make it. Time is the thread's own processor time, as the kernel
// accounts it, so that a loaded machine refuses nobody; a thread that does not tell it, as deep in one native call, is
// given the more of looks at it. No clock is read, and time only decides when to give up: no answer depends on it.
import type { Worker } from "node:worker_threads";
import { STEP } from "./steps.ts";

const LOOK_MS = 50;
/** How often over the allowed time looks may take, where processor time is not told or not given. */
const SLOWEST = 10;

interface Watched {
  readonly words: Int32Array;
  readonly end: () => void;
  /** The step that was under way at the last look, and for how many looks it has been; even: none. */
  count: number;
  looks: number;
  /** Of the thread, when that step was first seen; null until it has told. */
  usedMs: number | null;
}

export class Watchdog {
  readonly #workers: () => readonly Worker[];
  readonly #watched = new Set<Watched>();
  #timer: NodeJS.Timeout | null = null;

  constructor(workers: () => readonly Worker[]) {
    this.#workers = workers;
  }

  /** Calls `end`, once or twice, when a step takes too long; until the function that it gives is called. */
  watch(words: Int32Array, end: () => void): () => void {
    const watched: Watched = { words, end, count: 0, looks: 0, usedMs: null };
    this.#watched.add(watched);
    this.#timer ??= setInterval(() => {
      for (const each of this.#watched) this.#look(each);
    }, LOOK_MS);
    return () => {
      this.#watched.delete(watched);
      if (this.#watched.size > 0 || this.#timer === null) return;
      clearInterval(this.#timer);
      this.#timer = null;
    };
  }

  #look(watched: Watched): void {
    const count = Atomics.load(watched.words, STEP.count);
    if (count !== watched.count) Object.assign(watched, { count, looks: 0, usedMs: null });
    if (count % 2 === 0) return;
    watched.looks += 1;
    // A timer is late and never early, so that less is counted than has elapsed.
    if (watched.looks * LOOK_MS > SLOWEST * allowedMs(watched)) watched.end();
    else void this.#ask(watched);
  }

  async #ask(watched: Watched): Promise<void> {
    const { count } = watched;
    const usedMs = await processorMs(this.#workers(), Atomics.load(watched.words, STEP.thread));
    // It may have gone on meanwhile, and so tells nothing of the step that was looked at.
    const hasGoneOn = watched.count !== count || Atomics.load(watched.words, STEP.count) !== count;
    if (usedMs === null || hasGoneOn) return;
    watched.usedMs ??= usedMs;
    if (usedMs - watched.usedMs > allowedMs(watched) && this.#watched.has(watched)) watched.end();
  }
}

function allowedMs({ words }: Watched): number {
  return Atomics.load(words, STEP.allowedMs);
}

/** Null of a thread that has ended, or on a Node before 24.6. A thread in a native call answers when it returns. */
async function processorMs(workers: readonly Worker[], thread: number): Promise<number | null> {
  try {
    const usage = await workers.find(({ threadId }) => threadId === thread)?.cpuUsage();
    return usage === undefined ? null : (usage.user + usage.system) / 1000;
  } catch {
    return null;
  }
}
