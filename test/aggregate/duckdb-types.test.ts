// Every type, in every form that an Arrow file may have it in, as a group key, in filters and as a measure, with and
// without nulls: read by our reader and counted by our kernels, against DuckDB, whose table is read by apache-arrow.
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { parseTable } from "../../core/column/table.ts";
import type { ColumnTable } from "../../core/column/table.ts";
import type { ColumnType } from "../../core/column/type.ts";
import type { Role } from "../../core/manifest/manifest.ts";
import type { AggregatePlan, Literal, Predicate } from "../../core/plan/plan.ts";
import { ObjectAggregation } from "../../jobs/aggregate/accumulate.ts";
import type { Cell } from "../../jobs/aggregate/cell.ts";
import { compileAggregate } from "../../jobs/aggregate/compile.ts";
import { passGate } from "../../jobs/aggregate/gate.ts";
import { Merge } from "../../jobs/aggregate/merge.ts";
import { stageArrow } from "../../owner/read/arrow-input.ts";
import { openDatabase } from "../../owner/read/database.ts";
import type { Database } from "../../owner/read/database.ts";
import { typeOf } from "../column/cells.ts";
import type { Cell as FileCell } from "../column/cells.ts";
import type { ForeignColumn } from "../column/foreign.ts";
import { codedColumn, foreignColumn, foreignFile, FORMS, INDEX_NAMES } from "../column/foreign.ts";
import { arrowData, TYPE_NAMES } from "../column/model.ts";
import { Dice } from "./generate.ts";
import { manifestOf, planOf } from "./table.ts";

const ROWS = 600;
const BOUNDS = { lower: -100, upper: 1000 } as const;
const TEXTS = ["", "a", "b", "north", "zürich", "\u{1f30d}", "\uffee"];
const DAYS = ["1600-02-29", "1969-12-31", "1970-01-01", "2024-02-29", "2024-12-31", "9999-12-31"];
/** In what nanoseconds can say, and whole seconds, so that no unit rounds any. */
const TIMES = [
  "1677-09-22T00:00:00",
  "1969-12-31T23:59:59",
  "1970-01-01T00:00:00",
  "2024-02-29T12:30:15",
  "2024-02-29T12:30:16",
  "2262-04-10T00:00:00",
];
const PER_SECOND: Readonly<Record<string, bigint>> = { s: 1n, ms: 1000n, us: 1_000_000n, ns: 1_000_000_000n };

interface Tried {
  readonly label: string;
  readonly column: ForeignColumn;
  /** Of the column's values, and some that it does not have. */
  readonly literals: readonly Literal[];
}

/** A tenth of rows is null, or none. */
function spread<T>(pool: readonly T[], nulls: number, seed: number): (T | null)[] {
  const dice = new Dice(seed);
  return Array.from({ length: ROWS }, () => (dice.chance(nulls) ? null : dice.pick(pool)));
}

function secondsOf(time: string): bigint {
  return BigInt(Date.parse(`${time}Z`) / 1000);
}

function valuesOf(type: ColumnType): {
  readonly cells: readonly FileCell[];
  readonly literals: readonly Literal[];
} {
  switch (type.kind) {
    case "bool":
      return { cells: [false, true], literals: [false, true] };
    case "utf8":
      return { cells: TEXTS, literals: [...TEXTS, "c"] };
    case "date":
      return { cells: DAYS.map((day) => Date.parse(day) / 86_400_000), literals: [...DAYS, "2000-01-01"] };
    case "timestamp": {
      const literals = [...TIMES, "2000-01-01T00:00:00"].map((time) =>
        type.zone === null ? time : `${time}Z`,
      );
      return { cells: TIMES.map((time) => secondsOf(time) * 1_000_000n), literals };
    }
    case "float": {
      const cells = [-1e9, -0.125, 0, 0.5, 3.25, 1e9];
      return { cells, literals: [...cells, 1] };
    }
    case "decimal": {
      const unit = 10n ** BigInt(type.scale);
      const cells = [
        -(10n ** BigInt(type.precision) - 1n),
        -unit,
        0n,
        1n,
        7n * unit,
        10n ** BigInt(type.precision) - 1n,
      ];
      return { cells, literals: [...cells, 5n].map((cell) => decimalText(cell, type.scale)) };
    }
    case "int": {
      const most = 2n ** BigInt(type.signed ? type.bits - 1 : type.bits) - 1n;
      const least = type.signed ? -most - 1n : 0n;
      const cells = [least, least + 1n, 0n, 5n, 77n, most - 1n, most];
      const literals = [...cells, 6n].map((cell) =>
        Number.isSafeInteger(Number(cell)) ? Number(cell) : String(cell),
      );
      return { cells: type.bits === 64 ? cells : cells.map(Number), literals };
    }
  }
}

