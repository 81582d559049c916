// Arrow files, by ranges as the enclave reads them, held against the naive reader.
import assert from "node:assert/strict";
import fc from "fast-check";
import { parseTable } from "../../core/column/table.ts";
import { readByRanges } from "../column/by-ranges.ts";
import { arrowFile, fileOf, tableArbitrary } from "../column/model.ts";
import { naiveCells } from "../column/naive-reader.ts";
import type { Dice } from "./dice.ts";
import { mutateBytes } from "./mutate.ts";
import type { Target } from "./target.ts";

const WORDS = [0, 1, 4, 8, -1, -8, 0x7fffffff, -0x80000000, 0x7ffffff8];

const tables = fc.sample(tableArbitrary(12), { numRuns: 24, seed: 5 });

export const COLUMN_TARGETS: readonly Target[] = [
  {
    name: "Arrow file of our writer",
    seeds: tables.map(fileOf),
    mutations: [mutateWords, mutateWords, mutateBytes],
    decode: read,
    codes: 8,
    accepts: true,
  },
  {
    name: "Arrow file of apache-arrow",
    seeds: tables.map((columns) => arrowFile(columns)),
    mutations: [mutateWords, mutateWords, mutateBytes],
    decode: read,
    codes: 8,
    accepts: true,
  },
];

function read(file: Uint8Array): void {
  const { cells, fetchedBytes } = readByRanges(file);
  assert.deepEqual(cells, naiveCells(file));
  assert.ok(fetchedBytes <= file.length, "no byte is fetched twice");
  assert.equal(parseTable(file).fields.length, cells.length);
}

/** Fields of metadata: 32-bit words at multiples of four from the end of the footer, and so of the file's end. */
function mutateWords(bytes: Uint8Array, dice: Dice): Uint8Array {
  const file = bytes.slice();
  const view = new DataView(file.buffer);
  do {
    const back = 4 * (1 + dice.below(dice.pick([8, 60, 220, Math.max(1, Math.floor(file.length / 4))])));
    const at = file.length - 10 - back;
    if (at < 0) continue;
    const value = view.getInt32(at, true);
    const changes = [
      dice.pick(WORDS),
      value + dice.pick([-8, -4, -1, 1, 4, 8]),
      value ^ (1 << dice.below(32)),
      dice.below(2 ** 31),
    ];
    view.setInt32(at, dice.pick(changes), true);
  } while (dice.chance(0.4));
  return file;
}
