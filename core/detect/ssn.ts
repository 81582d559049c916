// US Social Security numbers (20 CFR 422.103; what was never issued by SSA's rules since 2011) and individual taxpayer
// numbers (IRS: 9xx with a group of its own). Nine digits in a row, or 3-2-4. Neither has a check digit.
import { ArrangedDetector } from "./arranged.ts";
import { VERDICT } from "./detector.ts";
import type { Detector, Verdict } from "./detector.ts";
import { numberOf } from "./digits.ts";
import { layout } from "./layout.ts";
import { SEPARATOR } from "./separator.ts";

const LAYOUTS = [layout("ddddddddd", 0), layout("ddd-dd-dddd", SEPARATOR.space | SEPARATOR.dash)];

/** Printed in advertisements and forms, or typed to fill a field: nobody's. */
const VOID: ReadonlySet<number> = new Set([78_051_120, 219_099_999, 123_456_789]);

function judgeSsn(bytes: Uint8Array, start: number, end: number): Verdict {
  const number = numberOf(bytes, start, end);
  const area = Math.floor(number / 1_000_000);
  const group = Math.floor(number / 10_000) % 100;
  if (area === 0 || area === 666 || area >= 900) return VERDICT.failed;
  if (group === 0 || number % 10_000 === 0) return VERDICT.failed;
  return VOID.has(number) ? VERDICT.failed : VERDICT.matched;
}

function judgeItin(bytes: Uint8Array, start: number, end: number): Verdict {
  const number = numberOf(bytes, start, end);
  if (number < 900_000_000) return VERDICT.other;
  const group = Math.floor(number / 10_000) % 100;
  const isItin =
    (group >= 50 && group <= 65) ||
    (group >= 70 && group <= 88) ||
    (group >= 90 && group <= 92) ||
    (group >= 94 && group <= 99);
  return isItin ? VERDICT.matched : VERDICT.failed;
}

/** 898 of 1000 areas, 99 of 100 groups, 9999 of 10000 serials. */
export const SSN: Detector = new ArrangedDetector("ssn", 0.889, ["digit"], LAYOUTS, judgeSsn);
/** 44 of 100 groups. */
export const ITIN: Detector = new ArrangedDetector("itin", 0.44, ["digit"], LAYOUTS, judgeItin);
