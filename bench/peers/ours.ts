// Our side of the comparison: the job compiled as the enclave compiles it, and its kernels over decoded columns, merged, and
// through the gate to the Arrow file that would be sealed. No cipher and no socket.
import type { ColumnBatch } from "../../core/column/vector.ts";
import type { Manifest, ObjectEntry } from "../../core/manifest/manifest.ts";
import { compileProgram, releaseResult, startKernel, startMerge } from "../../jobs/registry.ts";
import type { Program } from "../../jobs/registry.ts";
import { compileJob } from "../../query/job.ts";
import { readExpression } from "../../query/sql/expression.ts";
import { NOBODY, rulesFor } from "../job.ts";
import { EXPRESSIONS, MIN_UNITS } from "./questions.ts";
import type { Question } from "./questions.ts";
import { MANY_GROUPS } from "./tables.ts";
import type { PeerTable } from "./tables.ts";

const OWNER = "A".repeat(43);

/** `t`, as its owner would have signed it. */
export async function manifestOf(
  table: PeerTable,
  { table: kind, bounds }: Question,
  objects: readonly ObjectEntry[],
): Promise<Manifest> {
  const expressions = await Promise.all(
    Object.entries(EXPRESSIONS[kind] ?? {}).map(
      async ([name, text]) => [name, await readExpression(text)] as const,
    ),
  );
  return {
    version: 1,
    dataset: "t",
    epoch: 1,
    keyArn: "",
    wrappedKey: "",
    objects,
    ownerKey: NOBODY,
    notAfter: 1,
    unit: "column",
    schema: table.columns.map(({ name, type, role }) => ({ name, type, role })),
    rules: {
      ...rulesFor(NOBODY),
      minUnits: MIN_UNITS,
      maxGroups: MANY_GROUPS,
      expressions: Object.fromEntries(expressions),
      bounds: Object.fromEntries(
        Object.entries(bounds).map(([name, upper]) => [name, { lower: 0, upper }] as const),
      ),
    },
  };
}

export async function programFor(
  table: PeerTable,
  question: Question,
  objects: readonly ObjectEntry[] = [],
): Promise<Program> {
  const job = JSON.stringify({
    datasets: { t: { owner: OWNER } },
    sql: question.ours.split("\n"),
    recipient: "analyst",
  });
  const { plan } = await compileJob(job, () => NOBODY);
  return compileProgram(plan, [await manifestOf(table, question, objects)]);
}

/** A whole job over objects' batches; returns the released table, an Arrow file. */
export function runOurs(program: Program, objects: readonly (readonly ColumnBatch[])[]): Uint8Array {
  const merge = startMerge(program);
  for (const batches of objects) {
    const kernel = startKernel(program);
    for (const batch of batches) kernel.add(batch);
    merge.add(kernel.finish());
  }
  return releaseResult(program, merge, { maxRows: null });
}
