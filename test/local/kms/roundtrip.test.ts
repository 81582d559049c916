// The local KMS's operations through the unmodified AWS client, where policies let them pass.
import assert from "node:assert/strict";
import { createPublicKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";

import {
  CreateKeyCommand,
  DecryptCommand,
  DescribeKeyCommand,
  EncryptCommand,
  GenerateDataKeyCommand,
  GenerateDataKeyWithoutPlaintextCommand,
  GenerateRandomCommand,
  GetKeyPolicyCommand,
  PutKeyPolicyCommand,
  ReEncryptCommand,
} from "@aws-sdk/client-kms";
import type { KMSClient } from "@aws-sdk/client-kms";
import fc from "fast-check";

import { openCms } from "../../../core/seal/cms.ts";
import { encodeCms } from "../../../local/kms/cms.ts";
import { VECTORS, withoutVectors } from "../../vectors.ts";
import { Cleanups, RECIPIENT, recipientOf, refusal, startRig } from "./rig.ts";
import type { Rig } from "./rig.ts";

const OPEN_POLICY = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { AWS: "*" }, Action: "kms:*", Resource: "*" }],
});
const CONTEXT = { "sealroom:owner": "x", "sealroom:purpose": "dataset" };

const cleanups = new Cleanups();
let rig: Rig;
let kms: KMSClient;
let keyArn: string;
let otherArn: string;

before(async () => {
  rig = await startRig(cleanups);
  kms = rig.client(rig.credentials.owner);
  keyArn = await rig.kms.createKey(OPEN_POLICY);
  otherArn = await rig.kms.createKey(OPEN_POLICY);
});
after(() => cleanups.run());

async function encrypt(
  plaintext: Uint8Array,
  context: Record<string, string> = CONTEXT,
): Promise<Uint8Array> {
  const answer = await kms.send(
    new EncryptCommand({ KeyId: keyArn, Plaintext: plaintext, EncryptionContext: context }),
  );
  assert.ok(answer.CiphertextBlob);
  return answer.CiphertextBlob;
}

test("opens what it sealed, under the same context in any order", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ minLength: 1, maxLength: 4096 }),
      fc.uniqueArray(
        fc.tuple(fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 }), fc.string({ maxLength: 20 })),
        {
          selector: ([key]) => key.toLowerCase(),
          maxLength: 6,
        },
      ),
      async (plaintext, pairs) => {
        const blob = await encrypt(plaintext, Object.fromEntries(pairs));
        const answer = await kms.send(
          new DecryptCommand({
            CiphertextBlob: blob,
            EncryptionContext: Object.fromEntries(pairs.reverse()),
          }),
        );
        assert.deepEqual(new Uint8Array(answer.Plaintext ?? []), new Uint8Array(plaintext));
        assert.equal(answer.KeyId, keyArn);
        assert.equal(answer.EncryptionAlgorithm, "SYMMETRIC_DEFAULT");
      },
    ),
    { numRuns: 30 },
  );
});

test("never seals alike twice", async () => {
  const plaintext = new Uint8Array(32);
  assert.notDeepEqual(await encrypt(plaintext), await encrypt(plaintext));
});

test("refuses another context", async () => {
  const blob = await encrypt(new Uint8Array(32));
  const contexts: Record<string, string>[] = [
    {},
    { ...CONTEXT, "sealroom:owner": "y" },
    { ...CONTEXT, more: "x" },
    { "sealroom:owner": "x" },
    { "sealroom:owner": "dataset", "sealroom:purpose": "x" },
    { "sealroom:ownerx": "", "sealroom:purpose": "dataset" },
  ];
  for (const EncryptionContext of contexts) {
    await assert.rejects(
      kms.send(new DecryptCommand({ CiphertextBlob: blob, EncryptionContext })),
      refusal("InvalidCiphertextException"),
    );
  }
});

test("refuses a blob with any byte changed, cut or added", async () => {
  const blob = await encrypt(new Uint8Array(8));
  const damaged = [...blob.keys()].map((at) => blob.map((byte, index) => (index === at ? byte ^ 1 : byte)));
  for (const CiphertextBlob of [
    ...damaged,
    blob.slice(0, -1),
    blob.slice(0, 20),
    new Uint8Array([...blob, 0]),
  ]) {
    await assert.rejects(
      kms.send(new DecryptCommand({ CiphertextBlob, EncryptionContext: CONTEXT })),
      // Where the key's id is damaged, no such key exists, which KMS does not tell from one that may not be used.
      (error) => refusal("InvalidCiphertextException")(error) || refusal("AccessDeniedException")(error),
    );
  }
});

