// A host that a test can make hostile: it serves an enclave from memory, records every byte that leaves the enclave,
// and may change anything on the way.
import type { Duplex } from "node:stream";
import { Readable } from "node:stream";
import type { Manifest } from "../../core/manifest/manifest.ts";
import { compileJob } from "../../core/plan/compile.ts";
import type { CompiledPlan } from "../../core/plan/compile.ts";
import { ByteStream } from "../../core/wire/byte-stream.ts";
import type { ReadRequest } from "../../core/wire/gateway.ts";
import { readJobEvent, writeJobRequest } from "../../core/wire/job.ts";
import type { JobEvent, JobRequest } from "../../core/wire/job.ts";
import { serveGateway } from "../../host-driver/gateway.ts";
import { serveTunnel } from "../../host-driver/tunnel.ts";
import { connectUnix, unixListener } from "../../transport/unix.ts";
import type { World, WorldDataset } from "./world.ts";
import { DATASET } from "./world.ts";

export interface Hostility {
  /** Changes the request before it is sent. */
  readonly request?: (request: JobRequest) => JobRequest;
  /** Gives the bytes of a read in place of the honest ones. */
  readonly read?: (request: ReadRequest, honest: Uint8Array) => Uint8Array;
  /** Takes over a tunnel's connection. */
  readonly tunnel?: (connection: Duplex) => void;
}

export interface HostRun {
  readonly event: Exclude<JobEvent, { type: "progress" }>;
  /** Every byte that came out of the enclave, by connection. */
  readonly recorded: readonly Uint8Array[];
}

export interface HonestJob {
  readonly plan: CompiledPlan;
  readonly nonce: string;
  readonly dataset: WorldDataset;
  readonly grants?: readonly Uint8Array[];
}

export async function compilePlanFor(
  world: World,
  text: (owner: string) => string,
  recipient = world.analyst.publicKey,
): Promise<CompiledPlan> {
  return compileJob(text(world.owner.thumbprint), () => recipient);
}

export const BY_CITY = (owner: string): string => `
datasets:
  ${DATASET}: { owner: ${owner} }
group_by: [city]
select:
  - count_units
  - { sum: amount, as: total }
recipient: analyst
`;

/** Runs one job as an honest host would, but for the hostility. */
export async function runHost(world: World, job: HonestJob, hostility: Hostility = {}): Promise<HostRun> {
  const recorded: Uint8Array[] = [];
  const record = (connection: Duplex): Duplex => {
    connection.on("data", (chunk: Uint8Array) => recorded.push(chunk.slice()));
    connection.pause();
    return connection;
  };
  const gateway = await unixListener(world.sockets, "gateway").accept((connection) => {
    void serveGateway(record(connection), (request) => serveRead(job.dataset, request, hostility), () => undefined);
  });
  const { kms, kmsHost } = world.services.endpoints;
  const allowed = new Map([[`${kmsHost}:443`, { host: "127.0.0.1", port: Number(new URL(kms).port) }]]);
  const tunnel = await unixListener(world.sockets, "tunnel").accept((connection) => {
    if (hostility.tunnel !== undefined) hostility.tunnel(record(connection));
    else void serveTunnel(record(connection), allowed, () => undefined);
  });
  try {
    const stream = new ByteStream(record(await connectUnix(`${world.sockets}/enclave.sock`)), 60_000);
    const request: JobRequest = {
      job: "00000000000000aa",
      nonce: job.nonce,
      credentials: world.services.endpoints.credentials.enclave,
      plan: job.plan.bytes,
      manifests: [job.dataset.jws],
      grants: job.grants ?? [],
    };
    await writeJobRequest(stream, hostility.request?.(request) ?? request);
    for (;;) {
      const event = await readJobEvent(stream);
      if (event.type === "progress") continue;
      stream.destroy();
      return { event, recorded };
    }
  } finally {
    await Promise.all([gateway.close(), tunnel.close()]);
  }
}

function serveRead(
  { objects }: WorldDataset,
  request: ReadRequest,
  hostility: Hostility,
): Promise<Readable | null> {
  const object = objects[request.object];
  if (object === undefined) return Promise.resolve(null);
  const honest = object.bytes.slice(request.offset, request.offset + request.length);
  return Promise.resolve(Readable.from([hostility.read?.(request, honest) ?? honest]));
}

/** The manifest with parts replaced, for the owner (or somebody else) to sign. */
export function changed(manifest: Manifest, parts: Partial<Manifest>): Manifest {
  return { ...manifest, ...parts };
}
