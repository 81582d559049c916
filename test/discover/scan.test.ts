// Counts of a scan: what a second, naive implementation over strings counts, however the column lies, wherever its rows
// are cut, and whoever's rows they are.
import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { DETECTORS } from "../../core/detect/detectors.ts";
import type { ColumnTally } from "../../core/detect/tally.ts";
import type { Cell } from "../../jobs/aggregate/cell.ts";
import { compileDiscovery } from "../../jobs/discover/compile.ts";
import { ObjectScan } from "../../jobs/discover/scan.ts";
import type { Cuts, TestTable } from "../aggregate/table.ts";
import { objectsOf } from "../aggregate/table.ts";
import { EXAMPLES } from "../detect/examples.ts";
import { TWINS } from "../detect/twins.ts";
import { cards } from "./numbers.ts";
import { manifestFor, PLAN, scan, textTable } from "./run.ts";

const PARTS = 65_536;

/** Each unit's share of values that match, to 1/65536, rounded down. */
function naiveTally(cells: readonly Cell[], units: readonly number[]): ColumnTally {
  const given = new Map<number, string[]>();
  for (const [row, cell] of cells.entries()) {
    const text = cell === null ? "" : String(cell).trim();
    if (text === "") continue;
    given.set(units[row] ?? 0, [...(given.get(units[row] ?? 0) ?? []), text]);
  }
  const count = (verdict: string): readonly number[] =>
    DETECTORS.map(({ name }) =>
      [...given.values()]
        .map((texts) => [texts.filter((text) => TWINS[name](text) === verdict).length, texts.length] as const)
        .reduce((sum, [some, all]) => sum + Math.floor((some * PARTS) / all) / PARTS, 0),
    );
  return { values: given.size, matched: count("matched"), failed: count("failed") };
}

const examples = DETECTORS.flatMap(({ name }) => [
  ...EXAMPLES[name].matched,
  ...EXAMPLES[name].failed,
  ...EXAMPLES[name].other,
]).filter((text) => !/^(?:XX|IB)[0-9]{2}/.test(text));
const text = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...examples) },
  { weight: 2, arbitrary: fc.constantFrom(null, "", "  ", "é字😀", "x".repeat(500)) },
);
const whole = fc.oneof(
  fc.constantFrom(null, 4_111_111_111_111_111n, 378_282_246_310_005n, 1_234_567_893n, 123_456_780n, -1n),
  fc.bigInt({ min: 0n, max: 9_999_999_999_999_999n }),
);
const small = fc.oneof(fc.constantFrom(null, 21_000_021, 1_234_567_893, -7), fc.nat(2_147_483_647));

/** A table whose units have one to four rows each, and where its objects and batches end: never inside a unit's object. */
const table = fc
  .array(fc.array(fc.record({ text, whole, small }), { minLength: 1, maxLength: 4 }), {
    minLength: 1,
    maxLength: 25,
  })
  .map((people) => {
    const rows = people.flatMap((own, unit) => own.map((row) => ({ ...row, unit })));
    const texts = rows.map((row) => row.text);
    const wholes = rows.map((row) => row.whole);
    const made: TestTable & { readonly units: readonly number[] } = {
      rows: rows.length,
      units: rows.map(({ unit }) => unit),
      columns: [
        { name: "text", type: "utf8", role: "identifier", cells: texts },
        { name: "coded", type: "utf8", role: "dimension", cells: texts, dictionary: ["x", "x"] },
        { name: "wide", type: "int64", role: "hidden", cells: wholes },
        { name: "unsigned", type: "uint64", role: "hidden", cells: wholes.map((n) => (n === -1n ? 0n : n)) },
        { name: "decimal", type: "decimal(38,0)", role: "measure", cells: wholes },
        { name: "narrow", type: "int32", role: "unit", cells: rows.map((row) => row.small) },
      ],
    };
    return made;
  });

/** Objects of whole units, of one batch or two. */
function cutsOf({ rows, units }: { rows: number; units: readonly number[] }, seed: number): Cuts {
  const ends = units.flatMap((unit, row) => (row > 0 && unit !== units[row - 1] ? [row] : []));
  const edges = [...ends.filter((_, at) => ((seed >> (at % 20)) & 1) === 1), rows];
  return edges.map((end, object) => {
    const start = edges[object - 1] ?? 0;
    const middle = start + Math.floor((end - start) / 2);
    return middle === start ? [end] : [middle, end];
  });
}

test("counts what a naive twin counts over strings: texts, coded texts, whole numbers of all widths", () => {
  fc.assert(
    fc.property(table, fc.nat(), (made, seed) => {
      const { merge } = scan(made, { cuts: cutsOf(made, seed) });
      for (const [at, { name, cells }] of made.columns.entries()) {
        assert.deepEqual(merge.tally(at), naiveTally(cells, made.units), name);
      }
    }),
    { numRuns: 300 },
  );
});

