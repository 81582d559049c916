// US National Drug Codes (21 CFR 207.33) with their dashes: labeler, product, package. Without dashes they are any ten or
// eleven digits, and not looked for. No check digit.
import { ArrangedDetector } from "./arranged.ts";
import { VERDICT } from "./detector.ts";
import type { Detector, Verdict } from "./detector.ts";
import { isOneDigit } from "./digits.ts";
import { layout } from "./layout.ts";
import { SEPARATOR } from "./separator.ts";

function judgeNdc(bytes: Uint8Array, start: number, end: number): Verdict {
  return isOneDigit(bytes, start, end) ? VERDICT.other : VERDICT.matched;
}

export const NDC: Detector = new ArrangedDetector(
  "ndc",
  0,
  ["digit"],
  ["dddd-dddd-dd", "ddddd-ddd-dd", "ddddd-dddd-d", "ddddd-dddd-dd"].map((text) =>
    layout(text, SEPARATOR.dash),
  ),
  judgeNdc,
);
