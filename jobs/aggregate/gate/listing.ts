// Which rows a result has, and in which order: what was shown, and the keys that are listed whatever the data.
import { PolicyError } from "../../../core/errors.ts";
import { compareCells, compareKeys } from "../cell.ts";
import type { Cell } from "../cell.ts";
import type { AggregateProgram } from "../program.ts";
import type { Candidate } from "./candidate.ts";
import { releaseFigure } from "./figure.ts";
import { sortByKeys } from "./sorting.ts";

/** Cells in the order of the result's columns: dimensions, `grouping` where there are totals, outputs. */
export type ReleasedRow = readonly Cell[];

/** Of the groups that are shown. */
export function releaseRows(program: AggregateProgram, candidates: readonly Candidate[]): ReleasedRow[] {
  const { outputs } = program;
  const rows: ReleasedRow[] = [];
  for (const candidate of candidates) {
    if (!candidate.isShown) continue;
    const key = keyOf(program, candidate.level, candidate.group.key);
    // As long as it will be: one that is pushed to takes three times the memory.
    const row = new Array<Cell>(key.length + outputs.length);
    for (let at = 0; at < row.length; at += 1) {
      const output = outputs[at - key.length];
      row[at] = output === undefined ? (key[at] ?? null) : releaseFigure(program, output, candidate);
    }
    rows.push(row);
  }
  return rows;
}

/**
 * The released rows, and with nulls those that are always listed: the one group of a job without dimensions, or the
 * cross product of the declared keys, for each level. Suppressed and empty are alike by construction: neither is shown.
 * The result is in the order of the keys, totals after their parts. Errors: GATE_GROUPS.
 */
export function listRows(program: AggregateProgram, released: readonly ReleasedRow[]): ReleasedRow[] {
  const { outputs, levels, maxGroups } = program;
  const nulls = outputs.map(() => null);
  const always = levels.flatMap((kept, level) =>
    alwaysListed(program, kept).map((key): ReleasedRow => [...keyOf(program, level, key), ...nulls]),
  );
  const keys = keyColumns(program);
  // The sort is stable: of two rows with one key, the released one comes first and stays.
  const sorted = sortByKeys([...released, ...always], keys);
  const listed = sorted.filter((row, at) => at === 0 || compareKeys(row, sorted[at - 1] ?? [], keys) !== 0);
  // Counted after suppression: a refusal then tells of rows that could be shown, and of no smaller groups.
  if (listed.length > maxGroups) throw new PolicyError("GATE_GROUPS");
  return listed;
}

/** How many of the result's first columns say which group a row is of. */
export function keyColumns({ dimensions, levels }: AggregateProgram): number {
  return dimensions.length + (levels.length > 1 ? 1 : 0);
}

function keyOf(program: AggregateProgram, level: number, key: readonly Cell[]): readonly Cell[] {
  return program.levels.length > 1 ? [...key, groupingId(program, level)] : key;
}

/** SQL's GROUPING_ID: a bit for each dimension, the first the highest, set where the dimension is totalled. */
function groupingId({ dimensions, levels }: AggregateProgram, level: number): number {
  return dimensions.reduce((mask, _, at) => mask * 2 + (levels[level]?.includes(at) === true ? 0 : 1), 0);
}

function alwaysListed(
  { dimensions, declaredKeys }: AggregateProgram,
  kept: readonly number[],
): readonly (readonly Cell[])[] {
  if (dimensions.length > 0 && declaredKeys === null) return [];
  const cells = (declaredKeys ?? []).map((keys, dimension) => (kept.includes(dimension) ? keys : [null]));
  return cells.reduce<readonly (readonly Cell[])[]>(
    (keys, next) => keys.flatMap((key) => next.map((cell) => [...key, cell])),
    [[]],
  );
}

/** Rows by `orderBy`, nulls last in either direction. Ties keep the order of the keys: the sort is stable. */
export function orderRows({ orderBy }: AggregateProgram, rows: readonly ReleasedRow[]): ReleasedRow[] {
  return rows.toSorted((a, b) => {
    for (const { column, direction } of orderBy) {
      const [x, y] = [a[column] ?? null, b[column] ?? null];
      const order = compareCells(x, y) * (direction === "desc" && x !== null && y !== null ? -1 : 1);
      if (order !== 0) return order;
    }
    return 0;
  });
}
