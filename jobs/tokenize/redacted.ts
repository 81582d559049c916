// What stands in the place of a value that has no token, where the rules say `redact`: one word for all, so that it tells
// nothing but that there was one.
import { columnOf, copyBytes, FATE } from "./text-column.ts";
import type { TextColumn } from "./text-column.ts";

/** No operator gives it: tokens have no brackets, or every one of a mask's characters. */
export const REDACTED = "[INVALID]";
const WORD: Uint8Array = new TextEncoder().encode(REDACTED);

/** The column with the word in rows that are neither done nor null, which then are done. */
export function withRedacted({ rows, offsets, bytes }: TextColumn, fates: Uint8Array): TextColumn {
  const isRedacted = (fate: number): boolean => fate !== FATE.done && fate !== FATE.null;
  const lengths = new Int32Array(rows);
  for (let row = 0; row < rows; row++) {
    const fate = fates[row] ?? FATE.null;
    if (fate === FATE.done) lengths[row] = (offsets[row + 1] ?? 0) - (offsets[row] ?? 0);
    else if (isRedacted(fate)) lengths[row] = WORD.length;
  }
  const given = columnOf(lengths);
  for (let row = 0; row < rows; row++) {
    const fate = fates[row] ?? FATE.null;
    const to = given.offsets[row] ?? 0;
    if (fate === FATE.done) copyBytes(bytes, offsets[row] ?? 0, offsets[row + 1] ?? 0, given.bytes, to);
    else if (isRedacted(fate)) {
      given.bytes.set(WORD, to);
      fates[row] = FATE.done;
    }
  }
  return given;
}
