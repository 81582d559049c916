// `sealroom local`: the embedded S3, KMS and enclave in the foreground, and what their administrator does with them.
import type { Command } from "commander";
import { SealroomError } from "../core/errors.ts";
import { parseJson } from "../core/json.ts";
import { act, addNeeded, declare } from "./command.ts";
import type { Host, Session } from "./command.ts";
import { DEFAULT_STATE } from "./cloud-options.ts";
import type { Cloud } from "./cloud.ts";
import { FaultAt, locate, usage } from "./fault.ts";
import { readText } from "./file.ts";
import { announce, spawnLocal, startLocal } from "./local-process.ts";
import type { LocalEndpoints } from "./local-process.ts";
import { renderFields, wrap } from "./output.ts";
import type { Report } from "./output.ts";

interface StateOption {
  readonly state: string;
}

export function declareLocal(parent: Command, host: Host): void {
  const local = declare(parent, "local", {
    summary: "run the embedded S3, KMS and enclave in the foreground",
    description:
      "Starts stand-ins for S3, KMS and a Nitro Enclave on this machine and prints how to reach them. Commands on the " +
      "same state use them while they run; other commands start their own. Nothing is protected from this machine: " +
      "the enclave is simulated. Ctrl-C ends it.",
    examples: [
      "sealroom local",
      "sealroom local status",
      "sealroom local create-key --policy policy.json",
      "sealroom local put-key-policy --key arn:aws:kms:us-east-1:...:key/... \\\n      --policy policy.json",
    ],
  });
  act(addState(local), host, serve);

  const status = declare(local, "status", {
    summary: "print where state, measurements, root and roles are",
    examples: ["sealroom local status", "sealroom local status --state trial --json"],
  });
  act(addState(status), host, showStatus);

  const create = declare(local, "create-key", {
    summary: "make a KMS key with a policy, as the break-glass role",
    examples: ["sealroom local create-key --policy policy.json"],
  });
  addNeeded(create, "--policy <file>", "key policy, as `sealroom policy kms` prints it");
  act(addState(create), host, createKey);

  const put = declare(local, "put-key-policy", {
    summary: "replace a KMS key's policy, as the break-glass role",
    examples: ["sealroom local put-key-policy --key arn:aws:kms:... --policy policy.json"],
  });
  addNeeded(put, "--key <arn>", "the key");
  addNeeded(put, "--policy <file>", "key policy, as `sealroom policy kms` prints it");
  act(addState(put), host, putKeyPolicy);
}

function addState(command: Command): Command {
  return command.option("--state <dir>", "where the stand-ins keep their state", DEFAULT_STATE);
}

/** Returns when all is up; the child keeps this process alive until it ends. */
async function serve({ progress, signal }: Session, { state }: StateOption): Promise<Report> {
  const local = await spawnLocal({ state, enclave: "with-enclave", complaints: "show" });
  const retract = await announce(state, local);
  signal.addEventListener("abort", () => void retract().then(() => local.close()));
  void local.ended.then(async () => {
    await retract();
    if (signal.aborted) return;
    progress.note("The embedded stand-ins ended by themselves.");
    process.exitCode = 4;
  });
  const { endpoints } = local;
  const environment = ownerEnvironment(endpoints);
  return {
    exit: 0,
    json: { ...describe(endpoints, state), environment },
    text: [
      "The embedded stand-ins are up. Ctrl-C ends them.",
      ...renderFields(fields(endpoints, state)),
      "",
      "For AWS's own tools, as the data's owner:",
      ...Object.entries(environment).map(([name, value]) => `  export ${name}=${value}`),
    ],
  };
}

/** By which AWS's own tools reach the stand-ins. */
function ownerEnvironment({
  region,
  s3,
  kms,
  kmsAuthority,
  credentials,
}: LocalEndpoints): Record<string, string> {
  return {
    AWS_REGION: region,
    AWS_ENDPOINT_URL_S3: s3,
    AWS_ENDPOINT_URL_KMS: kms,
    AWS_CA_BUNDLE: kmsAuthority,
    NODE_EXTRA_CA_CERTS: kmsAuthority,
    AWS_ACCESS_KEY_ID: credentials.owner.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.owner.secretAccessKey,
    AWS_SESSION_TOKEN: credentials.owner.sessionToken,
  };
}

