// The one pass over a chunk against the general way: the same partial, in every bit, whatever the rows; and nothing that
// stays behind for whoever comes next.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { ColumnBatch } from "../../core/column/vector.ts";
import { ObjectAggregation } from "../../jobs/aggregate/accumulate.ts";
import type { Cell } from "../../jobs/aggregate/cell.ts";
import { FusedPass } from "../../jobs/aggregate/fused-pass.ts";
import type { Partial } from "../../jobs/aggregate/partial.ts";
import type { AggregateProgram, Measure } from "../../jobs/aggregate/program.ts";
import { KERNELS } from "../../jobs/aggregate/wasm/kernels.ts";
import { NOTHING } from "./asked.ts";
import { Dice } from "./generate.ts";
import { assertRefused } from "./refusal.ts";
import { getType, objectsOf } from "./table.ts";
import type { TestColumn, TestTable } from "./table.ts";

const isDeep = process.env["SEALROOM_DEEP"] === "1";
const EXACT = 2 ** 53 - 1;

/** Name, type, a pool of values, and the bounds that fit its kind. */
const MEASURES: readonly (readonly [string, string, readonly Cell[]])[] = [
  ["long", "int64", [0n, 1n, -1n, 5n, 900n, -900n]],
  [
    "wide",
    "int64",
    [-(2n ** 63n), 2n ** 63n - 1n, 2n ** 53n, 2n ** 53n - 1n, -(2n ** 53n), 1n - 2n ** 53n, 7n],
  ],
  ["int", "int32", [-(2 ** 31), -3, 0, 12, 2 ** 31 - 1]],
  ["tiny", "int8", [-128, 0, 127]],
  ["short", "uint16", [0, 1, 65535]],
  ["uint", "uint32", [0, 2 ** 32 - 1]],
  ["ulong", "uint64", [0n, 2n ** 64n - 1n]],
  ["price", "decimal(20,2)", [0n, -12345n, 2n ** 66n]],
  ["real", "float64", [-0, 0, 0.1, -0.3, 1e16, -7.25, 5e-324]],
  ["huge", "float64", [1.7e308, -1.7e308, -0, 1e-300]],
  ["odd", "float64", [NaN, Infinity, -Infinity, 1, 2]],
  ["single", "float32", [-0, 1.5, Math.fround(0.1), -8]],
];
const BOUNDS: Readonly<Record<"exact" | "float", readonly (readonly [number, number])[]>> = {
  exact: [
    [0, 100],
    [3, 50],
    [-50, -3],
    [-20, 30],
    [EXACT - 5, EXACT],
    [-EXACT, -EXACT],
    [-EXACT, EXACT],
    [0, EXACT],
  ],
  float: [
    [0, 8.5],
    [0.1, 3],
    [-3, -0.1],
    [-1000, 1000.5],
    [0, EXACT],
  ],
};

/** Stretches in which rows are each a unit, or units have some rows, or one has very many. */
function generateUnits(dice: Dice, rows: number): number[] {
  let [unit, left, repeat] = [0, 0, 0];
  return Array.from({ length: rows }, (_, row) => {
    if (left === 0) {
      left = 1 + dice.below(dice.pick([20, 200, 20_000]));
      repeat = dice.pick([0, 0, 0.1, 0.6, 0.9999]);
    }
    left -= 1;
    return row > 0 && !dice.chance(repeat) ? (unit += 1) : unit;
  });
}

function generateTable(dice: Dice, rows: number, groups: number): TestTable {
  const names = Array.from({ length: groups }, (_, code) => `g${code}`);
  // Some groups come late, some stay without a row.
  const keys = Array.from({ length: rows }, (_, row): Cell => {
    const known = 1 + Math.floor((groups - 1) * (row / rows) ** 2);
    return names[dice.below(known)] ?? null;
  });
  const key: TestColumn = { name: "key", type: "utf8", role: "dimension", cells: keys, dictionary: names };
  const measures = MEASURES.map(([name, type, pool]): TestColumn => {
    const oddness = name === "odd" ? dice.pick([0, 0.0003]) : 1;
    const nulls = dice.pick([0, 0, 0, 0.001]);
    const cells = Array.from({ length: rows }, (): Cell => {
      if (dice.chance(nulls)) return null;
      return dice.chance(oddness) ? dice.pick(pool) : 1;
    });
    return { name, type, role: "measure", cells };
  });
  return { rows, columns: [key, ...measures], units: dice.chance(0.25) ? null : generateUnits(dice, rows) };
}

