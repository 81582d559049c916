// Bits, least significant first, appended at any offset: validity, booleans, and the marks of units' first rows.
import { BATCH_ROWS } from "../core/column/type.ts";
import type { Vector } from "../core/column/vector.ts";

/** A part of a chunk: rows [from, to). */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** The bits that mark a unit's first rows, as a column. */
export class FlagBuilder {
  readonly #bits = new Uint8Array(BATCH_ROWS / 8);
  #rows = 0;

  append(flags: Uint8Array, stretch: Stretch): void {
    appendFlags(this.#bits, this.#rows, flags, stretch);
    this.#rows += stretch.to - stretch.from;
  }

  vector(): Vector {
    return { type: { kind: "bool" }, rows: this.#rows, validity: null, layout: "bits", values: this.#bits };
  }

  clear(): void {
    this.#rows = 0;
  }
}

/** One byte a flag, onto bits. */
export function appendFlags(bits: Uint8Array, at: number, flags: Uint8Array, { from, to }: Stretch): void {
  for (let row = from; row < to; row += 1) {
    const bit = at + row - from;
    const mask = 1 << (bit & 7);
    const byte = bits[bit >> 3] ?? 0;
    bits[bit >> 3] = flags[row] === 0 ? byte & ~mask : byte | mask;
  }
}

/** Bits onto bits; null stands for all set. Returns how many were zero. */
export function appendBits(
  bits: Uint8Array,
  at: number,
  source: Uint8Array | null,
  { from, to }: Stretch,
): number {
  let zeros = 0;
  let row = from;
  if ((at & 7) === 0 && (from & 7) === 0) {
    for (; row + 8 <= to; row += 8) {
      const byte = source === null ? 0xff : (source[row >> 3] ?? 0);
      bits[(at + row - from) >> 3] = byte;
      if (byte !== 0xff) zeros += 8 - bitCount(byte);
    }
  }
  for (; row < to; row += 1) {
    const isSet = source === null || (((source[row >> 3] ?? 0) >> (row & 7)) & 1) === 1;
    const bit = at + row - from;
    const mask = 1 << (bit & 7);
    const byte = bits[bit >> 3] ?? 0;
    bits[bit >> 3] = isSet ? byte | mask : byte & ~mask;
    if (!isSet) zeros += 1;
  }
  return zeros;
}

function bitCount(byte: number): number {
  let count = 0;
  for (let rest = byte; rest !== 0; rest &= rest - 1) count += 1;
  return count;
}
