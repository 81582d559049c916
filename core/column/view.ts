// Typed views on fetched bytes.
import { SealroomError } from "../errors.ts";
import { rangeBytes, type BytesOf, type Range } from "./range.ts";

/** The arguments of a typed array over these bytes; they are copied only where they lie askew. */
export function alignedTo(width: number, bytes: Uint8Array): [ArrayBufferLike, number, number] {
  const whole = bytes.byteOffset % width === 0 ? bytes : bytes.slice();
  return [whole.buffer, whole.byteOffset, whole.byteLength / width];
}

/** Exactly the bytes of a range; of an empty one none are asked for. Error: COLUMN_LAYOUT. */
export function fetched(range: Range, bytesOf: BytesOf): Uint8Array {
  const expected = rangeBytes(range);
  if (expected === 0) return new Uint8Array(0);
  const bytes = bytesOf(range);
  if (bytes.length !== expected) throw new SealroomError("COLUMN_LAYOUT", { expected, bytes: bytes.length });
  return bytes;
}
