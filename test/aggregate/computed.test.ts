// Computed columns against plain code, row by row: BigInt for exact arithmetic, Date for the calendar, loops for bins and
// cases. Values are those that break arithmetic; nothing may throw on any of them.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { ColumnType } from "../../core/column/type.ts";
import type { ColumnBatch, Vector } from "../../core/column/vector.ts";
import { arithmeticType } from "../../core/plan/arithmetic.ts";
import type { Arithmetic } from "../../core/plan/arithmetic.ts";
import { DATE_PARTS, DATE_UNITS } from "../../core/plan/computed.ts";
import type { Computation } from "../../core/plan/computed.ts";
import type { Rules } from "../../core/manifest/manifest.ts";
import type { Cell } from "../../jobs/aggregate/cell.ts";
import { compileAggregate } from "../../jobs/aggregate/compile.ts";
import { ComputedColumns } from "../../jobs/aggregate/computed/columns.ts";
import { getType, manifestOf, planOf, vectorOf } from "./table.ts";

const EXACT = 2n ** 53n - 1n;
const DAY = 86_400_000;

interface Named {
  readonly type: string;
  readonly cells: readonly Cell[];
}

/** The computed column over these, as cells: numbers of its smallest unit as doubles. */
function compute(
  columns: Readonly<Record<string, Named>>,
  computation: Computation,
  rules: Partial<Rules> = {},
): readonly (number | bigint | string | boolean | null)[] {
  const names = Object.keys(columns);
  const rows = columns[names[0] ?? ""]?.cells.length ?? 0;
  const schema = names.map((name) => ({
    name,
    type: columns[name]?.type ?? "",
    role: "dimension" as const,
    cells: [],
  }));
  const plan = planOf({
    computed: [{ as: "computed", ...computation }],
    select: [{ as: "n", op: "count", column: "computed" }],
  });
  const program = compileAggregate(plan, manifestOf({ rows: 0, units: null, columns: schema }, rules));
  const batch: ColumnBatch = {
    rows,
    unitStart: null,
    columns: program.columns.map(({ name, type }) => vectorOf(type, columns[name]?.cells ?? [])),
  };
  const vector = new ComputedColumns(program.computed).extend(batch).columns.at(-1);
  assert.ok(vector !== undefined);
  return Array.from({ length: rows }, (_, row) => cellAt(vector, row));
}

function cellAt(vector: Vector, row: number): number | bigint | string | boolean | null {
  const { validity } = vector;
  if (validity !== null && ((validity[row >>> 3] ?? 0) & (1 << (row & 7))) === 0) return null;
  switch (vector.layout) {
    case "number":
      return vector.values[row] ?? null;
    case "words":
      return BigInt.asIntN(
        64,
        BigInt(vector.words[2 * row] ?? 0) | (BigInt(vector.words[2 * row + 1] ?? 0) << 32n),
      );
    case "dictionary":
      return vector.values[vector.codes[row] ?? 0] ?? null;
    case "bits":
      return ((vector.values[row >>> 3] ?? 0) & (1 << (row & 7))) !== 0;
    default:
      throw new Error(`a computed column that lies as ${vector.layout}`);
  }
}

const POOLS: Readonly<Record<string, readonly Cell[]>> = {
  int32: [null, -(2 ** 31), -7, -1, 0, 1, 3, 2 ** 31 - 1],
  uint8: [null, 0, 1, 255],
  int64: [null, -(2n ** 63n), -(2n ** 53n), -3n, 0n, 5n, 2n ** 53n - 1n, 2n ** 53n + 1n, 2n ** 63n - 1n],
  uint64: [null, 0n, 9n, 2n ** 64n - 1n],
  "decimal(12,2)": [null, -99_999_999_999n, -150n, 0n, 1n, 325n],
  "decimal(38,4)": [null, -(10n ** 37n), -12_345n, 0n, 10_000n, 10n ** 37n],
  float64: [null, -Infinity, -1e300, -1.5, -0, 0, 0.25, 3, 1e300, Infinity, NaN],
  float32: [null, -2.5, 0, 0.5, Infinity, NaN],
};
const TYPES = Object.keys(POOLS);

