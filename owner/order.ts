// Rows in the order in which they are sealed: those of a unit together, units by a keyed hash under a secret drawn for
// this one seal, never by value. What does not fit the memory limit is sorted in parts: ranges of the hash, one pass
// each, halved until one fits. Nothing is spilled to disk.
import { randomBytes } from "node:crypto";
import type { DuckDBDataChunk, DuckDBResult } from "@duckdb/node-api";
import { SealroomError } from "../core/errors.ts";
import { isOutOfMemory, type Database } from "./database.ts";
import { enumName, type Dictionaries } from "./dictionaries.ts";
import { TYPED, type Source } from "./source.ts";

const HASH_END = 2n ** 64n;
/** A part of the hash this small holds about one unit; if that does not fit, nothing will. */
const SMALLEST_PART = 2n ** 24n;
/** A sort holds its rows, and its output on the way. */
const SORT_FACTOR = 2.5;
const ROWS_WORTH_A_LOOKUP = 4;
const MOST_UNITS_LOOKED_UP = 1_000_000;

export interface OrderedRows {
  readonly result: DuckDBResult;
  /** The first chunk, which shows that the sort fitted; null when there are no rows. */
  readonly first: DuckDBDataChunk | null;
}

/**
 * The rows, chunk by chunk, in the order of the columns of the source. A chunk is valid until the next is asked for.
 * @param bytes about how much memory the rows take as a table
 * @throws OWNER_MEMORY
 */
export async function* orderedChunks(
  database: Database,
  source: Source,
  dictionaries: Dictionaries,
  bytes: number,
): AsyncGenerator<DuckDBDataChunk, void, void> {
  const selected = source.columns
    .map((_, i) => (dictionaries.has(i) ? `CAST(c${i} AS ${enumName(i)})` : `c${i}`))
    .join(", ");
  if (source.unitColumn === null) {
    yield* chunksOf(await startPart(database, `SELECT ${selected} FROM ${TYPED}`));
    return;
  }
  const unit = `c${source.unitColumn}`;
  const { relation, hash } = await hashUnits(database, source, unit);
  const pending = firstParts(bytes, database.limits.memoryBytes);
  for (let part = pending.pop(); part !== undefined; part = pending.pop()) {
    const { start, end } = part;
    const isWhole = start === 0n && end === HASH_END;
    const range = isWhole ? "" : ` AND ${hash} BETWEEN ${start}::UBIGINT AND ${end - 1n}::UBIGINT`;
    // Equal hashes of different units must not mix their rows.
    const sql = `SELECT ${selected} FROM ${relation} WHERE ${unit} IS NOT NULL${range} ORDER BY ${hash}, ${unit}`;
    let rows: OrderedRows;
    try {
      rows = await startPart(database, sql);
    } catch (cause) {
      if (!isOutOfMemory(cause) || end - start <= SMALLEST_PART) throw memoryFault(cause);
      const middle = (start + end) / 2n;
      pending.push({ start: middle, end }, { start, end: middle });
      continue;
    }
    yield* chunksOf(rows);
  }
}

/** Where units have many rows each, each is hashed once, and its rows look the hash up. */
async function hashUnits(
  database: Database,
  source: Source,
  unit: string,
): Promise<{ readonly relation: string; readonly hash: string }> {
  const secret = randomBytes(32).toString("hex");
  const hash = `('0x' || sha256('${secret}' || CAST(${unit} AS VARCHAR))[1:16])::UBIGINT`;
  const units = source.distinct[source.unitColumn ?? 0] ?? 0;
  if (units * ROWS_WORTH_A_LOOKUP > source.rows || units > MOST_UNITS_LOOKED_UP) {
    return { relation: TYPED, hash };
  }
  const distinct = `SELECT DISTINCT ${unit} FROM ${TYPED} WHERE ${unit} IS NOT NULL`;
  await database.connection.run(
    `CREATE TABLE units AS SELECT ${unit}, ${hash} AS unit_hash FROM (${distinct})`,
  );
  return { relation: `${TYPED} JOIN units USING (${unit})`, hash: "unit_hash" };
}

interface HashRange {
  readonly start: bigint;
  readonly end: bigint;
}

/** The last is taken first. */
function firstParts(bytes: number, memoryBytes: number): HashRange[] {
  const needed = Math.max(1, (bytes * SORT_FACTOR) / memoryBytes);
  const count = BigInt(2 ** Math.min(16, Math.ceil(Math.log2(needed))));
  const size = HASH_END / count;
  return Array.from({ length: Number(count) }, (_, i) => {
    const start = HASH_END - size * BigInt(i + 1);
    return { start, end: start + size };
  });
}

async function startPart(database: Database, sql: string): Promise<OrderedRows> {
  const result = await database.connection.stream(sql);
  return { result, first: await result.fetchChunk() };
}

async function* chunksOf({ result, first }: OrderedRows): AsyncGenerator<DuckDBDataChunk, void, void> {
  try {
    for (let chunk = first; chunk !== null && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
      yield chunk;
    }
  } catch (cause) {
    throw memoryFault(cause);
  }
}

function memoryFault(cause: unknown): unknown {
  return isOutOfMemory(cause) ? new SealroomError("OWNER_MEMORY", {}, { cause }) : cause;
}
