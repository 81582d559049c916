// The tables of the comparison as plain columns: the shapes of the db-benchmark's group-by and of TPC-H's lineitem, each
// with keys drawn evenly or by Zipf's law. Rows of a unit lie together, as `seal` leaves them: some rows of one person, or
// the lines of one order.
import type { ArrowField } from "../../core/column/schema.ts";
import { BATCH_ROWS, findColumnType, UNIT_START_FIELD } from "../../core/column/type.ts";
import type { ColumnType } from "../../core/column/type.ts";
import type { ColumnBatch, Vector } from "../../core/column/vector.ts";
import type { Role } from "../../core/manifest/manifest.ts";
import { Random } from "./random.ts";

export type Spread = "uniform" | "zipf";

export interface PeerColumn {
  readonly name: string;
  readonly type: "int32" | "float64" | "utf8" | "date";
  readonly role: Role;
  /** Of texts, codes. */
  readonly values: Int8Array | Int16Array | Int32Array | Float64Array;
  readonly texts: readonly string[];
}

export interface PeerTable {
  readonly name: string;
  readonly rows: number;
  readonly columns: readonly PeerColumn[];
  /** By row, its unit; rising. */
  readonly units: Int32Array;
}

export const MANY_GROUPS = 1_000_000;
const FEW = 100;

/** db-benchmark's: ids of 100 and 100,000 values, and one more of a million. */
export function groupTable(rows: number, spread: Spread): PeerTable {
  const random = new Random(spread === "uniform" ? 1 : 2);
  const draw = (bound: number): number => (spread === "uniform" ? random.below(bound) : random.skewed(bound));
  const names = Array.from({ length: FEW }, (_, code) => `id${String(code + 1).padStart(3, "0")}`);
  const text = (name: string): PeerColumn => {
    const values = new Int8Array(rows).map(() => draw(FEW));
    return { name, type: "utf8", role: "dimension", values, texts: names };
  };
  const key = (name: string, bound: number): PeerColumn => ({
    ...{ name, type: "int32", role: "dimension", texts: [] },
    values: new Int32Array(rows).map(() => 1 + draw(bound)),
  });
  const small = (name: string, most: number): PeerColumn => ({
    ...{ name, type: "int32", role: "measure", texts: [] },
    values: new Int32Array(rows).map(() => 1 + random.below(most)),
  });
  const real: PeerColumn = {
    ...{ name: "v3", type: "float64", role: "measure", texts: [] },
    values: new Float64Array(rows).map(() => random.below(100_000_000) / 1e6),
  };
  return {
    name: `groups_${spread}`,
    rows,
    columns: [
      text("id1"),
      text("id2"),
      key("id4", FEW),
      key("id6", 100_000),
      key("id7", MANY_GROUPS),
      small("v1", 5),
      small("v2", 15),
      real,
    ],
    units: drawUnits(rows, 5, random),
  };
}

const DAY_1992 = 8036;
const DAYS = 2525;
/** 1995-06-17: what was shipped before is finished. */
const CURRENT = 9298;

/** TPC-H's, the columns of Q1 and Q6. A unit is an order. */
export function lineTable(rows: number, spread: Spread): PeerTable {
  const random = new Random(spread === "uniform" ? 3 : 4);
  const draw = (bound: number): number => (spread === "uniform" ? random.below(bound) : random.skewed(bound));
  const measure = (name: string, value: () => number, role: Role): PeerColumn => ({
    ...{ name, type: "float64", role, texts: [] },
    values: new Float64Array(rows).map(value),
  });
  const shipped = new Int32Array(rows).map(() => DAY_1992 + draw(DAYS));
  const flags = Int8Array.from(shipped, (day) => (day + 15 <= CURRENT ? random.below(2) : 2));
  const states = Int8Array.from(shipped, (day) => (day <= CURRENT ? 0 : 1));
  return {
    name: `lines_${spread}`,
    rows,
    columns: [
      { name: "returnflag", type: "utf8", role: "dimension", values: flags, texts: ["A", "R", "N"] },
      { name: "linestatus", type: "utf8", role: "dimension", values: states, texts: ["F", "O"] },
      measure("quantity", () => 1 + draw(50), "dimension"),
      measure("extendedprice", () => (90_000 + random.below(10_400_000)) / 100, "measure"),
      measure("discount", () => draw(11) / 100, "dimension"),
      measure("tax", () => random.below(9) / 100, "measure"),
      { name: "shipdate", type: "date", role: "dimension", values: shipped, texts: [] },
    ],
    units: drawUnits(rows, 7, random),
  };
}

