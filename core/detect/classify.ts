// What may be told of a column's tally: types and shares in coarse steps, nothing of columns with few values, and no
// type that chance explains. One row more or less changes nothing but where the counts lie at a step's edge: nothing
// random is added, so who knows all rows but one and asks at the edge learns that one.
import type { DetectorName } from "./detector.ts";
import { DETECTORS } from "./detectors.ts";
import type { ColumnTally } from "./tally.ts";

/** Of a column's values; above the step before it. None: fewer values than `minMatches`. */
export const SHARES = ["none", "<=25%", "<=50%", "<=75%", "<=95%", ">95%"] as const;
export type Share = (typeof SHARES)[number];
const EDGES: readonly number[] = [0, 0.25, 0.5, 0.75, 0.95];
/** From here on a type is the column's. */
const MOST = SHARES.indexOf("<=75%");

export interface Finding {
  readonly detector: DetectorName;
  /** Values that match. */
  readonly matched: Share;
  /** Values of the shape, those that match among them. */
  readonly shaped: Share;
  /** Whether more of those of the shape match than would by chance. */
  readonly isEvident: boolean;
}

export interface ColumnClass {
  /** Of the evident findings that more than half of the values match, the one hardest to match by chance. */
  readonly type: DetectorName | null;
  /** Those with a share above none, the most matched first. */
  readonly findings: readonly Finding[];
}

export interface Limits {
  /** Of a column with fewer values (neither null nor blank) nothing is told. At least 20. */
  readonly minValues: number;
  /** A share of fewer values is none. At least 10, at most `minValues`. */
  readonly minMatches: number;
}

export const DEFAULT_LIMITS: Limits = { minValues: 100, minMatches: 20 };
/** The default limits, or those that rules with a minimum of units ask for. */
export function limitsFor(minUnits: number): Limits {
  const { minValues, minMatches } = DEFAULT_LIMITS;
  return { minValues: Math.max(minValues, minUnits), minMatches: Math.max(minMatches, minUnits) };
}

const LEAST_VALUES = 20;
const LEAST_MATCHES = 10;

/** Standard deviations: one column in some 700 passes a true chance rate by luck. */
const DEVIATIONS = 3;

/** Null where the column has too few values. Error: RangeError for limits below the least. */
export function classifyColumn(tally: ColumnTally, limits: Limits = DEFAULT_LIMITS): ColumnClass | null {
  checkLimits(limits);
  if (tally.values < limits.minValues) return null;
  const findings = DETECTORS.map((_, index) => findingOf(tally, index, limits.minMatches))
    .filter(({ shaped }) => shaped !== "none")
    .sort((a, b) => stepOf(b.matched) - stepOf(a.matched) || chanceOf(a.detector) - chanceOf(b.detector));
  const likely = findings.filter(({ isEvident, matched }) => isEvident && stepOf(matched) >= MOST);
  const [best] = likely.toSorted((a, b) => chanceOf(a.detector) - chanceOf(b.detector));
  return { type: best?.detector ?? null, findings };
}

function checkLimits({ minValues, minMatches }: Limits): void {
  if (!Number.isInteger(minValues) || minValues < LEAST_VALUES) {
    throw new RangeError("minValues: at least 20");
  }
  if (!Number.isInteger(minMatches) || minMatches < LEAST_MATCHES || minMatches > minValues) {
    throw new RangeError("minMatches: at least 10, at most minValues");
  }
}

function findingOf({ values, matched, failed }: ColumnTally, index: number, least: number): Finding {
  const detector = DETECTORS[index] ?? raise();
  const passed = matched[index] ?? 0;
  const shaped = passed + (failed[index] ?? 0);
  return {
    detector: detector.name,
    matched: shareOf(passed, values, least),
    shaped: shareOf(shaped, values, least),
    isEvident: passed >= least && lowerBound(passed, shaped) > detector.chance,
  };
}

/** The step that `count` of `values` is in; none below `least`. */
export function shareOf(count: number, values: number, least: number): Share {
  if (count < least) return "none";
  const above = EDGES.filter((edge) => count > edge * values).length;
  return SHARES[above] ?? "none";
}

/** Of the share of which `passed` of `tried` is a sample: Wilson's lower bound. 0 of none tried. */
export function lowerBound(passed: number, tried: number): number {
  if (tried === 0) return 0;
  const share = passed / tried;
  const square = DEVIATIONS ** 2 / tried;
  const spread = Math.sqrt((share * (1 - share) + square / 4) * square);
  return (share + square / 2 - spread) / (1 + square);
}

function stepOf(share: Share): number {
  return SHARES.indexOf(share);
}

function chanceOf(name: DetectorName): number {
  return DETECTORS.find((detector) => detector.name === name)?.chance ?? 1;
}

function raise(): never {
  throw new Error("internal: no such detector");
}
