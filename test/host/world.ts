// A real local enclave with real stand-ins, and data sets sealed for it, for tests that play the host. The host's
// part is in host.ts, where a test can make it hostile.
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { Agent } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  CreateKeyCommand,
  EncryptCommand,
  GenerateDataKeyCommand,
  GenerateDataKeyWithoutPlaintextCommand,
  KMSClient,
  PutKeyPolicyCommand,
} from "@aws-sdk/client-kms";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { datasetContext, tokenContext } from "../../core/manifest/encryption-context.ts";
import type { Manifest, Rules } from "../../core/manifest/manifest.ts";
import type { TokenKeyEntry } from "../../core/manifest/tokenization.ts";
import type { AwsCredentials } from "../../core/sigv4.ts";
import { startServices } from "../../local/services.ts";
import type { Services } from "../../local/services.ts";
import { encodeKeyPolicy, keyPolicy } from "../../owner/key-policy.ts";
import type { KeyPair, Row, SealedObject } from "./dataset.ts";
import { makeKey, makeRows, manifestOf, RULES, sealRows, signAs } from "./dataset.ts";
import { startEnclave } from "./enclave.ts";
import type { EnclaveProcess } from "./enclave.ts";

export const DATASET = "visits";

export interface World {
  readonly services: Services;
  readonly state: string;
  readonly sockets: string;
  readonly enclave: EnclaveProcess;
  readonly owner: KeyPair;
  readonly analyst: KeyPair;
  readonly kmsAs: (credentials: AwsCredentials) => KMSClient;
  close(): Promise<void>;
}

