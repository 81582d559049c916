// Some values of columns as text, for what only looks at a part of them. Read by DuckDB, and kept in memory alone.
import { queryRows, type Database } from "./database.ts";
import { inputFault, type Input } from "./input.ts";

export const SAMPLE_VALUES = 10_000;
/** Of longer values the beginning. Past what a detector takes for a value. */
const SAMPLE_CHARS = 400;
/** A column with fewer values in the sampled rows is looked for by itself. */
const FEW_VALUES = 1_000;

/**
 * Up to SAMPLE_VALUES values of each column, neither null nor blank: of rows drawn from all; of a column that has few
 * values in these, the first that it has.
 * @param values SQL expressions inside the input's relation
 * @throws OWNER_INPUT, OWNER_MEMORY
 */
export async function sampleTexts(
  database: Database,
  input: Input,
  values: readonly string[],
): Promise<readonly (readonly string[])[]> {
  if (values.length === 0) return [];
  const texts = values.map((value) => `left(CAST(${value} AS VARCHAR), ${SAMPLE_CHARS})`);
  const drawn = await readTexts(
    database,
    input,
    `SELECT * FROM (SELECT ${texts.map((text, i) => `${text} AS c${i}`).join(", ")} FROM ${input.relation}) ` +
      `USING SAMPLE reservoir(${SAMPLE_VALUES} ROWS) REPEATABLE (1)`,
    values.length,
  );
  const samples: (readonly string[])[] = [];
  for (const [i, text] of texts.entries()) {
    const found = drawn[i] ?? [];
    if (found.length >= FEW_VALUES) {
      samples.push(found);
      continue;
    }
    const query = `SELECT ${text} AS c0 FROM ${input.relation} WHERE trim(${text}) <> '' LIMIT ${SAMPLE_VALUES}`;
    samples.push((await readTexts(database, input, query, 1))[0] ?? []);
  }
  return samples;
}

async function readTexts(
  { connection }: Database,
  input: Input,
  query: string,
  columns: number,
): Promise<readonly (readonly string[])[]> {
  try {
    const rows = await queryRows(connection, query);
    return Array.from({ length: columns }, (_, i) =>
      rows.flatMap((row) => {
        const text = row[`c${i}`];
        return typeof text === "string" && text.trim() !== "" ? [text] : [];
      }),
    );
  } catch (cause) {
    throw inputFault(input.file, cause);
  }
}
