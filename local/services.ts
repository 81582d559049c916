// The stand-ins for S3, KMS and the Nitro hypervisor over one state directory, with what a user needs to reach them.
import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Measurements } from "../core/attestation/measurements.ts";
import { encodeMeasurements } from "../core/attestation/measurements.ts";
import { trustRoot } from "../core/attestation/root.ts";
import type { TrustRoot } from "../core/attestation/root.ts";
import { authenticate } from "../core/attestation/verify.ts";
import { openAuthority } from "./authority.ts";
import { credentialTable, openCredentials } from "./credentials.ts";
import type { NamedCredentials, PrincipalName } from "./credentials.ts";
import { ENCLAVE_ENTRIES } from "./enclave-files.ts";
import type { AuthenticateRecipient } from "./kms/recipient.ts";
import { startLocalKms } from "./kms/server.ts";
import { reachableFiles } from "./module-graph.ts";
import { measureEnclave } from "./nsm/measure.ts";
import type { DevRoot } from "./nsm/pki.ts";
import { openDevRoot, ROOT_FILE } from "./nsm/root-store.ts";
import { startLocalS3 } from "./s3/server.ts";
import { writeSecretFile } from "./secret-file.ts";

export const LOCAL_REGION = "us-east-1";
export const LOCAL_KMS_HOST: string = `kms.${LOCAL_REGION}.amazonaws.com`;

interface PublicCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}

/** The one line that main.ts prints; cli/local.ts reads it. Paths are absolute. */
export interface Endpoints {
  readonly s3: string;
  readonly kms: string;
  readonly kmsHost: string;
  readonly kmsAuthority: string;
  readonly region: string;
  readonly credentials: Readonly<Record<PrincipalName, PublicCredentials>>;
  readonly roles: Readonly<Record<PrincipalName, string>>;
  readonly measurements: string;
  readonly simulatedRoot: string;
}

/** Who is a recipient, given the root of the software NSM. */
export type Judge = (simulatedRoot: TrustRoot) => AuthenticateRecipient;

export interface Services {
  readonly endpoints: Endpoints;
  readonly measurements: Measurements;
  readonly nitroRoot: DevRoot;
  close(): Promise<void>;
}

/**
 * The caller holds the lock of the state. `judge`: which documents KMS takes for authentic; those under the simulated
 * root, but in tests that emulate a device. Errors: LOCAL_STATE, NSM_STATE.
 */
export async function startServices(state: string, judge: Judge = chainsTo): Promise<Services> {
  const directory = resolve(state);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const now = Date.now();
  const credentials = await openCredentials(directory);
  const authority = await openAuthority(directory, now);
  const nitroRoot = await openDevRoot(directory, now);
  const root = trustRoot(nitroRoot.certificate);
  const measurements = await measureSources(join(directory, "measurements.json"));
  const table = credentialTable(Object.values(credentials));
  const s3 = await startLocalS3({ directory: join(directory, "s3"), credentials: table });
  const kms = await startLocalKms({
    directory: join(directory, "kms"),
    credentials: table,
    authenticateRecipient: judge(root),
    authority,
    region: LOCAL_REGION,
  });
  const kmsAuthority = join(directory, "kms-authority.pem");
  await writeSecretFile(kmsAuthority, authority.certificate);
  return {
    endpoints: {
      s3: s3.endpoint,
      kms: kms.endpoint,
      kmsHost: LOCAL_KMS_HOST,
      kmsAuthority,
      region: LOCAL_REGION,
      credentials: forEachPrincipal(credentials, ({ accessKeyId, secretAccessKey, sessionToken }) => ({
        accessKeyId,
        secretAccessKey,
        sessionToken,
      })),
      roles: forEachPrincipal(credentials, ({ principal }) => principal.roleArn),
      measurements: join(directory, "measurements.json"),
      simulatedRoot: join(directory, ROOT_FILE),
    },
    measurements,
    nitroRoot,
    close: async (): Promise<void> => {
      await Promise.all([s3.close(), kms.close()]);
    },
  };
}

function chainsTo(root: TrustRoot): AuthenticateRecipient {
  return (document, nowMs) => authenticate(document, root, nowMs);
}

/** Measures the very files that will run, and keeps the measurements where a key policy can be made from them. */
async function measureSources(file: string): Promise<Measurements> {
  const root = new URL("../", import.meta.url);
  const extension = import.meta.filename.slice(-3);
  const entries = ENCLAVE_ENTRIES.map((entry) => entry.replace(/\.ts$/, extension));
  const measurements = await measureEnclave(root, await reachableFiles(root, entries));
  await writeSecretFile(file, encodeMeasurements(measurements));
  return measurements;
}

function forEachPrincipal<T>(
  credentials: NamedCredentials,
  map: (entry: NamedCredentials[PrincipalName]) => T,
): Readonly<Record<PrincipalName, T>> {
  return {
    owner: map(credentials.owner),
    enclave: map(credentials.enclave),
    breakGlass: map(credentials.breakGlass),
    analyst: map(credentials.analyst),
  };
}
