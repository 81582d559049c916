// A host that a test can make hostile: it serves an enclave from memory, records every byte that leaves the enclave,
// and may change anything on the way.
import { randomBytes } from "node:crypto";
import type { Duplex } from "node:stream";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { compileJob } from "../../query/job.ts";
import type { CompiledPlan } from "../../core/plan/compile.ts";
import { ByteStream } from "../../core/wire/byte-stream.ts";
import { encodeBulkPrefix, readReadRequest } from "../../core/wire/gateway.ts";
import type { ReadRequest } from "../../core/wire/gateway.ts";
import { readJobEvent, writeJobRequest } from "../../core/wire/job.ts";
import type { JobEvent, JobRequest } from "../../core/wire/job.ts";
import { serveGateway } from "../../host-driver/gateway.ts";
import { serveTunnel } from "../../host-driver/tunnel.ts";
import { connectUnix, unixListener } from "../../transport/unix.ts";
import { Recording } from "./recording.ts";
import type { World, WorldDataset } from "./world.ts";
import { DATASET } from "./world.ts";

export interface Hostility {
  /** Changes the request before it is sent. */
  readonly request?: (request: JobRequest) => JobRequest;
  /** Gives the bytes of a read in place of the honest ones. */
  readonly read?: (request: ReadRequest, honest: Uint8Array) => Uint8Array;
  /** Gives the whole answer to a read, length and all. Undefined says nothing, for ever. */
  readonly answer?: (request: ReadRequest, honest: Uint8Array) => Uint8Array | undefined;
  /** Takes over a tunnel's connection. */
  readonly tunnel?: (connection: Duplex, recording: Recording) => void;
  /** Hears of progress. */
  readonly progress?: (event: Extract<JobEvent, { type: "progress" }>) => void;
}

export interface HonestJob {
  readonly plan: CompiledPlan;
  /** Hex. */
  readonly nonce: string;
  readonly dataset: WorldDataset;
  /** The right one of a join. */
  readonly beside?: WorldDataset;
  readonly grants?: readonly Uint8Array[];
  /** The host's own name for the job, 16 hex digits; drawn if none is given. */
  readonly name?: string;
}

export type JobEnd = Exclude<JobEvent, { type: "progress" }>;

export interface HostRun {
  readonly event: JobEnd;
  readonly progress: readonly Extract<JobEvent, { type: "progress" }>[];
  readonly recording: Recording;
  /** What the enclave had the host store, by name. */
  readonly stored: ReadonlyMap<string, Uint8Array>;
}

export function drawNonce(): string {
  return randomBytes(32).toString("hex");
}

