// A job on the analyst's, the owner's or the verifier's machine: a file, or the options that stand for one. Its text, and
// the recipient's key, which a file names by a path relative to its own.
import { dirname, resolve } from "node:path";
import type { Command } from "commander";
import { encodeCanonical } from "../core/json.ts";
import type { JsonObject, JsonValue } from "../core/json.ts";
import type { PublicJwk } from "../core/manifest/jwk.ts";
import type { CompiledPlan, ResolveRecipient } from "../core/plan/compile.ts";
import { JOB_BASE, openJob } from "../core/plan/job-text.ts";
import { readRecipientPublic } from "../owner/key-file.ts";
import { compileJob } from "../query/job.ts";
import { collect } from "./command.ts";
import { locate, usage } from "./fault.ts";
import { readText } from "./file.ts";
import { parsePairs } from "./pairs.ts";

export interface JobFile {
  /** What messages call it. */
  readonly path: string;
  readonly text: string;
  readonly resolveRecipient: ResolveRecipient;
}

export interface JobOptions {
  readonly sql?: string;
  readonly dataset?: readonly string[];
  readonly recipient?: string;
}

/** What `--sql` asks takes the place of everything in a job's file but these. */
const KEPT: readonly string[] = [...JOB_BASE, "release"];

/** The job's argument, and the options that may stand for it. */
export function addJob(command: Command): Command {
  return command
    .argument("[job]", "the job, YAML or JSON; with --sql what its data sets and recipient are")
    .option("--sql <query>", "ask this: one SELECT over the job's data set (docs/sql.md)")
    .option("--dataset <name=thumbprint>", "with --sql and no job: whose data set it reads", collect)
    .option("--recipient <file>", "with --sql and no job: the public key that the result is sealed to");
}

/** Errors: USAGE_ARGUMENTS; at the path: those of readText, JSON_*, YAML_*, JOB_FIELD. */
export async function readJobFile(path: string | undefined, options: JobOptions = {}): Promise<JobFile> {
  const { sql, dataset, recipient } = options;
  if (path !== undefined && (dataset !== undefined || recipient !== undefined)) {
    throw usage("--dataset and --recipient stand for a job's file: give them, or the file");
  }
  if (path === undefined) return readOptions(options);
  const text = await readText(path);
  const resolveRecipient = recipientBeside(dirname(path));
  if (sql === undefined) return { path, text, resolveRecipient };
  const kept = await locate(path, () => openJob(text).members());
  const base = kept
    .filter(([name]) => KEPT.includes(name))
    .map(([name, { value }]) => [name, value] as const);
  return {
    path,
    text: writeJob({ ...Object.fromEntries<JsonValue>(base), sql: linesOf(sql) }),
    resolveRecipient,
  };
}

function readOptions({ sql, dataset, recipient }: JobOptions): JobFile {
  if (sql === undefined) throw usage("give a job's file, or --sql");
  if (dataset === undefined || recipient === undefined) {
    throw usage("beside --sql give a job's file, or --dataset NAME=THUMBPRINT and --recipient FILE");
  }
  const owners = parsePairs("--dataset", "NAME=THUMBPRINT", dataset);
  const datasets = Object.fromEntries([...owners].map(([name, owner]) => [name, { owner }]));
  return {
    path: "--sql",
    text: writeJob({ datasets, recipient, sql: linesOf(sql) }),
    resolveRecipient: recipientBeside("."),
  };
}

/** Places in the query stay what they are. */
function linesOf(sql: string): readonly string[] {
  return sql.replaceAll("\t", " ").split(/\r?\n/);
}

function writeJob(job: JsonObject): string {
  return new TextDecoder().decode(encodeCanonical(job));
}

function recipientBeside(directory: string): ResolveRecipient {
  return (reference: string): Promise<PublicJwk> => {
    const file = resolve(directory, reference);
    return locate(file, () => readRecipientPublic(file));
  };
}

/** Errors, at the job's path, or at its recipient's: those of compileJob. */
export async function compileJobFile({ path, text, resolveRecipient }: JobFile): Promise<CompiledPlan> {
  return locate(path, () => compileJob(text, resolveRecipient));
}
