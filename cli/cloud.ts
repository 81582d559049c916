// Where S3, KMS and the enclave are: the embedded stand-ins, or AWS. One line on standard error says which.
import { readFile } from "node:fs/promises";
import { Agent } from "node:https";
import { KMSClient } from "@aws-sdk/client-kms";
import { S3Client } from "@aws-sdk/client-s3";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import type { AwsCredentials } from "../core/sigv4.ts";
import { awsTunnel } from "../host-driver/client.ts";
import type { AllowList } from "../host-driver/tunnel.ts";
import type { Progress } from "./progress.ts";
import { startLocal } from "./local-process.ts";
import type { LocalEndpoints, LocalProcess, LocalStart, Role } from "./local-process.ts";

export interface Cloud {
  /** Null on AWS. */
  readonly local: LocalEndpoints | null;
  /** On AWS every role is whoever the default credential chain finds. */
  s3(role: Role): S3Client;
  /** A client in the region of this key. */
  kms(role: Role, keyArn: string): KMSClient;
  /** What the enclave signs its KMS requests with. */
  enclaveCredentials(): Promise<AwsCredentials>;
  /** Where the enclave may reach KMS for these keys. */
  tunnel(keyArns: readonly string[]): AllowList;
  close(): Promise<void>;
}

export async function openLocalCloud(start: LocalStart, progress: Progress): Promise<Cloud> {
  const process = await startLocal(start);
  const running = process.isOwn ? "" : "running ";
  progress.note(`Using ${running}stand-ins, ${start.state}: no AWS, a simulated enclave.`);
  return localCloud(process);
}

/** The embedded S3 and KMS as AWS's own clients see them. The process is closed with it. */
export async function localCloud(process: LocalProcess): Promise<Cloud> {
  const { endpoints } = process;
  const { region, credentials } = endpoints;
  const authority = await readFile(endpoints.kmsAuthority, "utf8");
  const agent = new Agent({ ca: authority, keepAlive: true });
  const clients: { destroy(): void }[] = [];
  const keep = <Client extends { destroy(): void }>(client: Client): Client => {
    clients.push(client);
    return client;
  };
  return {
    local: endpoints,
    s3: (role) =>
      keep(
        new S3Client({
          region,
          endpoint: endpoints.s3,
          forcePathStyle: true,
          credentials: credentials[role],
        }),
      ),
    kms: (role) =>
      keep(
        new KMSClient({
          region,
          endpoint: endpoints.kms,
          credentials: credentials[role],
          requestHandler: new NodeHttpHandler({ httpsAgent: agent }),
        }),
      ),
    enclaveCredentials: () => Promise.resolve(credentials.enclave),
    tunnel: () => {
      const { port } = new URL(endpoints.kms);
      return new Map([[`${endpoints.kmsHost}:443`, { host: "127.0.0.1", port: Number(port) }]]);
    },
    close: async () => {
      for (const client of clients) client.destroy();
      agent.destroy();
      await process.close();
    },
  };
}

export function openAws(progress: Progress): Cloud {
  progress.note("Using AWS with the default credential chain.");
  const clients: { destroy(): void }[] = [];
  const s3 = new S3Client({});
  clients.push(s3);
  return {
    local: null,
    s3: () => s3,
    kms: (_role, keyArn) => {
      const client = new KMSClient(regionOf(keyArn));
      clients.push(client);
      return client;
    },
    enclaveCredentials: async () => {
      const { accessKeyId, secretAccessKey, sessionToken } = await s3.config.credentials();
      return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
    },
    tunnel: awsTunnel,
    close: () => {
      for (const client of clients) client.destroy();
      return Promise.resolve();
    },
  };
}

/** A key's region stands in its ARN; without one it is the default region. */
function regionOf(keyArn: string): { region?: string } {
  const region = keyArn.split(":")[3];
  return region === undefined || region === "" ? {} : { region };
}
