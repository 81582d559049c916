// The memory of DuckDB's vectors. node-api's own accessors take a call and a BigInt a value, which is too slow for
// whole tables, so this file, alone, reaches the bindings below it. Views are valid until the chunk is let go of:
// whoever keeps a value copies it.
import type { DuckDBDataChunk } from "@duckdb/node-api";
import duckdb from "@duckdb/node-bindings";

/** Rows of a chunk but the last. */
export const CHUNK_ROWS = 2_048;

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

/** Bytes at an address that DuckDB gave. */
export function memoryAt(address: number, bytes: number): Uint8Array {
  const holder = new Uint32Array([address % 0x1_0000_0000, Math.floor(address / 0x1_0000_0000)]);
  return duckdb.get_data_from_pointer(holder.buffer, 0, bytes);
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
