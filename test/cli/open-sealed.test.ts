// `sealroom open` on what jobs seal to one key: the owner's report of values without tokens, and results.
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";
import type { TestContext } from "node:test";
import { CreateBucketCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { sha384Hex } from "../../core/text/digest.ts";
import { sealResult } from "../../core/receipt/sealed-result.ts";
import { encodeQuarantine } from "../../jobs/tokenize/quarantine.ts";
import { FATE } from "../../jobs/tokenize/text-column.ts";
import { startServices } from "../../local/services.ts";
import { readOwnerKey, readRecipientPublic } from "../../owner/key-file.ts";
import { answer, scratch, sealroom } from "./command-line.ts";

const TABLE = encodeQuarantine([{ object: 2, row: 7, column: "ZIP", fate: FATE.form, value: "Omaha, NE" }]);
const CSV = 'object,row,column,reason,value\r\n2,7,ZIP,form,"Omaha, NE"\r\n';

interface Sealed {
  readonly directory: string;
  readonly owner: string;
  readonly recipient: string;
  /** Sealed to the owner. */
  readonly report: string;
  /** Sealed to the recipient. */
  readonly result: string;
}

async function seal(t: TestContext): Promise<Sealed> {
  const directory = await scratch(t);
  const path = (name: string): string => join(directory, name);
  for (const args of [[path("owner.key")], [path("analyst.key"), "--recipient"]]) {
    assert.equal((await answer(["keygen", ...args])).exit, 0);
  }
  const { sealing } = await readOwnerKey(path("owner.key"));
  await writeFile(path("quarantine.jwe"), await sealResult(TABLE, sealing, 0));
  const recipient = await readRecipientPublic(path("analyst.key.pub"));
  await writeFile(path("result.jwe"), await sealResult(TABLE, recipient, 0));
  return {
    directory,
    owner: path("owner.key"),
    recipient: path("analyst.key"),
    report: path("quarantine.jwe"),
    result: path("result.jwe"),
  };
}

test("the owner's key opens the report that a job sealed to the owner, as CSV on standard output", async (t) => {
  const { report, owner } = await seal(t);
  const opened = await sealroom(["open", report, "--owner", owner]);
  assert.equal(opened.exit, 0, opened.stderr);
  assert.equal(opened.stdout, CSV);
});

test("a file called .csv gets CSV, any other the table as it was sealed, and is named with the digest to compare", async (t) => {
  const { directory, report, result, owner, recipient } = await seal(t);
  const [csv, arrow] = [join(directory, "out.csv"), join(directory, "out.arrow")];
  const opened = await answer(["open", report, "--owner", owner, "--out", csv]);
  assert.equal(opened.exit, 0);
  assert.equal(opened["sha384"], await sha384Hex(await readFile(report)));
  assert.equal(opened["rows"], 1);
  assert.equal(await readFile(csv, "utf8"), CSV);
  assert.equal((await answer(["open", result, "--recipient-key", recipient, "--out", arrow])).exit, 0);
  assert.deepEqual(new Uint8Array(await readFile(arrow)), TABLE);
});

test("another's key, a changed report, and what is no sealed table are refused, and nothing is written", async (t) => {
  const { directory, report, result, owner, recipient } = await seal(t);
  const out = join(directory, "out.csv");
  const refusal = async (file: string, ...key: readonly string[]): Promise<string | undefined> => {
    const found = await answer(["open", file, ...key, "--out", out]);
    assert.notEqual(found.exit, 0);
    await assert.rejects(readFile(out), { code: "ENOENT" });
    return found.error?.code;
  };
  assert.equal(await refusal(report, "--recipient-key", recipient), "RESULT_OPEN");
  assert.equal(await refusal(result, "--owner", owner), "RESULT_OPEN");
  const changed = await readFile(report);
  const at = changed.lastIndexOf(".") - 100;
  changed[at] = changed[at] === 0x41 ? 0x42 : 0x41;
  await writeFile(report, changed);
  assert.equal(await refusal(report, "--owner", owner), "RESULT_OPEN");
  await writeFile(report, "object,row\n");
  assert.equal(await refusal(report, "--owner", owner), "RESULT_HEADER");
});

test("keys of messages and keys of tables are not given together, nor a place in S3 for a file", async (t) => {
  const { directory, report, owner, recipient } = await seal(t);
  for (const more of [
    ["--recipient-key", recipient],
    ["--data-key-file", owner],
    ["--encryption-context", "a=b"],
    ["--state", directory],
    ["--aws"],
  ]) {
    const found = await answer(["open", report, "--owner", owner, ...more]);
    assert.equal(found.exit, 2, more[0]);
  }
});

test("a report is read from S3 as the owner, and one that is not there is said not to be", async (t) => {
  const { directory, report, owner } = await seal(t);
  const [state, out] = [join(directory, "state"), join(directory, "out.csv")];
  const services = await startServices(state);
  const { region, s3: endpoint, credentials } = services.endpoints;
  const s3 = new S3Client({ region, endpoint, credentials: credentials.owner, forcePathStyle: true });
  await s3.send(new CreateBucketCommand({ Bucket: "data" }));
  const Key = "copy/66657f304e913fb6/quarantine.jwe";
  await s3.send(new PutObjectCommand({ Bucket: "data", Key, Body: await readFile(report) }));
  s3.destroy();
  await services.close();
  const open = (location: string): ReturnType<typeof answer> =>
    answer(["open", location, "--owner", owner, "--state", state, "--out", out]);
  assert.equal((await open(`s3://data/${Key}.no`)).error?.code, "STORE_MISSING");
  assert.equal((await open(`s3://none/${Key}`)).error?.code, "STORE_MISSING");
  assert.equal((await open(`s3://data/${Key}`)).exit, 0);
  assert.equal(await readFile(out, "utf8"), CSV);
});
