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

/** `enclave`: its address; the announced local one if it is null. Whether it was answered the command's answer says. */
export async function tryJob(
  demo: Demo,
  state: string,
  job: DemoJob,
  enclave: string | null,
  out: string,
): Promise<{ readonly ran: Ran; readonly answer: JsonAnswer }> {
  const nonce = randomBytes(32).toString("hex");
  const path = (name: string): string => join(demo.folder, name);
  const found = await answer([
    ...["run", path(job.job), "--out", out, "--nonce", nonce, "--recipient-key", path("analyst.key")],
    ...["--local", "--state", state],
    ...(enclave === null ? [] : ["--enclave", enclave]),
    ...(job.grant === undefined ? [] : ["--grant", path(job.grant)]),
  ]);
  return { ran: { job, out, nonce }, answer: found };
}