export async function compilePlanFor(
  world: World,
  text: (owner: string) => string,
  {
    owner = world.owner,
    recipient = world.analyst,
  }: Partial<Pick<World, "owner">> & { recipient?: World["analyst"] } = {},
): Promise<CompiledPlan> {
  return compileJob(text(owner.thumbprint), () => recipient.publicKey);
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

/** The host's end of one enclave: gateway and tunnel for as many jobs as are submitted. */
export class Host {
  readonly recording: Recording = new Recording();
  readonly stored = new Map<string, Uint8Array>();
  readonly #world: World;
  readonly #hostility: Hostility;
  readonly #datasets = new Map<string, readonly WorldDataset[]>();
  readonly #listening: { close(): Promise<void> }[] = [];
  readonly #reading = new Set<Duplex>();

  private constructor(world: World, hostility: Hostility) {
    this.#world = world;
    this.#hostility = hostility;
  }

  static async open(world: World, hostility: Hostility = {}): Promise<Host> {
    const host = new Host(world, hostility);
    const { sockets } = world;
    host.#listening.push(
      await unixListener(sockets, "gateway").accept((connection) => {
        host.#reading.add(connection);
        connection.once("close", () => host.#reading.delete(connection));
        void host.#serveGateway(host.recording.of("gateway", connection));
      }),
      await unixListener(sockets, "tunnel").accept((connection) => {
        host.#serveTunnel(connection);
      }),
    );
    return host;
  }

  /** One job, as an honest host would ask for it, but for the hostility. */
  async submit(job: HonestJob): Promise<Omit<HostRun, "recording" | "stored">> {
    const stream = await this.connect();
    try {
      await writeJobRequest(stream, this.request(job));
      return await this.#follow(stream);
    } finally {
      stream.destroy();
    }
  }

  /** A control connection on which nothing has been said. */
  async connect(): Promise<ByteStream> {
    const connection = await connectUnix(`${this.#world.sockets}/enclave.sock`);
    return new ByteStream(this.recording.of("control", connection), 60_000);
  }

  /** What an honest host would ask, after the hostility; its reads will be answered. */
  request(job: HonestJob): JobRequest {
    const name = job.name ?? randomBytes(8).toString("hex");
    const datasets = [job.dataset, ...(job.beside === undefined ? [] : [job.beside])];
    this.#datasets.set(name, datasets);
    const request: JobRequest = {
      job: name,
      nonce: job.nonce,
      credentials: this.#world.services.endpoints.credentials.enclave,
      plan: job.plan.bytes,
      manifests: datasets.map(({ jws }) => jws),
      grants: job.grants ?? [],
    };
    return this.#hostility.request?.(request) ?? request;
  }

  /** Resolves when the enclave has closed every connection on which it reads. */
  async quiet(): Promise<void> {
    const open = [...this.#reading].filter((connection) => !connection.destroyed);
    await Promise.all(open.map((connection) => new Promise((resolve) => connection.once("close", resolve))));
  }

  async close(): Promise<void> {
    await Promise.all(this.#listening.map((listening) => listening.close()));
  }

  async #follow(stream: ByteStream): Promise<Omit<HostRun, "recording" | "stored">> {
    const progress: Extract<JobEvent, { type: "progress" }>[] = [];
    for (;;) {
      const event = await readJobEvent(stream);
      if (event.type !== "progress") return { event, progress };
      progress.push(event);
      this.#hostility.progress?.(event);
    }
  }

  async #serveGateway(connection: Duplex): Promise<void> {
    const { answer, read } = this.#hostility;
    if (answer === undefined) {
      await serveGateway(
        connection,
        (request) => {
          const honest = this.#honest(request);
          return Promise.resolve(honest && Readable.from([read?.(request, honest) ?? honest]));
        },
        () => undefined,
        async (name, body) => {
          this.stored.set(name, new Uint8Array(await buffer(body)));
        },
      );
      return;
    }
    const stream = new ByteStream(connection, 60_000);
    try {
      while (!(await stream.atEnd())) {
        const request = await readReadRequest(stream);
        const honest = this.#honest(request);
        const bytes = honest === null ? encodeBulkPrefix(0) : answer(request, honest);
        if (bytes !== undefined) await stream.write(bytes);
      }
    } catch {
      stream.destroy();
    }
  }

  #honest({ job, input, object, offset, length }: ReadRequest): Uint8Array | null {
    const bytes = this.#datasets.get(job)?.[input]?.objects[object]?.bytes;
    return bytes?.slice(offset, offset + length) ?? null;
  }

  #serveTunnel(connection: Duplex): void {
    const { tunnel } = this.#hostility;
    if (tunnel !== undefined) {
      tunnel(connection, this.recording);
      return;
    }
    const { kms, kmsHost } = this.#world.services.endpoints;
    const allowed = new Map([[`${kmsHost}:443`, { host: "127.0.0.1", port: Number(new URL(kms).port) }]]);
    void serveTunnel(this.recording.of("tunnel", connection), allowed, () => undefined);
  }
}

/** A host for one job. */
export async function runHost(world: World, job: HonestJob, hostility: Hostility = {}): Promise<HostRun> {
  const host = await Host.open(world, hostility);
  try {
    const { recording, stored } = host;
    return { ...(await host.submit(job)), recording, stored };
  } finally {
    await host.close();
  }
}

/** An answer to a read as the protocol has it. */
export function bulkAnswer(bytes: Uint8Array, length: number = bytes.length): Uint8Array {
  return Buffer.concat([encodeBulkPrefix(length), bytes]);
}
