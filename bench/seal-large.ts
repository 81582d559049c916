// Sealing 2 GB of CSV: bytes by second of processor time, all threads together, so what one core does; and the most
// memory that the process has. Measured once: it takes most of a minute.
import { execFile } from "node:child_process";
import { createWriteStream } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { parseJson } from "../core/json.ts";
import { encodeKeys, generateOwnerKeys, parseOwnerKey } from "../owner/keys.ts";
import { DATASET } from "./job.ts";
import type { Row } from "./row.ts";
import type { SealCost, SealWork } from "./seal-process.ts";
import { BUCKET, startStandIns } from "./stand-ins.ts";

const BYTES = 2e9;
const ROWS_A_PIECE = 65_536;
const SCHEMA = `unit: patient
columns:
  patient: { type: int64, role: unit }
  day: { type: date, role: dimension }
  city: { type: utf8, role: dimension }
  class: { type: utf8, role: dimension }
  reason: { type: utf8, role: hidden }
  minutes: { type: int32, role: measure }
  cost: { type: float64, role: measure }
  covered: { type: float64, role: measure }
`;
const RULES = `min_units: 10
max_groups: 1000
adhoc: true
recipients: [analyst]
`;

export async function measureLargeSeal(): Promise<readonly Row[]> {
  const standIns = await startStandIns();
  try {
    const { directory, endpoints } = standIns;
    const csv = join(directory, "large.csv");
    await pipeline(Readable.from(csvPieces()), createWriteStream(csv));
    const { size } = await stat(csv);
    const ownerKey = Buffer.from(await encodeKeys(await generateOwnerKeys(), "private")).toString();
    const { thumbprint: owner } = await parseOwnerKey(parseJson(ownerKey));
    const epoch = Date.now();
    const keyArn = await standIns.createKey({ owner, dataset: DATASET, epoch });
    const place = { bucket: BUCKET, prefix: "large/" };
    const work: SealWork = {
      ...{ endpoints, csv, dataset: DATASET, keyArn, ownerKey, schema: SCHEMA, rules: RULES, epoch },
      ...place,
    };
    const program = fileURLToPath(new URL("seal-process.ts", import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, [program, JSON.stringify(work)]);
    const { cpuSeconds, peakBytes } = JSON.parse(stdout) as SealCost;
    const rate = size / 1e6 / cpuSeconds;
    const name = `seal ${(size / 1e9).toFixed(1)} GB of CSV`;
    return [
      {
        ...once(`${name}: by processor time`, rate, "MB/CPU s"),
        ratio: { value: rate / 100, to: "100 MB/s", goal: { least: 1 } },
      },
      {
        ...once(`${name}: peak RSS`, peakBytes / 1e6, "MB"),
        ratio: { value: peakBytes / 1e9, to: "1 GB", goal: { most: 1 } },
      },
    ];
  } finally {
    await standIns.close();
  }
}

function once(name: string, value: number, unit: string): Omit<Row, "ratio"> {
  return { name, median: value, min: value, max: value, unit };
}

const CITIES = ["Springfield", "Fall River", "Cambridge", "Lowell", "New Bedford", "Worcester", "Quincy"];
const CLASSES = ["ambulatory", "emergency", "inpatient", "outpatient", "wellness", "urgentcare"];
const REASONS = [
  "",
  "Viral sinusitis (disorder)",
  "Acute bronchitis (disorder)",
  "Normal pregnancy (finding)",
];

/** Encounters: some five a patient, in no order, 80 bytes a row. */
function* csvPieces(): Generator<string> {
  yield "patient,day,city,class,reason,minutes,cost,covered\n";
  let state = 1;
  for (let bytes = 0; bytes < BYTES;) {
    let piece = "";
    for (let row = 0; row < ROWS_A_PIECE; row += 1) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      const draw = (state ^ (state >>> 15)) >>> 0;
      const day = `20${String(10 + (draw % 14))}-0${String(1 + ((draw >>> 4) % 9))}-${String(10 + ((draw >>> 8) % 18))}`;
      const cost = ((draw >>> 7) % 1_000_000) / 100;
      piece += `${String(draw % 5_000_011)},${day},${pick(CITIES, draw >>> 3)},${pick(CLASSES, draw >>> 5)},`;
      piece += `${pick(REASONS, draw >>> 9)},${String(draw & 255)},${String(cost)},${String(cost / 2)}\n`;
    }
    bytes += piece.length;
    yield piece;
  }
}

function pick(words: readonly string[], draw: number): string {
  return words[draw % words.length] ?? "";
}
