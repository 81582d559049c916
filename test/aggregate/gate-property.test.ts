// The gate against an analyst who tries everything: over small tables, no figure that is withheld can be worked out
// from those that are released more closely than the rules say, and no figure is released that a naive count forbids.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Rules } from "../../core/manifest/manifest.ts";
import type { AggregatePlan } from "../../core/plan/plan.ts";
import { keptBy } from "../../core/plan/totals.ts";
import type { Cell } from "../../jobs/aggregate/cell.ts";
import { runAggregate } from "./run.ts";
import { widthsOf } from "./solver.ts";
import { manifestOf, planOf } from "./table.ts";
import type { TestTable } from "./table.ts";

const RUNS = process.env["SEALROOM_DEEP"] === "1" ? 20_000 : 250;
const DIMENSIONS = ["a", "b", "c"];

interface Row {
  readonly unit: number;
  readonly key: readonly string[];
  readonly x: number | null;
}

interface Case {
  readonly rows: readonly Row[];
  readonly dimensions: readonly string[];
  readonly totals: readonly number[];
  readonly isRowUnit: boolean;
  readonly hasFilter: boolean;
  readonly isDeclared: boolean;
  readonly rules: Pick<Rules, "minUnits" | "maxShare" | "rounding" | "interval" | "bounds">;
}

const MOST = 2;

const cases: fc.Arbitrary<Case> = fc
  .record({
    shape: fc.constantFrom([3], [2, 2], [3, 2], [3, 3], [2, 2, 2]),
    counts: fc.array(fc.constantFrom(0, 1, 1, 2, 3, 4, 6), { minLength: 9, maxLength: 9 }),
    values: fc.array(fc.option(fc.nat(MOST), { freq: 8 }), { minLength: 54, maxLength: 54 }),
    units: fc.array(fc.nat(6), { minLength: 54, maxLength: 54 }),
    sets: fc.subarray([1, 2, 3, 4, 5, 6, 7], { minLength: 1 }),
    isRowUnit: fc.boolean(),
    hasFilter: fc.boolean(),
    isDeclared: fc.boolean(),
    minUnits: fc.constantFrom(2, 3),
    interval: fc.constantFrom(1, 2, 3, 4),
    maxShare: fc.constantFrom(null, 0.6, 0.9),
    rounding: fc.constantFrom(
      { counts: null, sums: {} },
      { counts: 2, sums: {} },
      { counts: null, sums: { x: 3 } },
      { counts: 5, sums: { x: 2 } },
    ),
  })
  .map(({ shape, counts, values, units, sets, isRowUnit, hasFilter, isDeclared, ...drawn }) => {
    const dimensions = DIMENSIONS.slice(0, shape.length);
    const keys = shape.reduce<string[][]>(
      (all, size) => all.flatMap((key) => Array.from({ length: size }, (_, at) => [...key, `k${at}`])),
      [[]],
    );
    const drawnRows = keys.flatMap((key, cell) =>
      Array.from({ length: counts[cell] ?? 0 }, (_, at): Row => {
        const row = cell * 6 + at;
        return { unit: isRowUnit ? row : (units[row] ?? 0), key, x: values[row] ?? null };
      }),
    );
    // Rows of a unit lie together.
    const rows = drawnRows.toSorted((left, right) => left.unit - right.unit);
    const totals = sets.filter((set) => set < 2 ** shape.length);
    const { minUnits, interval, maxShare, rounding } = drawn;
    const rules = { minUnits, interval, maxShare, rounding, bounds: { x: { lower: 0, upper: MOST } } };
    return {
      rows,
      dimensions,
      totals: totals.length === 0 ? [1] : totals,
      isRowUnit,
      hasFilter,
      isDeclared,
      rules,
    };
  });

function tableOf({ rows, dimensions, isRowUnit }: Case): TestTable {
  return {
    rows: rows.length,
    units: isRowUnit ? null : rows.map(({ unit }) => unit),
    columns: [
      ...dimensions.map((name, at) => ({
        name,
        type: "utf8",
        role: "dimension" as const,
        cells: rows.map(({ key }) => key[at] ?? null),
      })),
      { name: "all", type: "bool", role: "dimension", cells: rows.map(() => true) },
      { name: "x", type: "int32", role: "measure", cells: rows.map(({ x }) => x) },
    ],
  };
}

interface Released {
  readonly kept: readonly string[];
  readonly rows: readonly Row[];
  readonly figures: Readonly<Record<string, Cell>> | null;
}

