// The codes of a column with a dictionary: integers of any width, as the signed ones of 8, 16 or 32 bits that vectors
// have, and the check that each row's is in the dictionary.
import { SealroomError } from "../errors.ts";
import type { CodeForm } from "./schema.ts";
import type { DictionaryVector } from "./vector.ts";
import { alignedTo } from "./view.ts";

type Codes = DictionaryVector["codes"];

/** Widened where the file's are unsigned, so that none changes its meaning; what no int32 holds is -1. */
export function codesOf({ bits, signed }: CodeForm, bytes: Uint8Array): Codes {
  switch (bits) {
    case 8:
      return signed ? new Int8Array(...alignedTo(1, bytes)) : Int16Array.from(bytes);
    case 16:
      return signed
        ? new Int16Array(...alignedTo(2, bytes))
        : Int32Array.from(new Uint16Array(...alignedTo(2, bytes)));
    case 32:
      // A code past 2^31 is past every dictionary, as a negative one is.
      return new Int32Array(...alignedTo(4, bytes));
    case 64: {
      const words = new Int32Array(...alignedTo(4, bytes));
      const codes = new Int32Array(words.length >> 1);
      for (let row = 0; row < codes.length; row += 1) {
        codes[row] = words[2 * row + 1] === 0 ? (words[2 * row] ?? 0) : -1;
      }
      return codes;
    }
  }
}

/** The width of the codes that `codesOf` gives. */
export function codeBits({ bits, signed }: CodeForm): 8 | 16 | 32 {
  if (bits >= 32) return 32;
  return bits === 8 ? (signed ? 8 : 16) : signed ? 16 : 32;
}

/** Error: COLUMN_DICTIONARY. */
export function checkCodes(codes: Codes, validity: Uint8Array | null, size: number, column: number): void {
  // Nearly always all are in range; if not, each is looked at, since in a null row any may stand.
  for (let row = countInRange(codes, size); row < codes.length; row += 1) {
    const code = codes[row] ?? 0;
    if (code >= 0 && code < size) continue;
    if (validity === null || (((validity[row >> 3] ?? 0) >> (row & 7)) & 1) === 1) {
      throw new SealroomError("COLUMN_DICTIONARY", { column, part: "code" });
    }
  }
}

/**
 * How many of the first codes are in range for sure; a multiple of what a word holds, or 0. Four codes of a byte are
 * compared at once: a code below 128 reaches its top bit by adding 128 - size if it is too large, and carries into no other.
 */
function countInRange(codes: Codes, size: number): number {
  const width = codes.BYTES_PER_ELEMENT;
  if (codes.byteOffset % 4 !== 0 || size === 0) return 0;
  const top = 2 ** (8 * width - 1);
  const each = width === 1 ? 0x0101_0101 : width === 2 ? 0x0001_0001 : 1;
  const add = (Math.max(0, top - size) * each) | 0;
  const words = new Int32Array(codes.buffer, codes.byteOffset, codes.byteLength >> 2);
  let tops = 0;
  // Not by for-of, which is ten times as slow over typed arrays.
  for (let at = 0, end = words.length; at < end; at += 1) {
    const word = words[at] ?? 0;
    tops |= word | (word + add);
  }
  return (tops & (top * each)) === 0 ? (words.length * 4) / width : 0;
}