function decimalText(unscaled: bigint, scale: number): string {
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, "0");
  return `${unscaled < 0n ? "-" : ""}${digits.slice(0, digits.length - scale)}.${digits.slice(digits.length - scale)}`;
}

function plain(name: string, nulls: number, seed: number): Tried {
  const type = typeOf(name);
  const { cells: pool, literals } = valuesOf(type);
  const cells = spread(pool, nulls, seed);
  const data = arrowData({ field: { name, type, dictionary: null }, cells });
  return { label: name, column: { name, type: name, data, cells }, literals };
}

function foreign(form: string, nulls: number, seed: number): Tried {
  const name =
    form === "large_utf8"
      ? "utf8"
      : form === "date64"
        ? "date"
        : form.endsWith("none]")
          ? "timestamp"
          : "timestamp[UTC]";
  const { cells, literals } = valuesOf(typeOf(name));
  const unit = /\[(.+),/.exec(form)?.[1] ?? "";
  const pool: readonly (string | bigint)[] =
    form === "large_utf8"
      ? TEXTS
      : form === "date64"
        ? cells.map((day) => BigInt(day) * 86_400_000n)
        : TIMES.map((time) => secondsOf(time) * (PER_SECOND[unit] ?? 1n));
  return { label: form, column: foreignColumn(form, spread(pool, nulls, seed)), literals };
}

function coded(index: (typeof INDEX_NAMES)[number], isLarge: boolean, nulls: number, seed: number): Tried {
  const values = nulls === 0 ? TEXTS : [...TEXTS, null, "a"];
  const codes = spread([...values.keys()], nulls, seed);
  const column = codedColumn(index, isLarge, values, codes);
  return { label: `codes of ${column.name}`, column, literals: [...TEXTS, "c"] };
}

const TRIED: readonly Tried[] = [0.1, 0].flatMap((nulls, round) => [
  ...TYPE_NAMES.map((name, at) => plain(name, nulls, 1000 * round + at)),
  ...FORMS.map((form, at) => foreign(form, nulls, 1000 * round + 100 + at)),
  ...INDEX_NAMES.map((index, at) => coded(index, at % 2 === round, nulls, 1000 * round + 200 + at)),
]);

let directory: string;
let database: Database;
let table: ColumnTable;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), "sealroom-types-"));
  const bytes = foreignFile(
    TRIED.map(({ column }) => column),
    TRIED.map((_, at) => `c${at}`),
  );
  const file = join(directory, "types.arrow");
  await writeFile(file, bytes);
  table = parseTable(bytes);
  database = await openDatabase();
  await stageArrow(database, file, "t");
});

after(async () => {
  database.close();
  await rm(directory, { recursive: true });
});

/** Ours, over the one column of the file. */
function run(at: number, role: Role, part: Partial<AggregatePlan>): readonly (readonly Cell[])[] {
  const name = `c${at}`;
  const type = TRIED[at]?.column.type ?? "";
  const given = { rows: ROWS, units: null, columns: [{ name, type, role, cells: [] }] };
  const rules = role === "measure" ? { bounds: { [name]: BOUNDS } } : {};
  const program = compileAggregate(planOf(part), manifestOf(given, { minUnits: 2, ...rules }));
  const kernel = new ObjectAggregation(program);
  for (const { rows, columns } of table.batches) {
    kernel.add({
      rows,
      unitStart: null,
      columns: program.columns.length === 0 ? [] : columns.slice(at, at + 1),
    });
  }
  const merge = new Merge(program);
  merge.add(kernel.finish());
  return passGate(program, merge, { maxRows: null }).rows;
}

/** Theirs, as text. */
async function query(sql: string): Promise<readonly (readonly string[])[]> {
  const rows = (await database.connection.runAndReadAll(sql)).getRows();
  return rows.map((row) => row.map(String));
}

/** The column in the one form of its type. */
function sqlColumn(at: number, type: ColumnType): string {
  if (type.kind === "timestamp") {
    return type.zone === null ? `c${at}::TIMESTAMP` : `make_timestamp(epoch_us(c${at}))`;
  }
  return type.kind === "date"
    ? `c${at}::DATE`
    : type.kind === "decimal"
      ? `c${at}::DECIMAL(38,${type.scale})`
      : `c${at}`;
}

/** As the number that our cells are. */
function sqlCell(value: string, type: ColumnType): string {
  switch (type.kind) {
    case "timestamp":
      return `epoch_us(${value})`;
    case "date":
      return `${value} - DATE '1970-01-01'`;
    case "decimal":
      return `replace((${value})::VARCHAR, '.', '')::HUGEINT`;
    default:
      return value;
  }
}