/** Every group that the data has, of every level, with what was released of it: null where it is not listed or hidden. */
function run(job: Case, select: AggregatePlan["select"], rules: Partial<Rules> = {}): readonly Released[] {
  const { dimensions, rows } = job;
  const groupKeys = Object.fromEntries(dimensions.map((name) => [name, ["k0", "k1", "k2"]]));
  const manifest = manifestOf(tableOf(job), {
    ...job.rules,
    ...rules,
    groupKeys: job.isDeclared ? groupKeys : {},
  });
  const plan = planOf({
    groupBy: dimensions,
    totals: job.totals.map((set) => keptBy(set, dimensions)),
    where: job.hasFilter ? { column: "all", op: "=", value: true } : null,
    select,
  });
  const released = runAggregate(plan, manifest, tableOf(job)).rows;
  return [0, ...job.totals].flatMap((grouping) => {
    const kept = keptBy(grouping, dimensions);
    const keyOf = (row: Row): string =>
      JSON.stringify(dimensions.map((name, at) => (kept.includes(name) ? row.key[at] : null)));
    const groups = groupBy(rows, keyOf);
    return [...groups].map(([key, own]): Released => {
      const found = released.find(
        (cells) =>
          JSON.stringify(cells.slice(0, dimensions.length)) === key && cells[dimensions.length] === grouping,
      );
      const cells = found?.slice(dimensions.length + 1) ?? [];
      const isHidden = cells.every((cell) => cell === null);
      const figures = Object.fromEntries(select.map(({ as }, at) => [as, cells[at] ?? null]));
      return { kept, rows: own, figures: isHidden ? null : figures };
    });
  });
}

const ALL: AggregatePlan["select"] = [
  { as: "rows", op: "count" },
  { as: "units", op: "count_units" },
  { as: "present", op: "count", column: "x" },
  { as: "sum", op: "sum", column: "x" },
  { as: "avg", op: "avg", column: "x" },
  { as: "var", op: "var", column: "x" },
  { as: "stddev", op: "stddev", column: "x" },
  { as: "min", op: "min", column: "x" },
  { as: "max", op: "max", column: "x" },
];

function groupBy<K>(rows: readonly Row[], keyOf: (row: Row) => K): Map<K, Row[]> {
  const groups = new Map<K, Row[]>();
  for (const row of rows) groups.set(keyOf(row), [...(groups.get(keyOf(row)) ?? []), row]);
  return groups;
}

const unitsOf = (rows: readonly Row[]): number => new Set(rows.map(({ unit }) => unit)).size;

function contributions(rows: readonly Row[]): readonly number[] {
  const present = rows.filter(({ x }) => x !== null);
  return [...groupBy(present, ({ unit }) => unit).values()].map((own) =>
    Math.min(
      MOST,
      own.reduce((sum, { x }) => sum + (x ?? 0), 0),
    ),
  );
}

const total = (numbers: readonly number[]): number => numbers.reduce((sum, one) => sum + one, 0);

test("releases no figure of fewer units than the rules say, no dominated one, and none that is not rounded", () => {
  let figures = 0;
  fc.assert(
    fc.property(cases, (job) => {
      const { minUnits, maxShare, rounding } = job.rules;
      const counted = (count: number): bigint => {
        const step = rounding.counts ?? 1;
        return BigInt(Math.floor(count / step + 0.5) * step);
      };
      for (const { rows, figures: released } of run(job, ALL, { extremes: ["x"] })) {
        if (released === null) continue;
        figures += 1;
        const present = rows.filter(({ x }) => x !== null);
        const missing = rows.filter(({ x }) => x === null);
        assert.ok(unitsOf(rows) >= minUnits);
        assert.equal(released["rows"], counted(rows.length));
        assert.equal(released["units"], counted(unitsOf(rows)));
        const values = contributions(rows);
        const isDominated = maxShare !== null && Math.max(...values) > maxShare * total(values);
        const isFew = unitsOf(present) < minUnits;
        const tells = missing.length > 0 && unitsOf(missing) < minUnits && (rounding.counts ?? 0) < minUnits;
        for (const figure of ["present", "sum", "avg", "var", "stddev", "min", "max"]) {
          if (isFew) assert.equal(released[figure], null, figure);
        }
        for (const figure of ["sum", "avg", "var", "stddev"]) {
          if (isDominated) assert.equal(released[figure], null, figure);
        }
        for (const figure of ["present", "avg", "var", "stddev"]) {
          if (tells) assert.equal(released[figure], null, figure);
        }
        if (released["present"] !== null) assert.equal(released["present"], counted(present.length));
        const step = rounding.sums["x"] ?? 1;
        const sum = Math.floor(total(values) / step + 0.5) * step;
        if (released["sum"] !== null) assert.equal(released["sum"], BigInt(sum));
        if (typeof released["avg"] === "number") {
          assert.equal(released["avg"], sum / Number(counted(present.length)));
        }
        if (typeof released["var"] === "number") checkVariance(present, released["var"], job);
        for (const extreme of ["min", "max"] as const) {
          const found: Cell = released[extreme] ?? null;
          if (found === null) continue;
          assert.equal(found, Math[extreme](...present.map(({ x }) => x ?? 0)));
          assert.ok(unitsOf(present.filter(({ x }) => x === found)) >= minUnits, extreme);
        }
      }
    }),
    { numRuns: RUNS },
  );
  assert.ok(figures > RUNS, `${figures} groups`);
});

