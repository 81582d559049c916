// The printed key policy as the local KMS enforces it, asked by the unmodified AWS client: for each statement what it
// lets through and what it stops.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import {
  CancelKeyDeletionCommand,
  CreateGrantCommand,
  DecryptCommand,
  DescribeKeyCommand,
  DisableKeyCommand,
  EnableKeyCommand,
  EncryptCommand,
  GenerateDataKeyCommand,
  GenerateDataKeyWithoutPlaintextCommand,
  GetKeyPolicyCommand,
  PutKeyPolicyCommand,
  ReEncryptCommand,
  ScheduleKeyDeletionCommand,
} from "@aws-sdk/client-kms";
import type { KMSClient } from "@aws-sdk/client-kms";

import { encodeRegister } from "../../core/attestation/measurements.ts";
import { parentRoleRegister } from "../../core/parent-registers.ts";
import { createCredentials, LOCAL_ACCOUNT } from "../../local/credentials.ts";
import type { LocalCredentials } from "../../local/credentials.ts";
import { createDevRoot } from "../../local/nsm/pki.ts";
import { encodeKeyPolicy, keyPolicy } from "../../owner/key-policy.ts";
import type { KeyPolicyTerms } from "../../owner/key-policy/terms.ts";
import {
  BOOTED,
  Cleanups,
  IMAGE,
  OTHER_IMAGE,
  PARENT,
  recipientOf,
  refusal,
  startRig,
} from "../local/kms/rig.ts";
import type { Rig } from "../local/kms/rig.ts";

const THUMBPRINT = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs";
const OTHER_THUMBPRINT = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
const LIVE = [1_763_856_000_000, 1_763_859_600_000];
const CONTEXT: Record<string, string> = {
  "sealroom:owner": THUMBPRINT,
  "sealroom:purpose": "dataset",
  "sealroom:dataset": "flights",
  "sealroom:epoch": String(LIVE[0]),
};
const ZERO = "00".repeat(48);
const DENIED = refusal("AccessDeniedException");

// A role of the same account that IAM lets do anything, as the host's administrator could arrange.
const administrator = createCredentials("administrator", ["*"]);

let rig: Rig;
let keyArn: string;
let terms: KeyPolicyTerms;
let owner: KMSClient;
let enclave: KMSClient;
let breakGlass: KMSClient;
const wrapped = new Map<string, Uint8Array>();

const cleanups = new Cleanups();
after(() => cleanups.run());

before(async () => {
  rig = await startRig(cleanups, { strangers: [administrator] });
  const role = ({ principal }: LocalCredentials) => principal.roleArn;
  terms = {
    measurements: [IMAGE, OTHER_IMAGE],
    ownerRoleArn: role(rig.credentials.owner),
    enclaveRoleArn: role(rig.credentials.enclave),
    breakGlassRoleArn: role(rig.credentials.breakGlass),
    owner: THUMBPRINT,
    dataset: "flights",
    liveEpochs: LIVE,
  };
  keyArn = await rig.kms.createKey(encodeKeyPolicy(keyPolicy(terms)));
  owner = rig.client(rig.credentials.owner);
  enclave = rig.client(rig.credentials.enclave);
  breakGlass = rig.client(rig.credentials.breakGlass);
});

/** A data key under the context. Break-glass wraps it, as the owner's role may not use every context of these tests. */
async function wrap(context: Record<string, string>): Promise<Uint8Array> {
  const name = JSON.stringify(context);
  const known = wrapped.get(name);
  if (known !== undefined) return known;
  const answer = await breakGlass.send(
    new EncryptCommand({ KeyId: keyArn, Plaintext: new Uint8Array(32).fill(7), EncryptionContext: context }),
  );
  assert.ok(answer.CiphertextBlob);
  wrapped.set(name, answer.CiphertextBlob);
  return answer.CiphertextBlob;
}

async function decrypt(
  client: KMSClient,
  context: Record<string, string>,
  document: Uint8Array | null,
): Promise<{ Plaintext?: Uint8Array | undefined; CiphertextForRecipient?: Uint8Array | undefined }> {
  return client.send(
    new DecryptCommand({
      KeyId: keyArn,
      CiphertextBlob: await wrap(context),
      EncryptionContext: context,
      ...(document === null ? {} : { Recipient: recipientOf(document) }),
    }),
  );
}

