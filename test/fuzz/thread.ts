// The thread in which inputs are decoded: one that never ends can be ended, and its memory is bounded.
import { parentPort, workerData } from "node:worker_threads";
import { findTarget } from "./targets.ts";
import { runInputs } from "./target.ts";

export interface Work {
  readonly target: string;
  readonly seed: number;
  readonly from: number;
  readonly to: number;
}

const { progress } = workerData as { readonly progress: Int32Array };

parentPort?.on("message", (work: Work) => {
  void (async (): Promise<void> => {
    const note = (index: number): void => {
      Atomics.store(progress, 0, index);
    };
    parentPort?.postMessage(await runInputs(findTarget(work.target), work, note));
  })();
});
