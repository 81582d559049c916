// Whole values: with the spaces around them left out, does the rest make one.
import { VERDICT } from "./detector.ts";
import type { Detector, Verdict } from "./detector.ts";

/** No detector takes longer values; of longer ones nothing is read but their ends. */
export const MAX_VALUE_BYTES = 320;

/** The verdict on `bytes[start, end)` without the spaces around it; blank is other. */
export function judgeValue(detector: Detector, bytes: Uint8Array, start: number, end: number): Verdict {
  const from = trimmedStart(bytes, start, end);
  const to = trimmedEnd(bytes, from, end);
  if (from === to || to - from > MAX_VALUE_BYTES) return VERDICT.other;
  return detector.judge(bytes, from, to);
}

/** Whether the value is one of the detector's. */
export function matches(detector: Detector, bytes: Uint8Array, start: number, end: number): boolean {
  return judgeValue(detector, bytes, start, end) === VERDICT.matched;
}

/** The first place that has no space, tab or line end; `end` where all have. */
export function trimmedStart(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && isBlank(bytes[at] ?? 0)) at++;
  return at;
}

export function trimmedEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = end;
  while (at > start && isBlank(bytes[at - 1] ?? 0)) at--;
  return at;
}

function isBlank(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
}