/** A value of a row: exact ones as whole numbers of 10^-scale; null also stands for what has no value. */
type Value = Exact | { readonly float: number } | null;

interface Exact {
  readonly exact: bigint | "infinite" | "-infinite";
  readonly scale: number;
}

function naive(arithmetic: Arithmetic, row: (name: string) => Value): Value {
  if (typeof arithmetic === "string") return row(arithmetic);
  if (typeof arithmetic === "number") return literal(arithmetic);
  const [left, right] = [naive(arithmetic.of[0], row), naive(arithmetic.of[1], row)];
  if (left === null || right === null) return null;
  if ("float" in left || "float" in right || arithmetic.op === "/") {
    const [a, b] = [toFloat(left), toFloat(right)];
    if (arithmetic.op === "/") return { float: b === 0 ? NaN : a / b };
    return { float: arithmetic.op === "+" ? a + b : arithmetic.op === "-" ? a - b : a * b };
  }
  const scale = arithmetic.op === "*" ? left.scale + right.scale : Math.max(left.scale, right.scale);
  // What is added is brought to one unit first, and may pass 2^53 of it.
  const [one, other] = [left, right].map((operand) =>
    arithmetic.op === "*" || typeof operand.exact !== "bigint"
      ? operand
      : confined(operand.exact * 10n ** BigInt(scale - operand.scale), scale),
  );
  if (one === undefined || other === undefined) return null;
  if (typeof one.exact !== "bigint" || typeof other.exact !== "bigint") {
    const [a, b] = [toFloat(one), toFloat(other)];
    const value = arithmetic.op === "+" ? a + b : arithmetic.op === "-" ? a - b : a * b;
    return Number.isNaN(value) ? { float: NaN } : confined(value > 0 ? EXACT + 1n : -EXACT - 1n, scale);
  }
  const [a, b] = [one.exact, other.exact];
  return confined(arithmetic.op === "+" ? a + b : arithmetic.op === "-" ? a - b : a * b, scale);
}

function confined(units: bigint, scale: number): Exact {
  const exact = units > EXACT ? "infinite" : units < -EXACT ? "-infinite" : units;
  return { exact, scale };
}

function literal(value: number): Value {
  const [, digits = ""] = String(value).split(".");
  return { exact: BigInt(String(value).replace(".", "")), scale: digits.length };
}

function toFloat(value: NonNullable<Value>): number {
  if ("float" in value) return value.float;
  if (value.exact === "infinite") return Infinity;
  if (value.exact === "-infinite") return -Infinity;
  return Number(value.exact) / 10 ** value.scale;
}

function valueOf(cell: Cell, type: ColumnType): Value {
  if (cell === null) return null;
  if (type.kind === "float") return { float: Number(cell) };
  return confined(BigInt(cell), type.kind === "decimal" ? type.scale : 0);
}

/** In the unit of the column, as a double. Of nulls and of what has no value: NaN. */
function unitsOf(value: Value): number {
  if (value === null) return NaN;
  if ("float" in value) return value.float;
  return typeof value.exact === "bigint" ? Number(value.exact) : toFloat(value);
}

const OPS = ["+", "-", "*", "/"] as const;
const leaf = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom("a", "b", "c") },
  { weight: 1, arbitrary: fc.constantFrom(0, 1, -2, 0.5, 1.25, 1000) },
);
const node = (operand: fc.Arbitrary<Arithmetic>): fc.Arbitrary<Arithmetic> =>
  fc.tuple(fc.constantFrom(...OPS), operand, operand).map(([op, left, right]) => ({ op, of: [left, right] }));
const tree = node(fc.oneof(leaf, node(fc.oneof(leaf, node(leaf)))));

