// What hostile bytes might make a thread do, if a reader or kernel were not linear: each without end.
import { getHeapStatistics } from "node:v8";

/** Nobody wakes who waits on it. */
export const STILL: Int32Array<SharedArrayBuffer> = new Int32Array(new SharedArrayBuffer(4));

/** Computes for so much of this thread's own processor time. */
export function busy(ms: number): void {
  const start = process.threadCpuUsage();
  for (;;) {
    const { user, system } = process.threadCpuUsage(start);
    if (user + system > ms * 1000) return;
  }
}

/** (module (func (export "run") (loop (br 0)))) */
const LOOP = Uint8Array.from(
  "0061736d01000000010401600000030201000707010372756e00000a0901070003400c000b0b".match(/../g) ?? [],
  (byte) => Number.parseInt(byte, 16),
);

export function runWasm(): void {
  const { run } = new WebAssembly.Instance(new WebAssembly.Module(LOOP)).exports;
  (run as () => void)();
}

export function fillHeap(): void {
  const kept: string[][] = [];
  for (;;) {
    kept.push(Array.from({ length: 10_000 }, (_, at) => `${kept.length}/${at}`));
    if (getHeapStatistics().used_heap_size > 2 ** 31) throw new Error("the heap has no bound");
  }
}
