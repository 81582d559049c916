// What is CSV, what of it is null, and what each type's texts are: rule by rule, then held to a naive twin.
import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { CSV_DELIMITERS, CSV_DELIMITER_NAMES, type CsvDialect } from "../../core/csv/dialect.ts";
import { MAX_RECORD_BYTES } from "../../core/csv/records.ts";
import { CSV_BATCH_ROWS } from "../../core/csv/reader.ts";
import { COMMA, faultOf, naiveCells, readCells } from "./naive.ts";

const TWO = [
  { name: "a", type: "utf8" },
  { name: "b", type: "utf8" },
];

function bytesOf(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text));
}

function readTexts(text: string | Uint8Array, dialect: CsvDialect = COMMA): string {
  const bytes = typeof text === "string" ? bytesOf(text) : text;
  return faultOf(() => readCells(bytes, { schema: TWO, dialect, columns: [0, 1] }));
}

for (const [text, fault] of [
  ['a,"b\n', "quote 0"],
  ['a,"b', "quote 0"],
  ['x,y\na,"b"c\n', "quote 1"],
  ['x,y\na,b"c"\n', "quote 1"],
  ['x,y\n"a" ,b\n', "quote 1"],
  ["x,y\na\n", "fields 1"],
  ["x,y\na,b,c\n", "fields 1"],
  ["x,y\na,b,\n", "fields 1"],
  ["x,y\n\na,b\n", "line 1"],
  ["x,y\na,b\n\n", "line 2"],
  ["x,y\na\rb,c\n", "line 1"],
  ["x,y\na,b\r", "line 1"],
  ["x,y\r\na,b\n", "line 1"],
  ["x,y\na,b\r\n", "line 1"],
  ["x,y\na\0,b\n", "zero 1"],
  ['x,y\n"a\0",b\n', "zero 1"],
] as const) {
  test(`${JSON.stringify(text)} is refused: ${fault}`, () => {
    assert.equal(readTexts(text), fault);
  });
}

test("text that is not UTF-8 is refused", () => {
  for (const hex of ["ff", "c080", "eda080", "c3", "f4908080"]) {
    assert.equal(readTexts(new Uint8Array(Buffer.from(`612c${hex}0a`, "hex"))), "utf8", hex);
  }
});

test("a record of a mebibyte is read, in however many fields and lines, and a longer one is not", () => {
  for (const [open, fill, close] of [
    ["a,", "x", "\n"],
    ['a,"', "\n", '"\n'],
  ] as const) {
    const most = MAX_RECORD_BYTES - open.length - close.length;
    assert.equal(readTexts(`x,y\n${open}${fill.repeat(most)}${close}`), "ok");
    assert.equal(readTexts(`x,y\n${open}${fill.repeat(most + 1)}${close}`), "length 1");
  }
  assert.equal(readTexts(`x,y\na,"${"x".repeat(5 * MAX_RECORD_BYTES)}`), "length 1");
});

test("a text without a record is a table without a row, unless a header is missing", () => {
  for (const text of ["", "\ufeff"]) {
    assert.equal(readTexts(text), "ok");
    assert.equal(readTexts(text, { ...COMMA, header: "names" }), "header 0");
  }
  assert.equal(readTexts("a,b", { ...COMMA, header: "names" }), "ok");
});

test("a header has to name the schema's columns, in its order", () => {
  const dialect: CsvDialect = { ...COMMA, header: "names" };
  assert.equal(readTexts('\ufeffa,"b"\nb,a\n', dialect), "ok");
  for (const header of ["b,a", "a,B", "a,b ", "a,", "\ufeff\ufeffa,b"]) {
    assert.equal(readTexts(`${header}\n1,2\n`, dialect), "header 0", header);
  }
  assert.equal(readTexts("a\n1,2\n", dialect), "fields 0");
});

