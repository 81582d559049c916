// Validity bitmaps of computed columns (Arrow's: least significant bit first, 1 = not null).
import type { ColumnBatch, Vector } from "../../../core/column/vector.ts";

export function vectorAt(batch: ColumnBatch, column: number): Vector {
  const vector = batch.columns[column];
  if (vector === undefined) throw new Error("internal: a batch lacks a column of the program");
  return vector;
}

/** Rows that have a value in each of the vectors; null where all have. */
export function commonValidity(vectors: readonly Vector[], rows: number): Uint8Array | null {
  const maps = vectors.flatMap(({ validity }) => (validity === null ? [] : [validity]));
  const [first, ...rest] = maps;
  if (first === undefined) return null;
  const bytes = (rows + 7) >>> 3;
  const common = first.slice(0, bytes);
  for (const map of rest) {
    for (let at = 0; at < bytes; at += 1) common[at] = (common[at] ?? 0) & (map[at] ?? 0);
  }
  return common;
}

/** A bitmap in which rows lose their value one by one; `bits` is null while all have one. */
export class Losses {
  readonly #rows: number;
  #bits: Uint8Array | null;

  /** `known` is not written to. */
  constructor(rows: number, known: Uint8Array | null) {
    this.#rows = rows;
    this.#bits = known?.slice(0, (rows + 7) >>> 3) ?? null;
  }

  get bits(): Uint8Array | null {
    return this.#bits;
  }

  lose(row: number): void {
    this.#bits ??= new Uint8Array((this.#rows + 7) >>> 3).fill(0xff);
    this.#bits[row >>> 3] = (this.#bits[row >>> 3] ?? 0) & ~(1 << (row & 7));
  }
}
