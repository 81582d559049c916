// `sealroom doctor`: whether this machine, a laptop or a parent, can do what Sealroom needs of it, end to end, and what to
// type where it cannot. It changes nothing: what it starts to see whether it starts, it stops, in a directory of its own.
import { mkdtemp, rm, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import type { Command } from "commander";
import { SealroomError } from "../core/errors.ts";
import { checkAddon, checkDisk, checkNode, checkSocketPath } from "../host-driver/doctor/node.ts";
import { checkParent } from "../host-driver/enclave/checks.ts";
import { fine, hasObstacle, obstacle, warning } from "../host-driver/enclave/finding.ts";
import type { Finding } from "../host-driver/enclave/finding.ts";
import { thisMachine } from "../host-driver/enclave/machine.ts";
import { isParent, readParent } from "../host-driver/enclave/parent.ts";
import type { ParentFacts } from "../host-driver/enclave/parent.ts";
import { act, declare } from "./command.ts";
import type { Host, Session } from "./command.ts";
import { DEFAULT_STATE } from "./cloud-options.ts";
import { consequenceOf } from "./exit.ts";
import { encodeFindings, renderFindings, summarize } from "./findings.ts";
import type { Report } from "./output.ts";

interface Options {
  readonly aws?: boolean;
  readonly state: string;
}

const ANSWER_MS = 5_000;

export function declareDoctor(parent: Command, host: Host): void {
  const command = declare(parent, "doctor", {
    summary: "say what this machine lacks, and what to type",
    description:
      "Checks a laptop or a parent end to end: Node, the native addon, the embedded stand-ins, the emulator; on an EC2 " +
      "instance the enclave device, nitro-cli, the allocator, CPUs, hugepages, kernel, vsock and the metadata service; " +
      "there or with --aws also credentials and the clock against S3 and KMS. Each line is OK, WARN or FIX with what to " +
      "type. Changes nothing. Exit 4 if anything has to be mended.",
    examples: ["sealroom doctor", "sealroom doctor --aws --json"],
  })
    .option(
      "--aws",
      "check credentials, and the clock against S3 and KMS, on a machine that is no parent too",
    )
    .option("--state <dir>", "where the embedded stand-ins keep their state", DEFAULT_STATE);
  act(command, host, examine);
}

async function examine({ progress }: Session, { aws, state }: Options): Promise<Report> {
  const parent = await readParent(thisMachine);
  const onParent = isParent(parent);
  progress.update("Looking at this machine ...");
  const findings = [
    checkNode(process.version),
    checkAddon(),
    checkSocketPath(tmpdir()),
    await checkRoom(state),
    await checkStandIns(),
    await checkKit(state),
    ...(onParent ? await examineParent(parent) : []),
    ...(onParent || aws === true ? await examineAws() : []),
  ];
  const place = onParent ? "a parent" : "no parent";
  return {
    exit: hasObstacle(findings) ? 4 : 0,
    json: { parent: onParent, aws: onParent || aws === true, findings: encodeFindings(findings) },
    text: [...renderFindings(findings), "", `This machine is ${place}: ${summarize(findings)}.`],
  };
}

async function checkRoom(state: string): Promise<Finding> {
  const directory = resolve(state);
  for (let at = directory; ; at = dirname(at)) {
    try {
      const { bavail, bsize } = await statfs(at);
      return checkDisk(directory, bavail * bsize);
    } catch (error) {
      if (at === dirname(at)) throw error;
    }
  }
}

/** By starting them, an enclave too, on a state that nobody else has. */
async function checkStandIns(): Promise<Finding> {
  const { spawnLocal } = await import("./local-process.ts");
  const state = await mkdtemp(join(tmpdir(), "sealroom-doctor-"));
  try {
    const local = await spawnLocal({ state, enclave: "with-enclave" });
    await local.close();
    return fine("stand-ins", "S3, KMS and enclave start and stop");
  } catch (error) {
    if (!(error instanceof SealroomError)) throw error;
    const { output } = error.details;
    return obstacle(
      "stand-ins",
      `they do not start: ${error.message} (${error.code})${typeof output === "string" && output !== "" ? `: ${output}` : ""}`,
      `without --aws every command uses them. ${consequenceOf(error.code).advice}`,
      ["sealroom local --state /tmp/trial   # shows what they say"],
    );
  } finally {
    await rm(state, { recursive: true, force: true });
  }
}

async function checkKit(state: string): Promise<Finding> {
  const { checkEmulator, readEmulator } = await import("../host-driver/doctor/emulator.ts");
  const given = process.env["SEALROOM_EMULATOR"];
  const folder = given === undefined || given === "" ? join(state, "emulator") : given;
  return checkEmulator(await readEmulator(thisMachine, resolve(folder)));
}

async function examineParent(parent: ParentFacts): Promise<readonly Finding[]> {
  const { findNitroCli, describeEnclaves } = await import("../host-driver/enclave/nitro-cli.ts");
  const { askMetadata, checkMetadata } = await import("../host-driver/doctor/metadata.ts");
  const version = await findNitroCli().catch(refused);
  if (typeof version === "object" && version !== null)
    return [...checkParent(parent, { version: null }), version];
  const findings = checkParent(parent, { version });
  const imds = parent.vendor === "Amazon EC2" ? [checkMetadata(await askMetadata())] : [];
  if (version === null || hasObstacle(findings)) return [...findings, ...imds];
  const running = await describeEnclaves().catch(refused);
  if (!Array.isArray(running)) return [...findings, running as Finding, ...imds];
  const debug = running.filter(({ mode }) => mode === "debug").map(({ id }) => id);
  const enclaves =
    debug.length === 0
      ? fine("enclaves", `${running.length} of 4 run, none in debug mode`)
      : obstacle(
          "enclaves",
          `${debug.join(", ")} runs in debug mode`,
          "the parent reads its memory; `sealroom enclave start` never starts one so: find out who did",
          debug.map((id) => `sealroom enclave stop ${id}`),
        );
  return [...findings, enclaves, ...imds];
}

/** nitro-cli's own failure is a finding as well. */
function refused(error: unknown): Finding {
  if (!(error instanceof SealroomError)) throw error;
  const { nitroError, meaning } = error.details;
  const code = nitroError === undefined ? error.code : String(nitroError);
  return obstacle(
    "nitro-cli",
    `${error.message} (${code})`,
    meaning === undefined ? consequenceOf(error.code).advice : String(meaning),
    ["nitro-cli describe-enclaves"],
  );
}

async function examineAws(): Promise<readonly Finding[]> {
  const { askDate, checkSkew } = await import("../host-driver/doctor/clock.ts");
  const { S3Client } = await import("@aws-sdk/client-s3");
  const s3 = new S3Client({});
  try {
    const region = await s3.config.region().catch(() => null);
    if (region === null || region === "") {
      return [
        obstacle("region", "no AWS region is set", "S3 and KMS are asked in a region", [
          "export AWS_REGION=eu-central-1",
        ]),
      ];
    }
    const hosts = [`s3.${region}.amazonaws.com`, `kms.${region}.amazonaws.com`];
    const answers = await Promise.all(
      hosts.map(async (name) => checkSkew(name, await askDate(name, ANSWER_MS))),
    );
    return [fine("region", region), await checkCredentials(s3.config.credentials), ...answers];
  } finally {
    s3.destroy();
  }
}

async function checkCredentials(
  find: () => Promise<{ readonly sessionToken?: string; readonly expiration?: Date }>,
): Promise<Finding> {
  try {
    const { sessionToken, expiration } = await find();
    if (sessionToken === undefined) {
      return warning(
        "credentials",
        "they are a user's, and never expire",
        "they pass through the host to the enclave: a role's last for hours",
        ["aws sts get-caller-identity"],
      );
    }
    return fine(
      "credentials",
      expiration === undefined ? "a role's" : `a role's, until ${expiration.toISOString()}`,
    );
  } catch {
    return obstacle(
      "credentials",
      "no AWS credentials were found",
      "on a parent they are those of the instance's role; elsewhere of a profile or the environment",
      ["aws sts get-caller-identity"],
    );
  }
}
