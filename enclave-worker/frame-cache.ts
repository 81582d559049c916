// Frames of one object that were opened and not used up: its footer, where its batches lie, its small buffers. What lies
// in one frame with something else is so pulled once. Bounded; what was used longest ago goes first. Its memory is used
// again: what is left to V8's collector piles up by tens of megabytes in each thread.

/** Room for the shared frames of a few batches; two frames fit always. */
const CACHE_BYTES = 4 * 1024 * 1024;

export interface HeldFrame {
  /** Plaintext. */
  readonly bytes: Uint8Array;
  /** Until this is called, the memory stays as it is. */
  release(): void;
}

interface Slot {
  readonly memory: Uint8Array;
  /** From 0; null when it holds nothing. */
  frame: number | null;
  length: number;
  usedAt: number;
  holders: number;
}

export class FrameCache {
  readonly #slots: Slot[] = [];
  #frameLength = 0;
  #clock = 0;
  /** A frame that was held of an object before is let go of without effect. */
  #object = 0;

  /** Forgets what it holds, for another object. */
  reset(frameLength: number): void {
    if (frameLength !== this.#frameLength) this.#slots.length = 0;
    this.#frameLength = frameLength;
    this.#object += 1;
    for (const slot of this.#slots) Object.assign(slot, { frame: null, holders: 0, usedAt: 0 });
  }

  has(frame: number): boolean {
    return this.#slots.some((slot) => slot.frame === frame);
  }

  /** A frame, counted from 0. */
  hold(frame: number): HeldFrame | null {
    const slot = this.#slots.find((candidate) => candidate.frame === frame);
    if (slot === undefined) return null;
    slot.holders += 1;
    slot.usedAt = ++this.#clock;
    const object = this.#object;
    return {
      bytes: slot.memory.subarray(0, slot.length),
      release: (): void => {
        if (object === this.#object) slot.holders -= 1;
      },
    };
  }

  /** Keeps a copy, where there is room that nobody holds. */
  keep(frame: number, plain: Uint8Array): void {
    const slot = this.has(frame) ? null : this.#room();
    if (slot === null) return;
    slot.memory.set(plain);
    Object.assign(slot, { frame, length: plain.length, usedAt: ++this.#clock });
  }

  #room(): Slot | null {
    const free = this.#slots.filter(({ holders }) => holders === 0);
    const empty = free.find(({ frame }) => frame === null);
    if (empty !== undefined) return empty;
    if (this.#slots.length < Math.max(2, Math.floor(CACHE_BYTES / this.#frameLength))) {
      const memory = new Uint8Array(this.#frameLength);
      const slot = { memory, frame: null, length: 0, usedAt: 0, holders: 0 };
      this.#slots.push(slot);
      return slot;
    }
    return free.toSorted((a, b) => a.usedAt - b.usedAt)[0] ?? null;
  }
}
