// IPv4 addresses: four decimal octets without leading zeros (RFC 6943 §3.1.1, the strict form). A longer row of dotted
// numbers, as a version or an object identifier is, holds none.
import { peek, digitsEnd, isDigit, isWordOver } from "./ascii.ts";
import { NONE, VERDICT } from "./detector.ts";
import type { Detector, Opening, Verdict } from "./detector.ts";

const DOT = 0x2e;
const ZERO = 0x30;
const OCTETS = 4;

/** The end of four dotted groups of one to three digits, or NONE. */
function shapeEnd(bytes: Uint8Array, at: number, end: number): number {
  let place = at;
  for (let octet = 0; octet < OCTETS; octet++) {
    if (octet > 0 && peek(bytes, place++, end) !== DOT) return NONE;
    const stop = digitsEnd(bytes, place, end, 3);
    if (stop === place) return NONE;
    place = stop;
  }
  return place;
}

/** Of what shapeEnd found. */
function isAddress(bytes: Uint8Array, start: number, end: number): boolean {
  let octet = 0;
  for (let at = start; at <= end; at++) {
    const byte = peek(bytes, at, end);
    if (isDigit(byte)) {
      if (octet === 0 && byte === ZERO && isDigit(peek(bytes, at + 1, end))) return false;
      octet = octet * 10 + byte - ZERO;
      continue;
    }
    if (octet > 255) return false;
    octet = 0;
  }
  return true;
}

/** The end of the address that begins at `at`, whatever comes after it; or NONE. */
export function ipV4End(bytes: Uint8Array, at: number, end: number): number {
  const stop = shapeEnd(bytes, at, end);
  return stop !== NONE && isAddress(bytes, at, stop) ? stop : NONE;
}

function isDotted(bytes: Uint8Array, dot: number, digit: number, floor: number, end: number): boolean {
  if (dot < floor || digit < floor) return false;
  return peek(bytes, dot, end) === DOT && isDigit(peek(bytes, digit, end));
}

export const IP_V4: Detector = {
  name: "ipv4",
  chance: 0,
  opens(opening: Opening, run: number): boolean {
    return opening === "digit" && run <= 3;
  },
  judge(bytes: Uint8Array, start: number, end: number): Verdict {
    if (shapeEnd(bytes, start, end) !== end) return VERDICT.other;
    return isAddress(bytes, start, end) ? VERDICT.matched : VERDICT.failed;
  },
  endOf(bytes: Uint8Array, at: number, floor: number, end: number): number {
    if (isDotted(bytes, at - 1, at - 2, floor, end)) return NONE;
    const stop = ipV4End(bytes, at, end);
    if (stop === NONE || !isWordOver(bytes, stop, end)) return NONE;
    return isDotted(bytes, stop, stop + 1, floor, end) ? NONE : stop;
  },
};
