// What is released of one figure of one group: null where it is withheld, else rounded, in the range of its type.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ColumnType } from "../../core/column/type.ts";
import { EVERY_FIGURE, WITHHELD } from "../../jobs/aggregate/gate/candidate.ts";
import { releaseFigure } from "../../jobs/aggregate/gate/figure.ts";
import { squareStep } from "../../jobs/aggregate/gate/rounding.ts";
import type { MergedMeasure } from "../../jobs/aggregate/merged-measure.ts";
import type { AggregateProgram, Measure } from "../../jobs/aggregate/program.ts";
import type { Cell } from "../../jobs/aggregate/cell.ts";
import { NOTHING } from "./asked.ts";
import { candidateOf, outputOf, programOf } from "./candidates.ts";
import type { Facts, Op } from "./candidates.ts";

const INT64: ColumnType = { kind: "int", bits: 64, signed: true };
const INT32: ColumnType = { kind: "int", bits: 32, signed: true };
const FLOAT64: ColumnType = { kind: "float", bits: 64 };
const DECIMAL: ColumnType = { kind: "decimal", precision: 38, scale: 2 };
const MOST = 2n ** 63n - 1n;
const LEAST = -(2n ** 63n);
const RULE = { lower: 10, upper: 20, exact: true };

interface Case {
  readonly type?: ColumnType;
  readonly scale?: number;
  readonly facts?: Partial<Facts>;
  readonly rounding?: AggregateProgram["rounding"];
  readonly rule?: Measure["moments"];
}

function figure(op: Op, measure: Partial<MergedMeasure>, given: Case = {}): Cell {
  const { type = INT64, scale = 0, facts, rounding = { counts: null, sums: [null] }, rule = RULE } = given;
  const measures: readonly Measure[] = [
    { ...NOTHING, column: 0, name: "x", exact: true, sum: rule, moments: rule },
  ];
  const group = candidateOf({ level: 0, key: ["a"], rows: 9, units: 5, measure, ...facts });
  return releaseFigure(programOf([op], { rounding, measures }), outputOf(op, type, scale), group);
}

const MOMENTS = { count: 5, mean: 15, m2: 40 };
const ALL: Partial<MergedMeasure> = {
  sum: 60n,
  moments: MOMENTS,
  min: { value: 10n, units: 3 },
  max: { value: 20n, units: 3 },
};
const EVERY: readonly (readonly [Op, Cell, readonly (keyof typeof WITHHELD)[]])[] = [
  ["count_column", 5n, ["present"]],
  ["sum", 60n, ["value"]],
  ["avg", 12, ["value", "present"]],
  ["var", 10, ["value", "present"]],
  ["stddev", Math.sqrt(10), ["value", "present"]],
  ["min", 10n, ["min"]],
  ["max", 20n, ["max"]],
];

for (const [op, value, needs] of EVERY) {
  test(`gives ${op} where nothing that it needs is withheld: ${needs.join(" and ")}`, () => {
    const released = (facts: Partial<Facts>): Cell => figure(op, ALL, { facts: { present: 5, ...facts } });
    assert.equal(released({}), value);
    for (const what of ["present", "value", "min", "max"] as const) {
      assert.equal(released({ withheld: WITHHELD[what] }), needs.includes(what) ? null : value, what);
    }
    assert.equal(released({ withheld: EVERY_FIGURE }), null);
    assert.equal(released({ isShown: false }), null);
  });
}

test("gives counts of rows and units of a group that is shown, rounded", () => {
  assert.equal(figure("count", {}), 9n);
  assert.equal(figure("count_units", {}), 5n);
  const rounding = { counts: 4, sums: [null] };
  assert.equal(figure("count", {}, { rounding }), 8n);
  assert.equal(figure("count_units", {}, { rounding }), 4n);
  assert.equal(figure("count_column", { nonNull: 6 }, { rounding }), 8n);
  for (const op of ["count", "count_units"] as const) {
    assert.equal(figure(op, {}, { facts: { isShown: false } }), null);
  }
});

test("sums saturate at the range of int64, decimals and floats do not", () => {
  for (const [sum, value] of [
    [MOST, MOST],
    [MOST + 1n, MOST],
    [MOST - 1n, MOST - 1n],
    [LEAST, LEAST],
    [LEAST - 1n, LEAST],
    [LEAST + 1n, LEAST + 1n],
  ] as const) {
    assert.equal(figure("sum", { sum }), value);
    assert.equal(figure("sum", { sum }, { type: DECIMAL }), sum);
  }
  assert.equal(figure("sum", { sum: 2 ** 70 }, { type: FLOAT64 }), 2 ** 70);
});

