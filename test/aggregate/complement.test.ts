// Complementary suppression on textbook tables: which cells go with the primary ones.
import assert from "node:assert/strict";
import { test } from "node:test";
import { completeSuppression } from "../../jobs/aggregate/complement.ts";
import { feasibleIntervals } from "../../jobs/aggregate/complement/interval.ts";
import { nth, crossTable, familyTable } from "./complement-tables.ts";

function cellsOf(pattern: Uint8Array): number[] {
  return Array.from(pattern.keys()).filter((cell) => pattern[cell] === 1);
}

test("suppresses nothing where nothing is primary", () => {
  assert.deepEqual(cellsOf(completeSuppression(crossTable([2, 2], [1, 2, 3, 4]))), []);
});

test("without more suppression, subtraction gives a single suppressed cell exactly", () => {
  const table = crossTable([3], [2, 50, 60], { primary: [0] });
  const before = feasibleIntervals(table, table.suppressed, 1e6);
  assert.deepEqual([before.low[0], before.high[0]], [2, 2]);
  const after = feasibleIntervals(table, completeSuppression(table), 1e6);
  assert.ok(nth(after.high, 0) - nth(after.low, 0) >= 3);
});

test("suppresses beside a single cell the cheapest one that can hide it", () => {
  const table = crossTable([4], [2, 60, 50, 70], { primary: [0] });
  assert.deepEqual(cellsOf(completeSuppression(table)), [0, 2]);
});

test("takes no zero for a hiding place: a zero can only rise", () => {
  const table = crossTable([4], [1, 0, 50, 60], { primary: [0] });
  assert.deepEqual(cellsOf(completeSuppression(table)), [0, 2]);
});

test("completes a rectangle in a two-way table, over the cheapest corners", () => {
  const leaves = [
    [2, 90, 90, 90],
    [90, 30, 90, 20],
    [90, 90, 90, 90],
    [40, 90, 90, 10],
  ].flat();
  const table = crossTable([4, 4], leaves, { primary: [0] });
  // Corners 0, 3 (the row's), 15 (the column's) and 18: 2, 90, 40 and 10. Rows are five cells long.
  assert.deepEqual(cellsOf(completeSuppression(table)), [0, 3, 15, 18]);
});

test("adds nothing to a rectangle of four primary cells that can move against each other", () => {
  const table = crossTable([3, 3], [2, 2, 50, 2, 2, 50, 50, 50, 50], { primary: [0, 1, 3, 4] });
  assert.deepEqual(cellsOf(completeSuppression(table)), [0, 1, 4, 5]);
});

test("adds to a rectangle of four primary cells of which each pair holds the other fast", () => {
  const table = crossTable([3, 3], [1, 1, 50, 1, 1, 50, 50, 50, 50], { primary: [0, 1, 3, 4] });
  const { low, high } = feasibleIntervals(table, table.suppressed, 1e6);
  assert.equal(nth(high, 0) - nth(low, 0), 2);
  const pattern = completeSuppression(table);
  assert.ok(cellsOf(pattern).length > 4);
  const after = feasibleIntervals(table, pattern, 1e6);
  for (const cell of cellsOf(pattern)) assert.ok(nth(after.high, cell) - nth(after.low, cell) >= 3);
});

test("sees through totals: a family of one and its child hide in another family, not in the grand total", () => {
  const table = familyTable([[2], [30, 40], [60, 70]], { primary: [0] });
  // Cells: 0 total; 1, 2, 3 families; 4 | 5, 6 | 7, 8 leaves.
  assert.deepEqual(cellsOf(completeSuppression(table)), [1, 2, 4, 5]);
});

test("leaves a suppressed total no released children to rebuild it from", () => {
  const table = familyTable([
    [30, 40],
    [60, 70],
  ]);
  table.suppressed[1] = 1;
  const pattern = completeSuppression(table);
  assert.equal(pattern[1], 1);
  assert.ok(pattern[3] === 1 || pattern[4] === 1);
  assert.ok(pattern[0] === 1 || pattern[2] === 1);
});

