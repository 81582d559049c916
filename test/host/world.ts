// A real local enclave with real stand-ins, and a data set sealed for it, for tests that play the host. The host's
// part is in host.ts, where a test can make it hostile.
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { Agent } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateKeyCommand, GenerateDataKeyCommand, KMSClient } from "@aws-sdk/client-kms";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { datasetContext } from "../../core/manifest/encryption-context.ts";
import type { AwsCredentials } from "../../core/sigv4.ts";
import { startServices } from "../../local/services.ts";
import type { Services } from "../../local/services.ts";
import { startLocalEnclave } from "../../local/start-enclave.ts";
import { keyPolicy } from "../../owner/key-policy.ts";
import type { KeyPair, SealedObject } from "./dataset.ts";
import { makeKey, makeRows, manifestOf, RULES, sealRows, signAs } from "./dataset.ts";
import type { Manifest, Rules } from "../../core/manifest/manifest.ts";

export const DATASET = "visits";

export interface World {
  readonly services: Services;
  readonly sockets: string;
  readonly owner: KeyPair;
  readonly analyst: KeyPair;
  readonly kmsAs: (credentials: AwsCredentials) => KMSClient;
  close(): Promise<void>;
}

export async function startWorld(): Promise<World> {
  const directory = await mkdtemp(join(tmpdir(), "sealroom-test-"));
  const sockets = join(directory, "sockets");
  await mkdir(sockets);
  const services = await startServices(join(directory, "state"));
  const enclave = await startLocalEnclave({ state: join(directory, "state"), sockets, services });
  const ca = await readFile(services.endpoints.kmsAuthority, "utf8");
  const clients: KMSClient[] = [];
  return {
    services,
    sockets,
    owner: await makeKey(),
    analyst: await makeKey(),
    kmsAs: (credentials) => {
      const client = new KMSClient({
        region: services.endpoints.region,
        endpoint: services.endpoints.kms,
        credentials,
        requestHandler: new NodeHttpHandler({ httpsAgent: new Agent({ ca }) }),
      });
      clients.push(client);
      return client;
    },
    close: async (): Promise<void> => {
      for (const client of clients) client.destroy();
      await enclave.stop();
      await services.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

export interface DatasetOptions {
  readonly owner?: KeyPair;
  readonly epoch?: number;
  /** Epochs that the key policy calls live; the data set's own by default. */
  readonly liveEpochs?: readonly number[];
  readonly rules?: Partial<Rules>;
  readonly notAfter?: number;
  readonly seed?: string;
  readonly objects?: number;
  readonly measurements?: Services["measurements"];
}

export interface WorldDataset {
  readonly manifest: Manifest;
  readonly jws: Uint8Array;
  readonly objects: readonly SealedObject[];
  readonly datasetKey: Uint8Array;
}

/** A data set under a key of its own whose policy is the one that `policy kms` prints. */
export async function sealDataset(world: World, options: DatasetOptions = {}): Promise<WorldDataset> {
  const { owner = world.owner, epoch = Date.now(), rules = {}, seed = "seed", objects: count = 4 } = options;
  const { endpoints, measurements } = world.services;
  const policy = keyPolicy({
    measurements: [options.measurements ?? measurements],
    ownerRoleArn: endpoints.roles.owner,
    enclaveRoleArn: endpoints.roles.enclave,
    breakGlassRoleArn: endpoints.roles.breakGlass,
    owner: owner.thumbprint,
    dataset: DATASET,
    liveEpochs: [...(options.liveEpochs ?? [epoch])],
  });
  const breakGlass = world.kmsAs(endpoints.credentials.breakGlass);
  const created = await breakGlass.send(new CreateKeyCommand({ Policy: JSON.stringify(policy) }));
  const keyArn = created.KeyMetadata?.Arn ?? "";
  const drawn = await world.kmsAs(endpoints.credentials.owner).send(
    new GenerateDataKeyCommand({
      KeyId: keyArn,
      KeySpec: "AES_256",
      EncryptionContext: datasetContext({ owner: owner.thumbprint, dataset: DATASET, epoch }),
    }),
  );
  const datasetKey = drawn.Plaintext ?? new Uint8Array(0);
  const objects = makeRows(count, 100, seed).map((rows, index) =>
    sealRows(rows, datasetKey, `part-${String(index)}.sealed`),
  );
  const manifest = manifestOf({
    owner,
    dataset: DATASET,
    epoch,
    keyArn,
    wrappedKey: drawn.CiphertextBlob ?? new Uint8Array(0),
    objects: objects.map(({ entry }) => entry),
    rules: { ...RULES, recipients: [world.analyst.publicKey], ...rules },
    notAfter: options.notAfter ?? Date.now() + 86_400_000,
  });
  return { manifest, jws: await signAs(owner, manifest), objects, datasetKey };
}
