// What goes in comes out: rows, values and units of CSV, Parquet and Arrow, sealed and opened again.
import assert from "node:assert/strict";
import { stat } from "node:fs/promises";
import test, { after, before } from "node:test";
import { DuckDBInstance } from "@duckdb/node-api";
import * as arrow from "apache-arrow";
import { BATCH_ROWS, columnTypeName } from "../../core/column/type.ts";
import type { Cell } from "../column/cells.ts";
import { Cleanups } from "../local/kms/rig.ts";
import { EPOCH, startOwnerRig, type OpenedDataset, type OwnerRig } from "./rig.ts";

const cleanups = new Cleanups();
let rig: OwnerRig;
before(async () => {
  rig = await startOwnerRig(cleanups);
});
after(() => cleanups.run());

type Row = Readonly<Record<string, Cell | null>>;

function rowsOf({ columns }: OpenedDataset): readonly Row[] {
  const names = Object.keys(columns);
  return (columns[names[0] ?? ""] ?? []).map((_, i) =>
    Object.fromEntries(names.map((name) => [name, columns[name]?.[i] ?? null])),
  );
}

function sorted(rows: readonly Row[]): readonly string[] {
  return rows
    .map((row) =>
      JSON.stringify(row, (_, value: unknown) => (typeof value === "bigint" ? `${value}n` : value)),
    )
    .sort();
}

/** Each unit in one stretch, inside one object, its first row marked and no other: counted the plain way. */
function checkUnits(opened: OpenedDataset, unit: string): void {
  const values = opened.columns[unit] ?? [];
  const starts: boolean[] = [];
  const objectOf: number[] = [];
  for (const [object, table] of opened.tables.entries()) {
    for (const { rows, unitStart } of table.batches) {
      for (let row = 0; row < rows; row += 1) {
        starts.push((((unitStart?.[row >> 3] ?? 0) >> (row & 7)) & 1) === 1);
        objectOf.push(object);
      }
    }
  }
  assert.equal(starts.length, values.length);
  const seen = new Map<Cell | null, number>();
  for (const [row, value] of values.entries()) {
    const isFirst = row === 0 || values[row - 1] !== value;
    assert.equal(starts[row], isFirst, `row ${row}`);
    if (isFirst) {
      assert.ok(!seen.has(value), `unit ${String(value)} lies in two places`);
      seen.set(value, objectOf[row] ?? -1);
    }
    assert.equal(objectOf[row], seen.get(value), `unit ${String(value)} spans objects`);
  }
}

const VISITS = {
  schema: `
unit: who
columns:
  who: { type: utf8, role: unit }
  n: { type: int32, role: measure }
  paid: { type: "decimal(12,2)", role: measure }
  day: { type: date, role: dimension }
  at: { type: "timestamp[UTC]", role: hidden }
  ok: { type: bool, role: dimension }
  ratio: { type: float64, role: measure }
  colour: { type: utf8, role: dimension }
  note: { type: utf8, role: hidden }
`,
  rows: Array.from({ length: 1_000 }, (_, i): Row => ({
    who: `person ${(i * 7_919) % 97}${i % 3 === 0 ? " with a name longer than twelve bytes" : ""}`,
    n: i % 11 === 0 ? null : i - 500,
    paid: i % 13 === 0 ? null : BigInt(i * 101) - 5_000n,
    day: i % 17 === 0 ? null : 18_000 + (i % 30),
    at: BigInt(i) * 1_000_001n,
    ok: i % 5 === 0 ? null : i % 2 === 0,
    ratio: i / 7,
    colour: i % 7 === 0 ? null : (["red", "green", "blue", ""][i % 4] ?? null),
    note: i % 19 === 0 ? null : `line ${i}\nwith "quotes", commas,\r\nünïcödé €😀 and \t tabs`,
  })) as readonly Row[],
};

