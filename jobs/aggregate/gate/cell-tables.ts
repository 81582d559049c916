// The tables on which complementary suppression works, a cell for each candidate: its figure, whether it is withheld, and
// what anyone knows of it beforehand. A total stands in them as the sum of the finest groups that it is made of.
import type { CellTable } from "../complement.ts";
import type { Relation } from "../complement/relation.ts";
import type { AggregateProgram, ClipRule } from "../program.ts";
import { isWithheld } from "./candidate.ts";
import type { Candidate } from "./candidate.ts";
import type { Lattice } from "./lattice.ts";
import { releasesPresent, releasesRows } from "./missing.ts";

/** One unit's most is this many steps of a table of sums, whose numbers are whole. */
const STEPS = 2 ** 20;

/** One width a cell. */
interface KnownTable extends CellTable {
  readonly width: Float64Array;
}

/** What stands in a table of one candidate a cell. */
interface CellFacts {
  readonly value: number;
  readonly isWithheld: boolean;
  readonly lower: number;
  readonly upper: number;
  readonly width: number;
}

function makeTable(
  candidates: readonly Candidate[],
  { relations, finest }: Lattice,
  valueOf: (candidate: Candidate) => number,
  factsOf: (candidate: Candidate, value: number) => Omit<CellFacts, "value">,
): KnownTable {
  const own = candidates.map(valueOf);
  const facts = candidates.map((candidate, cell): CellFacts => {
    const value = (finest[cell] ?? []).reduce((sum, part) => sum + (own[part] ?? 0), 0);
    const known = factsOf(candidate, value);
    const [lower, upper] = [Math.min(known.lower, value), Math.max(known.upper, value)];
    // Nothing can be known less closely than it is known to begin with.
    return { ...known, value, lower, upper, width: Math.min(known.width, upper - lower) };
  });
  return {
    cells: facts.length,
    relations,
    values: Float64Array.from(facts, ({ value }) => value),
    lower: Float64Array.from(facts, ({ lower }) => lower),
    upper: Float64Array.from(facts, ({ upper }) => upper),
    suppressed: Uint8Array.from(facts, (cell) => (cell.isWithheld ? 1 : 0)),
    width: Float64Array.from(facts, ({ width }) => width),
  };
}

/** How many rows the data set has is public: without a filter, so is how many all groups have together. */
export function rowTable(
  program: AggregateProgram,
  candidates: readonly Candidate[],
  lattice: Lattice,
): CellTable {
  const isPublic = program.predicate === null;
  const table = makeTable(
    candidates,
    lattice,
    ({ group }) => group.passing,
    ({ level, isShown }, value) => {
      const known = isPublic && program.levels[level]?.length === 0;
      return {
        isWithheld: !isShown,
        ...(known ? exactly(value) : { lower: 1, upper: Infinity }),
        width: program.interval,
      };
    },
  );
  return isPublic ? withRoot(table, program, candidates) : table;
}

export function unitTable(
  program: AggregateProgram,
  candidates: readonly Candidate[],
  lattice: Lattice,
): CellTable {
  return makeTable(
    candidates,
    lattice,
    ({ group }) => group.units,
    ({ isShown }) => ({ isWithheld: !isShown, lower: 1, upper: Infinity, width: program.interval }),
  );
}

function exactly(value: number): { readonly lower: number; readonly upper: number } {
  return { lower: value, upper: value };
}

/** One cell more: the data set. It is the sum of each level that has no coarser one. */
function withRoot(
  table: KnownTable,
  { levels }: AggregateProgram,
  candidates: readonly Candidate[],
): CellTable {
  const coarsest = levels.flatMap((kept, at) =>
    levels.some((other) => other !== kept && other.every((dimension) => kept.includes(dimension)))
      ? []
      : [at],
  );
  const parts = coarsest.map((level) =>
    candidates.flatMap((candidate, at) => (candidate.level === level ? [at] : [])),
  );
  const root = table.cells;
  const relations: readonly Relation[] = parts.flatMap((children) =>
    children.length === 0 ? [] : [{ parent: root, children }],
  );
  const append = (numbers: Float64Array, last: number): Float64Array => {
    const longer = new Float64Array(root + 1);
    longer.set(numbers);
    longer[root] = last;
    return longer;
  };
  const suppressed = new Uint8Array(root + 1);
  suppressed.set(table.suppressed);
  const rows = (parts[0] ?? []).reduce((sum, cell) => sum + (table.values[cell] ?? 0), 0);
  return {
    cells: root + 1,
    relations: [...table.relations, ...relations],
    values: append(table.values, rows),
    lower: append(table.lower, rows),
    upper: append(table.upper, rows),
    suppressed,
    width: append(table.width, 0),
  };
}

/** Rows with a value: no more than the rows, where these are shown. */
export function presentTable(
  program: AggregateProgram,
  candidates: readonly Candidate[],
  lattice: Lattice,
  measure: number,
): CellTable {
  const knowsRows = releasesRows(program);
  return makeTable(
    candidates,
    lattice,
    ({ group }) => group.measures[measure]?.nonNull ?? 0,
    (candidate) => ({
      isWithheld: isWithheld(candidate, measure, "present"),
      lower: 0,
      upper: knowsRows && candidate.isShown ? candidate.group.passing : Infinity,
      width: program.interval,
    }),
  );
}

/** Sums, in steps. The bounds say how much so many units can have at the most. */
export function valueTable(
  program: AggregateProgram,
  candidates: readonly Candidate[],
  lattice: Lattice,
  measure: number,
  { lower, upper, exact }: ClipRule,
): CellTable {
  const most = Math.max(Math.abs(lower), Math.abs(upper), upper - lower);
  const step = Math.max(most / STEPS, exact ? 1 : Number.MIN_VALUE);
  const knowsUnits = program.outputs.some(({ op }) => op === "count_units");
  const knowsRows = releasesRows(program);
  const knowsPresent = program.unit === "row" && releasesPresent(program, measure);
  return makeTable(
    candidates,
    lattice,
    ({ group }) => Math.round(Number(group.measures[measure]?.sum ?? 0) / step),
    (candidate) => {
      const { group, isShown } = candidate;
      const units = !isShown ? Infinity : knowsUnits ? group.units : knowsRows ? group.passing : Infinity;
      const isCounted = knowsPresent && !isWithheld(candidate, measure, "present");
      const present = isCounted ? (group.measures[measure]?.nonNull ?? 0) : 0;
      return {
        isWithheld: isWithheld(candidate, measure, "value"),
        // A bound of nothing is taken as often as there are values: infinitely often it would be no number.
        lower: Math.floor((lower * (lower < 0 ? units : present)) / step),
        upper: Math.ceil((upper * (upper > 0 ? units : present)) / step),
        width: Math.ceil((program.interval * most) / step),
      };
    },
  );
}