test("lets the measured enclave decrypt, to itself alone", async () => {
  const answer = await decrypt(enclave, CONTEXT, rig.document());
  assert.ok(answer.CiphertextForRecipient);
  assert.equal(answer.Plaintext, undefined);
});

test("lets every listed image and every live epoch through", async () => {
  for (const image of [IMAGE, OTHER_IMAGE]) {
    const pcrs = { ...image, 3: PARENT };
    for (const epoch of LIVE) {
      const answer = await decrypt(
        enclave,
        { ...CONTEXT, "sealroom:epoch": String(epoch) },
        rig.document({ pcrs }),
      );
      assert.ok(answer.CiphertextForRecipient);
    }
  }
});

test("does not mind registers beyond the four", async () => {
  const pcrs = { ...BOOTED, 4: "44".repeat(48), 16: ZERO };
  assert.ok((await decrypt(enclave, CONTEXT, rig.document({ pcrs }))).CiphertextForRecipient);
});

for (const index of [0, 1, 2, 3] as const) {
  test(`stops an image that differs in PCR${index} alone`, async () => {
    const pcrs = { ...BOOTED, [index]: "99".repeat(48) };
    await assert.rejects(decrypt(enclave, CONTEXT, rig.document({ pcrs })), DENIED);
  });

  test(`stops a document whose PCR${index} is zero`, async () => {
    await assert.rejects(
      decrypt(enclave, CONTEXT, rig.document({ pcrs: { ...BOOTED, [index]: ZERO } })),
      DENIED,
    );
  });

  test(`stops a document without PCR${index}`, async () => {
    const pcrs = Object.fromEntries(
      Object.entries(BOOTED).filter(([register]) => Number(register) !== index),
    );
    await assert.rejects(decrypt(enclave, CONTEXT, rig.document({ pcrs })), DENIED);
  });
}

for (const index of [0, 1, 2] as const) {
  test(`stops an image with PCR${index} of another listed image`, async () => {
    const pcrs = { ...BOOTED, [index]: OTHER_IMAGE[index] };
    await assert.rejects(decrypt(enclave, CONTEXT, rig.document({ pcrs })), DENIED);
  });
}

test("stops the measured image on an instance of another role", async () => {
  for (const role of ["sealroom-enclav", "sealroom-enclave2", "sealroom-owner"]) {
    const parent = encodeRegister(parentRoleRegister(`arn:aws:iam::${LOCAL_ACCOUNT}:role/${role}`));
    const document = rig.document({ pcrs: { ...IMAGE, 3: parent } });
    await assert.rejects(decrypt(enclave, CONTEXT, document), DENIED);
  }
});

test("opens to the measured image on anybody's instance when PCR3 is left out", async (context) => {
  context.after(() => breakGlass.send(putPolicy()));
  await breakGlass.send(putPolicy({ parent: "anybody" }));
  for (const pcrs of [IMAGE, { ...IMAGE, 3: "33".repeat(48) }]) {
    assert.ok((await decrypt(enclave, CONTEXT, rig.document({ pcrs }))).CiphertextForRecipient);
    const other = { ...pcrs, 0: "99".repeat(48) };
    await assert.rejects(decrypt(enclave, CONTEXT, rig.document({ pcrs: other })), DENIED);
  }
});

test("stops an enclave in debug mode", async () => {
  await assert.rejects(
    decrypt(enclave, CONTEXT, rig.document({ pcrs: { 0: ZERO, 1: ZERO, 2: ZERO, 3: PARENT } })),
    DENIED,
  );
});

test("stops the enclave's role without a document", async () => {
  await assert.rejects(decrypt(enclave, CONTEXT, null), DENIED);
});

test("stops a document under another root before the policy is asked", async () => {
  const root = createDevRoot(rig.time.nowMs - 60_000);
  await assert.rejects(decrypt(enclave, CONTEXT, rig.document({ root })), refusal("ValidationException"));
});

