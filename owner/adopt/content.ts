// What is inside an object that others wrote: a table of the columns that the schema names, whose every value the enclave
// will be able to read. All of it is read, so that a job does not find out what its owner could have.
import { FILE_MAGIC, type ArrowFile } from "../../core/column/footer.ts";
import { columnTypeName } from "../../core/column/type.ts";
import type { CsvDialect } from "../../core/csv/dialect.ts";
import { SealroomError } from "../../core/errors.ts";
import type { ParquetFile } from "../../core/parquet/footer.ts";
import type { ColumnEntry, ObjectFormat, UnitKind } from "../../core/manifest/manifest.ts";
import type { OpenedFile } from "../../core/seal/byte-source.ts";
import { nearestDetail } from "../../core/text/field.ts";
import type { SchemaFile } from "../schema-file.ts";
import { checkArrow, openArrow } from "./arrow-content.ts";
import { checkCsv, openCsv } from "./csv-content.ts";
import { checkParquet, openParquetContent } from "./parquet-content.ts";

/** A column as the object has it. */
export type FoundColumn = Pick<ColumnEntry, "name" | "type">;

export type Content =
  | { readonly format: "arrow"; readonly columns: readonly FoundColumn[]; readonly arrow: ArrowFile }
  | { readonly format: "csv"; readonly columns: readonly FoundColumn[]; readonly csv: CsvDialect }
  | { readonly format: "parquet"; readonly columns: readonly FoundColumn[]; readonly parquet: ParquetFile };

/** Beginnings of files that are not taken, and what they are. */
const FORMATS: readonly (readonly [string, string])[] = [
  ["PAR1", "parquet"],
  ["PARE", "encrypted Parquet"],
  ["\xff\xff\xff\xff", "Arrow stream"],
  ["Obj\x01", "Avro"],
  ["ORC", "ORC"],
  ["\x1f\x8b", "gzip"],
  ["\x28\xb5\x2f\xfd", "Zstandard"],
];

/**
 * @param format null to take what the object begins with; CSV begins with nothing of its own
 * @throws OWNER_FORMAT, OWNER_COLUMNS, OWNER_COLUMN_TYPE, COLUMN_*
 */
export async function openContent(
  file: OpenedFile,
  format: ObjectFormat | null,
  schema: SchemaFile,
): Promise<Content> {
  const found = await findFormat(file);
  if (format === "csv" && found === "unknown") return { format, ...(await openCsv(file, schema)) };
  if (format !== null && format !== found) throw new SealroomError("OWNER_FORMAT", { format: found });
  if (found === "parquet") return { format: found, ...(await openParquetContent(file)) };
  if (found !== "arrow") throw new SealroomError("OWNER_FORMAT", { format: found });
  const arrow = await openArrow(file);
  const columns = arrow.fields.map(({ name, type }) => ({ name, type: columnTypeName(type) }));
  return { format: found, columns, arrow };
}

async function findFormat(file: OpenedFile): Promise<string> {
  const range = { start: 0, end: Math.min(file.plainBytes, FILE_MAGIC.length) };
  const head = Buffer.from((await file.read([range]))(range));
  if (head.equals(FILE_MAGIC)) return "arrow";
  return FORMATS.find(([mark]) => head.toString("latin1").startsWith(mark))?.[1] ?? "unknown";
}

/**
 * The columns of a manifest: the object's own, in its order, with the roles of schema.yaml, which has to name all.
 * @throws OWNER_COLUMNS, OWNER_COLUMN_TYPE
 */
export function adoptedColumns({ columns }: Content, schema: SchemaFile): readonly ColumnEntry[] {
  const names = columns.map(({ name }) => name);
  const missing = schema.columns.find(({ name }) => !names.includes(name));
  if (missing !== undefined) {
    const near = nearestDetail(missing.name, names);
    throw new SealroomError("OWNER_COLUMNS", { column: missing.name, fault: "not in the object", ...near });
  }
  return columns.map(({ name, type }) => {
    const column = schema.columns.find((entry) => entry.name === name);
    // Its values are in the object, so the manifest has to say that nobody may use them.
    if (column === undefined) {
      throw new SealroomError("OWNER_COLUMNS", { column: name, fault: "not in schema.yaml (role hidden?)" });
    }
    if (column.type !== null && column.type !== type) {
      throw new SealroomError("OWNER_COLUMN_TYPE", { column: name, type, expected: column.type });
    }
    return { name, type, role: column.role };
  });
}

/**
 * Reads every value as the enclave will, and counts the rows.
 * @throws COLUMN_*, OWNER_UNIT_NULL, what reading throws
 */
export async function checkContent(
  file: OpenedFile,
  content: Content,
  schema: readonly ColumnEntry[],
  unit: UnitKind,
): Promise<number> {
  switch (content.format) {
    case "arrow":
      return checkArrow(file, content.arrow, schema, unit);
    case "csv":
      return checkCsv(file, content.csv, schema);
    case "parquet":
      return checkParquet(file, content.parquet, schema);
  }
}
