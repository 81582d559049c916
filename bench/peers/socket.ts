// From ciphertext: two threads that pull sealed objects through the gateway's socket, against DuckDB with two threads reading
// Parquet files of the same table, encrypted and plain, from the page cache. By the clock, and the gateway's process is on
// our side of it.
import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BATCH_ROWS } from "../../core/column/type.ts";
import { interleave } from "../interleave.ts";
import { plainOf, sealObject } from "../object.ts";
import type { Row } from "../row.ts";
import { THREADS, Threads } from "../threads.ts";
import { startGateway } from "../throughput.ts";
import { ask, loadTable, openDuckDb, parquetSource, writeParquet } from "./duckdb.ts";
import type { EngineRounds } from "./engines.ts";
import { manifestOf, programFor } from "./ours.ts";
import { SOCKET_QUESTIONS } from "./questions.ts";
import type { Question } from "./questions.ts";
import { batchOf, dictionariesOf, fieldsOf, groupTable, marksVector } from "./tables.ts";
import type { PeerTable } from "./tables.ts";

/** Of an object, as `seal` makes them. */
const OBJECT_ROWS: number = 4 * BATCH_ROWS;

export async function measureSocket({ rows, rounds }: EngineRounds): Promise<readonly Row[]> {
  const directory = await mkdtemp(join(tmpdir(), "sealroom-bench-"));
  try {
    const measured: Row[] = [];
    for (const question of SOCKET_QUESTIONS) {
      measured.push(...(await ofQuestion(question, rows, rounds, directory)));
    }
    return measured;
  } finally {
    await rm(directory, { recursive: true });
  }
}

async function ofQuestion(
  question: Question,
  rows: number,
  rounds: number,
  directory: string,
): Promise<readonly Row[]> {
  // Each thread reads the one object there is over and over: as many rows in all as the others' file has.
  const times = Math.max(1, Math.round(rows / OBJECT_ROWS / THREADS));
  const table = groupTable(times * THREADS * OBJECT_ROWS, "uniform");
  const { threads, stop } = await startThreads(table, question, directory);
  const connection = await openDuckDb(THREADS);
  await loadTable(connection, table);
  const files = {
    encrypted: join(directory, "encrypted.parquet"),
    plain: join(directory, "plain.parquet"),
  };
  for (const kind of ["plain", "encrypted"] as const) {
    await writeParquet(connection, table.name, files[kind], kind);
  }
  const title = question.name;
  const encrypted = `${title}: DuckDB, encrypted Parquet`;
  const reader = (kind: "plain" | "encrypted") => async (): Promise<number> => {
    await ask(connection, question.theirs, parquetSource(files[kind], kind));
    return table.rows;
  };
  const rates = await interleave(
    [
      { name: encrypted, run: reader("encrypted") },
      {
        name: `${title}: ours, through the socket`,
        run: async () => {
          await threads.run("socket", times);
          return table.rows;
        },
      },
      { name: `${title}: DuckDB, plain Parquet`, run: reader("plain") },
    ],
    rounds,
  );
  await threads.close();
  await stop();
  connection.closeSync();
  const [base, ours, plain] = rates;
  if (base === undefined || ours === undefined || plain === undefined) throw new Error("a rate is missing");
  const unit = "M rows/s";
  const toEncrypted = ours.median / base.median;
  return [
    { ...base, unit },
    { ...plain, unit },
    { ...ours, unit, ratio: { value: toEncrypted, to: base.name, goal: { least: 1 } } },
    { ...ours, unit, ratio: { value: ours.median / plain.median, to: plain.name } },
  ];
}

async function startThreads(
  table: PeerTable,
  question: Question,
  directory: string,
): Promise<{ readonly threads: Threads; readonly stop: () => Promise<void> }> {
  const names = table.columns.map(({ name }) => name);
  const batches = Array.from({ length: OBJECT_ROWS / BATCH_ROWS }, (_, at) => {
    const batch = batchOf(table, names, at * BATCH_ROWS, (at + 1) * BATCH_ROWS);
    return [...batch.columns, marksVector(batch)];
  });
  const datasetKey = new Uint8Array(randomBytes(32));
  const plain = plainOf(fieldsOf(table), batches, dictionariesOf(table));
  const { entry, bytes } = sealObject(plain, datasetKey, "part-0");
  const file = join(directory, "part-0");
  await writeFile(file, bytes);
  const stop = await startGateway(directory, { kind: "memory", file });
  const program = await programFor(table, question, [entry]);
  const { schema } = await manifestOf(table, question, [entry]);
  const setup = { entry, sealed: bytes, datasetKey, program, schema, sockets: directory };
  return { threads: new Threads(setup), stop };
}
