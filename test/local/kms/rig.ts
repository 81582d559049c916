// A local KMS with the software NSM's documents and the unmodified AWS client of each role.
import { createPrivateKey, generateKeyPairSync } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { Agent } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { KMSClient, KMSServiceException } from "@aws-sdk/client-kms";
import { NodeHttpHandler } from "@smithy/node-http-handler";

import { encodeRegister } from "../../../core/attestation/measurements.ts";
import { parentRoleRegister } from "../../../core/parent-registers.ts";
import { trustRoot } from "../../../core/attestation/root.ts";
import { authenticate } from "../../../core/attestation/verify.ts";
import { openAuthority } from "../../../local/authority.ts";
import type { Authority } from "../../../local/authority.ts";
import { credentialTable, LOCAL_ACCOUNT, openCredentials } from "../../../local/credentials.ts";
import type { LocalCredentials, NamedCredentials } from "../../../local/credentials.ts";
import type { CmsForm } from "../../../local/kms/cms.ts";
import { startLocalKms } from "../../../local/kms/server.ts";
import type { LocalKms } from "../../../local/kms/server.ts";
import { encodeDocument } from "../../../local/nsm/document.ts";
import { ChainIssuer, createDevRoot } from "../../../local/nsm/pki.ts";
import type { DevRoot } from "../../../local/nsm/pki.ts";

export const REGION = "eu-central-1";
export const IMAGE = { 0: "0a".repeat(48), 1: "1b".repeat(48), 2: "2c".repeat(48) } as const;
export const OTHER_IMAGE = { 0: "d0".repeat(48), 1: "e1".repeat(48), 2: "f2".repeat(48) } as const;
/** PCR3 on an instance of the enclave's role. */
export const PARENT: string = encodeRegister(
  parentRoleRegister(`arn:aws:iam::${LOCAL_ACCOUNT}:role/sealroom-enclave`),
);
/** The registers of IMAGE where it is meant to run. */
export const BOOTED: Readonly<Record<number, string>> = { ...IMAGE, 3: PARENT };

export interface DocumentChoice {
  readonly pcrs?: Readonly<Record<number, string>>;
  readonly publicKey?: Uint8Array | null;
  readonly timestampMs?: number;
  readonly root?: DevRoot;
}

export interface Rig {
  readonly directory: string;
  readonly kms: LocalKms;
  readonly credentials: NamedCredentials;
  readonly authority: Authority;
  readonly root: DevRoot;
  /** Unix milliseconds: what the KMS takes for now. */
  readonly time: { nowMs: number };
  client(credentials: LocalCredentials): KMSClient;
  /** A fresh document of BOOTED for RECIPIENT, unless chosen otherwise. */
  document(choice?: DocumentChoice): Uint8Array;
}

/** A test's context, or the list of a whole file's. */
export interface Cleanup {
  after(undo: () => unknown): void;
}

/** For rigs that all tests of a file share: `after(() => cleanups.run())`. */
export class Cleanups implements Cleanup {
  readonly #undo: (() => unknown)[] = [];

  after(undo: () => unknown): void {
    this.#undo.push(undo);
  }

  async run(): Promise<void> {
    for (const undo of this.#undo.reverse()) await undo();
  }
}

export interface RigOptions {
  readonly cmsForm?: CmsForm;
  readonly directory?: string;
  readonly root?: DevRoot;
  /** Callers beside the fixed ones. */
  readonly strangers?: readonly LocalCredentials[];
}

const pair = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  publicKeyEncoding: { type: "spki", format: "der" },
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
});
/** One for all tests: making one takes a while. */
export const RECIPIENT: { readonly publicKey: Uint8Array; readonly privateKey: KeyObject } = {
  publicKey: new Uint8Array(pair.publicKey),
  privateKey: createPrivateKey(pair.privateKey),
};

export async function startRig(context: Cleanup, options: RigOptions = {}): Promise<Rig> {
  const directory = options.directory ?? (await temporaryDirectory(context));
  const time = { nowMs: Date.now() };
  const credentials = await openCredentials(directory);
  const authority = await openAuthority(directory, time.nowMs);
  const root = options.root ?? createDevRoot(time.nowMs - 60_000);
  const kms = await startLocalKms({
    directory: join(directory, "kms"),
    credentials: credentialTable([...Object.values(credentials), ...(options.strangers ?? [])]),
    authenticateRecipient: (document, atMs) => authenticate(document, trustRoot(root.certificate), atMs),
    authority,
    region: REGION,
    clock: () => time.nowMs,
    ...(options.cmsForm === undefined ? {} : { cmsForm: options.cmsForm }),
  });
  context.after(() => kms.close());
  return {
    directory,
    kms,
    credentials,
    authority,
    root,
    time,
    client: (who) => {
      const client = kmsClient(kms.endpoint, authority, who);
      context.after(() => {
        client.destroy();
      });
      return client;
    },
    document: (choice = {}) => makeDocument(choice, root, time.nowMs),
  };
}

export function kmsClient(endpoint: string, authority: Authority, credentials: LocalCredentials): KMSClient {
  return new KMSClient({
    endpoint,
    region: REGION,
    // A copy: the client writes into what it is given.
    credentials: { ...credentials },
    maxAttempts: 1,
    requestHandler: new NodeHttpHandler({
      httpsAgent: new Agent({ ca: authority.certificate, keepAlive: true }),
    }),
  });
}

export async function temporaryDirectory(context: Cleanup): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "sealroom-test-"));
  context.after(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

export function recipientOf(document: Uint8Array): {
  KeyEncryptionAlgorithm: "RSAES_OAEP_SHA_256";
  AttestationDocument: Uint8Array;
} {
  return { KeyEncryptionAlgorithm: "RSAES_OAEP_SHA_256", AttestationDocument: document };
}

/** For assert.rejects: whether KMS refused with this error. */
export function refusal(name: string): (error: unknown) => boolean {
  return (error) => error instanceof KMSServiceException && error.name === name;
}

function makeDocument(choice: DocumentChoice, root: DevRoot, nowMs: number): Uint8Array {
  const timestampMs = choice.timestampMs ?? nowMs;
  const claims = {
    moduleId: "i-0123456789abcdef0-enc0123456789abcdef",
    timestampMs,
    pcrs: new Map(
      Object.entries(choice.pcrs ?? BOOTED).map(([index, hex]) => [Number(index), Buffer.from(hex, "hex")]),
    ),
    publicKey: choice.publicKey === undefined ? RECIPIENT.publicKey : choice.publicKey,
    userData: null,
    nonce: null,
  };
  const issuer = new ChainIssuer(choice.root ?? root, claims.moduleId);
  return encodeDocument(claims, issuer.identityAt(timestampMs));
}
