// IPv6 addresses as text (RFC 4291 §2.2): eight groups of hexadecimal digits, or fewer and one ::, the last two perhaps
// as IPv4. Zone and prefix length are not part of one. :: alone is nobody's address.
import { peek, isDigit, isWordOver, upperCase } from "./ascii.ts";
import { NONE, VERDICT } from "./detector.ts";
import type { Detector, Opening, Verdict } from "./detector.ts";
import { ipV4End } from "./ip-v4.ts";

const COLON = 0x3a;
const DOT = 0x2e;
const GROUPS = 8;
const MAX_GROUP_DIGITS = 4;

export function isHex(byte: number): boolean {
  const upper = upperCase(byte);
  return isDigit(upper) || (upper >= 0x41 && upper <= 0x46);
}

/** The end of at most four hexadecimal digits that begin at `at`. */
export function hexEnd(bytes: Uint8Array, at: number, end: number): number {
  const stop = Math.min(end, at + MAX_GROUP_DIGITS);
  let place = at;
  while (place < stop && isHex(bytes[place] ?? 0)) place++;
  return place;
}

function isGap(bytes: Uint8Array, at: number, end: number): boolean {
  return peek(bytes, at, end) === COLON && peek(bytes, at + 1, end) === COLON;
}

/** The end of an IPv4 address at `at`, whose first octet ends at `stop`; or NONE. */
function dottedEnd(bytes: Uint8Array, at: number, stop: number, end: number): number {
  const last = peek(bytes, stop, end) === DOT ? ipV4End(bytes, at, end) : NONE;
  return last !== NONE && isWordOver(bytes, last, end) ? last : NONE;
}

function addressEnd(bytes: Uint8Array, at: number, end: number): number {
  let place = at;
  let groups = 0;
  let isShort = isGap(bytes, at, end);
  if (isShort) place += 2;
  for (;;) {
    const stop = hexEnd(bytes, place, end);
    if (stop === place) break;
    const dotted = dottedEnd(bytes, place, stop, end);
    if (dotted !== NONE && isWhole(groups + 2, isShort)) return dotted;
    groups++;
    place = stop;
    if (groups === GROUPS) break;
    if (isGap(bytes, place, end) && !isShort) {
      isShort = true;
      place += 2;
    } else if (peek(bytes, place, end) === COLON && isHex(peek(bytes, place + 1, end))) place++;
    else break;
  }
  return isWhole(groups, isShort) && isOver(bytes, place, end) ? place : NONE;
}

function isWhole(groups: number, isShort: boolean): boolean {
  return isShort ? groups > 0 && groups < GROUPS : groups === GROUPS;
}

/** Neither a word nor a further group goes on. */
function isOver(bytes: Uint8Array, at: number, end: number): boolean {
  if (!isWordOver(bytes, at, end)) return false;
  if (peek(bytes, at, end) !== COLON) return true;
  const next = peek(bytes, at + 1, end);
  return next !== COLON && !isHex(next);
}

export const IP_V6: Detector = {
  name: "ipv6",
  chance: 0,
  opens(opening: Opening, run: number): boolean {
    return opening === ":" || ((opening === "digit" || opening === "letter") && run <= MAX_GROUP_DIGITS);
  },
  judge(bytes: Uint8Array, start: number, end: number): Verdict {
    return addressEnd(bytes, start, end) === end ? VERDICT.matched : VERDICT.other;
  },
  endOf(bytes: Uint8Array, at: number, floor: number, end: number): number {
    if (at > floor && bytes[at - 1] === COLON) return NONE;
    return addressEnd(bytes, at, end);
  },
};
