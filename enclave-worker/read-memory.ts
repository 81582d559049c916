// The memory that a thread reads objects into, one after another: allocated once, as large as the largest batch asked for.
import { FrameCache } from "./frame-cache.ts";

export class ReadMemory {
  readonly frames: FrameCache = new FrameCache();
  /** In turns, so that what one read gave stays while the next one's bytes come. */
  #newer: Uint8Array = new Uint8Array(0);
  #older: Uint8Array = new Uint8Array(0);

  /** Holds what it gave last besides, but nothing from before. */
  next(length: number): Uint8Array {
    const next = this.#older.length < length ? new Uint8Array(length) : this.#older;
    this.#older = this.#newer;
    this.#newer = next;
    return next;
  }
}
