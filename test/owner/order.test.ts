// Ordering under memory that the rows do not fit: pages that are spilled, buckets that are split, a unit that is too much.
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after, before } from "node:test";
import { openDatabase } from "../../owner/read/database.ts";
import { sortByHash } from "../../owner/order/hash-sort.ts";
import { openInputs } from "../../owner/read/input.ts";
import { readRows } from "../../owner/read/read-rows.ts";
import { recordLayout, recordMemory } from "../../owner/order/record-layout.ts";
import { RecordOrder } from "../../owner/order/record-order.ts";
import { RecordStore } from "../../owner/order/record-store.ts";
import { parseSchemaFile } from "../../owner/schema-file.ts";
import { resolveColumns } from "../../owner/read/source.ts";
import { SpillFile } from "../../owner/order/spill-file.ts";
import { UnitCompare } from "../../owner/order/unit-compare.ts";
import { typeOf } from "../column/cells.ts";
import { refused } from "./refused.ts";

let directory = "";
before(async () => {
  directory = await mkdtemp(join(tmpdir(), "sealroom-order-"));
});
after(() => rm(directory, { recursive: true, force: true }));

const SCHEMA = parseSchemaFile(
  "unit: who\ncolumns:\n  who: { type: int64, role: unit }\n  s: { type: utf8, role: hidden }\n",
);
const LAYOUT = recordLayout(
  [
    { name: "who", type: "int64", role: "unit", arrowType: typeOf("int64") },
    { name: "s", type: "utf8", role: "hidden", arrowType: typeOf("utf8") },
  ],
  0,
);

/** The units of all rows in order, with the marks of first rows. */
async function orderOf(text: string, memoryBytes: number): Promise<{ units: number[]; starts: number[] }> {
  const file = join(directory, "rows.csv");
  await writeFile(file, text);
  const database = await openDatabase({ memoryBytes, threads: 1 });
  try {
    const inputs = await openInputs(database, [file], SCHEMA);
    const columns = await resolveColumns(database, inputs, SCHEMA);
    const onRows = (): void => undefined;
    const stored = await readRows({ database, inputs, schema: SCHEMA, columns, onRows });
    const units: number[] = [];
    const starts: number[] = [];
    try {
      for (const block of stored.ordered()) {
        const at = stored.layout.fields[0]?.at ?? 0;
        for (const record of block.at) units.push(block.memory.words[record + at] ?? 0);
        starts.push(...(block.starts ?? []));
      }
    } finally {
      stored.close();
    }
    return { units, starts };
  } finally {
    database.close();
  }
}

function stretches(units: readonly number[]): number {
  return units.filter((unit, i) => i === 0 || unit !== units[i - 1]).length;
}

const ROWS = 60_000;
const FILLER = "x".repeat(100);

function csvOf(unitOf: (row: number) => number): string {
  return `who,s\n${Array.from({ length: ROWS }, (_, i) => `${unitOf(i)},${FILLER}${i}\n`).join("")}`;
}

for (const [what, units] of [
  ["units of many rows", 1_000],
  ["units of one row", ROWS],
] as const) {
  test(`${what}: rows of a unit lie together though most are spilled`, async () => {
    const { units: order, starts } = await orderOf(
      csvOf((i) => (i * 7_919) % units),
      4_000_000,
    );
    assert.equal(order.length, ROWS);
    assert.equal(new Set(order).size, units);
    assert.equal(stretches(order), units);
    assert.deepEqual(
      starts,
      order.map((unit, i) => (i === 0 || unit !== order[i - 1] ? 1 : 0)),
    );
  });
}

test("one unit that does not fit by itself is refused", async () => {
  await refused("OWNER_MEMORY", () =>
    orderOf(
      csvOf(() => 7),
      4_000_000,
    ),
  );
});

/** Records without text: size, hash, nulls, unit, word of the empty text. */
function record(high: number, low: number, unit: number): number[] {
  return [6 + 1, high, low, 0, unit, 0, ~0];
}

test("a bucket that does not fit is split by further bits of the hash, as often as it takes", () => {
  const spill = new SpillFile(directory);
  try {
    const store = new RecordStore({ buckets: 2, pageWords: 64, keptWords: 256, expectedWords: 1_000 }, spill);
    const rows = 2_000;
    for (let i = 0; i < rows; i += 1) {
      // All in the upper bucket, and close together there.
      const high = 0x8000_0000 | ((Math.imul(i, 0x9e37_79b1) >>> 14) & 0x3_ffff);
      store.add(1, Int32Array.from(record(high | 0, 0, i)), 0);
    }
    const split = { buckets: 8, pageWords: 64, keptWords: 0, expectedWords: 0 };
    const order = new RecordOrder(LAYOUT, { loadedWords: 100, split }, spill);
    const hashes: number[] = [];
    for (const { memory, at } of order.blocks(store)) {
      for (const start of at) hashes.push((memory.words[start + 1] ?? 0) >>> 0);
    }
    assert.equal(hashes.length, rows);
    assert.deepEqual(
      hashes,
      hashes.toSorted((a, b) => a - b),
    );
  } finally {
    spill.close();
  }
});

test("units that share 32 or all 64 bits of the hash do not mix their rows, which keep their order", () => {
  const rows = [
    record(5, 1, 10),
    record(5, 2, 11),
    record(5, 1, 10),
    record(5, 1, 12),
    record(-1, 0, 13),
    record(5, 1, 10),
    record(5, 1, 12),
  ];
  const memory = recordMemory(rows.length * 7);
  memory.words.set(rows.flat());
  const at = Int32Array.from(rows.keys(), (i) => i * 7);
  const starts = sortByHash(memory.words, at, new UnitCompare(memory, LAYOUT, 0));
  assert.deepEqual(
    [...at].map((start) => start / 7),
    [0, 2, 5, 3, 6, 1, 4],
  );
  assert.deepEqual([...starts], [1, 0, 0, 1, 0, 1, 1]);
});

test("what DuckDB would spill stays in memory: there is no temporary directory to spill to", async () => {
  const database = await openDatabase({ memoryBytes: 20_000_000, threads: 1 });
  try {
    const sort = "SELECT i, md5(i::VARCHAR) AS m FROM range(2000000) t(i) ORDER BY m";
    await assert.rejects(database.connection.runAndReadAll(sort), /no temporary directory/);
    await assert.rejects(
      database.connection.run("SET temp_directory = '/tmp'"),
      /configuration has been locked/,
    );
  } finally {
    database.close();
  }
});
