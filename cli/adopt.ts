// `sealroom adopt`: brings encrypted objects that others wrote into a data set, as they lie.
import type { Command } from "commander";
import { SealroomError } from "../core/errors.ts";
import { FORMATS } from "../core/manifest/objects.ts";
import type { AdoptedEntry, ObjectFormat } from "../core/manifest/manifest.ts";
import { SHA384_HEX } from "../core/text/digest.ts";
import { parseLocation } from "../host-driver/location.ts";
import type { S3Location } from "../host-driver/location.ts";
import type { Adopted, AdoptProgress } from "../owner/adopt/adopt.ts";
import { addCloudOptions, openCloud } from "./cloud-options.ts";
import type { CloudOptions } from "./cloud-options.ts";
import { act, addNeeded, collect, declare } from "./command.ts";
import type { Host, Session } from "./command.ts";
import { usage } from "./fault.ts";
import { checkDatasetName, checkKeyArn } from "./owner-options.ts";
import { locateForOwner } from "./owner-place.ts";
import { parseEnd } from "./number.ts";
import { renderBytes, renderFields } from "./output.ts";
import type { Report } from "./output.ts";
import { readOwner, readRules, readSchema } from "./owner-files.ts";
import { parsePairs } from "./pairs.ts";

interface Options extends CloudOptions {
  readonly dataset: string;
  readonly schema: string;
  readonly rules: string;
  readonly owner: string;
  readonly kmsKey: string;
  readonly writerKey: readonly string[];
  readonly at: string;
  readonly context?: readonly string[];
  readonly format?: string;
  readonly addTo?: string;
  readonly notAfter?: string;
}

export function declareAdopt(parent: Command, host: Host): void {
  const command = declare(parent, "adopt", {
    summary: "make objects that others encrypted a data set, as they lie",
    description:
      "Takes objects that others wrote with the AWS Encryption SDK (KMS keyring) or the S3 Encryption Client (V2, V3), " +
      "Arrow IPC files, Parquet or CSV inside, and signs a manifest that names them. The objects are read to their end but neither " +
      "moved nor encrypted again; their data keys stand in the manifest, wrapped. Whoever may use the writer's KMS key " +
      "can read them as before: deny it to the enclave's host. Rows of one unit may lie anywhere in them.",
    examples: [
      "sealroom adopt s3://bucket/visits/a.arrow s3://bucket/visits/b.arrow \\\n" +
        "      --dataset visits --schema schema.yaml --rules rules.yaml \\\n" +
        "      --owner owner.key \\\n" +
        "      --kms-key arn:aws:kms:...:key/... --writer-key arn:aws:kms:...:key/... \\\n" +
        "      --at s3://bucket/visits/",
      "sealroom adopt s3://bucket/visits/a.csv --format csv --dataset visits \\\n" +
        "      --schema schema.yaml --rules rules.yaml --owner owner.key \\\n" +
        "      --kms-key arn:aws:kms:...:key/... --writer-key arn:aws:kms:...:key/... \\\n" +
        "      --at s3://bucket/visits/",
    ],
  }).argument("<object...>", "s3://bucket/key of each, in the order in which the manifest names them");
  addNeeded(command, "--dataset <name>", "the data set's name, in manifests, policies and jobs");
  addNeeded(
    command,
    "--schema <file>",
    "roles of all columns; their types are the objects' own, of CSV those that it says",
  );
  addNeeded(command, "--rules <file>", "what may be done with the data");
  addNeeded(command, "--owner <key>", "the owner's private key file");
  addNeeded(command, "--kms-key <arn>", "full ARN of the KMS key that wraps the data set's key");
  addNeeded(
    command,
    "--writer-key <arn>",
    "full ARN of a KMS key that the objects' writer uses; may be repeated. Objects under other keys are refused",
    "repeatable",
  );
  addNeeded(command, "--at <s3://bucket/prefix/>", "where the manifest goes: a place above all objects");
  command
    .option(
      "--format <format>",
      "arrow, parquet or csv, of all objects; CSV has to be named (default: as each begins)",
    )
    .option(
      "--context <name=value>",
      "a pair that the writer's encryption context must have; may be repeated",
      collect,
    )
    .option(
      "--add-to <digest>",
      "keep the objects of this manifest, the current one at --at, and add to them",
    )
    .option("--not-after <time>", "when the manifest ends, as 2027-01-31 (default: a year from now)");
  act(addCloudOptions(command), host, adopt);
}

