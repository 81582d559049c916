// The buffers of a text column: offsets that rise, stay inside the bytes and cut between characters. 64-bit offsets become
// 32-bit ones, which hold all that a buffer may have (batch.ts).
import { SealroomError } from "../errors.ts";
import type { ColumnLayout } from "./batch.ts";
import type { BytesOf } from "./range.ts";
import type { Stored } from "./stored.ts";
import { isUtf8 } from "./utf8.ts";
import { alignedTo, fetched } from "./view.ts";

/** @throws COLUMN_OFFSETS, COLUMN_UTF8 */
export function readText(
  part: ColumnLayout,
  rows: number,
  column: number,
  stored: Stored | undefined,
  bytesOf: BytesOf,
): { readonly offsets: Int32Array; readonly bytes: Uint8Array } {
  if (rows === 0) return { offsets: new Int32Array(1), bytes: new Uint8Array(0) };
  const words = new Int32Array(...alignedTo(4, fetched(part.offsets, bytesOf)));
  const offsets = stored === "large_utf8" ? narrowed(words, column) : words;
  const bytes = fetched(part.values, bytesOf);
  const first = offsets[0] ?? 0;
  let last = first;
  if (first < 0) throw new SealroomError("COLUMN_OFFSETS", { column });
  for (let row = 1; row <= rows; row += 1) {
    const end = offsets[row] ?? 0;
    if (end < last || end > bytes.length) throw new SealroomError("COLUMN_OFFSETS", { column });
    // A cut inside a character leaves a continuation byte at the head of the next value.
    if (row < rows && ((bytes[end] ?? 0) & 0xc0) === 0x80) {
      throw new SealroomError("COLUMN_UTF8", { column });
    }
    last = end;
  }
  if (!isUtf8(bytes, first, last)) throw new SealroomError("COLUMN_UTF8", { column });
  return { offsets, bytes };
}

function narrowed(words: Int32Array, column: number): Int32Array {
  const offsets = new Int32Array(words.length >> 1);
  for (let at = 0; at < offsets.length; at += 1) {
    // No buffer is that long; a lower half past 2^31 is negative here, and falls.
    if (words[2 * at + 1] !== 0) throw new SealroomError("COLUMN_OFFSETS", { column });
    offsets[at] = words[2 * at] ?? 0;
  }
  return offsets;
}
