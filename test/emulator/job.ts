// One of the demo's jobs, had run by `sealroom run` in whatever enclave, and what its recipient makes of the answer.
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { answer } from "../cli/command-line.ts";
import type { JsonAnswer } from "../cli/command-line.ts";
import type { Demo, DemoJob } from "./demo.ts";

export interface Ran {
  readonly job: DemoJob;
  /** Folder of result and receipt. */
  readonly out: string;
  /** Hex. */
  readonly nonce: string;
}

/** Where the job's data and keys are. */
export interface JobPlace {
  readonly demo: Demo;
  readonly state: string;
}

/** `enclave`: its address; the announced local one if it is null. Whether it was answered the command's answer says. */
export async function tryJob(
  place: JobPlace,
  job: DemoJob,
  enclave: string | null,
  out: string,
): Promise<{ readonly ran: Ran; readonly answer: JsonAnswer }> {
  const { nonce, args } = jobArguments(place, job, enclave, out);
  return { ran: { job, out, nonce }, answer: await answer(args) };
}

/** What a user would type, with a fresh nonce. */
export function jobArguments(
  { demo, state }: JobPlace,
  job: DemoJob,
  enclave: string | null,
  out: string,
): { readonly nonce: string; readonly args: readonly string[] } {
  const nonce = randomBytes(32).toString("hex");
  const path = (name: string): string => join(demo.folder, name);
  const args = [
    ...["run", path(job.job), "--out", out, "--nonce", nonce, "--recipient-key", path("analyst.key")],
    ...["--local", "--state", state],
    ...(enclave === null ? [] : ["--enclave", enclave]),
    ...(job.grant === undefined ? [] : ["--grant", path(job.grant)]),
  ];
  return { nonce, args };
}
