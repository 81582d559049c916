// Complementary suppression. Totals tell what is left out: a group that is missing alone is its total less the others.
// So more is withheld until no figure that is withheld can be worked out from those that are not, neither exactly nor
// to an interval narrower than the rules'. The tables are made as if a total were the sum of its parts, also where
// units are in several parts or are clipped in each: who computes with totals may know by how much that is wrong. As
// intervals say nothing of how many people several withheld figures are of together, remainder.ts looks at that.
import { completeSuppression } from "../complement.ts";
import type { CellTable } from "../complement.ts";
import type { AggregateProgram } from "../program.ts";
import type { Candidate } from "./candidate.ts";
import { presentTable, rowTable, unitTable, valueTable } from "./cell-tables.ts";
import { linkLevels } from "./lattice.ts";
import type { Lattice } from "./lattice.ts";
import { releasesPresent, releasesRows, releasesUnits, releasesValue } from "./missing.ts";
import { columnFigures, GROUP_FIGURES } from "./figures.ts";
import type { Figures } from "./remainder.ts";
import { withholdRemainders } from "./remainder.ts";

/** Withholds groups by their rows and units, then in each measure counts and sums. Nothing to do without totals. */
export function withholdDeducible(program: AggregateProgram, candidates: readonly Candidate[]): void {
  if (program.levels.length === 1) return;
  const lattice = linkLevels(program, candidates);
  hideGroups(program, candidates, lattice);
  program.measures.forEach(({ sum }, at) => {
    if (releasesPresent(program, at)) {
      const table = (): CellTable => presentTable(program, candidates, lattice, at);
      withholdUntilStable(program, candidates, lattice, [table], columnFigures(program, at, "present"));
    }
    if (releasesValue(program, at) && sum !== null) {
      const table = (): CellTable => valueTable(program, candidates, lattice, at, sum);
      withholdUntilStable(program, candidates, lattice, [table], columnFigures(program, at, "value"));
    }
  });
}

/** Rows and units are hidden together, so what one of them asks for is asked of the other too. */
function hideGroups(program: AggregateProgram, candidates: readonly Candidate[], lattice: Lattice): void {
  const tables: (() => CellTable)[] = [];
  if (releasesRows(program)) tables.push(() => rowTable(program, candidates, lattice));
  if (releasesUnits(program)) tables.push(() => unitTable(program, candidates, lattice));
  withholdUntilStable(program, candidates, lattice, tables, GROUP_FIGURES);
}

/** Each step may undo what another has seen to, so all are taken until none asks for more. */
function withholdUntilStable(
  program: AggregateProgram,
  candidates: readonly Candidate[],
  lattice: Lattice,
  tables: readonly (() => CellTable)[],
  figures: Figures,
): void {
  const count = (): number => candidates.filter((candidate) => figures.isWithheld(candidate)).length;
  for (let withheld = -1; withheld !== count();) {
    withheld = count();
    for (const table of tables) {
      const pattern = completeSuppression(table());
      candidates.forEach((candidate, cell) => {
        if (pattern[cell] === 1) figures.withhold(candidate);
      });
    }
    withholdRemainders(program, candidates, lattice.relations, figures);
  }
}
