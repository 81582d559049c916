// What one thread may have of the enclave's memory, so that bytes which ask for more end their job and not the enclave.
// V8 holds a thread to its heap; what is read lies outside of it, and is held to its part before it is allocated.

export interface MemoryShare {
  /** Of V8's heap, MiB: dictionaries as strings, and what the kernels keep of values. */
  readonly heapMb: number;
  /** Of one read, bytes: a batch's columns, or all dictionaries. A thread has two of them. */
  readonly readBytes: number;
}

const MB = 2 ** 20;
/** For the main thread, the partials that wait there, and the kernel. */
const MAIN_SHARE = 1 / 4;
/** What no honest object needs, on a machine however large. */
const MOST_HEAP_MB = 2048;
const MOST_READ_BYTES = 512 * MB;

/** For all that a job's groups need, in threads and where they are merged. */
const GROUP_SHARE = 1 / 2;

/** Bytes. Heaps and reads are seldom full while very many groups are formed. */
export function groupShare(totalBytes: number): number {
  return totalBytes * GROUP_SHARE;
}

/** A thread's part: half of it heap, the rest for two reads. */
export function shareMemory(totalBytes: number, threads: number): MemoryShare {
  const part = (totalBytes * (1 - MAIN_SHARE)) / threads;
  return {
    heapMb: Math.min(MOST_HEAP_MB, Math.floor(part / 2 / MB)),
    readBytes: Math.min(MOST_READ_BYTES, Math.floor(part / 4)),
  };
}
