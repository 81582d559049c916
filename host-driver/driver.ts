// Submits one job to an enclave and serves what the enclave asks for meanwhile: ranged reads and the KMS tunnel.
// Trusted for nothing but liveness; what comes back is worth what its receipt proves.
import type { Readable } from "node:stream";
import { SealroomError } from "../core/errors.ts";
import type { Details, ErrorCode } from "../core/errors.ts";
import { ByteStream } from "../core/wire/byte-stream.ts";
import type { ReadRequest } from "../core/wire/gateway.ts";
import { readJobEvent, writeJobRequest } from "../core/wire/job.ts";
import type { JobEvent, JobRequest } from "../core/wire/job.ts";
import { readPublicManifest } from "./dataset.ts";
import type { EnclaveAddress } from "./enclave-address.ts";
import { enclaveLink } from "./enclave-link.ts";
import type { EnclaveLink } from "./enclave-link.ts";
import { NO_OUTPUTS, serveGateway } from "./gateway.ts";
import type { OutputSink } from "./gateway.ts";
import type { S3Location } from "./location.ts";
import type { Store } from "./store.ts";
import { serveTunnel } from "./tunnel.ts";
import type { AllowList } from "./tunnel.ts";

/** A job may compute for long without a word; the user can interrupt it. */
const IDLE_MS = 24 * 60 * 60 * 1000;

export interface Submission {
  readonly enclave: EnclaveAddress;
  readonly job: Omit<JobRequest, "job" | "credentials">;
  readonly credentials: JobRequest["credentials"];
  /** Where the objects of each input lie, in the order of the plan's inputs. */
  readonly locations: readonly S3Location[];
  readonly store: Store;
  /** Where what the job makes is to lie; null of jobs that make nothing. */
  readonly to: S3Location | null;
  readonly tunnel: AllowList;
  readonly onProgress: (progress: Extract<JobEvent, { type: "progress" }>) => void;
  readonly signal?: AbortSignal;
}

export interface Outcome {
  readonly receipt: Uint8Array;
  readonly result: Uint8Array;
  /** The unsigned manifest of what the job made; null where it made nothing. */
  readonly output: Uint8Array | null;
}

/** The enclave said no. `code` is the enclave's, `cause` what the host itself saw go wrong, if anything. */
export class JobRefused extends SealroomError {
  constructor(code: ErrorCode, details: Details, cause: unknown) {
    super(code, details, cause === undefined ? {} : { cause });
    this.name = "JobRefused";
  }
}

/** Errors: TRANSPORT_*, WIRE_*, STORE_*, and JobRefused with any code of the enclave's. */
export async function submitJob(submission: Submission): Promise<Outcome> {
  const link = enclaveLink(submission.enclave);
  const faults: unknown[] = [];
  const onFault = (error: unknown): void => {
    faults.push(error);
  };
  const source = await rangeSource(submission);
  const { store, to } = submission;
  const sink: OutputSink = to === null ? NO_OUTPUTS : (name, body) => store.write(to, name, body);
  const gateway = await link.listener("gateway").accept((connection) => {
    void serveGateway(connection, source, onFault, sink);
  });
  try {
    const tunnel = await link.listener("tunnel").accept((connection) => {
      void serveTunnel(connection, submission.tunnel, onFault);
    });
    try {
      return await converse(link, submission, faults);
    } finally {
      await tunnel.close();
    }
  } finally {
    await gateway.close();
  }
}

async function converse(
  link: EnclaveLink,
  submission: Submission,
  faults: readonly unknown[],
): Promise<Outcome> {
  const stream = new ByteStream(await link.connect(), IDLE_MS);
  const interrupt = (): void => {
    stream.destroy();
  };
  submission.signal?.addEventListener("abort", interrupt);
  try {
    await writeJobRequest(stream, { ...submission.job, job: jobName(), credentials: submission.credentials });
    for (;;) {
      const event = await readJobEvent(stream);
      if (event.type === "done") {
        const { receipt, result, output } = event;
        return { receipt, result, output };
      }
      if (event.type === "refused") throw asRefusal(event, submission.signal?.aborted === true ? [] : faults);
      submission.onProgress(event);
    }
  } finally {
    submission.signal?.removeEventListener("abort", interrupt);
    stream.destroy();
  }
}

/** Where the host could not read an object, the enclave's refusal is what follows from that, and not what is wrong. */
function asRefusal(
  { code, details }: Extract<JobEvent, { type: "refused" }>,
  faults: readonly unknown[],
): SealroomError {
  const unread = faults.find((fault) => fault instanceof SealroomError && fault.code.startsWith("STORE_"));
  return unread instanceof SealroomError ? unread : new JobRefused(code, details, faults[0]);
}

/** Finds the objects that this job's manifests name; the enclave checks what it gets. */
async function rangeSource({
  job,
  locations,
  store,
  to,
}: Submission): Promise<(request: ReadRequest) => Promise<Readable | null>> {
  const inputs = await Promise.all(
    job.manifests.map(async (jws, input) => {
      const location = locations[input];
      if (location === undefined) throw new Error("internal: an input without a location");
      const { objects, rules } = await readPublicManifest(jws);
      return {
        location,
        keys: objects.map((object) => object.key),
        // Where earlier jobs put them: with the copies that this one adds to, or whose tokens it reveals.
        vaults: (rules.vaults ?? []).map(({ map }) => map?.key),
      };
    }),
  );
  return async ({ input, object, offset, length }) => {
    const from = inputs[input];
    if (from === undefined) return null;
    const key = from.keys[object];
    if (key !== undefined) return store.range(from.location, key, offset, length);
    const vault = from.vaults[object - from.keys.length];
    return vault === undefined ? null : store.range(to ?? from.location, vault, offset, length);
  };
}

/** 16 hex digits that tell this job's reads from another's; no secret. */
function jobName(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(8))).toString("hex");
}
