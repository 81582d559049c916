// `sealroom seal`: encrypts files into a sealed data set and signs its manifest. With --init it proposes the two files
// that say what the columns are and what may be done with them.
import type { Command } from "commander";
import { parseLocation } from "../host-driver/location.ts";
import type { S3Location } from "../host-driver/location.ts";
import type { Sealed, SealProgress, SealRequest } from "../owner/seal.ts";
import { addCloudOptions, openCloud } from "./cloud-options.ts";
import type { CloudOptions } from "./cloud-options.ts";
import type { Cloud } from "./cloud.ts";
import { act, declare } from "./command.ts";
import type { Host, Session } from "./command.ts";
import { InterruptionLeft, usage } from "./fault.ts";
import { checkDatasetName, checkKeyArn } from "./owner-options.ts";
import { locateForOwner } from "./owner-place.ts";
import { parseCount, parseEnd } from "./number.ts";
import { renderBytes, renderFields } from "./output.ts";
import type { Report } from "./output.ts";
import { readOwner, readRules, readSchema } from "./owner-files.ts";
import { renderBar } from "./progress.ts";
import { proposeFor } from "./seal-init.ts";

interface Options extends CloudOptions {
  readonly init?: boolean;
  readonly unit?: string;
  readonly dataset?: string;
  readonly schema?: string;
  readonly rules?: string;
  readonly owner?: string;
  readonly kmsKey?: string;
  readonly to?: string;
  readonly rowsPerObject?: string;
  readonly memory?: string;
  readonly notAfter?: string;
}

const NEEDED = ["dataset", "schema", "rules", "owner", "kmsKey", "to"] as const;
const FLAGS: Readonly<Record<(typeof NEEDED)[number], string>> = {
  dataset: "--dataset <name>",
  schema: "--schema <file>",
  rules: "--rules <file>",
  owner: "--owner <key>",
  kmsKey: "--kms-key <arn>",
  to: "--to <s3://bucket/prefix/>",
};

export function declareSeal(parent: Command, host: Host): void {
  const command = declare(parent, "seal", {
    summary: "encrypt a data set and sign its manifest",
    description:
      "Reads CSV, Parquet or Arrow files of equal columns, brings rows of a unit together, encrypts them into objects " +
      "under a key that KMS draws, and signs the manifest when all are stored. With --init it proposes schema.yaml and " +
      "rules.yaml for the input instead.",
    examples: [
      "sealroom seal --init visits.csv --unit visitor_id",
      "sealroom seal visits.csv --dataset visits --schema schema.yaml \\\n" +
        "      --rules rules.yaml --owner owner.key --kms-key arn:aws:kms:...:key/... \\\n" +
        "      --to s3://bucket/visits/",
    ],
  })
    .argument("<input...>", "CSV, Parquet or Arrow files")
    .option("--init", "propose a schema and rules for the input (schema.yaml and rules.yaml, or as named)")
    .option("--unit <column>", "with --init: the column that says whose row it is, or `row`")
    .option("--dataset <name>", "the data set's name, in manifests, policies and jobs")
    .option("--schema <file>", "types and roles of the columns")
    .option("--rules <file>", "what may be done with the data")
    .option("--owner <key>", "the owner's private key file")
    .option("--kms-key <arn>", "full ARN of the KMS key that wraps the data key")
    .option("--to <s3://bucket/prefix/>", "where the sealed objects and the manifest go")
    .option("--rows-per-object <n>", "rows in an object (a unit is never split)")
    .option(
      "--memory <mib>",
      "the most memory for reading and sorting, in MiB (default 1024); what is more is kept encrypted in TMPDIR",
    )
    .option("--not-after <time>", "when the manifest ends, as 2027-01-31 (default: a year from now)");
  act(addCloudOptions(command), host, seal);
}

async function seal(session: Session, options: Options, inputs: readonly string[]): Promise<Report> {
  if (options.init === true) return proposeFor(inputs, options);
  if (options.unit !== undefined) throw usage("--unit belongs to --init; schema.yaml has the unit otherwise");
  const given = checkGiven(options);
  const place = parseLocation(given.to);
  checkDatasetName("--dataset", given.dataset);
  checkKeyArn("--kms-key", given.kmsKey);
  const choices = await parseChoices(options);
  const ownerKey = await readOwner(given.owner);
  const schema = await readSchema(given.schema);
  const rules = await readRules(given.rules);
  const { sealDataset } = await import("../owner/seal.ts");
  const cloud = await openCloud(session, options);
  try {
    await makeLocalBucket(cloud, place);
    const places = {
      data: inputs.join(" "),
      schema: given.schema,
      rules: given.rules,
      location: given.to,
      key: given.kmsKey,
    };
    const nowMs = Date.now();
    let seen: SealProgress | null = null;
    const sealed = await locateForOwner(places, () =>
      sealDataset({
        inputs,
        dataset: given.dataset,
        schema,
        rules,
        ownerKey,
        keyArn: given.kmsKey,
        to: place,
        s3: cloud.s3("owner"),
        kms: cloud.kms("owner", given.kmsKey),
        nowMs,
        signal: session.signal,
        onProgress: (progress) => {
          seen = progress;
          session.progress.update(renderProgress(progress));
        },
        ...choices,
      }),
    ).catch((error: unknown) => {
      throw session.signal.aborted && seen !== null ? leftBehind(given.to, nowMs, seen, error) : error;
    });
    return describe(given.dataset, given.to, sealed);
  } finally {
    await cloud.close();
  }
}

