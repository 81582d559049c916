// Copies of whole tables: each row and column by itself, by slow twins, gives what a copy has; whatever the layout, the
// batches and the objects. And what becomes of values that have no token.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { encodeTable, parseTable } from "../../core/column/table.ts";
import type { Manifest } from "../../core/manifest/manifest.ts";
import type { ColumnRule } from "../../core/manifest/tokenization.ts";
import type { TokenizePlan } from "../../core/plan/plan.ts";
import type { Cell } from "../../jobs/aggregate/cell.ts";
import { compileCopy } from "../../jobs/tokenize/compile.ts";
import { CopyMerge } from "../../jobs/tokenize/copy-merge.ts";
import { ObjectCopy } from "../../jobs/tokenize/copy.ts";
import { encodeOutcomes, mostOutcomeBytes } from "../../jobs/tokenize/outcomes.ts";
import type { CopyProgram } from "../../jobs/tokenize/program.ts";
import { FATE } from "../../jobs/tokenize/text-column.ts";
import { KEY, manifestOf, objectsOf } from "../aggregate/table.ts";
import type { TestColumn, TestTable } from "../aggregate/table.ts";
import { assertThrows } from "../manifest/refusal.ts";
import { cellsOf } from "../tokens/cells.ts";
import { fresh } from "./columns.ts";
import { naiveCmac, naivePanLast4, naiveSiv } from "./naive.ts";

const PLAN: TokenizePlan = {
  version: 1,
  kind: "tokenize",
  inputs: [{ dataset: "test", owner: "" }],
  audience: "copy",
  recipient: KEY,
  release: "sealed",
};
const MASTER = fresh(32);
const SCOPE = { key: MASTER, domain: "d", audience: "copy", version: 3 };

const keep = (role: ColumnRule["role"]): ColumnRule => ({
  operator: "keep",
  domain: null,
  version: null,
  parameters: {},
  invalid: "error",
  class: null,
  unit: null,
  role,
});
const keyed = (operator: string, over: Partial<ColumnRule> = {}): ColumnRule => ({
  ...keep("identifier"),
  operator,
  domain: "d",
  version: 3,
  invalid: "null",
  ...over,
});
const plain = (operator: string, over: Partial<ColumnRule> = {}): ColumnRule => ({
  ...keep("identifier"),
  operator,
  invalid: "null",
  ...over,
});

function manifestFor(table: TestTable, columns: Readonly<Record<string, ColumnRule>>): Manifest {
  return manifestOf(table, {
    tokenKeys: [{ domain: "d", version: 3, keyArn: "", wrappedKey: "" }],
    tokenization: { copy: { dataset: "copy", keyArn: "", columns } },
  });
}

interface Copied {
  readonly program: CopyProgram;
  readonly merge: CopyMerge;
  /** By column, all rows. */
  readonly columns: Readonly<Record<string, readonly unknown[]>>;
}

/** Through a kernel an object, and through the bytes of a file. */
function copyOf(manifest: Manifest, table: TestTable, cuts: readonly (readonly number[])[]): Copied {
  const program = compileCopy(PLAN, manifest);
  const merge = new CopyMerge(program);
  const names = program.columns.map(({ name }) => name);
  const columns: Record<string, unknown[]> = {};
  for (const batches of objectsOf(table, names, cuts)) {
    const kernel = new ObjectCopy(program, { masters: program.keys.map(() => MASTER.slice()), maps: [] });
    const made = batches.map((batch) => {
      const { rows, fields, vectors } = kernel.add(batch);
      return { fields, batch: { rows, columns: vectors } };
    });
    merge.add(kernel.finish());
    const [first] = made;
    if (first === undefined) continue;
    const file = parseTable(
      encodeTable(
        first.fields,
        made.map(({ batch }) => batch),
      ),
    );
    for (const { columns: vectors } of file.batches) {
      for (const [at, vector] of vectors.entries()) {
        (columns[file.fields[at]?.name ?? ""] ??= []).push(...cellsOf(vector));
      }
    }
  }
  return { program, merge, columns };
}

