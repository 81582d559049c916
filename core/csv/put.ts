// The values of one column's texts, into memory of their type. What a type's texts are is in docs/types.md.
import type { ColumnType } from "../column/type.ts";
import { CsvFault } from "./fault.ts";
import { readFloat } from "./float.ts";
import { putLong, putWords, readBool, readLong, readScaled } from "./number.ts";
import type { CsvFields } from "./records.ts";
import { readSingle } from "./single.ts";
import { putMicros, readDay, readInstant } from "./time.ts";
import type { Instant } from "./time.ts";

/** The same bytes three times. Values of four bytes and more are words, little-endian; a bool is a byte. */
export interface ValueMemory {
  readonly words: Int32Array;
  readonly halves: Int16Array;
  readonly bytes: Uint8Array;
}

/** One value after another; the slots of null rows stay as they were. @throws CsvFault of part `value` */
export type PutValues = (bytes: Uint8Array, fields: CsvFields, nulls: Uint8Array, rows: number) => void;

export function valueMemory(words: number): ValueMemory {
  const buffer = new ArrayBuffer(words * 4);
  return { words: new Int32Array(buffer), halves: new Int16Array(buffer), bytes: new Uint8Array(buffer) };
}

/** Bytes of a value: as a column of it has them, but for a bool. */
export type ValueWidth = 1 | 2 | 4 | 8 | 16;

/** A loop for each kind of value, so that what it calls becomes part of it. Of any type but text. */
export function valuesPutter(type: ColumnType, width: ValueWidth, target: ValueMemory): PutValues {
  const { words } = target;
  switch (type.kind) {
    case "bool":
      return boolPutter(target.bytes);
    case "int": {
      const bits = BigInt(type.bits);
      const least = type.signed ? -(2n ** (bits - 1n)) : 0n;
      return scaledPutter({ scale: 0, least, most: least + 2n ** bits - 1n }, width, target);
    }
    case "decimal": {
      const most = 10n ** BigInt(type.precision) - 1n;
      return scaledPutter({ scale: type.scale, least: -most, most }, width, target);
    }
    case "float":
      return type.bits === 32
        ? floatPutter(readSingle, new Float32Array(words.buffer))
        : floatPutter(readFloat, new Float64Array(words.buffer));
    case "date":
      return dayPutter(words);
    case "timestamp":
      return instantPutter(type.zone, words);
    case "utf8":
      throw new RangeError("text is not put anywhere else");
  }
}

function boolPutter(target: Uint8Array): PutValues {
  return (bytes, { starts, lengths }, nulls, rows) => {
    for (let row = 0; row < rows; row += 1) {
      const start = starts[row] ?? 0;
      if (nulls[row] === 0) target[row] = readBool(bytes, start, start + (lengths[row] ?? 0));
    }
  };
}

interface Scaled {
  readonly scale: number;
  readonly least: bigint;
  readonly most: bigint;
}

function scaledPutter(
  { scale, least, most }: Scaled,
  width: ValueWidth,
  { words, halves, bytes: flags }: ValueMemory,
): PutValues {
  // A bound that a double rounds is far from any value that is read as one.
  const [lowest, highest] = [Number(least), Number(most)];
  const count = width / 4;
  const putLarge = (bytes: Uint8Array, start: number, end: number, row: number): void => {
    const value = readLong(bytes, start, end, scale);
    // No type of one or two bytes has values so long, but text may have zeros before them.
    if (value < least || value > most || count < 1) throw new CsvFault("value");
    putLong(value, words, row * count, count);
  };
  return (bytes, { starts, lengths }, nulls, rows) => {
    for (let row = 0; row < rows; row += 1) {
      if (nulls[row] === 1) continue;
      const start = starts[row] ?? 0;
      const end = start + (lengths[row] ?? 0);
      const value = readScaled(bytes, start, end, scale);
      if (Number.isNaN(value)) {
        putLarge(bytes, start, end, row);
        continue;
      }
      if (value < lowest || value > highest) throw new CsvFault("value");
      if (width === 1) flags[row] = value;
      else if (width === 2) halves[row] = value;
      else putWords(value, words, row * count, count);
    }
  };
}

function floatPutter(
  read: (bytes: Uint8Array, start: number, end: number) => number,
  target: Float32Array | Float64Array,
): PutValues {
  return (bytes, { starts, lengths }, nulls, rows) => {
    for (let row = 0; row < rows; row += 1) {
      const start = starts[row] ?? 0;
      if (nulls[row] === 0) target[row] = read(bytes, start, start + (lengths[row] ?? 0));
    }
  };
}

function dayPutter(target: Int32Array): PutValues {
  return (bytes, { starts, lengths }, nulls, rows) => {
    for (let row = 0; row < rows; row += 1) {
      const start = starts[row] ?? 0;
      if (nulls[row] === 0) target[row] = readDay(bytes, start, start + (lengths[row] ?? 0));
    }
  };
}

function instantPutter(zone: "UTC" | null, target: Int32Array): PutValues {
  const instant: Instant = { seconds: 0, micros: 0 };
  return (bytes, { starts, lengths }, nulls, rows) => {
    for (let row = 0; row < rows; row += 1) {
      if (nulls[row] === 1) continue;
      const start = starts[row] ?? 0;
      readInstant(bytes, start, start + (lengths[row] ?? 0), zone, instant);
      putMicros(instant, target, 2 * row);
    }
  };
}
