// A thread with descriptors that it watches and never closes, some of them busy, and requests on their way; it ends as
// it is told to.
import { parentPort, workerData } from "node:worker_threads";
import { loadAddon, READABLE, WRITABLE } from "../../transport/native/addon.ts";
import type { Descriptor } from "../../transport/native/addon.ts";
import { unixAddress } from "../transport/pair.ts";

const addon = loadAddon();
const { bytes } = unixAddress();

function opened(result: Descriptor | number): Descriptor {
  if (typeof result === "number") throw new Error(String(result));
  return result;
}

const listener = opened(addon.socket(1));
addon.listen(listener, bytes, 64);
addon.watch(listener, () => undefined);
const held: Descriptor[] = [];
for (let count = 0; count < 16; count += 1) {
  const near = opened(addon.socket(1));
  addon.connect(near, bytes);
  const far = opened(addon.accept(listener));
  held.push(near, far);
  for (const descriptor of [near, far]) addon.watch(descriptor, () => undefined);
  addon.want(near, READABLE);
  // Writable all the time: it is told of in every turn.
  if (workerData !== "returns") addon.want(far, READABLE | WRITABLE);
  else addon.want(near, 0);
}
for (let count = 0; count < 8; count += 1) void addon.exchangeNsm("/dev/null", Uint8Array.of(1));
parentPort?.postMessage(held.length);
if (workerData === "exits") process.exit(0);
