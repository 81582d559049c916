// What the tables of complementary suppression say that anyone knows of a figure beforehand, by hand for two groups and
// their total: too little known, and more is withheld than need be; too much, and what is withheld can be worked out.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { CellTable } from "../../jobs/aggregate/complement.ts";
import { WITHHELD } from "../../jobs/aggregate/gate/candidate.ts";
import type { Candidate } from "../../jobs/aggregate/gate/candidate.ts";
import { presentTable, rowTable, unitTable, valueTable } from "../../jobs/aggregate/gate/cell-tables.ts";
import { linkLevels } from "../../jobs/aggregate/gate/lattice.ts";
import type { AggregateProgram, ClipRule } from "../../jobs/aggregate/program.ts";
import { candidateOf, programOf } from "./candidates.ts";
import type { Facts, Op } from "./candidates.ts";

const A = { level: 0, key: ["a"], rows: 9, units: 7, present: 8, sum: 50 } as const;
const B = { level: 0, key: ["b"], rows: 2, units: 2, present: 2, sum: 6, isShown: false } as const;
const TOTAL = { level: 1, key: [null], rows: 11, units: 8, present: 10, sum: 40 } as const;

function plain(table: CellTable): unknown {
  const { cells, relations, values, lower, upper, suppressed, width } = table;
  // Of -0 and 0 neither is less.
  const list = (numbers: ArrayLike<number>): readonly number[] => Array.from(numbers, (n) => n + 0);
  return {
    cells,
    relations: relations.map(({ parent, children }) => [parent, ...children]),
    values: list(values),
    lower: list(lower),
    upper: list(upper),
    suppressed: list(suppressed),
    width: typeof width === "number" ? width : list(width),
  };
}

type Make = (program: AggregateProgram, candidates: readonly Candidate[]) => CellTable;

const rows: Make = (program, candidates) => rowTable(program, candidates, linkLevels(program, candidates));
const units: Make = (program, candidates) => unitTable(program, candidates, linkLevels(program, candidates));
const present: Make = (program, candidates) =>
  presentTable(program, candidates, linkLevels(program, candidates), 0);

function made(make: Make, program: AggregateProgram, facts: readonly Facts[] = [A, B, TOTAL]): unknown {
  return plain(make(program, facts.map(candidateOf)));
}

test("rows: without a filter everyone knows how many the data set has, and so its total", () => {
  assert.deepEqual(made(rows, programOf(["count"])), {
    cells: 4,
    relations: [
      [2, 0, 1],
      [3, 2],
    ],
    values: [9, 2, 11, 11],
    lower: [1, 1, 11, 11],
    upper: [Infinity, Infinity, 11, 11],
    suppressed: [0, 1, 0, 0],
    width: [4, 4, 0, 0],
  });
});

test("rows: with a filter nobody knows more than that there is one", () => {
  const predicate = { kind: "null", column: 0, isNull: false } as const;
  assert.deepEqual(made(rows, programOf(["count"], { predicate }), [A, B, { ...TOTAL, isShown: false }]), {
    cells: 3,
    relations: [[2, 0, 1]],
    values: [9, 2, 11],
    lower: [1, 1, 1],
    upper: [Infinity, Infinity, Infinity],
    suppressed: [0, 1, 1],
    width: [4, 4, 4],
  });
});

test("rows: the data set is the sum of each level that has no coarser one, and of none without groups", () => {
  const facts = [
    { ...A, key: ["a", true] },
    { ...B, key: ["b", true] },
    { ...A, level: 1, key: ["a", null] },
    { ...B, level: 1, key: ["b", null] },
    { ...TOTAL, level: 2, key: [null, true] },
  ];
  const two = programOf(["count"], { levels: [[0, 1], [0], [1]] });
  assert.deepEqual(made(rows, two, facts), {
    cells: 6,
    relations: [
      [2, 0],
      [3, 1],
      [4, 0, 1],
      [5, 2, 3],
      [5, 4],
    ],
    values: [9, 2, 9, 2, 11, 11],
    lower: [1, 1, 1, 1, 1, 11],
    upper: [Infinity, Infinity, Infinity, Infinity, Infinity, 11],
    suppressed: [0, 1, 0, 1, 0, 0],
    width: [4, 4, 4, 4, 4, 0],
  });
  assert.deepEqual(made(rows, programOf(["count"]), []), {
    cells: 1,
    relations: [],
    values: [0],
    lower: [0],
    upper: [0],
    suppressed: [0],
    width: [0],
  });
});

