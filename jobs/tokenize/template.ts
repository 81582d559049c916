// Values with characters that stand for themselves at fixed places: taken out, and put back.
import { columnOf, FATE } from "./text-column.ts";
import type { TextColumn } from "./text-column.ts";

const PLACE = 0x23;

export class Template {
  readonly #bytes: Uint8Array;
  readonly #places: number;

  /** ASCII; `#` for each place. */
  constructor(template: string) {
    this.#bytes = Uint8Array.from(template, (character) => character.charCodeAt(0));
    this.#places = this.#bytes.filter((byte) => byte === PLACE).length;
  }

  /** What stands at the places. Fate: `form` for what does not fit. */
  strip({ rows, offsets, bytes }: TextColumn, fates: Uint8Array): TextColumn {
    const template = this.#bytes;
    for (let row = 0; row < rows; row++) {
      if (fates[row] !== FATE.done) continue;
      const from = offsets[row] ?? 0;
      let isFit = (offsets[row + 1] ?? 0) - from === template.length;
      for (let at = 0; isFit && at < template.length; at++) {
        isFit = template[at] === PLACE || template[at] === bytes[from + at];
      }
      if (!isFit) fates[row] = FATE.form;
    }
    const values = columnOf(this.#lengths(rows, fates, this.#places));
    for (let row = 0; row < rows; row++) {
      if (fates[row] !== FATE.done) continue;
      const from = offsets[row] ?? 0;
      let to = values.offsets[row] ?? 0;
      for (let at = 0; at < template.length; at++) {
        if (template[at] === PLACE) values.bytes[to++] = bytes[from + at] ?? 0;
      }
    }
    return values;
  }

  /** The template with values at its places, of rows that are `done`. */
  fill(values: TextColumn, fates: Uint8Array): TextColumn {
    const template = this.#bytes;
    const filled = columnOf(this.#lengths(values.rows, fates, template.length));
    for (let row = 0; row < values.rows; row++) {
      if (fates[row] !== FATE.done) continue;
      let from = values.offsets[row] ?? 0;
      const to = filled.offsets[row] ?? 0;
      for (let at = 0; at < template.length; at++) {
        filled.bytes[to + at] = template[at] === PLACE ? (values.bytes[from++] ?? 0) : (template[at] ?? 0);
      }
    }
    return filled;
  }

  #lengths(rows: number, fates: Uint8Array, length: number): Int32Array {
    const lengths = new Int32Array(rows);
    for (let row = 0; row < rows; row++) if (fates[row] === FATE.done) lengths[row] = length;
    return lengths;
  }
}
