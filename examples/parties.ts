// What owner and analyst do in every act, by commands: keys and their policies, sealing, running and verifying.
import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DEMO, STATE } from "./stage.ts";
import type { Stage } from "./stage.ts";
import { ROOT, say, sealroom } from "./terminal.ts";

export const OWNER_KEY = `${DEMO}/owner.key`;

export interface Dataset {
  readonly name: string;
  readonly input: string;
  /** Further options of `seal`. */
  readonly options?: string;
  /** Further options of the key's policy. */
  readonly terms?: string;
}

/** A data set that jobs may read. */
export interface Live {
  readonly name: string;
  readonly keyArn: string;
  /** Digest of the manifest, which the owner tells the analyst. */
  readonly manifest: string;
}

export interface Job {
  readonly name: string;
  /** Further options of `run`. */
  readonly options?: string;
  /** How many lines of the verdict are shown. */
  readonly shown?: number;
}

/** The KMS key of a data set, under a policy that names the measured image and, as yet, no epoch. */
export async function createKey(stage: Stage, name: string, terms = ""): Promise<string> {
  const policy = await printPolicy(stage, name, terms);
  return (await sealroom(`local create-key --state ${STATE} --policy ${policy}`)).trim();
}

async function printPolicy(
  { roles, measurements, owner }: Stage,
  name: string,
  terms: string,
): Promise<string> {
  const policy = `${DEMO}/${name}.policy.json`;
  const text = await sealroom(
    `policy kms --measurements ${measurements} --owner-role ${roles.owner} --enclave-role ${roles.enclave} ` +
      `--break-glass-role ${roles.breakGlass} --owner ${owner} --dataset ${name}${terms}`,
    0,
  );
  await writeFile(join(ROOT, policy), text);
  say(`(the policy is in ${policy})`);
  return policy;
}

/** Has the key's policy list the epoch that `seal` or `sign` told. */
export async function makeLive(
  stage: Stage,
  { name, keyArn, terms = "" }: { readonly name: string; readonly keyArn: string; readonly terms?: string },
  told: string,
): Promise<Live> {
  const [, epoch, manifest] = /epoch +(\d+)\s+manifest +([0-9a-f]{96})\n/.exec(told) ?? [];
  if (epoch === undefined || manifest === undefined) throw new Error("no epoch and manifest were told");
  const policy = await printPolicy(stage, name, `${terms} --live-epoch ${epoch}`);
  await sealroom(`local put-key-policy --state ${STATE} --key ${keyArn} --policy ${policy}`);
  return { name, keyArn, manifest };
}

/** The owner's part: a key, sealed objects, and the epoch made live. */
export async function sealDataset(stage: Stage, dataset: Dataset): Promise<Live> {
  const keyArn = await createKey(stage, dataset.name, dataset.terms);
  return sealUnder(stage, dataset, keyArn);
}

export async function sealUnder(stage: Stage, dataset: Dataset, keyArn: string): Promise<Live> {
  const { name, input, options = "" } = dataset;
  const told = await sealroom(
    `seal ${input} --dataset ${name} --schema ${DEMO}/${name}.schema.yaml --rules ${DEMO}/${name}.rules.yaml ` +
      `--owner ${OWNER_KEY} --kms-key ${keyArn} --to s3://demo/${name}/ --state ${STATE}${options}`,
  );
  return makeLive(stage, { ...dataset, keyArn }, told);
}

/**
 * The analyst's part. The nonce is his own; it, the measurements and the owner's name are held from before the job.
 * Returns the nonce.
 */
export async function runAndVerify(
  stage: Stage,
  inputs: Live | readonly Live[],
  { name, options = "", shown = 3 }: Job,
): Promise<string> {
  const live = "name" in inputs ? [inputs] : inputs;
  const held = live
    .map(
      ({ name: dataset, manifest }) => `--owner ${dataset}=${stage.owner} --manifest ${dataset}=${manifest}`,
    )
    .join(" ");
  const job = `${DEMO}/${name}.yaml`;
  const out = `${DEMO}/out/${name}`;
  const nonce = randomBytes(32).toString("hex");
  const key = `--recipient-key ${DEMO}/analyst.key`;
  await sealroom(`run ${job} --out ${out} --nonce ${nonce} ${key} --state ${STATE}${options}`);
  await sealroom(
    `verify ${out} --measurements ${stage.measurements} --nonce ${nonce} ${held} ` +
      `--job ${job} ${key} --simulated-root ${stage.simulatedRoot}`,
    shown,
  );
  return nonce;
}
