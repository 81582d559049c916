// Complementary suppression on tables too large to try every other one: by the intervals that smaller ones have shown
// to be right, by two ways to find these, and at the limits.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { completeSuppression } from "../../jobs/aggregate/complement.ts";
import type { CellTable } from "../../jobs/aggregate/complement.ts";
import { Flow, Circulation } from "../../jobs/aggregate/complement/flow.ts";
import { measureFreedom } from "../../jobs/aggregate/complement/freedom.ts";
import { feasibleIntervals } from "../../jobs/aggregate/complement/interval.ts";
import { orientNetwork } from "../../jobs/aggregate/complement/network.ts";
import { connectedParts, linkRelations } from "../../jobs/aggregate/complement/relation.ts";
import { Seen } from "../../jobs/aggregate/complement/seen.ts";
import { Dictionary } from "../../jobs/aggregate/complement/simplex.ts";
import { WorkLimit } from "../../jobs/aggregate/complement/work-limit.ts";
import { nth, crossTable, familyTable } from "./complement-tables.ts";

const RUNS = process.env["SEALROOM_DEEP"] === "1" ? 1000 : 40;
const STEPS = 1e9;

/** Many small values, some zeros, a few large ones; leaves under `width` are primary. */
function skewedTable(lengths: readonly number[], width: number): fc.Arbitrary<CellTable> {
  const count = lengths.reduce((product, n) => product * n, 1);
  const leaf = fc.oneof(
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 3 }) },
    { weight: 5, arbitrary: fc.integer({ min: 3, max: 40 }) },
    { weight: 1, arbitrary: fc.integer({ min: 40, max: 100_000 }) },
  );
  return fc
    .array(leaf, { minLength: count, maxLength: count })
    .map((leaves) => markSmall(lengths, leaves, width));
}

function markSmall(lengths: readonly number[], leaves: readonly number[], width: number): CellTable {
  const primary = leaves.flatMap((value, at) => (value < width ? [at] : []));
  return crossTable(lengths, leaves, { primary, width });
}

function countOf(pattern: Uint8Array): number {
  return pattern.reduce((sum, one) => sum + one, 0);
}

function assertWide(table: CellTable, pattern: Uint8Array): void {
  const { low, high } = feasibleIntervals(table, pattern, STEPS);
  pattern.forEach((one, cell) => {
    if (table.suppressed[cell] === 1) assert.equal(one, 1);
    if (one === 1) assert.ok(nth(high, cell) - nth(low, cell) >= (table.width as number), `cell ${cell}`);
  });
  for (const { parent, children } of table.relations) {
    assert.notEqual(countOf(Uint8Array.from([parent, ...children], (cell) => nth(pattern, cell))), 1);
  }
}

test("leaves every suppressed cell of a two-way table wide", () => {
  fc.assert(
    fc.property(skewedTable([8, 6], 4), (table) => {
      assertWide(table, completeSuppression(table));
    }),
    { numRuns: RUNS },
  );
});

test("leaves every suppressed cell of a three-way table wide", () => {
  fc.assert(
    fc.property(skewedTable([4, 4, 3], 3), (table) => {
      assertWide(table, completeSuppression(table));
    }),
    { numRuns: RUNS },
  );
});

test("a two-way table of a hundred rows keeps most of its cells", () => {
  const leaves = Array.from({ length: 10_000 }, (_, at) =>
    (at * 7919) % 101 < 2 ? 1 : 5 + ((at * 104_729) % 997),
  );
  const table = markSmall([100, 100], leaves, 3);
  const pattern = completeSuppression(table);
  const primaries = countOf(table.suppressed);
  assert.ok(primaries > 150);
  assert.ok(countOf(pattern) < 3 * primaries, `${countOf(pattern)} for ${primaries}`);
  assertWide(table, pattern);
});

test("flows and linear programs find the same intervals", () => {
  fc.assert(
    fc.property(
      skewedTable([5, 4], 10),
      fc.array(fc.boolean(), { minLength: 30, maxLength: 30 }),
      (table, marks) => {
        const pattern = Uint8Array.from(marks, Number);
        const relations = linkRelations(table.cells, table.relations);
        const freedom = measureFreedom({ ...table, upper: table.values.map((value) => value + 50) });
        const work = new WorkLimit(STEPS);
        const arcs = { tail: new Int32Array(30), head: new Int32Array(30) };
        const flow = new Flow(arcs, relations, freedom, work);
        const circulation = new Circulation(30);
        for (const part of connectedParts(
          relations,
          marks.flatMap((mark, cell) => (mark ? [cell] : [])),
          pattern,
        )) {
          assert.ok(orientNetwork(relations, part, arcs));
          flow.enter(part);
          for (const cell of part.cells) flow.open(cell);
          const seen = new Seen(30);
          const dictionary = new Dictionary(part, { relations, freedom, seen, work });
          for (const cell of part.cells) {
            for (const sign of [1, -1] as const) {
              circulation.begin(cell, sign);
              flow.push(circulation, Infinity);
              dictionary.stretch(cell, sign, Infinity);
              assert.equal(sign > 0 ? seen.up[cell] : seen.down[cell], circulation.amount);
            }
          }
        }
      },
    ),
    { numRuns: RUNS },
  );
});

