// Payment card numbers: 12 to 19 digits of an issuer's range that pass Luhn, in a row or in the usual groups.
import { ArrangedDetector } from "./arranged.ts";
import { VERDICT } from "./detector.ts";
import type { Detector, Verdict } from "./detector.ts";
import { countDigits, isOneDigit, luhnSum } from "./digits.ts";
import { isIssued } from "./iin.ts";
import { layout } from "./layout.ts";
import { SEPARATOR } from "./separator.ts";

export const MIN_PAN_DIGITS = 12;
export const MAX_PAN_DIGITS = 19;
const GROUPINGS = [
  "dddd-dddd-dddd-dddd",
  "dddd-dddddd-ddddd",
  "dddd-dddddd-dddd",
  "dddd-ddd-ddd-ddd",
  "dddd-dddd-dddd-dddd-ddd",
  "dddddd-ddddddddddddd",
];
const LENGTHS = Array.from(
  { length: MAX_PAN_DIGITS - MIN_PAN_DIGITS + 1 },
  (_, more) => MIN_PAN_DIGITS + more,
);

/** Of digits and what separates them: failed where Luhn alone is against it. */
export function judgePan(bytes: Uint8Array, start: number, end: number): Verdict {
  const digits = countDigits(bytes, start, end);
  if (!isIssued(bytes, start, end, digits) || isOneDigit(bytes, start, end)) return VERDICT.other;
  return luhnSum(bytes, start, end) % 10 === 0 ? VERDICT.matched : VERDICT.failed;
}

export const PAN: Detector = new ArrangedDetector(
  "pan",
  0.1,
  ["digit"],
  [
    ...LENGTHS.map((length) => layout("d".repeat(length), 0)),
    ...GROUPINGS.map((grouping) => layout(grouping, SEPARATOR.space | SEPARATOR.dash)),
  ],
  judgePan,
);
