// Types, compressions and layouts of Parquet files as DuckDB writes them, and forms that only other writers have.
import assert from "node:assert/strict";
import test from "node:test";
import { PARQUET_BATCH_ROWS, checkParquetSchema, openParquet } from "../../core/parquet/batches.ts";
import { columnType } from "../../core/parquet/column.ts";
import { columnTypeName } from "../../core/column/type.ts";
import { byteField, flagField, i32Field, structField } from "../../core/parquet/thrift-writer.ts";
import { writeParquet } from "../adopt/parquet-files.ts";
import { refuses } from "../host/refusal.ts";
import { fileOf, forge, MB, plainPage, readCells } from "./forger.ts";

const TYPES: readonly (readonly [
  sql: string,
  type: string,
  cells: readonly (readonly [string, string])[],
])[] = [
  [
    "BOOLEAN",
    "bool",
    [
      ["true", "true"],
      ["false", "false"],
    ],
  ],
  [
    "TINYINT",
    "int8",
    [
      ["-128", "-128"],
      ["127", "127"],
    ],
  ],
  ["SMALLINT", "int16", [["-32768", "-32768"]]],
  ["INTEGER", "int32", [["-2147483648", "-2147483648"]]],
  [
    "BIGINT",
    "int64",
    [
      ["-9223372036854775808", "-9223372036854775808"],
      ["9223372036854775807", "9223372036854775807"],
    ],
  ],
  ["UTINYINT", "uint8", [["255", "255"]]],
  ["USMALLINT", "uint16", [["65535", "65535"]]],
  ["UINTEGER", "uint32", [["4294967295", "4294967295"]]],
  ["UBIGINT", "uint64", [["18446744073709551615", "18446744073709551615"]]],
  [
    "FLOAT",
    "float32",
    [
      ["1.5", "1.5"],
      ["'-inf'", "-Infinity"],
    ],
  ],
  [
    "DOUBLE",
    "float64",
    [
      ["0.1", "0.1"],
      ["'nan'", "NaN"],
    ],
  ],
  ["DECIMAL(4,2)", "decimal(4,2)", [["-99.99", "-99.99"]]],
  ["DECIMAL(9,0)", "decimal(9,0)", [["999999999", "999999999"]]],
  ["DECIMAL(18,4)", "decimal(18,4)", [["-12345678901234.5678", "-12345678901234.5678"]]],
  [
    "DECIMAL(38,10)",
    "decimal(38,10)",
    [["-1234567890123456789012345678.0123456789", "-1234567890123456789012345678.0123456789"]],
  ],
  [
    "VARCHAR",
    "utf8",
    [
      ["''", ""],
      ["'ü€😀'", "ü€😀"],
      ["'a,\"b'", 'a,"b'],
    ],
  ],
  [
    "DATE",
    "date",
    [
      ["DATE '1969-12-31'", "1969-12-31"],
      ["DATE '2024-02-29'", "2024-02-29"],
    ],
  ],
  ["TIMESTAMP", "timestamp", [["TIMESTAMP '1969-12-31 23:59:59.999999'", "1969-12-31T23:59:59.999999"]]],
  ["TIMESTAMP_MS", "timestamp", [["TIMESTAMP '1969-12-31 23:59:59.999'", "1969-12-31T23:59:59.999000"]]],
  [
    "TIMESTAMP_NS",
    "timestamp",
    [["TIMESTAMP_NS '1969-12-31 23:59:59.999999999'", "1969-12-31T23:59:59.999999"]],
  ],
  [
    "TIMESTAMPTZ",
    "timestamp[UTC]",
    [["TIMESTAMPTZ '2024-02-29 01:02:03+00'", "2024-02-29T01:02:03.000000Z"]],
  ],
];

const MOST_VALUES = 3;

/** A column of each type, null wherever it has no more values, in the first row always. */
function selectAll(): { readonly sql: string; readonly cells: readonly (readonly (string | null)[])[] } {
  const rows = Array.from({ length: MOST_VALUES + 1 }, (_, row) => row);
  const at = (values: readonly (readonly [string, string])[], row: number, part: 0 | 1): string | null =>
    values[row - 1]?.[part] ?? null;
  const selects = rows.map((row) =>
    TYPES.map(([sql, , values], i) => `CAST(${at(values, row, 0) ?? "NULL"} AS ${sql}) AS c${i}`).join(", "),
  );
  return {
    sql: selects.map((select) => `SELECT ${select}`).join(" UNION ALL "),
    cells: rows.map((row) => TYPES.map(([, , values]) => at(values, row, 1))),
  };
}

for (const codec of ["uncompressed", "snappy", "gzip", "zstd", "lz4_raw", "brotli"]) {
  test(`every type that a manifest may name is read, with nulls, compressed by ${codec}`, async () => {
    const { sql, cells } = selectAll();
    const bytes = await writeParquet(sql, `COMPRESSION ${codec}`);
    assert.deepEqual(await readCells(bytes), cells);
    const parquet = await openParquet(fileOf(bytes), (_bytes, work) => work());
    const found = parquet.columns
      .map((column) => columnType(column))
      .map((type) => type && columnTypeName(type));
    assert.deepEqual(
      found,
      TYPES.map(([, type]) => type),
    );
  });
}