/** Runs of one row to `most`. */
function drawUnits(rows: number, most: number, random: Random): Int32Array {
  let [unit, left] = [0, 0];
  return new Int32Array(rows).map(() => {
    if (left === 0) [unit, left] = [unit + 1, 1 + random.below(most)];
    left -= 1;
    return unit;
  });
}

export function columnOf({ columns }: PeerTable, name: string): PeerColumn {
  const column = columns.find((known) => known.name === name);
  if (column === undefined) throw new Error(`no column ${name}`);
  return column;
}

/** The rows from `start` to `end`, as the enclave decodes them from an object: views, nothing copied but the marks. */
export function batchOf(table: PeerTable, names: readonly string[], start: number, end: number): ColumnBatch {
  return {
    rows: end - start,
    unitStart: marksOf(table.units, start, end),
    columns: names.map((name) => vectorOf(columnOf(table, name), start, end)),
  };
}

/** Of objects of so many rows, the batches of each. */
export function objectsOf(
  table: PeerTable,
  names: readonly string[],
  objectRows: number,
): readonly (readonly ColumnBatch[])[] {
  const objects: ColumnBatch[][] = [];
  for (let start = 0; start < table.rows; start += objectRows) {
    const end = Math.min(table.rows, start + objectRows);
    const batches: ColumnBatch[] = [];
    for (let from = start; from < end; from += BATCH_ROWS) {
      batches.push(batchOf(table, names, from, Math.min(end, from + BATCH_ROWS)));
    }
    objects.push(batches);
  }
  return objects;
}

/** Also of a batch that begins in the middle of a unit, if it is the first of its object: units never span two. */
function marksOf(units: Int32Array, start: number, end: number): Uint8Array {
  const marks = new Uint8Array((end - start + 7) >>> 3);
  for (let row = start; row < end; row += 1) {
    if (row > start && units[row] === units[row - 1]) continue;
    marks[(row - start) >>> 3] = (marks[(row - start) >>> 3] ?? 0) | (1 << ((row - start) & 7));
  }
  return marks;
}

function vectorOf({ type, values, texts }: PeerColumn, start: number, end: number): Vector {
  const own = typeOf(type);
  const rows = end - start;
  const part = values.subarray(start, end);
  if (type !== "utf8") return { type: own, rows, validity: null, layout: "number", values: part };
  if (part instanceof Float64Array) throw new Error("codes are integers");
  return { type: own, rows, validity: null, layout: "dictionary", codes: part, values: texts };
}

export function typeOf(name: string): ColumnType {
  const type = findColumnType(name);
  if (type === undefined) throw new Error(`no type ${name}`);
  return type;
}

/** As an object's Arrow file has them, the marks of units last. */
export function fieldsOf({ columns }: PeerTable): readonly ArrowField[] {
  return [
    ...columns.map(({ name, type }, at) => ({
      name,
      type: typeOf(type),
      dictionary: type === "utf8" ? ({ id: at, bits: 8 } as const) : null,
    })),
    { name: UNIT_START_FIELD, type: { kind: "bool" } as const, dictionary: null },
  ];
}

export function dictionariesOf({ columns }: PeerTable): ReadonlyMap<number, readonly string[]> {
  return new Map(columns.flatMap(({ type, texts }, at) => (type === "utf8" ? [[at, texts] as const] : [])));
}

/** The last column of an object. */
export function marksVector({ rows, unitStart }: ColumnBatch): Vector {
  if (unitStart === null) throw new Error("a table has units");
  return { type: { kind: "bool" }, rows, validity: null, layout: "bits", values: unitStart };
}
