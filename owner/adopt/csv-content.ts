// A CSV text inside an object that others wrote, read as the enclave will read it; what is wrong with it is told with the
// record, which an enclave does not.
import { csvBatches } from "../../core/csv/batches.ts";
import {
  CSV_DELIMITERS,
  CSV_DELIMITER_NAMES,
  parseDialect,
  type CsvDialect,
} from "../../core/csv/dialect.ts";
import { CsvFault } from "../../core/csv/fault.ts";
import { CsvRecords, MAX_RECORD_BYTES } from "../../core/csv/records.ts";
import { SealroomError } from "../../core/errors.ts";
import type { ColumnEntry } from "../../core/manifest/manifest.ts";
import type { OpenedFile } from "../../core/seal/byte-source.ts";
import { Field } from "../../core/text/field.ts";
import type { SchemaFile } from "../schema-file.ts";
import { checkUnits } from "./check-units.ts";

export interface CsvContent {
  readonly columns: readonly Pick<ColumnEntry, "name" | "type">[];
  readonly csv: CsvDialect;
}

/**
 * The names are the header's, or those of schema.yaml where there is none; the types are those of schema.yaml.
 * @throws OWNER_SCHEMA, OWNER_COLUMN_TYPE, COLUMN_CSV
 */
export async function openCsv(file: OpenedFile, schema: SchemaFile): Promise<CsvContent> {
  const csv = dialectOf(schema);
  const named = schema.columns.map(({ name }) => name);
  const names = csv.header === "none" ? named : await readNames(file, csv, named.length);
  const columns = names.map((name) => {
    const column = schema.columns.find((entry) => entry.name === name);
    if (column?.type === null) {
      throw new SealroomError("OWNER_COLUMN_TYPE", { column: name, type: "CSV text", expected: "a type" });
    }
    return { name, type: column?.type ?? "utf8" };
  });
  return { columns, csv };
}

function dialectOf({ delimiter, header, nullTokens }: SchemaFile): CsvDialect {
  const name = CSV_DELIMITER_NAMES.find((each) => CSV_DELIMITERS[each] === delimiter) ?? delimiter;
  const stated = { delimiter: name, header, nulls: [...nullTokens] };
  return parseDialect(new Field(stated, "csv", "OWNER_SCHEMA"));
}

/** @param count of columns: schema.yaml names all */
async function readNames(file: OpenedFile, csv: CsvDialect, count: number): Promise<readonly string[]> {
  const records = new CsvRecords(CSV_DELIMITERS[csv.delimiter], count, 1);
  const range = { start: 0, end: Math.min(file.plainBytes, MAX_RECORD_BYTES) };
  const begin = (await file.read([range]))(range);
  return telling(() => {
    records.room().set(begin);
    records.filled(begin.length);
    if (begin.length === file.plainBytes) records.end();
    if (records.next(1) === 0) throw new CsvFault("header", 0);
    const { bytes } = records.source;
    return records.columns.map(({ starts, lengths }) => {
      const start = starts[0] ?? 0;
      return new TextDecoder().decode(bytes.subarray(start, start + (lengths[0] ?? 0)));
    });
  });
}

/** @throws COLUMN_CSV, OWNER_UNIT_NULL, what reading throws */
export async function checkCsv(
  file: OpenedFile,
  dialect: CsvDialect,
  schema: readonly ColumnEntry[],
): Promise<number> {
  const columns = schema.map((_, place) => place);
  const unitColumn = schema.findIndex(({ role }) => role === "unit");
  let rows = 0;
  const batches = csvBatches(file, { schema, dialect, columns }, telling);
  for await (const batch of batches) {
    checkUnits(batch, schema, unitColumn);
    rows += batch.rows;
  }
  return rows;
}

/** What is wrong where, for the owner of the text: records are counted from 1, the header too. */
function telling<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof CsvFault)) throw error;
    const { part, record, column } = error;
    throw new SealroomError("COLUMN_CSV", {
      part,
      ...(record === null ? {} : { record: record + 1 }),
      ...(column === null ? {} : { column }),
    });
  }
}