function csvField(name: string, value: Cell | null): string {
  if (value === null) return "";
  if (name === "paid") {
    const cents = value as bigint;
    const digits = (cents < 0n ? -cents : cents).toString().padStart(3, "0");
    return `${cents < 0n ? "-" : ""}${digits.slice(0, -2)}.${digits.slice(-2)}`;
  }
  if (name === "day") return new Date(Number(value) * 86_400_000).toISOString().slice(0, 10);
  if (name === "at") {
    const micros = value as bigint;
    return `${new Date(Number(micros / 1_000n)).toISOString().slice(0, 20)}${String(micros % 1_000_000n).padStart(6, "0")}Z`;
  }
  const text = String(value);
  return text === "" || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function csvOf(rows: readonly Row[]): string {
  const names = Object.keys(rows[0] ?? {});
  const records = rows.map((row) => names.map((name) => csvField(name, row[name] ?? null)).join(","));
  return [names.join(","), ...records, ""].join("\r\n");
}

test("CSV: rows, nulls, empty texts, quotes, line breaks, exact decimals, dates and units come out as they went in", async () => {
  const file = await rig.file("visits.csv", csvOf(VISITS.rows));
  const sealed = await rig.seal({
    inputs: [file],
    schema: VISITS.schema,
    prefix: "csv/",
    rowsPerObject: 150,
  });
  const opened = await rig.open("csv/");
  assert.equal(sealed.rows, 1_000);
  assert.ok(sealed.objects > 4 && sealed.objects === opened.tables.length);
  assert.deepEqual(sorted(rowsOf(opened)), sorted(VISITS.rows));
  checkUnits(opened, "who");
  assert.equal(opened.manifest.digest, sealed.manifestDigest);
  assert.equal(opened.manifest.owner, rig.ownerKey.thumbprint);
  assert.equal(opened.manifest.manifest.epoch, EPOCH);
});

test("Parquet: the same rows, from typed columns", async () => {
  const csv = await rig.file("for-parquet.csv", csvOf(VISITS.rows));
  const parquet = `${rig.directory}/visits.parquet`;
  const connection = await (await DuckDBInstance.create(":memory:")).connect();
  await connection.run(
    `COPY (SELECT who, n::INTEGER AS n, paid::DECIMAL(12,2) AS paid, day::DATE AS day, "at"::TIMESTAMPTZ AS "at", ok::BOOLEAN AS ok,
      ratio::DOUBLE AS ratio, colour, note
      FROM read_csv('${csv}', all_varchar = true, header = true, allow_quoted_nulls = false)) TO '${parquet}' (FORMAT parquet)`,
  );
  connection.closeSync();
  await rig.seal({ inputs: [parquet], schema: VISITS.schema, prefix: "parquet/", rowsPerObject: 300 });
  const opened = await rig.open("parquet/");
  assert.deepEqual(sorted(rowsOf(opened)), sorted(VISITS.rows));
  checkUnits(opened, "who");
});

function arrowTable(): arrow.Table {
  const column = (name: string): (Cell | null)[] => VISITS.rows.map((row) => row[name] ?? null);
  const words = new Uint32Array(4 * VISITS.rows.length);
  column("paid").forEach((cell, i) => {
    for (let word = 0; word < 4; word += 1) {
      words[4 * i + word] = Number(BigInt.asUintN(32, ((cell as bigint | null) ?? 0n) >> BigInt(32 * word)));
    }
  });
  const nulls = column("paid").map((cell) => cell !== null);
  const bitmap = new Uint8Array(Math.ceil(nulls.length / 8));
  nulls.forEach((valid, i) => (bitmap[i >> 3] = (bitmap[i >> 3] ?? 0) | (valid ? 1 << (i & 7) : 0)));
  const paid = arrow.makeVector(
    arrow.makeData({
      type: new arrow.Decimal(2, 12, 128),
      length: nulls.length,
      nullBitmap: bitmap,
      data: words,
    } as never),
  );
  const at = BigInt64Array.from(column("at") as bigint[]);
  return new arrow.Table({
    who: arrow.vectorFromArray(column("who"), new arrow.Utf8()),
    n: arrow.vectorFromArray(column("n"), new arrow.Int32()),
    paid,
    day: arrow.vectorFromArray(
      column("day").map((day) => (day === null ? null : new Date(Number(day) * 86_400_000))),
      new arrow.DateDay(),
    ),
    at: arrow.makeVector(
      arrow.makeData({
        type: new arrow.Timestamp(arrow.TimeUnit.MICROSECOND, "UTC"),
        length: at.length,
        data: at,
      } as never),
    ),
    ok: arrow.vectorFromArray(column("ok"), new arrow.Bool()),
    ratio: arrow.vectorFromArray(column("ratio"), new arrow.Float64()),
    colour: arrow.vectorFromArray(
      column("colour"),
      new arrow.Dictionary(new arrow.Utf8(), new arrow.Int32()),
    ),
    note: arrow.vectorFromArray(column("note"), new arrow.LargeUtf8()),
  });
}

for (const form of ["file", "stream"] as const) {
  test(`Arrow ${form}: the same rows, dictionaries and large texts among them`, async () => {
    const file = await rig.file(`visits-${form}.arrow`, arrow.tableToIPC(arrowTable(), form));
    await rig.seal({ inputs: [file], schema: VISITS.schema, prefix: `arrow-${form}/`, rowsPerObject: 400 });
    const opened = await rig.open(`arrow-${form}/`);
    assert.deepEqual(sorted(rowsOf(opened)), sorted(VISITS.rows));
    checkUnits(opened, "who");
  });
}

test("several inputs, of different formats, are one data set whose units lie together all the same", async () => {
  const half = VISITS.rows.length / 2;
  const inputs = [
    await rig.file("first.csv", csvOf(VISITS.rows.slice(0, half))),
    await rig.file("second.csv", csvOf(VISITS.rows.slice(half))),
    await rig.file("all.arrow", arrow.tableToIPC(arrowTable(), "file")),
  ];
  await rig.seal({ inputs, schema: VISITS.schema, prefix: "several/", rowsPerObject: 500 });
  const opened = await rig.open("several/");
  assert.deepEqual(sorted(rowsOf(opened)), sorted([...VISITS.rows, ...VISITS.rows]));
  checkUnits(opened, "who");
});

const NUMBERED =
  "unit: row\ncolumns:\n  n: { type: int32, role: measure }\n  s: { type: utf8, role: hidden }\n";

test("unit row: rows keep the order of the files, in objects of exactly so many rows, without unit bits", async () => {
  const rows = Array.from({ length: 2_500 }, (_, i) => ({ n: i, s: `row number ${i}` }));
  const file = await rig.file("numbered.csv", csvOf(rows));
  const sealed = await rig.seal({
    inputs: [file, file],
    schema: NUMBERED,
    prefix: "row/",
    rowsPerObject: 1_000,
  });
  const opened = await rig.open("row/");
  assert.deepEqual(
    opened.manifest.manifest.objects.map((object) => object.rows),
    [1_000, 1_000, 1_000, 1_000, 1_000],
  );
  assert.equal(sealed.rows, 5_000);
  assert.deepEqual(rowsOf(opened), [...rows, ...rows]);
  assert.ok(
    opened.tables.every(
      (table) => table.fields.length === 2 && table.batches.every(({ unitStart }) => unitStart === null),
    ),
  );
});

test("a unit larger than an object stays whole, and makes the object larger", async () => {
  const rows = Array.from({ length: 3_000 }, (_, i) => ({ who: i < 2_500 ? 7 : i, n: i }));
  const file = await rig.file("heavy.csv", csvOf(rows));
  const schema =
    "unit: who\ncolumns:\n  who: { type: int64, role: unit }\n  n: { type: int32, role: measure }\n";
  await rig.seal({ inputs: [file], schema, prefix: "heavy/", rowsPerObject: 100 });
  const opened = await rig.open("heavy/");
  checkUnits(opened, "who");
  assert.ok(opened.manifest.manifest.objects.some((object) => object.rows >= 2_500));
  assert.equal(opened.columns["n"]?.length, 3_000);
});

test("an object of more rows than a batch has whole batches and a last one that is shorter", async () => {
  const rows = BATCH_ROWS + 1_000;
  const connection = await (await DuckDBInstance.create(":memory:")).connect();
  const parquet = `${rig.directory}/large.parquet`;
  await connection.run(
    `COPY (SELECT i::INTEGER AS n, 'a text that is longer than twelve bytes: ' || i AS s FROM range(${rows}) t(i)) TO '${parquet}' (FORMAT parquet)`,
  );
  connection.closeSync();
  await rig.seal({ inputs: [parquet], schema: NUMBERED, prefix: "large/" });
  const opened = await rig.open("large/");
  assert.deepEqual(
    opened.tables.map((table) => table.batches.map((batch) => batch.rows)),
    [[BATCH_ROWS, 1_000]],
  );
  const { n = [], s = [] } = opened.columns;
  assert.ok(n.every((value, i) => value === i));
  assert.ok(s.every((value, i) => value === `a text that is longer than twelve bytes: ${i}`));
});

test("a data set without rows is one object without rows", async () => {
  const file = await rig.file("empty.csv", "n,s\r\n");
  const sealed = await rig.seal({ inputs: [file], schema: NUMBERED, prefix: "empty/" });
  assert.deepEqual([sealed.objects, sealed.rows], [1, 0]);
  const opened = await rig.open("empty/");
  assert.deepEqual(opened.columns, { n: [], s: [] });
});

for (const distinct of [1, 127, 128, 129, 255, 256, 257, 32_768, 32_769, 65_535, 65_536, 65_537]) {
  test(`a dimension of ${distinct} distinct texts comes out right, as codes up to 65,536`, async () => {
    const rows = Array.from({ length: Math.max(400, distinct + 5) }, (_, i) => ({
      n: i,
      s: i === 3 ? null : `value ${i % distinct}`,
    }));
    const file = await rig.file(`distinct-${distinct}.csv`, csvOf(rows));
    const schema = NUMBERED.replace("hidden", "dimension");
    const prefix = `distinct-${distinct}/`;
    await rig.seal({ inputs: [file], schema, prefix });
    const opened = await rig.open(prefix);
    const bits = opened.tables[0]?.fields[1]?.dictionary?.bits ?? null;
    assert.equal(bits, distinct <= 128 ? 8 : distinct <= 32_768 ? 16 : distinct <= 65_536 ? 32 : null);
    assert.deepEqual(rowsOf(opened), rows);
  });
}

test("two seals of the same rows order their units differently, neither by value", async () => {
  const rows = Array.from({ length: 400 }, (_, i) => ({ who: i, n: i }));
  const file = await rig.file("order.csv", csvOf(rows));
  const schema =
    "unit: who\ncolumns:\n  who: { type: int64, role: unit }\n  n: { type: int32, role: measure }\n";
  const orders: string[] = [];
  for (const [prefix, nowMs] of [
    ["order-1/", EPOCH],
    ["order-2/", EPOCH],
  ] as const) {
    await rig.seal({ inputs: [file], schema, prefix, nowMs });
    const { n = [] } = (await rig.open(prefix)).columns;
    const rising = n.filter((value, i) => i > 0 && Number(value) > Number(n[i - 1])).length;
    assert.ok(rising > 100 && rising < 300, `${rising} of 399 rise`);
    orders.push(n.join());
  }
  assert.notEqual(orders[0], orders[1]);
});

test("what does not fit the memory limit is sorted in parts, and units still lie together", async () => {
  const connection = await (await DuckDBInstance.create(":memory:")).connect();
  const parquet = `${rig.directory}/tight.parquet`;
  const rows = 120_000;
  await connection.run(
    `COPY (SELECT (i * 7919 % 5000)::BIGINT AS who, i::INTEGER AS n, md5(i::VARCHAR) || md5((i + 1)::VARCHAR) AS s FROM range(${rows}) t(i)) TO '${parquet}' (FORMAT parquet)`,
  );
  connection.closeSync();
  const schema =
    "unit: who\ncolumns:\n  who: { type: int64, role: unit }\n  n: { type: int32, role: measure }\n  s: { type: utf8, role: hidden }\n";
  const limits = { memoryBytes: 24_000_000, threads: 1 };
  await rig.seal({ inputs: [parquet], schema, prefix: "tight/", limits, rowsPerObject: 50_000 });
  const opened = await rig.open("tight/");
  checkUnits(opened, "who");
  const { n = [] } = opened.columns;
  assert.equal(new Set(n).size, rows);
});

test("types that schema.yaml leaves open are those the values fit; codes with leading zeros stay text", async () => {
  const text = [
    "i,big,dec,zip,flag,day,at,local,f,t,none",
    "1,5000000000,1.5,00123,true,2020-01-02,2020-01-02T03:04:05Z,2020-01-02 03:04:05,1e5,x,",
    "-2,1,22.25,99999,false,2021-12-31,2020-01-02T03:04:05+02:00,2020-01-02 03:04,2.5,1,",
    "",
  ].join("\n");
  const names = ["i", "big", "dec", "zip", "flag", "day", "at", "local", "f", "t", "none"];
  const schema = `unit: row\ncolumns:\n${names.map((name) => `  ${name}: { role: hidden }\n`).join("")}`;
  await rig.seal({ inputs: [await rig.file("open.csv", text)], schema, prefix: "open/" });
  const opened = await rig.open("open/");
  assert.deepEqual(
    opened.tables[0]?.fields.map((field) => columnTypeName(field.type)),
    [
      "int32",
      "int64",
      "decimal(18,2)",
      "utf8",
      "bool",
      "date",
      "timestamp[UTC]",
      "timestamp",
      "float64",
      "utf8",
      "utf8",
    ],
  );
  // Two hours east is two hours earlier in UTC.
  const [utc = 0n, east = 0n] = opened.columns["at"] as bigint[];
  assert.equal(utc - east, 7_200_000_000n);
  assert.deepEqual(opened.columns["none"], [null, null]);
});

test("a file that is not plain is read by DuckDB from its beginning: unusual spellings, at the end of many rows too", async () => {
  const spellings = '+1,a\n 2 ,b\n3.0,c\n1,"d\ne"\n';
  const many = Array.from({ length: 5_000 }, (_, i) => `${i},x\n`).join("");
  for (const [i, before] of ["", many].entries()) {
    const file = await rig.file("spelled.csv", `n,s\n${before}${spellings}`);
    await rig.seal({ inputs: [file, file], schema: NUMBERED, prefix: `spelled-${i}/` });
    const { n = [], s = [] } = (await rig.open(`spelled-${i}/`)).columns;
    assert.equal(n.length, 2 * (4 + (before === "" ? 0 : 5_000)));
    assert.deepEqual(n.slice(-4), [1, 2, 3, 1]);
    assert.deepEqual(s.slice(-4), ["a", "b", "c", "d\ne"]);
  }
});

test("columns that schema.yaml drops are not sealed", async () => {
  const file = await rig.file("drop.csv", "n,s,secret\n1,a,CANARYCANARY\n");
  await rig.seal({ inputs: [file], schema: `${NUMBERED}drop: [secret]\n`, prefix: "drop/" });
  assert.deepEqual(Object.keys((await rig.open("drop/")).columns), ["n", "s"]);
});

test("rows without a unit are left out, and counted, only where schema.yaml says so", async () => {
  const file = await rig.file("unitless.csv", "who,n\na,1\n,2\nb,3\n,4\n");
  const schema =
    "unit: who\nnull_units: drop\ncolumns:\n  who: { type: utf8, role: unit }\n  n: { type: int32, role: measure }\n";
  const sealed = await rig.seal({ inputs: [file], schema, prefix: "unitless/" });
  assert.deepEqual([sealed.rows, sealed.droppedRows], [2, 2]);
  assert.deepEqual([...((await rig.open("unitless/")).columns["n"] ?? [])].sort(), [1, 3]);
});

test("rows that are read from the file pass by pass are the same: repeated, constant and null texts of a Parquet file", async () => {
  const connection = await (await DuckDBInstance.create(":memory:")).connect();
  const parquet = `${rig.directory}/repeated.parquet`;
  await connection.run(
    `COPY (SELECT i::INTEGER AS n, CASE WHEN i % 5 = 0 THEN NULL ELSE 'a long value of few that repeat: ' || (i % 7) END AS s,
      'the same long text in every row' AS c, NULL::VARCHAR AS nothing, 3.5::DECIMAL(4,1) AS d, (i % 2 = 0) AS b, '' AS e
      FROM range(30000) t(i)) TO '${parquet}' (FORMAT parquet, ROW_GROUP_SIZE 5000)`,
  );
  connection.closeSync();
  const columns = [
    "n: { type: int32, role: measure }",
    "s: { type: utf8, role: hidden }",
    "c: { type: utf8, role: hidden }",
    "nothing: { type: utf8, role: dimension }",
    'd: { type: "decimal(4,1)", role: measure }',
    "b: { type: bool, role: dimension }",
    "e: { type: utf8, role: dimension }",
  ];
  const schema = `unit: row\ncolumns:\n${columns.map((column) => `  ${column}\n`).join("")}`;
  const { size } = await stat(parquet);
  // A table where that takes a quarter of the memory at most, by eight bytes a byte of Parquet; else a view.
  const inputs = Array.from({ length: Math.ceil(40_000_000 / (4 * 8 * size)) }, () => parquet);
  for (const [prefix, files] of [
    ["as-table/", [parquet]],
    ["as-view/", inputs],
  ] as const) {
    await rig.seal({
      inputs: files,
      schema,
      prefix,
      limits: { memoryBytes: 40_000_000, threads: 1 },
      rowsPerObject: 7_000,
    });
    const opened = await rig.open(prefix);
    const { n = [], s = [], c = [], nothing = [], d = [], b = [], e = [] } = opened.columns;
    assert.equal(n.length, 30_000 * files.length);
    for (let at = 0; at < n.length; at += 1) {
      const i = at % 30_000;
      const row = [n[at], s[at], c[at], nothing[at], d[at], b[at], e[at]];
      const text = i % 5 === 0 ? null : `a long value of few that repeat: ${i % 7}`;
      assert.deepEqual(row, [i, text, "the same long text in every row", null, 35n, i % 2 === 0, ""]);
    }
  }
});