const siv = naiveSiv(SCOPE, "trim");
const cmac = naiveCmac(SCOPE, "trim");
const pan = naivePanLast4(SCOPE);
const tokenOf = (value: Cell, make: (text: string) => string): unknown =>
  value === null || String(value).trim() === "" ? null : make(String(value).trim());
const isPan = (text: string): boolean => /^\d{13,19}$/.test(text) && luhn(text) % 10 === 0;
const luhn = (digits: string): number =>
  Array.from(digits)
    .toReversed()
    .reduce(
      (sum, digit, at) =>
        sum + (at % 2 === 0 ? Number(digit) : ([0, 2, 4, 6, 8, 1, 3, 5, 7, 9][Number(digit)] ?? 0)),
      0,
    );
const day = (value: number): string => new Date(value * 86_400_000).toISOString().slice(0, 10);

const TEXT = fc.oneof(
  fc.constantFrom<Cell>(
    null,
    "",
    "  ",
    "a",
    " a ",
    "Zoë",
    "日本",
    "4111111111111111",
    "5500000000000004",
    "4111111111111112",
  ),
  fc.string({ unit: "grapheme", maxLength: 40 }).filter((text) => !text.includes("\0")),
);

const TABLES = fc.integer({ min: 0, max: 40 }).chain((rows) => {
  const cells = (of: fc.Arbitrary<Cell>): fc.Arbitrary<readonly Cell[]> =>
    fc.array(of, { minLength: rows, maxLength: rows });
  return fc.record(
    {
      text: cells(TEXT),
      coded: cells(TEXT),
      card: cells(TEXT),
      cardCoded: cells(TEXT),
      whole: cells(fc.option(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }))),
      born: cells(fc.option(fc.integer({ min: -800_000, max: 3_000_000 }))),
      flag: cells(fc.option(fc.boolean())),
      cut: fc.integer({ min: 0, max: rows }),
      batch: fc.integer({ min: 0, max: rows }),
    },
    { noNullPrototype: true },
  );
});

test("a copy is what each row and column by itself gives, whatever the layout, batches and objects", () => {
  fc.assert(
    fc.property(TABLES, ({ cut, batch, ...cells }) => {
      const rows = cells.text.length;
      const column = (
        name: keyof typeof cells,
        type: string,
        over: Partial<TestColumn> = {},
      ): TestColumn => ({
        name,
        type,
        role: "identifier",
        cells: cells[name],
        ...over,
      });
      const table: TestTable = {
        rows,
        units: null,
        columns: [
          column("text", "utf8"),
          column("coded", "utf8", { dictionary: ["never", " a"] }),
          column("card", "utf8"),
          column("cardCoded", "utf8", { dictionary: [] }),
          column("whole", "int64"),
          column("born", "date"),
          column("flag", "bool"),
        ],
      };
      const manifest = manifestFor(table, {
        text: keyed("siv"),
        coded: keyed("siv"),
        card: keyed("pan", { parameters: { keep: "last4" } }),
        cardCoded: keyed("pan", { parameters: { keep: "last4" }, invalid: "redact" }),
        whole: keyed("cmac"),
        born: keyed("cmac"),
        flag: keep("dimension"),
      });
      const [low, high] = [Math.min(cut, batch), Math.max(cut, batch)];
      const { columns, merge } = copyOf(manifest, table, [[low, high], [rows]]);
      const card = (value: Cell, without: string | null): unknown => {
        if (value === null) return null;
        const digits = String(value).replaceAll(/[ -]/g, "");
        return isPan(digits) ? pan(digits) : without;
      };
      const dates = cells.born.map((value) => {
        const isDay = value !== null && Number(value) >= -719_162 && Number(value) <= 2_932_896;
        return isDay ? cmac(day(Number(value))) : null;
      });
      assert.deepEqual(columns, {
        text: cells.text.map((value) => tokenOf(value, siv)),
        coded: cells.coded.map((value) => tokenOf(value, siv)),
        card: cells.card.map((value) => card(value, null)),
        cardCoded: cells.cardCoded.map((value) => card(value, "[INVALID]")),
        whole: cells.whole.map((value) => tokenOf(value, cmac)),
        born: dates,
        flag: cells.flag,
      });
      assert.equal(merge.rows, rows);
      for (const tally of merge.tallies) {
        assert.equal(
          tally.reduce((sum, count) => sum + count, 0),
          rows,
        );
      }
      assert.equal(merge.tallies[0]?.[FATE.null], cells.text.filter((value) => value === null).length);
    }),
    { numRuns: 300 },
  );
});