function sqlLiteral(literal: Literal, type: ColumnType): string {
  if (typeof literal !== "string" || type.kind === "int") {
    return type.kind === "float" && type.bits === 32 ? `${String(literal)}::FLOAT` : String(literal);
  }
  if (type.kind === "timestamp") return `TIMESTAMP '${literal.replace("Z", "")}'`;
  return type.kind === "date"
    ? `DATE '${literal}'`
    : type.kind === "decimal"
      ? `'${literal}'::DECIMAL(38,${type.scale})`
      : `'${literal}'`;
}

function filtersOf(at: number, { literals, column }: Tried): readonly (readonly [Predicate, string])[] {
  const name = `c${at}`;
  const type = typeOf(column.type);
  const sql = sqlColumn(at, type);
  const of = (literal: Literal): string => sqlLiteral(literal, type);
  const ops = type.kind === "bool" ? (["=", "!="] as const) : (["=", "!=", "<", "<=", ">", ">="] as const);
  const compared = literals.flatMap((value) =>
    ops.map((op) => [{ column: name, op, value }, `${sql} ${op} ${of(value)}`] as const),
  );
  const [first = 0, second = 0, ...more] = literals;
  const last = more.at(-1) ?? second;
  return [
    ...compared,
    [{ column: name, isNull: true }, `${sql} IS NULL`],
    [{ column: name, isNull: false }, `${sql} IS NOT NULL`],
    [{ not: { column: name, in: [first, last] } }, `NOT (${sql} IN (${of(first)}, ${of(last)}))`],
    ...(type.kind === "bool"
      ? []
      : [
          [
            { column: name, between: [second, last] },
            `${sql} BETWEEN ${of(second)} AND ${of(last)}`,
          ] as const,
        ]),
  ];
}

for (const [at, tried] of TRIED.entries()) {
  const type = typeOf(tried.column.type);
  const nulls = tried.column.cells.includes(null) ? "with" : "without";

  test(`${tried.label} ${nulls} nulls: filters keep DuckDB's rows`, async () => {
    const filters = filtersOf(at, tried);
    const [theirs = []] = await query(
      `SELECT ${filters.map(([, sql]) => `nullif(count(*) FILTER (${sql}), 1)`).join(", ")} FROM t`,
    );
    for (const [place, [where, sql]] of filters.entries()) {
      const [[count = null] = []] = run(at, "dimension", { where });
      const expected = theirs[place] === "0" ? "null" : theirs[place];
      assert.equal(String(count), expected, sql);
    }
  });

  if (type.kind !== "float") {
    test(`${tried.label} ${nulls} nulls: groups are DuckDB's`, async () => {
      const ours = run(at, "dimension", { groupBy: [`c${at}`] });
      const key = sqlColumn(at, type);
      const theirs = await query(
        `SELECT ${sqlCell("k", type)}, n FROM (SELECT ${key} AS k, count(*) AS n FROM t GROUP BY ${key}) WHERE n >= 2 ORDER BY k NULLS LAST`,
      );
      assert.ok(ours.length > 1);
      assert.deepEqual(
        ours.map((row) => row.map(String)),
        theirs,
      );
    });
  }

  if (type.kind === "int" || type.kind === "float" || type.kind === "decimal") {
    test(`${tried.label} ${nulls} nulls: counts and clipped sums are DuckDB's`, async () => {
      const column = `c${at}`;
      const select = [
        { as: "n", op: "count", column },
        { as: "s", op: "sum", column },
        { as: "a", op: "avg", column },
      ] as const;
      const [[n = null, s = null, a = null] = []] = run(at, "measure", { select });
      const scale = type.kind === "decimal" ? type.scale : 0;
      const wide = type.kind === "float" ? "DOUBLE" : `DECIMAL(38,${scale})`;
      const clipped = `least(greatest(${column}::${wide}, ${BOUNDS.lower}::${wide}), ${BOUNDS.upper}::${wide})`;
      const total = `sum(${clipped}) FILTER (${column} IS NOT NULL)`;
      const unscaled =
        type.kind === "float" ? total : sqlCell(total, { kind: "decimal", precision: 38, scale });
      const [[count, sum, avg] = []] = await query(
        `SELECT count(${column}), ${unscaled}, (${total})::DOUBLE / count(${column}) FROM t`,
      );
      assert.deepEqual([String(n), String(s)], [count, sum]);
      assert.ok(
        Math.abs(Number(a) - Number(avg)) <= 1e-12 * Math.abs(Number(avg)),
        `${String(a)}, ${String(avg)}`,
      );
    });
  }
}