/** `threads`: of the enclave. */
export async function startWorld({ threads }: { readonly threads?: number } = {}): Promise<World> {
  const directory = await mkdtemp(join(tmpdir(), "sealroom-test-"));
  const state = join(directory, "state");
  const sockets = join(directory, "sockets");
  await mkdir(sockets);
  const services = await startServices(state);
  const enclave = await startEnclave(services, sockets, threads);
  const ca = await readFile(services.endpoints.kmsAuthority, "utf8");
  const clients: KMSClient[] = [];
  return {
    services,
    state,
    sockets,
    enclave,
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
      await enclave.close();
      await services.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

export type TokenKey = Pick<TokenKeyEntry, "domain" | "version">;

export interface DatasetOptions {
  readonly owner?: KeyPair;
  readonly dataset?: string;
  readonly epoch?: number;
  /** Epochs that the key policy calls live; the data set's own by default. */
  readonly liveEpochs?: readonly number[];
  readonly rules?: Partial<Rules> | ((keyArn: string) => Promise<Partial<Rules>>);
  /** What the key policy allows besides. */
  readonly tokens?: readonly TokenKey[];
  readonly outputs?: readonly string[];
  readonly notAfter?: number;
  /** Of each object; four of a hundred people by default. */
  readonly rows?: readonly (readonly Row[])[];
  /** An owner's own file of an object's rows, whatever it holds, and what the manifest says of its columns. */
  readonly encode?: (rows: readonly Row[]) => Uint8Array;
  readonly schema?: Manifest["schema"];
  readonly unit?: Manifest["unit"];
  readonly measurements?: Services["measurements"];
}

export interface WorldDataset {
  readonly owner: KeyPair;
  readonly manifest: Manifest;
  readonly jws: Uint8Array;
  readonly objects: readonly SealedObject[];
  readonly datasetKey: Uint8Array;
}

/** A data set under a key of its own whose policy is the one that `policy kms` prints. */
export async function sealDataset(world: World, options: DatasetOptions = {}): Promise<WorldDataset> {
  const { owner = world.owner, dataset = DATASET, epoch = Date.now(), rules = {} } = options;
  const { endpoints } = world.services;
  const keyArn = await createKey(world, {
    owner,
    dataset,
    liveEpochs: options.liveEpochs ?? [epoch],
    measurements: options.measurements ?? world.services.measurements,
    tokens: options.tokens ?? [],
    outputs: options.outputs ?? [],
  });
  const drawn = await world.kmsAs(endpoints.credentials.owner).send(
    new GenerateDataKeyCommand({
      KeyId: keyArn,
      KeySpec: "AES_256",
      EncryptionContext: datasetContext({ owner: owner.thumbprint, dataset, epoch }),
    }),
  );
  const datasetKey = drawn.Plaintext ?? new Uint8Array(0);
  const objects = (options.rows ?? makeRows(4, 100, "seed")).map((rows, index) =>
    sealRows(rows, datasetKey, `part-${index}.sealed`, options.encode?.(rows)),
  );
  const usual = manifestOf({
    owner,
    dataset,
    epoch,
    keyArn,
    wrappedKey: drawn.CiphertextBlob ?? new Uint8Array(0),
    objects: objects.map(({ entry }) => entry),
    rules: {
      ...RULES,
      recipients: [world.analyst.publicKey],
      ...(typeof rules === "function" ? await rules(keyArn) : rules),
    },
    notAfter: options.notAfter ?? Date.now() + 86_400_000,
  });
  const { schema = usual.schema, unit = usual.unit } = options;
  const manifest = { ...usual, schema, unit };
  return { owner, manifest, jws: await signAs(owner, manifest), objects, datasetKey };
}

/** The same objects under a new epoch with other rules, as `sign` makes one. The key policy stays as it is. */
export async function resign(
  world: World,
  sealed: WorldDataset,
  { epoch, rules }: { readonly epoch: number; readonly rules: Partial<Rules> },
): Promise<WorldDataset> {
  const { owner, manifest: old, datasetKey } = sealed;
  const wrapped = await world.kmsAs(world.services.endpoints.credentials.owner).send(
    new EncryptCommand({
      KeyId: old.keyArn,
      Plaintext: datasetKey,
      EncryptionContext: datasetContext({ owner: owner.thumbprint, dataset: old.dataset, epoch }),
    }),
  );
  const wrappedKey = Buffer.from(wrapped.CiphertextBlob ?? new Uint8Array(0)).toString("base64url");
  const manifest = { ...old, epoch, wrappedKey, rules: { ...old.rules, ...rules } };
  return { ...sealed, manifest, jws: await signAs(owner, manifest) };
}

/** A token domain's key, as its owner has KMS draw it. */
export async function drawTokenKey(
  { kmsAs, services }: World,
  owner: KeyPair,
  keyArn: string,
  { domain, version }: TokenKey,
): Promise<TokenKeyEntry> {
  const { CiphertextBlob = new Uint8Array(0) } = await kmsAs(services.endpoints.credentials.owner).send(
    new GenerateDataKeyWithoutPlaintextCommand({
      KeyId: keyArn,
      KeySpec: "AES_256",
      EncryptionContext: tokenContext({ owner: owner.thumbprint, domain, version }),
    }),
  );
  return { domain, version, keyArn, wrappedKey: Buffer.from(CiphertextBlob).toString("base64url") };
}

interface KeyTerms {
  readonly owner: KeyPair;
  readonly dataset: string;
  readonly liveEpochs: readonly number[];
  readonly measurements: Services["measurements"];
  readonly tokens?: readonly TokenKey[];
  readonly outputs?: readonly string[];
}

async function createKey(world: World, terms: KeyTerms): Promise<string> {
  const breakGlass = world.kmsAs(world.services.endpoints.credentials.breakGlass);
  const created = await breakGlass.send(new CreateKeyCommand({ Policy: policyText(world, terms) }));
  return created.KeyMetadata?.Arn ?? "";
}

/** Lists other epochs as live: with none of them the data set's, no enclave opens it any more. */
export async function setLiveEpochs(
  world: World,
  { owner, manifest: { dataset, keyArn } }: WorldDataset,
  liveEpochs: readonly number[],
): Promise<void> {
  const { measurements } = world.services;
  const Policy = policyText(world, { owner, dataset, liveEpochs, measurements });
  const breakGlass = world.kmsAs(world.services.endpoints.credentials.breakGlass);
  await breakGlass.send(new PutKeyPolicyCommand({ KeyId: keyArn, Policy }));
}

function policyText({ services }: World, { owner, measurements, ...terms }: KeyTerms): string {
  const { roles } = services.endpoints;
  return encodeKeyPolicy(
    keyPolicy({
      measurements: [measurements],
      ownerRoleArn: roles.owner,
      enclaveRoleArn: roles.enclave,
      breakGlassRoleArn: roles.breakGlass,
      owner: owner.thumbprint,
      ...terms,
    }),
  );
}
