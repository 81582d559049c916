// A DuckDB of our own for one command: in memory, within a memory limit, without extensions from elsewhere, and
// without a temporary directory. DuckDB can encrypt what it spills only with a crypto module that does not ship with
// it, so it spills nothing: it only reads and converts, and what does not fit in memory is ours to keep (spill-file.ts).
import { DuckDBInstance, type DuckDBConnection } from "@duckdb/node-api";
import { SealroomError } from "../../core/errors.ts";

export interface DatabaseLimits {
  /** For DuckDB, and half of what it leaves for stored rows; what is sealed at the moment comes on top, about 100 MB. */
  readonly memoryBytes: number;
  readonly threads: number;
}

export const DEFAULT_LIMITS: DatabaseLimits = { memoryBytes: 1024 * 1024 * 1024, threads: 2 };

/** Settings, and what duckdb_settings() must say of them afterwards. */
const FIXED = {
  temp_directory: "",
  autoinstall_known_extensions: "false",
  autoload_known_extensions: "false",
  allow_community_extensions: "false",
  preserve_insertion_order: "true",
  enable_external_file_cache: "false",
  // A time without a zone, in a column that is in UTC, is in UTC.
  TimeZone: "UTC",
} as const;

export interface Database {
  readonly connection: DuckDBConnection;
  readonly limits: DatabaseLimits;
  close(): void;
}

/** @throws OWNER_MEMORY when a setting that keeps plaintext off the disk does not hold */
export async function openDatabase(limits: DatabaseLimits = DEFAULT_LIMITS): Promise<Database> {
  const { TimeZone, ...atCreation } = FIXED;
  const instance = await DuckDBInstance.create(":memory:", {
    ...atCreation,
    memory_limit: `${limits.memoryBytes}B`,
    threads: String(limits.threads),
  });
  const connection = await instance.connect();
  const close = (): void => {
    connection.closeSync();
    instance.closeSync();
  };
  try {
    await connection.run(`SET TimeZone = '${TimeZone}'; SET lock_configuration = true`);
    await checkSettings(connection);
  } catch (error) {
    close();
    throw error;
  }
  return { connection, limits, close };
}

async function checkSettings(connection: DuckDBConnection): Promise<void> {
  const settings = await queryRows(connection, "SELECT name, value FROM duckdb_settings()");
  for (const [name, expected] of Object.entries(FIXED)) {
    const value = settings.find((row) => row["name"] === name)?.["value"];
    if ((value ?? "") !== expected) throw new SealroomError("OWNER_MEMORY", { setting: name });
  }
}

/** Rows of a small result. */
export async function queryRows(
  connection: DuckDBConnection,
  sql: string,
): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const reader = await connection.runAndReadAll(sql);
  return reader.getRowObjectsJS();
}

/** Whether DuckDB gave up for want of memory, where a smaller part may do. */
export function isOutOfMemory(error: unknown): boolean {
  return error instanceof Error && error.message.includes("Out of Memory Error");
}
