// Which of its column's bins each value lies in: how many edges are at or below it. NaN has no bin, as null has none.
import type { ColumnType } from "../../../core/column/type.ts";
import type { ColumnBatch, NumberVector, Vector, WordsVector } from "../../../core/column/vector.ts";
import { CHUNK_ROWS } from "../chunk.ts";
import { readRaw } from "../measure.ts";
import type { Computed, Edge } from "../program.ts";
import { KERNELS } from "../wasm/kernels.ts";
import type { ComputedVector } from "./computed-vector.ts";
import { Losses, vectorAt } from "./validity.ts";

const INT32: ColumnType = { kind: "int", bits: 32, signed: true };

export class BinColumn implements ComputedVector {
  readonly #of: number;
  readonly #edges: readonly Edge[];
  /** Null where some edge is no double of its own, and values have to be compared as they are. */
  readonly #numbers: Float64Array | null;

  constructor({ of, edges }: Extract<Computed, { kind: "bin" }>) {
    this.#of = of;
    this.#edges = edges;
    const isExact = edges.every((edge) => typeof edge === "number" || Number.isSafeInteger(Number(edge)));
    this.#numbers = isExact ? Float64Array.from(edges, Number) : null;
  }

  compute(batch: ColumnBatch): NumberVector {
    const vector = vectorAt(batch, this.#of);
    const { rows, validity } = vector;
    const values = new Int32Array(rows);
    const losses = new Losses(rows, validity);
    if (this.#numbers !== null) binNumbers(vector, this.#numbers, values, losses);
    else if (vector.layout === "words") binWords(vector, this.#edges, values);
    else throw new Error("internal: edges of another column's type");
    return { layout: "number", type: INT32, rows, validity: losses.bits, values };
  }
}

/** Past 2^53 values may be rounded, but never across an edge within it. */
function binNumbers(vector: Vector, edges: Float64Array, out: Int32Array, losses: Losses): void {
  for (let start = 0; start < vector.rows; start += CHUNK_ROWS) {
    const count = Math.min(CHUNK_ROWS, vector.rows - start);
    readRaw(vector, start, count, Infinity);
    for (let i = 0; i < count; i += 1) {
      const value = KERNELS.values[i] ?? 0;
      if (Number.isNaN(value)) losses.lose(start + i);
      else out[start + i] = edgesUpTo(edges, value);
    }
  }
}

function binWords(vector: WordsVector, edges: readonly Edge[], out: Int32Array): void {
  const { rows, wordsPerValue: width, words, type } = vector;
  const isSigned = !(type.kind === "int" && !type.signed);
  const wide = edges.map(BigInt);
  for (let row = 0; row < rows; row += 1) {
    let value = 0n;
    for (let at = width - 1; at >= 0; at -= 1) value = (value << 32n) | BigInt(words[width * row + at] ?? 0);
    out[row] = edgesUpTo(wide, isSigned ? BigInt.asIntN(32 * width, value) : value);
  }
}

/** How many of the rising edges are at or below a value. */
export function edgesUpTo<T extends number | bigint>(edges: ArrayLike<T>, value: T): number {
  let [low, high] = [0, edges.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const edge = edges[middle];
    if (edge !== undefined && edge <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}