test("stops a document that is too old, or from the future", async () => {
  for (const timestampMs of [rig.time.nowMs - 5 * 60_000 - 1000, rig.time.nowMs + 61_000]) {
    await assert.rejects(
      decrypt(enclave, CONTEXT, rig.document({ timestampMs })),
      refusal("ValidationException"),
    );
  }
});

const WRONG_CONTEXTS: readonly (readonly [string, Record<string, string>])[] = [
  ["another owner's thumbprint", { ...CONTEXT, "sealroom:owner": OTHER_THUMBPRINT }],
  ["the thumbprint in other case", { ...CONTEXT, "sealroom:owner": THUMBPRINT.toLowerCase() }],
  ["another purpose", { ...CONTEXT, "sealroom:purpose": "token" }],
  ["another data set", { ...CONTEXT, "sealroom:dataset": "flights2" }],
  ["a dead epoch", { ...CONTEXT, "sealroom:epoch": "1763850000000" }],
  ["an epoch of another spelling", { ...CONTEXT, "sealroom:epoch": `${String(LIVE[0])}.0` }],
  ["a key too many", { ...CONTEXT, "sealroom:extra": "x" }],
  ["a key in other case", { ...without("sealroom:owner"), "Sealroom:Owner": THUMBPRINT }],
  ["no owner", without("sealroom:owner")],
  ["no purpose", without("sealroom:purpose")],
  ["no data set", without("sealroom:dataset")],
  ["no epoch", without("sealroom:epoch")],
  ["no context at all", {}],
];

for (const [name, context] of WRONG_CONTEXTS) {
  test(`stops the measured enclave from a key wrapped under ${name}`, async () => {
    await assert.rejects(decrypt(enclave, context, rig.document()), DENIED);
  });
}

test("refuses a context with two keys that differ only in case", async () => {
  const context = { ...CONTEXT, "SEALROOM:OWNER": THUMBPRINT };
  await assert.rejects(
    enclave.send(
      new DecryptCommand({
        CiphertextBlob: await wrap(CONTEXT),
        EncryptionContext: context,
        Recipient: recipientOf(rig.document()),
      }),
    ),
    refusal("ValidationException"),
  );
});

test("does not open another owner's blob under the right context", async () => {
  const blob = await wrap({ ...CONTEXT, "sealroom:owner": OTHER_THUMBPRINT });
  const command = new DecryptCommand({
    KeyId: keyArn,
    CiphertextBlob: blob,
    EncryptionContext: CONTEXT,
    Recipient: recipientOf(rig.document()),
  });
  await assert.rejects(enclave.send(command), refusal("InvalidCiphertextException"));
});

test("gives the enclave's role Decrypt and nothing else, attested or not", async () => {
  const Recipient = recipientOf(rig.document());
  const blob = await wrap(CONTEXT);
  const common = { KeyId: keyArn, EncryptionContext: CONTEXT };
  const attempts = [
    () => enclave.send(new GenerateDataKeyCommand({ ...common, KeySpec: "AES_256" })),
    () => enclave.send(new GenerateDataKeyCommand({ ...common, KeySpec: "AES_256", Recipient })),
    () => enclave.send(new GenerateDataKeyWithoutPlaintextCommand({ ...common, KeySpec: "AES_256" })),
    () => enclave.send(new EncryptCommand({ ...common, Plaintext: new Uint8Array(32) })),
    () => enclave.send(new DescribeKeyCommand({ KeyId: keyArn })),
    () => enclave.send(new GetKeyPolicyCommand({ KeyId: keyArn })),
    () => enclave.send(reEncrypt(blob, CONTEXT)),
    () => enclave.send(createGrant(rig.credentials.enclave)),
    () => enclave.send(putPolicy()),
    () => enclave.send(new ScheduleKeyDeletionCommand({ KeyId: keyArn })),
    () => enclave.send(new DisableKeyCommand({ KeyId: keyArn })),
  ];
  for (const attempt of attempts) await assert.rejects(attempt(), DENIED);
});

