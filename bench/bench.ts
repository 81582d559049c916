// `npm run bench`: ratios within interleaved runs, since absolute figures of a shared machine say little. Prints a table, or
// JSON with --json; a part's name, or `--only NAME`, runs that part, `--rows N` the comparison with other engines over fewer
// rows. No test asserts a time.
import { cpus, loadavg, totalmem } from "node:os";
import { parseArgs } from "node:util";
import { measureCopies } from "./copy.ts";
import { measureMemory } from "./memory.ts";
import { measureEngines } from "./peers/engines.ts";
import { measureSocket } from "./peers/socket.ts";
import { table } from "./row.ts";
import type { Row } from "./row.ts";
import { measureLargeSeal } from "./seal-large.ts";
import { measureShares } from "./shares.ts";
import { measureMemoryRates, measureS3Rates } from "./throughput.ts";
import { measureTokens } from "./tokenize.ts";
import { measureWholeWay } from "./whole-way.ts";

const ROUNDS = 5;
const GIGABYTE = 1e9;
const PEER_ROWS = 10_000_000;
/** One object of a million rows. */
const LEAST_BYTES = 0.07 * GIGABYTE;

const PARTS: Readonly<Record<string, (rows: number) => Promise<readonly Row[]>>> = {
  peers: (rows) => measureEngines({ rows, rounds: ROUNDS }),
  encrypted: (rows) => measureSocket({ rows, rounds: ROUNDS }),
  memory: () => measureMemoryRates(ROUNDS),
  s3: () => measureS3Rates(ROUNDS),
  way: () => measureWholeWay(ROUNDS),
  seal: () => measureLargeSeal(),
  tokenize: () => measureTokens(ROUNDS),
  copy: () => measureCopies(ROUNDS),
  columns: async () =>
    (await measureShares(4)).map(({ name, share }) => ({
      ...once(`read of 8 columns: ${name}`, share * 100, "% of object"),
      ratio: { value: share, to: "object", goal: { most: 0.3 } },
    })),
  linear: () => measureLinearity(),
  peak: async () =>
    (await measureMemory([GIGABYTE / 2, GIGABYTE, 2 * GIGABYTE])).map(({ bytes, peakBytes }) => ({
      ...once(`enclave's peak RSS, ${(bytes / GIGABYTE).toFixed(1)} GB, a unit a row`, peakBytes / 1e6, "MB"),
      ratio: { value: peakBytes / 250e6, to: "250 MB", goal: { most: 1 } },
    })),
};

const { only, json, peerRows } = readOptions();
const chosen = Object.entries(PARTS).filter(([name]) => only === undefined || name === only);

const machine = {
  cpu: cpus()[0]?.model ?? "unknown CPU",
  cores: cpus().length,
  memoryGb: Math.round(totalmem() / GIGABYTE),
  node: process.version,
  loadBefore: loadavg()[0] ?? 0,
  rounds: ROUNDS,
};
const rows: Row[] = [];
for (const [, measure] of chosen) rows.push(...(await measure(peerRows)));
if (json) console.log(JSON.stringify({ machine, rows }, null, 2));
else {
  const { cpu, cores, memoryGb, node, loadBefore } = machine;
  console.log(
    `${cpu}, ${String(cores)} cores, ${String(memoryGb)} GB, Node ${node}, load ${loadBefore.toFixed(1)}`,
  );
  console.log(`Medians of ${String(ROUNDS)} interleaved rounds; shares and peaks are measured once.\n`);
  console.log(table(rows));
}
// Listeners of a host that serves until it is told to stop.
process.exit(0);

interface Options {
  readonly only: string | undefined;
  readonly json: boolean;
  readonly peerRows: number;
}

function readOptions(): Options {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        json: { type: "boolean", default: false },
        only: { type: "string" },
        rows: { type: "string", default: String(PEER_ROWS) },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    const { only = positionals[0], json, rows, help } = values;
    if (help || positionals.length > 1) return refuse("");
    if (only !== undefined && !Object.hasOwn(PARTS, only)) return refuse(`no part '${only}'\n`);
    if (!/^[1-9][0-9]{0,8}$/.test(rows)) return refuse(`no number of rows: '${rows}'\n`);
    return { only, json, peerRows: Number(rows) };
  } catch (error) {
    return refuse(error instanceof Error ? `${error.message}\n` : "");
  }
}

/** Processor time a row of jobs over 1, 4 and 16 times the rows, in one enclave, after one that warms it up. */
async function measureLinearity(): Promise<readonly Row[]> {
  const [, ...jobs] = await measureMemory([LEAST_BYTES, LEAST_BYTES, 4 * LEAST_BYTES, 16 * LEAST_BYTES]);
  const costs = jobs.map(({ units, cpuMs }) => (cpuMs * 1e6) / units);
  return jobs.map(({ units }, at): Row => {
    const cost = costs[at] ?? Number.NaN;
    const row = once(`enclave's processor time, ${(units / 1e6).toFixed(1)} M rows`, cost, "ns a row");
    if (at === 0) return row;
    return {
      ...row,
      ratio: { value: cost / (costs[0] ?? Number.NaN), to: "the least", goal: { most: 1.25 } },
    };
  });
}

/** Nothing is measured before the command line is understood. */
function refuse(fault: string): never {
  const names = Object.keys(PARTS).join("|");
  process.stderr.write(`${fault}Usage: npm run bench -- [${names}] [--rows N] [--json]\n`);
  process.exit(2);
}

function once(name: string, value: number, unit: string): Row {
  return { name, median: value, min: value, max: value, unit };
}
