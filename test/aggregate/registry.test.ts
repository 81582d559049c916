// What runs jobs sees only this: a table of kinds, and nothing that is not in it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseTable } from "../../core/column/table.ts";
import { compileProgram, releaseResult, startKernel, startMerge } from "../../jobs/registry.ts";
import type { Program } from "../../jobs/registry.ts";
import { peopleOf, unitsIn } from "./people.ts";
import { assertRefused } from "./refusal.ts";
import { manifestOf, objectsOf, planOf } from "./table.ts";

test("runs an aggregate from plan to released file", () => {
  const table = peopleOf(unitsIn("a", 3, 0));
  const program = compileProgram(planOf({ groupBy: ["g"] }), [manifestOf(table)]);
  const merge = startMerge(program);
  for (const batches of objectsOf(
    table,
    program.columns.map(({ name }) => name),
    [[1], [3]],
  )) {
    const kernel = startKernel(program);
    for (const batch of batches) kernel.add(batch);
    merge.add(kernel.finish());
  }
  const { fields, batches } = parseTable(releaseResult(program, merge, { maxRows: null }));
  assert.deepEqual(
    fields.map(({ name }) => name),
    ["g", "rows"],
  );
  assert.deepEqual(
    batches.map(({ rows }) => rows),
    [1],
  );
});

test("refuses kinds that are not in the table, inherited names among them", () => {
  const manifest = manifestOf(peopleOf([]));
  const plan = planOf({});
  for (const kind of [
    "Tokenize",
    "",
    "Aggregate",
    "__proto__",
    "constructor",
    "toString",
    "hasOwnProperty",
  ]) {
    const odd = { ...plan, kind } as unknown as typeof plan;
    const program = { ...compileProgram(plan, [manifest]), kind } as unknown as Program;
    assertRefused("PLAN_KIND", {}, () => compileProgram(odd, [manifest]));
    assertRefused("PLAN_KIND", {}, () => startKernel(program));
    assertRefused("PLAN_KIND", {}, () => startMerge(program));
  }
});
