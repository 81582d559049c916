// `sealroom policy kms`: prints the key policy under which only measured images open a data set's key, and only for its
// owner and its live epochs. Asks nobody; the document is for whoever administers the key.
import type { Command } from "commander";
import { parseMeasurements } from "../core/attestation/measurements.ts";
import type { JsonObject } from "../core/json.ts";
import { encodeKeyPolicy, keyPolicy } from "../owner/key-policy.ts";
import { act, addNeeded, declare } from "./command.ts";
import type { Host, Session } from "./command.ts";
import { locate, usage } from "./fault.ts";
import { readText } from "./file.ts";
import type { Report } from "./output.ts";

interface Options {
  readonly measurements: readonly string[];
  readonly ownerRole: string;
  readonly enclaveRole: string;
  readonly breakGlassRole: string;
  readonly owner: string;
  readonly dataset: string;
  readonly liveEpoch?: readonly string[];
}

export function declarePolicy(parent: Command, host: Host): void {
  const policy = parent
    .command("policy")
    .summary("print policies for AWS")
    .description("Print policies for AWS.");
  const command = declare(policy, "kms", {
    summary: "print the KMS key policy that a data set needs",
    description:
      "Prints the policy of the KMS key: only these enclave images decrypt a data set's key, only for this owner and " +
      "these epochs; nobody else decrypts unattested, re-encrypts or grants. Without --live-epoch no enclave decrypts " +
      "anything: the policy to begin with, before the data set is sealed.",
    examples: [
      "sealroom policy kms --measurements measurements.json \\\n" +
        "      --owner-role arn:aws:iam::111122223333:role/owner \\\n" +
        "      --enclave-role arn:aws:iam::111122223333:role/enclave \\\n" +
        "      --break-glass-role arn:aws:iam::111122223333:role/break-glass \\\n" +
        "      --owner 3FMfm... --dataset flights --live-epoch 1790000000000 > policy.json",
    ],
  });
  addNeeded(
    command,
    "--measurements <file>",
    "what the image's build printed; may be repeated (roll-over)",
    "repeatable",
  );
  addNeeded(command, "--owner-role <arn>", "the role that seals");
  addNeeded(command, "--enclave-role <arn>", "the role of the enclave's parent");
  addNeeded(command, "--break-glass-role <arn>", "the role that may administer the key");
  addNeeded(command, "--owner <thumbprint>", "of the owner's signing key; `sealroom keygen` prints it");
  addNeeded(command, "--dataset <name>", "the data set");
  command.option("--live-epoch <n...>", "epochs whose manifests still work; `sealroom seal` prints them");
  act(command, host, printPolicy);
}

async function printPolicy(_session: Session, options: Options): Promise<Report> {
  const measurements = await Promise.all(
    options.measurements.map(async (path) => {
      const text = await readText(path);
      return locate(path, () => parseMeasurements(text));
    }),
  );
  const policy = keyPolicy({
    measurements,
    ownerRoleArn: options.ownerRole,
    enclaveRoleArn: options.enclaveRole,
    breakGlassRoleArn: options.breakGlassRole,
    owner: options.owner,
    dataset: options.dataset,
    liveEpochs: (options.liveEpoch ?? []).map(parseEpoch),
  });
  const text = encodeKeyPolicy(policy);
  return { exit: 0, json: { policy: JSON.parse(text) as JsonObject }, text: [text.trimEnd()] };
}

function parseEpoch(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw usage(`--live-epoch '${text}' is not a time in UTC milliseconds`);
  return Number(text);
}
