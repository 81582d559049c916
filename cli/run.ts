// `sealroom run`: has an enclave run a job and leaves result and receipt in a new directory, or nothing. Verifies
// nothing: that is for `sealroom verify`, with expectations that this machine did not give.
import type { Command } from "commander";
import type { ColumnTable } from "../core/column/table.ts";
import { isSameKey, publicPart } from "../core/manifest/jwk.ts";
import type { Manifest } from "../core/manifest/manifest.ts";
import type { Plan } from "../core/plan/plan.ts";
import { readBadRows } from "../core/receipt/bad-rows.ts";
import { OUTPUT_FILE } from "../core/receipt/statement.ts";
import { unrevealedRows } from "../core/receipt/unrevealed.ts";
import { encodeHex } from "../core/text/digest.ts";
import { parseEnclaveAddress } from "../host-driver/enclave-address.ts";
import { act, addNeeded, collect, declare } from "./command.ts";
import type { Host, Session } from "./command.ts";
import { addCloudOptions, openCloudWithEnclave } from "./cloud-options.ts";
import type { EnclaveOptions } from "./cloud-options.ts";
import type { Cloud } from "./cloud.ts";
import { FaultAt, locate, usage } from "./fault.ts";
import { checkNewDirectory, readBytes, writeNewDirectory } from "./file.ts";
import { addJob, compileJobFile, readJobFile } from "./job-file.ts";
import type { JobOptions } from "./job-file.ts";
import { drawNonce, parseNonce } from "./nonce.ts";
import { renderBytes, renderFields } from "./output.ts";
import { readRecipient } from "./owner-files.ts";
import type { Report } from "./output.ts";
import { parsePairs } from "./pairs.ts";
import { renderBar } from "./progress.ts";
import { badRowFields, unrevealedFields } from "./protections.ts";
import { findPlace } from "./refusal-place.ts";
import { renderProfile } from "./profile-table.ts";
import { renderTable } from "./table.ts";
import type { TableView } from "./table.ts";
import type { Outcome } from "../host-driver/driver.ts";
import type { PreparedJob } from "../host-driver/client.ts";
import type { OpenedResult } from "../host-driver/output.ts";

interface Options extends EnclaveOptions, JobOptions {
  readonly out: string;
  readonly nonce?: string;
  readonly grant?: readonly string[];
  readonly recipientKey?: string;
  readonly from?: readonly string[];
  readonly to?: string;
}

const GRANT_BYTES = 16_384;

export function declareRun(parent: Command, host: Host): void {
  const command = declare(parent, "run", {
    summary: "run a job in an enclave",
    description:
      "Has an enclave run the job and writes the sealed result and its receipt to DIR; with the recipient's key also " +
      "the opened result (.arrow, .csv). Without --enclave it starts the embedded stand-ins. Verifies nothing: see " +
      "`sealroom verify`.",
    examples: [
      "sealroom run job.yaml --out out --recipient-key analyst.key",
      "sealroom run job.yaml --out out --nonce $(openssl rand -hex 32) \\\n      --grant grant.jws",
      'sealroom run --sql "SELECT ROUTE, count(*) FROM flights GROUP BY ROUTE" \\\n' +
        "      --dataset flights=3FMfm... --recipient analyst.pub --out out",
      "sealroom run job.yaml --out out --enclave vsock:16",
    ],
  });
  addNeeded(addJob(command), "--out <dir>", "a directory to make; it must not exist, or be empty")
    .option("--nonce <hex>", "the verifier's nonce, 16 to 64 bytes; drawn and printed if not given")
    .option("--grant <file>", "an owner's grant for this job; may be repeated", collect)
    .option("--recipient-key <key>", "private key of the job's recipient, to open the result")
    .option(
      "--from <name=s3://...>",
      "where a data set lies, instead of what the job says; may be repeated",
      collect,
    )
    .option("--to <s3://...>", "where a copy with tokens is to lie, instead of what the job says")
    .option(
      "--enclave <address>",
      "vsock:CID, unix:DIRECTORY or emulator:SOCKET of a running enclave; implies --aws",
    )
    .option("--local", "use the embedded S3 and KMS (the default without --enclave)");
  act(addCloudOptions(command), host, run);
}

