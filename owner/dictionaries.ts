// Which text columns are sealed as codes into a dictionary, and what stands in it: dimensions of few distinct values.
// DuckDB's ENUM does the coding, so that a row's value crosses into JavaScript as a small integer.
import { queryRows, type Database } from "./database.ts";
import { TYPED, type Source } from "./source.ts";

export const MAX_DICTIONARY: number = 65_536;
/** How far DuckDB's estimate of distinct values may be off. */
const ESTIMATE_SLACK = 2;

/** By column: its distinct values, by code. */
export type Dictionaries = ReadonlyMap<number, readonly string[]>;

export async function makeDictionaries(database: Database, source: Source): Promise<Dictionaries> {
  const candidates = source.columns.flatMap(({ arrowType, role }, i) => {
    const isFew = (source.distinct[i] ?? 0) <= MAX_DICTIONARY * ESTIMATE_SLACK;
    return arrowType.kind === "utf8" && role === "dimension" && isFew ? [i] : [];
  });
  if (candidates.length === 0) return new Map();
  const lists = candidates.map((i) => `list(DISTINCT c${i}) FILTER (c${i} IS NOT NULL) AS c${i}`).join(", ");
  const { connection } = database;
  await connection.run(`CREATE TABLE dictionaries AS SELECT ${lists} FROM ${TYPED}`);
  const lengths = candidates.map((i) => `coalesce(len(c${i}), 0) AS c${i}`).join(", ");
  const [row = {}] = await queryRows(connection, `SELECT ${lengths} FROM dictionaries`);
  const found = new Map<number, readonly string[]>();
  for (const i of candidates) {
    const count = Number(row[`c${i}`]);
    if (count === 0 || count > MAX_DICTIONARY) continue;
    await connection.run(
      `CREATE TYPE ${enumName(i)} AS ENUM (SELECT v FROM (SELECT unnest(c${i}) AS v FROM dictionaries) ORDER BY v)`,
    );
    const values = await queryRows(
      connection,
      `SELECT unnest(enum_range(NULL::${enumName(i)}))::VARCHAR AS v`,
    );
    found.set(
      i,
      values.map((value) => String(value["v"])),
    );
  }
  await connection.run("DROP TABLE dictionaries");
  return found;
}

export function enumName(column: number): string {
  return `dictionary${column}`;
}