test("arithmetic is BigInt's where it is exact, is infinite past 2^53, and never throws", () => {
  let compared = 0;
  fc.assert(
    fc.property(
      fc.tuple(...["a", "b", "c"].map(() => fc.constantFrom(...TYPES))),
      tree,
      fc.array(fc.tuple(fc.nat(20), fc.nat(20), fc.nat(20)), { minLength: 1, maxLength: 20 }),
      (types, arithmetic, picks) => {
        const columns = Object.fromEntries(
          ["a", "b", "c"].map((name, at) => {
            const type = types[at] ?? "";
            const pool = POOLS[type] ?? [];
            const cells = picks.map((row) => pool[(row[at] ?? 0) % pool.length] ?? null);
            return [name, { type, cells }] as const;
          }),
        );
        const typeOf = (name: string): ColumnType => getType(columns[name]?.type ?? "");
        const text = JSON.stringify(arithmetic);
        if (arithmeticType(arithmetic, typeOf) === undefined || !/"[abc]"/.test(text)) return;
        const found = compute(columns, { arithmetic }, { expressions: { e: arithmetic } });
        picks.forEach((_, row) => {
          const expected = naive(arithmetic, (name) =>
            valueOf(columns[name]?.cells[row] ?? null, typeOf(name)),
          );
          const cell = found[row];
          const units = unitsOf(expected);
          const shown = `row ${row}: ${String(cell)}, expected ${units}`;
          if (Number.isNaN(units)) assert.ok(cell === null || Number.isNaN(cell), shown);
          else assert.ok(typeof cell === "number" && (cell === units || (cell === 0 && units === 0)), shown);
          compared += 1;
        });
      },
    ),
    { numRuns: process.env["SEALROOM_DEEP"] === "1" ? 50_000 : 1_500 },
  );
  assert.ok(compared > 3_000, `${compared} rows compared`);
});

test("parts of dates and times are Date's, and PostgreSQL's for weeks, from the year 1 to 9999", () => {
  const days = fc.array(fc.option(fc.integer({ min: -719_162, max: 2_932_896 })), {
    minLength: 1,
    maxLength: 30,
  });
  fc.assert(
    fc.property(days, fc.constantFrom(...DATE_PARTS), fc.nat(DAY - 1), (cells, part, inDay) => {
      const micros = cells.map((day) =>
        day === null ? null : BigInt(day) * 86_400_000_000n + BigInt(inDay) * 1000n,
      );
      const times = compute({ at: { type: "timestamp[UTC]", cells: micros } }, { part, of: "at" });
      const expected = cells.map((day) =>
        day === null ? null : naivePart(part, new Date(day * DAY + inDay)),
      );
      assert.deepEqual(times, expected);
      if (part !== "hour") {
        assert.deepEqual(compute({ at: { type: "date", cells } }, { part, of: "at" }), expected);
      }
    }),
    { numRuns: 600 },
  );
});

function naivePart(part: string, date: Date): number {
  const weekday = date.getUTCDay();
  switch (part) {
    case "year":
      return date.getUTCFullYear();
    case "quarter":
      return Math.ceil((date.getUTCMonth() + 1) / 3);
    case "month":
      return date.getUTCMonth() + 1;
    case "day":
      return date.getUTCDate();
    case "hour":
      return date.getUTCHours();
    case "dow":
      return weekday;
    case "isodow":
      return weekday === 0 ? 7 : weekday;
    case "doy":
      return Math.floor((date.getTime() - startOf("year", date).getTime()) / DAY) + 1;
  }
  // The week's Thursday says of which year it is.
  const thursday = new Date(date.getTime() + (4 - (weekday === 0 ? 7 : weekday)) * DAY);
  return Math.floor((thursday.getTime() - startOf("year", thursday).getTime()) / (7 * DAY)) + 1;
}

function startOf(unit: string, date: Date): Date {
  const start = new Date(date.getTime());
  start.setUTCMinutes(0, 0, 0);
  if (unit === "hour") return start;
  start.setUTCHours(0);
  if (unit === "week") return new Date(start.getTime() - ((start.getUTCDay() + 6) % 7) * DAY);
  if (unit === "day") return start;
  start.setUTCDate(1);
  if (unit === "quarter") start.setUTCMonth(start.getUTCMonth() - (start.getUTCMonth() % 3));
  if (unit === "year") start.setUTCMonth(0);
  return start;
}

