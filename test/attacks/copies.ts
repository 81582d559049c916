// Attacks on whole tokenization jobs: on the key under which a copy is written, and on the keys of another's tokens.
import assert from "node:assert/strict";
import { createPublicKey, randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DecryptCommand } from "@aws-sdk/client-kms";
import { decodeEnvelope } from "../../core/attestation/cose.ts";
import { decodeDocument } from "../../core/attestation/document.ts";
import { parseTable } from "../../core/column/table.ts";
import { cellText } from "../../core/column/text.ts";
import { outputContext } from "../../core/manifest/encryption-context.ts";
import { DATASET_KEYRING } from "../../core/manifest/manifest.ts";
import type { Rules } from "../../core/manifest/manifest.ts";
import { parseOutputManifest } from "../../core/manifest/output.ts";
import type { TokenKeyEntry } from "../../core/manifest/tokenization.ts";
import { openWithRawAes } from "../../core/seal/open.ts";
import { encodeCms } from "../../local/kms/cms.ts";
import { columnRules, makeKey, makeRows, SCHEMA } from "../host/dataset.ts";
import type { KeyPair, Row } from "../host/dataset.ts";
import { endpointIdentity, playEndpoint } from "../host/endpoint.ts";
import type { KmsFields } from "../host/endpoint.ts";
import { compilePlanFor, drawNonce, runHost } from "../host/host.ts";
import type { HostRun, Hostility } from "../host/host.ts";
import { DATASET, drawTokenKey, sealDataset } from "../host/world.ts";
import type { World, WorldDataset } from "../host/world.ts";
import type { Attack, Verdict } from "./attack.ts";

const AUDIENCE = "research";
const COPY = "visits-research";
const DOMAIN = { domain: "person", version: 1 } as const;

const COLUMNS = columnRules(SCHEMA, { person: { ...DOMAIN, operator: "siv" } });

/** A data set with rules for one copy, whose people get tokens under a key of their owner's. */
async function sealForCopy(
  world: World,
  rows: readonly Row[],
  { owner = world.owner, carried }: { readonly owner?: KeyPair; readonly carried?: TokenKeyEntry } = {},
): Promise<WorldDataset> {
  const rules = async (keyArn: string): Promise<Partial<Rules>> => ({
    tokenKeys: [carried ?? (await drawTokenKey(world, owner, keyArn, DOMAIN))],
    tokenization: { [AUDIENCE]: { dataset: COPY, keyArn, columns: COLUMNS } },
  });
  return sealDataset(world, { owner, rows: [rows], rules, tokens: [DOMAIN], outputs: [COPY] });
}

function asOwner(world: World): ReturnType<World["kmsAs"]> {
  return world.kmsAs(world.services.endpoints.credentials.owner);
}

interface Asked {
  readonly nonce?: string;
  readonly hostility?: Hostility;
}

async function runCopy(
  world: World,
  dataset: WorldDataset,
  { nonce = drawNonce(), hostility = {} }: Asked = {},
): Promise<HostRun> {
  const text = (owner: string): string =>
    `datasets:\n  ${DATASET}: { owner: ${owner} }\nrecipient: analyst\nkind: tokenize\naudience: ${AUDIENCE}\n`;
  const plan = await compilePlanFor(world, text, { owner: dataset.owner });
  return runHost(world, { plan, nonce, dataset }, hostility);
}

/** A column of the copy that the host has stored, for whoever has the copy's key. */
function columnOf(run: HostRun, key: Uint8Array, name: string): readonly (string | null)[] {
  const { namespace, name: keyName } = DATASET_KEYRING;
  return [...run.stored.values()].flatMap((object) => {
    const table = parseTable(openWithRawAes(object, { wrappingKey: key, keyNamespace: namespace, keyName }));
    const at = table.fields.findIndex((field) => field.name === name);
    return table.batches.flatMap(({ rows, columns }) => {
      const vector = columns[at];
      assert.ok(vector !== undefined);
      return Array.from({ length: rows }, (_, row) => cellText(vector, row));
    });
  });
}

/** The copy's key, as the owner of the copy opens it. */
async function openCopyKey(world: World, { event }: HostRun): Promise<Uint8Array> {
  assert.ok(event.type === "done" && event.output !== null);
  const { owner, dataset, job, keyArn, wrappedKey } = parseOutputManifest(event.output);
  const { Plaintext = new Uint8Array(0) } = await asOwner(world).send(
    new DecryptCommand({
      KeyId: keyArn,
      CiphertextBlob: Buffer.from(wrappedKey, "base64url"),
      EncryptionContext: outputContext({ owner, dataset, job }),
    }),
  );
  return Plaintext;
}

