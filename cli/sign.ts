// `sealroom sign`: signs a sealed data set's manifest again, with other rules, as a new epoch. The objects stay.
import type { Command } from "commander";
import { SHA384_HEX } from "../core/text/digest.ts";
import { parseLocation } from "../host-driver/location.ts";
import type { Signed } from "../owner/sign.ts";
import { addCloudOptions, openCloud } from "./cloud-options.ts";
import { act, addNeeded, collect, declare } from "./command.ts";
import type { Host, Session } from "./command.ts";
import { usage } from "./fault.ts";
import { checkDatasetName } from "./owner-options.ts";
import { locateForOwner } from "./owner-place.ts";
import { parseEnd } from "./number.ts";
import { renderFields } from "./output.ts";
import type { Report } from "./output.ts";
import { readOwner, readRules } from "./owner-files.ts";
import { signCopy } from "./sign-copy.ts";
import type { CopyOptions } from "./sign-copy.ts";

interface Options extends CopyOptions {
  readonly owner: string;
  readonly output?: string;
  readonly rules?: string;
  readonly notAfter?: string;
}

export function declareSign(parent: Command, host: Host): void {
  const command = declare(parent, "sign", {
    summary: "sign a manifest again with other rules, as a new epoch",
    description:
      "Signs a sealed data set's manifest again: with other rules, or another end of validity. The data key is wrapped " +
      "again under the new epoch; the objects stay as they are. The old epoch dies when the key policy no longer lists " +
      "it. With --output, makes a data set of a copy with tokens: verifies the receipt of the job that made it, wraps " +
      "its key as a data set's, and signs.",
    examples: [
      "sealroom sign s3://bucket/visits/ --dataset visits --owner owner.key \\\n      --manifest 7390cc96... --rules rules.yaml",
      "sealroom sign s3://bucket/copy/ --dataset visits-research \\\n      --owner owner.key --output out --manifest 7390cc96... \\\n      --rules copy-rules.yaml --job tokenize.yaml --nonce 5e3c... \\\n      --measurements measurements.json",
    ],
  }).argument("<location>", "s3://bucket/prefix/, where the data set lies");
  addNeeded(command, "--dataset <name>", "the data set's name");
  addNeeded(command, "--owner <key>", "the owner's private key file");
  addNeeded(
    command,
    "--manifest <digest>",
    "the manifest to sign again, as `seal` or `sign` printed it: what is stored may be older; with --output, the " +
      "manifest of the job's input",
  );
  command
    .option("--rules <file>", "the new rules; the stored ones are kept if not given")
    .option(
      "--output <dir>",
      "sign the copy that a tokenization job made: what `sealroom run --out DIR` wrote; needs --rules for the copy, " +
        "and what `sealroom verify` needs",
    )
    .option("--job <file>", "with --output: the job, compiled again on this machine")
    .option("--nonce <hex>", "with --output: the nonce that was given to the job")
    .option(
      "--measurements <file>",
      "with --output: what the image's build printed; may be repeated",
      collect,
    )
    .option("--simulated-root <file>", "with --output: accept an enclave simulated under this root")
    .option("--not-after <time>", "when the manifest ends, as 2027-01-31 (default: a year from now)");
  act(addCloudOptions(command), host, sign);
}

async function sign(session: Session, options: Options, location: string): Promise<Report> {
  const at = parseLocation(location);
  const { dataset, manifest, notAfter } = options;
  if (!SHA384_HEX.test(manifest)) throw usage("--manifest: not 96 hex digits");
  checkDatasetName("--dataset", dataset);
  const validity = notAfter === undefined ? {} : { notAfter: parseEnd("--not-after", notAfter) };
  const ownerKey = await readOwner(options.owner);
  const rules = options.rules === undefined ? null : await readRules(options.rules);
  if (options.output !== undefined) {
    if (rules === null) throw usage("--output needs --rules: what may be done with the copy");
    return signCopy(session, options, { at, ownerKey, rules, output: options.output, ...validity });
  }
  const { signDataset } = await import("../owner/sign.ts");
  const { findManifest } = await import("../owner/manifests.ts");
  const cloud = await openCloud(session, options);
  try {
    const s3 = cloud.s3("owner");
    const signed = await locateForOwner({ data: location, rules: options.rules, location }, async () => {
      // Its key says in which region KMS is asked; signDataset judges the manifest.
      const keyArn = (await findManifest({ s3, place: at }))?.manifest.keyArn ?? "";
      const kms = cloud.kms("owner", keyArn);
      return signDataset({ dataset, at, manifest, rules, ownerKey, s3, kms, nowMs: Date.now(), ...validity });
    });
    return describe(dataset, signed);
  } finally {
    await cloud.close();
  }
}

function describe(dataset: string, { owner, epoch, previousEpoch, manifestDigest }: Signed): Report {
  return {
    exit: 0,
    json: { dataset, owner, epoch, previousEpoch, manifest: manifestDigest },
    text: [
      `Signed ${dataset} again`,
      ...renderFields([
        ["owner", owner],
        ["epoch", String(epoch)],
        ["manifest", manifestDigest],
        ["before", String(previousEpoch)],
        [
          "next",
          `jobs fail until the key policy lists the epoch: sealroom policy kms ... --live-epoch ${epoch}`,
        ],
      ]),
    ],
  };
}
