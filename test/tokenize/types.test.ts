// Columns of every type, in every form that others write them in, through a copy: kept as they are, their strings given
// the tokens that strings have, and no value too large or odd for an operator.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { encodeTable, parseTable } from "../../core/column/table.ts";
import { findColumnType } from "../../core/column/type.ts";
import type { Vector } from "../../core/column/vector.ts";
import type { ColumnRule } from "../../core/manifest/tokenization.ts";
import type { TokenizePlan } from "../../core/plan/plan.ts";
import { compileCopy } from "../../jobs/tokenize/compile.ts";
import { ObjectCopy } from "../../jobs/tokenize/copy.ts";
import { KEY, manifestOf } from "../aggregate/table.ts";
import { cellsOf, typeOf, vectorOf } from "../column/cells.ts";
import type { Cell } from "../column/cells.ts";
import type { ForeignColumn } from "../column/foreign.ts";
import { dictionaryArbitrary, foreignArbitrary, foreignFile, FORMS, INDEX_NAMES } from "../column/foreign.ts";
import { cellArbitrary, TYPE_NAMES } from "../column/model.ts";
import { columnRules } from "../host/dataset.ts";
import { fresh } from "./columns.ts";

const PLAN: TokenizePlan = {
  version: 1,
  kind: "tokenize",
  inputs: [{ dataset: "test", owner: "" }],
  audience: "copy",
  recipient: KEY,
  release: "sealed",
};
const MASTER = fresh(32);
const KEYED = { domain: "d", version: 3, role: "identifier", invalid: "null" } as const;

/** The copy's column, by way of the bytes of its object. */
function copyOf(type: string, vector: Vector, rule: Partial<ColumnRule>): readonly (Cell | null)[] {
  const column = { name: "x", type, role: "identifier", cells: [] } as const;
  const who = { name: "who", type: "int32", role: "unit", cells: [] } as const;
  const given = { rows: vector.rows, units: [], columns: [column, who] };
  const columns = columnRules(given.columns, { x: rule });
  const manifest = manifestOf(given, {
    tokenKeys: [{ domain: "d", version: 3, keyArn: "", wrappedKey: "" }],
    tokenization: { copy: { dataset: "copy", keyArn: "", columns } },
  });
  const program = compileCopy(PLAN, manifest);
  const kernel = new ObjectCopy(program, { masters: program.keys.map(() => MASTER.slice()), maps: [] });
  const units = vectorOf({
    field: { name: "who", type: typeOf("int32"), dictionary: null },
    cells: Array.from({ length: vector.rows }, (_, row) => row >> 1),
  });
  const vectors = program.columns.map(({ name }) => (name === "x" ? vector : units));
  const unitStart = new Uint8Array((vector.rows + 7) >> 3).fill(0x55);
  const made = kernel.add({ rows: vector.rows, unitStart, columns: vectors });
  const { fields, batches } = parseTable(
    encodeTable(made.fields, [{ rows: made.rows, columns: made.vectors }]),
  );
  const at = fields.findIndex(({ name }) => name === "x");
  const copied = batches[0]?.columns[at];
  assert.ok(copied !== undefined);
  return cellsOf(copied);
}

function read(column: ForeignColumn): Vector {
  const [vector] = parseTable(foreignFile([column], ["x"])).batches[0]?.columns ?? [];
  assert.ok(vector !== undefined);
  return vector;
}

function plainVector(type: string, cells: readonly (Cell | null)[]): Vector {
  return vectorOf({ field: { name: "x", type: typeOf(type), dictionary: null }, cells });
}

const ROWS = 12;
const FOREIGN: readonly (readonly [string, fc.Arbitrary<ForeignColumn>])[] = [
  ...FORMS.map((form) => [form, foreignArbitrary(form, ROWS)] as const),
  ...INDEX_NAMES.map(
    (index) => [`codes of ${index}`, dictionaryArbitrary(index, index.length > 5, ROWS)] as const,
  ),
];

for (const name of TYPE_NAMES) {
  test(`a column of ${name} is kept as it is, nulls and all`, () => {
    const cells = fc.array(fc.option(cellArbitrary(typeOf(name))), { minLength: 1, maxLength: ROWS });
    const check = (given: readonly (Cell | null)[]): void => {
      assert.deepEqual(copyOf(name, plainVector(name, given), {}), given);
    };
    fc.assert(fc.property(cells, check), { numRuns: 25 });
  });
}

for (const [name, columns] of FOREIGN) {
  test(`a column of ${name} is kept as what it says, nulls and all`, () => {
    const check = (column: ForeignColumn): void => {
      assert.deepEqual(copyOf(column.type, read(column), {}), column.cells);
    };
    fc.assert(fc.property(columns, check), { numRuns: 25 });
  });
}

test("strings have the same tokens in whatever form a file has them", () => {
  for (const [, columns] of FOREIGN.filter(([name]) => /^(codes|large)/.test(name))) {
    const check = (column: ForeignColumn): void => {
      const rule = { ...KEYED, operator: "siv" };
      assert.deepEqual(
        copyOf("utf8", read(column), rule),
        copyOf("utf8", plainVector("utf8", column.cells), rule),
      );
    };
    fc.assert(fc.property(columns, check), { numRuns: 25 });
  }
});

const OPERATORS: Readonly<Record<string, Partial<ColumnRule>>> = {
  cmac: KEYED,
  siv: KEYED,
  date_shift: KEYED,
  date_year: { invalid: "null" },
  bucket: { invalid: "null", parameters: { edges: [0, 10, 1e6] } },
};

const TAKES: Readonly<Record<string, readonly string[]>> = {
  cmac: ["utf8", "int", "date"],
  siv: ["utf8", "int", "date"],
  date_shift: ["date", "timestamp"],
  date_year: ["date", "timestamp"],
  bucket: ["int", "float", "decimal"],
};

for (const operator of Object.keys(OPERATORS)) {
  test(`no value of any type that ${operator} takes is too much for it, and nulls stay null`, () => {
    const rule = { ...OPERATORS[operator], operator };
    let taken = 0;
    const tryOn = (type: string, vector: Vector): void => {
      const kind = findColumnType(type)?.kind ?? "";
      if (!TAKES[operator]?.includes(kind)) return;
      const before = cellsOf(vector);
      const given = copyOf(type, vector, rule);
      taken += given.filter((cell) => cell !== null).length;
      assert.equal(given.length, before.length);
      for (const [row, cell] of before.entries()) assert.ok(cell !== null || given[row] === null);
    };
    for (const name of TYPE_NAMES) {
      const cells = fc.array(fc.option(cellArbitrary(typeOf(name))), { minLength: 1, maxLength: ROWS });
      fc.assert(
        fc.property(cells, (given) => {
          tryOn(name, plainVector(name, given));
        }),
        { numRuns: 10 },
      );
    }
    for (const [, columns] of FOREIGN) {
      fc.assert(
        fc.property(columns, (column) => {
          tryOn(column.type, read(column));
        }),
        { numRuns: 10 },
      );
    }
    assert.ok(taken > 100, `${taken}`);
  });
}
