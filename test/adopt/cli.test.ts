// Adopted objects by the commands that a user types: adopt, explain, run and verify, against the local stand-ins.
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { KMS } from "@aws-sdk/client-kms";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { Agent } from "node:https";
import * as arrow from "apache-arrow";
import { openLocalCloud } from "../../cli/cloud.ts";
import type { Cloud } from "../../cli/cloud.ts";
import { Progress } from "../../cli/progress.ts";
import { answer } from "../cli/command-line.ts";
import { must, NONCE, startFlow } from "../cli/flow.ts";
import type { Flow } from "../cli/flow.ts";
import { writeEsdk, writeS3V3 } from "./writers.ts";
import type { Writer } from "./writers.ts";

const OPEN_POLICY = {
  Version: "2012-10-17",
  Statement: [{ Sid: "all", Effect: "Allow", Principal: { AWS: "*" }, Action: "kms:*", Resource: "*" }],
};
const SCHEMA = `unit: person
columns:
  person: { role: unit }
  town: { role: dimension }
  amount: { role: measure }
`;
const RULES = `min_units: 5
max_groups: 100
adhoc: true
recipients: [analyst.key.pub]
bounds:
  amount: { lower: 0, upper: 100 }
`;

let flow: Flow;
let cloud: Cloud;
let writer: Writer;

before(async () => {
  flow = await startFlow();
  cloud = await openLocalCloud({ state: flow.state, enclave: "services-only" }, new Progress());
  await writeFile(flow.path("open.json"), JSON.stringify(OPEN_POLICY));
  const policy = ["--policy", flow.path("open.json")];
  const { keyArn } = await must(["local", "create-key", "--state", flow.state, ...policy]);
  const { local } = cloud;
  assert.ok(local);
  const agent = new Agent({ ca: await readFile(local.kmsAuthority, "utf8") });
  const kms = new KMS({
    region: local.region,
    endpoint: local.kms,
    credentials: local.credentials.owner,
    requestHandler: new NodeHttpHandler({ httpsAgent: agent }),
  });
  writer = { kms, keyArn: String(keyArn), context: { purpose: "visits" } };
  await writeFile(flow.path("adopt-schema.yaml"), SCHEMA);
  await writeFile(flow.path("adopt-rules.yaml"), RULES);
});

after(async () => {
  writer.kms.destroy();
  await cloud.close();
  await flow.stop();
});

/** 40 people, each with a visit in every object, of 30 in the one and of 90 in the other. */
function encodePart(amount: number): Uint8Array {
  const people = Array.from({ length: 40 }, (_, person) => person);
  return arrow.tableToIPC(
    new arrow.Table({
      person: arrow.vectorFromArray(
        people.map((person) => `p${person}`),
        new arrow.Utf8(),
      ),
      town: arrow.vectorFromArray(
        people.map((person) => (person < 3 ? "Celle" : person % 2 === 0 ? "Aachen" : "Bonn")),
        new arrow.Utf8(),
      ),
      amount: arrow.vectorFromArray(
        people.map(() => amount),
        new arrow.Int32(),
      ),
    }),
    "file",
  );
}

async function put(
  key: string,
  body: Uint8Array,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  const where = { Bucket: "flow", Key: key };
  await cloud.s3("owner").send(new PutObjectCommand({ ...where, Body: body, Metadata: { ...metadata } }));
}

function adoptArgs(...objects: readonly string[]): string[] {
  return [
    ...["adopt", ...objects, "--dataset", "visits", "--at", "s3://flow/adopted/"],
    ...["--schema", flow.path("adopt-schema.yaml"), "--rules", flow.path("adopt-rules.yaml")],
    ...["--owner", flow.path("owner.key"), "--kms-key", flow.keyArn, "--writer-key", writer.keyArn],
    ...["--context", "purpose=visits", "--state", flow.state],
  ];
}

test("adopted objects are explained, run and verified like any data set", async () => {
  await put("adopted/2026/a.arrow", await writeEsdk(writer, encodePart(30)));
  const v3 = await writeS3V3(writer, encodePart(90));
  await put("adopted/2026/b.arrow", v3.bytes, v3.metadata);
  const objects = ["s3://flow/adopted/2026/a.arrow", "s3://flow/adopted/2026/b.arrow"];
  const adopted = await must(adoptArgs(...objects));
  assert.deepEqual([adopted["rows"], adopted["unit"], adopted["kept"]], [80, "scattered", 0]);
  await flow.makeLive(String(adopted["epoch"]));

  const from = ["--from", "visits=s3://flow/adopted/"];
  const explained = await must(["explain", flow.jobs.allowed, ...from, "--state", flow.state]);
  assert.equal(explained["allowed"], true);
  const out = flow.path("adopted-out");
  const key = ["--recipient-key", flow.path("analyst.key")];
  await must([
    "run",
    flow.jobs.allowed,
    "--out",
    out,
    "--nonce",
    NONCE,
    ...key,
    ...from,
    "--state",
    flow.state,
  ]);
  const csv = await readFile(join(out, "result.csv"), "utf8");
  // Each of 18 or 19 people had 120, clipped to 100 over both objects; Celle's three are too few.
  const rows = csv.trim().split("\r\n");
  assert.deepEqual(
    rows.map((row) => row.split(",").slice(0, 4).join(",")),
    ["town,count,people,total", "Aachen,36,18,1800", "Bonn,38,19,1900"],
  );
  const expectations = Object.entries(flow.expectations()).flat();
  await must(["verify", out, ...expectations, ...key]);
});

test("objects that do not lie below the manifest, and options that are missing, are told from faults of objects", async () => {
  const fault = async (args: readonly string[]): Promise<unknown> => (await answer(args)).error?.code;
  assert.equal(await fault(adoptArgs("s3://flow/elsewhere/a.arrow")), "OWNER_PLACE");
  assert.equal(await fault(adoptArgs("s3://other/adopted/a.arrow")), "OWNER_PLACE");
  assert.equal(await fault(adoptArgs("s3://flow/adopted/")), "OWNER_PLACE");
  assert.equal(await fault(adoptArgs("s3://flow/adopted/none.arrow")), "STORE_MISSING");
  assert.equal(
    await fault([...adoptArgs("s3://flow/adopted/none.arrow"), "--add-to", "abc"]),
    "USAGE_ARGUMENTS",
  );
  assert.equal(await fault(["adopt", "s3://flow/adopted/a"]), "USAGE_ARGUMENTS");
});
