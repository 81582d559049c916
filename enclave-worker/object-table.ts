// One sealed object as a table: footer, schema, dictionaries, then batches of the wanted columns, in that order. The
// reads depend on the plan and the layout only: every batch is read, whatever its values (DESIGN 1.4). Little is held at
// a time, however many batches there are: with each batch comes the place of the next.
import { metadataRange, neededRanges, parseBatch } from "../core/column/batch.ts";
import type { BatchLayout } from "../core/column/batch.ts";
import {
  checkTotal,
  dictionaryRanges,
  parseDictionaries,
  readDictionary,
} from "../core/column/dictionary.ts";
import type { Dictionary } from "../core/column/dictionary.ts";
import { footerBytes, FOOTER_GUESS_BYTES, parseFooter } from "../core/column/footer.ts";
import type { ArrowFile, Block } from "../core/column/footer.ts";
import type { BytesOf, Range } from "../core/column/range.ts";
import { rangeBytes } from "../core/column/range.ts";
import { checkSchema } from "../core/column/schema.ts";
import type { ColumnBatch } from "../core/column/vector.ts";
import { checkFirstUnit, readColumns, unitStartColumn } from "../core/column/vectors.ts";
import type { Dictionaries } from "../core/column/vectors.ts";
import type { Manifest } from "../core/manifest/manifest.ts";
import { dictionaryMs, METADATA_MS, readMs } from "./patience.ts";
import type { PlainFile } from "./plain-file.ts";
import { RowCount } from "./row-count.ts";
import type { Steps } from "./steps.ts";

export interface TableShape {
  readonly schema: Manifest["schema"];
  readonly unit: Manifest["unit"];
  /** Names of the wanted columns, in the order in which batches are to bring them. */
  readonly columns: readonly string[];
  /** Rows that the manifest says the object has. */
  readonly rows: number;
}

/** What is done with a batch; while it waits, the next one travels. */
export type UseBatch = (batch: ColumnBatch) => void | Promise<void>;

/** Calls `use` with every batch, one after another. Errors: COLUMN_*, OBJECT_ROWS, POOL_MEMORY, and what reading throws. */
export async function readTable(
  file: PlainFile,
  shape: TableShape,
  steps: Steps,
  use: UseBatch,
): Promise<void> {
  const arrow = await readFooter(file, steps);
  checkSchema(arrow.fields, shape.schema, shape.unit);
  const columns = shape.columns.map((name) => arrow.fields.findIndex((field) => field.name === name));
  const dictionaries = await readDictionaries(file, arrow, columns, steps);
  // Where units are scattered, marks of an object that `seal` wrote are not of the data set's units: they are not read.
  const fields = shape.unit === "column" ? arrow.fields : arrow.fields.slice(0, shape.schema.length);
  await readBatches({ file, arrow, fields, rows: shape.rows, columns, dictionaries, steps }, use);
}

async function readFooter(file: PlainFile, steps: Steps): Promise<ArrowFile> {
  const fileBytes = file.plainBytes;
  const readTail = async (bytes: number): Promise<Uint8Array> => {
    const range: Range = { start: fileBytes - Math.min(bytes, fileBytes), end: fileBytes };
    return (await file.read([range]))(range);
  };
  const guess = await readTail(FOOTER_GUESS_BYTES);
  const needed = footerBytes(guess, fileBytes);
  const tail = needed <= guess.length ? guess : await readTail(needed);
  return steps.take(METADATA_MS, () => parseFooter(tail, fileBytes));
}

async function readDictionaries(
  file: PlainFile,
  arrow: ArrowFile,
  columns: readonly number[],
  steps: Steps,
): Promise<Dictionaries> {
  if (arrow.dictionaries.length === 0) return new Map();
  const blocks = arrow.dictionaries.map(metadataRange);
  steps.checkRoom(blocks);
  const metadata = await file.read(blocks);
  const layouts = steps.take(METADATA_MS, () => parseDictionaries(blocks.map(metadata), arrow));
  const wanted = layouts.filter(({ column }) => columns.includes(column));
  checkTotal(wanted);
  const ranges = wanted.flatMap(dictionaryRanges);
  steps.checkRoom(ranges);
  const bytesOf = await file.read(ranges);
  return new Map(
    wanted.map((layout) => {
      const bytes = bytesIn(dictionaryRanges(layout));
      const read = (): Dictionary => readDictionary(layout, bytesOf);
      return [layout.column, steps.take(dictionaryMs(layout.batch.rows, bytes), read)];
    }),
  );
}

function bytesIn(ranges: readonly Range[]): number {
  return ranges.reduce((sum, range) => sum + rangeBytes(range), 0);
}

interface Batches {
  readonly file: PlainFile;
  readonly arrow: ArrowFile;
  /** Those that batches are read as; the file may have one more. */
  readonly fields: ArrowFile["fields"];
  readonly rows: number;
  readonly columns: readonly number[];
  readonly dictionaries: Dictionaries;
  readonly steps: Steps;
}

async function readBatches(
  { file, arrow, fields, rows, columns, dictionaries, steps }: Batches,
  use: UseBatch,
): Promise<void> {
  const { batches } = arrow;
  const start = unitStartColumn(fields);
  const wanted = start === null ? columns : [...columns, start];
  const count = new RowCount(rows);
  const parse = (block: Block | undefined, bytesOf: BytesOf): BatchLayout | undefined =>
    block === undefined
      ? undefined
      : steps.take(METADATA_MS, () => {
          const layout = parseBatch(bytesOf(metadataRange(block)), block, arrow.fields);
          count.add(layout.rows);
          return layout;
        });
  const fetch = async (layout: BatchLayout | undefined, next: Block | undefined): Promise<BytesOf> => {
    const buffers = layout === undefined ? [] : neededRanges(layout, wanted);
    const ranges = next === undefined ? buffers : [...buffers, metadataRange(next)];
    steps.checkRoom(ranges);
    return file.read(ranges);
  };
  const read = (layout: BatchLayout, bytesOf: BytesOf): ColumnBatch =>
    steps.take(readMs(bytesIn(neededRanges(layout, wanted))), () =>
      readColumns(fields, layout, columns, dictionaries, bytesOf),
    );
  let layout = parse(batches[0], await fetch(undefined, batches[0]));
  let ahead = fetch(layout, batches[1]);
  let first = true;
  for (let next = 1; layout !== undefined; next += 1) {
    const bytesOf = await ahead;
    const following = parse(batches[next], bytesOf);
    // The next batch travels while this one is worked on.
    ahead = fetch(following, batches[next + 1]);
    ahead.catch(() => undefined);
    const batch = read(layout, bytesOf);
    if (first && batch.rows > 0) {
      checkFirstUnit(batch);
      first = false;
    }
    await use(batch);
    layout = following;
  }
  await ahead;
  count.checkWhole();
}
