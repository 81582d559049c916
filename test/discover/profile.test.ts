// What is released of a scan: of every column, in steps, nothing of few, and no value.
import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { DETECTORS } from "../../core/detect/detectors.ts";
import { compileDiscovery } from "../../jobs/discover/compile.ts";
import { encodeProfile, mostProfileBytes } from "../../jobs/discover/profile.ts";
import { ScanMerge } from "../../jobs/discover/scan-merge.ts";
import type { TestColumn } from "../aggregate/table.ts";
import { tableRows } from "../host/answer.ts";
import { cards, issuedSsns } from "./numbers.ts";
import { manifestFor, PLAN, profile, textTable, told, toldOf } from "./run.ts";

const TOO_FEW = told("-", "too few", "-", "-");
const NONE = told("-", "none", "-", "-");
const ALL_CARDS = told("pan", ">95%", ">95%", "yes");

const others = (count: number): readonly string[] => Array.from({ length: count }, (_, at) => `word ${at}`);

test("every column has one row, in the schema's order, whatever its role, and with what its name says", () => {
  const column = (name: string, role: TestColumn["role"], type = "utf8"): TestColumn => ({
    name,
    type,
    role,
    cells: type === "utf8" ? cards(120) : Array<null>(120).fill(null),
  });
  const columns = [
    column("PATIENT_SSN", "unit"),
    column("mystery", "identifier"),
    column("zip", "dimension"),
    column("notes", "hidden"),
    column("birth_date", "measure", "date"),
    column("seen", "hidden", "timestamp[UTC]"),
    column("cost", "measure", "decimal(12,2)"),
    column("weight", "measure", "float64"),
    column("alive", "dimension", "bool"),
  ];
  const { rows } = profile({ rows: 120, units: null, columns });
  const said = rows.map((row) => [row["column"], row["type"], row["role"], row["name_says"]]);
  assert.deepEqual(said, [
    ["PATIENT_SSN", "utf8", "unit", "ssn"],
    ["mystery", "utf8", "identifier", "-"],
    ["zip", "utf8", "dimension", "zip"],
    ["notes", "utf8", "hidden", "-"],
    ["birth_date", "date", "measure", "birth_date"],
    ["seen", "timestamp[UTC]", "hidden", "-"],
    ["cost", "decimal(12,2)", "measure", "-"],
    ["weight", "float64", "measure", "-"],
    ["alive", "bool", "dimension", "-"],
  ]);
  assert.deepEqual(
    rows.map((row) => [row["values_say"], row["share"]]),
    [
      ...Array<readonly [string, string]>(4).fill(["pan", ">95%"]),
      ["date", "by type"],
      ["date", "by type"],
      ["-", "by type"],
      ["-", "by type"],
      ["-", "by type"],
    ],
  );
});

test("whole numbers are read by their digits, in columns of integers and of decimals without places", () => {
  const cells = cards(120).map(BigInt);
  for (const type of ["int64", "uint64", "decimal(16,0)"]) {
    assert.deepEqual(toldOf(textTable([], null, { type, cells }), "value"), NO_ROWS, `${type}, of no rows`);
    const table = { ...textTable([], null, { type, cells }), rows: 120 };
    assert.deepEqual(toldOf(table, "value"), ALL_CARDS, type);
  }
});
const NO_ROWS = TOO_FEW;

test("of fewer values than the limit nothing is told, blanks and nulls being none", () => {
  assert.deepEqual(toldOf(textTable(cards(99)), "value"), TOO_FEW);
  assert.deepEqual(toldOf(textTable([...cards(99), null, "", "  "]), "value"), TOO_FEW);
  assert.deepEqual(toldOf(textTable(cards(100)), "value"), ALL_CARDS);
});

test("many rows of one person are one value: they neither reach the limit nor move a share", () => {
  const alone = [...cards(1_000), ...others(98)];
  const units = [...Array<number>(1_000).fill(0), ...others(98).map((_, at) => at + 1)];
  assert.deepEqual(toldOf(textTable(alone, units), "value"), TOO_FEW);
  const more = [...cards(1_000), ...others(150)];
  const ofMore = [...Array<number>(1_000).fill(0), ...others(150).map((_, at) => at + 1)];
  assert.deepEqual(toldOf(textTable(more, ofMore), "value"), NONE);
  assert.notDeepEqual(toldOf(textTable(more), "value"), NONE, "were each row a unit, it would show");
});

test("a person counts by the share of his own values: one card among nine words is a tenth", () => {
  const people = cards(250).map((card) => [card, ...others(9)]);
  const units = people.flatMap((own, person) => own.map(() => person));
  assert.deepEqual(toldOf(textTable(people.flat(), units), "value"), told("pan", "<=25%", "<=25%", "yes"));
});

test("many rows of few scattered people are told as none", () => {
  const table = (people: number, rest: readonly string[]): Parameters<typeof toldOf>[0] => {
    const cells = [...cards(1_000), ...rest];
    const unit = cells.map((_, row) => (row < 1_000 ? `few ${row % people}` : `other ${row}`));
    return {
      ...textTable(cells),
      columns: [...textTable(cells).columns, { name: "unit", type: "utf8", role: "unit", cells: unit }],
    };
  };
  const run = { unit: "scattered", minUnits: 15 } as const;
  assert.deepEqual(toldOf(table(14, []), "value", run), TOO_FEW);
  assert.deepEqual(toldOf(table(14, others(200)), "value", run), NONE);
  assert.deepEqual(toldOf(table(30, []), "value", run), ALL_CARDS);
});

