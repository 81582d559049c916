// An Arrow IPC file inside an object that others wrote, read as the enclave will read it.
import { metadataRange, neededRanges, parseBatch } from "../../core/column/batch.ts";
import { dictionaryRanges, parseDictionaries, readDictionary } from "../../core/column/dictionary.ts";
import type { Dictionary } from "../../core/column/dictionary.ts";
import { FOOTER_GUESS_BYTES, footerBytes, parseFooter } from "../../core/column/footer.ts";
import type { ArrowFile, Block } from "../../core/column/footer.ts";
import { checkSchema } from "../../core/column/schema.ts";
import { readColumns } from "../../core/column/vectors.ts";
import type { Dictionaries } from "../../core/column/vectors.ts";
import type { ColumnEntry, UnitKind } from "../../core/manifest/manifest.ts";
import type { OpenedFile } from "../../core/seal/byte-source.ts";
import { checkUnits } from "./check-units.ts";

/** @throws COLUMN_* */
export async function openArrow(file: OpenedFile): Promise<ArrowFile> {
  const { plainBytes } = file;
  const readTail = async (bytes: number): Promise<Uint8Array> => {
    const range = { start: plainBytes - Math.min(bytes, plainBytes), end: plainBytes };
    return (await file.read([range]))(range);
  };
  const guess = await readTail(FOOTER_GUESS_BYTES);
  const needed = footerBytes(guess, plainBytes);
  return parseFooter(needed <= guess.length ? guess : await readTail(needed), plainBytes);
}

/**
 * Reads every value, and counts the rows.
 * @throws COLUMN_*, OWNER_UNIT_NULL, what reading throws
 */
export async function checkArrow(
  file: OpenedFile,
  arrow: ArrowFile,
  schema: readonly ColumnEntry[],
  unit: UnitKind,
): Promise<number> {
  checkSchema(arrow.fields, schema, unit);
  const columns = arrow.fields.map((_, column) => column);
  const dictionaries = await readDictionaries(file, arrow);
  const unitColumn = schema.findIndex(({ role }) => role === "unit");
  let rows = 0;
  for (const block of arrow.batches) {
    const layout = parseBatch(await readMetadata(file, block), block, arrow.fields);
    const bytesOf = await file.read(neededRanges(layout, columns));
    const batch = readColumns(arrow.fields, layout, columns, dictionaries, bytesOf);
    checkUnits(batch, schema, unitColumn);
    rows += batch.rows;
  }
  return rows;
}

async function readDictionaries(file: OpenedFile, arrow: ArrowFile): Promise<Dictionaries> {
  const metadata: Uint8Array[] = [];
  for (const block of arrow.dictionaries) metadata.push(await readMetadata(file, block));
  const dictionaries = new Map<number, Dictionary>();
  for (const layout of parseDictionaries(metadata, arrow)) {
    dictionaries.set(layout.column, readDictionary(layout, await file.read(dictionaryRanges(layout))));
  }
  return dictionaries;
}

async function readMetadata(file: OpenedFile, block: Block): Promise<Uint8Array> {
  const range = metadataRange(block);
  return (await file.read([range]))(range);
}
