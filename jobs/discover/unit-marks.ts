// At least how many units are behind a count, where a unit's rows may lie anywhere: each unit marks one of a fixed number
// of slots, and two that share a slot count as one. So it never counts too many, takes the same memory whatever the
// data, and is the same in any order.
import { isValid } from "../../core/column/text.ts";
import type { Vector } from "../../core/column/vector.ts";

/** Slots for each unit that has to be told from others: one in 32 of so many is lost. */
const SLOTS_PER_UNIT = 16;
const LEAST_SLOTS = 256;
/** Rules that ask for more units than have slots are never met. */
const MOST_SLOTS = 16_384;

/** A bit a slot. */
export type UnitMarks = Uint32Array;

export function makeMarks(minUnits: number): UnitMarks {
  let slots = LEAST_SLOTS;
  while (slots < minUnits * SLOTS_PER_UNIT && slots < MOST_SLOTS) slots *= 2;
  return new Uint32Array(slots / 32);
}

export function markUnit(marks: UnitMarks, hash: number): void {
  const slot = hash & (32 * marks.length - 1);
  marks[slot >>> 5] = (marks[slot >>> 5] ?? 0) | (1 << (slot & 31));
}

export function addMarks(marks: UnitMarks, more: UnitMarks): void {
  for (let word = 0; word < marks.length; word++) marks[word] = (marks[word] ?? 0) | (more[word] ?? 0);
}

export function countMarks(marks: UnitMarks): number {
  let count = 0;
  for (const word of marks) for (let left = word; left !== 0; left &= left - 1) count += 1;
  return count;
}

/** In the place of a hash: the row is of no unit. */
export const NO_UNIT = -1;

/** The same for a unit in every object, coded or not: 31 bits, or NO_UNIT. */
export function unitHashes(vector: Vector): Int32Array {
  const hashes = new Int32Array(vector.rows);
  const hashOf = hasher(vector);
  for (let row = 0; row < vector.rows; row++) hashes[row] = isValid(vector, row) ? hashOf(row) : NO_UNIT;
  return hashes;
}

function hasher(vector: Vector): (row: number) => number {
  switch (vector.layout) {
    case "utf8":
      return (row) => hashBytes(vector.bytes, vector.offsets[row] ?? 0, vector.offsets[row + 1] ?? 0);
    case "dictionary": {
      const encoder = new TextEncoder();
      const ofCode = vector.values.map((value) => {
        const bytes = encoder.encode(value);
        return hashBytes(bytes, 0, bytes.length);
      });
      return (row) => ofCode[vector.codes[row] ?? 0] ?? 0;
    }
    case "number": {
      const { values } = vector;
      const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
      const width = values.BYTES_PER_ELEMENT;
      return (row) => hashBytes(bytes, row * width, (row + 1) * width);
    }
    case "words": {
      const { words } = vector;
      const bytes = new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
      const width = 4 * vector.wordsPerValue;
      return (row) => hashBytes(bytes, row * width, (row + 1) * width);
    }
    case "bits":
      return (row) => ((vector.values[row >>> 3] ?? 0) >>> (row & 7)) & 1;
  }
}

/** FNV-1a, then mixed, as its low bits alone are taken. Not against an adversary: units that collide only hide. */
function hashBytes(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) & 0x7fffffff;
}
