// The options that say where S3, KMS and the enclave are. Loads nothing of AWS before it is needed.
import type { Command } from "commander";
import type { Cloud } from "./cloud.ts";
import type { Session } from "./command.ts";
import { usage } from "./fault.ts";

export interface CloudOptions {
  readonly aws?: boolean;
  readonly state?: string;
}

export interface EnclaveOptions extends CloudOptions {
  readonly local?: boolean;
  readonly enclave?: string;
}

export const DEFAULT_STATE = ".sealroom";

export function addCloudOptions(command: Command): Command {
  return command
    .option("--aws", "use AWS with the default credential chain, instead of the embedded stand-ins")
    .option("--state <dir>", `where the embedded stand-ins keep their state (default: ${DEFAULT_STATE})`);
}

export async function openCloud(session: Session, options: CloudOptions): Promise<Cloud> {
  return open(session, options, "services-only");
}

/** Starts the local enclave too, unless one is given by its address. */
export async function openCloudWithEnclave(session: Session, options: EnclaveOptions): Promise<Cloud> {
  const { aws, local, enclave } = options;
  if (aws === true && local === true) throw usage("--aws and --local exclude each other");
  if (aws === true && enclave === undefined) {
    throw usage("--aws needs --enclave ADDRESS: where does the enclave run?");
  }
  const onAws = local !== true && enclave !== undefined;
  return open(session, { ...options, aws: onAws }, enclave === undefined ? "with-enclave" : "services-only");
}

async function open(
  { progress }: Session,
  { aws, state }: CloudOptions,
  enclave: "with-enclave" | "services-only",
): Promise<Cloud> {
  if (aws === true && state !== undefined) {
    throw usage("--state belongs to the embedded stand-ins, not to AWS");
  }
  const { openAws, openLocalCloud } = await import("./cloud.ts");
  return aws === true
    ? openAws(progress)
    : openLocalCloud({ state: state ?? DEFAULT_STATE, enclave }, progress);
}
