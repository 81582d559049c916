// Attacks with texts and files of formats that `seal` does not write, handed to the code that reads them in the enclave.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { cellText } from "../../core/column/text.ts";
import type { AdoptedEntry } from "../../core/manifest/manifest.ts";
import { openAdopted } from "../../core/seal/adopted.ts";
import { readObject } from "../../enclave-worker/read-object.ts";
import { openSteps, Steps } from "../../enclave-worker/steps.ts";
import { MemorySource } from "../adopt/memory.ts";
import { entryOf, s3ecV2 } from "../adopt/specimens.ts";
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

export const FORMAT_ATTACKS: readonly Attack[] = [secondText, lackingField];