function generateMeasure(dice: Dice, type: string, column: number): Measure {
  const exact = !type.startsWith("float");
  const [lower, upper] = dice.pick(BOUNDS[exact ? "exact" : "float"]);
  const sum = dice.chance(0.9) ? { lower, upper, exact } : null;
  const share = sum !== null && (lower >= 0 || upper <= 0) && dice.chance(0.4);
  return { ...NOTHING, column, name: `m${column}`, exact, sum, missing: dice.chance(0.3), share };
}

function programOf(table: TestTable, measures: readonly Measure[]): AggregateProgram {
  const columns = table.columns.map(({ name, type }) => ({ name, type: getType(type) }));
  return {
    kind: "aggregate",
    columns,
    unit: table.units === null ? "row" : "column",
    unitColumn: null,
    computed: [],
    predicate: null,
    dimensions: [{ name: "key", type: getType("utf8"), column: 0 }],
    levels: [[0]],
    measures,
    outputs: [],
    orderBy: [],
    having: null,
    limitBy: null,
    limit: null,
    minUnits: 2,
    maxGroups: 1000,
    maxFormed: 262_144,
    declaredKeys: null,
    maxShare: null,
    rounding: { counts: null, sums: [] },
    interval: 2,
  };
}

/** With a filter that every row passes, which one pass cannot do. */
function generalWay(program: AggregateProgram): AggregateProgram {
  const terms = [true, false].map((isNull) => ({ kind: "null", column: 0, isNull }) as const);
  return { ...program, predicate: { kind: "or", terms } };
}

function batchesOf(table: TestTable, ends: readonly number[]): readonly ColumnBatch[] {
  const names = table.columns.map(({ name }) => name);
  return objectsOf(table, names, [ends])[0] ?? [];
}

function partialOf(program: AggregateProgram, batches: readonly ColumnBatch[]): Partial {
  const aggregation = new ObjectAggregation(program);
  for (const batch of batches) aggregation.add(batch);
  return aggregation.finish();
}

function cutsOf(dice: Dice, rows: number): readonly number[] {
  const inner = Array.from({ length: dice.below(4) }, () => dice.below(rows + 1));
  return [...inner.sort((a, b) => a - b), rows];
}

/** Whether some chunk of the batches was done in one pass: such a loop leaves a word that nothing else writes. */
function isFused(program: AggregateProgram, batches: readonly ColumnBatch[]): boolean {
  KERNELS.badRows[0] = -1;
  partialOf(program, batches);
  return KERNELS.badRows[0] !== -1;
}

const sizes = fc.oneof(
  fc.integer({ min: 0, max: 60 }),
  fc.constantFrom(63, 64, 65, 8191, 8192, 8193, 8200, 16_384, 20_000),
);

test("one pass gives the partial of the general way, however rows, units, and batches lie", () => {
  let fused = 0;
  fc.assert(
    fc.property(fc.integer(), sizes, (seed, rows) => {
      const dice = new Dice(seed);
      const table = generateTable(dice, rows, dice.pick([1, 2, 7, 100]));
      const batches = batchesOf(table, cutsOf(dice, rows));
      const chosen = dice.some(table.columns.slice(1), dice.pick([1, 1, 4, 5]));
      const measures = chosen.map((column) =>
        generateMeasure(dice, column.type, table.columns.indexOf(column)),
      );
      const program = programOf(table, measures);
      assert.deepEqual(partialOf(program, batches), partialOf(generalWay(program), batches));
      if (isFused(program, batches)) fused += 1;
    }),
    { numRuns: isDeep ? 4000 : 250 },
  );
  assert.ok(fused > 25, "some were done in one pass");
});

function measureOf(column: number, exact: boolean, [lower, upper]: readonly [number, number]): Measure {
  const share = lower >= 0 || upper <= 0;
  return {
    ...NOTHING,
    column,
    name: `m${column}`,
    exact,
    sum: { lower, upper, exact },
    missing: true,
    share,
  };
}

