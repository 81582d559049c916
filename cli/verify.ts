// `sealroom verify`: checks a job's receipt and result with no network. Every expectation is the verifier's own, from
// before the job; the directory holds only what is judged.
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "commander";
import { PolicyError, SealroomError } from "../core/errors.ts";
import { MAX_MANIFEST_BYTES } from "../core/manifest/manifest.ts";
import { parseOutputManifest } from "../core/manifest/output.ts";
import { readBadRows } from "../core/receipt/bad-rows.ts";
import type { BadRows } from "../core/receipt/bad-rows.ts";
import { OUTPUT_FILE } from "../core/receipt/statement.ts";
import { verifyReceipt } from "../core/receipt/verify.ts";
import type { VerifiedReceipt } from "../core/receipt/verify.ts";
import {
  ARROW_FILE,
  CSV_FILE,
  openSealed,
  readTable,
  RECEIPT_FILE,
  resultFile,
} from "../host-driver/output.ts";
import type { OpenedResult } from "../host-driver/output.ts";
import { act, collect, declare } from "./command.ts";
import type { Host, Session } from "./command.ts";
import { checkOutside, readHeld } from "./expectation.ts";
import type { ExpectationOptions } from "./expectation.ts";
import { FaultAt, locate, usage } from "./fault.ts";
import { readBytes, TEXT_BYTES } from "./file.ts";
import { paint, printable, renderFields, wrap } from "./output.ts";
import { readRecipient } from "./owner-files.ts";
import type { Report } from "./output.ts";
import { badRowFields, releaseFields } from "./protections.ts";

interface Options extends ExpectationOptions {
  readonly recipientKey?: string;
}

type FileVerdict = "verified" | "unverified";

const RESULT_BYTES: number = 512 * 1024 * 1024;
const OUTPUT_BYTES: number = MAX_MANIFEST_BYTES;

export function declareVerify(parent: Command, host: Host): void {
  const command = declare(parent, "verify", {
    summary: "check a result and its receipt, offline",
    description:
      "Checks that DIR holds the answer to this job, computed by this enclave image on these owners' data, for this " +
      "nonce. All expectations are yours, from before the job: nothing is taken from DIR but what is judged, and a " +
      "missing expectation is a failure (exit 2). Needs no network.",
    examples: [
      "sealroom verify out --measurements measurements.json --nonce 5e3c... \\\n" +
        "      --owner flights=3FMfm... --job job.yaml --recipient-key analyst.key",
      "sealroom verify out --measurements .sealroom/measurements.json \\\n" +
        "      --nonce 5e3c... --owner flights=3FMfm... --job job.yaml \\\n" +
        "      --simulated-root .sealroom/simulated-root.pem",
    ],
  })
    .argument("<dir>", "what `sealroom run --out DIR` wrote")
    .option(
      "--measurements <file>",
      "what the image's build printed; may be repeated (any of them is accepted)",
      collect,
    )
    .option("--nonce <hex>", "the nonce that was given to the job")
    .option("--owner <dataset=thumbprint>", "whose data set it must be; once for each of the job's", collect)
    .option("--job <file>", "the job, compiled again on this machine")
    .option("--sql <query>", "the query that was asked, with the job's data sets and recipient")
    .option("--recipient <file>", "with --sql and no --job: the public key that the result is sealed to")
    .option(
      "--manifest <digest>",
      "the manifest that must have been used: pins the epoch and the rules; of joined data sets " +
        "DATASET=DIGEST, once for each",
      collect,
    )
    .option(
      "--recipient-key <key>",
      "private key of the job's recipient: opens the sealed result again and compares",
    )
    .option("--simulated-root <file>", "accept an enclave simulated under this root; the output says so");
  act(command, host, verify);
}

async function verify(_session: Session, options: Options, directory: string): Promise<Report> {
  const held = await readHeld(options);
  await checkOutside(directory, options);
  const { plan } = held.plan;
  const recipientKey = options.recipientKey === undefined ? null : await readRecipient(options.recipientKey);
  const present = await locate(directory, () => listFiles(directory));
  const resultName = resultFile(plan.release);
  const receipt = await readBytes(join(directory, RECEIPT_FILE), TEXT_BYTES);
  const result = await readBytes(join(directory, resultName), RESULT_BYTES);
  const output =
    plan.kind === "tokenize" ? { output: await readBytes(join(directory, OUTPUT_FILE), OUTPUT_BYTES) } : {};
  const verified = await locate(directory, () => verifyReceipt({ ...held, ...output, receipt, result }));

  const files = new Map<string, FileVerdict>(present.map((name) => [name, "unverified"]));
  for (const name of [RECEIPT_FILE, resultName]) files.set(name, "verified");
  if ("output" in output) files.set(OUTPUT_FILE, "verified");
  let opened: OpenedResult | null = null;
  if (plan.release === "clear") opened = readTable(result);
  else if (recipientKey !== null) {
    opened = await locate(join(directory, resultName), () => openSealed(result, recipientKey));
  }
  if (opened !== null) await compareOpened(directory, opened, files);
  return describe(directory, verified, {
    images: held.measurements.length,
    files,
    badRows: opened === null ? {} : readBadRows(opened.arrow),
    columns: "output" in output ? parseOutputManifest(output.output).schema.map(({ name }) => name) : [],
  });
}

