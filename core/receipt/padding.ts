// The container inside a sealed result: u64 length (big-endian), that many bytes, zeros. Its size is a power of two
// that holds the largest result the job could have had, so that the host learns nothing of the one it had.
import { SealroomError } from "../errors.ts";

const LENGTH_BYTES = 8;
const MIN_PADDED_BYTES = 4096;
export const MAX_PADDED_BYTES: number = 256 * 1024 * 1024;

/** The smallest power of two, at least 4096, that holds a length and `length` bytes. */
export function paddedLength(length: number): number {
  let padded = MIN_PADDED_BYTES;
  while (padded < LENGTH_BYTES + length) padded *= 2;
  return padded;
}

/** As large as a result of `atLeast` bytes would be, or larger where the result is. Errors: RESULT_SIZE. */
export function padResult(result: Uint8Array, atLeast: number): Uint8Array {
  const length = paddedLength(Math.max(result.length, atLeast));
  if (length > MAX_PADDED_BYTES) throw new SealroomError("RESULT_SIZE", { limit: MAX_PADDED_BYTES });
  const padded = new Uint8Array(length);
  new DataView(padded.buffer).setBigUint64(0, BigInt(result.length));
  padded.set(result, LENGTH_BYTES);
  return padded;
}

/** Errors: RESULT_PADDING. */
export function unpadResult(padded: Uint8Array): Uint8Array {
  if (paddedLength(padded.length - LENGTH_BYTES) !== padded.length) throw new SealroomError("RESULT_PADDING");
  const length = new DataView(padded.buffer, padded.byteOffset).getBigUint64(0);
  if (length > BigInt(padded.length - LENGTH_BYTES)) throw new SealroomError("RESULT_PADDING");
  const end = LENGTH_BYTES + Number(length);
  // Padding that could hold anything could carry something out.
  if (padded.subarray(end).some((byte) => byte !== 0)) throw new SealroomError("RESULT_PADDING");
  return padded.slice(LENGTH_BYTES, end);
}