test("what a circulation carries is itself a possible table", () => {
  fc.assert(
    fc.property(
      skewedTable([4, 4], 10),
      fc.nat({ max: 24 }),
      fc.constantFrom(1 as const, -1 as const),
      (table, cell, sign) => {
        const relations = linkRelations(table.cells, table.relations);
        const freedom = measureFreedom({ ...table, upper: table.values.map((value) => value + 50) });
        const arcs = { tail: new Int32Array(25), head: new Int32Array(25) };
        const [part] = connectedParts(relations, [0], new Uint8Array(25).fill(1));
        assert.ok(part !== undefined && orientNetwork(relations, part, arcs));
        const flow = new Flow(arcs, relations, freedom, new WorkLimit(STEPS));
        flow.enter(part);
        for (const one of part.cells) flow.open(one);
        const circulation = new Circulation(25);
        circulation.begin(cell, sign);
        flow.push(circulation, 20);
        assert.equal(sign * nth(circulation.flow, cell) + 0, circulation.amount);
        for (const { parent, children } of table.relations) {
          const sum = children.reduce((total, child) => total + nth(circulation.flow, child), 0);
          assert.equal(sum, circulation.flow[parent]);
        }
        circulation.flow.forEach((d, one) => {
          assert.ok(-nth(freedom.down, one) <= d && d <= nth(freedom.up, one));
        });
      },
    ),
    { numRuns: RUNS },
  );
});

test("suppresses a part whole when it takes too much work, and only that part", () => {
  const hard = markSmall(
    [12, 12],
    Array.from({ length: 144 }, (_, at) => 1 + ((at * 31) % 17)),
    4,
  );
  const shift = hard.cells;
  const both = (a: Float64Array, b: readonly number[]): Float64Array => Float64Array.from([...a, ...b]);
  const table: CellTable = {
    cells: shift + 4,
    relations: [...hard.relations, { parent: shift, children: [shift + 1, shift + 2, shift + 3] }],
    values: both(hard.values, [92, 2, 30, 60]),
    lower: new Float64Array(shift + 4),
    upper: new Float64Array(shift + 4).fill(Infinity),
    suppressed: Uint8Array.from([...hard.suppressed, 0, 1, 0, 0]),
    width: 4,
  };
  const pattern = completeSuppression(table, 2000);
  assert.equal(countOf(pattern.subarray(0, shift)), shift);
  assert.deepEqual(Array.from(pattern.subarray(shift)), [0, 1, 1, 0]);
});

test("ends on hostile tables, and releases nothing that it has not proved harmless", () => {
  const huge = 2 ** 1023;
  const tables: CellTable[] = [
    // Sums in a circle: a = b + c, b = a + c.
    {
      cells: 3,
      relations: [
        { parent: 0, children: [1, 2] },
        { parent: 1, children: [0, 2] },
      ],
      values: Float64Array.of(5, 5, 0),
      lower: new Float64Array(3),
      upper: new Float64Array(3).fill(Infinity),
      suppressed: Uint8Array.of(1, 0, 0),
      width: 3,
    },
    // One sum told a hundred times, and a cell in all of them.
    {
      ...crossTable([3], [1, 20, 30], { primary: [0] }),
      relations: Array.from({ length: 100 }, () => ({ parent: 3, children: [0, 1, 2] })),
    },
    { ...crossTable([3], [huge, -huge, 1], { primary: [2] }), lower: new Float64Array(4).fill(-Infinity) },
    { ...crossTable([3], [1e-300, 2e-300, 3e-300], { primary: [0] }), width: 1e-300 },
    { ...crossTable([3], [2 ** 53, 2 ** 53 + 2, 1], { primary: [2] }), width: 2 ** 52 },
    { ...crossTable([3], [0, 0, 0], { primary: [0], width: 5 }) },
  ];
  for (const table of tables) {
    const pattern = completeSuppression(table, 1e6);
    table.suppressed.forEach((one, cell) => {
      assert.ok(nth(pattern, cell) >= one);
    });
    for (const { parent, children } of table.relations) {
      assert.notEqual(countOf(Uint8Array.from([parent, ...children], (cell) => nth(pattern, cell))), 1);
    }
  }
});

test("families that hide their own cost no more for being many", () => {
  const families = Array.from({ length: 3000 }, () => [1, 1, 20, 30]);
  const table = familyTable(families, { primary: families.flatMap((_, f) => [4 * f, 4 * f + 1]), width: 2 });
  assert.equal(countOf(completeSuppression(table, 2e6)), 6000);
});
