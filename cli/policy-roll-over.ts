// `sealroom policy roll-over`: the next key policy after the one in force, with two images valid at once, or an old one
// out; the same for epochs and token keys. The policy goes to standard output, what to do with it to standard error.
import type { Command } from "commander";
import type { Measurements } from "../core/attestation/measurements.ts";
import type { JsonObject } from "../core/json.ts";
import { encodeKeyPolicy, keyPolicy } from "../owner/key-policy.ts";
import { readTerms } from "../owner/key-policy/read-terms.ts";
import { rollOver, type RollOver, type Turnover } from "../owner/key-policy/roll-over.ts";
import type { CheckedTerms, KeyPolicyTerms, TokenKey } from "../owner/key-policy/terms.ts";
import { act, collect, declare } from "./command.ts";
import type { Host, Session } from "./command.ts";
import { locate, usage } from "./fault.ts";
import { wrap } from "./output.ts";
import type { Report } from "./output.ts";
import { readPolicyText } from "./policy-file.ts";
import { parseEpoch, parseToken, PUT_POLICY, readMeasurements } from "./policy-options.ts";

interface Options {
  readonly add?: readonly string[];
  readonly retire?: readonly string[];
  readonly liveEpoch?: readonly string[];
  readonly retireEpoch?: readonly string[];
  readonly tokenDomain?: readonly string[];
  readonly retireToken?: readonly string[];
}

export function declareRollOver(policy: Command, host: Host): void {
  const command = declare(policy, "roll-over", {
    summary: "print the next key policy: a new image in beside the old one, or the old one out",
    description:
      "Reads the key policy in force, which has to be one that `policy kms` or this command printed, and prints the next " +
      "one. With --add the new image opens keys beside the old one; with --retire the old one no longer does. One without " +
      "a live epoch cannot be read: it does not name its data set, and is printed anew with `policy kms`. " +
      "What to do next is printed to standard error.",
    examples: [
      "sealroom policy roll-over policy.json --add new.measurements.json \\\n      > next.json",
      "sealroom policy roll-over next.json --retire old.measurements.json \\\n      > last.json",
      "sealroom policy roll-over policy.json --live-epoch 1790000000000 \\\n" +
        "      --retire-epoch 1780000000000 > next.json",
    ],
  })
    .argument("<policy>", "the key policy in force, as a file; also as `aws kms get-key-policy` prints it")
    .option("--add <file>", "measurements of an image that is to open keys too; may be repeated", collect)
    .option(
      "--retire <file>",
      "measurements of an image that is to open nothing any more; may be repeated",
      collect,
    )
    .option("--live-epoch <n>", "an epoch whose manifest is to work too; may be repeated", collect)
    .option("--retire-epoch <n>", "an epoch whose manifest is to work no more; may be repeated", collect)
    .option("--token-domain <name:version>", "a token key to add; may be repeated", collect)
    .option("--retire-token <name:version>", "a token key to take out; may be repeated", collect);
  act(command, host, printNext);
}

async function printNext({ progress }: Session, options: Options, file: string): Promise<Report> {
  const change = await readChange(options);
  const text = await readPolicyText(file);
  const terms = await locate(file, () => readTerms(text));
  const nextTerms = await locate(file, () => rollOver(terms, change));
  const next = await locate(file, () => keyPolicy(nextTerms));
  const steps = nextSteps(change);
  const warnings = [...goingBack(terms, change), ...closing(nextTerms)];
  const numbered = steps.map((step, index) => `${index + 1}. ${step}`);
  for (const line of [...changeLines(change), ...warnings, ...numbered].flatMap((entry) => wrap(entry))) {
    progress.note(line);
  }
  const printed = encodeKeyPolicy(next);
  return {
    exit: 0,
    json: { policy: JSON.parse(printed) as JsonObject, changed: describe(change), warnings, next: steps },
    text: [printed.trimEnd()],
  };
}