test("a text is null where it is a null token without quotes; another value with quotes too", () => {
  const schema = [
    { name: "a", type: "utf8" },
    { name: "n", type: "int32" },
  ];
  const read = (text: string, nulls: readonly string[]): readonly unknown[] =>
    readCells(bytesOf(text), { schema, dialect: { ...COMMA, nulls }, columns: [0, 1] }).rows;
  assert.deepEqual(read(',\n"",""\nNA,1\n', [""]), [
    [null, null],
    ["", null],
    ["NA", "1"],
  ]);
  assert.deepEqual(read('NA,NA\n"NA","NA"\n,1\n\\N,\\N\n', ["NA", "\\N"]), [
    [null, null],
    ["NA", null],
    ["", "1"],
    [null, null],
  ]);
  assert.equal(
    faultOf(() => read("a,\n", [])),
    "value 0 1",
  );
});

for (const [type, good, bad] of [
  ["bool", ["true", "T", "yes", "y", "1", "FALSE", "f", "no", "n", "0"], ["", " true", "2", "on", "tru"]],
  ["int8", ["-128", "127", "007", "-0"], ["128", "-129", "+1", "1.0", "1e1", " 1", "1_0", "0x1", "-"]],
  ["uint64", ["18446744073709551615", "0"], ["18446744073709551616", "-1", "9".repeat(200)]],
  ["int64", ["-9223372036854775808", "9223372036854775807"], ["9223372036854775808"]],
  ["decimal(4,2)", ["99.99", "-99.99", "1", "1.5", "1.500"], ["100", "1.501", ".5", "1.", "1,5", "1e1"]],
  [
    "float64",
    ["1", "-1.5", ".5", "5.", "+2", "1e300", "-0"],
    ["1e400", "1e-400", "nan", "inf", "1e", "0x1", "1 "],
  ],
  ["float32", ["3.4028235e38", "1e-45", "16777217"], ["3.4028236e38", "1e-46", "Infinity"]],
  ["date", ["0000-01-01", "2024-02-29", "9999-12-31"], ["2023-02-29", "2024-2-1", "2024-01-32", "20240101"]],
  [
    "timestamp",
    ["2024-02-29", "2024-02-29T01:02:03", "2024-02-29 01:02:03.123456"],
    ["2024-02-29T24:00:00", "2024-02-29T01:02:03Z", "2024-02-29T01:02", "2024-02-29T01:02:03.1234567"],
  ],
  [
    "timestamp[UTC]",
    ["2024-02-29T01:02:03Z", "2024-02-29 01:02:03+05:30", "2024-02-29T01:02:03-08"],
    ["2024-02-29T01:02:03 UTC", "2024-02-29T01:02:03+5"],
  ],
] as const) {
  test(`texts of a ${type}: ${good.join(" ")}`, () => {
    const schema = [{ name: "v", type }];
    const shape = { schema, dialect: { ...COMMA, nulls: [] }, columns: [0] };
    for (const text of good) {
      assert.equal(
        faultOf(() => readCells(bytesOf(`${text}\n`), shape)),
        "ok",
        text,
      );
    }
    for (const text of bad) {
      // Quoted, since an empty line and a comma would be refused by themselves.
      const lines = `${good.map((each) => `${each}\n`).join("")}"${text}"\n${good[0]}\n`;
      assert.equal(
        faultOf(() => readCells(bytesOf(lines), shape)),
        `value ${good.length} 0`,
        text,
      );
    }
  });
}

test("a float of 32 bits is the one that its text is nearest to, not the one that a double of it is", () => {
  const read = (text: string): string | null | undefined =>
    readCells(bytesOf(`${text}\n`), {
      schema: [{ name: "v", type: "float32" }],
      dialect: COMMA,
      columns: [0],
    }).rows[0]?.[0];
  // Halfway between 1 and the next float, to more digits than a double holds.
  const half = "1.00000005960464477539062";
  const next = String(1 + 2 ** -23);
  for (const [text, value] of [
    [`${half}5`, "1"],
    [`${half}500000000000000000001`, next],
    [`-${half}500000000000000000001`, `-${next}`],
    [`${half}499999999999999999999`, "1"],
    ["1.000000178813934326171875", String(1 + 2 ** -22)],
    ["1.00000017881393432617187499999", next],
    ["3.40282356779733661637539395458142568447e38", String(2 ** 128 - 2 ** 104)],
  ] as const) {
    assert.equal(Number(read(text)), Number(value), text);
  }
  assert.equal(
    faultOf(() => read("3.40282356779733661637539395458142568449e38")),
    "value 0 0",
  );
  fc.assert(
    fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
      assert.ok(value === 0 || Number(read(String(value))) === value);
    }),
    { numRuns: 200 },
  );
});

