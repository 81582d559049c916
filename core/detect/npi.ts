// US National Provider Identifiers (45 CFR 162.406): ten digits that begin with 1 or 2 and pass Luhn after 80840.
import { ArrangedDetector } from "./arranged.ts";
import { VERDICT } from "./detector.ts";
import type { Detector, Verdict } from "./detector.ts";
import { luhnSum } from "./digits.ts";
import { layout } from "./layout.ts";

/** What 80840 before the ten digits adds to Luhn's sum. */
const PREFIX_SUM = 24;

function judgeNpi(bytes: Uint8Array, start: number, end: number): Verdict {
  const first = bytes[start] ?? 0;
  if (first !== 0x31 && first !== 0x32) return VERDICT.other;
  return (luhnSum(bytes, start, end) + PREFIX_SUM) % 10 === 0 ? VERDICT.matched : VERDICT.failed;
}

export const NPI: Detector = new ArrangedDetector("npi", 0.1, ["digit"], [layout("dddddddddd", 0)], judgeNpi);
