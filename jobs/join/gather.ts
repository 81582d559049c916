// Picks rows of vectors into vectors of their own, in any order and as often as asked; the row -1 is a null.
import { isSet } from "../../core/column/validity.ts";
import type { DictionaryVector, NumberVector, Utf8Vector, Vector } from "../../core/column/vector.ts";

/** A negative row gives a null. */
export function gather(vector: Vector, rows: Int32Array): Vector {
  const base = { type: vector.type, rows: rows.length, validity: gatherValidity(vector, rows) };
  switch (vector.layout) {
    case "bits":
      return { ...base, layout: "bits", values: gatherBits(vector.values, rows) };
    case "number":
      return { ...base, layout: "number", values: gatherNumbers(vector.values, rows) };
    case "words": {
      const { words, wordsPerValue } = vector;
      return { ...base, layout: "words", words: gatherWords(words, wordsPerValue, rows), wordsPerValue };
    }
    case "dictionary":
      return {
        ...base,
        layout: "dictionary",
        codes: gatherNumbers(vector.codes, rows),
        values: vector.values,
      };
    case "utf8":
      return { ...base, layout: "utf8", ...gatherText(vector, rows) };
  }
}

/** Null where no row is null. */
function gatherValidity({ validity }: Vector, rows: Int32Array): Uint8Array | null {
  const bits = new Uint8Array((rows.length + 7) >>> 3);
  let nulls = 0;
  for (let at = 0; at < rows.length; at += 1) {
    const row = rows[at] ?? -1;
    if (row >= 0 && isSet(validity, row)) bits[at >>> 3] = (bits[at >>> 3] ?? 0) | (1 << (at & 7));
    else nulls += 1;
  }
  return nulls === 0 ? null : bits;
}

function gatherBits(values: Uint8Array, rows: Int32Array): Uint8Array {
  const bits = new Uint8Array((rows.length + 7) >>> 3);
  for (let at = 0; at < rows.length; at += 1) {
    const row = rows[at] ?? -1;
    if (row >= 0 && isSet(values, row)) bits[at >>> 3] = (bits[at >>> 3] ?? 0) | (1 << (at & 7));
  }
  return bits;
}

function gatherNumbers<T extends NumberVector["values"] | DictionaryVector["codes"]>(
  values: T,
  rows: Int32Array,
): T {
  const made = emptyLike(values, rows.length);
  // What stands in a null's slot means nothing, and a code has to be one of the dictionary.
  for (let at = 0; at < rows.length; at += 1) made[at] = values[rows[at] ?? -1] ?? 0;
  return made;
}

/** An array of the same kind. */
export function emptyLike<T extends NumberVector["values"] | Uint32Array>(array: T, length: number): T {
  const kind = array.constructor as new (length: number) => T;
  return new kind(length);
}

function gatherWords(words: Uint32Array, width: number, rows: Int32Array): Uint32Array {
  const made = new Uint32Array(rows.length * width);
  for (let at = 0; at < rows.length; at += 1) {
    const row = rows[at] ?? -1;
    if (row < 0) continue;
    for (let word = 0; word < width; word += 1) made[at * width + word] = words[row * width + word] ?? 0;
  }
  return made;
}

function gatherText({ offsets, bytes }: Utf8Vector, rows: Int32Array): Pick<Utf8Vector, "offsets" | "bytes"> {
  const ends = new Int32Array(rows.length + 1);
  for (let at = 0; at < rows.length; at += 1) {
    const row = rows[at] ?? -1;
    const length = row < 0 ? 0 : (offsets[row + 1] ?? 0) - (offsets[row] ?? 0);
    ends[at + 1] = (ends[at] ?? 0) + length;
  }
  const made = new Uint8Array(ends.at(-1) ?? 0);
  for (let at = 0; at < rows.length; at += 1) {
    const row = rows[at] ?? -1;
    if (row >= 0) made.set(bytes.subarray(offsets[row], offsets[row + 1]), ends[at] ?? 0);
  }
  return { offsets: ends, bytes: made };
}