test("lets the owner wrap, unwrap and describe without attestation, under its own thumbprint", async () => {
  const common = { KeyId: keyArn, EncryptionContext: CONTEXT };
  const made = await owner.send(new GenerateDataKeyCommand({ ...common, KeySpec: "AES_256" }));
  const opened = await owner.send(
    new DecryptCommand({ CiphertextBlob: made.CiphertextBlob, EncryptionContext: CONTEXT }),
  );
  assert.deepEqual(opened.Plaintext, made.Plaintext);
  const nextEpoch = { ...CONTEXT, "sealroom:epoch": "1763870000000" };
  const again = await owner.send(
    new EncryptCommand({ KeyId: keyArn, Plaintext: opened.Plaintext, EncryptionContext: nextEpoch }),
  );
  assert.ok(again.CiphertextBlob);
  assert.equal((await owner.send(new DescribeKeyCommand({ KeyId: keyArn }))).KeyMetadata?.Arn, keyArn);
});

const FOREIGN_CONTEXTS: readonly Record<string, string>[] = [
  { ...CONTEXT, "sealroom:owner": OTHER_THUMBPRINT },
  without("sealroom:owner"),
  {},
];

test("stops the owner under any other thumbprint, or none", async () => {
  for (const EncryptionContext of FOREIGN_CONTEXTS) {
    const common = { KeyId: keyArn, EncryptionContext };
    const attempts = [
      () => owner.send(new GenerateDataKeyCommand({ ...common, KeySpec: "AES_256" })),
      () => owner.send(new EncryptCommand({ ...common, Plaintext: new Uint8Array(32) })),
      () => decrypt(owner, EncryptionContext, null),
    ];
    for (const attempt of attempts) await assert.rejects(attempt(), DENIED);
  }
});

test("stops the owner from administering the key", async () => {
  const attempts = [
    () => owner.send(putPolicy()),
    () => owner.send(new ScheduleKeyDeletionCommand({ KeyId: keyArn })),
    () => owner.send(new DisableKeyCommand({ KeyId: keyArn })),
    () => owner.send(createGrant(rig.credentials.enclave)),
  ];
  for (const attempt of attempts) await assert.rejects(attempt(), DENIED);
});

test("stops an analyst and an administrator of the account from everything", async () => {
  const blob = await wrap(CONTEXT);
  for (const client of [rig.client(rig.credentials.analyst), rig.client(administrator)]) {
    const attempts = [
      () => decrypt(client, CONTEXT, null),
      () => decrypt(client, CONTEXT, rig.document()),
      () =>
        client.send(
          new GenerateDataKeyCommand({ KeyId: keyArn, KeySpec: "AES_256", EncryptionContext: CONTEXT }),
        ),
      () => client.send(reEncrypt(blob, CONTEXT)),
      () => client.send(createGrant(administrator)),
      () => client.send(putPolicy()),
      () => client.send(new ScheduleKeyDeletionCommand({ KeyId: keyArn })),
      () => client.send(new DescribeKeyCommand({ KeyId: keyArn })),
    ];
    for (const attempt of attempts) await assert.rejects(attempt(), DENIED);
  }
});

test("keeps its denials when a second, broad Allow is put beside them", async (context) => {
  const policy = keyPolicy(terms);
  const broad = { Sid: "Mistake", Effect: "Allow", Principal: { AWS: "*" }, Action: "kms:*", Resource: "*" };
  const widened = JSON.stringify({ ...policy, Statement: [...policy.Statement, broad] });
  const put = (Policy: string) => breakGlass.send(new PutKeyPolicyCommand({ KeyId: keyArn, Policy }));
  context.after(() => put(encodeKeyPolicy(policy)));
  await put(widened);

  const common = { KeyId: keyArn, EncryptionContext: CONTEXT };
  const Recipient = recipientOf(rig.document());
  const stopped = [
    () => decrypt(enclave, CONTEXT, null),
    () => decrypt(enclave, CONTEXT, rig.document({ pcrs: { ...BOOTED, 1: "99".repeat(48) } })),
    () => decrypt(enclave, CONTEXT, rig.document({ pcrs: { ...BOOTED, 3: "99".repeat(48) } })),
    () => enclave.send(new GenerateDataKeyCommand({ ...common, KeySpec: "AES_256" })),
    () => enclave.send(new GenerateDataKeyCommand({ ...common, KeySpec: "AES_256", Recipient })),
    () => enclave.send(new GenerateDataKeyWithoutPlaintextCommand({ ...common, KeySpec: "AES_256" })),
    () => enclave.send(new EncryptCommand({ ...common, Plaintext: new Uint8Array(32) })),
    () => decrypt(rig.client(administrator), CONTEXT, rig.document({ pcrs: { 0: ZERO, 1: ZERO, 2: ZERO } })),
    () => enclave.send(createGrant(rig.credentials.enclave)),
    async () => enclave.send(reEncrypt(await wrap(CONTEXT), CONTEXT)),
    () => enclave.send(putPolicy()),
    () => owner.send(putPolicy()),
    () => enclave.send(new DisableKeyCommand({ KeyId: keyArn })),
  ];
  for (const attempt of stopped) await assert.rejects(attempt(), DENIED);
  // The control: the mistake does open what no Deny covers.
  assert.ok((await enclave.send(new DescribeKeyCommand({ KeyId: keyArn }))).KeyMetadata);
});

