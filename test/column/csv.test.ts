import assert from "node:assert/strict";
import test from "node:test";
import { encodeCsv } from "../../core/column/csv.ts";
import { encodeTable, parseTable } from "../../core/column/table.ts";
import { cellText, dateText, decimalText } from "../../core/column/text.ts";
import { typeOf, vectorOf, type Cell } from "./cells.ts";

function csv(columns: Readonly<Record<string, readonly [type: string, ...cells: (Cell | null)[]]>>): string {
  const models = Object.entries(columns).map(([name, [type, ...cells]]) => ({
    field: { name, type: typeOf(type), dictionary: null },
    cells,
  }));
  const rows = models[0]?.cells.length ?? 0;
  const table = parseTable(
    encodeTable(
      models.map(({ field }) => field),
      [{ rows, columns: models.map(vectorOf) }],
    ),
  );
  return [...encodeCsv(table)].join("");
}

test("records end in CRLF; quotes, commas and line breaks are quoted; null is empty and an empty text is not", () => {
  const text = csv({
    'a"b': ["utf8", "x", 'q"q', "c,c", "l\nl", "r\rr", "", null, " s "],
    n: ["int8", 1, 2, 3, 4, 5, 6, null, -8],
  });
  assert.equal(
    text,
    '"a""b",n\r\nx,1\r\n"q""q",2\r\n"c,c",3\r\n"l\nl",4\r\n"r\rr",5\r\n"",6\r\n,\r\n s ,-8\r\n',
  );
});

test("decimals and 64-bit integers are exact, dates and times ISO 8601", () => {
  const text = csv({
    d: ["decimal(38,10)", 12_345_678_901_234_567_890_123_456_789_012_345_678n, -1n, 0n],
    i: ["int64", -(2n ** 63n), 2n ** 63n - 1n, 0n],
    u: ["uint64", 2n ** 64n - 1n, 0n, 1n],
    day: ["date", 0, -1, 19_782],
    t: ["timestamp", 0n, -1n, 1_709_251_199_999_999n],
    z: ["timestamp[UTC]", 0n, -1n, 1_709_251_199_999_999n],
    b: ["bool", true, false, null],
    f: ["float64", 0.1, -0, Number.NaN],
  });
  assert.equal(
    text,
    [
      "d,i,u,day,t,z,b,f",
      "1234567890123456789012345678.9012345678,-9223372036854775808,18446744073709551615,1970-01-01,1970-01-01T00:00:00.000000,1970-01-01T00:00:00.000000Z,true,0.1",
      "-0.0000000001,9223372036854775807,0,1969-12-31,1969-12-31T23:59:59.999999,1969-12-31T23:59:59.999999Z,false,0",
      "0.0000000000,0,1,2024-02-29,2024-02-29T23:59:59.999999,2024-02-29T23:59:59.999999Z,,NaN",
      "",
    ].join("\r\n"),
  );
});

test("a table without rows is its header", () => {
  assert.equal(csv({ a: ["utf8"], b: ["int32"] }), "a,b\r\n");
});

test("the ends of what a type holds have a text", () => {
  assert.equal(decimalText(-5n, 2), "-0.05");
  assert.equal(decimalText(5n, 0), "5");
  assert.equal(dateText(-719_529), "-000001-12-31");
  assert.equal(dateText(2_932_897), "+010000-01-01");
  assert.equal(dateText(2_147_483_647), "2147483647 days");
  const vector = vectorOf({
    field: { name: "", type: typeOf("float32"), dictionary: null },
    cells: [Infinity],
  });
  assert.equal(cellText(vector, 0), "Infinity");
});
