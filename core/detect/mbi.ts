// Medicare Beneficiary Identifiers (CMS's format of 2018): eleven places, letters without S, L, O, I, B and Z, in a row
// or 4-3-4. No check digit.
import { isDigit, upperCase } from "./ascii.ts";
import { ArrangedDetector } from "./arranged.ts";
import { VERDICT } from "./detector.ts";
import type { Detector, Verdict } from "./detector.ts";
import { layout } from "./layout.ts";
import { SEPARATOR } from "./separator.ts";

const UNUSED: ReadonlySet<number> = new Set(Array.from("SLOIBZ", (letter) => letter.charCodeAt(0)));
const ZERO = 0x30;

function judgeMbi(bytes: Uint8Array, start: number, end: number): Verdict {
  if (bytes[start] === ZERO) return VERDICT.other;
  for (let at = start; at < end; at++) {
    const byte = bytes[at] ?? 0;
    if (!isDigit(byte) && UNUSED.has(upperCase(byte))) return VERDICT.other;
  }
  return VERDICT.matched;
}

export const MBI: Detector = new ArrangedDetector(
  "mbi",
  0,
  ["digit"],
  [layout("daxdaxdaadd", 0), layout("daxd-axd-aadd", SEPARATOR.space | SEPARATOR.dash)],
  judgeMbi,
);
