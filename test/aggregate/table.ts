// Small tables as plain values, for tests, and how they become the batches that kernels see. Null rows get garbage
// in their slots and bitmaps get garbage past their end, as hostile or careless writers leave them.
import { findColumnType } from "../../core/column/type.ts";
import type { ColumnType } from "../../core/column/type.ts";
import type { ColumnBatch, DictionaryVector, NumberVector, Vector } from "../../core/column/vector.ts";
import type { Manifest, Role, Rules } from "../../core/manifest/manifest.ts";
import type { AggregatePlan } from "../../core/plan/plan.ts";
import type { Cell } from "../../jobs/aggregate/cell.ts";

export interface TestColumn {
  readonly name: string;
  readonly type: string;
  readonly role: Role;
  readonly cells: readonly Cell[];
  /** utf8 only: how it lies. The listed strings come first in the dictionary, twice if listed twice. */
  readonly dictionary?: readonly string[];
}

export interface TestTable {
  readonly rows: number;
  readonly columns: readonly TestColumn[];
  /** Which unit each row belongs to; rows of a unit are neighbours. Null: each row is a unit. */
  readonly units: readonly number[] | null;
}

/** Where objects and their batches end, in rows; the last end of the last object is the number of rows. */
export type Cuts = readonly (readonly number[])[];

export const KEY = { kty: "EC", crv: "P-256", x: "", y: "" } as const;

const DEFAULT_RULES: Rules = {
  minUnits: 2,
  maxGroups: 100_000,
  adhoc: true,
  plans: [],
  bounds: {},
  maxShare: null,
  extremes: [],
  rounding: { counts: null, sums: {} },
  interval: 2,
  groupKeys: {},
  recipients: [],
  release: "clear",
};

export function manifestOf(table: TestTable, rules: Partial<Rules> = {}): Manifest {
  return {
    version: 1,
    dataset: "test",
    epoch: 1,
    keyArn: "",
    wrappedKey: "",
    unit: table.units === null ? "row" : "column",
    schema: table.columns.map(({ name, type, role }) => ({ name, type, role })),
    objects: [],
    rules: { ...DEFAULT_RULES, ...rules },
    ownerKey: KEY,
    notAfter: 2,
  };
}

export function planOf(part: Partial<AggregatePlan>): AggregatePlan {
  return {
    version: 1,
    kind: "aggregate",
    inputs: [{ dataset: "test", owner: "" }],
    where: null,
    groupBy: [],
    totals: [],
    select: [{ as: "rows", op: "count" }],
    orderBy: [],
    limit: null,
    recipient: KEY,
    release: "clear",
    ...part,
  };
}

/** The batches of each object, with the named columns in that order. */
export function objectsOf(table: TestTable, names: readonly string[], cuts: Cuts): ColumnBatch[][] {
  const columns = names.map((name) => {
    const column = table.columns.find((candidate) => candidate.name === name);
    if (column === undefined) throw new Error(`no column ${name}`);
    return column;
  });
  let start = 0;
  return cuts.map((ends) => {
    // A dictionary is the same array for every batch of an object, and may differ between objects.
    const dictionaries = columns.map(
      ({ cells, dictionary }) => dictionary && dictionaryOf(cells, dictionary),
    );
    return ends.map((end) => {
      const from = start;
      start = end;
      return {
        rows: end - from,
        unitStart: table.units && unitStarts(table.units, from, end),
        columns: columns.map(({ type, cells }, at) =>
          vectorOf(getType(type), cells.slice(from, end), dictionaries[at]),
        ),
      };
    });
  });
}

export function getType(name: string): ColumnType {
  const type = findColumnType(name);
  if (type === undefined) throw new Error(`no type ${name}`);
  return type;
}

function unitStarts(units: readonly number[], from: number, to: number): Uint8Array {
  const bits = garbageBits(to - from);
  for (let row = from; row < to; row += 1) {
    setBit(bits, row - from, row === 0 || units[row] !== units[row - 1]);
  }
  return bits;
}