test("refuses a blob of another key than the one named", async () => {
  const CiphertextBlob = await encrypt(new Uint8Array(32));
  await assert.rejects(
    kms.send(new DecryptCommand({ KeyId: otherArn, CiphertextBlob, EncryptionContext: CONTEXT })),
    refusal("IncorrectKeyException"),
  );
});

test("does not open one key's blob when its id is changed to another key's", async () => {
  const blob = await encrypt(new Uint8Array(32));
  const id = Buffer.from(otherArn.slice(-36).replaceAll("-", ""), "hex");
  const CiphertextBlob = new Uint8Array([...blob.subarray(0, 1), ...id, ...blob.subarray(17)]);
  await assert.rejects(
    kms.send(new DecryptCommand({ CiphertextBlob, EncryptionContext: CONTEXT })),
    refusal("InvalidCiphertextException"),
  );
});

test("finds a key by id or ARN of this region, not by alias, and answers with the ARN", async () => {
  const describe = (KeyId: string) => kms.send(new DescribeKeyCommand({ KeyId }));
  assert.equal((await describe(keyArn.slice(-36))).KeyMetadata?.Arn, keyArn);
  const unknown = [
    "alias/flights",
    keyArn.replace("eu-central-1", "us-east-1"),
    keyArn.replace("000000000000", "111111111111"),
    keyArn.replace("key/", "alias/"),
    `${keyArn.slice(0, -1)}x`,
    "../../credentials",
  ];
  for (const KeyId of unknown) await assert.rejects(describe(KeyId), refusal("NotFoundException"));
});

test("makes data keys of the length asked for", async () => {
  const lengths = [
    [{ KeySpec: "AES_256" }, 32],
    [{ KeySpec: "AES_128" }, 16],
    [{ NumberOfBytes: 1024 }, 1024],
  ] as const;
  for (const [choice, length] of lengths) {
    const answer = await kms.send(
      new GenerateDataKeyCommand({ KeyId: keyArn, EncryptionContext: CONTEXT, ...choice }),
    );
    const opened = await kms.send(
      new DecryptCommand({ CiphertextBlob: answer.CiphertextBlob, EncryptionContext: CONTEXT }),
    );
    assert.equal(answer.Plaintext?.length, length);
    assert.deepEqual(opened.Plaintext, answer.Plaintext);
  }
});

test("wraps a data key without showing it", async () => {
  const answer = await kms.send(
    new GenerateDataKeyWithoutPlaintextCommand({
      KeyId: keyArn,
      KeySpec: "AES_256",
      EncryptionContext: CONTEXT,
    }),
  );
  assert.equal("Plaintext" in answer, false);
  const opened = await kms.send(
    new DecryptCommand({ CiphertextBlob: answer.CiphertextBlob, EncryptionContext: CONTEXT }),
  );
  assert.equal(opened.Plaintext?.length, 32);
});

test("re-encrypts from one key and context to another", async () => {
  const blob = await encrypt(Buffer.from("secret"));
  const answer = await kms.send(
    new ReEncryptCommand({
      CiphertextBlob: blob,
      SourceEncryptionContext: CONTEXT,
      DestinationKeyId: otherArn,
      DestinationEncryptionContext: { other: "context" },
    }),
  );
  const opened = await kms.send(
    new DecryptCommand({ CiphertextBlob: answer.CiphertextBlob, EncryptionContext: { other: "context" } }),
  );
  assert.equal(Buffer.from(opened.Plaintext ?? []).toString(), "secret");
  assert.equal(opened.KeyId, otherArn);
});

test("makes and describes a key with its policy", async () => {
  const made = await kms.send(new CreateKeyCommand({ Policy: OPEN_POLICY, Description: "flights" }));
  const KeyId = made.KeyMetadata?.Arn;
  const described = await kms.send(new DescribeKeyCommand({ KeyId }));
  assert.deepEqual(described.KeyMetadata, made.KeyMetadata);
  assert.equal(described.KeyMetadata?.Description, "flights");
  assert.equal(described.KeyMetadata.KeyState, "Enabled");
  assert.equal((await kms.send(new GetKeyPolicyCommand({ KeyId }))).Policy, OPEN_POLICY);
});

test("gives a key without a policy to the account's IAM, as KMS does", async () => {
  const KeyId = await rig.kms.createKey();
  await assert.rejects(
    kms.send(new EncryptCommand({ KeyId, Plaintext: new Uint8Array(1) })),
    refusal("AccessDeniedException"),
  );
});

test("refuses to make a key for whoever IAM does not let", async () => {
  const analyst = rig.client(rig.credentials.analyst);
  await assert.rejects(
    analyst.send(new CreateKeyCommand({ Policy: OPEN_POLICY })),
    refusal("AccessDeniedException"),
  );
});