async function run(session: Session, options: Options, file: string | undefined): Promise<Report> {
  const nonce = options.nonce === undefined ? drawNonce() : parseNonce(options.nonce);
  const from = parsePairs("--from", "NAME=s3://bucket/prefix/", options.from ?? []);
  if (options.enclave !== undefined) parseEnclaveAddress(options.enclave);
  await checkNewDirectory(options.out);
  const job = await readJobFile(file, options);
  const { path } = job;
  const recipientKey = options.recipientKey === undefined ? null : await readRecipient(options.recipientKey);
  // What is wrong with the text shows before anything is started.
  const { plan } = await compileJobFile(job);
  // A key that cannot open the result is found out now, and not when the job has run.
  if (recipientKey !== null && !isSameKey(publicPart(recipientKey), plan.recipient)) {
    throw usage("--recipient-key is not the private key of the job's recipient");
  }
  const grants = await Promise.all((options.grant ?? []).map(readGrant));
  const { prepareJob } = await import("../host-driver/client.ts");
  const cloud = await openCloudWithEnclave(session, options);
  try {
    session.signal.throwIfAborted();
    const s3 = cloud.s3("enclave");
    const prepared = await locate(path, () =>
      prepareJob({
        job: job.text,
        resolveRecipient: job.resolveRecipient,
        from,
        ...(options.to === undefined ? {} : { to: options.to }),
        s3,
        nowMs: Date.now(),
      }),
    );
    const outcome = await submit(session, options, cloud, prepared, { path, nonce, grants });
    session.signal.throwIfAborted();
    const { openSealed, readTable } = await import("../host-driver/output.ts");
    const { release } = prepared.plan.plan;
    const opened =
      release === "clear"
        ? readTable(outcome.result)
        : recipientKey === null
          ? null
          : await openSealed(outcome.result, recipientKey);
    const files = await outputFiles(prepared, outcome, opened);
    await writeNewDirectory(options.out, files);
    return describe(path, options, cloud, prepared, {
      nonce,
      opened,
      files: files.map(({ name }) => name),
      bytesRead: outcome.bytes,
    });
  } finally {
    await cloud.close();
  }
}

interface Answered extends Outcome {
  /** That the enclave has read. */
  readonly bytes: number;
}

/** Every key that a job on the data set may ask KMS for. */
function keyArnsOf({ keyArn, rules }: Manifest): readonly string[] {
  const audiences = Object.values(rules.tokenization ?? {});
  const named = [...(rules.tokenKeys ?? []), ...audiences].map((entry) => entry.keyArn);
  return [...new Set([keyArn, ...named])];
}

interface Asked {
  /** Of the job's file. */
  readonly path: string;
  readonly nonce: Uint8Array;
  readonly grants: readonly Uint8Array[];
}

async function submit(
  { progress, signal }: Session,
  { enclave, grant: grantFiles = [] }: Options,
  cloud: Cloud,
  prepared: PreparedJob,
  { path, nonce, grants }: Asked,
): Promise<Answered> {
  const sockets = cloud.local?.sockets ?? null;
  const address = enclave ?? (sockets === null ? undefined : `unix:${sockets}`);
  if (address === undefined) throw usage("give --enclave ADDRESS: no enclave was started");
  const { runJob } = await import("../host-driver/client.ts");
  const keyArns = prepared.datasets.flatMap(({ verified: { manifest } }) => keyArnsOf(manifest));
  const started = performance.now();
  let bytes = 0;
  const places = { job: path, grants: grantFiles, enclave: address, datasets: prepared.datasets };
  const running = runJob(prepared, {
    enclave: address,
    nonce,
    grants,
    credentials: await cloud.enclaveCredentials(),
    tunnel: cloud.tunnel(keyArns),
    onProgress: (event) => {
      bytes = event.bytes;
      const bar = renderBar(event.objects, event.ofObjects);
      progress.update(`${bar} ${event.objects} of ${event.ofObjects} objects, ${renderBytes(bytes)} read`);
    },
    signal,
  });
  const outcome = await running.catch((error: unknown) => {
    throw new FaultAt(findPlace(error, places), error);
  });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  progress.finish(
    `The enclave answered after ${seconds} s${bytes === 0 ? "" : `, having read ${renderBytes(bytes)}`}.`,
  );
  return { ...outcome, bytes };
}

