// `sealroom doctor`: whether this machine, a laptop or a parent, can do what Sealroom needs of it, end to end, and what to
// type where it cannot. It changes nothing: what it starts to see whether it starts, it stops, in a directory of its own.
import { mkdtemp, rm, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import type { Command } from "commander";
import { SealroomError } from "../core/errors.ts";
import { fine, hasObstacle, obstacle } from "../host-driver/enclave/finding.ts";
import type { Finding } from "../host-driver/enclave/finding.ts";
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

/** Where the emulator's set-up leaves its parts, unless SEALROOM_EMULATOR says otherwise. */
const KIT = join(import.meta.dirname, "..", DEFAULT_STATE, "emulator");

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
  const { checkAddon, checkNode, checkSocketPath } = await import("../host-driver/doctor/node.ts");
  const { thisMachine } = await import("../host-driver/enclave/machine.ts");
  const { isParent, readParent } = await import("../host-driver/enclave/parent.ts");
  const parent = await readParent(thisMachine);
  const onParent = isParent(parent);
  progress.update("Looking at this machine ...");
  const findings = [
    checkNode(process.version),
    checkAddon(),
    checkSocketPath(tmpdir()),
    await checkRoom(state),
    await checkStandIns(),
    await checkKit(),
    ...(onParent ? await examineInstance(parent) : []),
    ...(onParent || aws === true ? await examineCloud() : []),
  ];
  const place = onParent ? "a parent" : "no parent";
  return {
    exit: hasObstacle(findings) ? 4 : 0,
    json: { parent: onParent, aws: onParent || aws === true, findings: encodeFindings(findings) },
    text: [...renderFindings(findings), "", `This machine is ${place}: ${summarize(findings)}.`],
  };
}

async function checkRoom(state: string): Promise<Finding> {
  const { checkDisk } = await import("../host-driver/doctor/node.ts");
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
  const state = await mkdtemp(join(tmpdir(), "sealroom-doctor-")).catch(() => null);
  if (state === null) {
    return obstacle(
      "stand-ins",
      `nothing can be written to ${tmpdir()}`,
      "their sockets lie there, and what sealing cannot keep in memory",
      ["export TMPDIR=/tmp"],
    );
  }
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
      ["sealroom local --state trial   # shows what they say"],
    );
  } finally {
    await rm(state, { recursive: true, force: true });
  }
}

async function checkKit(): Promise<Finding> {
  const { checkEmulator, readEmulator } = await import("../host-driver/doctor/emulator.ts");
  const { thisMachine } = await import("../host-driver/enclave/machine.ts");
  const given = process.env["SEALROOM_EMULATOR"];
  return checkEmulator(
    await readEmulator(thisMachine, given === undefined || given === "" ? KIT : resolve(given)),
  );
}

async function examineInstance(parent: ParentFacts): Promise<readonly Finding[]> {
  const { examineParent } = await import("../host-driver/doctor/parent.ts");
  return examineParent(parent);
}

async function examineCloud(): Promise<readonly Finding[]> {
  const { examineAws } = await import("../host-driver/doctor/aws.ts");
  return examineAws();
}