test("leaves parts of the table alone that nothing links to a suppressed cell", () => {
  const table = {
    cells: 6,
    relations: [
      { parent: 0, children: [1, 2] },
      { parent: 3, children: [4, 5] },
    ],
    values: Float64Array.of(22, 2, 20, 22, 2, 20),
    lower: new Float64Array(6),
    upper: new Float64Array(6).fill(Infinity),
    suppressed: Uint8Array.of(0, 1, 0, 0, 0, 0),
    width: 3,
  };
  assert.deepEqual(cellsOf(completeSuppression(table)), [1, 2]);
});

test("asks no more of a cell than what is known of it beforehand leaves open", () => {
  const table = crossTable([3], [1, 9, 50], { primary: [0] });
  table.upper[0] = 2;
  table.lower[1] = 8;
  table.upper[1] = 10;
  assert.deepEqual(cellsOf(completeSuppression(table)), [0, 1]);
});

test("gives company even to a cell that everyone knows, and company to that company, if it asks for any", () => {
  const table = crossTable([3], [1, 9, 50], { primary: [0], width: 0 });
  table.lower[0] = 1;
  table.upper[0] = 1;
  assert.deepEqual(cellsOf(completeSuppression(table)), [0, 1]);
  assert.deepEqual(cellsOf(completeSuppression({ ...table, width: 3 })), [0, 1, 2]);
});

test("counts bounds that exclude the value as the value itself", () => {
  const table = crossTable([2], [5, 50], { primary: [0] });
  table.upper[0] = 4;
  table.lower[0] = 3;
  const { low, high } = feasibleIntervals(table, Uint8Array.of(1, 1, 0), 1e6);
  assert.deepEqual([low[0], high[0]], [3, 5]);
});

test("hides one corner of a cube behind the seven others", () => {
  const leaves = Array.from({ length: 27 }, (_, leaf) => 20 + leaf);
  leaves[0] = 2;
  const pattern = completeSuppression(crossTable([3, 3, 3], leaves, { primary: [0] }));
  assert.equal(cellsOf(pattern).length, 8);
});

test("keeps a width of its own for each cell", () => {
  const table = {
    ...crossTable([4], [2, 20, 500, 600], { primary: [0] }),
    width: new Float64Array(5).fill(3),
  };
  assert.deepEqual(cellsOf(completeSuppression(table)), [0, 1]);
  table.width[0] = 100;
  assert.deepEqual(cellsOf(completeSuppression(table)), [0, 2]);
});

test("hides fractions, too", () => {
  const table = crossTable([3], [0.3, 7.7, 12.1], { primary: [0], width: 2.5 });
  assert.deepEqual(cellsOf(completeSuppression(table)), [0, 1]);
});

test("releases nothing beside a suppressed value that is no number", () => {
  for (const odd of [NaN, Infinity, -Infinity]) {
    const table = crossTable([2, 2], [1, 20, 30, 40], { primary: [0] });
    table.values[0] = odd;
    assert.equal(cellsOf(completeSuppression(table)).length, 9);
  }
});

test("hides nothing behind a released value that is no number", () => {
  const table = crossTable([3], [2, NaN, 50], { primary: [0] });
  assert.deepEqual(cellsOf(completeSuppression(table)), [0, 2]);
});

test("finds endless width where a cell can rise with its totals", () => {
  const table = crossTable([2, 2], [1, 20, 30, 40], { primary: [0], width: Infinity });
  // The cell, its row's total, its column's and the total of all.
  assert.deepEqual(cellsOf(completeSuppression(table)), [0, 2, 6, 8]);
});

test("refuses tables that are none", () => {
  const table = crossTable([2], [1, 2], { primary: [0] });
  const broken = [
    { ...table, relations: [{ parent: 2, children: [] }] },
    { ...table, relations: [{ parent: 2, children: [0, 3] }] },
    { ...table, relations: [{ parent: 2, children: [0, -1] }] },
    { ...table, relations: [{ parent: 2, children: [0, 0] }] },
    { ...table, relations: [{ parent: 2, children: [2, 0] }] },
    { ...table, width: -1 },
    { ...table, width: NaN },
    { ...table, width: new Float64Array(2) },
    { ...table, values: new Float64Array(2) },
    { ...table, lower: new Float64Array(3).fill(NaN) },
    { ...table, lower: new Float64Array(3).fill(2), upper: new Float64Array(3).fill(1) },
    { ...table, suppressed: new Uint8Array(2) },
  ];
  for (const one of broken) assert.throws(() => completeSuppression(one), RangeError);
});
