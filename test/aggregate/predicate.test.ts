// Three-valued logic, and the comparisons in which types differ.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Literal, Predicate } from "../../core/plan/plan.ts";
import type { Cell } from "../../jobs/aggregate/cell.ts";
import { compileAggregate } from "../../jobs/aggregate/compile.ts";
import { Filter } from "../../jobs/aggregate/predicate.ts";
import { manifestOf, planOf, vectorOf, getType } from "./table.ts";

/** The cells of a column `c` that pass. */
function passing(type: string, cells: readonly Cell[], where: Predicate): Cell[] {
  const table = {
    rows: 0,
    units: null,
    columns: [{ name: "c", type, role: "dimension", cells: [] }],
  } as const;
  const { predicate } = compileAggregate(planOf({ where }), manifestOf(table));
  assert.ok(predicate !== null);
  const batch = { rows: cells.length, unitStart: null, columns: [vectorOf(getType(type), cells)] };
  const picked = new Int32Array(cells.length + 1);
  const count = new Filter(predicate).pick(batch, 0, cells.length, picked);
  return [...picked.subarray(0, count)].map((at) => cells[at] ?? null);
}

const isTrue: Predicate = { column: "c", op: "=", value: true };
const unknown: Predicate = { column: "c", op: "!=", value: true };
const all: Predicate = { not: { column: "c", isNull: false } };

test("keeps a row only where the predicate is true, not where it is unknown", () => {
  const flags = [true, false, null];
  const kept: readonly (readonly [Predicate, Cell[]])[] = [
    [isTrue, [true]],
    [{ not: isTrue }, [false]],
    [{ or: [isTrue, unknown] }, [true, false]],
    [{ and: [isTrue, unknown] }, []],
    [{ not: { and: [isTrue, unknown] } }, [true, false]],
    [{ or: [isTrue, { column: "c", isNull: true }] }, [true, null]],
    [{ not: { or: [isTrue, { column: "c", isNull: true }] } }, [false]],
    [all, [null]],
    [{ not: { not: isTrue } }, [true]],
    [{ column: "c", in: [true, false] }, [true, false]],
    [{ not: { column: "c", in: [true] } }, [false]],
  ];
  for (const [where, expected] of kept) assert.deepEqual(passing("bool", flags, where), expected);
});

test("takes NaN for null in every comparison", () => {
  const cells = [NaN, 1, null];
  assert.deepEqual(passing("float64", cells, { column: "c", isNull: true }), [NaN, null]);
  assert.deepEqual(passing("float64", cells, { column: "c", isNull: false }), [1]);
  assert.deepEqual(passing("float64", cells, { column: "c", op: "!=", value: 2 }), [1]);
  assert.deepEqual(passing("float64", cells, { column: "c", in: [1, 2, 3] }), [1]);
  assert.deepEqual(passing("float32", cells, { not: { column: "c", op: "<", value: 0 } }), [1]);
});

test("compares a float32 column with the float32 nearest to the literal", () => {
  const tenth = Math.fround(0.1);
  assert.deepEqual(passing("float32", [tenth, 0.5], { column: "c", op: "=", value: 0.1 }), [tenth]);
  assert.deepEqual(passing("float32", [tenth, 0.5], { column: "c", op: ">", value: 0.1 }), [0.5]);
});

test("holds infinities and both zeros apart from no number but their own", () => {
  const cells = [-Infinity, -Number.MAX_VALUE, -0, 0, Number.MAX_VALUE, Infinity];
  const compare = (op: "<=" | ">" | "=", value: number): Cell[] =>
    passing("float64", cells, { column: "c", op, value });
  assert.deepEqual(compare("<=", Number.MAX_VALUE), cells.slice(0, 5));
  assert.deepEqual(compare(">", -Number.MAX_VALUE), cells.slice(2));
  assert.deepEqual(compare("=", 0), [-0, 0]);
});

test("finds each of a list whose members are neighbours or stand twice", () => {
  const cells = Array.from({ length: 12 }, (_, at) => BigInt(at));
  const list = [5, 3, 4, 4, 9, 0];
  assert.deepEqual(passing("int64", cells, { column: "c", in: list }), [0n, 3n, 4n, 5n, 9n]);
  assert.deepEqual(passing("int32", cells.map(Number), { column: "c", in: list }), [0, 3, 4, 5, 9]);
  const texts = ["a", "a\0", "a\0\0", "b"];
  assert.deepEqual(passing("utf8", texts, { column: "c", in: ["a\0", "a"] }), ["a", "a\0"]);
});

test("takes between inclusively, and finds nothing between bounds the wrong way round", () => {
  const cells = [1, 2, 3, 4];
  const between = (low: Literal, high: Literal): Cell[] =>
    passing("int16", cells, { column: "c", between: [low, high] });
  assert.deepEqual(between(2, 3), [2, 3]);
  assert.deepEqual(between(3, 2), []);
});

test("reads the strings of each dictionary it is given", () => {
  const type = getType("utf8");
  const set = { of: "bytes", inside: false, cuts: [Buffer.from("b"), Buffer.from("b\0")] } as const;
  const filter = new Filter({ kind: "member", column: 0, set });
  const picked = new Int32Array(2);
  for (const dictionary of [
    ["a", "b"],
    ["b", "a"],
  ]) {
    const columns = [vectorOf(type, ["a", "b"], dictionary)];
    assert.equal(filter.pick({ rows: 2, unitStart: null, columns }, 0, 2, picked), 1);
    assert.equal(picked[0], 1);
  }
});