test("marks of units are copied, and a unit's dates all move alike where the unit itself is dropped", () => {
  const units = Array.from({ length: 300 }, (_, row) => Math.floor(row / 3));
  const table: TestTable = {
    rows: 300,
    units,
    columns: [
      { name: "who", type: "utf8", role: "unit", cells: units.map((unit) => `u${unit}`) },
      {
        name: "at",
        type: "timestamp",
        role: "hidden",
        cells: units.map((unit, row) => BigInt(unit + row) * 86_400_000_123n),
      },
    ],
  };
  const manifest = manifestFor(table, { who: plain("drop"), at: keyed("date_shift") });
  const { columns, program } = copyOf(manifest, table, [[100, 150], [300]]);
  assert.deepEqual(
    program.output.schema.map(({ name }) => name),
    ["at"],
  );
  const at = columns["at"] as bigint[];
  const starts = columns["sealroom:unit_start"] as boolean[];
  const shifts = units.map((unit, row) => (at[row] ?? 0n) - BigInt(unit + row) * 86_400_000_123n);
  for (const [row, shift] of shifts.entries()) {
    assert.equal(starts[row], row % 3 === 0);
    assert.ok(shift !== 0n && shift % 86_400_000_000n === 0n);
    assert.equal(shift, shifts[row - (row % 3)]);
  }
  assert.ok(new Set(shifts).size > 50);
});

const ONE: TestTable = {
  rows: 4,
  units: null,
  columns: [
    { name: "zip", type: "utf8", role: "identifier", cells: ["12345", "no", null, "99"] },
    { name: "n", type: "int32", role: "measure", cells: [1, 2, 3, 4] },
  ],
};
const zip = (over: Partial<ColumnRule>): Manifest =>
  manifestFor(ONE, { zip: plain("zip3", { parameters: { census: "2000" }, ...over }), n: keep("measure") });

test("what an operator does not take is an error, null, redacted or put aside, and never itself", () => {
  const strict = copyOf(zip({ invalid: "error" }), ONE, [[4]]);
  assert.deepEqual(strict.columns["zip"], ["123", null, null, null]);
  const refusal = assertThrows(() => encodeOutcomes(strict.program, strict.merge), "TOKEN_INVALID");
  assert.deepEqual(refusal.details, { column: "zip" });
  assert.deepEqual(copyOf(zip({ invalid: "null" }), ONE, [[4]]).columns["zip"], ["123", null, null, null]);
  const redacted = copyOf(zip({ invalid: "redact" }), ONE, [[4]]).columns["zip"];
  assert.deepEqual(redacted, ["123", "[INVALID]", null, "[INVALID]"]);
  const { columns, merge, program } = copyOf(zip({ invalid: "quarantine" }), ONE, [[1, 2], [4]]);
  assert.deepEqual(columns["zip"], ["123", null, null, null]);
  const report = parseTable(merge.report(program) ?? new Uint8Array(0));
  const cells = report.batches.flatMap((batch) => batch.columns.map(cellsOf));
  assert.deepEqual(cells, [
    [0, 1],
    [1, 1],
    ["zip", "zip"],
    ["form", "form"],
    ["no", "99"],
  ]);
});

