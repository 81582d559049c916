// Runs a target in a thread of its own and watches that it goes on.
import { Worker } from "node:worker_threads";
import type { Finding, Outcome } from "./target.ts";
import type { Work } from "./thread.ts";

/** A hang, or a heap that is full: far from what any input may take, on a machine however loaded. */
const STUCK_MS = 30_000;
const HEAP_MB = 512;

export class FuzzThread {
  readonly #progress = new Int32Array(new SharedArrayBuffer(4));
  #worker: Worker | null = null;

  async run(work: Work): Promise<Outcome> {
    const worker = (this.#worker ??= this.#start());
    Atomics.store(this.#progress, 0, -1);
    return new Promise<Outcome>((resolve) => {
      let last = -1;
      const onError = (error: unknown): void => {
        died(`the thread died: ${String(error)}`);
      };
      const onExit = (): void => {
        died("the thread ended");
      };
      const end = (outcome: Outcome): void => {
        clearInterval(timer);
        worker.off("message", end).off("error", onError).off("exit", onExit);
        resolve(outcome);
      };
      const died = (fault: string): void => {
        void worker.terminate();
        this.#worker = null;
        end(failed(work, Atomics.load(this.#progress, 0), fault));
      };
      const timer = setInterval(() => {
        const index = Atomics.load(this.#progress, 0);
        if (index === last && index >= 0) died(`did not end within ${STUCK_MS} ms`);
        last = index;
      }, STUCK_MS);
      worker.on("message", end).on("error", onError).on("exit", onExit);
      worker.postMessage(work);
    });
  }

  async close(): Promise<void> {
    await this.#worker?.terminate();
  }

  #start(): Worker {
    return new Worker(new URL("./thread.ts", import.meta.url), {
      workerData: { progress: this.#progress },
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
    });
  }
}

function failed({ target, seed }: Work, index: number, fault: string): Outcome {
  const finding: Finding = { target, seed, index, fault, input: "" };
  return { refused: {}, accepted: 0, changed: 0, slowestMs: Infinity, mostBytes: 0, findings: [finding] };
}
