// US social security numbers as they are written, nine characters or three, two and four with dashes between; and which
// were ever issued (no area 000, 666 or from 900, no group 00, no serial 0000).
import { columnOf, FATE } from "./text-column.ts";
import type { TextColumn } from "./text-column.ts";

export const SSN_LENGTH = 9;
const DASHED_LENGTH = 11;
const DASH = 0x2d;

export interface BareSsns {
  /** Nine characters a row that is `done`. */
  readonly bare: TextColumn;
  /** 1 where it had dashes. */
  readonly dashed: Uint8Array;
}

/** Takes the dashes out; what the nine characters are is not looked at. Fate: `form`. */
export function stripSsns({ rows, offsets, bytes }: TextColumn, fates: Uint8Array): BareSsns {
  const dashed = new Uint8Array(rows);
  const lengths = new Int32Array(rows);
  for (let row = 0; row < rows; row++) {
    if (fates[row] !== FATE.done) continue;
    const [from, to] = [offsets[row] ?? 0, offsets[row + 1] ?? 0];
    const isDashed = to - from === DASHED_LENGTH && bytes[from + 3] === DASH && bytes[from + 6] === DASH;
    if (isDashed) dashed[row] = 1;
    if (isDashed || to - from === SSN_LENGTH) lengths[row] = SSN_LENGTH;
    else fates[row] = FATE.form;
  }
  const bare = columnOf(lengths);
  for (let row = 0; row < rows; row++) {
    if (fates[row] !== FATE.done) continue;
    const [from, to, skip] = [offsets[row] ?? 0, bare.offsets[row] ?? 0, dashed[row] ?? 0];
    for (let at = 0; at < SSN_LENGTH; at++) {
      bare.bytes[to + at] = bytes[from + at + skip * dashesBefore(at)] ?? 0;
    }
  }
  return { bare, dashed };
}

/** Puts the dashes back. */
export function dressSsns({ bare, dashed }: BareSsns, fates: Uint8Array): TextColumn {
  const lengths = new Int32Array(bare.rows);
  for (let row = 0; row < bare.rows; row++) {
    if (fates[row] === FATE.done) lengths[row] = dashed[row] === 1 ? DASHED_LENGTH : SSN_LENGTH;
  }
  const given = columnOf(lengths);
  for (let row = 0; row < bare.rows; row++) {
    if (fates[row] !== FATE.done) continue;
    const [from, to, skip] = [bare.offsets[row] ?? 0, given.offsets[row] ?? 0, dashed[row] ?? 0];
    given.bytes.fill(DASH, to, to + (lengths[row] ?? 0));
    for (let at = 0; at < SSN_LENGTH; at++) {
      given.bytes[to + at + skip * dashesBefore(at)] = bare.bytes[from + at] ?? 0;
    }
  }
  return given;
}

function dashesBefore(at: number): number {
  return at < 3 ? 0 : at < 5 ? 1 : 2;
}

/** Of the number that nine digits are. */
export function isIssuable(number: number): boolean {
  const area = Math.floor(number / 1_000_000);
  const isArea = area !== 0 && area !== 666 && area < 900;
  return isArea && Math.floor(number / 10_000) % 100 !== 0 && number % 10_000 !== 0;
}