test("where each row is a unit, each value weighs one", () => {
  fc.assert(
    fc.property(table, (made) => {
      const { merge } = scan({ ...made, units: null });
      const rows = Array.from({ length: made.rows }, (_, row) => row);
      for (const [at, { name, cells }] of made.columns.entries()) {
        assert.deepEqual(merge.tally(at), naiveTally(cells, rows), name);
      }
    }),
    { numRuns: 100 },
  );
});

test("the split into objects and batches changes nothing, nor whether a column is coded", () => {
  fc.assert(
    fc.property(table, fc.nat(), fc.nat(), (made, one, other) => {
      const first = scan(made, { cuts: cutsOf(made, one) }).merge;
      const second = scan(made, { cuts: cutsOf(made, other) }).merge;
      for (const at of made.columns.keys()) assert.deepEqual(first.tally(at), second.tally(at));
      assert.deepEqual(first.tally(0), first.tally(1));
    }),
    { numRuns: 200 },
  );
});

test("where units are scattered, what is counted has the rules' units behind it, and never fewer", () => {
  fc.assert(
    fc.property(table, fc.integer({ min: 2, max: 8 }), (made, minUnits) => {
      const names = made.units.map((unit) => `unit ${unit % 9}`);
      const unit = { name: "unit", type: "utf8", role: "unit", cells: names } as const;
      const hidden = made.columns.map((column) => ({ ...column, role: "hidden" as const }));
      const mixed = { rows: made.rows, units: null, columns: [...hidden, unit] };
      const { merge } = scan(mixed, { unit: "scattered", minUnits });
      for (const [at, { cells }] of hidden.entries()) {
        const tally = merge.tally(at);
        const given = cells.map((cell) => (cell === null ? "" : String(cell).trim()));
        const unitsOf = (isIt: (text: string) => boolean): number =>
          new Set(names.filter((_, row) => given[row] !== "" && isIt(given[row] ?? ""))).size;
        if (tally.values > 0) assert.ok(unitsOf(() => true) >= minUnits);
        for (const [index, { name }] of DETECTORS.entries()) {
          const matching = unitsOf((value) => TWINS[name](value) === "matched");
          const failing = unitsOf((value) => TWINS[name](value) === "failed");
          if ((tally.matched[index] ?? 0) > 0) assert.ok(matching >= minUnits, name);
          if ((tally.failed[index] ?? 0) > 0) assert.ok(failing >= minUnits, name);
        }
      }
    }),
    { numRuns: 200 },
  );
});

test("scattered units are told from each other, in whatever type and layout they are and objects they lie", () => {
  const people = Array.from({ length: 40 }, (_, at) => at);
  const rows = [...people, ...people];
  const units = [
    { type: "utf8", cells: rows.map((at) => `person ${at}`) },
    { type: "utf8", cells: rows.map((at) => `person ${at}`), dictionary: [] },
    { type: "int32", cells: rows },
    { type: "int64", cells: rows.map(BigInt) },
    { type: "date", cells: rows },
  ];
  for (const unit of units) {
    const columns = [
      { name: "unit", role: "unit", ...unit } as const,
      { name: "card", type: "utf8", role: "hidden", cells: [...cards(80)] } as const,
    ];
    const mixed = { rows: 80, units: null, columns };
    const cuts = [[10, 40], [80]];
    const tally = (minUnits: number): number =>
      scan(mixed, { unit: "scattered", minUnits, cuts }).merge.tally(1).values;
    assert.equal(tally(30), 80, `${unit.type}: enough`);
    assert.equal(tally(41), 0, `${unit.type}: a unit in two objects is one`);
  }
});

test("rows of no unit are behind no count of units", () => {
  const unit = { name: "unit", type: "utf8", role: "unit", cells: Array<null>(200).fill(null) } as const;
  const card = { name: "card", type: "utf8", role: "hidden", cells: cards(200) } as const;
  const { merge } = scan({ rows: 200, units: null, columns: [unit, card] }, { unit: "scattered" });
  assert.equal(merge.tally(1).values, 0);
  const named = { ...unit, cells: unit.cells.map((_, row) => (row < 4 ? `person ${row}` : null)) };
  const some = { rows: 200, units: null, columns: [named, card] };
  assert.equal(scan(some, { unit: "scattered", minUnits: 5 }).merge.tally(1).values, 0, "all null is none");
  assert.equal(scan(some, { unit: "scattered", minUnits: 4 }).merge.tally(1).values, 200);
});

test("an object without the marks of units is refused, and so is one with marks that no rule asks for", () => {
  const marked = textTable(["a", "b"], [0, 1]);
  const plain = textTable(["a", "b"]);
  for (const [rules, data] of [
    [marked, plain],
    [plain, marked],
  ] as const) {
    const object = new ObjectScan(compileDiscovery(PLAN, manifestFor(rules)));
    const [[batch] = []] = objectsOf(data, ["value"], [[2]]);
    assert.ok(batch);
    assert.throws(() => object.add(batch), { code: "AGGREGATE_UNITS" });
  }
});
