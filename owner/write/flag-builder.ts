// The marks of units' first rows as bits, least significant first, appended at any offset.
import { BATCH_ROWS } from "../../core/column/type.ts";
import type { Vector } from "../../core/column/vector.ts";

/** The bits that mark a unit's first rows, as a column. */
export class FlagBuilder {
  readonly #bits = new Uint8Array(BATCH_ROWS / 8);
  #rows = 0;

  append(flags: Uint8Array): void {
    appendFlags(this.#bits, this.#rows, flags);
    this.#rows += flags.length;
  }

  vector(): Vector {
    return { type: { kind: "bool" }, rows: this.#rows, validity: null, layout: "bits", values: this.#bits };
  }

  clear(): void {
    this.#rows = 0;
  }
}

/** One byte a flag, onto bits. */
function appendFlags(bits: Uint8Array, at: number, flags: Uint8Array): void {
  for (let row = 0, bit = at; row < flags.length; row += 1, bit += 1) {
    const mask = 1 << (bit & 7);
    const byte = bits[bit >> 3] ?? 0;
    bits[bit >> 3] = flags[row] === 0 ? byte & ~mask : byte | mask;
  }
}