function dictionaryOf(cells: readonly Cell[], first: readonly string[]): readonly string[] {
  const rest = new Set(cells.filter((cell) => typeof cell === "string"));
  for (const text of first) rest.delete(text);
  return [...first, ...rest];
}

export function vectorOf(type: ColumnType, cells: readonly Cell[], dictionary?: readonly string[]): Vector {
  const rows = cells.length;
  const base = { type, rows, validity: validityOf(cells) };
  if (type.kind === "bool") {
    const values = garbageBits(rows);
    cells.forEach((cell, at) => {
      if (cell !== null) setBit(values, at, cell === true);
    });
    return { ...base, layout: "bits", values };
  }
  if (type.kind === "utf8") {
    if (dictionary !== undefined) return { ...base, ...codesOf(cells, dictionary) };
    const texts = cells.map((cell, at) =>
      Buffer.from(cell === null ? "garbage".slice(at % 7) : String(cell)),
    );
    const offsets = new Int32Array(rows + 1);
    texts.forEach((text, at) => {
      offsets[at + 1] = (offsets[at] ?? 0) + text.length;
    });
    return { ...base, layout: "utf8", offsets, bytes: new Uint8Array(Buffer.concat(texts)) };
  }
  if (type.kind === "decimal" || type.kind === "timestamp" || (type.kind === "int" && type.bits === 64)) {
    const width = type.kind === "decimal" ? 4 : 2;
    const words = new Uint32Array(rows * width).fill(0xdeadbeef);
    cells.forEach((cell, at) => {
      if (typeof cell !== "bigint") return;
      for (let word = 0; word < width; word += 1) {
        words[at * width + word] = Number((cell >> BigInt(32 * word)) & 0xffffffffn);
      }
    });
    return { ...base, layout: "words", words, wordsPerValue: width };
  }
  const values = emptyNumbers(type, rows).fill(77);
  cells.forEach((cell, at) => cell === null || (values[at] = Number(cell)));
  return { ...base, layout: "number", values };
}

/** Codes of null rows point outside the dictionary; duplicates of a string are used in turn. */
function codesOf(
  cells: readonly Cell[],
  values: readonly string[],
): Pick<DictionaryVector, "layout" | "codes" | "values"> {
  const codes = values.length < 100 ? new Int8Array(cells.length) : new Int32Array(cells.length);
  codes.fill(-1);
  cells.forEach((cell, at) => {
    if (cell === null) return;
    const last = values.lastIndexOf(String(cell));
    codes[at] = at % 2 === 0 ? last : values.indexOf(String(cell));
  });
  return { layout: "dictionary", codes, values };
}

function emptyNumbers(type: ColumnType, rows: number): NumberVector["values"] {
  if (type.kind === "date") return new Int32Array(rows);
  if (type.kind === "float") return type.bits === 32 ? new Float32Array(rows) : new Float64Array(rows);
  if (type.kind !== "int") throw new Error("not a number");
  if (type.bits === 8) return type.signed ? new Int8Array(rows) : new Uint8Array(rows);
  if (type.bits === 16) return type.signed ? new Int16Array(rows) : new Uint16Array(rows);
  return type.signed ? new Int32Array(rows) : new Uint32Array(rows);
}

function validityOf(cells: readonly Cell[]): Uint8Array | null {
  if (!cells.includes(null)) return null;
  const bits = garbageBits(cells.length);
  cells.forEach((cell, at) => {
    setBit(bits, at, cell !== null);
  });
  return bits;
}

function garbageBits(rows: number): Uint8Array {
  return new Uint8Array(Math.ceil(rows / 8)).fill(0xa5);
}

function setBit(bits: Uint8Array, at: number, value: boolean): void {
  const byte = bits[at >>> 3] ?? 0;
  bits[at >>> 3] = value ? byte | (1 << (at & 7)) : byte & ~(1 << (at & 7));
}
