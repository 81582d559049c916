// A bench thread: told a load and how often, answers with the bytes it handled.
import { parentPort, workerData } from "node:worker_threads";
import { Load } from "./load.ts";
import type { LoadName, LoadSetup } from "./load.ts";

export interface Order {
  readonly load: LoadName;
  readonly times: number;
}

const load = new Load(workerData as LoadSetup);

parentPort?.on("message", ({ load: name, times }: Order) => {
  void (async (): Promise<void> => {
    let bytes = 0;
    for (let time = 0; time < times; time += 1) bytes += await load.run(name);
    parentPort?.postMessage(bytes);
  })();
});
