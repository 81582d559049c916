// One sealed object as a table: footer, schema, dictionaries, then batches of the wanted columns, in that order. The
// reads depend on the plan and the layout only: every batch is read, whatever its values (DESIGN 1.4).
import { metadataRange, neededRanges, parseBatch } from "../core/column/batch.ts";
import type { BatchLayout } from "../core/column/batch.ts";
import { dictionaryRanges, parseDictionaries, readDictionary } from "../core/column/dictionary.ts";
import { footerBytes, FOOTER_GUESS_BYTES, parseFooter } from "../core/column/footer.ts";
import type { ArrowFile } from "../core/column/footer.ts";
import type { BytesOf, Range } from "../core/column/range.ts";
import { checkSchema } from "../core/column/schema.ts";
import type { ColumnBatch } from "../core/column/vector.ts";
import { checkFirstUnit, readColumns, unitStartColumn } from "../core/column/vectors.ts";
import type { Dictionaries } from "../core/column/vectors.ts";
import { SealroomError } from "../core/errors.ts";
import type { Manifest } from "../core/manifest/manifest.ts";
import type { PlainFile } from "./plain-file.ts";

export interface TableShape {
  readonly schema: Manifest["schema"];
  readonly unit: Manifest["unit"];
  /** Names of the wanted columns, in the order in which batches are to bring them. */
  readonly columns: readonly string[];
  /** Rows that the manifest says the object has. */
  readonly rows: number;
}

/** Calls `use` with every batch. Errors: COLUMN_*, OBJECT_ROWS, and what reading throws. */
export async function readTable(
  file: PlainFile,
  shape: TableShape,
  use: (batch: ColumnBatch) => void,
): Promise<void> {
  const arrow = await readFooter(file);
  checkSchema(arrow.fields, shape.schema, shape.unit);
  const columns = shape.columns.map((name) => arrow.fields.findIndex((field) => field.name === name));
  const layouts = await readLayouts(file, arrow);
  checkRows(layouts, shape.rows);
  const dictionaries = await readDictionaries(file, arrow, columns);
  // Where units are scattered, marks of an object that `seal` wrote are not of the data set's units: they are not read.
  const fields = shape.unit === "column" ? arrow.fields : arrow.fields.slice(0, shape.schema.length);
  await readBatches({ file, fields, layouts, columns, dictionaries }, use);
}

async function readFooter(file: PlainFile): Promise<ArrowFile> {
  const fileBytes = file.plainBytes;
  const readTail = async (bytes: number): Promise<Uint8Array> => {
    const range: Range = { start: fileBytes - Math.min(bytes, fileBytes), end: fileBytes };
    return (await file.read([range]))(range);
  };
  const guess = await readTail(FOOTER_GUESS_BYTES);
  const needed = footerBytes(guess, fileBytes);
  return parseFooter(needed <= guess.length ? guess : await readTail(needed), fileBytes);
}

async function readLayouts(file: PlainFile, arrow: ArrowFile): Promise<readonly BatchLayout[]> {
  const bytesOf = await file.read(arrow.batches.map(metadataRange));
  return arrow.batches.map((block) => parseBatch(bytesOf(metadataRange(block)), block, arrow.fields));
}

/** The manifest is believed over the file: not a row more or less is aggregated than the owner signed. */
function checkRows(layouts: readonly BatchLayout[], rows: number): void {
  const found = layouts.reduce((sum, layout) => sum + layout.rows, 0);
  if (found !== rows) throw new SealroomError("OBJECT_ROWS", { rows });
}

async function readDictionaries(
  file: PlainFile,
  arrow: ArrowFile,
  columns: readonly number[],
): Promise<Dictionaries> {
  if (arrow.dictionaries.length === 0) return new Map();
  const metadata = await file.read(arrow.dictionaries.map(metadataRange));
  const layouts = parseDictionaries(
    arrow.dictionaries.map((block) => metadata(metadataRange(block))),
    arrow,
  );
  const wanted = layouts.filter(({ column }) => columns.includes(column));
  const bytesOf = await file.read(wanted.flatMap(dictionaryRanges));
  return new Map(wanted.map((layout) => [layout.column, readDictionary(layout, bytesOf)]));
}

interface Batches {
  readonly file: PlainFile;
  readonly fields: ArrowFile["fields"];
  readonly layouts: readonly BatchLayout[];
  readonly columns: readonly number[];
  readonly dictionaries: Dictionaries;
}

async function readBatches(
  { file, fields, layouts, columns, dictionaries }: Batches,
  use: (batch: ColumnBatch) => void,
): Promise<void> {
  const start = unitStartColumn(fields);
  const wanted = start === null ? columns : [...columns, start];
  const fetchBatch = (layout: BatchLayout | undefined): Promise<BytesOf> =>
    file.read(layout === undefined ? [] : neededRanges(layout, wanted));
  let ahead = fetchBatch(layouts[0]);
  let first = true;
  for (const [index, layout] of layouts.entries()) {
    const bytesOf = await ahead;
    // The next batch travels while this one is worked on.
    ahead = fetchBatch(layouts[index + 1]);
    ahead.catch(() => undefined);
    const batch = readColumns(fields, layout, columns, dictionaries, bytesOf);
    if (first && batch.rows > 0) {
      checkFirstUnit(batch);
      first = false;
    }
    use(batch);
  }
  await ahead;
}