test("units: a total stands as the sum of its parts, though it is of fewer", () => {
  assert.deepEqual(made(units, programOf(["count_units"])), {
    cells: 3,
    relations: [[2, 0, 1]],
    values: [7, 2, 9],
    lower: [1, 1, 1],
    upper: [Infinity, Infinity, Infinity],
    suppressed: [0, 1, 0],
    width: [4, 4, 4],
  });
});

test("rows with a value: no more than the rows of a group that is shown with them, and none at the least", () => {
  const tableOf = (ops: readonly Op[]): unknown =>
    made(present, programOf(ops), [
      { ...A, withheld: WITHHELD.present },
      B,
      { ...TOTAL, withheld: WITHHELD.value },
    ]);
  const known = {
    cells: 3,
    relations: [[2, 0, 1]],
    values: [8, 2, 10],
    lower: [0, 0, 0],
    upper: [9, Infinity, 11],
    suppressed: [1, 1, 0],
    width: [4, 4, 4],
  };
  assert.deepEqual(tableOf(["count_column", "count"]), known);
  assert.deepEqual(tableOf(["count_column"]), { ...known, upper: [Infinity, Infinity, Infinity] });
  // Nothing can be known less closely than from none to all rows.
  const few = made(present, programOf(["count_column", "count"]), [{ ...A, rows: 3, present: 2 }, TOTAL]);
  assert.deepEqual(few, {
    cells: 2,
    relations: [[1, 0]],
    values: [2, 2],
    lower: [0, 0],
    upper: [3, 11],
    suppressed: [0, 0],
    width: [3, 4],
  });
});

/** Of a, shown; of b, not shown; of their total, in whose place the sum of both stands. */
function sums(
  { lower, upper, exact }: ClipRule,
  ops: readonly Op[],
  changes: Partial<AggregateProgram> = {},
  facts: readonly Facts[] = [A, B, TOTAL],
): { readonly values: unknown; readonly lower: unknown; readonly upper: unknown; readonly width: unknown } {
  const program = programOf(ops, changes);
  const candidates = facts.map(candidateOf);
  const table = valueTable(program, candidates, linkLevels(program, candidates), 0, { lower, upper, exact });
  const { values, lower: least, upper: most, width } = plain(table) as ReturnType<typeof sums>;
  return { values, lower: least, upper: most, width };
}

const BOTH_SIGNS = { lower: -10, upper: 20, exact: true };

test("sums: no more than so many units can have, where it is known how many they are", () => {
  assert.deepEqual(sums(BOTH_SIGNS, ["sum", "count_units", "count"]), {
    values: [50, 6, 56],
    lower: [-70, -Infinity, -80],
    upper: [140, Infinity, 160],
    // One unit's most is from -10 to 20.
    width: [120, 120, 120],
  });
  // Each unit has a row at the least.
  assert.deepEqual(sums(BOTH_SIGNS, ["sum", "count"]), {
    values: [50, 6, 56],
    lower: [-90, -Infinity, -110],
    upper: [180, Infinity, 220],
    width: [120, 120, 120],
  });
  assert.deepEqual(sums(BOTH_SIGNS, ["sum"]), {
    values: [50, 6, 56],
    lower: [-Infinity, -Infinity, -Infinity],
    upper: [Infinity, Infinity, Infinity],
    width: [120, 120, 120],
  });
});

