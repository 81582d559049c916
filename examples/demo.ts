// `npm run demo`: the whole way of a job on one machine, by the commands that a user types. Data is sealed by its owner,
// aggregated in a separate enclave process, opened by the analyst, and each receipt is verified by what was held from
// before. Stops at the first command that fails.
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { thumbprint } from "../core/manifest/jwk.ts";
import { readOwnerPublic } from "../owner/key-file.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const LAUNCHER = join(ROOT, "bin/sealroom.mjs");
/** Everything the demo makes; fresh each time. */
const DEMO = ".sealroom/demo";
const STATE = `${DEMO}/local`;
const FLIGHTS = "node_modules/vega-datasets/data/flights-3m.parquet";
const SYNTHEA = relative(ROOT, fileURLToPath(new URL("../../shared/data/synthea/", import.meta.url)));

interface Local {
  readonly process: ChildProcess;
  readonly measurements: string;
  readonly simulatedRoot: string;
  readonly roles: { readonly owner: string; readonly enclave: string; readonly breakGlass: string };
}

interface Dataset {
  readonly name: string;
  readonly input: string;
  /** Further options of `seal`. */
  readonly options?: string;
}

interface Job {
  readonly name: string;
  readonly dataset: string;
  readonly owner: string;
  /** Digest of the manifest, from the owner. */
  readonly manifest: string;
  /** Further options of `run`. */
  readonly options?: string;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function heading(text: string): void {
  say(`\n== ${text}`);
}

/** As it is typed, folded to the width of a terminal. */
function showCommand(command: string): void {
  const lines = ["$ sealroom"];
  for (const word of command.split(" ")) {
    const line = lines.at(-1) ?? "";
    if (line.length + word.length > 76) lines.push(`    ${word}`);
    else lines[lines.length - 1] = `${line} ${word}`;
  }
  say(`\n${lines.join(" \\\n")}`);
}

/** Shows the command, runs it, shows as many lines of what it answers, and returns that. */
async function sealroom(command: string, shownLines = Infinity): Promise<string> {
  showCommand(command);
  const child = spawn(process.execPath, [LAUNCHER, ...command.split(" ")], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (output += chunk));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  const lines = output.trimEnd().split("\n");
  if (shownLines > 0 && output !== "") say(lines.slice(0, shownLines).join("\n"));
  if (shownLines > 0 && lines.length > shownLines) say("  ...");
  if (code !== 0) {
    throw new Error(`\`sealroom ${command.split(" ", 1).join("")}\` ended with exit code ${code ?? -1}`);
  }
  return output;
}

/** The one that must not succeed. */
async function refused(command: string, shownLines: number): Promise<void> {
  let succeeded = false;
  try {
    await sealroom(command, shownLines);
    succeeded = true;
  } catch (error) {
    say(`(refused, as it should be: ${error instanceof Error ? error.message : ""})`);
  }
  if (succeeded) throw new Error("a job was allowed that no rule allows");
}

/** `sealroom local`, as in another terminal. */
async function startLocal(): Promise<Local> {
  const command = `local --state ${STATE}`;
  showCommand(`${command} &`);
  const child = spawn(process.execPath, [LAUNCHER, ...command.split(" "), "--json"], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const line = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).once("line", resolve);
    child.once("exit", () => {
      reject(new Error("the embedded stand-ins did not start"));
    });
  });
  const facts = JSON.parse(line) as Omit<Local, "process"> & { readonly s3: string; readonly kms: string };
  say(`S3 at ${facts.s3}, KMS at ${facts.kms},\nand an enclave in a process of its own, SIMULATED.`);
  return {
    ...facts,
    process: child,
    measurements: relative(ROOT, facts.measurements),
    simulatedRoot: relative(ROOT, facts.simulatedRoot),
  };
}

/** An example's files, beside the keys that they name, with the owner's thumbprint filled in. */
async function placeExamples(
  folder: string,
  owner: string,
  files: Readonly<Record<string, string>>,
): Promise<void> {
  for (const [from, to] of Object.entries(files)) {
    const text = await readFile(join(ROOT, "examples", folder, from), "utf8");
    await writeFile(join(ROOT, DEMO, to), text.replaceAll("OWNER_THUMBPRINT", owner));
  }
}

/**
 * The owner's part: a key whose policy names the measured image, sealed objects, and the epoch made live. Returns the
 * manifest's digest, which the owner tells the analyst.
 */
async function sealDataset(
  local: Local,
  owner: string,
  { name, input, options = "" }: Dataset,
): Promise<string> {
  const policy = `${DEMO}/${name}.policy.json`;
  const printPolicy = async (live: string): Promise<void> => {
    const { roles, measurements } = local;
    const text = await sealroom(
      `policy kms --measurements ${measurements} --owner-role ${roles.owner} --enclave-role ${roles.enclave} ` +
        `--break-glass-role ${roles.breakGlass} --owner ${owner} --dataset ${name}${live}`,
      0,
    );
    await writeFile(join(ROOT, policy), text);
    say(`(the policy is in ${policy})`);
  };
  await printPolicy("");
  const keyArn = (await sealroom(`local create-key --state ${STATE} --policy ${policy}`)).trim();
  const sealed = await sealroom(
    `seal ${input} --dataset ${name} --schema ${DEMO}/${name}.schema.yaml --rules ${DEMO}/${name}.rules.yaml ` +
      `--owner ${DEMO}/owner.key --kms-key ${keyArn} --to s3://demo/${name}/ --state ${STATE}${options}`,
  );
  const [, epoch, digest] = /epoch +(\d+)\s+manifest +([0-9a-f]{96})\n/.exec(sealed) ?? [];
  if (epoch === undefined || digest === undefined) throw new Error("seal told no epoch and manifest");
  await printPolicy(` --live-epoch ${epoch}`);
  await sealroom(`local put-key-policy --state ${STATE} --key ${keyArn} --policy ${policy}`);
  return digest;
}

