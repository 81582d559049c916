// `sealroom sign --output DIR`: makes a data set of the copy that a tokenization job left. The receipt is verified first,
// by what the owner holds from before the job; nothing is taken from DIR but what is judged.
import { join } from "node:path";
import type { JsonArray } from "../core/json.ts";
import { MAX_MANIFEST_BYTES } from "../core/manifest/manifest.ts";
import { OUTPUT_FILE } from "../core/receipt/statement.ts";
import { RECEIPT_FILE, resultFile } from "../host-driver/output.ts";
import type { OwnerKey } from "../owner/keys.ts";
import type { RulesFile } from "../owner/rules-file.ts";
import type { SignedOutput } from "../owner/sign-output.ts";
import type { Place } from "../owner/store.ts";
import { openCloud } from "./cloud-options.ts";
import type { CloudOptions } from "./cloud-options.ts";
import type { Session } from "./command.ts";
import { checkOutside, readHeld } from "./expectation.ts";
import type { ExpectationOptions } from "./expectation.ts";
import { locate, usage } from "./fault.ts";
import { readBytes, TEXT_BYTES } from "./file.ts";
import { compileJobFile, readJobFile } from "./job-file.ts";
import { paint, renderFields } from "./output.ts";
import type { Report } from "./output.ts";
import { reportFields, reportOf } from "./owner-report.ts";
import type { OwnerReport } from "./owner-report.ts";
import { renderVaults } from "./vaults.ts";

export interface CopyOptions extends CloudOptions, Omit<ExpectationOptions, "owner" | "manifest"> {
  readonly dataset: string;
  readonly manifest: string;
}

interface Copy {
  readonly at: Place;
  readonly ownerKey: OwnerKey;
  readonly rules: RulesFile;
  /** The directory that `sealroom run --out` made. */
  readonly output: string;
  readonly notAfter?: number;
}

const RESULT_BYTES: number = 512 * 1024 * 1024;

export async function signCopy(session: Session, options: CopyOptions, copy: Copy): Promise<Report> {
  const { output: directory, ...rest } = copy;
  const held = await readHeld(await withOwner(options, copy.ownerKey));
  await checkOutside(directory, { ...options, manifest: [options.manifest] });
  const { plan } = held.plan;
  if (plan.kind !== "tokenize") throw usage(`--job: a job of kind ${plan.kind} makes no copy`);
  const read = (name: string, bytes: number): Promise<Uint8Array> => readBytes(join(directory, name), bytes);
  const check = {
    ...held,
    manifest: options.manifest,
    receipt: await read(RECEIPT_FILE, TEXT_BYTES),
    result: await read(resultFile(plan.release), RESULT_BYTES),
    output: await read(OUTPUT_FILE, MAX_MANIFEST_BYTES),
  };
  const { signOutput } = await import("../owner/sign-output.ts");
  const { parseOutputManifest } = await import("../core/manifest/output.ts");
  const made = await locate(join(directory, OUTPUT_FILE), () => parseOutputManifest(check.output));
  const { dataset, keyArn } = made;
  if (dataset !== options.dataset) throw usage(`--dataset: the copy is called '${dataset}'`);
  const cloud = await openCloud(session, options);
  try {
    const [s3, kms] = [cloud.s3("owner"), cloud.kms("owner", keyArn)];
    const signed = await locate(directory, () => signOutput({ ...rest, check, s3, kms, nowMs: Date.now() }));
    return describe(signed, reportOf(signed.receipt.statement, made, copy.at));
  } finally {
    await cloud.close();
  }
}

/** All of a job's data is this owner's, or he could not sign what was made of it. */
async function withOwner(
  { manifest, ...options }: CopyOptions,
  { thumbprint }: OwnerKey,
): Promise<ExpectationOptions> {
  const given = { ...options, manifest: [manifest] };
  if (options.job === undefined) return given;
  const { plan } = await compileJobFile(await readJobFile(options.job));
  return { ...given, owner: plan.inputs.map(({ dataset }) => `${dataset}=${thumbprint}`) };
}

function describe(signed: SignedOutput, report: OwnerReport | null): Report {
  const { dataset, owner, epoch, manifestDigest, objects, rows, vaults, receipt } = signed;
  const { simulated } = receipt;
  return {
    exit: 0,
    json: {
      dataset,
      owner,
      epoch,
      manifest: manifestDigest,
      objects,
      rows,
      vaults: encodeVaults(vaults),
      quarantine: report === null ? null : { ...report },
      simulated,
    },
    text: [
      `Signed ${dataset}, as a tokenization job made it${simulated ? `; ${paint("yellow", "SIMULATED")}` : ""}`,
      ...renderFields([
        ["owner", owner],
        ["epoch", String(epoch)],
        ["manifest", manifestDigest],
        ["rows", `${rows} in ${objects} objects`],
        ["receipt", "verified: image, nonce, job, input's manifest, and the copy's objects"],
        ...(report === null ? [] : reportFields(report)),
        [
          "next",
          `jobs fail until the key policy lists the epoch: sealroom policy kms ... --live-epoch ${epoch}`,
        ],
      ]),
      ...renderVaults(vaults),
    ],
  };
}

function encodeVaults(vaults: SignedOutput["vaults"]): JsonArray {
  return vaults.map(({ map, ...entry }) => ({ ...entry, map: map && { ...map } }));
}
