// Magnetic stripe data (ISO/IEC 7813): track 1 in format B, track 2, and track 2 as chips give it (D for =). PCI DSS
// 3.3.1 forbids to store them after authorisation. Sentinels are part of a span; the check character after ? is not.
import { peek, digitsEnd, isWordOver, upperCase, wordEnd } from "./ascii.ts";
import { MAX_RUN, NONE, VERDICT } from "./detector.ts";
import type { Detector, DetectorName, Opening, Verdict } from "./detector.ts";
import { judgePan, MAX_PAN_DIGITS, MIN_PAN_DIGITS } from "./pan.ts";

const PERCENT = 0x25;
const SEMICOLON = 0x3b;
const QUESTION = 0x3f;
const CARET = 0x5e;
const EQUALS = 0x3d;
const D = 0x44;
const MIN_NAME_BYTES = 2;
const MAX_NAME_BYTES = 26;
const MAX_DISCRETIONARY_BYTES = 40;

/** How one track is written, around its card number. */
interface Track {
  panStart(bytes: Uint8Array, at: number, end: number): number;
  /** The end of what comes after the card number, or NONE. */
  restEnd(bytes: Uint8Array, at: number, end: number): number;
}

function panEnd(bytes: Uint8Array, at: number, end: number): number {
  const stop = digitsEnd(bytes, at, end, MAX_PAN_DIGITS);
  return stop - at >= MIN_PAN_DIGITS ? stop : NONE;
}

/** Year, month and what follows: the service code and data of the issuer's, up to an end sentinel. */
function dataEnd(bytes: Uint8Array, at: number, end: number): number {
  if (digitsEnd(bytes, at, end, 4) !== at + 4) return NONE;
  const month = ((bytes[at + 2] ?? 0) - 0x30) * 10 + (bytes[at + 3] ?? 0) - 0x30;
  if (month < 1 || month > 12) return NONE;
  const stop = Math.min(end, at + 4 + MAX_DISCRETIONARY_BYTES);
  const word = wordEnd(bytes, at + 4, stop);
  for (let place = word; place <= stop; place++) {
    const byte = peek(bytes, place, end);
    if (byte === QUESTION) return place + 1;
    if (byte < 0x20 || byte > 0x5f || byte === PERCENT || byte === SEMICOLON) break;
  }
  return isWordOver(bytes, word, end) ? word : NONE;
}

const TRACK_1_FORM: Track = {
  panStart(bytes, at, end) {
    const format = bytes[at] === PERCENT ? at + 1 : at;
    return upperCase(peek(bytes, format, end)) === 0x42 ? format + 1 : NONE;
  },
  restEnd(bytes, at, end) {
    if (peek(bytes, at, end) !== CARET) return NONE;
    const stop = Math.min(end, at + 1 + MAX_NAME_BYTES + 1);
    let name = at + 1;
    while (name < stop && bytes[name] !== CARET && (bytes[name] ?? 0) >= 0x20 && bytes[name] !== QUESTION) {
      name++;
    }
    if (name >= stop || bytes[name] !== CARET || name - at - 1 < MIN_NAME_BYTES) return NONE;
    return dataEnd(bytes, name + 1, end);
  },
};

const TRACK_2_FORM: Track = {
  panStart(bytes, at) {
    return bytes[at] === SEMICOLON ? at + 1 : at;
  },
  restEnd(bytes, at, end) {
    const sign = peek(bytes, at, end);
    return sign === EQUALS || sign === D ? dataEnd(bytes, at + 1, end) : NONE;
  },
};

function trackDetector(name: DetectorName, form: Track, opens: Detector["opens"]): Detector {
  /** The end of what has the track's shape, whatever its card number; or NONE. */
  function shapeEnd(bytes: Uint8Array, at: number, end: number): number {
    const pan = form.panStart(bytes, at, end);
    if (pan === NONE) return NONE;
    const rest = panEnd(bytes, pan, end);
    return rest === NONE ? NONE : form.restEnd(bytes, rest, end);
  }
  /** Of what shapeEnd found. */
  function judgeNumber(bytes: Uint8Array, at: number, end: number): Verdict {
    const pan = form.panStart(bytes, at, end);
    return judgePan(bytes, pan, panEnd(bytes, pan, end));
  }
  return {
    name,
    chance: 0.1,
    opens,
    judge(bytes: Uint8Array, start: number, end: number): Verdict {
      return shapeEnd(bytes, start, end) === end ? judgeNumber(bytes, start, end) : VERDICT.other;
    },
    endOf(bytes: Uint8Array, at: number, _floor: number, end: number): number {
      const stop = shapeEnd(bytes, at, end);
      return stop !== NONE && judgeNumber(bytes, at, end) === VERDICT.matched ? stop : NONE;
    },
  };
}

export const TRACK_1: Detector = trackDetector(
  "track1",
  TRACK_1_FORM,
  (opening: Opening, run: number) => opening === "%" || (opening === "letter" && run > MIN_PAN_DIGITS),
);
export const TRACK_2: Detector = trackDetector(
  "track2",
  TRACK_2_FORM,
  (opening: Opening, run: number) =>
    opening === ";" || (opening === "digit" && run >= MIN_PAN_DIGITS && run <= MAX_RUN),
);