test("only the wanted columns are converted, in the order asked for, and every record is counted whole", () => {
  const schema = [...TWO, { name: "n", type: "int32" }];
  const text = bytesOf("a,b,1\nc,d,x\ne,f,\n");
  const read = (columns: readonly number[]): readonly unknown[] =>
    readCells(text, { schema, dialect: COMMA, columns }).rows;
  assert.deepEqual(read([1, 0]), [
    ["b", "a"],
    ["d", "c"],
    ["f", "e"],
  ]);
  assert.deepEqual(read([]), [[], [], []]);
  assert.equal(
    faultOf(() => read([2])),
    "value 1 2",
  );
  const broken = { schema, dialect: COMMA, columns: [] };
  assert.equal(
    faultOf(() => readCells(bytesOf("a,b,1\nc,d\n"), broken)),
    "fields 1",
  );
});

test("batches have a fixed number of rows, however the text comes, and each is whole when the next is read", () => {
  const rows = CSV_BATCH_ROWS + 3_000;
  const text = bytesOf(Array.from({ length: rows }, (_, i) => `${i},${i % 7 === 0 ? "" : i}\n`).join(""));
  const schema = [
    { name: "a", type: "utf8" },
    { name: "n", type: "int32" },
  ];
  for (const parts of [[text.length], [100_001]]) {
    const read = readCells(text, { schema, dialect: COMMA, columns: [0, 1] }, parts);
    assert.deepEqual(read.batches, [CSV_BATCH_ROWS, 3_000]);
    assert.ok(read.rows.every(([a, n], i) => a === String(i) && n === (i % 7 === 0 ? null : String(i))));
  }
});

test("a batch whose texts are long has fewer rows", () => {
  const text = bytesOf(`${"x".repeat(1000)},y\n`.repeat(20_000));
  const { batches } = readCells(text, { schema: TWO, dialect: COMMA, columns: [0] });
  assert.ok(batches.length > 1);
  assert.equal(
    batches.reduce((sum, rows) => sum + rows, 0),
    20_000,
  );
});

const piece = fc.constantFrom(
  "a",
  "ü€😀",
  ",",
  ";",
  "\t",
  "|",
  '"',
  '""',
  '"a,b"',
  "\n",
  "\r\n",
  "\r",
  "",
  " ",
  "\ufeff",
);
const texts = fc.array(piece, { maxLength: 24 }).map((all) => all.join(""));

test("whatever the text and the parts it comes in, the cells are the naive reader's, or both refuse", () => {
  let read = 0;
  fc.assert(
    fc.property(
      texts,
      fc.constantFrom(...CSV_DELIMITER_NAMES),
      fc.subarray(["", "a", " "]),
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 }),
      (text, delimiter, nulls, parts) => {
        const dialect: CsvDialect = { delimiter, header: "none", nulls };
        const expected = naiveCells(text, dialect);
        const columns = expected?.[0]?.length ?? text.split(CSV_DELIMITERS[delimiter]).length;
        const schema = Array.from({ length: columns }, (_, i) => ({ name: `c${i}`, type: "utf8" }));
        const shape = { schema, dialect, columns: schema.map((_, i) => i) };
        if (expected === null) {
          assert.notEqual(
            faultOf(() => readCells(bytesOf(text), shape, parts)),
            "ok",
          );
          return;
        }
        read += 1;
        assert.deepEqual(readCells(bytesOf(text), shape, parts).rows, expected);
      },
    ),
    { numRuns: 1_000 },
  );
  assert.ok(read > 80, `${read} read`);
});
