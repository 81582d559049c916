// Sealing that is broken off by Ctrl-C, in its terminal's whole group of processes: it says what it left, which is
// sealed objects that nothing names, and no upload is left half done.
import assert from "node:assert/strict";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { answer, start } from "./command-line.ts";
import { jobText, startFlow } from "./flow.ts";

const flow = await startFlow();
after(() => flow.stop());

const ROWS = 2_000_000;

async function writeMany(path: string): Promise<void> {
  const rows = Array.from({ length: ROWS }, (_, row) => `p${row % 400_000},,Bonn,${row % 100}.25`);
  await writeFile(path, `person,name,town,amount\n${rows.join("\n")}\n`);
}

/** On what was to be sealed. */
async function writeJob(): Promise<string> {
  const path = flow.path("many.yaml");
  await writeFile(path, jobText(flow.owner, "analyst.key.pub").replace("s3://flow/", "s3://many/"));
  return path;
}

async function below(folder: string): Promise<readonly string[]> {
  return (await readdir(folder, { recursive: true }).catch(() => [])).map(String);
}

test("an interrupted seal names the objects that it left, and leaves no manifest and no upload", async () => {
  await writeMany(flow.path("many.csv"));
  const bucket = join(flow.state, "s3/buckets/many");
  const { child, finished } = start([
    ...["seal", flow.path("many.csv"), "--dataset", "visits", "--schema", flow.path("schema.yaml")],
    ...["--rules", flow.path("rules.yaml"), "--owner", flow.path("owner.key"), "--kms-key", flow.keyArn],
    ...["--to", "s3://many/visits/", "--state", flow.state, "--rows-per-object", "20000"],
  ]);
  // Files lie under the hash of their name.
  const objects = async (): Promise<number> =>
    (await below(join(bucket, "objects"))).filter((name) => /\/[0-9a-f]{64}$/.test(name)).length;
  while ((await objects()) < 3) {
    assert.equal(child.exitCode, null, "it ended before it could be interrupted");
    await delay(5);
  }
  child.kill("SIGINT");
  const { exit, stderr } = await finished;
  assert.equal(exit, 130, stderr);
  assert.match(
    stderr,
    /interrupted; no manifest was written\. \d+ sealed objects? lies? below s3:\/\/many\/visits\/\d+\/, which nothing/,
  );
  assert.deepEqual(await below(join(bucket, "uploads")), []);
  const explained = await answer(["explain", await writeJob(), "--state", flow.state]);
  assert.equal(explained.error?.code, "STORE_MISSING");
});
