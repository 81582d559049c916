// A group on its way through the gate, and what of it is still to be shown. The steps before the listing only take
// away; nothing of a group is released but by figure.ts, which asks here.
import type { MergedGroup } from "../merge.ts";

export interface Candidate {
  /** Position in the program's levels. */
  readonly level: number;
  readonly group: MergedGroup;
  /** Whether the group is listed with its counts of rows and units. */
  isShown: boolean;
  /** By measure, the bits of WITHHELD. */
  readonly withheld: Uint8Array;
}

/**
 * Figures over a column that are withheld together, since each follows from the others: `present` is the count of
 * rows with a value, `value` the sum and the variance. An average needs both.
 */
export const WITHHELD = { present: 1, value: 2, min: 4, max: 8, distinct: 16 } as const;
export const EVERY_FIGURE: number =
  WITHHELD.present | WITHHELD.value | WITHHELD.min | WITHHELD.max | WITHHELD.distinct;

export type Withholdable = keyof typeof WITHHELD;

export function withhold(candidate: Candidate, measure: number, what: Withholdable): void {
  candidate.withheld[measure] = (candidate.withheld[measure] ?? 0) | WITHHELD[what];
}

export function isWithheld({ isShown, withheld }: Candidate, measure: number, what: Withholdable): boolean {
  return !isShown || ((withheld[measure] ?? EVERY_FIGURE) & WITHHELD[what]) !== 0;
}
