// Security case B1: whatever is done to the bytes of an Arrow file, the reader refuses with a code of its own or
// reads what the naive reader reads, and fetches no byte twice on the way. Mutants by chance are in test/fuzz.
import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { SealroomError } from "../../core/errors.ts";
import { readByRanges } from "./by-ranges.ts";
import { fileOf } from "./cells.ts";
import { tableArbitrary } from "./model.ts";
import { naiveCells } from "./naive-reader.ts";

function checkOutcome(file: Uint8Array): "read" | "refused" {
  let outcome;
  try {
    outcome = readByRanges(file);
  } catch (error) {
    if (!(error instanceof SealroomError) || !error.code.startsWith("COLUMN_")) throw error;
    return "refused";
  }
  assert.deepEqual(outcome.cells, naiveCells(file));
  assert.ok(outcome.fetchedBytes <= file.length, "no byte is fetched twice");
  return "read";
}

test("one bit of every byte of a file flipped: refused by code or read as the naive reader reads it", () => {
  const columns = fc.sample(tableArbitrary(20), { numRuns: 6, seed: 7 });
  for (const file of columns.map(fileOf)) {
    for (let at = 0; at < file.length; at += 1) {
      const bits = process.env["SEALROOM_DEEP"] === undefined ? [at % 8] : [0, 1, 2, 3, 4, 5, 6, 7];
      for (const bit of bits) {
        const mutant = file.slice();
        mutant[at] = (mutant[at] ?? 0) ^ (1 << bit);
        checkOutcome(mutant);
      }
    }
  }
});

test("a file cut short anywhere is refused", () => {
  const [columns = []] = fc.sample(tableArbitrary(20), { numRuns: 1, seed: 11 });
  const file = fileOf(columns);
  for (let length = 0; length < file.length; length += 1) {
    assert.equal(checkOutcome(file.slice(0, length)), "refused", `${length} bytes`);
  }
});
