// Whole tables as CSV: what our own writer wrote, and what DuckDB makes of the same file.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after } from "node:test";
import fc from "fast-check";
import { encodeCsv } from "../../core/column/csv.ts";
import { cellText } from "../../core/column/text.ts";
import { columnTypeName } from "../../core/column/type.ts";
import { openDatabase, queryRows } from "../../owner/read/database.ts";
import { typeOf, vectorOf, type Cell } from "../column/cells.ts";
import { cellArbitrary, TYPE_NAMES } from "../column/model.ts";
import { COMMA, readCells } from "./naive.ts";

const directory = mkdtempSync(join(tmpdir(), "sealroom-csv-"));
const database = await openDatabase({ memoryBytes: 200_000_000, threads: 1 });
after(() => {
  database.close();
  rmSync(directory, { recursive: true });
});

/** That have a text of their own: no infinity, no year of five digits, no byte 0. */
function isSpelt(cell: Cell): boolean {
  if (typeof cell === "number") return Number.isFinite(cell);
  return typeof cell !== "string" || !cell.includes("\0");
}

const [FIRST_DAY, LAST_DAY] = [-719_468, 2_932_896];
const types = TYPE_NAMES.map(typeOf);
const rows = fc.array(
  fc.tuple(
    ...types.map((type) => {
      const micros = 86_400_000_000n * BigInt(FIRST_DAY);
      const cell =
        type.kind === "date"
          ? fc.integer({ min: FIRST_DAY, max: LAST_DAY })
          : type.kind === "timestamp"
            ? fc.bigInt(micros, -micros)
            : cellArbitrary(type);
      return fc.option<Cell>(cell.filter(isSpelt));
    }),
  ),
  { minLength: 1, maxLength: 8 },
);
const schema = types.map((type, i) => ({ name: `c${i}`, type: columnTypeName(type) }));

test("a table of every type that was written as CSV is read as it was", () => {
  fc.assert(
    fc.property(rows, (cells) => {
      const fields = types.map((type, i) => ({ name: `c${i}`, type, dictionary: null }));
      const vectors = fields.map((field, i) =>
        vectorOf({ field, cells: cells.map((row) => row[i] ?? null) }),
      );
      const table = { fields, batches: [{ rows: cells.length, unitStart: null, columns: vectors }] };
      const text = new Uint8Array(Buffer.from([...encodeCsv(table)].join("")));
      const columns = types.map((_, i) => i);
      const read = readCells(text, { schema, dialect: { ...COMMA, header: "names" }, columns }, [5, 100]);
      assert.deepEqual(
        read.rows,
        cells.map((_, row) => vectors.map((vector) => cellText(vector, row))),
      );
    }),
    { numRuns: 150 },
  );
});

const text = fc.string({
  unit: fc.constantFrom("a", "é", ",", '"', "\n", "\r\n", " ", "NA", "'"),
  maxLength: 5,
});
const lines = fc.array(fc.tuple(fc.option(text), fc.option(text)), { minLength: 1, maxLength: 30 });

test("texts and nulls of a file are those that DuckDB's read_csv finds in it", async () => {
  const quoted = (value: string | null): string => (value === null ? "" : `"${value.replaceAll('"', '""')}"`);
  await fc.assert(
    fc.asyncProperty(lines, fc.constantFrom("\n", "\r\n"), async (records, end) => {
      const all = records.map(([a, b]) => `${quoted(a)},${quoted(b)}${end}`).join("");
      const path = join(directory, "file.csv");
      writeFileSync(path, all);
      const sql =
        `SELECT * FROM read_csv('${path}', header = false, all_varchar = true, auto_detect = false, delim = ',', ` +
        `new_line = '${end === "\n" ? "\\n" : "\\r\\n"}', quote = '"', escape = '"', nullstr = '', allow_quoted_nulls = false, columns = {a: 'VARCHAR', b: 'VARCHAR'})`;
      const expected = await queryRows(database.connection, sql);
      const two = [
        { name: "a", type: "utf8" },
        { name: "b", type: "utf8" },
      ];
      const read = readCells(new Uint8Array(Buffer.from(all)), {
        schema: two,
        dialect: COMMA,
        columns: [0, 1],
      });
      assert.deepEqual(
        read.rows,
        expected.map((row) => [row["a"], row["b"]]),
      );
    }),
    { numRuns: 25 },
  );
});
