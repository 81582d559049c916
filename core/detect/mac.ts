// MAC addresses (EUI-48, IEEE 802): six pairs of hexadecimal digits with : or - between, or three fours with dots. One
// kind of sign in a value. Left out: twelve digits in a row, which anything can be; EUI-64.
import { isWordOver, peek } from "./ascii.ts";
import { NONE, VERDICT } from "./detector.ts";
import type { Detector, Opening, Verdict } from "./detector.ts";
import { hexEnd, isHex } from "./ip-v6.ts";

const COLON = 0x3a;
const DASH = 0x2d;
const DOT = 0x2e;
const DIGITS = 12;
const PAIR = 2;
const FOUR = 4;

/** The end of twelve digits in groups that one sign parts, whatever comes after; or NONE. */
function shapeEnd(bytes: Uint8Array, at: number, end: number): number {
  const lead = hexEnd(bytes, at, end) - at;
  if (lead !== PAIR && lead !== FOUR) return NONE;
  const sign = peek(bytes, at + lead, end);
  if (lead === FOUR ? sign !== DOT : sign !== COLON && sign !== DASH) return NONE;
  let place = at + lead;
  for (let digits = lead; digits < DIGITS; digits += lead) {
    if (peek(bytes, place, end) !== sign || hexEnd(bytes, place + 1, end) !== place + 1 + lead) return NONE;
    place += 1 + lead;
  }
  return place;
}

/** Whether a group goes on behind the sign at `sign`. */
function isNeighbour(bytes: Uint8Array, sign: number, digit: number, end: number): boolean {
  const byte = peek(bytes, sign, end);
  return (byte === COLON || byte === DASH || byte === DOT) && isHex(peek(bytes, digit, end));
}

export const MAC: Detector = {
  name: "mac",
  chance: 0,
  opens(opening: Opening, run: number): boolean {
    return (opening === "digit" || opening === "letter") && (run === PAIR || run === FOUR);
  },
  judge(bytes: Uint8Array, start: number, end: number): Verdict {
    return shapeEnd(bytes, start, end) === end ? VERDICT.matched : VERDICT.other;
  },
  endOf(bytes: Uint8Array, at: number, floor: number, end: number): number {
    if (at - 2 >= floor && isNeighbour(bytes, at - 1, at - 2, end)) return NONE;
    const stop = shapeEnd(bytes, at, end);
    if (stop === NONE || !isWordOver(bytes, stop, end)) return NONE;
    return isNeighbour(bytes, stop, stop + 1, end) ? NONE : stop;
  },
};
