// US DEA registration numbers: a letter for the kind of registrant, the first of a name (or 9), seven digits of which
// the last is a check digit. The suffix of a hospital's staff is left out.
import { isDigit, upperCase } from "./ascii.ts";
import { ArrangedDetector } from "./arranged.ts";
import { VERDICT } from "./detector.ts";
import type { Detector, Verdict } from "./detector.ts";
import { layout } from "./layout.ts";

const REGISTRANTS: ReadonlySet<number> = new Set(
  Array.from("ABCDEFGHJKLMPRSTUX", (letter) => letter.charCodeAt(0)),
);
const NINE = 0x39;

function judgeDea(bytes: Uint8Array, start: number): Verdict {
  const second = bytes[start + 1] ?? 0;
  if (!REGISTRANTS.has(upperCase(bytes[start] ?? 0)) || (isDigit(second) && second !== NINE)) {
    return VERDICT.other;
  }
  const digit = (place: number): number => (bytes[start + 1 + place] ?? 0) - 0x30;
  const sum = digit(1) + digit(3) + digit(5) + 2 * (digit(2) + digit(4) + digit(6));
  return sum % 10 === digit(7) ? VERDICT.matched : VERDICT.failed;
}

export const DEA: Detector = new ArrangedDetector("dea", 0.1, ["letter"], [layout("axddddddd", 0)], judgeDea);