test("times are cut to the beginning of the unit that they lie in, before 1970 too", () => {
  const times = fc.array(fc.option(fc.bigInt(-62_135_596_800_000n, 253_402_300_799_999n)), {
    minLength: 1,
    maxLength: 30,
  });
  fc.assert(
    fc.property(times, fc.constantFrom(...DATE_UNITS), (millis, unit) => {
      const cells = millis.map((ms) => (ms === null ? null : ms * 1000n + 999n));
      const found = compute({ at: { type: "timestamp", cells } }, { truncate: unit, of: "at" });
      const expected = millis.map((ms) => {
        if (ms === null) return null;
        const start = startOf(unit, new Date(Number(ms))).getTime();
        return unit === "hour" ? BigInt(start) * 1000n : start / DAY;
      });
      assert.deepEqual(found, expected);
    }),
    { numRuns: 400 },
  );
});

test("times at the ends of their type have parts, and throw nothing", () => {
  const cells = [-(2n ** 63n), 2n ** 63n - 1n, null];
  for (const part of DATE_PARTS) {
    const found = compute({ at: { type: "timestamp", cells } }, { part, of: "at" });
    assert.deepEqual(
      found.map((cell) => (cell === null ? null : Number.isInteger(cell))),
      [true, true, null],
      part,
    );
  }
});

test("a value lies in the bin of as many edges as are at or below it, and NaN in none", () => {
  const pick = fc.array(fc.nat(50), { minLength: 1, maxLength: 30 });
  const edgesOf: Readonly<Record<string, readonly (number | string)[]>> = {
    int32: [-7, 0, 1, 2_147_483_647],
    uint8: [0, 200],
    int64: ["-9007199254740993", -3, 0, "9007199254740993"],
    uint64: [1, "18446744073709551615"],
    "decimal(12,2)": ["-1.5", "0.00", "3.25"],
    "decimal(38,4)": ["-1.2345", 0, "1000000000000000000000000000000000"],
    float64: [-1e300, -1.5, 0, 3],
    float32: [-2.5, 0.5],
  };
  fc.assert(
    fc.property(fc.constantFrom(...TYPES), pick, fc.nat(3), (type, picks, skipped) => {
      const edges = (edgesOf[type] ?? []).filter((_, at) => at === 0 || at !== skipped);
      const pool = POOLS[type] ?? [];
      const cells = picks.map((at) => pool[at % pool.length] ?? null);
      const { kind, ...facts } = getType(type);
      const scale = "scale" in facts ? facts.scale : 0;
      const held = edges.map((edge) => (kind === "float" ? Number(edge) : unitsOfText(String(edge), scale)));
      const found = compute({ v: { type, cells } }, { bin: "v" }, { bins: { v: edges } });
      const expected = cells.map((cell) => {
        if (cell === null || Number.isNaN(cell)) return null;
        const value = kind === "float" ? Number(cell) : BigInt(cell);
        return held.filter((edge) => edge <= value).length;
      });
      assert.deepEqual(found, expected);
    }),
    { numRuns: 500 },
  );
});

function unitsOfText(text: string, scale: number): bigint {
  const [whole = "", digits = ""] = text.split(".");
  return BigInt(whole + digits.padEnd(scale, "0"));
}

test("CASE takes the first branch that is true, and what is unknown is not true", () => {
  const cells = [null, 1, 2, 3, 4];
  const of = (values: readonly (string | number | boolean | null)[]): Computation => ({
    cases: [
      { when: { column: "v", op: ">", value: 3 }, then: values[0] ?? null },
      { when: { column: "v", op: ">=", value: 2 }, then: values[1] ?? null },
      { when: { not: { column: "v", op: "=", value: 1 } }, then: values[2] ?? null },
    ],
    otherwise: values[3] ?? null,
  });
  const run = (values: readonly (string | number | boolean | null)[]): unknown =>
    compute({ v: { type: "int32", cells } }, of(values));
  assert.deepEqual(run(["many", "some", "x", "none"]), ["none", "none", "some", "some", "many"]);
  assert.deepEqual(run(["many", null, "x", ""]), ["", "", null, null, "many"]);
  assert.deepEqual(run([-(2 ** 53) + 1, 0, 7, 2 ** 53 - 1]), [EXACT, EXACT, 0n, 0n, -EXACT]);
  assert.deepEqual(run([true, false, null, true]), [true, true, false, false, true]);
});
