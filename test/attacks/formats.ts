// Attacks with texts and files of formats that `seal` does not write, handed to the code that reads them in the enclave.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { zstdCompressSync } from "node:zlib";
import { cellText } from "../../core/column/text.ts";
import type { AdoptedEntry } from "../../core/manifest/manifest.ts";
import { i32Field } from "../../core/parquet/thrift-writer.ts";
import { openAdopted } from "../../core/seal/adopted.ts";
import { readObject } from "../../enclave-worker/read-object.ts";
import { openSteps, Steps } from "../../enclave-worker/steps.ts";
import { MemorySource } from "../adopt/memory.ts";
import { entryOf, s3ecV2 } from "../adopt/specimens.ts";
import { forge, plainPage, type Forgery } from "../parquet/forger.ts";
import { text } from "../seal/forger.ts";
import { attempt } from "./attack.ts";
import type { Attack, Verdict } from "./attack.ts";

const DATASET_KEY = new Uint8Array(randomBytes(32));
const SCHEMA = [
  { name: "person", type: "utf8", role: "unit" },
  { name: "amount", type: "int32", role: "measure" },
] as const;

async function csvEntry(bytes: Uint8Array, rows: number): Promise<[Uint8Array, AdoptedEntry]> {
  const specimen = s3ecV2(bytes);
  const csv = { delimiter: "comma", header: "none", nulls: [""] } as const;
  return [specimen.bytes, await entryOf(specimen, DATASET_KEY, 0, { format: "csv", csv, rows })];
}

/** What the enclave reads has to be what the attacker wanted. */
async function readsAmounts(
  source: MemorySource,
  entry: AdoptedEntry,
  wanted: readonly string[],
): Promise<Verdict> {
  return attempt(async () => {
    const file = await openAdopted(source, entry, 0, DATASET_KEY);
    const shape = { schema: SCHEMA, unit: "scattered", columns: ["amount"], rows: entry.rows } as const;
    const amounts: (string | null)[] = [];
    await readObject(file, entry, shape, new Steps(openSteps(2 ** 20)), ({ rows, columns: [amount] }) => {
      assert.ok(amount);
      for (let row = 0; row < rows; row += 1) amounts.push(cellText(amount, row));
    });
    assert.deepEqual(amounts, wanted);
  });
}

const secondText: Attack = {
  name: "the host serves a CSV text as its owner adopted it, and other amounts when its records are read",
  case: "H36",
  scene: "code",
  expects: "OBJECT_CHANGED",
  guard: [
    {
      file: "core/seal/checked-object.ts",
      find: 'if (!equal(sha256(bytes), expected)) throw new SealroomError("OBJECT_CHANGED");',
      replace: "void expected;",
    },
  ],
  async run() {
    const [honest, wanted] = ["ann,100\nben,200\n", "ann,999\nben,999\n"].map(text);
    assert.ok(honest && wanted);
    const [bytes, entry] = await csvEntry(honest, 2);
    // GCM is CTR: who knows the text can have it say another of the same length, but for the tag.
    const forged = bytes.map((byte, at) => byte ^ (honest[at] ?? 0) ^ (wanted[at] ?? 0));
    let times = 0;
    const source = new MemorySource(bytes, (_read, offset, given) => {
      if (offset === 0) times += 1;
      return times > 1 ? forged.slice(offset, offset + given.length) : given;
    });
    return readsAmounts(source, entry, ["999", "999"]);
  },
};

const lackingField: Attack = {
  name: "a record of a CSV text lacks its amount, which is then that of somebody far before",
  case: "B4",
  scene: "code",
  expects: "COLUMN_CSV",
  guard: [
    {
      file: "core/csv/records.ts",
      find: 'if (field !== last) throw this.#fault("fields", row);',
      replace: "void last;",
    },
  ],
  async run() {
    // What a place held before is of the record that is a chunk of records before.
    const rows = 2048;
    const lines = Array.from({ length: 2 * rows }, (_, row) => `p${row},${row % rows === 0 ? 999 : 1}\n`);
    lines[rows] = "ann\n";
    const [bytes, entry] = await csvEntry(text(lines.join("")), 2 * rows);
    const wanted = lines.map((_, row) => (row % rows === 0 ? "999" : "1"));
    return readsAmounts(new MemorySource(bytes), entry, wanted);
  },
};

const NUMBERS = [{ name: "c", type: "int32", role: "dimension" }] as const;

async function readsNumbers(
  forgery: Forgery,
  mostBytes: number,
  wanted: readonly string[],
): Promise<Verdict> {
  const specimen = s3ecV2(forge(forgery));
  const rows = forgery.rows ?? 3;
  const entry = await entryOf(specimen, DATASET_KEY, 0, { format: "parquet", rows });
  return attempt(async () => {
    const file = await openAdopted(new MemorySource(specimen.bytes), entry, 0, DATASET_KEY);
    const shape = { schema: NUMBERS, unit: "row", columns: ["c"], rows } as const;
    const numbers: string[] = [];
    await readObject(
      file,
      entry,
      shape,
      new Steps(openSteps(mostBytes)),
      ({ rows: count, columns: [column] }) => {
        assert.ok(column?.layout === "number");
        for (let row = 0; row < count; row += 1) numbers.push(String(column.values[row]));
      },
    );
    assert.deepEqual(numbers, wanted);
  });
}

const bomb: Attack = {
  name: "an owner's page of Parquet is 200 MiB when it is decompressed, in a file of some hundred bytes",
  case: "B2",
  scene: "code",
  expects: "COLUMN_PARQUET",
  guard: [
    {
      file: "core/parquet/memory-limit.ts",
      find: "encodeU32(Math.max(least.value, mostPages))",
      replace: "encodeU32(Math.max(least.value, mostPages, 65_536))",
    },
  ],
  run() {
    const values = zstdCompressSync(Buffer.alloc(200 * 2 ** 20));
    const pages = plainPage(values, 10, 200 * 2 ** 20);
    const forgery = { rows: 10, pages, facts: { 4: i32Field(6) } };
    return readsNumbers(forgery, 32 * 2 ** 20, Array<string>(10).fill("0"));
  },
};

const emptyPages: Attack = {
  name: "an owner's Parquet file has the rows that he signed in its footer, and fewer in its pages",
  case: "B5",
  scene: "code",
  expects: "COLUMN_PARQUET",
  guard: [
    {
      file: "core/parquet/batches.ts",
      find: 'if (batch.some((vector) => vector.rows !== length)) throw parquetFault("batch");',
      replace: "",
    },
  ],
  run() {
    const pages = plainPage(new Uint8Array(Int32Array.of(10, 20).buffer), 2);
    return readsNumbers({ pages }, 32 * 2 ** 20, ["10", "20", "undefined"]);
  },
};

export const FORMAT_ATTACKS: readonly Attack[] = [secondText, lackingField, bomb, emptyPages];
