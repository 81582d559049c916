// Primary account numbers: 13 to 19 digits with a right Luhn check digit (ISO/IEC 7812-1), spaces and dashes aside.
import { digitsOnly } from "./canonical.ts";
import { luhnResidue } from "./luhn.ts";
import { FATE } from "./text-column.ts";
import type { TextColumn } from "./text-column.ts";

export const MIN_PAN = 13;
export const MAX_PAN = 19;
export const LAST = 4;

/** Digits alone. Fates: `character`, `empty`, `length`, `check`. */
export function canonicalPans(column: TextColumn, fates: Uint8Array): TextColumn {
  const digits = digitsOnly(column, fates);
  const { rows, offsets, bytes } = digits;
  for (let row = 0; row < rows; row++) {
    if (fates[row] !== FATE.done) continue;
    const [from, to] = [offsets[row] ?? 0, offsets[row + 1] ?? 0];
    if (to - from < MIN_PAN || to - from > MAX_PAN) fates[row] = FATE.length;
    else if (luhnResidue(bytes, from, to) !== 0) fates[row] = FATE.check;
  }
  return digits;
}
