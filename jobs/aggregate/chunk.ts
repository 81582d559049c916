// A batch is worked on in chunks, so that what a kernel writes is still in the cache when the next one reads it.
// A chunk begins at a multiple of 8 rows, so that bitmaps are read by whole bytes.

export const CHUNK_ROWS = 8192;

/** Writes `value` where the validity bitmap says null, for the rows `start` to `start + count` of a vector. */
export function fillNulls(
  out: Float64Array | Int32Array | Uint8Array,
  value: number,
  validity: Uint8Array,
  start: number,
  count: number,
): void {
  for (let i = 0; i < count; i += 8) {
    const byte = validity[(start + i) >>> 3] ?? 0;
    if (byte === 0xff) continue;
    const end = Math.min(i + 8, count);
    for (let j = i; j < end; j += 1) {
      if (((byte >>> (j & 7)) & 1) === 0) out[j] = value;
    }
  }
}

/** Moves the picked rows of a chunk to its front. `picked` rises, so nothing is overwritten before it is read. */
export function compact(out: Float64Array | Int32Array, picked: Int32Array, count: number): void {
  for (let i = 0; i < count; i += 1) out[i] = out[picked[i] ?? 0] ?? 0;
}