async function listFiles(directory: string): Promise<readonly string[]> {
  try {
    return (await readdir(directory)).sort();
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOTDIR") {
      throw usage(`${directory} is a file; give the directory that \`sealroom run --out\` made`);
    }
    throw new SealroomError("FILE_MISSING", {}, { cause });
  }
}

/** Files are believed only if the sealed result, opened again, gives the same bytes. */
async function compareOpened(
  directory: string,
  opened: OpenedResult,
  files: Map<string, FileVerdict>,
): Promise<void> {
  for (const [name, bytes] of [
    [ARROW_FILE, opened.arrow],
    [CSV_FILE, opened.csv],
  ] as const) {
    if (files.get(name) !== "unverified") continue;
    const found = await readBytes(join(directory, name), RESULT_BYTES);
    if (Buffer.compare(found, bytes) !== 0) {
      throw new FaultAt(join(directory, name), new PolicyError("RESULT_OPENED"));
    }
    files.set(name, "verified");
  }
}

interface Checked {
  /** How many sets of measurements would have done. */
  readonly images: number;
  readonly files: ReadonlyMap<string, FileVerdict>;
  readonly badRows: BadRows;
  /** Of a copy, in its order. */
  readonly columns: readonly string[];
}

function describe(
  directory: string,
  { statement, simulated, epochChecked, timestampMs, moduleId }: VerifiedReceipt,
  { images, files, badRows, columns }: Checked,
): Report {
  const { inputs, release, software, planDigest } = statement;
  const time = new Date(timestampMs).toISOString();
  const names = (verdict: FileVerdict): string =>
    [...files].flatMap(([name, found]) => (found === verdict ? [printable(name)] : [])).join(", ");
  const unverified = names("unverified");
  const unchecked = unverified === "" ? "" : `; NOT CHECKED: ${unverified}`;
  const title = simulated
    ? `${paint("yellow", "VERIFIED, BUT SIMULATED")}  ${directory}${unchecked}`
    : `${paint("green", "VERIFIED")}  ${directory}${unchecked}`;
  return {
    exit: 0,
    json: {
      verified: true,
      simulated,
      epochChecked,
      planDigest,
      moduleId,
      timestamp: time,
      inputs: inputs.map((input) => ({ ...input })),
      release: JSON.parse(JSON.stringify(release)) as Report["json"],
      badRows: { ...badRows },
      software: { ...software },
      files: Object.fromEntries(files),
    },
    text: [
      title,
      ...(simulated
        ? wrap(
            "  The enclave was SIMULATED under the root you gave: nothing was protected from the machine it ran on.",
          )
        : []),
      ...renderFields([
        ["plan", planDigest],
        ...inputs.flatMap((input) => [
          [
            "data set",
            `${input.dataset}, ${input.rows} rows in ${input.objects} objects, unit: ${input.unit}`,
          ] as const,
          ["owner", input.owner] as const,
          ["epoch", renderEpoch(input.epoch, epochChecked)] as const,
          ["manifest", input.manifest] as const,
          ["allowed as", BASIS_WORDS[input.basis]] as const,
        ]),
        ["image", `as in ${images === 1 ? "the measurements" : "one of the measurements"} you gave`],
        ["attested", `${time} by ${moduleId}`],
        ...releaseFields(release, columns),
        ...badRowFields(badRows),
        ["verified", names("verified")],
        ...(unverified === "" ? [] : [["UNVERIFIED", unverified] as const]),
      ]),
      "What this does not protect from:",
      ...release.doesNotProtect.flatMap((sentence) =>
        wrap(sentence, 76).map((line, at) => `${at === 0 ? "  - " : "    "}${line}`),
      ),
    ],
  };
}

const BASIS_WORDS = {
  adhoc: "ad hoc: the owner's rules allow any job of a named recipient",
  listed: "listed in the owner's rules",
  grant: "granted by the owner",
};

function renderEpoch(epoch: number, isChecked: boolean): string {
  const text = `${epoch} (${new Date(epoch).toISOString()})`;
  return isChecked ? text : `${text}; NOT CHECKED: give --manifest to pin it`;
}
