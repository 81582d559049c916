// A released table as Arrow IPC. Its dictionaries are none: a dictionary would list strings that no row has.
import type { ArrowField } from "../../core/column/schema.ts";
import { encodeTable } from "../../core/column/table.ts";
import { BATCH_ROWS } from "../../core/column/type.ts";
import type { ColumnType } from "../../core/column/type.ts";
import type { NumberVector, Vector } from "../../core/column/vector.ts";
import { BAD_ROWS } from "../../core/receipt/bad-rows.ts";
import type { Cell } from "./cell.ts";
import { columnsOf } from "./gate.ts";
import type { ReleasedTable } from "./gate.ts";
import { LONGEST_SHARE } from "./gate/bad-rows.ts";
import type { AggregateProgram } from "./program.ts";

/** A text of a group's key is allowed this much in mostTableBytes; longer ones may show in a result's length. */
const TEXT_BYTES = 32;
const CELL_BYTES = 16;
const TWO_32 = 4_294_967_296;
const HEAD_BYTES = 4096;
const COLUMN_HEAD_BYTES = 512;
/** Padding past this would cost every job more than the length tells. */
const CEILING: number = 16 * 1024 * 1024;

/**
 * What the largest table that plan and rules allow takes as an Arrow file, up to 16 MiB. A host may write plans of its
 * own where rules say adhoc: from a length that follows the data it could tell whether a group passed the threshold.
 */
export function mostTableBytes(program: AggregateProgram): number {
  const { dimensions, maxGroups, limit } = program;
  const groups = dimensions.length === 0 ? 1 : maxGroups;
  const text = dimensions.filter(({ type }) => type.kind === "utf8").length;
  const columns = columnsOf(program).length;
  const rowBytes = columns * CELL_BYTES + text * TEXT_BYTES;
  const headBytes = HEAD_BYTES + columns * COLUMN_HEAD_BYTES + nameBytes(program);
  return Math.min(CEILING, headBytes + Math.min(groups, limit ?? groups) * rowBytes);
}

/** The plan chooses names, and a schema, with what it says of bad rows, stands in the file's head and in its footer. */
function nameBytes(program: AggregateProgram): number {
  const longest = program.measures.map(({ name }) => [name, LONGEST_SHARE] as const);
  const text = JSON.stringify(Object.fromEntries(longest));
  const names = [...columnsOf(program).map(({ name }) => name), BAD_ROWS, text];
  return names.reduce((sum, name) => sum + 2 * new TextEncoder().encode(name).length, 0);
}

/** A whole Arrow file. Equal tables give equal bytes. Where a job has measures, the schema's metadata has `badRows`. */
export function encodeResult({ columns, rows, badRows }: ReleasedTable): Uint8Array {
  const fields: ArrowField[] = columns.map(({ name, type }) => ({ name, type, dictionary: null }));
  const batches = [];
  for (let start = 0; start < rows.length; start += BATCH_ROWS) {
    const end = Math.min(rows.length, start + BATCH_ROWS);
    const vectors = columns.map(({ type }, at) => vectorOf(type, cellsOf(rows, at, start, end)));
    batches.push({ rows: end - start, columns: vectors });
  }
  const hasMeasures = Object.keys(badRows).length > 0;
  const metadata = hasMeasures ? new Map([[BAD_ROWS, JSON.stringify(badRows)]]) : new Map<string, string>();
  return encodeTable(fields, batches, metadata);
}

function cellsOf(rows: ReleasedTable["rows"], column: number, start: number, end: number): Cell[] {
  const cells: Cell[] = [];
  for (let row = start; row < end; row += 1) cells.push(rows[row]?.[column] ?? null);
  return cells;
}

/** Null cells lie as zero, or as no bytes. */
function vectorOf(type: ColumnType, cells: readonly Cell[]): Vector {
  const base = { type, rows: cells.length, validity: validityOf(cells) };
  switch (type.kind) {
    case "bool":
      return { ...base, layout: "bits", values: bitmap(cells, (cell) => cell === true) };
    case "utf8":
      return { ...base, layout: "utf8", ...textOf(cells) };
    case "decimal":
      return { ...base, layout: "words", words: wordsOf(cells, 4), wordsPerValue: 4 };
    case "timestamp":
      return { ...base, layout: "words", words: wordsOf(cells, 2), wordsPerValue: 2 };
    case "int":
      if (type.bits === 64) return { ...base, layout: "words", words: wordsOf(cells, 2), wordsPerValue: 2 };
      return { ...base, layout: "number", values: integersOf(type, cells.map(Number)) };
    case "float":
      return { ...base, layout: "number", values: new Float64Array(cells.map(Number)) };
    case "date":
      return { ...base, layout: "number", values: new Int32Array(cells.map(Number)) };
  }
}

function validityOf(cells: readonly Cell[]): Uint8Array | null {
  return cells.includes(null) ? bitmap(cells, (cell) => cell !== null) : null;
}

function bitmap(cells: readonly Cell[], isSet: (cell: Cell) => boolean): Uint8Array {
  const bits = new Uint8Array(Math.ceil(cells.length / 8));
  cells.forEach((cell, at) => {
    if (isSet(cell)) bits[at >>> 3] = (bits[at >>> 3] ?? 0) | (1 << (at & 7));
  });
  return bits;
}

function textOf(cells: readonly Cell[]): { offsets: Int32Array; bytes: Uint8Array } {
  const encoder = new TextEncoder();
  const texts = cells.map((cell) => encoder.encode(typeof cell === "string" ? cell : ""));
  const offsets = new Int32Array(cells.length + 1);
  texts.forEach((text, at) => {
    offsets[at + 1] = (offsets[at] ?? 0) + text.length;
  });
  const bytes = new Uint8Array(offsets[cells.length] ?? 0);
  texts.forEach((text, at) => {
    bytes.set(text, offsets[at]);
  });
  return { offsets, bytes };
}

function wordsOf(cells: readonly Cell[], width: number): Uint32Array {
  const words = new Uint32Array(cells.length * width);
  cells.forEach((cell, at) => {
    if (typeof cell !== "bigint") return;
    const number = Number(cell);
    if (number >= 0 && number < TWO_32) {
      words[at * width] = number;
      return;
    }
    for (let word = 0; word < width; word += 1) {
      words[at * width + word] = Number((cell >> BigInt(32 * word)) & 0xffffffffn);
    }
  });
  return words;
}

function integersOf(
  { bits, signed }: ColumnType & { kind: "int" },
  values: readonly number[],
): NumberVector["values"] {
  if (bits === 8) return signed ? new Int8Array(values) : new Uint8Array(values);
  if (bits === 16) return signed ? new Int16Array(values) : new Uint16Array(values);
  return signed ? new Int32Array(values) : new Uint32Array(values);
}