for (const sql of ["UUID", "TIME", "INTERVAL", "BLOB", "JSON", "INTEGER[]", "STRUCT(a INTEGER)"]) {
  test(`a column of ${sql} is refused, whichever are asked for`, async () => {
    const bytes = await writeParquet(`SELECT 1 AS a, CAST(NULL AS ${sql}) AS b`);
    await refuses("COLUMN_TYPE", readCells(bytes, [0]));
  });
}

test("annotations of older writers are read as those of newer ones", async () => {
  const value = plainPage(new Uint8Array(Int32Array.of(1).buffer), 1);
  const long = plainPage(new Uint8Array(BigInt64Array.of(1n).buffer), 1);
  for (const [physical, converted, cell] of [
    [1, 15, "1"],
    [1, 12, "1"],
    [1, 6, "1970-01-02"],
    [2, 14, "1"],
    [2, 9, "1970-01-01T00:00:00.001000Z"],
    [2, 10, "1970-01-01T00:00:00.000001Z"],
  ] as const) {
    const type = i32Field(physical);
    const element = { 1: type, 6: i32Field(converted) };
    const bytes = forge({ rows: 1, pages: physical === 1 ? value : long, element, facts: { 1: type } });
    assert.deepEqual(await readCells(bytes), [[cell]], `${physical} ${converted}`);
  }
  const decimal = { 6: i32Field(5), 7: i32Field(2), 8: i32Field(4) };
  assert.deepEqual(await readCells(forge({ rows: 1, pages: value, element: decimal })), [["0.01"]]);
  // The newer annotation is believed where both stand.
  const signed = structField([
    [
      10,
      structField([
        [1, byteField(8)],
        [2, flagField(false)],
      ]),
    ],
  ]);
  const parquet = await openParquet(fileOf(forge({ element: { 6: i32Field(15), 10: signed } })), (_, work) =>
    work(),
  );
  assert.deepEqual(columnType(parquet.columns[0] ?? assert.fail()), { kind: "int", bits: 8, signed: false });
});

test("the two forms of LZ4 that no writer of today has are read too", async () => {
  // A block of literals alone: their number, then they.
  const block = Buffer.concat([Uint8Array.of(12 << 4), new Uint8Array(Int32Array.of(1, 2, 3).buffer)]);
  const lengths = Buffer.alloc(8);
  lengths.writeUInt32BE(12, 0);
  lengths.writeUInt32BE(block.length, 4);
  for (const [codec, bytes] of [
    [7, block],
    [5, block],
    [5, Buffer.concat([lengths, block])],
  ] as const) {
    const pages = plainPage(new Uint8Array(bytes), 3, 12);
    assert.deepEqual(await readCells(forge({ pages, facts: { 4: i32Field(codec) } })), [["1"], ["2"], ["3"]]);
  }
});

test("columns that differ from the manifest in number, name, type or order are refused of Parquet too", async () => {
  const bytes = await writeParquet("SELECT 1::INTEGER AS a, 'x' AS b");
  const parquet = await openParquet(fileOf(bytes), (_bytes, work) => work());
  const [a, b] = [
    { name: "a", type: "int32", role: "measure" },
    { name: "b", type: "utf8", role: "unit" },
  ] as const;
  checkParquetSchema(parquet, [a, b]);
  for (const schema of [[a], [b, a], [a, { ...b, name: "B" }], [{ ...a, type: "int64" }, b], [a, b, b]]) {
    assert.throws(() => {
      checkParquetSchema(parquet, schema);
    }, /columns differ/);
  }
});

const ROWS = PARQUET_BATCH_ROWS + 5_000;
const WIDE =
  `SELECT i::INTEGER AS id, ('person-' || (i % 97)) AS person, CASE WHEN i % 7 = 0 THEN NULL ELSE i * 1.5 END AS amount ` +
  `FROM range(${ROWS}) t(i)`;

test("row groups of any number are read to their end, in batches", async () => {
  for (const rows of [2048, 65_536, 1_000_000]) {
    const bytes = await writeParquet(WIDE, `COMPRESSION snappy, ROW_GROUP_SIZE ${rows}`);
    const cells = await readCells(bytes, [2, 0]);
    assert.equal(cells.length, ROWS);
    assert.ok(
      cells.every(([amount, id], i) => id === String(i) && (amount === null) === (i % 7 === 0)),
      String(rows),
    );
    assert.deepEqual(
      await readCells(bytes, []),
      Array.from({ length: ROWS }, () => []),
    );
  }
});

test("footer and chunks of the wanted columns are read and nothing else, once each, in the file's order", async () => {
  const bytes = await writeParquet(WIDE, "COMPRESSION uncompressed, ROW_GROUP_SIZE 30000");
  const parquet = await openParquet(fileOf(bytes), (_bytes, work) => work());
  const chunks = (place: number): readonly string[] =>
    parquet.rowGroups.map(({ chunks: all }) => `${all[place]?.range.start} ${all[place]?.range.end}`);
  for (const [places, wanted] of [
    [[1], chunks(1)],
    [[2, 0], chunks(2).flatMap((chunk, i) => [chunk, chunks(0)[i] ?? ""])],
    [[], []],
  ] as const) {
    const read: string[] = [];
    const file = fileOf(bytes);
    await readCells(bytes, places, 64 * MB, {
      ...file,
      read: (ranges) => {
        read.push(...ranges.map(({ start, end }) => `${start} ${end}`));
        return file.read(ranges);
      },
    });
    const [tail, ...rest] = read;
    assert.equal(tail, `${Math.max(0, bytes.length - 65_536)} ${bytes.length}`);
    assert.deepEqual(rest, wanted);
  }
});
