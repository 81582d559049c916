// Phone numbers by structure: ten digits of the North American plan (area and exchange 2-9, neither x11), with or without
// 1 or +1 before them; and, after a +, 8 to 15 digits (ITU-T E.164) with single separators or parentheses. Whether a
// number is assigned is not asked; numbers of seven digits, extensions, and foreign ones without + are left out.
import { peek, digitsEnd, isDigit, isWordOver } from "./ascii.ts";
import { NONE, VERDICT } from "./detector.ts";
import type { Detector, Opening, Verdict } from "./detector.ts";
import { bytesOf, separatorAt } from "./separator.ts";

const PLUS = 0x2b;
const ONE = 0x31;
const OPEN = 0x28;
const CLOSE = 0x29;
const MIN_DIGITS = 8;
const MAX_DIGITS = 15;

function skipSeparator(bytes: Uint8Array, at: number, end: number): number {
  return at + bytesOf(separatorAt(bytes, at, end));
}

/** Where the area code of a number that begins at `at` stands, past +1, 1 and a parenthesis. */
function areaStart(bytes: Uint8Array, at: number, end: number): number {
  let place = at;
  if (peek(bytes, place, end) === PLUS) place++;
  if (peek(bytes, place, end) === ONE) place = skipSeparator(bytes, place + 1, end);
  else if (place > at) return NONE;
  return peek(bytes, place, end) === OPEN ? place + 1 : place;
}

/** The end of what is arranged as a North American number, whatever its digits. */
function nanpEnd(bytes: Uint8Array, at: number, end: number): number {
  const area = areaStart(bytes, at, end);
  if (area === NONE || digitsEnd(bytes, area, end, 3) !== area + 3) return NONE;
  let place = area + 3;
  if (bytes[area - 1] === OPEN && area > at) {
    if (peek(bytes, place, end) !== CLOSE) return NONE;
    place++;
  }
  const exchange = skipSeparator(bytes, place, end);
  if (digitsEnd(bytes, exchange, end, 3) !== exchange + 3) return NONE;
  const line = skipSeparator(bytes, exchange + 3, end);
  return digitsEnd(bytes, line, end, 4) === line + 4 ? line + 4 : NONE;
}

/** Of three digits: 2 to 9 first, and not x11. */
function isCode(bytes: Uint8Array, at: number): boolean {
  return (bytes[at] ?? 0) >= 0x32 && !(bytes[at + 1] === ONE && bytes[at + 2] === ONE);
}

/** Of what nanpEnd found. An area code's second digit is no 9 (kept for longer numbers). */
function isAssignable(bytes: Uint8Array, at: number, end: number): boolean {
  const area = areaStart(bytes, at, end);
  let exchange = area + 3;
  while (!isDigit(bytes[exchange] ?? 0)) exchange++;
  return isCode(bytes, area) && bytes[area + 1] !== 0x39 && isCode(bytes, exchange);
}

/** The end of at most two bytes, or one separator, between digits: a space, and a parenthesis on either side. */
function gapEnd(bytes: Uint8Array, at: number, end: number): number {
  let place = at;
  if (peek(bytes, place, end) === CLOSE) place++;
  place = skipSeparator(bytes, place, end);
  return peek(bytes, place, end) === OPEN ? place + 1 : place;
}

/** The end of the most groups of digits after a + that come to at most 15, or NONE. */
function internationalEnd(bytes: Uint8Array, at: number, end: number): number {
  let place = at + 1;
  let count = 0;
  let longest = NONE;
  const first = peek(bytes, place, end);
  if (first <= ONE || first > 0x39) return NONE;
  for (;;) {
    const stop = digitsEnd(bytes, place, end, MAX_DIGITS + 1 - count);
    count += stop - place;
    if (stop === place || count > MAX_DIGITS || !isWordOver(bytes, stop, end)) return longest;
    if (count >= MIN_DIGITS) longest = stop;
    place = gapEnd(bytes, stop, end);
    if (place === stop) return longest;
  }
}

export const PHONE: Detector = {
  name: "phone",
  /** 712 of the 900 area codes that do not begin with 1, 792 of 1000 exchanges. */
  chance: 0.627,
  opens(opening: Opening, run: number): boolean {
    if (opening === "digit") return [1, 3, 4, 6, 7, 10, 11].includes(run);
    return opening === "+" || opening === "(";
  },
  judge(bytes: Uint8Array, start: number, end: number): Verdict {
    if (nanpEnd(bytes, start, end) === end) {
      return isAssignable(bytes, start, end) ? VERDICT.matched : VERDICT.failed;
    }
    const isInternational = bytes[start] === PLUS && internationalEnd(bytes, start, end) === end;
    return isInternational ? VERDICT.matched : VERDICT.other;
  },
  endOf(bytes: Uint8Array, at: number, _floor: number, end: number): number {
    const stop = nanpEnd(bytes, at, end);
    if (stop !== NONE) return isWordOver(bytes, stop, end) && isAssignable(bytes, at, end) ? stop : NONE;
    return bytes[at] === PLUS ? internationalEnd(bytes, at, end) : NONE;
  },
};
