// E-mail addresses: a local part of letters, digits and . _ % + - & ', at most 64 bytes, and a domain of two labels and
// more that ends in letters (RFC 5321 §4.5.3.1 has the lengths). Letters outside ASCII count. Left out: quoted local
// parts, the rarer signs of RFC 5322's atoms (in a text they stand before addresses), addresses at IP literals.
import { CLASS, classOf, isWordOver, upperCase } from "./ascii.ts";
import { NONE, VERDICT } from "./detector.ts";
import type { Detector, Opening, Verdict } from "./detector.ts";
import { foreignLetterBytes } from "./foreign.ts";

export const AT_SIGN = 0x40;
export const MAX_LOCAL_BYTES = 64;
const MAX_DOMAIN_BYTES = 253;
const MAX_LABEL_BYTES = 63;
const DOT = 0x2e;
const HYPHEN = 0x2d;
const UNDERSCORE = 0x5f;
/** By byte, 1 for the ASCII characters of a local part. */
const LOCAL = new Uint8Array(256);
for (let byte = 0; byte < 128; byte++) {
  if (classOf(byte) !== 0 || "._%+-&'".includes(String.fromCharCode(byte))) LOCAL[byte] = 1;
}

/** Bytes of the letter or digit at `at`, ASCII or not; 0 where there is none. */
function letterBytes(bytes: Uint8Array, at: number, end: number): number {
  if (at >= end) return 0;
  return classOf(bytes[at] ?? 0) === 0 ? foreignLetterBytes(bytes, at, end) : 1;
}

/** Where the @ after the local part stands, or NONE. */
function localEnd(bytes: Uint8Array, at: number, end: number): number {
  const stop = Math.min(end, at + MAX_LOCAL_BYTES + 1);
  let place = at;
  let before = DOT;
  while (place < stop) {
    const byte = bytes[place] ?? 0;
    if (byte === AT_SIGN) return before === DOT ? NONE : place;
    const length = LOCAL[byte] === 1 ? 1 : foreignLetterBytes(bytes, place, end);
    if (length === 0 || (byte === DOT && before === DOT)) return NONE;
    if (place === at && length === 1 && classOf(byte) === 0 && byte !== UNDERSCORE) return NONE;
    before = byte;
    place += length;
  }
  return NONE;
}

/** The end of a label: letters, digits and hyphens, neither first nor last a hyphen, of longer ones 63 bytes. */
function labelEnd(bytes: Uint8Array, at: number, end: number): number {
  const stop = Math.min(end, at + MAX_LABEL_BYTES);
  let place = at;
  let last = at;
  while (place < stop) {
    const length = letterBytes(bytes, place, stop);
    if (length > 0) last = place += length;
    else if (bytes[place] === HYPHEN && place > at) place++;
    else break;
  }
  return last;
}

/**
 * The end of the longest part of a label that can be a domain's last, or NONE: letters, at least two bytes, from which no
 * word goes on; or all of it as Punycode.
 */
function topEnd(bytes: Uint8Array, start: number, last: number, end: number): number {
  if (isPunycode(bytes, start, last) && isWordOver(bytes, last, end)) return last;
  let longest = NONE;
  for (let at = start; at <= last; at++) {
    const isBetween = at === last || !isContinuation(bytes[at] ?? 0);
    if (isBetween && at - start >= 2 && isWordOver(bytes, at, end)) longest = at;
    if (at < last && (bytes[at] === HYPHEN || classOf(bytes[at] ?? 0) === CLASS.digit)) break;
  }
  return longest;
}

function isPunycode(bytes: Uint8Array, start: number, last: number): boolean {
  if (last - start <= 4 || bytes[start + 2] !== HYPHEN || bytes[start + 3] !== HYPHEN) return false;
  return upperCase(bytes[start] ?? 0) === 0x58 && upperCase(bytes[start + 1] ?? 0) === 0x4e;
}

/** Whether a byte is within a character of UTF-8. */
function isContinuation(byte: number): boolean {
  return (byte & 0xc0) === 0x80;
}

/** The end of the longest domain that begins at `at`, or NONE. */
function domainEnd(bytes: Uint8Array, at: number, end: number): number {
  const stop = Math.min(end, at + MAX_DOMAIN_BYTES);
  let longest = NONE;
  let start = at;
  for (;;) {
    const last = labelEnd(bytes, start, stop);
    if (last === start) return longest;
    if (start > at) longest = Math.max(longest, topEnd(bytes, start, last, end));
    if (last >= stop || bytes[last] !== DOT) return longest;
    start = last + 1;
  }
}

function addressEnd(bytes: Uint8Array, at: number, end: number): number {
  const sign = localEnd(bytes, at, end);
  return sign === NONE ? NONE : domainEnd(bytes, sign + 1, end);
}

export const EMAIL: Detector = {
  name: "email",
  chance: 0,
  opens(opening: Opening): boolean {
    return opening === "digit" || opening === "letter" || opening === "foreign" || opening === "_";
  },
  judge(bytes: Uint8Array, start: number, end: number): Verdict {
    return addressEnd(bytes, start, end) === end ? VERDICT.matched : VERDICT.other;
  },
  endOf(bytes: Uint8Array, at: number, _floor: number, end: number): number {
    return addressEnd(bytes, at, end);
  },
};