async function adopt(session: Session, options: Options, locations: readonly string[]): Promise<Report> {
  const at = parseLocation(options.at);
  const objects = locations.map((location) => nameBelow(at, location));
  const { addTo: keep = null, notAfter, dataset } = options;
  const format = parseFormat(options.format);
  if (keep !== null && !SHA384_HEX.test(keep)) throw usage("--add-to: not 96 hex digits");
  checkDatasetName("--dataset", dataset);
  checkKeyArn("--kms-key", options.kmsKey);
  const context = parsePairs("--context", "NAME=VALUE", options.context ?? []);
  const validity = notAfter === undefined ? {} : { notAfter: parseEnd("--not-after", notAfter) };
  const ownerKey = await readOwner(options.owner);
  const schema = await readSchema(options.schema);
  const rules = await readRules(options.rules);
  const { adoptObjects } = await import("../owner/adopt/adopt.ts");
  const cloud = await openCloud(session, options);
  try {
    const places = {
      data: locations.join(" "),
      schema: options.schema,
      rules: options.rules,
      location: options.at,
    };
    const adopted = await locateForOwner(places, () =>
      adoptObjects({
        objects,
        format,
        dataset,
        keep,
        schema,
        rules,
        ownerKey,
        keyArn: options.kmsKey,
        writerKeys: options.writerKey,
        context,
        at,
        s3: cloud.s3("owner"),
        kms: (keyArn) => cloud.kms("owner", keyArn),
        nowMs: Date.now(),
        signal: session.signal,
        onProgress: (progress) => {
          session.progress.update(renderProgress(progress));
        },
        ...validity,
      }),
    );
    return describe(dataset, options.at, adopted);
  } finally {
    await cloud.close();
  }
}

function parseFormat(name: string | undefined): ObjectFormat | null {
  const format = FORMATS.find((known) => known === name) ?? null;
  if (name !== undefined && format === null) throw usage(`--format: not one of ${FORMATS.join(", ")}`);
  return format;
}

/** Manifests name objects relative to their own place. */
function nameBelow({ bucket, prefix }: S3Location, location: string): string {
  const above = `s3://${bucket}/${prefix}`;
  if (!location.startsWith(above) || location === above) {
    throw new SealroomError("OWNER_PLACE", { object: location, place: above });
  }
  return location.slice(above.length);
}

function renderProgress({ objects, ofObjects, bytes }: AdoptProgress): string {
  return `verified ${objects} of ${ofObjects} objects, ${renderBytes(bytes)}`;
}

const FORMAT_WORDS: Readonly<Record<ObjectFormat, string>> = {
  arrow: "Arrow",
  csv: "CSV",
  parquet: "Parquet",
};

const KIND_WORDS: Readonly<Record<AdoptedEntry["envelope"]["kind"], string>> = {
  "esdk-whole": "Encryption SDK",
  "s3ec-v2": "S3 Encryption Client V2",
  "s3ec-v3": "S3 Encryption Client V3",
};

function describe(dataset: string, at: string, adopted: Adopted): Report {
  const { owner, epoch, manifestDigest, unit, objects, kept } = adopted;
  const rows = objects.reduce((sum, object) => sum + object.rows, 0);
  const bytes = objects.reduce((sum, object) => sum + object.bytes, 0);
  const kinds = new Map<string, number>();
  for (const { envelope } of objects) kinds.set(envelope.kind, (kinds.get(envelope.kind) ?? 0) + 1);
  const formats = new Set(objects.map(({ format }) => FORMAT_WORDS[format]));
  const entries = objects.map(({ key, envelope, ...facts }) => ({
    key,
    kind: envelope.kind,
    format: facts.format,
    digest: facts.digest,
    bytes: facts.bytes,
    rows: facts.rows,
  }));
  return {
    exit: 0,
    json: { dataset, owner, epoch, manifest: manifestDigest, unit, objects: entries, kept, rows, bytes, at },
    text: [
      `Adopted ${dataset}`,
      ...renderFields([
        ["rows", `${rows} in ${objects.length} objects, ${renderBytes(bytes)}`],
        ...[...kinds].map(([kind, count]) => {
          return ["of these", `${count}: ${KIND_WORDS[kind as keyof typeof KIND_WORDS]}`] as const;
        }),
        ["inside", [...formats].join(", ")],
        ["kept", `${kept} objects of the manifest before`],
        ["unit", unit === "row" ? "each row by itself" : "the column of role unit, rows anywhere"],
        ["lies at", at],
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