test("lets break-glass do what nobody else may", async () => {
  const blob = await wrap(CONTEXT);
  assert.ok((await decrypt(breakGlass, CONTEXT, null)).Plaintext);
  assert.ok((await breakGlass.send(reEncrypt(blob, CONTEXT))).CiphertextBlob);
  await assert.rejects(
    breakGlass.send(createGrant(rig.credentials.breakGlass)),
    refusal("UnsupportedOperationException"),
  );
  await breakGlass.send(putPolicy());
  await breakGlass.send(new DisableKeyCommand({ KeyId: keyArn }));
  await assert.rejects(decrypt(enclave, CONTEXT, rig.document()), refusal("DisabledException"));
  await breakGlass.send(new EnableKeyCommand({ KeyId: keyArn }));
  await breakGlass.send(new ScheduleKeyDeletionCommand({ KeyId: keyArn, PendingWindowInDays: 7 }));
  await assert.rejects(decrypt(enclave, CONTEXT, rig.document()), refusal("KMSInvalidStateException"));
  await breakGlass.send(new CancelKeyDeletionCommand({ KeyId: keyArn }));
  await breakGlass.send(new EnableKeyCommand({ KeyId: keyArn }));
  assert.ok((await decrypt(enclave, CONTEXT, rig.document())).CiphertextForRecipient);
});

test("lets an epoch die when the policy no longer lists it", async (context) => {
  context.after(() => breakGlass.send(putPolicy()));
  await breakGlass.send(putPolicy({ liveEpochs: [LIVE[1] ?? 0] }));
  await assert.rejects(decrypt(enclave, CONTEXT, rig.document()), DENIED);
  const live = { ...CONTEXT, "sealroom:epoch": String(LIVE[1]) };
  assert.ok((await decrypt(enclave, live, rig.document())).CiphertextForRecipient);
  await breakGlass.send(putPolicy({ liveEpochs: [] }));
  await assert.rejects(decrypt(enclave, live, rig.document()), DENIED);
});

function reEncrypt(blob: Uint8Array, context: Record<string, string>): ReEncryptCommand {
  return new ReEncryptCommand({
    CiphertextBlob: blob,
    SourceEncryptionContext: context,
    DestinationKeyId: keyArn,
    DestinationEncryptionContext: { ...context, "sealroom:owner": OTHER_THUMBPRINT },
  });
}

function createGrant({ principal }: LocalCredentials): CreateGrantCommand {
  return new CreateGrantCommand({
    KeyId: keyArn,
    GranteePrincipal: principal.roleArn,
    Operations: ["Decrypt"],
  });
}

function putPolicy(change: Partial<KeyPolicyTerms> = {}): PutKeyPolicyCommand {
  return new PutKeyPolicyCommand({
    KeyId: keyArn,
    Policy: encodeKeyPolicy(keyPolicy({ ...terms, ...change })),
  });
}

function without(key: string): Record<string, string> {
  return Object.fromEntries(Object.entries(CONTEXT).filter(([name]) => name !== key));
}
