// `npm run bench`: ratios within one interleaved run, since absolute times on a shared machine say little. Prints a
// table, or JSON with --json. No test asserts a time.
import { cpus } from "node:os";
import { createDecipheriv } from "node:crypto";
import { metadataRange, parseBatch } from "../core/column/batch.ts";
import { parseFooter } from "../core/column/footer.ts";
import { readColumns } from "../core/column/vectors.ts";
import type { Manifest } from "../core/manifest/manifest.ts";
import type { Plan } from "../core/plan/plan.ts";
import { frameLayout, openFrames, sealedRange } from "../core/seal/ranged.ts";
import { compileProgram, startKernel } from "../jobs/registry.ts";
import { interleave } from "./interleave.ts";
import type { Timing } from "./interleave.ts";
import { makeObject } from "./object.ts";

const ROUNDS = 5;
const BATCHES = 16;

const object = makeObject(BATCHES);
const layout = frameLayout(object.header, object.sealed.length);
const everything = sealedRange(layout, 0, layout.plainBytes);
const body = object.sealed.subarray(layout.headerBytes);
const opened = new Uint8Array(object.sealed.length);

/** What any reader of these frames must at least do: one AES-256-GCM message each, with Node's own cipher. */
function bareDecrypt(): void {
  const frame = layout.frameLength + 32;
  const key = Buffer.alloc(32);
  for (let at = 0; at + frame <= body.length; at += frame) {
    const cipher = createDecipheriv("aes-256-gcm", key, body.subarray(at + 4, at + 16), {
      authTagLength: 16,
    });
    opened.set(cipher.update(body.subarray(at + 16, at + frame - 16)), 0);
  }
}

function openAll(): void {
  openFrames(object.header, layout, everything, body, opened, 0);
}

const NOBODY = { kty: "EC", crv: "P-256", x: "", y: "" } as const;

const manifest: Manifest = {
  version: 1,
  dataset: "bench",
  epoch: 1,
  keyArn: "",
  wrappedKey: "",
  objects: [],
  ownerKey: NOBODY,
  notAfter: 1,
  unit: "column",
  schema: [
    { name: "key", type: "utf8", role: "dimension" },
    { name: "amount", type: "int32", role: "measure" },
    { name: "score", type: "float64", role: "measure" },
  ],
  rules: {
    minUnits: 10,
    maxGroups: 1000,
    adhoc: true,
    plans: [],
    bounds: { amount: { lower: 0, upper: 5000 } },
    maxShare: null,
    extremes: [],
    rounding: { counts: null, sums: {} },
    interval: 10,
    groupKeys: {},
    recipients: [],
    release: "sealed",
  },
};

const plan: Plan = {
  version: 1,
  kind: "aggregate",
  inputs: [{ dataset: "bench", owner: "" }],
  where: null,
  groupBy: ["key"],
  totals: [],
  select: [
    { as: "units", op: "count_units" },
    { as: "total", op: "sum", column: "amount" },
  ],
  orderBy: [],
  limit: null,
  recipient: NOBODY,
  release: "sealed",
};

const program = compileProgram(plan, manifest);

function groupBy(plain: Uint8Array): void {
  const bytes = plain.subarray(0, layout.plainBytes);
  const file = parseFooter(bytes, bytes.length);
  const bytesOf = ({ start, end }: { start: number; end: number }): Uint8Array => bytes.subarray(start, end);
  const columns = program.columns.map(({ name }) => file.fields.findIndex((field) => field.name === name));
  const dictionaries = new Map([[0, Array.from({ length: 100 }, (_, key) => `key-${String(key)}`)]]);
  const kernel = startKernel(program);
  for (const block of file.batches) {
    const batch = parseBatch(bytesOf(metadataRange(block)), block, file.fields);
    kernel.add(readColumns(file.fields, batch, columns, dictionaries, bytesOf));
  }
  kernel.finish();
}

const timings = await interleave(
  [
    { name: "node:crypto, a bare loop over the frames", run: bareDecrypt },
    { name: "frames opened, checked and placed", run: openAll },
    {
      name: "group-by with units, from plaintext",
      run: () => {
        groupBy(object.plain);
      },
    },
    {
      name: "frames opened, then group-by",
      run: () => {
        openAll();
        groupBy(opened);
      },
    },
  ],
  ROUNDS,
);

const megabytes = object.sealed.length / 1e6;
const rows = object.rows / 1e6;
const base = timings[0]?.median ?? Number.NaN;
if (process.argv.includes("--json")) {
  console.log(
    JSON.stringify({
      cpu: cpus()[0]?.model,
      node: process.version,
      megabytes,
      rows,
      rounds: ROUNDS,
      timings,
    }),
  );
} else {
  console.log(
    `${megabytes.toFixed(0)} MB sealed, ${rows.toFixed(1)} M rows, one thread, medians of ${String(ROUNDS)}`,
  );
  console.log(`${cpus()[0]?.model ?? "unknown CPU"}, Node ${process.version}\n`);
  console.log(
    `${"".padEnd(42)}${["median ms", "min", "max", "MB/s", "M rows/s", "of bare"].map((h) => h.padStart(10)).join("")}`,
  );
  for (const timing of timings) console.log(line(timing));
}

function line({ name, median, min, max }: Timing): string {
  const figures = [median, min, max].map((ms) => ms.toFixed(1));
  const rates = [(megabytes / median) * 1000, (rows / median) * 1000].map((rate) => rate.toFixed(0));
  return `${name.padEnd(42)}${[...figures, ...rates, (base / median).toFixed(2)].map((cell) => cell.padStart(10)).join("")}`;
}
