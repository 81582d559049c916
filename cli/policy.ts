// `sealroom policy`: key policies for KMS, and `policy kms`, which prints the one under which only measured images open
// an owner's keys. Asks nobody; the document is for whoever administers the key.
import type { Command } from "commander";
import type { JsonObject } from "../core/json.ts";
import { encodeKeyPolicy, keyPolicy } from "../owner/key-policy.ts";
import { act, addNeeded, collect, declare } from "./command.ts";
import type { Host, Session } from "./command.ts";
import { wrap } from "./output.ts";
import type { Report } from "./output.ts";
import { parseEpoch, parseToken, PUT_POLICY, readMeasurements } from "./policy-options.ts";

interface Options {
  readonly measurements: readonly string[];
  readonly ownerRole: string;
  readonly enclaveRole: string;
  readonly breakGlassRole: string;
  readonly owner: string;
  readonly dataset: string;
  readonly liveEpoch?: readonly string[];
  readonly tokenDomain?: readonly string[];
  readonly outputDataset?: readonly string[];
  /** False with --no-parent-role. */
  readonly parentRole: boolean;
}

const PARENT_LEFT_OUT =
  "PCR3 is left out: whoever has the enclave role's credentials (the host does, and can pass them on) may run this image " +
  "on an instance of his own, in an account where you see nothing and can stop nothing, and have it open your keys. The " +
  "image is still the measured one. Leave out --no-parent-role to allow only instances of the enclave's role.";

export function declarePolicy(parent: Command, host: Host): Command {
  const policy = parent
    .command("policy")
    .summary("print, check and change key policies for KMS")
    .description("Print, check and change key policies for KMS.");
  const command = declare(policy, "kms", {
    summary: "print the KMS key policy that a data set needs",
    description:
      "Prints the policy of the KMS key: only these enclave images, on instances of the enclave's role, open a data set's " +
      "key, only for this owner and these epochs; nobody else opens keys unattested, wraps, re-encrypts or grants. Without " +
      "--live-epoch no enclave opens the data set: the policy to begin with, before it is sealed. What to do next is " +
      "printed to standard error.",
    examples: [
      "sealroom policy kms --measurements measurements.json \\\n" +
        "      --owner-role arn:aws:iam::111122223333:role/owner \\\n" +
        "      --enclave-role arn:aws:iam::111122223333:role/enclave \\\n" +
        "      --break-glass-role arn:aws:iam::111122223333:role/break-glass \\\n" +
        "      --owner 3FMfm... --dataset flights \\\n" +
        "      --live-epoch 1790000000000 > policy.json",
    ],
  });
  addNeeded(
    command,
    "--measurements <file>",
    "what the image's build printed; may be repeated",
    "repeatable",
  );
  addNeeded(command, "--owner-role <arn>", "the role that seals");
  addNeeded(
    command,
    "--enclave-role <arn>",
    "the role of the enclave's parent instance, whose credentials it uses; PCR3 is made of it",
  );
  addNeeded(command, "--break-glass-role <arn>", "the role that may administer the key");
  addNeeded(command, "--owner <thumbprint>", "of the owner's signing key; `sealroom keygen` prints it");
  addNeeded(command, "--dataset <name>", "the data set");
  command
    .option(
      "--live-epoch <n>",
      "an epoch whose manifest still works; `sealroom seal` prints it; may be repeated",
      collect,
    )
    .option("--token-domain <name:version>", "a token key that enclaves may use; may be repeated", collect)
    .option(
      "--output-dataset <name>",
      "a data set that jobs may write sealed output for; may be repeated",
      collect,
    )
    .option("--no-parent-role", "leave PCR3 out: the image may run on anybody's instance");
  act(command, host, printPolicy);
  return policy;
}

async function printPolicy({ progress }: Session, options: Options): Promise<Report> {
  const policy = keyPolicy({
    measurements: await Promise.all(options.measurements.map(readMeasurements)),
    ownerRoleArn: options.ownerRole,
    enclaveRoleArn: options.enclaveRole,
    breakGlassRoleArn: options.breakGlassRole,
    parent: options.parentRole ? "enclave-role" : "anybody",
    owner: options.owner,
    dataset: options.dataset,
    liveEpochs: (options.liveEpoch ?? []).map((text) => parseEpoch("--live-epoch", text)),
    tokens: (options.tokenDomain ?? []).map((text) => parseToken("--token-domain", text)),
    outputs: options.outputDataset ?? [],
  });
  const warnings = options.parentRole ? [] : [PARENT_LEFT_OUT];
  const steps = nextSteps(options);
  const numbered = steps.map((step, index) => `${index + 1}. ${step}`);
  for (const line of [...warnings, ...numbered].flatMap((entry) => wrap(entry))) progress.note(line);
  const text = encodeKeyPolicy(policy);
  return {
    exit: 0,
    json: { policy: JSON.parse(text) as JsonObject, warnings, next: steps },
    text: [text.trimEnd()],
  };
}

function nextSteps({ dataset, liveEpoch = [] }: Options): readonly string[] {
  const lint = "Look at it: sealroom policy lint FILE";
  if (liveEpoch.length > 0) return [lint, PUT_POLICY];
  return [
    lint,
    "As the break-glass role, make the data set's key with it: aws kms create-key --policy file://FILE. (On the stand-ins: " +
      "sealroom local create-key --policy FILE.)",
    `No enclave opens ${dataset} under it. Once it is sealed, run this again with --live-epoch EPOCH: roll-over cannot ` +
      "read a policy without one.",
  ];
}
