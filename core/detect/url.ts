// Web addresses: http:// or https://, or www., and all that no space ends (RFC 3986, and letters outside ASCII); the
// signs that end a sentence or a bracket are not its last ones. Left out: other schemes, hosts that nothing announces.
// Of any length. So that bytes are not read again for each address within an address, who scans a text keeps the end.
import { classOf, peek, upperCase } from "./ascii.ts";
import { NONE, VERDICT } from "./detector.ts";
import type { Detector, Opening, Verdict } from "./detector.ts";
import { foreignLetterBytes } from "./foreign.ts";

const SCHEME = "HTTP";
const SCHEME_END = "://";
const WWW = "WWW.";
const S = 0x53;
const OPEN_BRACKET = 0x5b;
/** By byte, 1 for visible ASCII but what a text puts around an address. */
const BODY = new Uint8Array(128).fill(1, 0x21, 0x7f);
/** By byte, 1 for what is not the last of an address in a text. */
const CLOSING = new Uint8Array(256);
for (const sign of '"<>\\`') BODY[sign.charCodeAt(0)] = 0;
for (const sign of ".,:;!?'()[]{}*") CLOSING[sign.charCodeAt(0)] = 1;

/** The end of `text` (capitals and signs) at `at`, or NONE. */
function wordingEnd(text: string, bytes: Uint8Array, at: number, end: number): number {
  for (let place = 0; place < text.length; place++) {
    if (upperCase(peek(bytes, at + place, end)) !== text.charCodeAt(place)) return NONE;
  }
  return at + text.length;
}

/** Where the host of the address that begins at `at` begins, or NONE. What comes first of it is a letter, digit or [. */
export function hostStart(bytes: Uint8Array, at: number, end: number): number {
  const scheme = wordingEnd(SCHEME, bytes, at, end);
  if (scheme === NONE) {
    const host = wordingEnd(WWW, bytes, at, end);
    return host !== NONE && isLetterAt(bytes, host, end) ? host : NONE;
  }
  const plain = upperCase(peek(bytes, scheme, end)) === S ? scheme + 1 : scheme;
  const host = wordingEnd(SCHEME_END, bytes, plain, end);
  if (host === NONE) return NONE;
  return peek(bytes, host, end) === OPEN_BRACKET || isLetterAt(bytes, host, end) ? host : NONE;
}

function isLetterAt(bytes: Uint8Array, at: number, end: number): boolean {
  return classOf(peek(bytes, at, end)) !== 0 || foreignLetterBytes(bytes, at, end) > 0;
}

/** The end of what addresses are made of. */
function bodyEnd(bytes: Uint8Array, at: number, end: number): number {
  let place = at;
  for (;;) {
    const byte = peek(bytes, place, end);
    const length = byte < 0x80 ? (BODY[byte] ?? 0) : foreignLetterBytes(bytes, place, end);
    if (length === 0) return place;
    place += length;
  }
}

function addressEnd(bytes: Uint8Array, at: number, end: number): number {
  const host = hostStart(bytes, at, end);
  if (host === NONE) return NONE;
  let stop = bodyEnd(bytes, host, end);
  while (stop > host && CLOSING[bytes[stop - 1] ?? 0] === 1) stop--;
  return stop > host ? stop : NONE;
}

export const WEB_ADDRESS: Detector = {
  name: "url",
  chance: 0,
  opens(opening: Opening, run: number): boolean {
    return opening === "letter" && run >= WWW.length - 1 && run <= SCHEME.length + 1;
  },
  judge(bytes: Uint8Array, start: number, end: number): Verdict {
    return addressEnd(bytes, start, end) === end ? VERDICT.matched : VERDICT.other;
  },
  endOf(bytes: Uint8Array, at: number, _floor: number, end: number): number {
    return addressEnd(bytes, at, end);
  },
};
