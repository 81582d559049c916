// The demo's data sets and jobs (examples/), sealed and asked for by the commands that a user types, under a key policy
// that lists the local enclave and the emulator's image. Flights are a part of the demo's, for an emulated CPU's sake.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { thumbprint } from "../../core/manifest/jwk.ts";
import type { Endpoints } from "../../local/services.ts";
import { readOwnerPublic } from "../../owner/key-file.ts";
import { answer } from "../cli/command-line.ts";
import type { JsonAnswer } from "../cli/command-line.ts";
import { ROOT } from "../host/tree.ts";
import { SHARED } from "../vectors.ts";

const FLIGHTS = join(ROOT, "node_modules/vega-datasets/data/flights-3m.parquet");
const FLIGHT_ROWS = 120_000;
const OBJECT_ROWS = 30_000;
const SYNTHEA = new URL("data/synthea/", SHARED);

export interface DemoJob {
  readonly name: string;
  readonly dataset: string;
  /** Digest of the manifest, which its owner told. */
  readonly manifest: string;
  /** Files, below the demo's folder. */
  readonly job: string;
  readonly grant?: string;
}

export interface Demo {
  /** With the keys `owner.key` and `analyst.key`. */
  readonly folder: string;
  readonly owner: string;
  readonly jobs: readonly DemoJob[];
}

export interface DemoPlace {
  readonly folder: string;
  /** Of the local S3 and KMS, which run and are announced there. */
  readonly state: string;
  readonly roles: Endpoints["roles"];
  /** Files of the images that the key policies list. */
  readonly measurements: readonly string[];
}

/** Answers of a command that must succeed. */
export async function must(args: readonly string[]): Promise<JsonAnswer> {
  const found = await answer(args);
  assert.equal(found.exit, 0, `${args.join(" ")}: ${JSON.stringify(found.error)}`);
  return found;
}

/** Seals the data, makes the epochs live, and grants what needs a grant. */
export async function sealDemo(place: DemoPlace): Promise<Demo> {
  const { folder } = place;
  await mkdir(folder, { recursive: true });
  await must(["keygen", join(folder, "owner.key")]);
  await must(["keygen", join(folder, "analyst.key"), "--recipient"]);
  const owner = await thumbprint(await readOwnerPublic(join(folder, "owner.key.pub")));
  const jobs = await sealFlights(place, owner);
  if (existsSync(SYNTHEA)) jobs.push(...(await sealSynthea(place, owner)));
  else {
    const isNeeded = process.env["SEALROOM_VECTORS_REQUIRED"] !== undefined;
    assert.ok(!isNeeded, "the synthetic patients are not beside this checkout");
    console.log("The synthetic patients are not beside this checkout: their jobs are LEFT OUT.");
  }
  return { folder, owner, jobs };
}

async function sealFlights(place: DemoPlace, owner: string): Promise<DemoJob[]> {
  const names = ["busiest", "routes", "latest"];
  await placeFiles(place.folder, "flights", owner, {
    "schema.yaml": "flights.schema.yaml",
    "rules.yaml": "flights.rules.yaml",
    ...Object.fromEntries(names.map((name) => [`${name}.yaml`, `${name}.yaml`])),
  });
  const input = join(place.folder, "flights.parquet");
  const database = await DuckDBInstance.create();
  const connection = await database.connect();
  await connection.run(
    `COPY (SELECT * FROM '${FLIGHTS}' LIMIT ${FLIGHT_ROWS}) TO '${input}' (FORMAT parquet)`,
  );
  connection.closeSync();
  database.closeSync();
  const rows = ["--rows-per-object", String(OBJECT_ROWS)];
  const manifest = await sealDataset(place, owner, "flights", input, rows);
  return names.map((name) => ({ name, dataset: "flights", manifest, job: `${name}.yaml` }));
}

async function sealSynthea(place: DemoPlace, owner: string): Promise<readonly DemoJob[]> {
  const names = ["encounters.schema.yaml", "encounters.rules.yaml", "by-class.yaml"];
  names.push("patients.schema.yaml", "patients.rules.yaml", "by-race.yaml");
  await placeFiles(place.folder, "synthea", owner, Object.fromEntries(names.map((name) => [name, name])));
  const path = (name: string): string => join(place.folder, name);
  const file = (name: string): string => new URL(name, SYNTHEA).pathname;
  const encounters = await sealDataset(place, owner, "encounters", file("encounters.csv"));
  const grant = ["--owner", path("owner.key"), "--out", path("by-class.grant.jws"), "--state", place.state];
  await must(["grant", path("by-class.yaml"), ...grant]);
  const patients = await sealDataset(place, owner, "patients", file("patients.csv"));
  return [
    {
      name: "by-class",
      dataset: "encounters",
      manifest: encounters,
      job: "by-class.yaml",
      grant: "by-class.grant.jws",
    },
    { name: "by-race", dataset: "patients", manifest: patients, job: "by-race.yaml" },
  ];
}

/** An example's files, beside the keys that they name, with the owner's thumbprint filled in. */
async function placeFiles(
  folder: string,
  example: string,
  owner: string,
  files: Readonly<Record<string, string>>,
): Promise<void> {
  for (const [from, to] of Object.entries(files)) {
    const text = await readFile(join(ROOT, "examples", example, from), "utf8");
    await writeFile(join(folder, to), text.replaceAll("OWNER_THUMBPRINT", owner));
  }
}

/** Returns the manifest's digest. */
async function sealDataset(
  { folder, state, roles, measurements }: DemoPlace,
  owner: string,
  name: string,
  input: string,
  options: readonly string[] = [],
): Promise<string> {
  const policy = join(folder, `${name}.policy.json`);
  const writePolicy = async (...live: readonly string[]): Promise<void> => {
    const { policy: document } = await must([
      ...["policy", "kms", ...measurements.flatMap((file) => ["--measurements", file])],
      ...["--owner-role", roles.owner, "--enclave-role", roles.enclave],
      ...["--break-glass-role", roles.breakGlass, "--owner", owner, "--dataset", name, ...live],
    ]);
    await writeFile(policy, JSON.stringify(document));
  };
  await writePolicy();
  const { keyArn } = await must(["local", "create-key", "--state", state, "--policy", policy]);
  await writeFile(join(folder, `${name}.key-arn`), String(keyArn));
  const sealed = await must([
    ...["seal", input, "--dataset", name, "--schema", join(folder, `${name}.schema.yaml`)],
    ...["--rules", join(folder, `${name}.rules.yaml`), "--owner", join(folder, "owner.key")],
    ...["--kms-key", String(keyArn), "--to", `s3://demo/${name}/`, "--state", state, ...options],
  ]);
  await writePolicy("--live-epoch", String(sealed["epoch"]));
  await must(["local", "put-key-policy", "--state", state, "--key", String(keyArn), "--policy", policy]);
  return String(sealed["manifest"]);
}
