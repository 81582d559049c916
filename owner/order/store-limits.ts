// How stored rows share the memory limit: pages that are kept, a bucket while it is sorted, the pages being filled.
import type { OrderLimits } from "./record-order.ts";
import type { StoreLimits } from "./record-store.ts";

/** Of the memory: pages that are not spilled, and a bucket while it is sorted. */
const KEPT_SHARE = 3 / 8;
const LOADED_SHARE = 1 / 8;
/** A bucket of this size is sorted in the processor's cache. */
const BUCKET_BYTES = 2 * 1024 * 1024;
const [MAX_CACHED_BUCKETS, MAX_BUCKETS] = [256, 2048];
const [MIN_PAGE_BYTES, MAX_PAGE_BYTES, ORDERED_PAGE_BYTES] = [4 * 1024, 64 * 1024, 256 * 1024];
const SPLIT_BUCKETS = 64;

/** @param bytes about how much is stored */
export function storeLimits(memoryBytes: number, bytes: number, order: "sorted" | "as read"): StoreLimits {
  const kept = memoryBytes * KEPT_SHARE;
  const keptWords = Math.floor(kept / 4);
  const expectedWords = Math.ceil(bytes / 4);
  if (order === "as read") return { buckets: 1, pageWords: ORDERED_PAGE_BYTES / 4, keptWords, expectedWords };
  const cached = Math.min(MAX_CACHED_BUCKETS, bytes / BUCKET_BYTES);
  // The guess may be low, and hashes fall unevenly.
  const fitting = Math.min(MAX_BUCKETS, (4 * bytes) / Math.max(1, memoryBytes * LOADED_SHARE));
  const buckets = 2 ** Math.ceil(Math.log2(Math.max(1, cached, fitting)));
  const page = Math.min(MAX_PAGE_BYTES, Math.max(MIN_PAGE_BYTES, kept / 8 / buckets));
  return { buckets, pageWords: Math.floor(page / 4), keptWords, expectedWords };
}

export function orderLimits(memoryBytes: number): OrderLimits {
  return {
    loadedWords: Math.floor((memoryBytes * LOADED_SHARE) / 4),
    // The memory for pages is taken.
    split: { buckets: SPLIT_BUCKETS, pageWords: MIN_PAGE_BYTES / 4, keptWords: 0, expectedWords: 0 },
  };
}
