// The kernels against their naive twin, over generated tables, plans and splits.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { SealroomError } from "../../core/errors.ts";
import { Dice, generateCuts, generateJob, generateTable } from "./generate.ts";
import { naiveAggregate } from "./naive.ts";
import { rowsOf } from "./run.ts";
import type { Cuts, TestTable } from "./table.ts";
import type { GeneratedJob } from "./generate.ts";

const isDeep = process.env["SEALROOM_DEEP"] === "1";

function outcome({ plan, manifest }: GeneratedJob, table: TestTable, cuts: Cuts): unknown {
  try {
    return rowsOf(plan, manifest, table, cuts);
  } catch (error) {
    if (error instanceof SealroomError) return error.code;
    throw error;
  }
}

const sizes = fc.oneof(fc.constantFrom(0, 1, 7, 8, 9, 64), fc.integer({ min: 0, max: 400 }));

test("every job over every type equals its naive twin, however the table is split", () => {
  let released = 0;
  fc.assert(
    fc.property(fc.integer(), sizes, (seed, rows) => {
      const dice = new Dice(seed);
      const table = generateTable(dice, rows);
      for (let jobs = 0; jobs < 4; jobs += 1) {
        const job = generateJob(dice, table);
        const expected = naiveAggregate(job.plan, job.manifest, table);
        assert.deepEqual(outcome(job, table, [[rows]]), expected);
        assert.deepEqual(outcome(job, table, generateCuts(dice, table)), expected);
        if (Array.isArray(expected)) released += expected.length;
      }
    }),
    { numRuns: isDeep ? 5000 : 400 },
  );
  assert.ok(released > 1000, "the generated jobs release something to compare");
});

test("tables longer than a chunk, with tables that grow, equal their naive twin", () => {
  fc.assert(
    fc.property(fc.integer(), fc.constantFrom(8191, 8192, 8193, 20_000), (seed, rows) => {
      const dice = new Dice(seed);
      const table = generateTable(dice, rows);
      const job = generateJob(dice, table);
      const expected = naiveAggregate(job.plan, job.manifest, table);
      assert.deepEqual(outcome(job, table, generateCuts(dice, table)), expected);
    }),
    { numRuns: isDeep ? 300 : 25 },
  );
});