for (const [name, type, pool] of MEASURES) {
  const isRead = !["uint", "ulong", "price", "odd"].includes(name);
  test(`values of ${name}, ${type}, are ${isRead ? "" : "not "}added in one pass, and give the same`, () => {
    const dice = new Dice(7);
    const { columns } = generateTable(dice, 9000, 5);
    const cells = Array.from({ length: 9000 }, () => dice.pick(pool));
    const table: TestTable = {
      rows: 9000,
      columns: [...columns.slice(0, 1), { name, type, role: "measure", cells }],
      units: generateUnits(dice, 9000),
    };
    const batches = batchesOf(table, [100, 9000]);
    const exact = !type.startsWith("float");
    for (const bounds of BOUNDS[exact ? "exact" : "float"]) {
      const measure = measureOf(1, exact, bounds);
      const program = programOf(table, [measure]);
      // Where no share is asked records come first, and leave what they do not take (records.test.ts).
      const isLeft = measure.share || ["wide", "huge"].includes(name);
      assert.equal(isFused(program, batches), isRead && isLeft);
      assert.deepEqual(partialOf(program, batches), partialOf(generalWay(program), batches));
    }
  });
}

/** One measure, `x`, of 1, 2, 3, ... in groups that take turns. */
function countingTable(rows: number, units: TestTable["units"], groups = 3): TestTable {
  const names = Array.from({ length: groups }, (_, code) => `g${code}`);
  const keys = Array.from({ length: rows }, (_, row) => names[row % groups] ?? null);
  return {
    rows,
    columns: [
      { name: "key", type: "utf8", role: "dimension", cells: keys, dictionary: names },
      { name: "x", type: "float64", role: "measure", cells: keys.map((_, row) => row + 1) },
    ],
    units,
  };
}

test("a chunk with NaN goes the general way, between two that do not", () => {
  const table = countingTable(24_576, null, 5);
  const [key, x] = table.columns;
  assert.ok(key && x);
  for (const odd of [NaN, Infinity, -Infinity]) {
    const cells = x.cells.map((cell, row) => (row === 10_000 ? odd : cell));
    const program = programOf(table, [measureOf(1, false, [0, 1000])]);
    for (const units of [null, generateUnits(new Dice(3), table.rows)]) {
      const unit = units === null ? "row" : "column";
      const batches = batchesOf({ ...table, columns: [key, { ...x, cells }], units }, [table.rows]);
      const partial = partialOf({ ...program, unit }, batches);
      assert.deepEqual(partial, partialOf(generalWay({ ...program, unit }), batches));
      assert.deepEqual(partial.badRows, [1]);
    }
  }
});

test("rows without a value are passed over, and counted", () => {
  const dice = new Dice(13);
  const table = countingTable(20_000, generateUnits(dice, 20_000), 5);
  const [key, x] = table.columns;
  assert.ok(key && x);
  for (const type of ["int64", "int32", "float64"]) {
    for (const nulls of [0.001, 0.14, 0.9]) {
      const exact = type !== "float64";
      const cells = x.cells.map((cell, row) => {
        // A batch before that has a value in every row, and one after.
        const isNull = row > 3000 && row < 19_000 && dice.chance(nulls);
        return isNull ? null : type === "int64" ? BigInt(Number(cell)) : cell;
      });
      const whole = x.cells.map((_, row) => row % 7);
      const columns: TestColumn[] = [
        key,
        { ...x, type, cells },
        { ...x, name: "y", type: "int32", cells: whole },
      ];
      const batches = batchesOf({ ...table, columns }, [2999, 19_001, 20_000]);
      const low = { ...measureOf(1, exact, [0, 5000]), missing: false };
      const other = { ...measureOf(1, exact, [-3, 7000]), missing: false };
      for (const chosen of [[low], [low, measureOf(2, true, [-3, 4]), other], [low, other, low, other]]) {
        const program = programOf({ ...table, columns }, chosen);
        const middle = batches
          .slice(1, 2)
          .map((batch) => ({ ...batch, unitStart: batch.unitStart?.with(0, 1) ?? null }));
        assert.equal(isFused(program, middle), chosen.length < 4);
        assert.deepEqual(partialOf(program, batches), partialOf(generalWay(program), batches));
      }
    }
  }
});

