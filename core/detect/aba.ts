// ABA routing numbers: nine digits whose first two are a Federal Reserve district's, weighed 3-7-1; in a row or 4-4-1.
import { isDigit } from "./ascii.ts";
import { ArrangedDetector } from "./arranged.ts";
import { VERDICT } from "./detector.ts";
import type { Detector, Verdict } from "./detector.ts";
import { layout } from "./layout.ts";
import { SEPARATOR } from "./separator.ts";

const WEIGHTS = Uint8Array.of(3, 7, 1);

function judgeAba(bytes: Uint8Array, start: number, end: number): Verdict {
  const district = ((bytes[start] ?? 0) - 0x30) * 10 + (bytes[start + 1] ?? 0) - 0x30;
  if (!isDistrict(district)) return VERDICT.other;
  let sum = 0;
  for (let at = start, place = 0; at < end; at++) {
    const byte = bytes[at] ?? 0;
    if (isDigit(byte)) sum += (byte - 0x30) * (WEIGHTS[place++ % 3] ?? 0);
  }
  // Nine zeros fill a field.
  return sum % 10 === 0 && sum > 0 ? VERDICT.matched : VERDICT.failed;
}

/** The government, the twelve banks, those of thrift institutions, electronic numbers, traveller's cheques. */
function isDistrict(district: number): boolean {
  return (
    district <= 12 ||
    (district >= 21 && district <= 32) ||
    (district >= 61 && district <= 72) ||
    district === 80
  );
}

export const ABA: Detector = new ArrangedDetector(
  "aba",
  0.1,
  ["digit"],
  [layout("ddddddddd", 0), layout("dddd-dddd-d", SEPARATOR.dash)],
  judgeAba,
);
