// Token and output keys under the printed policy, as the local KMS enforces it: what an enclave opens and has drawn,
// for which context, and what the owner alone makes.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import {
  DecryptCommand,
  EncryptCommand,
  GenerateDataKeyCommand,
  GenerateDataKeyWithoutPlaintextCommand,
} from "@aws-sdk/client-kms";
import type { KMSClient } from "@aws-sdk/client-kms";

import { outputContext, tokenContext } from "../../core/manifest/encryption-context.ts";
import { openCms } from "../../core/seal/cms.ts";
import { encodeKeyPolicy, keyPolicy } from "../../owner/key-policy.ts";
import { BOOTED, Cleanups, IMAGE, RECIPIENT, recipientOf, refusal, startRig } from "../local/kms/rig.ts";
import type { Rig } from "../local/kms/rig.ts";

type Pairs = Record<string, string>;

const OWNER = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs";
const OTHER_OWNER = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
const JOB = "ab".repeat(48);
const TOKEN: Pairs = { ...tokenContext({ owner: OWNER, domain: "people", version: 2 }) };
const OUTPUT: Pairs = { ...outputContext({ owner: OWNER, dataset: "visits-tokens", job: JOB }) };
const DATASET: Pairs = {
  "sealroom:owner": OWNER,
  "sealroom:purpose": "dataset",
  "sealroom:dataset": "visits",
  "sealroom:epoch": "1763856000000",
};
const DENIED = refusal("AccessDeniedException");

let rig: Rig;
let keyArn: string;
let owner: KMSClient;
let enclave: KMSClient;
let breakGlass: KMSClient;

const cleanups = new Cleanups();
after(() => cleanups.run());

before(async () => {
  rig = await startRig(cleanups);
  keyArn = await rig.kms.createKey(
    encodeKeyPolicy(
      keyPolicy({
        measurements: [IMAGE],
        ownerRoleArn: rig.credentials.owner.principal.roleArn,
        enclaveRoleArn: rig.credentials.enclave.principal.roleArn,
        breakGlassRoleArn: rig.credentials.breakGlass.principal.roleArn,
        owner: OWNER,
        dataset: "visits",
        liveEpochs: [1_763_856_000_000],
        tokens: [
          { domain: "people", version: 2 },
          { domain: "people", version: 3 },
          { domain: "plates", version: 7 },
        ],
        outputs: ["visits-tokens", "visits-sample"],
      }),
    ),
  );
  owner = rig.client(rig.credentials.owner);
  enclave = rig.client(rig.credentials.enclave);
  breakGlass = rig.client(rig.credentials.breakGlass);
});

/** As the owner makes a token domain's key: nobody sees it. */
async function makeTokenKey(client: KMSClient, context: Pairs): Promise<Uint8Array> {
  const { CiphertextBlob } = await client.send(
    new GenerateDataKeyWithoutPlaintextCommand({
      KeyId: keyArn,
      KeySpec: "AES_256",
      EncryptionContext: context,
    }),
  );
  assert.ok(CiphertextBlob);
  return CiphertextBlob;
}

async function decrypt(client: KMSClient, blob: Uint8Array, context: Pairs, document: Uint8Array | null) {
  return client.send(
    new DecryptCommand({
      KeyId: keyArn,
      CiphertextBlob: blob,
      EncryptionContext: context,
      ...(document === null ? {} : { Recipient: recipientOf(document) }),
    }),
  );
}

async function generate(client: KMSClient, context: Pairs, document: Uint8Array | null) {
  return client.send(
    new GenerateDataKeyCommand({
      KeyId: keyArn,
      KeySpec: "AES_256",
      EncryptionContext: context,
      ...(document === null ? {} : { Recipient: recipientOf(document) }),
    }),
  );
}

test("lets the enclave open a token key that the owner had drawn and never saw", async () => {
  const { CiphertextForRecipient, Plaintext } = await decrypt(
    enclave,
    await makeTokenKey(owner, TOKEN),
    TOKEN,
    rig.document(),
  );
  assert.equal(Plaintext, undefined);
  assert.ok(CiphertextForRecipient);
  assert.equal(openCms(CiphertextForRecipient, RECIPIENT.privateKey).length, 32);
});

test("never shows the owner a token key, nor takes one that the owner knows", async () => {
  const blob = await makeTokenKey(owner, TOKEN);
  await assert.rejects(decrypt(owner, blob, TOKEN, null), { name: "AccessDeniedException" });
  await assert.rejects(generate(owner, TOKEN, null), { name: "AccessDeniedException" });
  const known = { KeyId: keyArn, Plaintext: new Uint8Array(32), EncryptionContext: TOKEN };
  await assert.rejects(owner.send(new EncryptCommand(known)), { name: "AccessDeniedException" });
});