/** Encrypted to the key in the document, as anybody can who sees it. */
function wrapFor(asked: KmsFields, key: Uint8Array): string {
  const { AttestationDocument } = asked["Recipient"] as { AttestationDocument: string };
  const { payload } = decodeEnvelope(Buffer.from(AttestationDocument, "base64"));
  const der = Buffer.from(decodeDocument(payload).publicKey ?? []);
  const publicKey = createPublicKey({ key: der, format: "der", type: "spki" });
  return Buffer.from(encodeCms(publicKey, key, "constructed")).toString("base64");
}

const knownOutputKey: Attack = {
  name: "the host answers for KMS, when a copy's key is drawn, with a key that it knows, and reads the copy",
  case: "H21",
  scene: "enclave",
  expects: "KMS_TLS",
  guard: [
    {
      file: "enclave-worker/kms/https.ts",
      find: "rejectUnauthorized: true,",
      replace: "rejectUnauthorized: false,",
    },
  ],
  async run(world) {
    const rows = makeRows(1, 20, "known").flat();
    const dataset = await sealForCopy(world, rows);
    const known = new Uint8Array(randomBytes(32));
    const directory = await mkdtemp(join(tmpdir(), "sealroom-ca-"));
    try {
      const identity = await endpointIdentity(world, directory);
      const tunnel = await playEndpoint(world, identity, ({ asked, relay }) => {
        if (asked["KeySpec"] === undefined) return relay();
        return Promise.resolve({
          KeyId: asked["KeyId"],
          CiphertextBlob: Buffer.alloc(184, 7).toString("base64"),
          CiphertextForRecipient: wrapFor(asked, known),
        });
      });
      const run = await runCopy(world, dataset, { hostility: { tunnel } });
      if (run.event.type === "refused") return { outcome: "refused", code: run.event.code };
      assert.deepEqual(
        columnOf(run, known, "city"),
        rows.map(({ city }) => city),
      );
      return { outcome: "succeeded" };
    } finally {
      await rm(directory, { recursive: true });
    }
  },
};

const othersTokenKey: Attack = {
  name: "a stranger carries an owner's token key into rules of his own, to have a dictionary of names tokenized under it",
  case: "A32",
  scene: "enclave",
  expects: "KMS_DENIED",
  guard: [
    {
      // The context's owner is then what the host says: the nonce, read as text.
      file: "enclave-worker/job.ts",
      find: "releaseKeys(connection, verified, program, planDigest)",
      replace:
        'releaseKeys(connection, verified, program, planDigest, Buffer.from(request.nonce, "hex").toString())',
    },
    {
      file: "enclave-worker/job-keys.ts",
      find: "  planDigest: string,\n): Promise<JobKeys> {",
      replace: "  planDigest: string,\n  said: string,\n): Promise<JobKeys> {",
    },
    {
      file: "enclave-worker/job-keys.ts",
      find: "tokenContext({ owner, domain, version })",
      replace: "tokenContext({ owner: said, domain, version })",
    },
  ],
  async run(world) {
    const rows = makeRows(1, 20, "carried").flat();
    const dataset = await sealForCopy(world, rows);
    const nonce = Buffer.from(world.owner.thumbprint).toString("hex");
    const honest = await runCopy(world, dataset, { nonce });
    const tokens = columnOf(honest, await openCopyKey(world, honest), "person");
    const [carried] = dataset.manifest.rules.tokenKeys ?? [];
    assert.ok(carried !== undefined);
    const stranger = await makeKey();
    const dictionary = await sealForCopy(world, rows, { owner: stranger, carried });
    const run = await runCopy(world, dictionary, { nonce });
    return whatIsLearnt(world, run, tokens);
  },
};

/** Succeeded where his people have the owner's tokens. */
async function whatIsLearnt(
  world: World,
  run: HostRun,
  tokens: readonly (string | null)[],
): Promise<Verdict> {
  if (run.event.type === "refused") return { outcome: "refused", code: run.event.code };
  assert.deepEqual(columnOf(run, await openCopyKey(world, run), "person"), tokens);
  return { outcome: "succeeded" };
}

export const COPY_ATTACKS: readonly Attack[] = [knownOutputKey, othersTokenKey];
