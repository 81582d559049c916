// A small data set, sealed, run and verified by the commands that a user types; for tests that then change one thing.
import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { once } from "node:events";
import { answer, start } from "./command-line.ts";
import type { JsonAnswer, Running } from "./command-line.ts";

export const NONCE = "5e".repeat(32);

export interface Flow {
  readonly directory: string;
  readonly state: string;
  readonly owner: string;
  readonly measurements: string;
  readonly simulatedRoot: string;
  readonly sealed: JsonAnswer;
  readonly keyArn: string;
  /** Puts a policy that lists this epoch alone. */
  makeLive(epoch: string): Promise<void>;
  readonly jobs: { readonly allowed: string; readonly unlisted: string };
  /** A path below the flow's directory. */
  path(name: string): string;
  /** The expectations that `verify` needs, to be changed one at a time. */
  expectations(): Record<string, string>;
  stop(): Promise<void>;
}

const SCHEMA = `unit: person
columns:
  person: { type: utf8, role: unit }
  name: { type: utf8, role: identifier }
  town: { type: utf8, role: dimension }
  amount: { type: "decimal(8,2)", role: measure }
`;

const RULES = `min_units: 5
max_groups: 100
adhoc: true
recipients: [analyst.key.pub]
bounds:
  amount: { lower: 0, upper: 1000 }
  half: { lower: 0, upper: 500 }
expressions:
  half: (amount + 1) * 0.5
bins:
  amount: [20, 40]
group_keys:
  town: [Aachen, Bonn, Celle]
`;

export function jobText(owner: string, recipient: string): string {
  return `datasets:
  visits:
    owner: ${owner}
    from: s3://flow/visits/
group_by: [town]
select:
  - count
  - { count_units: "*", as: people }
  - { sum: amount, as: total }
order_by: [town]
recipient: ${recipient}
`;
}

/** 60 people in Aachen and Bonn, three visits each, and two in Celle, who are too few to be shown. */
function visits(): string {
  const rows = ["person,name,town,amount"];
  for (let person = 0; person < 62; person++) {
    const town = person >= 60 ? "Celle" : person % 2 === 0 ? "Aachen" : "Bonn";
    for (let visit = 0; visit < 3; visit++) {
      rows.push(`p${person},"Name, ${person}",${town},${person}.${visit}5`);
    }
  }
  return `${rows.join("\r\n")}\r\n`;
}

export async function must(args: readonly string[]): Promise<JsonAnswer> {
  const found = await answer(args);
  assert.equal(found.exit, 0, `${args.join(" ")}: ${JSON.stringify(found.error)}`);
  return found;
}

/** `sealroom local` in a process of its own; the commands of the tests find it by the state. */
async function startLocal(state: string): Promise<Running & { readonly facts: Record<string, unknown> }> {
  const running = start(["local", "--state", state, "--json"]);
  const { stdout } = running.child;
  assert.ok(stdout);
  const ready = (await Promise.race([once(stdout, "data"), running.finished.then(() => [""])])) as [string];
  assert.notEqual(ready[0], "", "sealroom local did not start");
  return { ...running, facts: JSON.parse(ready[0]) as Record<string, unknown> };
}

export async function startFlow(): Promise<Flow> {
  const directory = await mkdtemp(join(tmpdir(), "sealroom-flow-"));
  const path = (name: string): string => join(directory, name);
  const state = path("state");
  const local = await startLocal(state);
  const { thumbprint } = await must(["keygen", path("owner.key")]);
  await must(["keygen", path("analyst.key"), "--recipient"]);
  await must(["keygen", path("stranger.key"), "--recipient"]);
  const owner = String(thumbprint);
  const facts = local.facts as { roles: Record<string, string>; measurements: string; simulatedRoot: string };
  const policy = async (...epochs: readonly string[]): Promise<void> => {
    const { policy: document } = await must([
      ...["policy", "kms", "--measurements", facts.measurements, "--owner", owner, "--dataset", "visits"],
      ...["--owner-role", facts.roles["owner"] ?? "", "--enclave-role", facts.roles["enclave"] ?? ""],
      ...["--break-glass-role", facts.roles["breakGlass"] ?? ""],
      ...epochs.flatMap((epoch) => ["--live-epoch", epoch]),
    ]);
    await writeFile(path("policy.json"), JSON.stringify(document));
  };
  await policy();
  const { keyArn } = await must(["local", "create-key", "--state", state, "--policy", path("policy.json")]);
  await Promise.all([
    writeFile(path("visits.csv"), visits()),
    writeFile(path("schema.yaml"), SCHEMA),
    writeFile(path("rules.yaml"), RULES),
    writeFile(path("job.yaml"), jobText(owner, "analyst.key.pub")),
    writeFile(path("unlisted.yaml"), jobText(owner, "stranger.key.pub")),
    mkdir(path("empty")),
  ]);
  const sealed = await must([
    ...["seal", path("visits.csv"), "--dataset", "visits", "--schema", path("schema.yaml")],
    ...["--rules", path("rules.yaml"), "--owner", path("owner.key"), "--kms-key", String(keyArn)],
    ...["--to", "s3://flow/visits/", "--state", state],
  ]);
  const makeLive = async (epoch: string): Promise<void> => {
    await policy(epoch);
    const key = ["--key", String(keyArn), "--policy", path("policy.json")];
    await must(["local", "put-key-policy", "--state", state, ...key]);
  };
  await makeLive(String(sealed["epoch"]));
  return {
    directory,
    state,
    owner,
    measurements: facts.measurements,
    simulatedRoot: facts.simulatedRoot,
    sealed,
    keyArn: String(keyArn),
    makeLive,
    jobs: { allowed: path("job.yaml"), unlisted: path("unlisted.yaml") },
    path,
    expectations: () => ({
      "--measurements": facts.measurements,
      "--nonce": NONCE,
      "--owner": `visits=${owner}`,
      "--job": path("job.yaml"),
      "--simulated-root": facts.simulatedRoot,
    }),
    stop: async () => {
      local.child.kill("SIGTERM");
      await local.finished;
      await rm(directory, { recursive: true, force: true });
    },
  };
}
