// Two threads that do the same, as the enclave's pool has two on a machine of two cores.
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { LoadName, LoadSetup } from "./load.ts";
import type { Order } from "./thread.ts";

export const THREADS = 2;

export class Threads {
  readonly #workers: readonly Worker[];

  constructor(setup: LoadSetup) {
    const file = new URL("./thread.ts", import.meta.url);
    this.#workers = Array.from({ length: THREADS }, () => new Worker(file, { workerData: setup }));
  }

  /** Each thread does it so often; returns the bytes of all. */
  async run(load: LoadName, times: number): Promise<number> {
    const done = await Promise.all(
      this.#workers.map(async (worker) => {
        const answer = once(worker, "message") as Promise<[number]>;
        const order: Order = { load, times };
        worker.postMessage(order);
        return (await answer)[0];
      }),
    );
    return done.reduce((sum, bytes) => sum + bytes, 0);
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}
