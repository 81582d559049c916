// A job's text to a job, and on to its plan: what it asks for is spelt out, or is SQL. The analyst before the job, the
// host, and whoever verifies a receipt compile the same text to the same bytes. Never enters the enclave.
import { compilePlan } from "../core/plan/compile.ts";
import type { CompiledPlan, ResolveRecipient } from "../core/plan/compile.ts";
import { JOB_BASE, openJob, parseDatasets, parseJobBase, parseJobField } from "../core/plan/job-text.ts";
import type { Job } from "../core/plan/job-text.ts";
import type { Field } from "../core/text/field.ts";
import { readQuery } from "./sql/select.ts";

// The package's door `sealroom/plan` is this file.
export type { CompiledPlan, ResolveRecipient } from "../core/plan/compile.ts";

/** Errors: those of readJob and of compilePlan. */
export async function compileJob(text: string, resolveRecipient: ResolveRecipient): Promise<CompiledPlan> {
  return compilePlan(await readJob(text), resolveRecipient);
}

/**
 * Text that begins with { is JSON, all other is YAML; `sql` in it is a query, or the list of its lines.
 * Errors: JSON_*, YAML_*, JOB_FIELD, KEY_*, SQL_SYNTAX, SQL_DIALECT.
 */
export async function readJob(text: string): Promise<Job> {
  const job = openJob(text);
  const isQuery = job.members().some(([name]) => name === "sql");
  return isQuery ? readQueryJob(job) : parseJobField(job);
}

async function readQueryJob(job: Field): Promise<Job> {
  const { sql, kind, ...fields } = job.record([...JOB_BASE, "sql"], ["kind", "release"]);
  kind?.oneOf(["aggregate"]);
  const base = parseJobBase(fields, parseDatasets(fields.datasets, [1, 2]));
  const { named, ...query } = await readQuery(
    typeof sql.value === "string" ? sql.text() : linesOf(sql),
    base.datasets.map(({ dataset }) => dataset),
  );
  const datasets = named.flatMap((name) => base.datasets.filter(({ dataset }) => dataset === name));
  // A data set that nobody asks anything of would be a condition that nobody sees.
  if (datasets.length < base.datasets.length) {
    throw fields.datasets.fault("more than the query names", { query: named.join(", ") });
  }
  return { ...base, datasets, ...query, kind: "aggregate" };
}

/** Texts of a job have no line breaks in them. */
function linesOf(field: Field): string {
  return field
    .list(1, MAX_LINES)
    .map((line) => line.text())
    .join("\n");
}

const MAX_LINES = 4096;
