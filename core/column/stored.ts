// Forms that others' files have values in and our vectors do not: each is read into the one form of its type. Nothing
// throws: what that form cannot hold is the nearest that it can, so that order stays as it was.

/** Text with 64-bit offsets; milliseconds of a date; units of a timestamp other than microseconds. */
export type Stored = "large_utf8" | "date64" | "seconds" | "milliseconds" | "nanoseconds";

const TWO_32 = 2 ** 32;
const MOST_HIGH = 2 ** 31 - 1;
const LEAST_HIGH = -(2 ** 31);
/** Milliseconds of a day are 84,375 times 2^10. */
const DAY_SHIFT = 10;
const DAY_PARTS = 84_375;

/** Timestamps as microseconds: longer units saturated at int64's ends, shorter ones cut down, towards the past. */
export function microsecondWords(words: Uint32Array, unit: Stored): Uint32Array {
  switch (unit) {
    case "seconds":
      return multiplied(words, 1_000_000);
    case "milliseconds":
      return multiplied(words, 1_000);
    case "nanoseconds":
      return divided(words, 1_000);
    default:
      throw new Error("internal: no unit of time");
  }
}

/** By halves: a factor below 2^21 times 32 bits is exact in a double. */
function multiplied(words: Uint32Array, factor: number): Uint32Array {
  const out = new Uint32Array(words.length);
  for (let at = 0; at + 1 < words.length; at += 2) {
    const low = (words[at] ?? 0) * factor;
    const high = ((words[at + 1] ?? 0) | 0) * factor + Math.floor(low / TWO_32);
    const isOver = high > MOST_HIGH;
    const isUnder = high < LEAST_HIGH;
    out[at] = isOver ? TWO_32 - 1 : isUnder ? 0 : low % TWO_32;
    out[at + 1] = isOver ? MOST_HIGH : isUnder ? LEAST_HIGH : high;
  }
  return out;
}

/** Rounded down, by halves: what is left of the upper one comes before the lower one. */
function divided(words: Uint32Array, divisor: number): Uint32Array {
  const out = new Uint32Array(words.length);
  for (let at = 0; at + 1 < words.length; at += 2) {
    const upper = (words[at + 1] ?? 0) | 0;
    const high = Math.floor(upper / divisor);
    out[at] = Math.floor(((upper - high * divisor) * TWO_32 + (words[at] ?? 0)) / divisor);
    out[at + 1] = high;
  }
  return out;
}

/** The days that milliseconds fall on, saturated at int32's ends. */
export function daysOfMilliseconds(words: Uint32Array): Int32Array {
  const days = new Int32Array(words.length >> 1);
  for (let row = 0; row < days.length; row += 1) {
    const high = (words[2 * row + 1] ?? 0) | 0;
    // 54 bits of the 64, and so exact; the quotient is, too, where an int32 holds it.
    const shifted = high * 2 ** (32 - DAY_SHIFT) + ((words[2 * row] ?? 0) >>> DAY_SHIFT);
    days[row] = Math.min(Math.max(Math.floor(shifted / DAY_PARTS), LEAST_HIGH), MOST_HIGH);
  }
  return days;
}
