// A quantile is told by the owner's edges, and only by those with enough units between them. How many rows lie below an
// edge is known to whoever asks for many quantiles, so between two edges that may be told, below the first and above the
// last there have to be as many distinct units as a group must have: no bin, and no difference of bins, is then of fewer.
import { cellOf } from "../cell.ts";
import type { Cell } from "../cell.ts";
import type { MergedBin } from "../bin-tally.ts";
import type { MergedMeasure } from "../merged-measure.ts";
import type { AggregateProgram, Output } from "../program.ts";
import type { Candidate } from "./candidate.ts";
import { roundCount } from "./rounding.ts";

type QuantileOutput = Extract<Output, { readonly op: "approx_quantile" }>;

/** An edge that may be told, and how many rows lie below it. */
interface ToldEdge {
  readonly edge: number;
  readonly below: number;
}

/** Of what an output's `at` counts. */
const MILLION = 1_000_000n;

/**
 * The least edge that may be told of which at least `at` of the values lie below; null where there is none. Of totals
 * none: less their parts they would tell how many rows of those that are left lie below an edge, of however few units.
 */
export function quantile(
  program: AggregateProgram,
  output: QuantileOutput,
  { level }: Candidate,
  { bins }: MergedMeasure,
): Cell {
  const edges = program.measures[output.measure]?.bins ?? null;
  if (bins === null || edges === null) throw new Error("internal: a quantile that was not computed");
  if (level > 0) return null;
  const { counts } = program.rounding;
  const counted = (rows: number): bigint => BigInt(roundCount(rows, counts));
  const all = counted(bins.reduce((sum, { rows }) => sum + rows, 0));
  const found = toldEdges(bins, edges.length, program.minUnits).find(
    ({ below }) => counted(below) * MILLION >= BigInt(output.at) * all,
  );
  const edge = edges[found?.edge ?? -1];
  if (edge === undefined || all === 0n) return null;
  return output.type.kind === "float" ? edge : cellOf(BigInt(edge), output.type);
}

/**
 * From the lowest bin up, an edge as soon as there are minUnits units since the last one; of the last one none, where
 * fewer lie above it. A unit may have values in many bins, so the units of some of them are known to be as many as have
 * their least value there, or their greatest.
 */
export function toldEdges(bins: readonly MergedBin[], edges: number, minUnits: number): readonly ToldEdge[] {
  const told: ToldEdge[] = [];
  let [least, greatest, below] = [0, 0, 0];
  for (const { bin, rows, ...units } of bins) {
    least += units.least;
    greatest += units.greatest;
    below += rows;
    // Below the edge of its own number lie this bin and those before it; the last bin has none above.
    if (bin >= edges || Math.max(least, greatest) < minUnits) continue;
    told.push({ edge: bin, below });
    [least, greatest] = [0, 0];
  }
  return Math.max(least, greatest) < minUnits ? told.slice(0, -1) : told;
}
