// One thread each, from memory: our kernels over decoded columns, to the released table; DuckDB over a table of its own and
// over a Parquet file of it; polars over a frame. Processor time of the whole process, each in its turn.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { interleaveCosts } from "../interleave.ts";
import type { Contestant } from "../interleave.ts";
import type { Row } from "../row.ts";
import { ask, loadTable, openDuckDb, parquetSource, writeParquet } from "./duckdb.ts";
import { programFor, runOurs } from "./ours.ts";
import { askPolars, loadFrame, openPolars } from "./polars.ts";
import { QUESTIONS } from "./questions.ts";
import { groupTable, lineTable, objectsOf } from "./tables.ts";
import type { PeerTable, Spread } from "./tables.ts";

export interface EngineRounds {
  readonly rows: number;
  readonly rounds: number;
}

export async function measureEngines({ rows, rounds }: EngineRounds): Promise<readonly Row[]> {
  const directory = await mkdtemp(join(tmpdir(), "sealroom-bench-"));
  const measured: Row[] = [];
  try {
    for (const spread of ["uniform", "zipf"] as const) {
      for (const kind of ["groups", "lines"] as const) {
        const table = kind === "groups" ? groupTable(rows, spread) : lineTable(rows, spread);
        measured.push(...(await measureTable(table, kind, spread, rounds, directory)));
      }
    }
  } finally {
    await rm(directory, { recursive: true });
  }
  return measured;
}

async function measureTable(
  table: PeerTable,
  kind: "groups" | "lines",
  spread: Spread,
  rounds: number,
  directory: string,
): Promise<readonly Row[]> {
  const connection = await openDuckDb(1);
  await loadTable(connection, table);
  const file = join(directory, `${table.name}.parquet`);
  await writeParquet(connection, table.name, file, "plain");
  const polars = await openPolars();
  const texts = table.columns.filter(({ type }) => type === "utf8").map(({ name }) => name);
  const frame = loadFrame(polars, file, texts);
  const measured: Row[] = [];
  for (const question of QUESTIONS.filter((asked) => asked.table === kind)) {
    const program = await programFor(table, question);
    const names = program.columns.map(({ name }) => name);
    const objects = objectsOf(table, names, table.rows);
    const title = `${question.name}, ${spread}`;
    const duck = `${title}: DuckDB, its own table`;
    const contestants: Contestant[] = [
      { name: duck, run: () => ask(connection, question.theirs, table.name) },
      { name: `${title}: ours`, run: () => runOurs(program, objects).length },
      {
        name: `${title}: DuckDB, Parquet`,
        run: () => ask(connection, question.theirs, parquetSource(file, "plain")),
      },
      { name: `${title}: polars`, run: () => askPolars(polars, frame, question) },
    ];
    const costs = await interleaveCosts(contestants, rounds);
    const base = costs[0]?.median ?? Number.NaN;
    // The whole comparison takes minutes.
    const figures = costs.map(({ median, min, max }) => [median, min, max].map(Math.round).join(" "));
    process.stderr.write(`${title}: ${figures.join(" | ")}\n`);
    measured.push(
      ...costs.map((cost, at): Row => {
        if (at === 0) return { ...cost, unit: "CPU ms" };
        const goal = at === 1 && question.most !== null ? { goal: { most: question.most } } : {};
        return { ...cost, unit: "CPU ms", ratio: { value: cost.median / base, to: duck, ...goal } };
      }),
    );
  }
  connection.closeSync();
  return measured;
}
