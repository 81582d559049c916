// The memory of DuckDB's vectors. node-api's own accessors take a call and a BigInt a value, which is too slow for
// whole tables, so this file, alone, reaches the bindings below it. Views are valid until the chunk is let go of:
// whoever keeps a value copies it.
import type { DuckDBDataChunk } from "@duckdb/node-api";
import duckdb from "@duckdb/node-bindings";

/** Rows of a chunk but the last. */
export const CHUNK_ROWS = 2_048;

const STRING_BYTES = 16;
const INLINE_BYTES = 12;

/** The first `bytes` of a column's values. */
export function vectorData(chunk: DuckDBDataChunk, column: number, bytes: number): Uint8Array {
  return duckdb.vector_get_data(duckdb.data_chunk_get_vector(chunk.chunk, column), bytes);
}

/** Bits, least significant first, 1 = not null; null when no row is null. Whole words of 64. */
export function vectorValidity(chunk: DuckDBDataChunk, column: number, rows: number): Uint8Array | null {
  const bytes = Math.ceil(rows / 64) * 8;
  const bits: Uint8Array | null = duckdb.vector_get_validity(
    duckdb.data_chunk_get_vector(chunk.chunk, column),
    bytes,
  );
  return bits;
}

/** A column of text, gathered from where DuckDB keeps it. */
export interface GatheredText {
  /** rows + 1; a null row is empty. */
  readonly offsets: Int32Array;
  readonly bytes: Uint8Array;
}

interface StringColumn {
  /** One string_t a row: u32 length, then 12 bytes of text, or 4 of prefix and a pointer. */
  readonly words: Uint32Array;
  readonly strings: Uint8Array;
  readonly validity: Uint8Array | null;
}

/**
 * The text of several columns of a chunk. Strings past 12 bytes lie elsewhere, one after another, mixed over columns;
 * a call for each would cost more than all else, so each unbroken run is fetched by one. Only bytes that some string
 * claims are read.
 */
export function gatherText(
  chunk: DuckDBDataChunk,
  columns: readonly number[],
  rows: number,
): readonly GatheredText[] {
  const found = columns.map((column) => stringColumn(chunk, column, rows));
  const runs = new Runs(found, rows);
  return found.map((column) => copyText(column, runs, rows));
}

function stringColumn(chunk: DuckDBDataChunk, column: number, rows: number): StringColumn {
  const strings = vectorData(chunk, column, rows * STRING_BYTES);
  const words = new Uint32Array(strings.buffer, strings.byteOffset, rows * 4);
  return { words, strings, validity: vectorValidity(chunk, column, rows) };
}

function isNull(validity: Uint8Array | null, row: number): boolean {
  return validity !== null && (((validity[row >> 3] ?? 0) >> (row & 7)) & 1) === 0;
}

/** User-space addresses are below 2^53. */
function pointerOf(words: Uint32Array, row: number): number {
  return (words[row * 4 + 3] ?? 0) * 0x1_0000_0000 + (words[row * 4 + 2] ?? 0);
}

class Runs {
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  readonly #bytes: Uint8Array[] = [];
  #last = 0;