test("opens each listed version of each domain, and no version of one that lives in another alone", async () => {
  const verdicts: Record<string, boolean> = {};
  for (const domain of ["people", "plates"]) {
    for (const version of [1, 2, 3, 7]) {
      const context: Pairs = { ...tokenContext({ owner: OWNER, domain, version }) };
      const blob = await makeTokenKey(owner, context);
      const opened = decrypt(enclave, blob, context, rig.document());
      verdicts[`${domain}:${version}`] = await opened.then(
        () => true,
        (error: unknown) => (assert.ok(DENIED(error)), false),
      );
    }
  }
  const open = Object.keys(verdicts).filter((name) => verdicts[name]);
  assert.deepEqual(open, ["people:2", "people:3", "plates:7"]);
});

test("stops the enclave's role from a token key without a document, or with another's", async () => {
  const blob = await makeTokenKey(owner, TOKEN);
  const others = [0, 1, 2, 3].map((register) => ({ ...BOOTED, [register]: "99".repeat(48) }));
  const documents = [null, ...others.map((pcrs) => rig.document({ pcrs }))];
  for (const document of documents) await assert.rejects(decrypt(enclave, blob, TOKEN, document), DENIED);
});

test("stops the enclave from another owner's tokens", async () => {
  const context = { ...TOKEN, "sealroom:owner": OTHER_OWNER };
  const blob = await makeTokenKey(breakGlass, context);
  await assert.rejects(decrypt(enclave, blob, context, rig.document()), DENIED);
});

test("lets nobody but the owner make token keys, attested or not", async () => {
  await assert.rejects(makeTokenKey(enclave, TOKEN), DENIED);
  await assert.rejects(generate(enclave, TOKEN, null), DENIED);
  await assert.rejects(generate(enclave, TOKEN, rig.document()), DENIED);
  await assert.rejects(
    enclave.send(
      new EncryptCommand({ KeyId: keyArn, Plaintext: new Uint8Array(32), EncryptionContext: TOKEN }),
    ),
    DENIED,
  );
});

test("draws an output's key to the enclave alone, for any job and each listed data set", async () => {
  for (const dataset of ["visits-tokens", "visits-sample"]) {
    for (const job of [JOB, "cd".repeat(48)]) {
      const context: Pairs = { ...outputContext({ owner: OWNER, dataset, job }) };
      const answer = await generate(enclave, context, rig.document());
      assert.equal(answer.Plaintext, undefined);
      assert.ok(answer.CiphertextForRecipient && answer.CiphertextBlob);
      const inside = openCms(answer.CiphertextForRecipient, RECIPIENT.privateKey);
      const { Plaintext } = await decrypt(owner, answer.CiphertextBlob, context, null);
      assert.deepEqual(new Uint8Array(inside), Plaintext);
    }
  }
});

const NO_OUTPUTS: readonly (readonly [string, Pairs])[] = [
  ["another data set", { ...OUTPUT, "sealroom:dataset": "visits" }],
  ["another owner", { ...OUTPUT, "sealroom:owner": OTHER_OWNER }],
  ["no job", without(OUTPUT, "sealroom:job")],
  ["a key too many", { ...OUTPUT, "sealroom:epoch": "1763856000000" }],
  ["no context", {}],
  ["a data set's context", DATASET],
  ["a token's context", TOKEN],
];

for (const [name, context] of NO_OUTPUTS) {
  test(`draws the enclave no key for ${name}`, async () => {
    await assert.rejects(generate(enclave, context, rig.document()), DENIED);
  });
}

test("draws the enclave's role no output key without a document, or with another's", async () => {
  const others = [0, 1, 2, 3].map((register) => ({ ...BOOTED, [register]: "99".repeat(48) }));
  const documents = [null, ...others.map((pcrs) => rig.document({ pcrs }))];
  for (const document of documents) await assert.rejects(generate(enclave, OUTPUT, document), DENIED);
});

test("does not let the enclave open an output's key again: that is the owner's", async () => {
  const { CiphertextBlob } = await generate(enclave, OUTPUT, rig.document());
  assert.ok(CiphertextBlob);
  await assert.rejects(decrypt(enclave, CiphertextBlob, OUTPUT, rig.document()), DENIED);
  assert.ok((await decrypt(owner, CiphertextBlob, OUTPUT, null)).Plaintext);
});

test("keeps purposes apart: a token's blob opens as no data set's, and the other way round", async () => {
  const token = await makeTokenKey(owner, TOKEN);
  await assert.rejects(
    decrypt(enclave, token, DATASET, rig.document()),
    refusal("InvalidCiphertextException"),
  );
  const { CiphertextBlob = new Uint8Array() } = await generate(owner, DATASET, null);
  await assert.rejects(
    decrypt(enclave, CiphertextBlob, TOKEN, rig.document()),
    refusal("InvalidCiphertextException"),
  );
});

function without(context: Pairs, key: string): Pairs {
  return Object.fromEntries(Object.entries(context).filter(([name]) => name !== key));
}
