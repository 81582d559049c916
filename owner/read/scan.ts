// One pass of DuckDB over a relation, with the vectors as they lie in its memory. A streamed result is a copy of every
// chunk, text by text, which takes longer than to parse the file; a function that the query calls sees the chunk itself.
import { ANY, BOOLEAN, DuckDBScalarFunction } from "@duckdb/node-api";
import type { DuckDBConnection, DuckDBDataChunk } from "@duckdb/node-api";
import { queryRows } from "./database.ts";
import { inputFault, type Input } from "./input.ts";

/** Vectors, in the order of the expressions, are flat and valid during the call. */
export type TakeChunk = (chunk: DuckDBDataChunk) => void;

export type Scanned = Pick<Input, "file" | "relation">;

const FUNCTION = "sealroom_take";

export class Scanner {
  readonly #connection: DuckDBConnection;
  #take: TakeChunk | null = null;
  #rows = 0;
  #fault: Error | null = null;

  /** One a connection. */
  constructor(connection: DuckDBConnection) {
    this.#connection = connection;
    const taker = DuckDBScalarFunction.create({
      name: FUNCTION,
      returnType: BOOLEAN,
      varArgsType: ANY,
      // Called though no row of its result is looked at, and with rows that have nulls.
      volatile: true,
      specialHandling: true,
      mainFunction: (info, chunk) => {
        try {
          this.#rows += chunk.rowCount;
          this.#take?.(chunk);
        } catch (error) {
          this.#fault = error instanceof Error ? error : new Error("stopped", { cause: error });
          info.setError("stopped");
        }
      },
    });
    connection.registerScalarFunction(taker);
    taker.destroySync();
  }

  /**
   * Calls `take` for all rows, chunk by chunk: in the order of the relation where DuckDB has one thread. What `take`
   * throws ends the pass and is thrown.
   * @throws OWNER_INPUT, OWNER_MEMORY
   */
  async run(expressions: readonly string[], { file, relation }: Scanned, take: TakeChunk): Promise<void> {
    this.#take = take;
    this.#rows = 0;
    this.#fault = null;
    try {
      const sql = `SELECT count(*) AS n, count(${FUNCTION}(${expressions.join(", ")})) AS taken FROM ${relation}`;
      const [row = {}] = await queryRows(this.#connection, sql);
      if (Number(row["n"]) !== this.#rows) throw new Error("DuckDB passed over rows");
    } catch (error) {
      throw this.#stopped() ?? inputFault(file, error);
    } finally {
      this.#take = null;
    }
  }

  /** Why the function ended the pass, if it did. */
  #stopped(): Error | null {
    return this.#fault;
  }
}
