// What is behind the tokens of a real copy, by every operator that can be taken back.
import assert from "node:assert/strict";
import { test } from "node:test";
import { UNREVEALED, unrevealedRows } from "../../core/receipt/unrevealed.ts";
import { makeCuts, makePeople, PERSON, PLAIN, REVERSIBLE, RULES } from "./people.ts";
import { cellsOf, copyOf, reveal, sealedWorld } from "./world.ts";

const ROWS = 700;
const source = sealedWorld(makePeople(ROWS), makeCuts(ROWS));
const copy = copyOf(source, RULES);
const withReasons = (rows: ReturnType<typeof cellsOf>, reason: string | null = null) =>
  rows.map((row) => [...row, reason]);

for (const name of REVERSIBLE) {
  test(`what is revealed of ${name} is what was tokenized, row by row, nulls and all`, () => {
    const { rows } = reveal(copy, { columns: [name] });
    assert.deepEqual(rows, withReasons(cellsOf(source, [name])));
    const stored = cellsOf(copy, [name]);
    const same = rows.filter(([cell], row) => cell !== null && cell === stored[row]?.[0]);
    assert.ok(same.length < ROWS / 50, "the copy has tokens");
  });
}

test("all columns come in the plan's order, those without tokens as they are", () => {
  const columns = [...PLAIN, ...REVERSIBLE].sort();
  const { table, rows } = reveal(copy, { columns });
  assert.deepEqual(
    table.fields.map(({ name, dictionary }) => [name, dictionary]),
    [...columns, UNREVEALED].map((name) => [name, null]),
  );
  assert.deepEqual(rows, withReasons(cellsOf(source, columns)));
  assert.equal(unrevealedRows(table), 0);
});

test("a value comes back in its canonical form", () => {
  const texts = ["  Ab  ", "aB", null];
  const column = { name: "t", type: "utf8", role: "hidden", cells: texts } as const;
  const odd = sealedWorld({ rows: 3, columns: [column], units: null }, [[3]]);
  const folded = copyOf(odd, { t: { operator: "siv", ...PERSON, parameters: { canonical: "fold" } } });
  const { rows } = reveal(folded, { columns: ["t"] });
  assert.deepEqual(rows, withReasons([["ab"], ["ab"], [null]]));
});

test("a match gives the rows whose stored token is one of the plan's, in the order of objects and rows", () => {
  for (const column of ["ssn", "ssnDigits", "patient", "hash", "city"]) {
    const stored = cellsOf(copy, [column]).map(([cell]) => cell ?? null);
    const known = [...new Set(stored.flatMap((cell) => cell ?? []))];
    const tokens = [known[3], known[30], known[0], "no such token"].flatMap((token) => token ?? []);
    const { rows } = reveal(copy, { columns: ["name", "born", "cost"], match: { column, tokens } });
    const expected = cellsOf(source, ["name", "born", "cost"]).filter((_, row) =>
      tokens.includes(stored[row] ?? ""),
    );
    assert.ok(expected.length >= 2, column);
    assert.deepEqual(rows, withReasons(expected), column);
  }
});

test("a match of tokens that no row has is a table without rows, as long as any other", () => {
  const columns = ["ssn", "born"];
  const none = reveal(copy, { columns, match: { column: "ssn", tokens: ["nothing", ""] }, maxRows: 9 });
  assert.deepEqual([none.rows, none.table.fields.length], [[], 3]);
  const some = reveal(copy, { columns, match: { column: "city", tokens: ["C1"] } });
  assert.ok(some.rows.length > 50);
  assert.equal(some.mostBytes, reveal(copy, { columns }).mostBytes);
  assert.ok(none.bytes <= none.mostBytes && some.bytes <= some.mostBytes);
});

test("tokens that were rewrapped under another version are revealed under that one", () => {
  const again = copyOf(copy, { ssn: { operator: "rewrap", domain: "person", version: 2 } });
  assert.equal(again.manifest.tokens?.["ssn"]?.version, 2);
  const { rows } = reveal(again, { columns: ["ssn"] });
  assert.deepEqual(rows, withReasons(cellsOf(source, ["ssn"])));
});

test("dates come back by a unit that is plain, or that became tokens after they were moved", () => {
  const { patient, born, ...rest } = RULES;
  assert.ok(patient !== undefined && born !== undefined);
  const plain = copyOf(source, { born });
  const later = copyOf(plain, { patient }, "partner");
  for (const world of [plain, later]) {
    assert.deepEqual(reveal(world, { columns: ["born"] }).rows, withReasons(cellsOf(source, ["born"])));
  }
  assert.equal(later.manifest.tokens?.["born"]?.audience, "research");
  assert.equal(Object.keys(rest).length, Object.keys(RULES).length - 2);
});