test("a unit whose rows fill chunks and batches is one unit, and its values one contribution", () => {
  const rows = 30_000;
  const units = Array.from({ length: rows }, (_, row) => (row < 5 ? row : row < 29_990 ? 5 : row));
  const table = countingTable(rows, units, 2);
  const batches = batchesOf(table, [7, 8200, 8200, 21_000, rows]);
  const program = programOf(table, [measureOf(1, false, [0, 1e9])]);
  assert.ok(isFused(program, batches));
  const [level] = partialOf(program, batches).levels;
  const inGroup = (group: number): number[] => units.filter((_, row) => row % 2 === group);
  assert.deepEqual([...(level?.passing ?? [])], [15_000, 15_000]);
  assert.deepEqual(
    [...(level?.units ?? [])],
    [0, 1].map((group) => new Set(inGroup(group)).size),
  );
  const sums = [0, 1].map((group) => 15_000 * (15_000 + 1) - (group === 0 ? 15_000 : 0));
  assert.deepEqual([...(level?.measures[0]?.sum?.high ?? [])], sums);
});

test("as many groups as the kernels' memory has room for, in as many slots, and one more", () => {
  for (const [groups, fits] of [
    [4095, true],
    [4096, false],
  ] as const) {
    const table = countingTable(9000, null, groups);
    const measure = measureOf(1, false, [0, 1000]);
    for (const measures of [1, 4, 5]) {
      const program = programOf(table, Array<Measure>(measures).fill(measure));
      assert.equal(FusedPass.fits(program), measures < 5);
      const batches = batchesOf(table, [9000]);
      assert.equal(isFused(program, batches), fits && measures < 5);
      assert.deepEqual(partialOf(program, batches), partialOf(generalWay(program), batches));
    }
  }
});

test("an object whose first row starts no unit is refused, and so is one that begins anew after another", () => {
  const table = countingTable(20, Array<number>(20).fill(1));
  const program = programOf(table, [measureOf(1, false, [0, 100])]);
  const batches = batchesOf(table, [20]).map((batch) => ({ ...batch, unitStart: Uint8Array.of(2, 0, 0) }));
  partialOf(program, batchesOf(table, [20]));
  assertRefused("AGGREGATE_UNITS", {}, () => partialOf(program, batches));
});

test("two objects that take turns have the partials that each has alone", () => {
  const dice = new Dice(11);
  const tables = [generateTable(dice, 20_000, 7), generateTable(dice, 20_000, 100)];
  const runs = tables.map((table) => {
    const at = table.columns.findIndex(({ name }) => name === "long");
    const columns = table.columns.map((column) => ({
      ...column,
      cells: column.cells.map((cell) => cell ?? 0n),
    }));
    const [key, long] = [table.columns[0], columns[at]];
    assert.ok(key && long);
    const whole = { ...table, columns: [key, long] };
    const program = programOf(whole, [measureOf(1, true, [0, 100])]);
    const batches = batchesOf(whole, [5000, 13_001, 20_000]);
    assert.ok(isFused(program, batches));
    return { batches, alone: partialOf(program, batches), aggregation: new ObjectAggregation(program) };
  });
  for (let batch = 0; batch < 3; batch += 1) {
    for (const { aggregation, batches } of runs) {
      const next = batches[batch];
      if (next !== undefined) aggregation.add(next);
    }
  }
  for (const { aggregation, alone } of runs) assert.deepEqual(aggregation.finish(), alone);
});

test("nothing stays behind of an object whose batch throws half way", () => {
  const table = countingTable(20_000, generateUnits(new Dice(5), 20_000), 4);
  const program = programOf(table, [measureOf(1, false, [0, 1000])]);
  const [batch] = batchesOf(table, [20_000]);
  const x = batch?.columns[1];
  assert.ok(batch && x?.layout === "number");
  const alone = partialOf(program, [batch]);
  let reads = 0;
  const values = Object.create(x.values, {
    subarray: {
      value: (start: number, end: number) => {
        if ((reads += 1) === 3) throw new Error("half way");
        return x.values.subarray(start, end);
      },
    },
  }) as Float64Array;
  const broken: ColumnBatch = { ...batch, columns: [...batch.columns.slice(0, 1), { ...x, values }] };
  const other = new ObjectAggregation(program);
  other.add(batch);
  assert.throws(() => partialOf(program, [broken]), /half way/);
  assert.deepEqual(other.finish(), alone);
  assert.deepEqual(partialOf(program, [batch]), alone);
  // The same object too goes on from where its last whole batch left it, whatever others did meanwhile.
  const again = new ObjectAggregation(program);
  reads = 0;
  assert.throws(() => {
    again.add(broken);
  }, /half way/);
  partialOf(program, [batch]);
  assert.deepEqual(
    again.finish().levels.map(({ groups }) => groups),
    [0],
  );
});