async function outputFiles(
  { plan }: PreparedJob,
  { result, receipt, output }: Outcome,
  opened: OpenedResult | null,
): Promise<Parameters<typeof writeNewDirectory>[1]> {
  const names = await import("../host-driver/output.ts");
  const isSealed = plan.plan.release === "sealed";
  return [
    { name: names.resultFile(plan.plan.release), bytes: result, access: isSealed ? "public" : "secret" },
    { name: names.RECEIPT_FILE, bytes: receipt, access: "public" },
    ...(output === null ? [] : [{ name: OUTPUT_FILE, bytes: output, access: "public" } as const]),
    ...(opened === null
      ? []
      : [
          ...(isSealed ? [{ name: names.ARROW_FILE, bytes: opened.arrow, access: "secret" } as const] : []),
          { name: names.CSV_FILE, bytes: opened.csv, access: "secret" } as const,
        ]),
  ];
}

interface Finished {
  readonly nonce: Uint8Array;
  readonly opened: OpenedResult | null;
  readonly files: readonly string[];
  readonly bytesRead: number;
}

function describe(
  path: string,
  { out, nonce: givenNonce, sql }: Options,
  cloud: Cloud,
  { plan, datasets }: PreparedJob,
  { nonce, opened, files, bytesRead }: Finished,
): Report {
  const hex = encodeHex(nonce);
  const asked = sql === undefined || path === "--sql" ? path : `${path} and the same --sql`;
  const minUnits = Math.max(...datasets.map(({ verified }) => verified.manifest.rules.minUnits));
  const rows = opened?.table.batches.reduce((sum, batch) => sum + batch.rows, 0) ?? null;
  const badRows = opened === null ? {} : readBadRows(opened.arrow);
  const unrevealed = opened === null ? null : unrevealedRows(opened.table);
  const table =
    opened === null
      ? ["The result is sealed to its recipient; --recipient-key opens it."]
      : renderResult(plan.plan, opened.table, { minUnits, file: `${out}/result.csv` });
  return {
    exit: 0,
    json: {
      out,
      files: [...files],
      nonce: hex,
      planDigest: plan.digest,
      simulated: cloud.local !== null,
      inputs: datasets.map(({ verified: { manifest, owner, digest } }) => ({
        dataset: manifest.dataset,
        owner,
        epoch: manifest.epoch,
        manifest: digest,
      })),
      rows,
      badRows: { ...badRows },
      unrevealedRows: unrevealed,
      bytesRead,
    },
    text: [
      ...table,
      "",
      ...renderFields([
        ...badRowFields(badRows),
        ...unrevealedFields(unrevealed),
        ["written", `${out}: ${files.join(", ")}`],
        ["nonce", `${hex}${givenNonce === undefined ? " (keep it: verify asks for it)" : ""}`],
        ["not verified", `run \`sealroom verify ${out}\` with what you expect of ${asked}`],
        ...(plan.plan.kind === "tokenize"
          ? [
              [
                "next",
                `once it is verified the owner signs the copy: sealroom sign LOCATION --output ${out} ...`,
              ] as const,
            ]
          : []),
      ]),
    ],
  };
}

function renderResult(
  plan: Plan,
  table: ColumnTable,
  view: Pick<TableView, "minUnits" | "file">,
): readonly string[] {
  return plan.kind === "discover"
    ? renderProfile(table, view)
    : renderTable(table, { ...resultLayout(plan), ...view });
}

/** How many columns are keys, and which of them says what a row totals. */
function resultLayout(plan: Plan): { readonly keys: number; readonly grouping: number | null } {
  // No value of what is revealed was withheld: a null is a null, and the last column says why.
  if (plan.kind === "reveal") return { keys: plan.columns.length + 1, grouping: null };
  if (plan.kind !== "aggregate") return { keys: 1, grouping: null };
  const grouping = plan.totals.length === 0 ? null : plan.groupBy.length;
  return { keys: plan.groupBy.length + (grouping === null ? 0 : 1), grouping };
}

function readGrant(path: string): Promise<Uint8Array> {
  return readBytes(path, GRANT_BYTES);
}
