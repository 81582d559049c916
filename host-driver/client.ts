// The front door of the package: prepares a job, and runs it. Every dependency is an argument; nothing is read from the
// environment. What runJob returns is worth what its receipt proves: see `sealroom/verify`.
import type { S3Client } from "@aws-sdk/client-s3";
import { PolicyError, SealroomError } from "../core/errors.ts";
import { compilePlan } from "../core/plan/compile.ts";
import type { CompiledPlan, ResolveRecipient } from "../core/plan/compile.ts";
import type { Job } from "../core/plan/job-text.ts";
import { findNearest } from "../core/text/nearest.ts";
import { readJob } from "../query/job.ts";
import type { AwsCredentials } from "../core/sigv4.ts";
import type { JobEvent } from "../core/wire/job.ts";
import { loadDataset } from "./dataset.ts";
import type { Dataset } from "./dataset.ts";
import { submitJob } from "./driver.ts";
import type { Outcome } from "./driver.ts";
import { parseEnclaveAddress } from "./enclave-address.ts";
import { parseLocation } from "./location.ts";
import type { S3Location } from "./location.ts";
import { Store } from "./store.ts";
import { takeTurn } from "./turn.ts";
import { kmsAllowList } from "./tunnel.ts";
import type { AllowList } from "./tunnel.ts";

export interface JobSource {
  /** The job's text, YAML or JSON (docs/jobs.md), with `sql` where it is a query (docs/sql.md). */
  readonly job: string;
  /** Finds the key that the job names by a string, a file's name say. */
  readonly resolveRecipient: ResolveRecipient;
  /** Where data sets lie (`s3://bucket/prefix/`), by name: instead of what the job says, or where it says nothing. */
  readonly from: ReadonlyMap<string, string>;
  /** Where what the job makes is to lie (`s3://bucket/prefix/`), instead of what the job says. */
  readonly to?: string;
  readonly s3: S3Client;
  /** UTC milliseconds, for the manifests' age; the enclave judges it again by its own clock. */
  readonly nowMs: number;
}

export interface PreparedJob {
  readonly plan: CompiledPlan;
  /** In the order of the plan's inputs. */
  readonly datasets: readonly Dataset[];
  readonly store: Store;
  /** Where what the job makes is to lie; null of jobs that make nothing, and where nobody has said. */
  readonly to: S3Location | null;
}

export interface JobRun {
  /** `vsock:CID`; `emulator:SOCKET`, or `unix:DIRECTORY` for one without a hypervisor. */
  readonly enclave: string;
  /** 16 to 64 bytes, random, the analyst's own; whoever verifies the receipt demands it. */
  readonly nonce: Uint8Array;
  /** Grants as their owners gave them: compact JWS, ASCII bytes. */
  readonly grants: readonly Uint8Array[];
  /** Short-lived credentials of the enclave role. They pass through this process. */
  readonly credentials: AwsCredentials;
  /** Where the enclave may reach KMS: awsTunnel, unless KMS is a stand-in. */
  readonly tunnel: AllowList;
  readonly onProgress: (progress: Progress) => void;
  readonly signal: AbortSignal;
}

export type Progress = Extract<JobEvent, { type: "progress" }>;

/**
 * Compiles the job and loads the manifests it names. Errors: those of readJob and compilePlan; INPUT_NAME, INPUT_LOCATION,
 * STORE_*, JWS_*, MANIFEST_*; PLAN_INPUT (another data set lies there), JOB_INPUTS (another owner's does).
 */
export async function prepareJob(source: JobSource): Promise<PreparedJob> {
  const job = await readJob(source.job);
  const plan = await compilePlan(job, source.resolveRecipient);
  const names = job.datasets.map(({ dataset }) => dataset);
  for (const name of source.from.keys()) checkName(name, names);
  const store = new Store(source.s3);
  const datasets = await Promise.all(
    job.datasets.map(async ({ dataset, owner, from }) => {
      const location = source.from.get(dataset) ?? from;
      if (location === undefined) throw new SealroomError("INPUT_LOCATION", { dataset });
      const loaded = await loadDataset(store, parseLocation(location), source.nowMs);
      const { manifest, owner: signer } = loaded.verified;
      if (manifest.dataset !== dataset) throw new SealroomError("PLAN_INPUT", { dataset: manifest.dataset });
      if (signer !== owner) throw new PolicyError("JOB_INPUTS", { dataset, signer });
      return loaded;
    }),
  );
  return { plan, datasets, store, to: findPlace(job, source.to) };
}

/** Errors: JOB_PLACE, STORE_LOCATION. */
function findPlace(job: Job, given: string | undefined): S3Location | null {
  if (job.kind !== "tokenize") {
    if (given !== undefined) {
      throw new SealroomError("JOB_PLACE", { kind: job.kind, fault: "makes no objects" });
    }
    return null;
  }
  const to = given ?? job.to;
  return to === undefined ? null : parseLocation(to);
}

/** Has an enclave run a prepared job, when no other process of this machine has it run one. Errors: ENCLAVE_ADDRESS, TRANSPORT_*, WIRE_*; JobRefused with the enclave's. */
export async function runJob({ plan, datasets, store, to }: PreparedJob, run: JobRun): Promise<Outcome> {
  const enclave = parseEnclaveAddress(run.enclave);
  const { kind } = plan.plan;
  if (kind === "tokenize" && to === null) throw new SealroomError("JOB_PLACE", { kind, fault: "no place" });
  const release = await takeTurn(enclave, run.signal);
  try {
    return await submitJob({
      enclave,
      job: {
        plan: plan.bytes,
        nonce: Buffer.from(run.nonce).toString("hex"),
        manifests: datasets.map(({ jws }) => jws),
        grants: run.grants,
      },
      credentials: run.credentials,
      locations: datasets.map(({ location }) => location),
      store,
      to,
      tunnel: run.tunnel,
      onProgress: run.onProgress,
      signal: run.signal,
    });
  } finally {
    await release();
  }
}

/** AWS's own KMS endpoints in the regions of these keys. Errors: KMS_KEY_ARN, TUNNEL_REFUSED. */
export function awsTunnel(keyArns: readonly string[]): AllowList {
  return kmsAllowList(
    keyArns.map((arn) => {
      const [, partition, , region] = arn.split(":");
      if (partition === undefined || region === undefined) throw new SealroomError("KMS_KEY_ARN");
      return `kms.${region}.${partition === "aws-cn" ? "amazonaws.com.cn" : "amazonaws.com"}`;
    }),
  );
}

function checkName(name: string, names: readonly string[]): void {
  if (names.includes(name)) return;
  const nearest = findNearest(name, names);
  throw new SealroomError("INPUT_NAME", nearest === undefined ? { name } : { name, nearest });
}
