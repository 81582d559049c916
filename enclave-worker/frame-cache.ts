// Frames of one object that were opened and not used up: its footer, where its batches lie, its small buffers. What lies
// in one frame with something else is so pulled once. Bounded; what was used longest ago goes first.

/** Room for the shared frames of a few batches; two frames fit always. */
const CACHE_BYTES = 4 * 1024 * 1024;

export class FrameCache {
  readonly #frames = new Map<number, Uint8Array>();
  readonly #most: number;

  constructor(frameLength: number) {
    this.#most = Math.max(2, Math.floor(CACHE_BYTES / frameLength));
  }

  /** The plaintext of a frame, counted from 0. */
  find(index: number): Uint8Array | undefined {
    const plain = this.#frames.get(index);
    if (plain === undefined) return undefined;
    this.#frames.delete(index);
    this.#frames.set(index, plain);
    return plain;
  }

  /** Keeps a copy. */
  keep(index: number, plain: Uint8Array): void {
    this.#frames.set(index, plain.slice());
    for (const oldest of this.#frames.keys()) {
      if (this.#frames.size <= this.#most) break;
      this.#frames.delete(oldest);
    }
  }
}
