// The release gate of a join: each step of the gate judges every group once for each owner, by his rules and with his units,
// and what one owner's rules withhold is withheld. What is released of a column is what its owner's units add up to.
import { PolicyError } from "../../core/errors.ts";
import { columnsOf } from "../aggregate/gate.ts";
import type { ReleasedTable } from "../aggregate/gate.ts";
import { findWhole, releaseBadRows } from "../aggregate/gate/bad-rows.ts";
import type { Candidate } from "../aggregate/gate/candidate.ts";
import { withholdDeducible } from "../aggregate/gate/deducible.ts";
import { withholdDominated } from "../aggregate/gate/dominance.ts";
import { withholdRareExtremes } from "../aggregate/gate/extremes.ts";
import { limitRowsBy, withoutUnasked } from "../aggregate/gate/having.ts";
import { listRows, orderRows, releaseRows } from "../aggregate/gate/listing.ts";
import { withholdLopsided } from "../aggregate/gate/lopsided.ts";
import { withholdRarelyMissing } from "../aggregate/gate/missing.ts";
import type { AggregateProgram } from "../aggregate/program.ts";
import { judgedGroups } from "./judged-groups.ts";
import type { JudgedGroup, MergedJoin } from "./judged-groups.ts";
import type { JoinProgram } from "./program.ts";

/** One owner's view of all groups, which are the same and in the same order in every view. */
interface View {
  readonly program: AggregateProgram;
  readonly candidates: readonly Candidate[];
}

/**
 * The order of the gate, as passGate has it, each step for both owners.
 * Errors: GATE_GROUPS, when more rows would be listed than the rules allow; GATE_ROWS, when more remain than the grant allows.
 */
export function passJoinGate(
  program: JoinProgram,
  merged: MergedJoin,
  { maxRows }: { readonly maxRows: number | null },
): ReleasedTable {
  const views = viewsOf(program, judgedGroups(program, merged));
  for (const { program: side, candidates } of views) {
    withholdDominated(side, candidates);
    withholdLopsided(side, candidates);
    withholdRareExtremes(side, candidates);
    withholdRarelyMissing(side, candidates);
  }
  uniteViews(views);
  withholdForAll(views);
  // All views withhold the same now. Units are counted of the first input.
  const [first] = views;
  if (first === undefined) throw new Error("internal: a join without sides");
  const released = releaseRows(first.program, first.candidates);
  const kept = withoutUnasked(first.program, listRows(first.program, released));
  const ordered = limitRowsBy(first.program, orderRows(first.program, kept));
  const rows = ordered.slice(0, first.program.limit ?? ordered.length);
  if (maxRows !== null && rows.length > maxRows) throw new PolicyError("GATE_ROWS", { maxRows });
  return {
    columns: columnsOf(first.program),
    rows,
    badRows: releaseBadRows(first.program, findWhole(first.program, first.candidates), merged.badRows()),
  };
}

function viewsOf({ sides }: JoinProgram, groups: readonly JudgedGroup[]): readonly View[] {
  return sides.map((program, side) => ({
    program,
    candidates: groups.map((group) => group.candidate(side)),
  }));
}

/** What one view withholds, all do. */
function uniteViews(views: readonly View[]): void {
  const [first] = views;
  first?.candidates.forEach((_, at) => {
    const same = views.flatMap(({ candidates }) => candidates[at] ?? []);
    const isShown = same.every((candidate) => candidate.isShown);
    for (const candidate of same) candidate.isShown = isShown;
    first.candidates[at]?.withheld.forEach((__, measure) => {
      const bits = same.reduce((all, { withheld }) => all | (withheld[measure] ?? 0), 0);
      for (const { withheld } of same) withheld[measure] = bits;
    });
  });
}

/** What one owner's units ask for besides may ask for more on the other's side, so both are asked until neither does. */
function withholdForAll(views: readonly View[]): void {
  for (let before = -1; before !== withheldIn(views);) {
    before = withheldIn(views);
    for (const { program, candidates } of views) withholdDeducible(program, candidates);
    uniteViews(views);
  }
}

function withheldIn(views: readonly View[]): number {
  return views
    .flatMap(({ candidates }) => candidates)
    .reduce((sum, { isShown, withheld }) => sum + (isShown ? 0 : 1) + withheld.reduce(countBits, 0), 0);
}

function countBits(sum: number, bits: number): number {
  return sum + bits.toString(2).replaceAll("0", "").length;
}
