// What a verifier of a receipt demands, checked to be all there before anything is looked at, and copied.
import type { Measurements } from "../attestation/measurements.ts";
import { TrustRoot } from "../attestation/root.ts";
import { SealroomError } from "../errors.ts";
import { THUMBPRINT } from "../manifest/jwk.ts";
import { parsePlan } from "../plan/parse.ts";
import { SHA384_HEX, sha384Hex } from "../text/digest.ts";
import { decodeUtf8 } from "../text/utf8.ts";
import type { ReceiptCheck } from "./verify.ts";

export interface ReceiptExpectations {
  readonly receipt: Uint8Array;
  readonly result: Uint8Array;
  readonly output: Uint8Array | null;
  readonly root: TrustRoot;
  readonly measurements: readonly Measurements[];
  readonly nonce: Uint8Array;
  readonly owners: ReadonlyMap<string, string>;
  readonly planText: string;
  readonly planDigest: string;
  /** By data set; null where none is demanded. */
  readonly manifests: ReadonlyMap<string, string> | null;
}

const NAMES: readonly string[] = [
  "receipt",
  "result",
  "output",
  "root",
  "measurements",
  "nonce",
  "owners",
  "plan",
  "manifest",
];

/**
 * Takes anything, as callers in JavaScript may pass anything, and copies it before it first waits. Measurements and
 * nonce are judged by the attestation's own Expectations. Errors: EXPECTATION_EMPTY with `expectation`.
 */
export async function readExpectations(check: ReceiptCheck): Promise<ReceiptExpectations> {
  const given = membersOf(check);
  for (const name of Object.keys(given)) if (!NAMES.includes(name)) throw empty(name);
  const { root, measurements } = check;
  if (!(root instanceof TrustRoot)) throw empty("root");
  if (!Array.isArray(measurements) || measurements.length === 0) throw empty("measurements");
  const plan = readPlan(given["plan"]);
  const expectations = {
    receipt: readBytes(given["receipt"], "receipt"),
    result: readBytes(given["result"], "result"),
    output: "output" in given ? readBytes(given["output"], "output") : null,
    root,
    measurements: measurements.map((image: Measurements) => ({ ...image })),
    nonce: readBytes(given["nonce"], "nonce"),
    owners: readOwners(given["owners"], plan.datasets),
    planText: decodeUtf8(plan.bytes),
    planDigest: plan.digest,
    // There, but empty, is a check that the caller believes in and nobody makes.
    manifests: "manifest" in given ? readManifests(given["manifest"], plan.datasets) : null,
  };
  if ((await sha384Hex(plan.bytes)) !== plan.digest) throw empty("plan");
  return expectations;
}

interface ExpectedPlan {
  readonly bytes: Uint8Array;
  readonly digest: string;
  readonly datasets: readonly string[];
}

function readPlan(value: unknown): ExpectedPlan {
  const given = membersOf(value, "plan");
  const bytes = readBytes(given["bytes"], "plan");
  const digest = readMatching(given["digest"], SHA384_HEX, "plan");
  try {
    return { bytes, digest, datasets: parsePlan(bytes).inputs.map(({ dataset }) => dataset) };
  } catch (cause) {
    throw empty("plan", cause);
  }
}

/** Owners of exactly the plan's inputs: one more would be a demand that nothing meets. */
function readOwners(value: unknown, datasets: readonly string[]): ReadonlyMap<string, string> {
  const owners = new Map<string, string>();
  for (const [dataset, owner] of Object.entries(membersOf(value, "owners"))) {
    if (!datasets.includes(dataset)) throw empty("owners");
    owners.set(dataset, readMatching(owner, THUMBPRINT, "owners"));
  }
  if (datasets.some((dataset) => !owners.has(dataset))) throw empty("owners");
  return owners;
}

/** One digest for the one input, or one for each. */
function readManifests(value: unknown, datasets: readonly string[]): ReadonlyMap<string, string> {
  const [only, ...more] = datasets;
  if (only !== undefined && more.length === 0 && typeof value === "string") {
    return new Map([[only, readMatching(value, SHA384_HEX, "manifest")]]);
  }
  const manifests = new Map<string, string>();
  for (const [dataset, digest] of Object.entries(membersOf(value, "manifest"))) {
    if (!datasets.includes(dataset)) throw empty("manifest");
    manifests.set(dataset, readMatching(digest, SHA384_HEX, "manifest"));
  }
  if (datasets.some((dataset) => !manifests.has(dataset))) throw empty("manifest");
  return manifests;
}

function membersOf(value: unknown, expectation = "all"): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw empty(expectation);
  return value as Readonly<Record<string, unknown>>;
}

function readBytes(value: unknown, expectation: string): Uint8Array {
  if (!(value instanceof Uint8Array) || value.length === 0) throw empty(expectation);
  return Uint8Array.from(value);
}

function readMatching(value: unknown, pattern: Readonly<RegExp>, expectation: string): string {
  if (typeof value !== "string" || !pattern.test(value)) throw empty(expectation);
  return value;
}

function empty(expectation: string, cause?: unknown): SealroomError {
  return new SealroomError("EXPECTATION_EMPTY", { expectation }, { cause });
}
