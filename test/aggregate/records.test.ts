// Records in the arena against the general way: the same partial, in every bit, whatever the rows, the filter, what is
// computed of them, and how many groups there are; and what makes a pass give up, or give way to another.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { ColumnBatch } from "../../core/column/vector.ts";
import { ObjectAggregation } from "../../jobs/aggregate/accumulate.ts";
import type { Cell } from "../../jobs/aggregate/cell.ts";
import { cellSet } from "../../jobs/aggregate/cell-set.ts";
import type { Partial } from "../../jobs/aggregate/partial.ts";
import type {
  AggregateProgram,
  ArithmeticNode,
  Computed,
  Measure,
  TypedPredicate,
} from "../../jobs/aggregate/program.ts";
import { radixOrder } from "../../jobs/aggregate/radix-order.ts";
import { RecordPass } from "../../jobs/aggregate/record/record-pass.ts";
import { NOTHING } from "./asked.ts";
import { Dice } from "./generate.ts";
import { assertRefused } from "./refusal.ts";
import { getType, objectsOf } from "./table.ts";
import type { TestColumn, TestTable } from "./table.ts";

const isDeep = process.env["SEALROOM_DEEP"] === "1";
const EXACT = 2 ** 53 - 1;
const FLOAT64 = getType("float64");

/** Name, type, and a pool of values. */
const NUMBERS: readonly (readonly [string, string, readonly Cell[]])[] = [
  ["int", "int32", [-(2 ** 31), -3, 0, 12, 2 ** 31 - 1]],
  ["small", "int32", [0, 1, 2, 3]],
  ["tiny", "int8", [-128, 0, 127]],
  ["short", "uint16", [0, 1, 65_535]],
  ["uint", "uint32", [0, 2 ** 32 - 1]],
  ["long", "int64", [0n, 1n, -1n, 900n, 2n ** 53n - 1n, 1n - 2n ** 53n]],
  ["wide", "int64", [2n ** 63n - 1n, -(2n ** 63n), 3n]],
  ["real", "float64", [-0, 0, 0.1, -0.3, 1e16, -7.25, 5e-324]],
  ["price", "float64", [1.25, 99.99, 0.05]],
  ["huge", "float64", [1.7e308, -1.7e308, 1]],
  ["single", "float32", [-0, 1.5, Math.fround(0.1)]],
];
const BOUNDS = {
  exact: [
    [0, 100],
    [-50, -3],
    [-20, 30],
    [0, 2 ** 22],
    [EXACT - 5, EXACT],
    [-EXACT, EXACT],
  ],
  float: [
    [0, 8.5],
    [-3, -0.1],
    [-1000, 1000.5],
  ],
} as const;

function generateUnits(dice: Dice, rows: number): number[] {
  const repeat = dice.pick([0, 0.3, 0.7, 0.999]);
  let unit = 0;
  return Array.from({ length: rows }, (_, row) => (row > 0 && !dice.chance(repeat) ? (unit += 1) : unit));
}

/** Keys of each kind that gets numbers, and one of each kind of number. */
function generateTable(dice: Dice, rows: number): TestTable {
  const names = Array.from({ length: 7 }, (_, code) => `g${code}`);
  const spread = dice.pick([3, 900, 5000, 2 ** 32]);
  const nulls = dice.pick([0, 0, 0, 0.0005]);
  const cellsOf = (cell: () => Cell): Cell[] =>
    Array.from({ length: rows }, () => (dice.chance(nulls) ? null : cell()));
  const keys: TestColumn[] = [
    {
      ...{ name: "text", type: "utf8", role: "dimension", dictionary: names },
      cells: cellsOf(() => dice.pick(names)),
    },
    {
      ...{ name: "other", type: "utf8", role: "dimension", dictionary: ["x", "y", "x"] },
      cells: cellsOf(() => dice.pick(["x", "y"])),
    },
    { name: "flag", type: "bool", role: "dimension", cells: cellsOf(() => dice.chance(0.5)) },
    {
      ...{ name: "key", type: "int32", role: "dimension" },
      cells: cellsOf(() => Math.floor((dice.real() - 0.5) * spread)),
    },
    {
      ...{ name: "ukey", type: "uint32", role: "dimension" },
      cells: cellsOf(() => Math.floor(dice.real() * spread)),
    },
    { name: "day", type: "date", role: "dimension", cells: cellsOf(() => dice.below(3000)) },
  ];
  const numbers = NUMBERS.map(([name, type, pool]): TestColumn => {
    const own = dice.pick([0, 0, 0, 0.0005]);
    const cells = Array.from({ length: rows }, () => (dice.chance(own) ? null : dice.pick(pool)));
    return { name, type, role: "measure", cells };
  });
  return {
    rows,
    columns: [...keys, ...numbers],
    units: dice.chance(0.2) ? null : generateUnits(dice, rows),
  };
}

