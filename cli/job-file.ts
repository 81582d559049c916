// A job's file on the analyst's, the owner's or the verifier's machine: its text, and the recipient's key, which the job
// names by a path relative to its own.
import { dirname, resolve } from "node:path";
import type { PublicJwk } from "../core/manifest/jwk.ts";
import { compileJob } from "../core/plan/compile.ts";
import type { CompiledPlan, ResolveRecipient } from "../core/plan/compile.ts";
import { locate } from "./fault.ts";
import { readText } from "./file.ts";
import { readRecipientPublic } from "../owner/key-file.ts";

export interface JobFile {
  readonly path: string;
  readonly text: string;
  readonly resolveRecipient: ResolveRecipient;
}

/** Errors, at the path: those of readText. */
export async function readJobFile(path: string): Promise<JobFile> {
  const text = await readText(path);
  const resolveRecipient = (reference: string): Promise<PublicJwk> => {
    const file = resolve(dirname(path), reference);
    return locate(file, () => readRecipientPublic(file));
  };
  return { path, text, resolveRecipient };
}

/** Errors, at the job's path, or at its recipient's: those of compileJob. */
export async function compileJobFile({ path, text, resolveRecipient }: JobFile): Promise<CompiledPlan> {
  return locate(path, () => compileJob(text, resolveRecipient));
}
