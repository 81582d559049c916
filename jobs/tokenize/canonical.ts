// One spelling for values that mean the same, so that their tokens join. The name of a canonical form is part of a key's
// parameters. What NFC and case are is Unicode's, in the version of the Node that the image holds.
import { columnOf, copyBytes, FATE, lengthsOf, textAt } from "./text-column.ts";
import type { TextColumn } from "./text-column.ts";

/**
 * `exact`: the bytes as they are. `trim`: no white space at the ends. `nfc`: that, and NFC. `fold`: that, and one case
 * (upper, then lower, then NFC again).
 */
export const CANONICAL_FORMS = ["exact", "trim", "nfc", "fold"] as const;
export type CanonicalForm = (typeof CANONICAL_FORMS)[number];

const TEXT_FORMS: Readonly<Record<Exclude<CanonicalForm, "exact">, (text: string) => string>> = {
  trim: (text) => text.trim(),
  nfc: (text) => text.trim().normalize("NFC"),
  fold: (text) => text.trim().normalize("NFC").toUpperCase().toLowerCase().normalize("NFC"),
};

const encoder = new TextEncoder();

/** Rows that are empty, or are in their canonical form, get that fate. May be the column itself. */
export function canonicalize(form: CanonicalForm, column: TextColumn, fates: Uint8Array): TextColumn {
  const spelt = form === "exact" ? column : respell(form, column, fates);
  const { rows, offsets } = spelt;
  for (let row = 0; row < rows; row++) {
    if (fates[row] === FATE.done && offsets[row] === offsets[row + 1]) fates[row] = FATE.empty;
  }
  return spelt;
}

function respell(form: Exclude<CanonicalForm, "exact">, column: TextColumn, fates: Uint8Array): TextColumn {
  const { rows, offsets, bytes } = column;
  const convert = TEXT_FORMS[form];
  const isOpen = form === "trim" ? hasOpenEnds : form === "nfc" ? hasOpenEndsOrHigh : hasOpenEndsHighOrUpper;
  const changed = new Map<number, Uint8Array>();
  for (let row = 0; row < rows; row++) {
    const [from, to] = [offsets[row] ?? 0, offsets[row + 1] ?? 0];
    if (fates[row] !== FATE.done || !isOpen(bytes, from, to)) continue;
    changed.set(row, encoder.encode(convert(textAt(bytes, from, to))));
  }
  return changed.size === 0 ? column : withRows(column, fates, changed);
}

function withRows(
  column: TextColumn,
  fates: Uint8Array,
  changed: ReadonlyMap<number, Uint8Array>,
): TextColumn {
  const lengths = lengthsOf(column, fates);
  for (const [row, text] of changed) lengths[row] = text.length;
  const given = columnOf(lengths);
  for (let row = 0; row < column.rows; row++) {
    if (fates[row] !== FATE.done) continue;
    const to = given.offsets[row] ?? 0;
    const text = changed.get(row);
    if (text !== undefined) given.bytes.set(text, to);
    else copyBytes(column.bytes, column.offsets[row] ?? 0, column.offsets[row + 1] ?? 0, given.bytes, to);
  }
  return given;
}

/** A text of visible ASCII at its ends has no white space there; others are looked at. */
function hasOpenEnds(bytes: Uint8Array, from: number, to: number): boolean {
  return from < to && (isOpenEnd(bytes[from] ?? 0) || isOpenEnd(bytes[to - 1] ?? 0));
}

function hasOpenEndsOrHigh(bytes: Uint8Array, from: number, to: number): boolean {
  if (hasOpenEnds(bytes, from, to)) return true;
  let all = 0;
  for (let at = from; at < to; at++) all |= bytes[at] ?? 0;
  return all >= 0x80;
}

function hasOpenEndsHighOrUpper(bytes: Uint8Array, from: number, to: number): boolean {
  if (hasOpenEnds(bytes, from, to)) return true;
  for (let at = from; at < to; at++) {
    const byte = bytes[at] ?? 0;
    if (byte >= 0x80 || (byte >= 0x41 && byte <= 0x5a)) return true;
  }
  return false;
}

function isOpenEnd(byte: number): boolean {
  return byte <= 0x20 || byte >= 0x80;
}

const NINE = 0x39;
const ZERO = 0x30;

/** Digits alone: spaces and dashes go, wherever they stand. Fates: `character`, `empty`. May be the column itself. */
export function digitsOnly(column: TextColumn, fates: Uint8Array): TextColumn {
  const { rows, offsets, bytes } = column;
  const lengths = new Int32Array(rows);
  let separators = 0;
  for (let row = 0; row < rows; row++) {
    if (fates[row] !== FATE.done) continue;
    const [from, to] = [offsets[row] ?? 0, offsets[row + 1] ?? 0];
    let digits = 0;
    for (let at = from; at < to; at++) {
      const byte = bytes[at] ?? 0;
      if (isDigit(byte)) digits++;
      else if (!isSeparator(byte)) fates[row] = FATE.character;
    }
    if (fates[row] !== FATE.done) continue;
    if (digits === 0) fates[row] = FATE.empty;
    lengths[row] = digits;
    separators += to - from - digits;
  }
  if (separators === 0) return column;
  const given = columnOf(lengths);
  for (let row = 0; row < rows; row++) {
    if (fates[row] !== FATE.done) continue;
    let to = given.offsets[row] ?? 0;
    for (let at = offsets[row] ?? 0; at < (offsets[row + 1] ?? 0); at++) {
      const byte = bytes[at] ?? 0;
      if (isDigit(byte)) given.bytes[to++] = byte;
    }
  }
  return given;
}

export function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= NINE;
}

function isSeparator(byte: number): boolean {
  return byte === 0x20 || byte === 0x2d;
}
