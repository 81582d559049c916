// Some values of columns as text, for what only looks at a part of them. Read by DuckDB, and kept in memory alone.
import { queryRows, type Database } from "./database.ts";
import { inputFault, type Input } from "./input.ts";

const SAMPLE_VALUES = 10_000;
/** Of longer values the beginning: more than a detector takes for a value. */
const SAMPLE_CHARS = 400;
/** A column with fewer values in the rows that were drawn is looked for in all rows. */
const FEW_VALUES = 1_000;

type Row = Readonly<Record<string, unknown>>;

/**
 * Up to SAMPLE_VALUES values of each column, neither null nor blank: of rows drawn from all, of a column that has few
 * values there drawn from all its values.
 * @param values SQL expressions inside the input's relation
 * @throws OWNER_INPUT
 */
export async function sampleTexts(
  database: Database,
  input: Input,
  values: readonly string[],
): Promise<readonly (readonly string[])[]> {
  if (values.length === 0) return [];
  const texts = values.map((value) => `left(CAST(${value} AS VARCHAR), ${SAMPLE_CHARS})`);
  const all = `SELECT ${texts.map((text, i) => `${text} AS c${i}`).join(", ")} FROM ${input.relation}`;
  const drawn = `SELECT * FROM (${all}) USING SAMPLE reservoir(${SAMPLE_VALUES} ROWS) REPEATABLE (1)`;
  const rows = await read(database, input, drawn);
  const samples = texts.map((_, i) => rows.map((row) => row[`c${i}`]).filter(isThere));
  if (rows.length < SAMPLE_VALUES) return samples;
  const rare = texts.flatMap((text, i) => ((samples[i]?.length ?? 0) < FEW_VALUES ? [{ text, i }] : []));
  if (rare.length === 0) return samples;
  const lists = rare.map(
    ({ text, i }) => `arg_min(${text}, random(), ${SAMPLE_VALUES}) FILTER (trim(${text}) <> '') AS c${i}`,
  );
  const [found = {}] = await read(database, input, `SELECT ${lists.join(", ")} FROM ${input.relation}`);
  return samples.map((sample, i) => {
    const list = found[`c${i}`];
    return Array.isArray(list) ? list.filter(isThere) : sample;
  });
}

function isThere(value: unknown): value is string {
  return typeof value === "string" && value.trim() !== "";
}

async function read({ connection }: Database, input: Input, query: string): Promise<readonly Row[]> {
  try {
    return await queryRows(connection, query);
  } catch (cause) {
    throw inputFault(input.file, cause);
  }
}