function checkVariance(present: readonly Row[], found: number, { rules: { rounding } }: Case): void {
  const values = present.map(({ x }) => Math.min(MOST, x ?? 0));
  const mean = total(values) / values.length;
  let squares = total(values.map((value) => (value - mean) ** 2));
  const counts = rounding.counts ?? 1;
  const rows = Math.floor(values.length / counts + 0.5) * counts;
  if (rounding.counts !== null || rounding.sums["x"] !== undefined) {
    const step = Math.max(rounding.sums["x"] ?? 0, (rounding.counts ?? 0) * MOST) * MOST;
    squares = Math.floor(squares / step + 0.5) * step;
  }
  assert.ok(Math.abs(found - squares / (rows - 1)) < 1e-9);
}

/** How closely each group may be known that was withheld, by an analyst who has the figure of all others. */
function checkWidths(
  job: Case,
  released: readonly Released[],
  {
    valueOf,
    isReleased,
    lower,
    upperOf,
    width,
    isTotalPublic,
  }: {
    readonly valueOf: (rows: readonly Row[]) => number;
    readonly isReleased: (group: Released) => boolean;
    readonly lower: number;
    readonly upperOf: (group: Released) => number;
    readonly width: number;
    readonly isTotalPublic: boolean;
  },
): number {
  const finest = released.filter(({ kept }) => kept.length === job.dimensions.length);
  const partsOf = (group: Released): readonly number[] =>
    finest.flatMap(({ rows: [first] }, at) =>
      first !== undefined && group.rows.includes(first) ? [at] : [],
    );
  const root = { groups: finest.map((_, at) => at), value: valueOf(job.rows) };
  const known = { lower: finest.map(() => lower), upper: finest.map(upperOf) };
  const withheld = released.filter((group) => !isReleased(group));
  const asked = withheld.map(partsOf);
  const sums = released
    .filter(isReleased)
    .map((group) => ({ groups: partsOf(group), value: valueOf(group.rows) }));
  // What a group's other figures say of its own is known whatever is withheld.
  const beforehand = [
    ...(isTotalPublic ? [root] : []),
    ...released.flatMap((group) =>
      upperOf(group) === Infinity
        ? []
        : [{ groups: partsOf(group), value: upperOf(group), most: true as const }],
    ),
  ];
  const before = widthsOf({ ...known, sums: beforehand }, asked);
  const after = widthsOf({ ...known, sums: [...sums, ...beforehand] }, asked);
  if (before === null || after === null) return 0;
  withheld.forEach((group, at) => {
    const [was, is] = [before[at] ?? 0, after[at] ?? 0];
    const least = Math.min(width, was);
    assert.ok(is >= least, `${group.kept.join()} known to ${is}, of ${least}`);
  });
  return sums.length > 0 ? withheld.length : 0;
}

test("no count of rows that is withheld can be worked out more closely than the rules' interval", () => {
  let withheld = 0;
  fc.assert(
    fc.property(cases, (job) => {
      const released = run(job, [{ as: "rows", op: "count" }]);
      withheld += checkWidths(job, released, {
        valueOf: (rows) => rows.length,
        isReleased: ({ figures }) => figures !== null,
        lower: 1,
        upperOf: () => Infinity,
        width: job.rules.interval,
        isTotalPublic: !job.hasFilter,
      });
    }),
    { numRuns: RUNS },
  );
  assert.ok(withheld > RUNS, `${withheld} withheld`);
});

test("no sum that is withheld can be worked out more closely than to what so many units can add", () => {
  let withheld = 0;
  fc.assert(
    fc.property(cases, (job) => {
      const released = run({ ...job, isRowUnit: true }, [
        { as: "rows", op: "count" },
        { as: "sum", op: "sum", column: "x" },
      ]);
      withheld += checkWidths(job, released, {
        valueOf: (rows) => total(rows.map(({ x }) => Math.min(MOST, x ?? 0))),
        isReleased: ({ figures }) => figures !== null && figures["sum"] !== null,
        lower: 0,
        upperOf: ({ figures, rows }) => (figures === null ? Infinity : MOST * rows.length),
        width: job.rules.interval * MOST,
        isTotalPublic: false,
      });
    }),
    { numRuns: RUNS },
  );
  assert.ok(withheld > RUNS, `${withheld} withheld`);
});

test("no count of values that is withheld can be worked out more closely than the rules' interval", () => {
  let withheld = 0;
  fc.assert(
    fc.property(cases, (job) => {
      const exact = { ...job, rules: { ...job.rules, rounding: { counts: null, sums: {} } } };
      const released = run(exact, [
        { as: "rows", op: "count" },
        { as: "present", op: "count", column: "x" },
      ]);
      withheld += checkWidths(job, released, {
        valueOf: (rows) => rows.filter(({ x }) => x !== null).length,
        isReleased: ({ figures }) => figures !== null && figures["present"] !== null,
        lower: 0,
        upperOf: ({ figures, rows }) => (figures === null ? Infinity : rows.length),
        width: job.rules.interval,
        isTotalPublic: false,
      });
    }),
    { numRuns: RUNS },
  );
  assert.ok(withheld > RUNS, `${withheld} withheld`);
});
