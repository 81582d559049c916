// Which first digits and lengths payment cards have (ISO/IEC 7812 issuer identification numbers), by scheme. Wider than
// any one scheme's list of the day: a number that some scheme may issue is taken for one.
import { isDigit } from "./ascii.ts";

/** The first four digits from, to; the shortest and the longest number. */
type Range = readonly [from: number, to: number, shortest: number, longest: number];

const RANGES: readonly Range[] = [
  [1000, 1999, 15, 15], // UATP
  [2014, 2014, 15, 15], // Diners Club enRoute
  [2149, 2149, 15, 15],
  [2200, 2204, 16, 19], // Mir
  [2221, 2720, 16, 16], // Mastercard
  [3000, 3059, 14, 19], // Diners Club
  [3088, 3094, 16, 19], // JCB
  [3095, 3095, 14, 19], // Diners Club
  [3096, 3102, 16, 19], // JCB
  [3112, 3120, 16, 19],
  [3158, 3159, 16, 19],
  [3337, 3349, 16, 19],
  [3400, 3499, 15, 15], // American Express
  [3528, 3589, 16, 19], // JCB
  [3600, 3699, 14, 19], // Diners Club
  [3700, 3799, 15, 15], // American Express
  [3800, 3999, 14, 19], // Diners Club
  [4000, 4999, 13, 13], // Visa
  [4000, 4999, 16, 16],
  [4000, 4999, 19, 19],
  [5000, 5099, 12, 19], // Maestro, Verve, Elo, Dankort
  [5100, 5599, 16, 16], // Mastercard
  [5600, 5999, 12, 19], // Maestro
  [6000, 6999, 12, 19], // Maestro, Discover, UnionPay, RuPay, Troy
  [8100, 8299, 16, 19], // UnionPay, RuPay
  [9792, 9792, 16, 16], // Troy
];

/** By the first four digits: bit n for numbers of n digits. */
const LENGTHS = new Uint32Array(10_000);
for (const [from, to, shortest, longest] of RANGES) {
  for (let first = from; first <= to; first++) {
    for (let length = shortest; length <= longest; length++) {
      LENGTHS[first] = (LENGTHS[first] ?? 0) | (1 << length);
    }
  }
}

/** Whether some scheme has numbers of `length` digits that begin as the digits of `bytes[start, end)`. */
export function isIssued(bytes: Uint8Array, start: number, end: number, length: number): boolean {
  let first = 0;
  let read = 0;
  for (let at = start; at < end && read < 4; at++) {
    const byte = bytes[at] ?? 0;
    if (!isDigit(byte)) continue;
    first = first * 10 + (byte - 0x30);
    read++;
  }
  return (((LENGTHS[first] ?? 0) >> length) & 1) === 1;
}
