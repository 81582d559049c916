// Literals against the column's type: exact, or none.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { findColumnType } from "../../core/column/type.ts";
import { scaledDecimal, typedLiteral } from "../../core/plan/literal.ts";
import type { Literal } from "../../core/plan/plan.ts";

function typed(literal: Literal, name: string): unknown {
  const type = findColumnType(name);
  assert.ok(type !== undefined);
  return typedLiteral(literal, type)?.value;
}

const GOOD: readonly (readonly [string, Literal, unknown])[] = [
  ["bool", true, true],
  ["utf8", "", ""],
  ["utf8", "2026-01-01", "2026-01-01"],
  ["float64", 1.5, 1.5],
  ["float32", 7, 7],
  ["int8", -128, -128n],
  ["uint8", 255, 255n],
  ["int64", 9_007_199_254_740_991, 9_007_199_254_740_991n],
  ["int64", "9007199254740993", 9_007_199_254_740_993n],
  ["int64", "-9223372036854775808", -(2n ** 63n)],
  ["uint64", "18446744073709551615", 2n ** 64n - 1n],
  ["decimal(5,2)", 1.5, 150n],
  ["decimal(5,2)", "1.50", 150n],
  ["decimal(5,2)", "1.500", 150n],
  ["decimal(5,2)", -999.99, -99_999n],
  ["decimal(5,2)", 0, 0n],
  ["decimal(5,2)", "-0", 0n],
  ["decimal(38,10)", "9999999999999999999999999999.9999999999", 10n ** 38n - 1n],
  ["decimal(20,12)", 1e-7, 100_000n],
  ["decimal(9,0)", 1e8, 100_000_000n],
  ["date", "1970-01-01", 0n],
  ["date", "1969-12-31", -1n],
  ["date", "2024-02-29", 19_782n],
  ["date", "0001-01-01", -719_162n],
  ["date", "9999-12-31", 2_932_896n],
  ["timestamp", "1970-01-01", 0n],
  ["timestamp[UTC]", "1970-01-02", 86_400_000_000n],
  ["timestamp", "1970-01-01T00:00:01", 1_000_000n],
  ["timestamp[UTC]", "1970-01-01T00:00:00.000001Z", 1n],
  ["timestamp[UTC]", "1969-12-31T23:59:59.5Z", -500_000n],
  ["timestamp[UTC]", "2026-11-23T10:20:30.25Z", BigInt(Date.UTC(2026, 10, 23, 10, 20, 30, 250)) * 1000n],
];

for (const [type, literal, value] of GOOD) {
  test(`takes ${JSON.stringify(literal)} for ${type}`, () => {
    assert.equal(typed(literal, type), value);
  });
}

const BAD: readonly (readonly [string, readonly Literal[]])[] = [
  ["bool", [0, 1, "true", ""]],
  ["utf8", [1, true]],
  ["float64", ["1.5", "NaN", "Infinity", true]],
  ["int8", [128, -129, 1.5, "1", true, "x"]],
  ["uint8", [-1, 256]],
  ["uint64", [-1, "18446744073709551616", "-9007199254740993"]],
  [
    "int64",
    [
      "5",
      "9223372036854775808",
      "+9007199254740993",
      "09007199254740993",
      "9007199254740993.0",
      "9e20",
      " 9007199254740993",
    ],
  ],
  ["int32", [2_147_483_648, 1e10]],
  [
    "decimal(5,2)",
    [
      1.234,
      "1.234",
      1000,
      "1000.00",
      "1,5",
      "1.",
      ".5",
      "+1",
      "01",
      "1e2",
      "1e+2",
      "",
      "abc",
      "0x1",
      true,
      "NaN",
    ],
  ],
  ["decimal(38,20)", [0.1234567890123456, 12_345_678.901_234_56, "1".repeat(40)]],
  [
    "date",
    [
      "2026-02-29",
      "2026-13-01",
      "2026-00-10",
      "2026-01-00",
      "2026-1-1",
      "26-01-01",
      "0000-01-01",
      "2026-01-01T00:00:00",
      "20260101",
      "today",
      "",
      20_000,
      true,
    ],
  ],
  [
    "timestamp",
    [
      "1970-01-01T00:00:00Z",
      "1970-01-01T24:00:00",
      "1970-01-01T00:60:00",
      "1970-01-01T00:00:60",
      "1970-01-01 00:00:00",
      "1970-01-01T00:00",
      "1970-01-01T00:00:00.",
      "1970-01-01T00:00:00.1234567",
      "1970-01-01T00:00:00+01:00",
      "1970-01-01T",
      0,
    ],
  ],
  [
    "timestamp[UTC]",
    ["1970-01-01T00:00:00", "1970-01-01T00:00:00z", "1970-01-01T00:00:00ZZ", "1970-02-30T00:00:00Z"],
  ],
];

for (const [type, literals] of BAD) {
  for (const literal of literals) {
    test(`refuses ${JSON.stringify(literal)} for ${type}`, () => {
      assert.equal(typed(literal, type), undefined);
    });
  }
}

/** The naive twin: digits moved by hand. */
function naiveScaled(text: string, scale: number): bigint | undefined {
  const isNegative = text.startsWith("-");
  const [whole = "", fraction = ""] = text.replace("-", "").split(".");
  const digits = fraction.padEnd(scale, "0");
  if (/[^0]/.test(digits.slice(scale))) return undefined;
  const value = BigInt(whole + digits.slice(0, scale));
  return isNegative ? -value : value;
}

test("scales decimals as one does by hand", () => {
  const parts = fc.tuple(
    fc.constantFrom("", "-"),
    fc.nat(10 ** 9),
    fc.stringMatching(/^[0-9]{0,9}$/),
    fc.nat(12),
  );
  fc.assert(
    fc.property(parts, ([sign, whole, fraction, scale]) => {
      const text = `${sign}${whole}${fraction === "" ? "" : "."}${fraction}`;
      assert.equal(scaledDecimal(text, scale), naiveScaled(text, scale));
    }),
    { numRuns: 2000 },
  );
});

test("gives a short number what its digits say, however it is printed", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: -(10 ** 9), max: 10 ** 9 }),
      fc.nat(12),
      fc.nat(20),
      (digits, shift, scale) => {
        const number = Number(`${digits}e-${shift}`);
        const padded = String(Math.abs(digits)).padStart(13, "0");
        const cut = padded.length - shift;
        const text = `${digits < 0 ? "-" : ""}${padded.slice(0, cut)}.${padded.slice(cut)}`;
        const expected = naiveScaled(text, scale);
        assert.equal(scaledDecimal(number, scale), expected);
      },
    ),
    { numRuns: 2000 },
  );
});

test("agrees with Date on every day it takes", () => {
  fc.assert(
    fc.property(fc.integer({ min: -719_162, max: 2_932_896 }), (day) => {
      const text = new Date(day * 86_400_000).toISOString().slice(0, 10);
      assert.equal(typed(text, "date"), BigInt(day));
      assert.equal(
        typed(`${text}T12:00:00Z`, "timestamp[UTC]"),
        BigInt(day) * 86_400_000_000n + 43_200_000_000n,
      );
    }),
    { numRuns: 2000 },
  );
});