test("no report is made where no rule asks for one, and an empty one where none was needed", () => {
  const quiet = copyOf(zip({ invalid: "null" }), ONE, [[4]]);
  assert.equal(quiet.merge.report(quiet.program), null);
  const fine: TestTable = {
    ...ONE,
    rows: 1,
    columns: ONE.columns.map((column) => ({ ...column, cells: column.cells.slice(0, 1) })),
  };
  const { merge, program } = copyOf(zip({ invalid: "quarantine" }), fine, [[1]]);
  assert.equal(parseTable(merge.report(program) ?? new Uint8Array(0)).batches.length, 0);
});

test("more values put aside than a report holds end the job", () => {
  const cells = Array.from({ length: 200 }, (_, row) => `${row}`.padEnd(100_000, "x"));
  const table: TestTable = {
    rows: 200,
    units: null,
    columns: [{ name: "zip", type: "utf8", role: "identifier", cells }],
  };
  const manifest = manifestFor(table, {
    zip: plain("zip3", { parameters: { census: "2000" }, invalid: "quarantine" }),
  });
  const { program, merge } = copyOf(manifest, table, [[200]]);
  assertThrows(() => encodeOutcomes(program, merge), "TOKEN_QUARANTINE");
});

test("a result is no longer than plan and rules allow, whatever the data", () => {
  const { program, merge } = copyOf(zip({ invalid: "null" }), ONE, [[4]]);
  merge.rows = 12e9;
  merge.tallies[0]?.fill(1e9);
  merge.tallies[1]?.fill(0).fill(12e9, FATE.done, FATE.done + 1);
  assert.ok(encodeOutcomes(program, merge).length <= mostOutcomeBytes(program));
});

test("strings of a dictionary that no row has are neither tokenized nor kept, nor told of by the tokens' order", () => {
  const values = Array.from({ length: 64 }, (_, at) => `value ${String(at).padStart(3, "0")}`);
  const cells = values.filter((_, at) => at % 2 === 0).toReversed();
  const text = (name: string): TestColumn => ({
    name,
    type: "utf8",
    role: "identifier",
    cells,
    dictionary: values,
  });
  const table: TestTable = { rows: 32, units: null, columns: [text("made"), text("kept")] };
  const program = compileCopy(PLAN, manifestFor(table, { made: keyed("siv"), kept: keep("identifier") }));
  const kernel = new ObjectCopy(program, { masters: [MASTER.slice()], maps: [] });
  const [batches = []] = objectsOf(table, ["made", "kept"], [[10, 32]]);
  const [made, kept] = batches.map((batch) => kernel.add(batch).vectors).at(-1) ?? [];
  assert.ok(made?.layout === "dictionary" && kept?.layout === "dictionary");
  // As rows first have them.
  assert.deepEqual(made.values, cells.map(siv));
  assert.deepEqual(kept.values, cells);
});

test("kept text that lies behind other bytes leaves without them", () => {
  const bytes = Buffer.from("secret before|one|two|secret behind");
  const [first, second, end] = [14, 17, 21];
  const offsets = Int32Array.of(first, second, end);
  const table: TestTable = {
    rows: 2,
    units: null,
    columns: [{ name: "t", type: "utf8", role: "identifier", cells: ["a", "b"] }],
  };
  const program = compileCopy(PLAN, manifestFor(table, { t: keep("identifier") }));
  const vector = { type: { kind: "utf8" }, rows: 2, validity: null, layout: "utf8", offsets, bytes } as const;
  const batch = { rows: 2, unitStart: null, columns: [vector] };
  const { rows, fields, vectors } = new ObjectCopy(program, { masters: [], maps: [] }).add(batch);
  const file = encodeTable(fields, [{ rows, columns: vectors }]);
  assert.equal(Buffer.from(file).includes("secret"), false);
  assert.deepEqual(
    parseTable(file).batches.flatMap((each) => each.columns.map(cellsOf)),
    [["one", "|two"]],
  );
});
