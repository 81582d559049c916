// A column of texts as Arrow has it, and what became of each row. Validity is a byte a row here, not a bit: kernels ask
// for it in any order.
import { SealroomError } from "../../core/errors.ts";

export interface TextColumn {
  readonly rows: number;
  /** `rows + 1` places in `bytes`, ascending; the first need not be 0. */
  readonly offsets: Int32Array;
  /** UTF-8. */
  readonly bytes: Uint8Array;
}

/** What stands in a row's place among the fates: that it has what was asked for, or why not. */
export const FATE = {
  done: 0,
  null: 1,
  /** A character that the alphabet or the operator does not take. */
  character: 2,
  /** Too long, or of a length that the operator does not take. */
  length: 3,
  /** Fewer than a million values are of this form: a table of them is no secret. */
  domain: 4,
  empty: 5,
  /** Not what the operator takes: no e-mail address, no token, not as the template has it. */
  form: 6,
  /** A check digit is wrong, or nobody was ever issued such a number. */
  check: 7,
  /** A number or date outside what the operator takes or can give. */
  range: 8,
  /** No unit by which to shift the row. */
  unit: 9,
  /** A token of another key version. */
  version: 10,
  /** Not a token of this key, or a damaged one. */
  forged: 11,
} as const;
export type Fate = (typeof FATE)[keyof typeof FATE];

const MAX_COLUMN_BYTES = 2 ** 31 - 1;

/** Room for texts of these lengths in bytes, a row each. Error: TOKEN_SIZE. */
export function columnOf(lengths: Int32Array | Float64Array): TextColumn {
  const rows = lengths.length;
  const offsets = new Int32Array(rows + 1);
  let end = 0;
  for (let row = 0; row < rows; row++) {
    end += lengths[row] ?? 0;
    if (end > MAX_COLUMN_BYTES) throw new SealroomError("TOKEN_SIZE", { limit: MAX_COLUMN_BYTES });
    offsets[row + 1] = end;
  }
  return { rows, offsets, bytes: new Uint8Array(end) };
}

/** The lengths of rows that are `done`, and zeros. */
export function lengthsOf({ rows, offsets }: TextColumn, fates: Uint8Array): Int32Array {
  const lengths = new Int32Array(rows);
  for (let row = 0; row < rows; row++) {
    if (fates[row] === FATE.done) lengths[row] = (offsets[row + 1] ?? 0) - (offsets[row] ?? 0);
  }
  return lengths;
}

/** The same column, with no bytes where a row is not `done`, before the first or behind the last. */
export function squeezed(column: TextColumn, fates: Uint8Array): TextColumn {
  const { rows, offsets, bytes } = column;
  let isTight = offsets[0] === 0 && offsets[rows] === bytes.length;
  for (let row = 0; row < rows; row++) {
    if (fates[row] !== FATE.done && offsets[row + 1] !== offsets[row]) isTight = false;
  }
  if (isTight) return column;
  const tight = columnOf(lengthsOf(column, fates));
  for (let row = 0; row < rows; row++) {
    if (fates[row] !== FATE.done) continue;
    copyBytes(bytes, offsets[row] ?? 0, offsets[row + 1] ?? 0, tight.bytes, tight.offsets[row] ?? 0);
  }
  return tight;
}

/** For texts of a few bytes, where a view costs more than the copy. */
export function copyBytes(from: Uint8Array, start: number, end: number, into: Uint8Array, at: number): void {
  const shift = at - start;
  for (let place = start; place < end; place++) into[place + shift] = from[place] ?? 0;
}

/** What an operator does to a text by itself. Not for values that a kernel takes many at once. */
export function eachText(
  { rows, offsets, bytes }: TextColumn,
  fates: Uint8Array,
  convert: (text: string, row: number) => string | Fate,
): TextColumn {
  const texts: (Uint8Array | null)[] = [];
  const lengths = new Int32Array(rows);
  for (let row = 0; row < rows; row++) {
    texts.push(null);
    if (fates[row] !== FATE.done) continue;
    const found = convert(textAt(bytes, offsets[row] ?? 0, offsets[row + 1] ?? 0), row);
    if (typeof found === "string") {
      const encoded = encoder.encode(found);
      texts[row] = encoded;
      lengths[row] = encoded.length;
    } else fates[row] = found;
  }
  const given = columnOf(lengths);
  for (const [row, text] of texts.entries()) if (text !== null) given.bytes.set(text, given.offsets[row]);
  return given;
}

const encoder = new TextEncoder();

export function textAt(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("utf8");
}