function columnAt({ columns }: TestTable, name: string): number {
  return columns.findIndex((column) => column.name === name);
}

function generateNode(dice: Dice, table: TestTable, depth: number): ArithmeticNode {
  if (depth === 0 || dice.chance(0.2)) {
    if (dice.chance(0.3)) return { kind: "constant", value: dice.pick([0, 1, -2, 0.5]) };
    const name = dice.pick(["real", "price", "small", "huge", "long"]);
    return {
      kind: "column",
      column: columnAt(table, name),
      exact: !["real", "price", "huge"].includes(name),
    };
  }
  const operand = (): { node: ArithmeticNode; times: number; over: number } => ({
    node: generateNode(dice, table, depth - 1),
    times: 1,
    over: dice.pick([1, 1, 100]),
  });
  return {
    ...{ kind: "operation", op: dice.pick(["+", "-", "*", "/"]), exact: false },
    operands: [operand(), operand()],
  };
}

function generatePredicate(dice: Dice, table: TestTable): TypedPredicate {
  const leaf = (): TypedPredicate => {
    const name = dice.pick(["day", "key", "small", "real", "price", "text", "short"]);
    const column = columnAt(table, name);
    const type = getType(table.columns[column]?.type ?? "");
    if (name === "text") return { kind: "member", column, set: cellSet(type, { op: "!=", value: "g1" }) };
    const value = dice.pick([1500, 2900, -1, 1, 0.1, 99]);
    const whole = type.kind === "float" ? value : Math.floor(value);
    const op = dice.pick(["<", "<=", ">", ">=", "=", "!="] as const);
    const set = dice.chance(0.3)
      ? cellSet(type, { between: [Math.min(whole, 1), Math.max(whole, 2)] })
      : cellSet(type, { op, value: whole });
    return { kind: "member", column, set };
  };
  const terms = Array.from({ length: 1 + dice.below(3) }, leaf);
  if (dice.chance(0.2)) return { kind: "or", terms };
  return dice.chance(0.1) ? { kind: "not", term: leaf() } : { kind: "and", terms };
}

function generateProgram(dice: Dice, table: TestTable): AggregateProgram {
  const computed = Array.from({ length: dice.below(3) }, (): Computed & { kind: "arithmetic" } => ({
    ...{ kind: "arithmetic", type: FLOAT64 },
    root: generateNode(dice, table, 2),
  }));
  const measured = dice.some(
    NUMBERS.map(([name]) => name),
    dice.pick([1, 2, 3, 5]),
  );
  const measures = [
    ...measured.map((name) => {
      const column = columnAt(table, name);
      return generateMeasure(dice, column, !(table.columns[column]?.type ?? "").startsWith("float"));
    }),
    ...computed.map((_, at) => generateMeasure(dice, table.columns.length + at, false)),
  ];
  const keys = dice.pick([["text"], ["text", "other"], ["text", "flag"], ["key"], ["ukey"], ["day"], []]);
  return programOf(table, {
    computed,
    measures,
    keys,
    predicate: dice.chance(0.5) ? generatePredicate(dice, table) : null,
  });
}

function generateMeasure(dice: Dice, column: number, exact: boolean): Measure {
  const [lower, upper] = dice.pick(
    BOUNDS[exact ? "exact" : "float"] as readonly (readonly [number, number])[],
  );
  const sum = dice.chance(0.9) ? { lower, upper, exact } : null;
  return { ...NOTHING, column, name: `m${column}`, exact, sum, missing: dice.chance(0.3) };
}

interface Asked {
  readonly keys: readonly string[];
  readonly measures: readonly Measure[];
  readonly computed?: readonly Computed[];
  readonly predicate?: TypedPredicate | null;
}

