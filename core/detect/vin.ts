// Vehicle identification numbers (49 CFR 565): 17 letters and digits without I, O and Q, the ninth a check digit. Europe
// sets none, and most of its numbers are missed.
import { ArrangedDetector } from "./arranged.ts";
import { isDigit, upperCase } from "./ascii.ts";
import { VERDICT } from "./detector.ts";
import type { Detector, Verdict } from "./detector.ts";
import { layout } from "./layout.ts";

const PLACES = 17;
const CHECK_PLACE = 8;
const TEN = 0x58;
const WEIGHTS = Uint8Array.of(8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2);
/** What A to Z count for (Table IV); 0 for the three that are not used. */
const LETTERS = Uint8Array.of(
  ...[1, 2, 3, 4, 5, 6, 7, 8, 0, 1, 2, 3, 4, 5, 0, 7, 0, 9, 2, 3, 4, 5, 6, 7, 8, 9],
);

function judgeVin(bytes: Uint8Array, start: number): Verdict {
  const check = upperCase(bytes[start + CHECK_PLACE] ?? 0);
  if (!isDigit(check) && check !== TEN) return VERDICT.other;
  let sum = 0;
  let differs = false;
  for (let place = 0; place < PLACES; place++) {
    const byte = upperCase(bytes[start + place] ?? 0);
    const value = isDigit(byte) ? byte - 0x30 : (LETTERS[byte - 0x41] ?? 0);
    if (value === 0 && !isDigit(byte)) return VERDICT.other;
    sum += value * (WEIGHTS[place] ?? 0);
    differs ||= byte !== check;
  }
  // One digit over and over passes where it is 1.
  if (!differs) return VERDICT.other;
  const wanted = sum % 11;
  const given = check === TEN ? 10 : check - 0x30;
  return wanted === given ? VERDICT.matched : VERDICT.failed;
}

export const VIN: Detector = new ArrangedDetector(
  "vin",
  1 / 11,
  ["digit", "letter"],
  [layout("x".repeat(PLACES), 0)],
  judgeVin,
);
