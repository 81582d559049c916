// What is inside an object that others wrote: an Arrow IPC file of the columns that the schema names, whose every value
// the enclave will be able to read. All of it is read, so that a job does not find out what its owner could have.
import { metadataRange, neededRanges, parseBatch } from "../../core/column/batch.ts";
import { dictionaryRanges, parseDictionaries, readDictionary } from "../../core/column/dictionary.ts";
import type { Dictionary } from "../../core/column/dictionary.ts";
import { FILE_MAGIC, FOOTER_GUESS_BYTES, footerBytes, parseFooter } from "../../core/column/footer.ts";
import type { ArrowFile, Block } from "../../core/column/footer.ts";
import { checkSchema } from "../../core/column/schema.ts";
import { columnTypeName } from "../../core/column/type.ts";
import { countBits } from "../../core/column/validity.ts";
import type { ColumnBatch } from "../../core/column/vector.ts";
import { readColumns } from "../../core/column/vectors.ts";
import type { Dictionaries } from "../../core/column/vectors.ts";
import { SealroomError } from "../../core/errors.ts";
import type { ColumnEntry, UnitKind } from "../../core/manifest/manifest.ts";
import type { OpenedFile } from "../../core/seal/byte-source.ts";
import { nearestDetail } from "../../core/text/field.ts";
import type { SchemaFile } from "../schema-file.ts";

/** Beginnings of files that are not taken, and what they are. */
const FORMATS: readonly (readonly [string, string])[] = [
  ["PAR1", "Parquet"],
  ["PARE", "Parquet"],
  ["\xff\xff\xff\xff", "Arrow stream"],
  ["Obj\x01", "Avro"],
  ["ORC", "ORC"],
  ["\x1f\x8b", "gzip"],
  ["\x28\xb5\x2f\xfd", "Zstandard"],
];

/** @throws OWNER_FORMAT, COLUMN_* */
export async function openTable(file: OpenedFile): Promise<ArrowFile> {
  await checkFormat(file);
  const { plainBytes } = file;
  const readTail = async (bytes: number): Promise<Uint8Array> => {
    const range = { start: plainBytes - Math.min(bytes, plainBytes), end: plainBytes };
    return (await file.read([range]))(range);
  };
  const guess = await readTail(FOOTER_GUESS_BYTES);
  const needed = footerBytes(guess, plainBytes);
  return parseFooter(needed <= guess.length ? guess : await readTail(needed), plainBytes);
}

async function checkFormat(file: OpenedFile): Promise<void> {
  const range = { start: 0, end: Math.min(file.plainBytes, FILE_MAGIC.length) };
  const head = Buffer.from((await file.read([range]))(range));
  if (head.equals(FILE_MAGIC)) return;
  const known = FORMATS.find(([mark]) => head.toString("latin1").startsWith(mark));
  throw new SealroomError("OWNER_FORMAT", { format: known?.[1] ?? "unknown, perhaps CSV" });
}

/**
 * The columns of a manifest: the file's own, in the file's order, with the roles of schema.yaml, which has to name all.
 * @throws OWNER_COLUMNS, OWNER_COLUMN_TYPE
 */
export function adoptedColumns({ fields }: ArrowFile, schema: SchemaFile): readonly ColumnEntry[] {
  const names = fields.map(({ name }) => name);
  const missing = schema.columns.find(({ name }) => !names.includes(name));
  if (missing !== undefined) {
    const near = nearestDetail(missing.name, names);
    throw new SealroomError("OWNER_COLUMNS", { column: missing.name, fault: "not in the object", ...near });
  }
  return fields.map(({ name, type }) => {
    const column = schema.columns.find((entry) => entry.name === name);
    // Its values are in the object, so the manifest has to say that nobody may use them.
    if (column === undefined) {
      throw new SealroomError("OWNER_COLUMNS", { column: name, fault: "not in schema.yaml (role hidden?)" });
    }
    const found = columnTypeName(type);
    if (column.type !== null && column.type !== found) {
      throw new SealroomError("OWNER_COLUMN_TYPE", { column: name, type: found, expected: column.type });
    }
    return { name, type: found, role: column.role };
  });
}

/**
 * Reads every value as the enclave will, and counts the rows.
 * @throws COLUMN_*, OWNER_UNIT_NULL, what reading throws
 */
export async function checkTable(
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
    checkUnits(batch, unitColumn, schema);
    rows += batch.rows;
  }
  return rows;
}

function checkUnits(batch: ColumnBatch, unitColumn: number, schema: readonly ColumnEntry[]): void {
  const { validity = null } = batch.columns[unitColumn] ?? {};
  if (validity === null) return;
  const rows = batch.rows - countBits(validity, batch.rows);
  if (rows > 0) throw new SealroomError("OWNER_UNIT_NULL", { column: schema[unitColumn]?.name ?? "", rows });
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
