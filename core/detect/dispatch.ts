// Which detectors are worth asking at a place, by the byte that stands there and the length of its word: for most words
// of a text, none.
import { CLASS, classOf, wordEnd } from "./ascii.ts";
import { MAX_RUN } from "./detector.ts";
import type { Detector, Opening } from "./detector.ts";

const RUNS = MAX_RUN + 1;
const OPENINGS: readonly Opening[] = ["digit", "letter", "foreign", "+", "(", "%", ";", ":", "_"];
const NO_OPENING = 255;
const NOBODY: readonly number[] = [];

/** By byte, the place of its opening among OPENINGS. */
const OPENING_OF = new Uint8Array(256).fill(NO_OPENING);
for (let byte = 0; byte < 256; byte++) {
  const kind = classOf(byte);
  if (kind === CLASS.digit) OPENING_OF[byte] = OPENINGS.indexOf("digit");
  else if (kind === CLASS.letter) OPENING_OF[byte] = OPENINGS.indexOf("letter");
  else if (byte >= 0xc2) OPENING_OF[byte] = OPENINGS.indexOf("foreign");
}
for (const opening of OPENINGS.filter((name) => name.length === 1)) {
  OPENING_OF[opening.charCodeAt(0)] = OPENINGS.indexOf(opening);
}

/** Whether any value can begin with this byte. */
export function isOpening(byte: number): boolean {
  return OPENING_OF[byte] !== NO_OPENING;
}

export class Dispatch {
  readonly #lists: readonly (readonly number[])[];

  constructor(detectors: readonly Detector[]) {
    this.#lists = OPENINGS.flatMap((opening) =>
      Array.from({ length: RUNS }, (_, run) =>
        detectors.flatMap((detector, index) => (detector.opens(opening, run) ? [index] : [])),
      ),
    );
  }

  /** The places among the detectors of those a value of which can begin at `at` with a word of `run` bytes, in their order. */
  at(byte: number, run: number): readonly number[] {
    const opening = OPENING_OF[byte] ?? NO_OPENING;
    return this.#lists[opening * RUNS + run] ?? NOBODY;
  }
}

/** The length of the word at `at`, MAX_RUN for longer ones. */
export function runAt(bytes: Uint8Array, at: number, end: number): number {
  return wordEnd(bytes, at, Math.min(end, at + MAX_RUN)) - at;
}
