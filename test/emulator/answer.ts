// What came out of an emulated enclave, held to what the local one answered and to what a verifier demands.
import assert from "node:assert/strict";
import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { RECEIPT_FILE } from "../../host-driver/output.ts";
import { answer } from "../cli/command-line.ts";
import type { JsonAnswer } from "../cli/command-line.ts";
import { countersignReceipt } from "./countersign.ts";
import { must } from "./demo.ts";
import { tryJob } from "./job.ts";
import type { Ran } from "./job.ts";
import { measurementsFile } from "./stage.ts";
import type { Stage } from "./stage.ts";

/** Has the emulator's image at `uds` do the job of a local answer; fails unless it gives the very same table. */
export async function runAsLocal(stage: Stage, local: Ran, uds: string, out: string): Promise<Ran> {
  const { ran, answer: found } = await tryJob(stage, local.job, `emulator:${uds}`, join(stage.folder, out));
  assert.equal(found.exit, 0, `${local.job.name}: ${JSON.stringify(found.error)}`);
  for (const name of ["result.csv", "result.arrow"]) {
    const [here, there] = await Promise.all([local, ran].map((each) => readFile(join(each.out, name))));
    assert.deepEqual(there, here, `${local.job.name}: ${name}`);
  }
  return ran;
}

/** The production verifier, asked about a result as it came. `more`: roots to accept, say. */
export async function verifyAsItCame(
  stage: Stage,
  { job, out, nonce }: Ran,
  more: readonly string[],
): Promise<JsonAnswer> {
  return answer(["verify", out, ...expectations(stage, job, nonce), ...more]);
}

/** The test verifier: its document countersigned, the result must pass the production verifier whole. */
export async function verifyCountersigned(stage: Stage, ran: Ran): Promise<JsonAnswer> {
  const copy = `${ran.out}.countersigned`;
  await cp(ran.out, copy, { recursive: true });
  const receipt = await readFile(join(ran.out, RECEIPT_FILE));
  await writeFile(join(copy, RECEIPT_FILE), countersignReceipt(receipt, stage.services.nitroRoot));
  const root = ["--simulated-root", stage.services.endpoints.simulatedRoot];
  const verdict = await must(["verify", copy, ...expectations(stage, ran.job, ran.nonce), ...root]);
  assert.equal(verdict["verified"], true);
  assert.equal(verdict["simulated"], true);
  return verdict;
}

function expectations(stage: Stage, job: Ran["job"], nonce: string): readonly string[] {
  const path = (name: string): string => join(stage.demo.folder, name);
  return [
    ...["--measurements", measurementsFile(stage.folder, "emulated"), "--nonce", nonce],
    ...["--owner", `${job.dataset}=${stage.demo.owner}`, "--job", path(job.job)],
    ...["--manifest", job.manifest, "--recipient-key", path("analyst.key")],
  ];
}