test("an average is of the rounded sum by the rounded rows, in the column's own unit", () => {
  const facts = { present: 4 };
  assert.equal(figure("avg", { sum: 10n }, { facts }), 2.5);
  assert.equal(figure("avg", { sum: 1010n }, { facts, scale: 2 }), 2.525);
  assert.equal(figure("avg", { sum: 10.5 }, { facts, type: FLOAT64 }), 2.625);
  // Floats have no smaller unit, whatever the scale says.
  assert.equal(figure("avg", { sum: 10.5 }, { facts, type: FLOAT64, scale: 2 }), 2.625);
  assert.equal(figure("avg", { sum: 11n }, { facts, rounding: { counts: 5, sums: [5] } }), 2);
  // Of rows that are rounded to none there is no average.
  assert.equal(figure("avg", { sum: 11n }, { facts, rounding: { counts: 10, sums: [5] } }), null);
});

test("a variance is of two rows at the least, by one less than there are", () => {
  const of = (moments: MergedMeasure["moments"], given: Case = {}): readonly Cell[] =>
    (["var", "stddev"] as const).map((op) => figure(op, { moments }, given));
  assert.deepEqual(of({ count: 1, mean: 1, m2: 0 }), [null, null]);
  assert.deepEqual(of({ count: 2, mean: 1, m2: 9 }), [9, 3]);
  assert.deepEqual(of({ count: 5, mean: 1, m2: 36 }), [9, 3]);
  assert.deepEqual(of({ count: 5, mean: 1, m2: 360_000 }, { scale: 2 }), [9, 3]);
  // Six rows are rounded to five, one to none.
  const rounding = { counts: 5, sums: [null] };
  assert.deepEqual(of({ count: 6, mean: 1, m2: 4000 }, { rounding }), [1000, Math.sqrt(1000)]);
  assert.deepEqual(of({ count: 1, mean: 1, m2: 4000 }, { rounding }), [null, null]);
});

test("squares are rounded by the distance of the bounds, and too few steps of it are none", () => {
  // From 10 to 20, sums to 2: steps of 20, of which five are shown.
  const rounding = { counts: null, sums: [2] };
  const squares = (m2: number, given: Case = {}): Cell =>
    figure("var", { moments: { count: 2, mean: 15, m2 } }, { rounding, ...given });
  assert.equal(squares(100), 100);
  assert.equal(squares(109), 100);
  assert.equal(squares(110), 120);
  assert.equal(squares(91), 100);
  assert.equal(squares(89), null);
  // Where both bounds are one value, or nothing is rounded, they are as they are.
  assert.equal(squares(7, { rule: { lower: 5, upper: 5, exact: true } }), 7);
  assert.equal(squares(7, { rounding: { counts: null, sums: [null] } }), 7);
});

test("a step of squares is of the coarser of counts and sums, and none without rounding", () => {
  assert.equal(squareStep(10, null, null), null);
  assert.equal(squareStep(10, 3, null), 300);
  assert.equal(squareStep(10, null, 7), 70);
  assert.equal(squareStep(10, 3, 31), 310);
  assert.equal(squareStep(10, 3, 29), 300);
});

test("an extreme is in the column's own type, and null where there is none", () => {
  assert.equal(figure("min", { min: { value: -7n, units: 3 } }, { type: INT32 }), -7);
  assert.equal(figure("max", { max: { value: 7n, units: 3 } }, { type: INT64 }), 7n);
  assert.equal(figure("max", { max: { value: null, units: 0 } }), null);
  assert.equal(figure("min", { min: null }), null);
});

test("a group of another program is a fault, and gives no figure", () => {
  const faults: readonly (() => unknown)[] = [
    () => figure("sum", { sum: null }),
    () => figure("avg", { sum: null }),
    () => figure("var", { moments: null }),
    () => figure("stddev", { moments: MOMENTS }, { rule: null }),
    () => {
      const group = candidateOf({ level: 0, key: [], rows: 9, units: 5 });
      const bare = { ...group, group: { ...group.group, measures: [] } };
      return releaseFigure(programOf(["sum"]), outputOf("sum"), bare);
    },
  ];
  for (const fault of faults) assert.throws(fault, /^Error: internal: /);
});
