// Floats of 32 bits from the bytes of text, rounded once: a double that lies halfway between two of them may itself have
// been rounded there, so that the text has to say on which side of it the number is.
import { CsvFault } from "./fault.ts";
import { readFloat } from "./float.ts";

/** @throws CsvFault, of what is beyond the type's range too */
export function readSingle(bytes: Uint8Array, start: number, end: number): number {
  const value = readFloat(bytes, start, end);
  const nearest = Math.fround(value);
  if (nearest === value) return nearest;
  const size = Math.abs(value);
  const low = floorSingle(size, Math.abs(nearest));
  const high = nextSingle(low);
  let single = Math.abs(nearest);
  if ((low + high) / 2 === size) {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("latin1");
    const side = compareDecimal(text, size);
    if (side !== 0) single = side < 0 ? low : high;
  }
  if (single === 0 || single > MOST) throw new CsvFault("value");
  return value < 0 ? -single : single;
}

const MOST = 2 ** 128 - 2 ** 104;
const BITS = new Uint32Array(1);
const SINGLE = new Float32Array(BITS.buffer);

/** The greatest float that is not above a number, of which `nearest` is the nearest one. */
function floorSingle(size: number, nearest: number): number {
  if (nearest <= size) return nearest;
  if (nearest > MOST) return MOST;
  SINGLE[0] = nearest;
  BITS[0] = (BITS[0] ?? 0) - 1;
  return SINGLE[0];
}

/** Past the greatest float, where the next would be. */
function nextSingle(single: number): number {
  if (single >= MOST) return 2 ** 128;
  SINGLE[0] = single;
  BITS[0] = (BITS[0] ?? 0) + 1;
  return SINGLE[0];
}

/** Below 0 where the decimal, its sign left out, is less than the double, above where it is more. */
function compareDecimal(text: string, size: number): number {
  const [mantissa = "", exponent = "0"] = text.toLowerCase().split("e");
  const [whole = "", places = ""] = mantissa.replace("-", "").replace("+", "").split(".");
  // It was read as a number that a float is near, so neither text nor exponent is long.
  const power = Number(exponent) - places.length;
  const [numerator, denominator] = fraction(size);
  const left = BigInt(whole + places) * 10n ** BigInt(Math.max(0, power)) * denominator;
  const right = numerator * 10n ** BigInt(Math.max(0, -power));
  return left < right ? -1 : left > right ? 1 : 0;
}

/** A double above 0 as a fraction of whole numbers. */
function fraction(size: number): readonly [bigint, bigint] {
  let whole = size;
  let shift = 0n;
  for (; !Number.isInteger(whole); shift += 1n) whole *= 2;
  return [BigInt(whole), 1n << shift];
}
