// What a thread says of its own computing, in memory that it shares with the pool's watchdog: when a step over decrypted
// bytes begins, how much processor time honest bytes can need for it, and when it ends. Between steps a thread waits for
// the host, however long: that is liveness, and the gateway's own time-out's to end.
import { threadId } from "node:worker_threads";
import { SealroomError } from "../core/errors.ts";
import type { Range } from "../core/column/range.ts";
import { rangeBytes } from "../core/column/range.ts";

/** Plain data, for structured cloning into a thread. */
export interface StepsMemory {
  /** Shared: the steps begun and ended, the milliseconds that the one under way may take, the thread's number. */
  readonly words: Int32Array;
  /** The most that one read may bring into the thread; it has two at a time. */
  readonly mostBytes: number;
}

/** Places in `words`. The count is odd while a step is under way. */
export const STEP = { count: 0, allowedMs: 1, thread: 2 } as const;
const MOST_MS = 0x7fff_ffff;

export function openSteps(mostBytes: number): StepsMemory {
  return { words: new Int32Array(new SharedArrayBuffer(4 * Object.keys(STEP).length)), mostBytes };
}

export class Steps {
  /** As StepsMemory has it. */
  readonly mostBytes: number;
  readonly #words: Int32Array;

  constructor({ words, mostBytes }: StepsMemory) {
    this.#words = words;
    this.mostBytes = mostBytes;
    Atomics.store(words, STEP.thread, threadId);
  }

  /** Does `work`, which waits for nothing. Past `allowedMs` of its processor time the thread is ended. */
  take<T>(allowedMs: number, work: () => T): T {
    Atomics.store(this.#words, STEP.allowedMs, Math.min(Math.ceil(allowedMs), MOST_MS));
    Atomics.add(this.#words, STEP.count, 1);
    try {
      return work();
    } finally {
      Atomics.add(this.#words, STEP.count, 1);
    }
  }

  /** Before memory is found for a read. Errors: POOL_MEMORY, with lengths that the object's layout has. */
  checkRoom(ranges: readonly Range[]): void {
    const bytes = ranges.reduce((sum, range) => sum + rangeBytes(range), 0);
    if (bytes > this.mostBytes) throw new SealroomError("POOL_MEMORY", { bytes, limit: this.mostBytes });
  }
}