function programOf(table: TestTable, { keys, measures, computed, predicate }: Asked): AggregateProgram {
  const columns = table.columns.map(({ name, type }) => ({ name, type: getType(type) }));
  return {
    kind: "aggregate",
    columns,
    unit: table.units === null ? "row" : "column",
    unitColumn: null,
    computed: computed ?? [],
    predicate: predicate ?? null,
    dimensions: keys.map((name) => {
      const column = columnAt(table, name);
      return { name, type: columns[column]?.type ?? FLOAT64, column };
    }),
    levels: [keys.map((_, at) => at)],
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

/** With one more measure, of which an extreme is asked: neither one pass nor records have that. */
function generalWay(program: AggregateProgram): AggregateProgram {
  const extra: Measure = { ...NOTHING, column: 0, name: "extra", exact: true, sum: null, extremes: ["min"] };
  return { ...program, measures: [...program.measures, extra] };
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

/** By key, in whichever order a partial has its groups, all of its figures. */
function figuresOf({ levels, badRows }: Partial, { measures }: AggregateProgram): unknown {
  const groups = levels.map(({ groups: count, keys, passing, units, measures: figures }) => {
    const rows = Array.from({ length: count }, (_, at) => [
      JSON.stringify(keys.map(({ codes, cells }) => cells[codes[at] ?? 0] ?? null)),
      [
        ...[passing[at], units[at]],
        ...figures
          .slice(0, measures.length)
          .map(({ nonNull, units: own, missing, sum }) => [
            ...[nonNull[at], own[at], missing?.[at], sum?.high[at], sum?.low[at]],
          ]),
      ],
    ]);
    return new Map(rows as [string, unknown][]);
  });
  return { groups, badRows: badRows.slice(0, measures.length) };
}

function assertAlike(program: AggregateProgram, batches: readonly ColumnBatch[]): void {
  assert.deepEqual(
    figuresOf(partialOf(program, batches), program),
    figuresOf(partialOf(generalWay(program), batches), program),
  );
}

/** Whether integer keys were counted in records to the end: then they come as they lay there. */
function keepsRecords(program: AggregateProgram, batches: readonly ColumnBatch[]): boolean {
  const cells = partialOf(program, batches).levels[0]?.keys[0]?.cells;
  return cells instanceof Int32Array || cells instanceof Uint32Array;
}

const sizes = fc.oneof(
  fc.integer({ min: 0, max: 60 }),
  fc.constantFrom(2047, 2048, 2049, 4096, 8200, 12_000),
);

test("records give the partial of the general way, whatever is grouped, filtered, computed and added", () => {
  let fitting = 0;
  fc.assert(
    fc.property(fc.integer(), sizes, (seed, rows) => {
      const dice = new Dice(seed);
      const table = generateTable(dice, rows);
      const program = generateProgram(dice, table);
      const cuts = Array.from({ length: dice.below(3) }, () => dice.below(rows + 1)).sort((a, b) => a - b);
      assertAlike(program, batchesOf(table, [...cuts, rows]));
      fitting += RecordPass.fits(program) ? 1 : 0;
    }),
    { numRuns: isDeep ? 6000 : 250 },
  );
  assert.ok(fitting > 200, "records are asked");
});

/** Rows of one key and a count of 1 each. */
function keyedTable(
  keys: readonly Cell[],
  type = "int32",
  units: readonly number[] | null = null,
): TestTable {
  return {
    rows: keys.length,
    columns: [
      { name: "key", type, role: "dimension", cells: keys },
      { name: "small", type: "int32", role: "measure", cells: keys.map((_, row) => row % 7) },
      { name: "real", type: "float64", role: "measure", cells: keys.map((_, row) => row / 7) },
    ],
    units,
  };
}

const COUNTED: readonly Measure[] = [
  { ...NOTHING, column: 1, name: "small", exact: true, sum: { lower: 0, upper: 5, exact: true } },
  { ...NOTHING, column: 2, name: "real", exact: false, sum: { lower: 0, upper: 1e6, exact: false } },
];

for (const [name, type, keyOf] of [
  ["close together", "int32", (row: number) => (row * 7) % 9000],
  ["far apart", "int32", (row: number) => Math.imul(row % 60_000, 0x9e3779b1)],
  ["from close to far", "int32", (row: number) => (row < 3000 ? row : row * 70_000 - 2 ** 31)],
  ["unsigned", "uint32", (row: number) => Math.imul(row % 50_000, 0x9e3779b1) >>> 0],
  ["of sixteen bits", "int16", (row: number) => (row % 60_000) - 30_000],
] as const) {
  test(`a table of keys ${name} grows, and its groups come in the order of their keys`, () => {
    const table = keyedTable(
      Array.from({ length: 30_000 }, (_, row) => keyOf(row)),
      type,
    );
    const program = programOf(table, { keys: ["key"], measures: COUNTED });
    const batches = batchesOf(table, [5000, 30_000]);
    assertAlike(program, batches);
    const [column] = partialOf(program, batches).levels[0]?.keys ?? [];
    const cells = [...(column?.cells ?? [])].map(Number);
    assert.ok(cells.length > 8000);
    assert.deepEqual(
      cells,
      cells.toSorted((a, b) => a - b),
    );
  });
}

test("a block with a null, a NaN or a number past all bounds goes the general way, and all after it", () => {
  const keys = Array.from({ length: 9000 }, (_, row) => row % 700);
  const table = keyedTable(keys, "int32", generateUnits(new Dice(3), 9000));
  const program = programOf(table, { keys: ["key"], measures: COUNTED });
  assert.ok(RecordPass.fits(program));
  for (const [name, odd] of [
    ["key", null],
    ["small", null],
    ["real", NaN],
    ["real", Infinity],
    ["real", 2 ** 201],
  ] as const) {
    const columns = table.columns.map((column) => ({
      ...column,
      cells: column.name === name ? column.cells.with(5000, odd) : column.cells,
    }));
    const batches = batchesOf({ ...table, columns }, [2100, 9000]);
    assert.ok(!keepsRecords(program, batches));
    assertAlike(program, batches);
  }
  assert.ok(keepsRecords(program, batchesOf(table, [2100, 9000])));
});

test("sums past 2^53 are carried, in one lane and in both", () => {
  const rows = 5000;
  const cells = Array.from({ length: rows }, (_, row) => (row % 3 === 0 ? -1n : 1n) * BigInt(EXACT - row));
  const columns: TestColumn[] = [
    { name: "key", type: "int32", role: "dimension", cells: cells.map((_, row) => row % 3) },
    { name: "one", type: "int64", role: "measure", cells },
    { name: "two", type: "int64", role: "measure", cells: cells.toReversed() },
    { name: "three", type: "int64", role: "measure", cells: cells.map((cell) => cell / 3n) },
  ];
  const table: TestTable = { rows, columns, units: null };
  const rule = { lower: -EXACT, upper: EXACT, exact: true };
  const measures = [1, 2, 3].map((column): Measure => ({
    ...NOTHING,
    column,
    name: `m${column}`,
    exact: true,
    sum: rule,
  }));
  for (const asked of [measures, measures.slice(0, 1), measures.slice(0, 2)]) {
    const program = programOf(table, { keys: ["key"], measures: asked });
    assert.ok(keepsRecords(program, batchesOf(table, [rows])));
    assertAlike(program, batchesOf(table, [rows]));
  }
});

test("of two objects that take turns each has the partial that it has alone", () => {
  const tables = [7, 20_000].map((groups) =>
    keyedTable(
      Array.from({ length: 20_000 }, (_, row) => (row * 13) % groups),
      "int32",
      generateUnits(new Dice(groups), 20_000),
    ),
  );
  const runs = tables.map((table) => {
    const program = programOf(table, { keys: ["key"], measures: COUNTED });
    const batches = batchesOf(table, [5000, 13_000, 20_000]);
    return { program, batches, aggregation: new ObjectAggregation(program) };
  });
  for (let batch = 0; batch < 3; batch += 1) {
    for (const { aggregation, batches } of runs) {
      const next = batches[batch];
      if (next !== undefined) aggregation.add(next);
    }
  }
  for (const { program, batches, aggregation } of runs) {
    assert.deepEqual(
      figuresOf(aggregation.finish(), program),
      figuresOf(partialOf(generalWay(program), batches), program),
    );
  }
});

test("nothing stays of an object that ended half way", () => {
  const table = keyedTable(Array.from({ length: 9000 }, (_, row) => row));
  const program = programOf(table, { keys: ["key"], measures: COUNTED });
  const batches = batchesOf(table, [4000, 9000]);
  const abandoned = new ObjectAggregation(program);
  for (const batch of batches.slice(0, 1)) abandoned.add(batch);
  assertAlike(program, batches);
});

test("takes as many keys as may be formed and refuses one more, where the table cannot grow and where it need not", () => {
  for (const most of [1000, 2048, 3000]) {
    const run = (keys: number): Partial => {
      const table = keyedTable(Array.from({ length: keys }, (_, row) => row * 100_003));
      const program = { ...programOf(table, { keys: ["key"], measures: COUNTED }), maxFormed: most };
      return partialOf(program, batchesOf(table, [keys]));
    };
    assert.equal(run(most).levels[0]?.groups, most);
    assertRefused("AGGREGATE_GROUPS", {}, () => run(most + 1));
  }
});

test("an object whose first row starts no unit is refused", () => {
  const table = keyedTable([1, 2, 3, 4], "int32", [1, 1, 1, 1]);
  const program = programOf(table, { keys: ["key"], measures: COUNTED });
  const batches = batchesOf(table, [4]).map((batch) => ({ ...batch, unitStart: Uint8Array.of(2) }));
  assertRefused("AGGREGATE_UNITS", {}, () => partialOf(program, batches));
});

test("words come in their order by counting their digits, equal ones as they stood", () => {
  fc.assert(
    fc.property(fc.uint32Array({ maxLength: 200 }), fc.constantFrom(1, 1000, 2 ** 32), (all, most) => {
      const words = all.map((word) => word % most);
      const expected = [...words.keys()].sort((a, b) => (words[a] ?? 0) - (words[b] ?? 0) || a - b);
      assert.deepEqual([...radixOrder(words)], expected);
    }),
  );
});