async function readChange(options: Options): Promise<RollOver> {
  const images = async (files: readonly string[] = []) => Promise.all(files.map(readMeasurements));
  const change: RollOver = {
    images: { add: await images(options.add), retire: await images(options.retire) },
    epochs: {
      add: (options.liveEpoch ?? []).map((text) => parseEpoch("--live-epoch", text)),
      retire: (options.retireEpoch ?? []).map((text) => parseEpoch("--retire-epoch", text)),
    },
    tokens: {
      add: (options.tokenDomain ?? []).map((text) => parseToken("--token-domain", text)),
      retire: (options.retireToken ?? []).map((text) => parseToken("--retire-token", text)),
    },
  };
  const turnovers: readonly Turnover<unknown>[] = Object.values(change);
  if (turnovers.every(({ add, retire }) => add.length === 0 && retire.length === 0)) {
    throw usage(
      "needed: one of --add, --retire, --live-epoch, --retire-epoch, --token-domain, --retire-token",
    );
  }
  return change;
}

function changeLines({ images, epochs, tokens }: RollOver): readonly string[] {
  return [
    ...lines("image with PCR0", images, (image) => image[0]),
    ...lines("epoch", epochs, String),
    ...lines("token key", tokens, tokenName),
  ];
}

/** A policy does not remember what was retired from it; epochs and versions that go back say so. */
function goingBack({ liveEpochs, tokens: current }: CheckedTerms, { epochs, tokens }: RollOver): string[] {
  const newest = Math.max(0, ...liveEpochs);
  return [
    ...epochs.add
      .filter((epoch) => epoch < newest)
      .map(
        (epoch) =>
          `Warning: epoch ${epoch} is older than ${newest}, which is live. If it was retired, its manifests, and the ` +
          "rules in them, open the data again.",
      ),
    ...tokens.add
      .filter(({ domain, version }) =>
        current.some((token) => token.domain === domain && token.version > version),
      )
      .map(
        (token) =>
          `Warning: ${tokenName(token)} is older than a live version of its domain. If it was retired, what was made ` +
          "under it can be opened again.",
      ),
  ];
}

/** Without an epoch a policy says too little to be the start of the next one. */
function closing({ liveEpochs, dataset }: KeyPolicyTerms): readonly string[] {
  if (liveEpochs.length > 0) return [];
  return [
    `Warning: no epoch is left, so no enclave opens ${dataset}, and this command cannot read the policy that it prints. ` +
      "To open the data set again, print one anew: sealroom policy kms ... --live-epoch EPOCH",
  ];
}

function lines<Value>(
  kind: string,
  { add, retire }: Turnover<Value>,
  nameOf: (value: Value) => string,
): readonly string[] {
  return [
    ...add.map((value) => `Added: ${kind} ${nameOf(value)}`),
    ...retire.map((value) => `Retired: ${kind} ${nameOf(value)}`),
  ];
}

function tokenName({ domain, version }: TokenKey): string {
  return `${domain}:${version}`;
}

function nextSteps({ images, epochs, tokens }: RollOver): readonly string[] {
  const steps = [PUT_POLICY];
  if (images.add.length > 0) {
    steps.push(
      "Start the new image. Until one is retired, the old and the new one open keys.",
      "Run a job on it, and hold its receipt against the new measurements: sealroom verify DIR --measurements FILE ...",
      "When nothing needs the old image, take it out: sealroom policy roll-over FILE --retire OLD_MEASUREMENTS",
    );
  }
  if (images.retire.length > 0) {
    steps.push(
      "Stop what still runs the retired image: its jobs fail with KMS_DENIED from now on. Receipts that it made before " +
        "stay true; whether to accept them is for whoever holds its measurements.",
    );
  }
  if (epochs.retire.length > 0) {
    steps.push("Jobs on manifests of the retired epochs fail with KMS_DENIED from now on.");
  }
  if (tokens.retire.length > 0) {
    steps.push("Jobs that need a retired token key fail with KMS_DENIED from now on.");
  }
  return steps;
}

function describe({ images, epochs, tokens }: RollOver): JsonObject {
  const named = (list: readonly Measurements[]) => list.map((image) => ({ ...image }));
  return {
    images: { added: named(images.add), retired: named(images.retire) },
    epochs: { added: epochs.add, retired: epochs.retire },
    tokens: { added: tokens.add.map(tokenName), retired: tokens.retire.map(tokenName) },
  };
}