test("refuses a policy that locks its author out, unless told that it is meant", async () => {
  const Policy = OPEN_POLICY.replace("kms:*", "kms:Decrypt");
  const refused = refusal("MalformedPolicyDocumentException");
  await assert.rejects(kms.send(new CreateKeyCommand({ Policy })), refused);
  await assert.rejects(kms.send(new PutKeyPolicyCommand({ KeyId: otherArn, Policy })), refused);
  const made = await kms.send(new CreateKeyCommand({ Policy, BypassPolicyLockoutSafetyCheck: true }));
  assert.ok(made.KeyMetadata?.Arn);
});

test("keeps the old policy when the new one is refused", async () => {
  for (const Policy of [
    "{}",
    OPEN_POLICY.replace("kms:*", "kms:Nothing"),
    OPEN_POLICY.replace("Allow", "Permit"),
  ]) {
    await assert.rejects(
      kms.send(new PutKeyPolicyCommand({ KeyId: keyArn, Policy })),
      refusal("MalformedPolicyDocumentException"),
    );
  }
  assert.equal((await kms.send(new GetKeyPolicyCommand({ KeyId: keyArn }))).Policy, OPEN_POLICY);
});

test("rehearses without doing", async () => {
  const common = { KeyId: keyArn, EncryptionContext: CONTEXT, DryRun: true };
  const CiphertextBlob = await encrypt(new Uint8Array(32));
  for (const rehearse of [
    () => kms.send(new GenerateDataKeyCommand({ ...common, KeySpec: "AES_256" })),
    () => kms.send(new EncryptCommand({ ...common, Plaintext: new Uint8Array(1) })),
    () => kms.send(new DecryptCommand({ ...common, CiphertextBlob })),
  ]) {
    await assert.rejects(rehearse(), refusal("DryRunOperationException"));
  }
});

for (const cmsForm of ["constructed", "primitive"] as const) {
  test(`answers an attested request in CMS of the ${cmsForm} form, with no plaintext beside it`, async (context) => {
    const own = await startRig(context, { cmsForm });
    const client = own.client(own.credentials.owner);
    const KeyId = await own.kms.createKey(OPEN_POLICY);
    const Recipient = recipientOf(own.document());
    const made = await client.send(
      new GenerateDataKeyCommand({ KeyId, KeySpec: "AES_256", EncryptionContext: CONTEXT, Recipient }),
    );
    const decrypted = await client.send(
      new DecryptCommand({ CiphertextBlob: made.CiphertextBlob, EncryptionContext: CONTEXT, Recipient }),
    );
    const random = await client.send(new GenerateRandomCommand({ NumberOfBytes: 100, Recipient }));
    const plain = await client.send(
      new DecryptCommand({ CiphertextBlob: made.CiphertextBlob, EncryptionContext: CONTEXT }),
    );

    for (const answer of [made, decrypted, random]) assert.equal(answer.Plaintext, undefined);
    const opened = [made, decrypted, random].map(({ CiphertextForRecipient }) =>
      openCms(new Uint8Array(CiphertextForRecipient ?? []), RECIPIENT.privateKey),
    );
    assert.deepEqual(opened[0], new Uint8Array(plain.Plaintext ?? []));
    assert.deepEqual(opened[1], opened[0]);
    assert.equal(opened[2]?.length, 100);
  });

  test(`writes CMS of the ${cmsForm} form byte for byte as KMS does`, { skip: withoutVectors }, () => {
    // The two samples carry 48 and 16 bytes of ciphertext: plaintexts of 32 and of fewer than 16 bytes.
    const [sample, bytes] =
      cmsForm === "constructed"
        ? (["aws-sdk-c_constructed-indefinite.der", 32] as const)
        : (["aws-sdk-c_primitive-content.der", 15] as const);
    const theirs = readFileSync(new URL(`cms/${sample}`, VECTORS));
    const ours = encodeCms(createPublicKey(RECIPIENT.privateKey), new Uint8Array(bytes), cmsForm);
    assert.equal(blank(ours).toString("hex"), blank(theirs).toString("hex"));
  });
}

/** With what differs from answer to answer set to zero: key identifier, encrypted key, IV, ciphertext. */
function blank(cms: Uint8Array): Buffer {
  const blanked = Buffer.from(cms);
  const variable = [
    ["8020", 32],
    ["04820100", 256],
    ["0410", 16],
    [cms.length === 493 ? "a0800430" : "8010", cms.length === 493 ? 48 : 16],
  ] as const;
  let from = 0;
  for (const [head, length] of variable) {
    const at = blanked.indexOf(Buffer.from(head, "hex"), from) + head.length / 2;
    assert.ok(at >= head.length / 2);
    blanked.fill(0, at, at + length);
    from = at + length;
  }
  return blanked;
}
