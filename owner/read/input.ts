// The files that are sealed, as DuckDB relations with the columns as they come. Formats are told by their first
// bytes, and by the name only for text. Only files: nothing is fetched, no pattern is expanded.
import { open, stat, type FileHandle } from "node:fs/promises";
import { resolve } from "node:path";
import { randomUUID } from "node:crypto";
import { SealroomError } from "../../core/errors.ts";
import { stageArrow } from "./arrow-input.ts";
import { readCsvHeader } from "./csv-header.ts";
import { isOutOfMemory, queryRows, type Database } from "./database.ts";
import type { SchemaFile } from "../schema-file.ts";
import { sqlList, sqlName, sqlText } from "./sql.ts";

export type Format = "csv" | "parquet" | "arrow";

export interface InputColumn {
  readonly name: string;
  /** The SQL expression for it inside `relation`. */
  readonly raw: string;
  /** As DuckDB's DESCRIBE writes it. */
  readonly type: string;
}

export interface Input {
  /** As the owner gave it: for messages. */
  readonly file: string;
  readonly format: Format;
  /** What comes after FROM. */
  readonly relation: string;
  readonly columns: readonly InputColumn[];
  readonly bytes: number;
  readonly modifiedMs: number;
}

/** What of schema.yaml says how text is read. */
export type TextForm = Pick<SchemaFile, "nullTokens" | "delimiter">;

/** A CSV record longer than this is taken for a quote that never ends. */
const MAX_RECORD_BYTES = 8 * 1024 * 1024;

/** @throws OWNER_INPUT, OWNER_MEMORY */
export async function openInputs(
  database: Database,
  files: readonly string[],
  form: TextForm,
): Promise<readonly Input[]> {
  const inputs: Input[] = [];
  for (const [index, file] of files.entries()) inputs.push(await openInput(database, file, form, index));
  return inputs;
}

/** Refuses when a file is no longer the one that was opened. @throws OWNER_CHANGED */
export async function checkUnchanged(inputs: readonly Input[]): Promise<void> {
  for (const { file, bytes, modifiedMs } of inputs) {
    const now = await stat(file).catch(() => undefined);
    if (now?.size !== bytes || now.mtimeMs !== modifiedMs) throw new SealroomError("OWNER_CHANGED", { file });
  }
}

async function openInput(database: Database, file: string, form: TextForm, index: number): Promise<Input> {
  const { format, bytes, modifiedMs } = await inspect(file);
  const base = { file, format, bytes, modifiedMs };
  switch (format) {
    case "csv":
      return { ...base, ...(await csvRelation(file, form)) };
    case "parquet": {
      const relation = `read_parquet(${sqlPath(file)}, hive_partitioning = false)`;
      return { ...base, relation, columns: await describe(database, relation, file) };
    }
    case "arrow": {
      const { table, names } = await stageArrow(database, file, `arrow_${index}`);
      const columns = await describe(database, sqlName(table), file);
      return {
        ...base,
        relation: sqlName(table),
        columns: columns.map((column, i) => ({ ...column, name: names[i] ?? "" })),
      };
    }
  }
}

interface Inspected {
  readonly format: Format;
  readonly bytes: number;
  readonly modifiedMs: number;
}

async function inspect(file: string): Promise<Inspected> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(file, "r");
    const { size, mtimeMs } = await handle.stat();
    const head = Buffer.alloc(8);
    await handle.read(head, 0, head.length, 0);
    return { format: formatOf(head, file), bytes: size, modifiedMs: mtimeMs };
  } catch (cause) {
    if (cause instanceof SealroomError) throw cause;
    const missing = cause instanceof Error && "code" in cause && cause.code === "ENOENT";
    if (missing) throw new SealroomError("FILE_MISSING", { file }, { cause });
    throw new SealroomError("OWNER_INPUT", { file, fault: "cannot be read" }, { cause });
  } finally {
    await handle?.close();
  }
}

function formatOf(head: Buffer, file: string): Format {
  if (head.toString("latin1", 0, 4) === "PAR1") return "parquet";
  // An Arrow stream begins with its first message's mark and length.
  if (head.toString("latin1", 0, 6) === "ARROW1" || head.readInt32LE(0) === -1) return "arrow";
  if (/\.(csv|tsv|txt)$/i.test(file)) return "csv";
  throw new SealroomError("OWNER_INPUT", {
    file,
    fault: "neither Parquet nor Arrow, and not named .csv, .tsv or .txt",
  });
}

async function csvRelation(file: string, form: TextForm): Promise<Pick<Input, "relation" | "columns">> {
  const names = await readCsvHeader(file, form.delimiter);
  // By position, since DuckDB takes names that differ in case for the same.
  const columns = names.map((name, i) => ({ name, raw: `c${i}`, type: "VARCHAR" }));
  const types = columns.map(({ raw }) => `${sqlText(raw)}: 'VARCHAR'`).join(", ");
  // Without a token nothing is null; DuckDB has no way to say so but one that no field is equal to.
  const tokens = form.nullTokens.length === 0 ? [randomUUID()] : form.nullTokens;
  const options = [
    `columns = {${types}}`,
    "auto_detect = false",
    "header = true",
    `delim = ${sqlText(form.delimiter)}`,
    `quote = '"'`,
    `escape = '"'`,
    `nullstr = ${sqlList(tokens)}`,
    "allow_quoted_nulls = false",
    "strict_mode = true",
    `max_line_size = ${MAX_RECORD_BYTES}`,
    `buffer_size = ${2 * MAX_RECORD_BYTES}`,
  ];
  return { relation: `read_csv(${sqlPath(file)}, ${options.join(", ")})`, columns };
}

async function describe(database: Database, relation: string, file: string): Promise<readonly InputColumn[]> {
  try {
    const rows = await queryRows(database.connection, `DESCRIBE SELECT * FROM ${relation}`);
    return rows.map((row) => {
      const name = String(row["column_name"]);
      return { name, raw: sqlName(name), type: String(row["column_type"]) };
    });
  } catch (cause) {
    throw inputFault(file, cause);
  }
}

/** A path as it stands: DuckDB would expand *, ? and [ in it, or take a scheme for a place on the network. */
function sqlPath(file: string): string {
  return sqlText(resolve(file).replaceAll(/[*?[]/g, "[$&]"));
}

/**
 * DuckDB's fault about an input without what it quotes from it: the line is named, the values are not.
 */
export function inputFault(file: string, cause: unknown): SealroomError {
  if (cause instanceof SealroomError) return cause;
  if (isOutOfMemory(cause)) return new SealroomError("OWNER_MEMORY", { file }, { cause });
  const message = cause instanceof Error ? cause.message : "";
  const line = /(?:Line|line):? (\d+)/.exec(message)?.[1];
  const known: readonly (readonly [RegExp, string])[] = [
    [
      /unterminated quote|quote should be followed|Value with unterminated/i,
      "a quoted field does not end as it should",
    ],
    [
      /Expected Number of Columns|Too many columns|Missing column|number of columns/i,
      "a record has another number of fields than the header",
    ],
    [/unicode|UTF-8|byte sequence/i, "text that is not valid UTF-8"],
    [
      /state machine reached an invalid state/i,
      "line ends are mixed, or a quoted field does not end as it should",
    ],
    [/Maximum line size|line size of/i, "a record that is longer than 8 MiB"],
  ];
  const fault = known.find(([pattern]) => pattern.test(message))?.[1] ?? "not readable in its format";
  return new SealroomError(
    "OWNER_INPUT",
    { file, fault, ...(line === undefined ? {} : { line: Number(line) }) },
    { cause },
  );
}