test("the rules' minimum of units is a limit too, where it is higher than the detectors' own", () => {
  const few = [...cards(40), ...others(300)];
  assert.deepEqual(toldOf(textTable(few), "value", { minUnits: 40 }), told("pan", "<=25%", "<=25%", "yes"));
  assert.deepEqual(toldOf(textTable(few), "value", { minUnits: 41 }), NONE);
  assert.deepEqual(toldOf(textTable(cards(150)), "value", { minUnits: 151 }), TOO_FEW);
});

test("numbers of a shape that no rule lets pass are told by their shape, of the kind that the name says", () => {
  const never = issuedSsns(150).map((ssn) => `999${ssn.slice(3)}`);
  const table = textTable(never, null, { name: "SSN" });
  assert.deepEqual(toldOf(table, "SSN"), told("ssn", "none", ">95%", "no"));
});

test("kinds beside the one that is shown are named where they are more than chance", () => {
  const mixed = [...cards(150), ...issuedSsns(60)];
  assert.deepEqual(toldOf(textTable(mixed), "value"), told("pan", "<=75%", "<=75%", "yes", "-"));
  const mails = [...cards(100), ...others(100).map((_, at) => `a${at}@example.com`)];
  const shown = toldOf(textTable(mails), "value");
  assert.deepEqual([shown["values_say"], shown["also"]].toSorted(), ["email", "pan"]);
});

test("the same steps are the same bytes: values of one kind for others, a row more in the middle of a step", () => {
  const bytes = (cells: readonly string[]): Uint8Array => profile(textTable(cells)).bytes;
  const first = bytes([...cards(150), ...others(50)]);
  assert.deepEqual(bytes([...cards(400).slice(250), ...others(90).slice(40)]), first);
  assert.deepEqual(bytes([...cards(151), ...others(55)]), first);
  assert.deepEqual(bytes([...others(50), ...cards(150)]), first);
});

test("no value of the data is in the result", () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(), { minLength: 100, maxLength: 130 }),
      fc.integer({ min: 2, max: 40 }),
      fc.boolean(),
      (serials, minUnits, isCoded) => {
        const values = serials.map((serial, at) =>
          at % 3 === 0 ? (cards(1_000)[serial % 1_000] ?? "") : `canary-${serial.toString(36)}-${at}`,
        );
        const over = isCoded ? { dictionary: ["never used, and yet a canary"] } : {};
        const { bytes } = profile(textTable(values, null, over), { minUnits });
        for (const value of [...values, "never used, and yet a canary"]) {
          assert.ok(!Buffer.from(bytes).includes(value), value);
        }
      },
    ),
    { numRuns: 100 },
  );
});

test("the largest table is no larger than what results are padded to, which the data does not change", () => {
  const names = fc.uniqueArray(fc.string({ unit: "grapheme", minLength: 1, maxLength: 60 }), {
    minLength: 1,
    maxLength: 40,
  });
  fc.assert(
    fc.property(names, (found) => {
      const columns = found.map((name): TestColumn => ({
        name,
        type: "utf8",
        role: "identifier",
        cells: [],
      }));
      const program = compileDiscovery(PLAN, manifestFor({ rows: 0, units: null, columns }));
      const merge = new ScanMerge(program);
      // As no data could have it: all values are of all kinds.
      const all = new Float64Array(DETECTORS.length).fill(1_000 * 65_536);
      const none = new Float64Array(DETECTORS.length);
      const counts = { values: 1_000 * 65_536, matched: all, failed: none };
      merge.add(columns.map(() => ({ counts, units: null })));
      const bytes = encodeProfile(program, merge, { maxRows: null });
      const also = tableRows(bytes)[0]?.["also"];
      assert.equal(String(also).split(" ").length, DETECTORS.length - 1);
      assert.ok(bytes.length <= mostProfileBytes(program), `${bytes.length}`);
    }),
    { numRuns: 100 },
  );
});

test("tables of any data have as many rows as the schema has columns", () => {
  for (const cells of [[], [null], cards(500), others(500)]) {
    const { rows, mostBytes } = profile(textTable(cells));
    assert.equal(rows.length, 1);
    assert.equal(mostBytes, profile(textTable(["x"])).mostBytes);
  }
});

test("a grant for fewer rows than the data set has columns refuses, which hangs on no value", () => {
  assert.throws(() => profile(textTable(cards(200)), { maxRows: 0 }), { code: "GATE_ROWS" });
  assert.equal(profile(textTable(cards(200)), { maxRows: 1 }).rows.length, 1);
});

test("a plan for another data set is refused", () => {
  const plan = { ...PLAN, inputs: [{ dataset: "other", owner: "" }] };
  assert.throws(() => compileDiscovery(plan, manifestFor(textTable([]))), { code: "PLAN_INPUT" });
});
