// Parquet files put together by hand, so that each part of them can be wrong by itself; and what hands one to the reader.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { cellText } from "../../core/column/text.ts";
import { openParquet, parquetBatches } from "../../core/parquet/batches.ts";
import { PageDecoder } from "../../core/parquet/page-decoder.ts";
import {
  i32Field,
  i64Field,
  listField,
  structField,
  textField,
  type ThriftField,
} from "../../core/parquet/thrift-writer.ts";
import type { OpenedFile } from "../../core/seal/byte-source.ts";

export const MB: number = 2 ** 20;
const MAGIC = Buffer.from("PAR1");
const WASM = fileURLToPath(import.meta.resolve("parquet-wasm/esm/parquet_wasm_bg.wasm"));

/** Of a test; each has the one that its limit is for. */
const decoders = new Map<number, PageDecoder>();

export function decoderOf(mostBytes: number): PageDecoder {
  const known = decoders.get(mostBytes) ?? new PageDecoder(new Uint8Array(readFileSync(WASM)), mostBytes);
  decoders.set(mostBytes, known);
  return known;
}

export function fileOf(bytes: Uint8Array): OpenedFile {
  return {
    plainBytes: bytes.length,
    read: (ranges) => {
      for (const { start, end } of ranges) {
        if (!(start >= 0 && start <= end && end <= bytes.length)) throw new RangeError("outside of the file");
      }
      return Promise.resolve(({ start, end }) => bytes.slice(start, end));
    },
  };
}

export type Cells = readonly (readonly (string | null)[])[];

/** All rows of these columns, of all where none are named. */
export async function readCells(
  bytes: Uint8Array,
  places: readonly number[] | null = null,
  mostBytes = 64 * MB,
  file: OpenedFile = fileOf(bytes),
): Promise<Cells> {
  const run = <T>(_bytes: number, work: () => T): T => work();
  const parquet = await openParquet(file, run);
  const wanted = places ?? parquet.columns.map((_, place) => place);
  const cells: (string | null)[][] = [];
  const means = { decoder: decoderOf(mostBytes), mostBytes, run };
  for await (const { rows, columns } of parquetBatches(file, parquet, wanted, means)) {
    for (let row = 0; row < rows; row += 1) cells.push(columns.map((vector) => cellText(vector, row)));
  }
  return cells;
}

export type FieldChange = Readonly<Record<number, ThriftField | null>>;

/** Fields of a struct by id, with some in place of others, or left out. */
function changed(fields: Readonly<Record<number, ThriftField>>, change: FieldChange = {}): ThriftField {
  const all: Readonly<Record<number, ThriftField | null>> = { ...fields, ...change };
  const ids = Object.keys(all)
    .map(Number)
    .sort((a, b) => a - b);
  return structField(ids.map((id) => [id, all[id] ?? null]));
}

/** What differs from an honest file of one required column `c` of int32, in one row group of one page. */
export interface Forgery {
  readonly pages?: Uint8Array;
  readonly rows?: number;
  /** How many row groups say that the pages are theirs, fewer than 15. */
  readonly times?: number;
  readonly metadata?: FieldChange;
  readonly root?: FieldChange;
  readonly element?: FieldChange;
  readonly group?: FieldChange;
  readonly chunk?: FieldChange;
  readonly facts?: FieldChange;
  /** In place of its own. */
  readonly footer?: Uint8Array;
  readonly footerBytes?: number;
}

export function forge(forgery: Forgery = {}): Uint8Array {
  const {
    times = 1,
    rows = 3,
    pages = plainPage(new Uint8Array(Int32Array.of(10, 20, 30).buffer), rows),
  } = forgery;
  const facts = changed(
    {
      1: i32Field(1),
      2: listField([i32Field(0)]),
      3: listField([textField("c")]),
      4: i32Field(0),
      5: i64Field(rows),
      6: i64Field(pages.length),
      7: i64Field(pages.length),
      9: i64Field(4),
    },
    forgery.facts,
  );
  const chunk = changed({ 2: i64Field(0), 3: facts }, forgery.chunk);
  const group = changed(
    { 1: listField([chunk]), 2: i64Field(pages.length), 3: i64Field(rows) },
    forgery.group,
  );
  const root = changed({ 4: textField("schema"), 5: i32Field(1) }, forgery.root);
  const element = changed({ 1: i32Field(1), 3: i32Field(0), 4: textField("c") }, forgery.element);
  const metadata = changed(
    {
      1: i32Field(1),
      2: listField([root, element]),
      3: i64Field(times * rows),
      4: listField(Array<ThriftField>(times).fill(group)),
    },
    forgery.metadata,
  );
  const footer = Buffer.from(forgery.footer ?? Uint8Array.from(metadata.bytes));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(forgery.footerBytes ?? footer.length);
  return new Uint8Array(Buffer.concat([MAGIC, pages, footer, length, MAGIC]));
}

/** One data page, plain values without levels. @param stated of the values before compression */
export function plainPage(values: Uint8Array, rows: number, stated: number = values.length): Uint8Array {
  return page({ 1: i32Field(rows), 2: i32Field(0), 3: i32Field(3), 4: i32Field(3) }, values, stated);
}

/** One data page of codes into a dictionary, which are `repeated` 0. */
export function codedPage(rows: number): Uint8Array {
  // A width of one bit, then one run: its length twice, and the code.
  const run = i32Field(rows).bytes;
  const values = Uint8Array.of(1, ...run, 0);
  return page({ 1: i32Field(rows), 2: i32Field(8), 3: i32Field(3), 4: i32Field(3) }, values, values.length);
}

function page(header: Readonly<Record<number, ThriftField>>, values: Uint8Array, stated: number): Uint8Array {
  const fields = changed({
    1: i32Field(0),
    2: i32Field(stated),
    3: i32Field(values.length),
    5: changed(header),
  });
  return new Uint8Array(Buffer.concat([Uint8Array.from(fields.bytes), values]));
}

export function dictionaryPage(values: Uint8Array, count: number): Uint8Array {
  const header = changed({ 1: i32Field(count), 2: i32Field(0) });
  const fields = changed({
    1: i32Field(2),
    2: i32Field(values.length),
    3: i32Field(values.length),
    7: header,
  });
  return new Uint8Array(Buffer.concat([Uint8Array.from(fields.bytes), values]));
}
