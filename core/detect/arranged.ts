// A detector of values that come in a few layouts and have a rule or check digits.
import { isWordOver, wordEnd } from "./ascii.ts";
import { NONE, VERDICT } from "./detector.ts";
import type { Detector, DetectorName, Opening, Verdict } from "./detector.ts";
import { layoutEnd } from "./layout.ts";
import type { Layout } from "./layout.ts";
import { MAX_SEPARATOR_BYTES } from "./separator.ts";

/** More than any layout's first group has. */
const MAX_LEAD = 20;

const NO_LAYOUTS: readonly Layout[] = [];

/** Judges what has one of the layouts. Separators are among the bytes. */
export type Rule = (bytes: Uint8Array, start: number, end: number) => Verdict;

export class ArrangedDetector implements Detector {
  readonly name: DetectorName;
  readonly chance: number;
  /** By their lead. */
  readonly #layouts: readonly (readonly Layout[])[];
  readonly #opening: readonly Opening[];
  /** Bytes that values can have. */
  readonly #shortest: number;
  readonly #longest: number;
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
    this.#layouts = Array.from({ length: MAX_LEAD + 1 }, (_, lead) =>
      layouts.filter((layout) => layout.lead === lead),
    );
    this.#shortest = Math.min(...layouts.map(({ places }) => places.length));
    this.#longest = Math.max(...layouts.map(({ places }) => places.length * MAX_SEPARATOR_BYTES));
    this.#rule = rule;
  }

  opens(opening: Opening, run: number): boolean {
    return this.#opening.includes(opening) && this.#led(run).length > 0;
  }

  judge(bytes: Uint8Array, start: number, end: number): Verdict {
    if (end - start < this.#shortest || end - start > this.#longest) return VERDICT.other;
    for (const layout of this.#led(leadAt(bytes, start, end))) {
      if (layoutEnd(layout, bytes, start, end) === end) return this.#rule(bytes, start, end);
    }
    return VERDICT.other;
  }

  endOf(bytes: Uint8Array, at: number, _floor: number, end: number): number {
    let longest = NONE;
    for (const layout of this.#led(leadAt(bytes, at, end))) {
      const stop = layoutEnd(layout, bytes, at, end);
      if (stop <= longest || !isWordOver(bytes, stop, end)) continue;
      if (this.#rule(bytes, at, stop) === VERDICT.matched) longest = stop;
    }
    return longest;
  }

  #led(lead: number): readonly Layout[] {
    return this.#layouts[lead] ?? NO_LAYOUTS;
  }
}

/** The length of the word at `at`, MAX_LEAD for longer ones, which no layout begins with. */
function leadAt(bytes: Uint8Array, at: number, end: number): number {
  return wordEnd(bytes, at, Math.min(end, at + MAX_LEAD)) - at;
}
