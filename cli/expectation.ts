// What a verifier holds from before the job, as the options of `sealroom verify` name it. What is missing or cannot be
// used is one and the same fault: nothing can be verified against it.
import { realpath } from "node:fs/promises";
import { resolve, sep } from "node:path";
import { parseMeasurements } from "../core/attestation/measurements.ts";
import { AWS_ROOT, trustRoot } from "../core/attestation/root.ts";
import type { TrustRoot } from "../core/attestation/root.ts";
import { SealroomError } from "../core/errors.ts";
import type { CompiledPlan } from "../core/plan/compile.ts";
import type { ReceiptCheck } from "../core/receipt/verify.ts";
import { SHA384_HEX } from "../core/text/digest.ts";
import { FaultAt, locate, readFault } from "./fault.ts";
import { readBytes, readText, TEXT_BYTES } from "./file.ts";
import { compileJobFile, readJobFile } from "./job-file.ts";
import type { JobFile } from "./job-file.ts";
import { parseNonce } from "./nonce.ts";
import { parsePairs } from "./pairs.ts";

export interface ExpectationOptions {
  readonly measurements?: readonly string[];
  readonly nonce?: string;
  readonly owner?: readonly string[];
  readonly job?: string;
  readonly sql?: string;
  readonly recipient?: string;
  readonly manifest?: readonly string[];
  readonly simulatedRoot?: string;
}

export type Held = Omit<ReceiptCheck, "receipt" | "result" | "plan"> & { readonly plan: CompiledPlan };

/** All that is missing at once, so that it is mended at once. */
function checkGiven({ measurements, nonce, owner, job, sql }: ExpectationOptions): void {
  const given = {
    "--measurements": measurements,
    "--nonce": nonce,
    "--owner": owner,
    "--job": job ?? sql,
  };
  const missing = Object.entries(given).filter(([, value]) => value === undefined || value.length === 0);
  if (missing.length > 0) {
    throw new SealroomError("EXPECTATION_EMPTY", { missing: missing.map(([name]) => name).join(", ") });
  }
}

/** Errors: EXPECTATION_EMPTY, at the file where there is one. */
export async function readHeld(options: ExpectationOptions): Promise<Held> {
  checkGiven(options);
  const plan = await expectation("--job", async () => compileJobFile(await readHeldJob(options)));
  const measurements = await Promise.all(
    (options.measurements ?? []).map((path) =>
      expectation("--measurements", async () => {
        const text = await readText(path);
        return locate(path, () => parseMeasurements(text));
      }),
    ),
  );
  const nonce = await expectation("--nonce", () => parseNonce(options.nonce ?? ""));
  const owners = await expectation("--owner", () =>
    parsePairs("--owner", "DATASET=THUMBPRINT", options.owner ?? []),
  );
  const named = plan.plan.inputs.map(({ dataset }) => dataset);
  if ([...owners.keys()].sort().join() !== named.toSorted().join()) {
    const fault = `the job names ${named.join(", ")}, you gave ${[...owners.keys()].join(", ")}`;
    throw new SealroomError("EXPECTATION_EMPTY", { expectation: "--owner", fault });
  }
  const manifest = readManifests(options.manifest, named);
  return {
    root: await readRoot(options.simulatedRoot),
    measurements,
    nonce,
    owners: Object.fromEntries(owners),
    plan,
    ...(manifest === undefined ? {} : { manifest }),
  };
}

/** A digest, or of joined data sets one for each: DATASET=DIGEST. */
function readManifests(
  given: readonly string[] | undefined,
  named: readonly string[],
): Readonly<Record<string, string>> | undefined {
  if (given === undefined) return undefined;
  const [only] = named;
  const pairs = given.map((item) => (named.length === 1 && !item.includes("=") ? `${only}=${item}` : item));
  const refuse = (fault: string): never => {
    throw new SealroomError("EXPECTATION_EMPTY", { expectation: "--manifest", fault });
  };
  if (pairs.some((pair) => !pair.includes("="))) refuse("of several data sets, DATASET=DIGEST for each");
  const manifests = parsePairs("--manifest", "DATASET=DIGEST", pairs);
  if ([...manifests.keys()].sort().join() !== named.toSorted().join()) {
    refuse(`the job names ${named.join(", ")}, you gave ${[...manifests.keys()].join(", ")}`);
  }
  if ([...manifests.values()].some((digest) => !SHA384_HEX.test(digest))) refuse("not 96 hex digits");
  return Object.fromEntries(manifests);
}

/** A query without a job's file asks whose data the verifier says it must be. */
async function readHeldJob({ job, sql, owner, recipient }: ExpectationOptions): Promise<JobFile> {
  const query = sql === undefined ? {} : { sql };
  if (job !== undefined) return readJobFile(job, query);
  const stand = { ...(owner && { dataset: owner }), ...(recipient !== undefined && { recipient }) };
  return readJobFile(undefined, { ...query, ...stand });
}

async function readRoot(path: string | undefined): Promise<TrustRoot> {
  if (path === undefined) return AWS_ROOT;
  return expectation("--simulated-root", async () => {
    const bytes = await readBytes(path, TEXT_BYTES);
    return locate(path, () => trustRoot(bytes));
  });
}

/** What makes an expectation unusable makes it missing: nothing can be verified against it. */
async function expectation<Value>(option: string, read: () => Value | Promise<Value>): Promise<Value> {
  try {
    return await read();
  } catch (error) {
    const { code, where, details, what } = readFault(error);
    if (code === "INTERNAL") throw error;
    const reason = code === "USAGE_ARGUMENTS" ? what : code;
    const empty = new SealroomError(
      "EXPECTATION_EMPTY",
      { expectation: option, reason, ...details },
      { cause: error },
    );
    throw where === null ? empty : new FaultAt(where, empty);
  }
}

/** What is judged cannot be what it is judged by. Errors: EXPECTATION_EMPTY, at a file that lies in the directory. */
export async function checkOutside(directory: string, options: ExpectationOptions): Promise<void> {
  const { measurements = [], job, simulatedRoot } = options;
  const judged = await realpath(directory).catch(() => resolve(directory));
  for (const path of [...measurements, job, simulatedRoot]) {
    if (path === undefined || !(await realpath(path)).startsWith(judged + sep)) continue;
    throw new FaultAt(
      path,
      new SealroomError("EXPECTATION_EMPTY", { fault: "it lies in the directory to verify" }),
    );
  }
}