async function showStatus(_session: Session, { state }: StateOption): Promise<Report> {
  const local = await startLocal({ state, enclave: "services-only" });
  try {
    const running = !local.isOwn;
    return {
      exit: 0,
      json: { running, ...describe(local.endpoints, state) },
      text: [
        running
          ? "The embedded stand-ins are running."
          : "The embedded stand-ins work; they are not running now.",
        ...renderFields(fields(local.endpoints, state).slice(running ? 0 : 3)),
      ],
    };
  } finally {
    await local.close();
  }
}

async function createKey(
  session: Session,
  { state, policy }: StateOption & { policy: string },
): Promise<Report> {
  const document = await readPolicy(policy);
  const { CreateKeyCommand } = await import("@aws-sdk/client-kms");
  return withKms(session, state, async (cloud) => {
    const kms = cloud.kms("breakGlass", "");
    const { KeyMetadata } = await asking(policy, "", () =>
      kms.send(new CreateKeyCommand({ Policy: document })),
    );
    const arn = KeyMetadata?.Arn ?? "";
    return { exit: 0, json: { keyArn: arn }, text: [arn] };
  });
}

async function putKeyPolicy(
  session: Session,
  { state, key, policy }: StateOption & { key: string; policy: string },
): Promise<Report> {
  const document = await readPolicy(policy);
  const { PutKeyPolicyCommand } = await import("@aws-sdk/client-kms");
  return withKms(session, state, async (cloud) => {
    const kms = cloud.kms("breakGlass", key);
    await asking(policy, key, () => kms.send(new PutKeyPolicyCommand({ KeyId: key, Policy: document })));
    return { exit: 0, json: { keyArn: key }, text: wrap(`The policy of ${key} is now that of ${policy}.`) };
  });
}

/** What the embedded KMS refuses of what was given, at its place. */
async function asking<Value>(policy: string, key: string, ask: () => Promise<Value>): Promise<Value> {
  try {
    return await locate("local KMS", ask);
  } catch (error) {
    const cause = error instanceof FaultAt ? error.cause : error;
    const name = cause instanceof Error ? cause.name : "";
    if (name === "MalformedPolicyDocumentException") {
      throw new FaultAt(policy, new SealroomError("KEYPOLICY_SYNTAX", { kms: name }, { cause }));
    }
    if (name === "NotFoundException") throw usage(`the embedded KMS has no key ${key}`);
    throw error;
  }
}

async function withKms(
  session: Session,
  state: string,
  work: (cloud: Cloud) => Promise<Report>,
): Promise<Report> {
  const { openLocalCloud } = await import("./cloud.ts");
  const cloud = await openLocalCloud({ state, enclave: "services-only" }, session.progress);
  try {
    return await work(cloud);
  } finally {
    await cloud.close();
  }
}

async function readPolicy(path: string): Promise<string> {
  const text = await readText(path);
  await locate(path, () => parseJson(text));
  return text;
}

function describe(endpoints: LocalEndpoints, state: string): Report["json"] {
  const { s3, kms, kmsAuthority, region, sockets, measurements, simulatedRoot, roles } = endpoints;
  const enclave = sockets === null ? null : `unix:${sockets}`;
  return { state, s3, kms, kmsAuthority, region, enclave, measurements, simulatedRoot, roles: { ...roles } };
}

function fields(endpoints: LocalEndpoints, state: string): readonly (readonly [string, string])[] {
  const { s3, kms, kmsAuthority, sockets, measurements, simulatedRoot, roles } = endpoints;
  return [
    ["S3", s3],
    ["KMS", `${kms} (its CA: ${kmsAuthority})`],
    ["enclave", sockets === null ? "none" : `unix:${sockets}`],
    ["state", state],
    ["measurements", measurements],
    ["simulated root", simulatedRoot],
    ["owner role", roles.owner],
    ["enclave role", roles.enclave],
    ["break-glass role", roles.breakGlass],
  ];
}
