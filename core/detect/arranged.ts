// A detector of values that come in a few layouts and have a rule or check digits.
import { isWordOver, wordEnd } from "./ascii.ts";
import { NONE, VERDICT } from "./detector.ts";
import type { Detector, DetectorName, Opening, Verdict } from "./detector.ts";
import { layoutEnd } from "./layout.ts";
import type { Layout } from "./layout.ts";

/** More than any layout's first group has. */
const MAX_LEAD = 20;

/** Judges what has one of the layouts. Separators are among the bytes. */
export type Rule = (bytes: Uint8Array, start: number, end: number) => Verdict;

export class ArrangedDetector implements Detector {
  readonly name: DetectorName;
  readonly chance: number;
  readonly #layouts: readonly Layout[];
  readonly #opening: readonly Opening[];
  readonly #rule: Rule;

  /** `opening`: what a value can begin with. */
  constructor(
    name: DetectorName,
    chance: number,
    opening: readonly Opening[],
    layouts: readonly Layout[],
    rule: Rule,
  ) {
    this.name = name;
    this.chance = chance;
    this.#opening = opening;
    this.#layouts = layouts;
    this.#rule = rule;
  }

  opens(opening: Opening, run: number): boolean {
    return this.#opening.includes(opening) && this.#layouts.some(({ lead }) => lead === run);
  }

  judge(bytes: Uint8Array, start: number, end: number): Verdict {
    for (const layout of this.#layouts) {
      if (layoutEnd(layout, bytes, start, end) === end) return this.#rule(bytes, start, end);
    }
    return VERDICT.other;
  }

  endOf(bytes: Uint8Array, at: number, _floor: number, end: number): number {
    const lead = wordEnd(bytes, at, Math.min(end, at + MAX_LEAD)) - at;
    let longest = NONE;
    for (const layout of this.#layouts) {
      if (layout.lead !== lead) continue;
      const stop = layoutEnd(layout, bytes, at, end);
      if (stop <= longest || !isWordOver(bytes, stop, end)) continue;
      if (this.#rule(bytes, at, stop) === VERDICT.matched) longest = stop;
    }
    return longest;
  }
}