/** The analyst's part. The nonce is his own; it, the measurements and the owner's name are held from before the job. */
async function runAndVerify(
  local: Local,
  { name, dataset, owner, manifest, options = "" }: Job,
): Promise<void> {
  const job = `${DEMO}/${name}.yaml`;
  const out = `${DEMO}/out/${name}`;
  const nonce = randomBytes(32).toString("hex");
  const key = `--recipient-key ${DEMO}/analyst.key`;
  await sealroom(`run ${job} --out ${out} --nonce ${nonce} ${key} --state ${STATE}${options}`);
  await sealroom(
    `verify ${out} --measurements ${local.measurements} --nonce ${nonce} --owner ${dataset}=${owner} --job ${job} ` +
      `--manifest ${manifest} ${key} --simulated-root ${local.simulatedRoot}`,
    verifiedOnce ? 3 : Infinity,
  );
  verifiedOnce = true;
}

/** The first verdict is shown whole, the others in short. */
let verifiedOnce = false;

async function flights(local: Local, owner: string): Promise<void> {
  heading("Flights: 3 million rows with no person in them, so each row is its own unit");
  await placeExamples("flights", owner, {
    "schema.yaml": "flights.schema.yaml",
    "rules.yaml": "flights.rules.yaml",
    "busiest.yaml": "busiest.yaml",
    "routes.yaml": "routes.yaml",
    "latest.yaml": "latest.yaml",
  });
  const options = " --rows-per-object 250000";
  const manifest = await sealDataset(local, owner, { name: "flights", input: FLIGHTS, options });
  await sealroom(`explain ${DEMO}/busiest.yaml --state ${STATE}`);
  for (const name of ["busiest", "routes", "latest"]) {
    await runAndVerify(local, { name, dataset: "flights", owner, manifest });
  }
}

async function synthea(local: Local, owner: string): Promise<void> {
  heading("Encounters of synthetic patients: each job needs a grant of the owner");
  await placeExamples("synthea", owner, {
    "encounters.schema.yaml": "encounters.schema.yaml",
    "encounters.rules.yaml": "encounters.rules.yaml",
    "by-class.yaml": "by-class.yaml",
    "patients.schema.yaml": "patients.schema.yaml",
    "patients.rules.yaml": "patients.rules.yaml",
    "by-race.yaml": "by-race.yaml",
  });
  const encounters = await sealDataset(local, owner, {
    name: "encounters",
    input: `${SYNTHEA}/encounters.csv`,
  });
  const [job, grant] = [`${DEMO}/by-class.yaml`, `${DEMO}/by-class.grant.jws`];
  await refused(`explain ${job} --state ${STATE}`, 12);
  await sealroom(`grant ${job} --owner ${DEMO}/owner.key --out ${grant} --state ${STATE}`);
  const options = ` --grant ${grant}`;
  await runAndVerify(local, {
    name: "by-class",
    dataset: "encounters",
    owner,
    manifest: encounters,
    options,
  });

  heading("Synthetic patients: identifiers stay inside, small groups are suppressed");
  const patients = await sealDataset(local, owner, { name: "patients", input: `${SYNTHEA}/patients.csv` });
  await runAndVerify(local, { name: "by-race", dataset: "patients", owner, manifest: patients });
}

async function main(): Promise<void> {
  const started = performance.now();
  await rm(join(ROOT, DEMO), { recursive: true, force: true });
  await mkdir(join(ROOT, DEMO), { recursive: true });
  heading("Keys of the owner and of the analyst, and stand-ins for AWS");
  await sealroom(`keygen ${DEMO}/owner.key`);
  await sealroom(`keygen ${DEMO}/analyst.key --recipient`);
  const local = await startLocal();
  try {
    const owner = await thumbprint(await readOwnerPublic(join(ROOT, DEMO, "owner.key.pub")));
    await flights(local, owner);
    if (existsSync(join(ROOT, SYNTHEA, "encounters.csv"))) await synthea(local, owner);
    else say("\nThe synthetic patients are not beside this checkout, so their part is left out.");
  } finally {
    local.process.kill("SIGTERM");
  }
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  heading(`Done in ${seconds} s: every job was answered, and every receipt verified`);
  say("The enclave was SIMULATED: a process on this machine, under a root made here.");
  say("Nothing was protected from this machine. On EC2 the same job is to run in a");
  say("Nitro Enclave, and its receipt to verify under Amazon's root.");
  say(`Keys, receipts and results are in ${DEMO}/.`);
}

try {
  await main();
} catch (error) {
  process.stderr.write(`demo: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