/**
 * The owner's role need not be able to delete objects, so they stay; without a manifest they are of no use to anybody.
 * Once the manifest is on its way, nobody here knows whether it arrived, and then they are the data set.
 */
function leftBehind(to: string, epoch: number, { step, objects }: SealProgress, error: unknown): unknown {
  if (objects === 0) return error;
  const which = objects === 1 ? "1 sealed object lies" : `${objects} sealed objects lie`;
  const place = `${which} below ${to}${epoch}/`;
  return new InterruptionLeft(
    step === "sign"
      ? `the manifest may have been written or not. ${place}: delete nothing before you have looked.`
      : `no manifest was written. ${place}, which nothing names: delete them when you like.`,
  );
}

type Given = Readonly<Record<(typeof NEEDED)[number], string>>;

/** --init needs none of these, so commander cannot demand them. */
function checkGiven(options: Options): Given {
  const missing = NEEDED.filter((name) => options[name] === undefined);
  if (missing.length > 0) throw usage(`needed: ${missing.map((name) => FLAGS[name]).join(", ")}`);
  return options as Given;
}

type Choices = Pick<SealRequest, "rowsPerObject" | "notAfter" | "limits">;

/** What has a default: left out where it is not given. */
async function parseChoices({ rowsPerObject, memory, notAfter }: Options): Promise<Choices> {
  const { DEFAULT_LIMITS } = await import("../owner/read/database.ts");
  const limits = (mebibytes: number): Choices => ({
    limits: { ...DEFAULT_LIMITS, memoryBytes: mebibytes * 1024 * 1024 },
  });
  return {
    ...(rowsPerObject === undefined ? {} : { rowsPerObject: parseCount("--rows-per-object", rowsPerObject) }),
    ...(memory === undefined ? {} : limits(parseCount("--memory", memory))),
    ...(notAfter === undefined ? {} : { notAfter: parseEnd("--not-after", notAfter) }),
  };
}

/** The embedded S3 has the bucket that is named; on AWS it is the owner's to make, with a policy of its own. */
async function makeLocalBucket(cloud: Cloud, { bucket }: S3Location): Promise<void> {
  if (cloud.local === null) return;
  const { BucketAlreadyOwnedByYou, CreateBucketCommand } = await import("@aws-sdk/client-s3");
  try {
    await cloud.s3("owner").send(new CreateBucketCommand({ Bucket: bucket }));
  } catch (error) {
    if (!(error instanceof BucketAlreadyOwnedByYou)) throw error;
  }
}

const STEP_WORDS = { read: "reading", survey: "checking types and values", seal: "sealing", sign: "signing" };

function renderProgress({ step, rows, totalRows, sealedBytes, objects }: SealProgress): string {
  if (step === "survey" && rows > 0) return `${STEP_WORDS.survey} ... ${rows} rows`;
  if (step !== "seal" || totalRows === 0) return `${STEP_WORDS[step]} ...`;
  return `${renderBar(rows, totalRows)} ${rows} of ${totalRows} rows, ${objects} objects, ${renderBytes(sealedBytes)}`;
}

function describe(dataset: string, to: string, sealed: Sealed): Report {
  const { owner, epoch, manifestDigest, objects, rows, droppedRows, bytes } = sealed;
  const dropped = droppedRows === 0 ? "" : `; ${droppedRows} rows without a unit were left out`;
  return {
    exit: 0,
    json: { dataset, owner, epoch, manifest: manifestDigest, objects, rows, droppedRows, bytes, to },
    text: [
      `Sealed ${dataset}`,
      ...renderFields([
        ["rows", `${rows} in ${objects} objects, ${renderBytes(bytes)}${dropped}`],
        ["lies at", to],
        ["owner", owner],
        ["epoch", String(epoch)],
        ["manifest", manifestDigest],
        [
          "next",
          `jobs fail until the key policy lists the epoch: sealroom policy kms ... --live-epoch ${epoch}`,
        ],
      ]),
    ],
  };
}
