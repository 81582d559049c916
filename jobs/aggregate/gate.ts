// The release gate: the only way from what was computed to what leaves. A table that comes out of here is public to
// the plan's recipient; whatever it does not list leaves no trace in it, not even how much was left out.
//
// Threshold mode: a group is released only if at least minUnits distinct units have a passing row in it, and an
// aggregate over a column only if at least minUnits of them have a non-null value there, since else a sum may be one
// person's value. This does not stop an analyst from comparing the answers of several jobs, or count(*) with
// count(column) of one; the receipt says so.
import { PolicyError } from "../../core/errors.ts";
import type { ColumnType } from "../../core/column/type.ts";
import { releaseCell } from "./aggregate-cell.ts";
import { compareCells, compareKeys } from "./cell.ts";
import type { Cell } from "./cell.ts";
import type { MergedGroup } from "./merge.ts";
import type { AggregateProgram } from "./program.ts";

/** What leaves: the group columns, then the aggregates. */
export interface ReleasedTable {
  readonly columns: readonly { readonly name: string; readonly type: ColumnType }[];
  readonly rows: readonly (readonly Cell[])[];
}

interface ReleasedGroup {
  readonly key: readonly Cell[];
  readonly cells: readonly Cell[];
}

/**
 * The order of the gate. Rows have been filtered and contributions clipped before (accumulate.ts); dominance,
 * complementary suppression, rounding and having will stand between the suppression and the listing.
 * Errors: GATE_GROUPS, when more groups pass than the rules allow; GATE_ROWS, when more rows remain than the grant allows.
 */
export function passGate(
  program: AggregateProgram,
  groups: Iterable<MergedGroup>,
  { maxRows }: { readonly maxRows: number | null },
): ReleasedTable {
  const released = suppressSmall(program, groups);
  const listed = listDeclared(program, released);
  const ordered = orderRows(program, listed);
  const rows = ordered.slice(0, program.limit ?? ordered.length);
  if (maxRows !== null && rows.length > maxRows) throw new PolicyError("GATE_ROWS", { maxRows });
  const outputs = program.outputs.map(({ as, type }) => ({ name: as, type }));
  return { columns: [...program.dimensions.map(({ name, type }) => ({ name, type })), ...outputs], rows };
}

/** Groups of fewer units vanish; in the others, so do aggregates over a column with fewer units that have a value. */
function suppressSmall(program: AggregateProgram, groups: Iterable<MergedGroup>): ReleasedGroup[] {
  const { minUnits, maxGroups, outputs } = program;
  const released: ReleasedGroup[] = [];
  for (const group of groups) {
    if (group.units < minUnits) continue;
    // Counted after suppression: a refusal then tells of groups that could be shown, and of no smaller ones.
    if (released.length === maxGroups) throw new PolicyError("GATE_GROUPS");
    released.push({
      key: group.key,
      cells: outputs.map((output) => releaseCell(output, group, minUnits)),
    });
  }
  return released;
}

/**
 * Adds, with nulls, the keys that are listed whatever the data: the one group of a job without dimensions, or the
 * cross product of the declared keys. Suppressed and empty are alike by construction: neither is in `released`.
 * The result is in the order of the keys.
 */
function listDeclared(program: AggregateProgram, released: readonly ReleasedGroup[]): ReleasedGroup[] {
  const nulls = program.outputs.map(() => null);
  const always = alwaysListed(program).map((key) => ({ key, cells: nulls }));
  // The sort is stable: of two groups with one key, the released one comes first and stays.
  const sorted = [...released, ...always].toSorted((a, b) => compareKeys(a.key, b.key));
  return sorted.filter(({ key }, at) => compareKeys(key, sorted[at - 1]?.key ?? []) !== 0 || at === 0);
}

function alwaysListed({ dimensions, declaredKeys }: AggregateProgram): readonly (readonly Cell[])[] {
  if (dimensions.length > 0 && declaredKeys === null) return [];
  return (declaredKeys ?? []).reduce<readonly (readonly Cell[])[]>(
    (keys, cells) => keys.flatMap((key) => cells.map((cell) => [...key, cell])),
    [[]],
  );
}

/** Rows by `orderBy`, nulls last in either direction. Ties keep the order of the keys: the sort is stable. */
function orderRows({ orderBy }: AggregateProgram, groups: readonly ReleasedGroup[]): (readonly Cell[])[] {
  const rows = groups.map(({ key, cells }) => [...key, ...cells]);
  return rows.toSorted((a, b) => {
    for (const { column, direction } of orderBy) {
      const [x, y] = [a[column] ?? null, b[column] ?? null];
      const order = compareCells(x, y) * (direction === "desc" && x !== null && y !== null ? -1 : 1);
      if (order !== 0) return order;
    }
    return 0;
  });
}