test("sums: a figure past what so many units can have is known to be possible all the same", () => {
  // As the sum of parts that are clipped each by itself, a total may be.
  const ops = ["sum", "count_units"] as const;
  assert.deepEqual(sums(BOTH_SIGNS, ops, {}, [{ ...A, sum: 150 }, B, TOTAL]).upper, [150, Infinity, 160]);
  assert.deepEqual(sums(BOTH_SIGNS, ops, {}, [{ ...A, sum: -75 }, B, TOTAL]).lower, [-75, -Infinity, -80]);
});

test("sums: bounds of one sign are known to be kept by every row with a value, where each row is a unit", () => {
  const ops = ["sum", "count_units", "count_column"] as const;
  const above = { lower: 5, upper: 20, exact: true };
  const below = { lower: -20, upper: -5, exact: true };
  const row = { unit: "row" } as const;
  assert.deepEqual(sums(above, ops, row).lower, [40, 0, 50]);
  assert.deepEqual(sums(above, ops, row).upper, [140, Infinity, 160]);
  assert.deepEqual(sums(below, ops, row, [{ ...A, sum: -50 }, { ...B, sum: -20 }, TOTAL]), {
    values: [-50, -20, -70],
    lower: [-140, -Infinity, -160],
    upper: [-40, 0, -50],
    width: [80, 80, 80],
  });
  // Not where a unit has several rows, where the count is not released, or where it is withheld.
  assert.deepEqual(sums(above, ops).lower, [0, 0, 0]);
  assert.deepEqual(sums(above, ["sum", "count_units"], row).lower, [0, 0, 0]);
  const hidden = [{ ...A, withheld: WITHHELD.present }, B, TOTAL];
  assert.deepEqual(sums(above, ops, row, hidden).lower, [0, 0, 50]);
});

test("sums: a bound of nothing is nothing, of however many units", () => {
  assert.deepEqual(sums({ lower: 0, upper: 20, exact: true }, ["sum"]).lower, [0, 0, 0]);
  const none = [{ ...A, sum: 0 }, { ...B, sum: 0 }, TOTAL];
  for (const exact of [true, false]) {
    assert.deepEqual(sums({ lower: 0, upper: 0, exact }, ["sum"], {}, none), {
      values: [0, 0, 0],
      lower: [0, 0, 0],
      upper: [0, 0, 0],
      width: [0, 0, 0],
    });
  }
});

test("sums: are told apart to a millionth of what one unit can have, and integers no finer than ones", () => {
  const most = 2 ** 21;
  // Steps of 2: outwards where something is known, to the nearest where it is the sum.
  const facts = [{ ...A, sum: 51.2, units: 3 }, { ...B, sum: 6, isShown: true }, TOTAL];
  for (const exact of [true, false]) {
    assert.deepEqual(sums({ lower: -1, upper: most - 1, exact }, ["sum", "count_units"], {}, facts), {
      values: [26, 3, 29],
      lower: [-2, -1, -4],
      upper: [Math.ceil((3 * (most - 1)) / 2), most - 1, 4 * (most - 1)],
      width: [Math.ceil((3 * (most - 1)) / 2) + 2, most, 4 * (most / 2)],
    });
  }
  const fine = { lower: 0, upper: 2 ** -4 };
  const sixteenths = [{ ...A, sum: 2 ** -3 }, B, TOTAL];
  assert.deepEqual(sums({ ...fine, exact: false }, ["sum"], {}, [{ ...A, sum: 2 ** -3 }]).values, [2 ** 21]);
  assert.deepEqual(sums({ ...fine, exact: true }, ["sum"], {}, sixteenths).values, [0, 6, 6]);
});

test("withheld sums are marked as such, and no others", () => {
  const program = programOf(["sum"]);
  const marks = (withheld: number): unknown => {
    const candidates = [{ ...A, withheld }, B, TOTAL].map(candidateOf);
    return [...valueTable(program, candidates, linkLevels(program, candidates), 0, BOTH_SIGNS).suppressed];
  };
  assert.deepEqual(marks(WITHHELD.value), [1, 1, 0]);
  assert.deepEqual(marks(WITHHELD.present | WITHHELD.min | WITHHELD.max), [0, 1, 0]);
});
