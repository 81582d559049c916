// A block of rows, as many as fill the caches little, and places for what is made of them.

/** A multiple of 16, by which ranges are tested. */
export const BLOCK_ROWS = 2048;
/** Of one value of any kind a row, and one more that a loop over pairs may touch. */
const SLOT_BYTES = BLOCK_ROWS * 8 + 16;

/** Gives out addresses in the arena, one after another, at its start. */
export class Places {
  #end = 64;

  /** For one value a row, of up to 8 bytes. */
  next(): number {
    return this.take(SLOT_BYTES);
  }

  take(bytes: number): number {
    const at = this.#end;
    this.#end = Math.ceil((at + bytes) / 64) * 64;
    return at;
  }

  get end(): number {
    return this.#end;
  }
}

/** Some rows of a batch: all `count` from `start`, or those at `picked` distances from it. */
export interface Block {
  readonly start: number;
  readonly count: number;
  /** How many: `count`, or the length used of `picked`. */
  readonly passing: number;
  readonly picked: Int32Array | null;
}

/** Any array of numbers. */
interface Numbers {
  readonly [at: number]: number;
  subarray(start: number, end: number): ArrayLike<number>;
}

/** The block's rows of a column, to the place that an array of the arena has for the first. */
export function copy(
  from: Numbers,
  { start, count, passing, picked }: Block,
  to: Int32Array | Float64Array,
  at: number,
): void {
  if (picked === null) to.set(from.subarray(start, start + count), at);
  else for (let i = 0; i < passing; i += 1) to[at + i] = from[start + (picked[i] ?? 0)] ?? 0;
}
