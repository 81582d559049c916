// The released table as Arrow IPC: what our reader and apache-arrow make of it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { tableFromIPC } from "apache-arrow";
import { parseTable } from "../../core/column/table.ts";
import type { Cell } from "../../jobs/aggregate/cell.ts";
import { compileAggregate } from "../../jobs/aggregate/compile.ts";
import { encodeResult, mostTableBytes } from "../../jobs/aggregate/result.ts";
import { runProgram } from "./run.ts";
import { getType, manifestOf, planOf, vectorOf } from "./table.ts";
import type { TestTable } from "./table.ts";

const COLUMNS: readonly (readonly [string, readonly Cell[]])[] = [
  ["bool", [true, null, false]],
  ["int8", [-128, null, 127]],
  ["uint8", [255, null, 0]],
  ["int16", [-32768, null, 1]],
  ["uint16", [65535, null, 1]],
  ["int32", [-(2 ** 31), null, 1]],
  ["uint32", [2 ** 32 - 1, null, 1]],
  ["int64", [-(2n ** 63n), null, 2n ** 63n - 1n]],
  ["uint64", [2n ** 64n - 1n, null, 0n]],
  ["float64", [1.5, null, -2.5]],
  ["decimal(38,2)", [10n ** 38n - 1n, null, -1n]],
  ["utf8", ["", null, "\u{1f30d}"]],
  ["date", [-1, null, 19000]],
  ["timestamp", [-1n, null, 2n ** 60n]],
  ["timestamp[UTC]", [0n, null, 1n]],
];

test("every type comes back as it was released, nulls and all", () => {
  const columns = COLUMNS.map(([name]) => ({ name: `c ${name}`, type: getType(name) }));
  const rows = [0, 1, 2].map((row) => COLUMNS.map(([, cells]) => cells[row] ?? null));
  const bytes = encodeResult({ columns, rows, badRows: {} });
  const { fields, batches } = parseTable(bytes);
  assert.deepEqual(
    fields.map(({ name, type, dictionary }) => ({ name, type, dictionary })),
    columns.map((column) => ({ ...column, dictionary: null })),
  );
  assert.equal(batches.length, 1);
  COLUMNS.forEach(([name, cells], at) => {
    const { validity, ...vector } = batches[0]?.columns[at] ?? assert.fail();
    assert.equal((validity?.[0] ?? 0) & 0b111, 0b101);
    // Compared with null slots of zero: they carry nothing.
    const zero = name === "utf8" ? "" : name === "bool" ? false : typeof cells[0] === "bigint" ? 0n : 0;
    const { validity: none, ...expected } = vectorOf(
      getType(name),
      cells.map((cell) => cell ?? zero),
    );
    assert.equal(none, null);
    if (vector.layout === "bits") vector.values[0] = (vector.values[0] ?? 0) & 0b111;
    if (expected.layout === "bits") expected.values[0] = (expected.values[0] ?? 0) & 0b111;
    assert.deepEqual(vector, expected, name);
  });
});

test("apache-arrow reads it, and reads the same", () => {
  const columns = [
    { name: "g", type: getType("utf8") },
    { name: "n", type: getType("int64") },
    { name: "a", type: getType("float64") },
  ];
  const rows = [
    ["x", 5n, 0.5],
    ["y", null, null],
  ];
  const table = tableFromIPC(encodeResult({ columns, rows, badRows: {} }));
  assert.deepEqual(
    table.toArray().map((row) => Object.values((row as { toJSON(): Record<string, unknown> }).toJSON())),
    rows,
  );
});

test("a table of no rows is a file with its columns and no batch", () => {
  const { fields, batches } = parseTable(
    encodeResult({ columns: [{ name: "n", type: getType("int64") }], rows: [], badRows: {} }),
  );
  assert.deepEqual([fields.length, batches.length], [1, 0]);
});

test("a table longer than a batch comes back whole", () => {
  const rows = Array.from({ length: 300_000 }, (_, at) => [at]);
  const bytes = encodeResult({ columns: [{ name: "n", type: getType("int32") }], rows, badRows: {} });
  const { batches } = parseTable(bytes);
  assert.deepEqual(
    batches.map((batch) => batch.rows),
    [262_144, 37_856],
  );
  const last = batches[1]?.columns[0];
  assert.equal(last?.layout === "number" && last.values[37_855], 299_999);
});

test("allows in advance for every table that plan and rules allow, and for nothing of the data", () => {
  const cells = Array.from({ length: 600 }, (_, at) => `key ${String(at % 200)}`);
  const table: TestTable = {
    rows: 600,
    columns: [{ name: "g", type: "utf8", role: "dimension", cells }],
    units: null,
  };
  const program = compileAggregate(
    planOf({ groupBy: ["g"] }),
    manifestOf(table, { minUnits: 2, maxGroups: 200 }),
  );
  const most = mostTableBytes(program);
  for (const minUnits of [2, 3, 4]) {
    const released = runProgram({ ...program, minUnits }, table, [[600]]);
    assert.equal(released.rows.length, minUnits === 4 ? 0 : 200);
    assert.ok(encodeResult(released).length <= most);
  }
  assert.equal(mostTableBytes({ ...program, limit: 10 }) < most, true);
  assert.equal(mostTableBytes({ ...program, maxGroups: 2 ** 31 }), 16 * 1024 * 1024);
});

test("allows in advance for names as long as a plan may choose them", () => {
  const cells = Array.from({ length: 40 }, (_, at) => `key ${String(at % 20)}`);
  const table: TestTable = {
    rows: 40,
    columns: [{ name: "g", type: "utf8", role: "dimension", cells }],
    units: null,
  };
  const select = Array.from({ length: 255 }, (_, at) => {
    return { as: `${String(at).padStart(3, "0")}${"\u{20ac}".repeat(253)}`, op: "count" } as const;
  });
  const program = compileAggregate(planOf({ groupBy: ["g"], select }), manifestOf(table, { maxGroups: 20 }));
  const released = runProgram(program, table, [[40]]);
  assert.equal(released.rows.length, 20);
  assert.ok(encodeResult(released).length <= mostTableBytes(program));
});
