// Texts as bytes, and what detectors say of them. The bytes stand amid others, so that reading past the ends shows.
import { VERDICT } from "../../core/detect/detector.ts";
import type { Detector, DetectorName } from "../../core/detect/detector.ts";
import { DETECTORS } from "../../core/detect/detectors.ts";
import { Finder } from "../../core/detect/find.ts";
import { judgeValue } from "../../core/detect/match.ts";
import type { Span, TwinVerdict } from "./twins.ts";

const VERDICT_NAMES = new Map<number, TwinVerdict>([
  [VERDICT.matched, "matched"],
  [VERDICT.failed, "failed"],
  [VERDICT.other, "other"],
]);

export function detectorOf(name: DetectorName): Detector {
  const found = DETECTORS.find((detector) => detector.name === name);
  if (found === undefined) throw new Error(`no detector ${name}`);
  return found;
}

/** The text's bytes with `around` digits before and behind. */
export function amid(text: string, around: number): { bytes: Uint8Array; start: number; end: number } {
  const inner = new TextEncoder().encode(text);
  const bytes = new Uint8Array(inner.length + 2 * around).fill(0x31);
  bytes.set(inner, around);
  return { bytes, start: around, end: around + inner.length };
}

export function verdictOn(name: DetectorName, text: string): TwinVerdict {
  const { bytes, start, end } = amid(text, 3);
  return VERDICT_NAMES.get(judgeValue(detectorOf(name), bytes, start, end)) ?? "other";
}

const FINDER = new Finder();

/** Spans in bytes of the text. */
export function spansIn(text: string, finder: Finder = FINDER): readonly Span[] {
  const { bytes, start, end } = amid(text, 5);
  const spans: Span[] = [];
  finder.findIn(bytes, start, end, (detector, from, to) => spans.push([detector, from - start, to - start]));
  return spans;
}

/** Detectors and the texts they found. */
export function foundIn(text: string, finder: Finder = FINDER): readonly (readonly [DetectorName, string])[] {
  const bytes = new TextEncoder().encode(text);
  return spansIn(text, finder).map(([name, start, end]) => [
    name,
    new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(start, end)),
  ]);
}
