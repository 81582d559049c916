// Values of one column from a chunk into the records of its rows: one loop for each width.
import type { RecordField, RecordMemory } from "./record-layout.ts";

/** Rows of a chunk and where, in words, their records begin. */
export interface Placed {
  readonly rows: Int32Array;
  readonly bases: Int32Array;
  readonly count: number;
}

/** @param data the chunk's values, as DuckDB lays them out */
export function copyValues(
  target: RecordMemory,
  placed: Placed,
  data: Uint8Array,
  { width, at }: RecordField,
): void {
  const { buffer, byteOffset, byteLength } = data;
  if (width === 1) copyBytes(target.bytes, placed, data, at);
  else if (width === 2) {
    copyHalves(target.halves, placed, new Int16Array(buffer, byteOffset, byteLength / 2), at);
  } else copyWords(target.words, placed, new Int32Array(buffer, byteOffset, byteLength / 4), at, width / 4);
}

function copyBytes(target: Uint8Array, { rows, bases, count }: Placed, data: Uint8Array, at: number): void {
  for (let i = 0; i < count; i += 1) target[(bases[i] ?? 0) * 4 + at] = data[rows[i] ?? 0] ?? 0;
}

function copyHalves(target: Int16Array, { rows, bases, count }: Placed, data: Int16Array, at: number): void {
  for (let i = 0; i < count; i += 1) target[(bases[i] ?? 0) * 2 + at] = data[rows[i] ?? 0] ?? 0;
}

function copyWords(
  target: Int32Array,
  { rows, bases, count }: Placed,
  data: Int32Array,
  at: number,
  words: number,
): void {
  if (words === 1) {
    for (let i = 0; i < count; i += 1) target[(bases[i] ?? 0) + at] = data[rows[i] ?? 0] ?? 0;
    return;
  }
  for (let i = 0; i < count; i += 1) {
    const to = (bases[i] ?? 0) + at;
    const from = (rows[i] ?? 0) * words;
    target[to] = data[from] ?? 0;
    target[to + 1] = data[from + 1] ?? 0;
    for (let word = 2; word < words; word += 1) target[to + word] = data[from + word] ?? 0;
  }
}
