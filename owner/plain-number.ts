// Whole numbers, decimals and booleans from the bytes of text, where they are spelled plainly; otherwise NotPlain.
import { NotPlain } from "./plain-csv.ts";

const [MINUS, POINT] = [0x2d, 0x2e];
/** So many digits are exact in a double. */
const EXACT_DIGITS = 15;
const WORD = 0x1_0000_0000;

/** A number in units of its last place: exact in `value` when it is short, else in `large`. */
export interface Scaled {
  value: number;
  large: bigint | null;
}

/** Digits with a minus before them, and up to `scale` after a point; more only if they are zeros. */
export function readScaled(bytes: Uint8Array, start: number, end: number, scale: number, into: Scaled): void {
  const isNegative = bytes[start] === MINUS;
  const first = isNegative ? start + 1 : start;
  let value = 0;
  let digits = 0;
  let places = -1;
  for (let at = first; at < end; at += 1) {
    const digit = (bytes[at] ?? 0) ^ 0x30;
    if (digit <= 9) {
      if (places === scale) {
        if (digit !== 0) throw new NotPlain();
        continue;
      }
      value = value * 10 + digit;
      digits += 1;
      if (places >= 0) places += 1;
    } else if (bytes[at] === POINT && places < 0 && digits > 0 && scale > 0 && at + 1 < end) {
      places = 0;
    } else {
      throw new NotPlain();
    }
  }
  if (digits === 0) throw new NotPlain();
  const missing = scale - Math.max(0, places);
  if (digits + missing <= EXACT_DIGITS) {
    value *= POWERS[missing] ?? 1;
    into.value = isNegative ? -value : value;
    into.large = null;
    return;
  }
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + first, end - first).toString("latin1");
  const [whole = "", fraction = ""] = text.split(".");
  const large = BigInt(whole + fraction.slice(0, scale).padEnd(scale, "0"));
  into.value = 0;
  into.large = isNegative ? -large : large;
}

const POWERS = Float64Array.from({ length: EXACT_DIGITS + 1 }, (_, i) => 10 ** i);

/** Puts a value in `count` words, two's complement. */
export function putWords({ value, large }: Scaled, words: Int32Array, at: number, count: number): void {
  if (large !== null) {
    for (let i = 0; i < count; i += 1) words[at + i] = Number(BigInt.asIntN(32, large >> BigInt(32 * i)));
    return;
  }
  words[at] = value | 0;
  if (count === 1) return;
  words[at + 1] = Math.floor(value / WORD);
  const sign = value < 0 ? -1 : 0;
  for (let i = 2; i < count; i += 1) words[at + i] = sign;
}

/** The values of a type. */
export class Range {
  readonly #least: bigint;
  readonly #most: bigint;
  readonly #leastNumber: number;
  readonly #mostNumber: number;

  constructor(least: bigint, most: bigint) {
    this.#least = least;
    this.#most = most;
    this.#leastNumber = Number(least);
    this.#mostNumber = Number(most);
  }

  /** @throws NotPlain */
  check({ value, large }: Scaled): void {
    // A short value is exact, and a bound that a double rounds is far from it.
    const isInside =
      large === null
        ? value >= this.#leastNumber && value <= this.#mostNumber
        : large >= this.#least && large <= this.#most;
    if (!isInside) throw new NotPlain();
  }
}

const WORDS: ReadonlyMap<string, number> = new Map([
  ...["true", "t", "yes", "y", "1"].map((word) => [word, 1] as const),
  ...["false", "f", "no", "n", "0"].map((word) => [word, 0] as const),
]);

export function readBool(bytes: Uint8Array, start: number, end: number): number {
  if (end - start > 5) throw new NotPlain();
  const word = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("latin1");
  const value = WORDS.get(word.toLowerCase());
  if (value === undefined) throw new NotPlain();
  return value;
}