  constructor(columns: readonly StringColumn[], rows: number) {
    let count = 0;
    for (const { words, validity } of columns) {
      for (let row = 0; row < rows; row += 1) {
        if ((words[row * 4] ?? 0) > INLINE_BYTES && !isNull(validity, row)) count += 1;
      }
    }
    const starts = new Float64Array(count);
    const ends = new Float64Array(count);
    let at = 0;
    for (const { words, validity } of columns) {
      for (let row = 0; row < rows; row += 1) {
        const length = words[row * 4] ?? 0;
        if (length <= INLINE_BYTES || isNull(validity, row)) continue;
        const start = pointerOf(words, row);
        starts[at] = start;
        ends[at] = start + length;
        at += 1;
      }
    }
    // Sorted apart: where strings touch or coincide, the next start is at most the last end.
    starts.sort();
    ends.sort();
    for (let i = 0; i < count; i += 1) {
      const start = starts[i] ?? 0;
      const last = this.#ends.length - 1;
      if (last < 0 || start > (this.#ends[last] ?? 0)) {
        this.#starts.push(start);
        this.#ends.push(ends[i] ?? 0);
      } else {
        this.#ends[last] = ends[i] ?? 0;
      }
    }
    for (const [i, start] of this.#starts.entries()) {
      this.#bytes.push(fetchBytes(start, (this.#ends[i] ?? 0) - start));
    }
  }

  /** The run's bytes that hold a string, and where in them it begins. */
  find(pointer: number): { readonly bytes: Uint8Array; readonly at: number } {
    if (pointer < (this.#starts[this.#last] ?? 0) || pointer >= (this.#ends[this.#last] ?? 0)) {
      let low = 0;
      let high = this.#starts.length - 1;
      while (low < high) {
        const middle = (low + high + 1) >> 1;
        if ((this.#starts[middle] ?? 0) <= pointer) low = middle;
        else high = middle - 1;
      }
      this.#last = low;
    }
    return {
      bytes: this.#bytes[this.#last] ?? new Uint8Array(0),
      at: pointer - (this.#starts[this.#last] ?? 0),
    };
  }
}

function fetchBytes(pointer: number, bytes: number): Uint8Array {
  const holder = new Uint32Array([pointer % 0x1_0000_0000, Math.floor(pointer / 0x1_0000_0000)]);
  return duckdb.get_data_from_pointer(holder.buffer, 0, bytes);
}

const SHORT_COPY_BYTES = 32;

function copyText({ words, strings, validity }: StringColumn, runs: Runs, rows: number): GatheredText {
  const offsets = new Int32Array(rows + 1);
  let total = 0;
  for (let row = 0; row < rows; row += 1) {
    if (!isNull(validity, row)) total += words[row * 4] ?? 0;
    offsets[row + 1] = total;
  }
  const bytes = new Uint8Array(total);
  for (let row = 0; row < rows; row += 1) {
    const start = offsets[row] ?? 0;
    const length = (offsets[row + 1] ?? 0) - start;
    if (length === 0) continue;
    if (length <= INLINE_BYTES) {
      copyShort(strings, row * STRING_BYTES + 4, bytes, start, length);
      continue;
    }
    const { bytes: run, at } = runs.find(pointerOf(words, row));
    if (length <= SHORT_COPY_BYTES) copyShort(run, at, bytes, start, length);
    else bytes.set(run.subarray(at, at + length), start);
  }
  return { offsets, bytes };
}

function copyShort(from: Uint8Array, at: number, to: Uint8Array, start: number, length: number): void {
  for (let i = 0; i < length; i += 1) to[start + i] = from[at + i] ?? 0;
}

/** Copies values, laid out as DuckDB lays them out, into a chunk that is being filled. */
export function writeValues(chunk: DuckDBDataChunk, column: number, values: ArrayBufferView): void {
  const vector = duckdb.data_chunk_get_vector(chunk.chunk, column);
  const { buffer, byteOffset, byteLength } = owned(values);
  duckdb.copy_data_to_vector(vector, 0, buffer, byteOffset, byteLength);
}

/** Marks nulls: bits as in vectorValidity. */
export function writeValidity(chunk: DuckDBDataChunk, column: number, bits: Uint8Array): void {
  const vector = duckdb.data_chunk_get_vector(chunk.chunk, column);
  const { buffer, byteOffset, byteLength } = owned(bits);
  duckdb.vector_ensure_validity_writable(vector);
  duckdb.copy_data_to_vector_validity(vector, 0, buffer, byteOffset, byteLength);
}

/** Puts one value of valid UTF-8 into a chunk that is being filled. */
export function writeText(chunk: DuckDBDataChunk, column: number, row: number, bytes: Uint8Array): void {
  duckdb.vector_assign_string_element_len(duckdb.data_chunk_get_vector(chunk.chunk, column), row, bytes);
}

function owned(view: ArrayBufferView): { buffer: ArrayBuffer; byteOffset: number; byteLength: number } {
  const { buffer, byteOffset, byteLength } = view;
  if (buffer instanceof ArrayBuffer) return { buffer, byteOffset, byteLength };
  const copy = new Uint8Array(byteLength);
  copy.set(new Uint8Array(buffer, byteOffset, byteLength));
  return { buffer: copy.buffer, byteOffset: 0, byteLength };
}
