// Result tables as people see them.
import assert from "node:assert/strict";
import test from "node:test";
import { renderTable } from "../../cli/table.ts";
import { parseTable } from "../../core/column/table.ts";
import type { ColumnTable } from "../../core/column/table.ts";
import { findColumnType } from "../../core/column/type.ts";
import type { Cell } from "../../jobs/aggregate/cell.ts";
import { encodeResult } from "../../jobs/aggregate/result.ts";

process.env["NO_COLOR"] = "1";

function tableOf(columns: Readonly<Record<string, string>>, rows: readonly (readonly Cell[])[]): ColumnTable {
  const typed = Object.entries(columns).map(([name, typeName]) => {
    const type = findColumnType(typeName);
    assert.ok(type);
    return { name, type };
  });
  return parseTable(encodeResult({ columns: typed, rows, badRows: {} }));
}

const VIEW = { keys: 1, grouping: null, minUnits: 15, file: "out/result.csv" };

test("numbers stand to the right, with as many decimals in all rows, and text to the left", () => {
  const table = tableOf({ town: "utf8", people: "int64", cost: "decimal(12,2)", mean: "float64" }, [
    ["Aachen", 1234n, 100_05n, 7.25],
    ["Bonn", 5n, 3n, 1234.5],
  ]);
  assert.deepEqual(renderTable(table, VIEW), [
    "  town    people    cost     mean",
    "  Aachen    1234  100.05     7.25",
    "  Bonn         5    0.03  1234.50",
  ]);
});

test("a suppressed value is a dot with a legend, and a null key is no suppressed value", () => {
  const table = tableOf({ town: "utf8", people: "int64" }, [
    [null, 20n],
    ["Celle", null],
  ]);
  assert.deepEqual(renderTable(table, VIEW), [
    "  town    people",
    "  (null)      20",
    "  Celle        ·",
    "· withheld or empty (fewer than 15 units, or another rule)",
  ]);
});

test("a table is no wider than the terminal and no longer than 40 rows, and says where the rest is", () => {
  const rows = Array.from({ length: 50 }, (_, at): readonly Cell[] => [
    "x".repeat(70),
    "y".repeat(60),
    BigInt(at),
  ]);
  const lines = renderTable(tableOf({ one: "utf8", two: "utf8", n: "int64" }, rows), { ...VIEW, keys: 2 });
  assert.ok(lines.every((line) => line.length <= 80));
  assert.equal(lines.length, 1 + 40 + 1);
  assert.equal(lines.at(-1), "... 10 more rows in out/result.csv");
  assert.match(lines[1] ?? "", /xxx\.\.\. {2}y+\.\.\. {2}/);
});

test("texts are not shortened where the table would not fit all the same", () => {
  const numbers = Object.fromEntries(Array.from({ length: 9 }, (_, at) => [`a_long_title_${at}`, "int64"]));
  const rows = ["Chur-Masans", "Chur-Araschgen"].map((town): readonly Cell[] => [
    town,
    ...Object.keys(numbers).map(() => 1n),
  ]);
  const lines = renderTable(tableOf({ town: "utf8", ...numbers }, rows), VIEW);
  assert.ok((lines[0] ?? "").length > 80);
  assert.match(lines[1] ?? "", /^ {2}Chur-Masans {5}/);
  assert.match(lines[2] ?? "", /^ {2}Chur-Araschgen {2}/);
});

test("texts are not shortened where two different ones would look the same", () => {
  const long = "x".repeat(90);
  const lines = renderTable(
    tableOf({ town: "utf8", n: "int64" }, [
      [`${long}1`, 1n],
      [`${long}2`, 2n],
    ]),
    VIEW,
  );
  assert.deepEqual(
    lines.slice(1).map((line) => line.trim().split(/ +/)),
    [
      [`${long}1`, "1"],
      [`${long}2`, "2"],
    ],
  );
});

test("a key that a total is over is no null key", () => {
  const table = tableOf({ land: "utf8", town: "utf8", grouping: "int64", n: "int64" }, [
    ["Hesse", null, 0n, 5n],
    ["Hesse", null, 1n, 6n],
    [null, "Celle", 2n, 7n],
    [null, null, 3n, 8n],
  ]);
  assert.deepEqual(renderTable(table, { ...VIEW, keys: 3, grouping: 2 }), [
    "  land   town    grouping  n",
    "  Hesse  (null)         0  5",
    "  Hesse  (all)          1  6",
    "  (all)  Celle          2  7",
    "  (all)  (all)          3  8",
  ]);
});

test("text from the data cannot write to the terminal", () => {
  const lines = renderTable(
    tableOf({ "to\u001bwn": "utf8", n: "int64" }, [["a\u001b[2Jb\nc\u202ed", 1n]]),
    VIEW,
  );
  assert.ok(lines.every((line) => !/[\p{Cc}\p{Bidi_Control}]/u.test(line)));
  assert.equal(lines.length, 2);
});

test("no group at all says so", () => {
  const lines = renderTable(tableOf({ town: "utf8", n: "int64" }, []), VIEW);
  assert.deepEqual(lines, ["  town  n", "(no group has enough units)"]);
});
