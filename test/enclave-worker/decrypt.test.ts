// KMS Decrypt as the enclave asks for it, against an endpoint of the right authority that answers what it likes.
import assert from "node:assert/strict";
import { createHash, createPublicKey, randomBytes } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { decodeEnvelope } from "../../core/attestation/cose.ts";
import { decodeDocument } from "../../core/attestation/document.ts";
import type { AttestationDocument } from "../../core/attestation/document.ts";
import type { ErrorCode } from "../../core/errors.ts";
import { datasetContext, outputContext } from "../../core/manifest/encryption-context.ts";
import { MAX_WRAPPED_KEY_BYTES } from "../../core/manifest/wrapped-key.ts";
import { decryptDataKey } from "../../enclave-worker/kms/decrypt.ts";
import { generateDataKey } from "../../enclave-worker/kms/generate.ts";
import type { KmsConnection } from "../../enclave-worker/kms/recipient-call.ts";
import { encodeCms } from "../../local/kms/cms.ts";
import { SoftwareNsm } from "../../local/nsm/device.ts";
import { createDevRoot } from "../../local/nsm/pki.ts";
import { refuses } from "../host/refusal.ts";
import { makeAuthority, secureHttp, serverOptions, tunnelTo } from "./tunnel-host.ts";

const KEY_ARN = "arn:aws:kms:eu-central-1:000000000000:key/12345678-1234-1234-1234-123456789012";
const OWNER = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs";
const CONTEXT = datasetContext({
  owner: OWNER,
  dataset: "visits",
  epoch: 1_763_856_000_000,
});
const WRAPPED = { keyArn: KEY_ARN, blob: Buffer.from("wrapped key").toString("base64url"), context: CONTEXT };
const KEY = new Uint8Array(randomBytes(32));

interface Asked {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly document: AttestationDocument;
  readonly recipientKey: KeyObject;
}

type Answer = (asked: Asked) => { readonly status?: number; readonly body: unknown };

interface Rig {
  readonly connection: KmsConnection;
  readonly asked: Asked[];
}

async function connectTo(t: TestContext, answer: Answer): Promise<Rig> {
  const authority = await makeAuthority(t);
  const identity = serverOptions(authority, "kms.eu-central-1.amazonaws.com");
  const asked: Asked[] = [];
  const dialer = await tunnelTo(t, (connection) => {
    void secureHttp(connection, identity, (request, response) => {
      void (async (): Promise<void> => {
        const chunks: Buffer[] = [];
        for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
        const fields = JSON.parse(Buffer.concat(chunks).toString()) as Asked["fields"];
        const { AttestationDocument } = fields["Recipient"] as { AttestationDocument: string };
        const document = decodeDocument(decodeEnvelope(Buffer.from(AttestationDocument, "base64")).payload);
        const recipientKey = createPublicKey({
          key: Buffer.from(document.publicKey ?? []),
          format: "der",
          type: "spki",
        });
        const call = { headers: request.headers, fields, document, recipientKey };
        asked.push(call);
        const { status = 200, body } = answer(call);
        response.writeHead(status);
        response.end(typeof body === "string" || Buffer.isBuffer(body) ? body : JSON.stringify(body));
      })();
    });
  });
  const nsm = new SoftwareNsm(createDevRoot(Date.now()), {
    moduleId: "i-0123456789abcdef0-enc0123456789abcdef",
    pcrs: new Map([0, 1, 2].map((index) => [index, createHash("sha384").update(String(index)).digest()])),
    now: () => Date.now(),
  });
  const connection: KmsConnection = {
    dialer,
    roots: [authority.certificate],
    nsm,
    credentials: { accessKeyId: "ASIAEXAMPLE", secretAccessKey: "secret", sessionToken: "token" },
    nowMs: Date.UTC(2026, 10, 23, 12, 0, 0),
    abandoned: new AbortController().signal,
  };
  return { connection, asked };
}

function sound({ recipientKey }: Asked, plaintext: Uint8Array = KEY): Record<string, unknown> {
  return {
    KeyId: KEY_ARN,
    EncryptionAlgorithm: "SYMMETRIC_DEFAULT",
    CiphertextForRecipient: Buffer.from(encodeCms(recipientKey, plaintext, "constructed")).toString("base64"),
  };
}

test("gives the data key that KMS encrypted to the attested key, in either form of the answer", async (t) => {
  for (const form of ["constructed", "primitive"] as const) {
    const { connection } = await connectTo(t, (asked) => ({
      body: {
        ...sound(asked),
        CiphertextForRecipient: Buffer.from(encodeCms(asked.recipientKey, KEY, form)).toString("base64"),
      },
    }));
    assert.deepEqual(await decryptDataKey(connection, WRAPPED), KEY);
  }
});

test("asks with the full ARN, the manifest's blob, its own context, and nothing else", async (t) => {
  const { connection, asked } = await connectTo(t, (call) => ({ body: sound(call) }));
  await decryptDataKey(connection, WRAPPED);
  const [{ fields, headers, document } = assert.fail("not asked")] = asked;
  const { Recipient, ...rest } = fields;
  assert.deepEqual(rest, {
    KeyId: KEY_ARN,
    CiphertextBlob: Buffer.from("wrapped key").toString("base64"),
    EncryptionAlgorithm: "SYMMETRIC_DEFAULT",
    EncryptionContext: {
      "sealroom:owner": "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs",
      "sealroom:purpose": "dataset",
      "sealroom:dataset": "visits",
      "sealroom:epoch": "1763856000000",
    },
  });
  assert.equal(
    (Recipient as { KeyEncryptionAlgorithm: string }).KeyEncryptionAlgorithm,
    "RSAES_OAEP_SHA_256",
  );
  assert.equal(document.nonce, null);
  assert.equal(document.userData, null);
  assert.equal(headers["x-amz-target"], "TrentService.Decrypt");
  assert.equal(headers["x-amz-date"], "20261123T120000Z");
  assert.equal(headers["x-amz-security-token"], "token");
  assert.match(
    String(headers["authorization"]),
    /^AWS4-HMAC-SHA256 Credential=ASIAEXAMPLE\/20261123\/eu-central-1\/kms\/aws4_request,/,
  );
});

test("asks for each job with another key, of 2048 bits", async (t) => {
  const { connection, asked } = await connectTo(t, (call) => ({ body: sound(call) }));
  for (let turn = 0; turn < 3; turn += 1) await decryptDataKey(connection, WRAPPED);
  const keys = asked.map(({ recipientKey }) => {
    assert.equal(recipientKey.asymmetricKeyDetails?.modulusLength, 2048);
    return recipientKey.export({ type: "spki", format: "der" }).toString("hex");
  });
  assert.equal(new Set(keys).size, 3);
});

const OTHER_ARN = "arn:aws:kms:eu-central-1:000000000000:key/00000000-1234-1234-1234-123456789012";

const REFUSED: readonly (readonly [string, ErrorCode, Answer])[] = [
  ["for another key", "KMS_KEY_ID", (call) => ({ body: { ...sound(call), KeyId: OTHER_ARN } })],
  [
    "for the bare id of the key",
    "KMS_KEY_ID",
    (call) => ({ body: { ...sound(call), KeyId: KEY_ARN.slice(-36) } }),
  ],
  [
    "for an alias",
    "KMS_KEY_ID",
    (call) => ({ body: { ...sound(call), KeyId: "arn:aws:kms:eu-central-1:000000000000:alias/a" } }),
  ],
  [
    "for the key in another case",
    "KMS_KEY_ID",
    (call) => ({ body: { ...sound(call), KeyId: KEY_ARN.toUpperCase() } }),
  ],
  ["for no key", "KMS_KEY_ID", (call) => ({ body: { ...sound(call), KeyId: undefined } })],
  [
    "with a plaintext beside the ciphertext",
    "KMS_ANSWER",
    (call) => ({ body: { ...sound(call), Plaintext: "AAAA" } }),
  ],
  [
    "with an empty plaintext beside it",
    "KMS_ANSWER",
    (call) => ({ body: { ...sound(call), Plaintext: "" } }),
  ],
  [
    "with a plaintext only",
    "KMS_ANSWER",
    () => ({ body: { KeyId: KEY_ARN, Plaintext: Buffer.from(KEY).toString("base64") } }),
  ],
  ["with no ciphertext", "KMS_ANSWER", () => ({ body: { KeyId: KEY_ARN } })],
  [
    "with a ciphertext that is no text",
    "KMS_ANSWER",
    () => ({ body: { KeyId: KEY_ARN, CiphertextForRecipient: 5 } }),
  ],
  ["that is no JSON", "KMS_ANSWER", () => ({ body: "<html>" })],
  ["that is not UTF-8", "KMS_ANSWER", () => ({ body: Buffer.from([0x7b, 0xff, 0x7d]) })],
  ["that is no object", "KMS_ANSWER", () => ({ body: "null" })],
  ["that is empty", "KMS_ANSWER", () => ({ body: "" })],
  ["of status 201", "KMS_DENIED", (call) => ({ status: 201, body: sound(call) })],
  ["of status 500 with a sound body", "KMS_DENIED", (call) => ({ status: 500, body: sound(call) })],
  ["of status 302", "KMS_DENIED", () => ({ status: 302, body: "{}" })],
  [
    "with noise for CMS",
    "CMS_OPEN",
    (call) => ({ body: { ...sound(call), CiphertextForRecipient: randomBytes(500).toString("base64") } }),
  ],
  ["with an empty CMS", "CMS_OPEN", (call) => ({ body: { ...sound(call), CiphertextForRecipient: "" } })],
  ["with a key of 31 bytes", "CMS_OPEN", (call) => ({ body: sound(call, KEY.subarray(1)) })],
  ["with a key of 33 bytes", "CMS_OPEN", (call) => ({ body: sound(call, new Uint8Array(33)) })],
  ["with a key of no bytes", "CMS_OPEN", (call) => ({ body: sound(call, new Uint8Array(0)) })],
];

for (const [name, code, answer] of REFUSED) {
  test(`refuses an answer ${name} with ${code}`, async (t) => {
    const { connection } = await connectTo(t, answer);
    await refuses(code, decryptDataKey(connection, WRAPPED));
  });
}

test("tells why KMS denies by the name of its error, and by nothing else of what it says", async (t) => {
  const reasons: readonly (readonly [unknown, string])[] = [
    ["AccessDeniedException", "AccessDeniedException"],
    ["com.amazonaws.kms#AccessDeniedException", "AccessDeniedException"],
    ["Exception: secret 4711", "unknown"],
    ["x".repeat(100), "x".repeat(64)],
    [5, "unknown"],
    [undefined, "unknown"],
  ];
  for (const [type, reason] of reasons) {
    const { connection } = await connectTo(t, () => ({
      status: 400,
      body: { __type: type, message: "arn:secret" },
    }));
    const { details } = await refuses("KMS_DENIED", decryptDataKey(connection, WRAPPED));
    const asked = { owner: OWNER, purpose: "dataset", dataset: "visits", epoch: "1763856000000" };
    assert.deepEqual(details, { status: 400, reason, key: KEY_ARN, ...asked });
  }
});

test("asks nobody where the key is not named by a full ARN of a key", async (t) => {
  const { connection, asked } = await connectTo(t, (call) => ({ body: sound(call) }));
  const arns = [
    "",
    KEY_ARN.slice(-36),
    "alias/visits",
    "arn:aws:kms:eu-central-1:000000000000:alias/visits",
    KEY_ARN.replace("eu-central-1", "evil.com/"),
    KEY_ARN.replace("eu-central-1", "eu-central-1.evil.com"),
    KEY_ARN.replace("aws", "aws-evil"),
    KEY_ARN.replace("000000000000", "0"),
    `${KEY_ARN}\n`,
    ` ${KEY_ARN}`,
  ];
  for (const keyArn of arns) await refuses("KMS_KEY_ARN", decryptDataKey(connection, { ...WRAPPED, keyArn }));
  assert.equal(asked.length, 0);
});

const OUTPUT = {
  keyArn: KEY_ARN,
  context: outputContext({ owner: OWNER, dataset: "visits-research", job: "ab".repeat(48) }),
};
const BLOB = Buffer.alloc(184, 9);

test("an output's key is drawn under the plan's digest, and comes with itself as KMS wrapped it", async (t) => {
  const { connection, asked } = await connectTo(t, (call) => ({
    body: { ...sound(call), CiphertextBlob: BLOB.toString("base64") },
  }));
  const drawn = await generateDataKey(connection, OUTPUT);
  assert.deepEqual(drawn, { key: KEY, wrappedKey: BLOB.toString("base64url") });
  const [{ fields, headers } = assert.fail("not asked")] = asked;
  const { Recipient, ...rest } = fields;
  assert.ok(Recipient);
  assert.equal(headers["x-amz-target"], "TrentService.GenerateDataKey");
  assert.deepEqual(rest, {
    KeyId: KEY_ARN,
    KeySpec: "AES_256",
    EncryptionContext: {
      "sealroom:owner": OWNER,
      "sealroom:purpose": "output",
      "sealroom:dataset": "visits-research",
      "sealroom:job": "ab".repeat(48),
    },
  });
});

const UNDRAWN: readonly (readonly [string, ErrorCode, Readonly<Record<string, unknown>>])[] = [
  ["without the wrapped key", "KMS_ANSWER", { CiphertextBlob: undefined }],
  ["with an empty wrapped key", "KMS_ANSWER", { CiphertextBlob: "" }],
  ["with a wrapped key that is no text", "KMS_ANSWER", { CiphertextBlob: 5 }],
  [
    "with a wrapped key longer than KMS makes",
    "KMS_ANSWER",
    { CiphertextBlob: Buffer.alloc(MAX_WRAPPED_KEY_BYTES + 1, 1).toString("base64") },
  ],
  ["with the key in the clear", "KMS_ANSWER", { Plaintext: Buffer.from(KEY).toString("base64") }],
  ["for another key", "KMS_KEY_ID", { KeyId: OTHER_ARN }],
  ["without a key for this enclave", "KMS_ANSWER", { CiphertextForRecipient: undefined }],
];

for (const [what, code, changes] of UNDRAWN) {
  test(`refuses an answer to GenerateDataKey ${what}`, async (t) => {
    const { connection } = await connectTo(t, (call) => ({
      body: { ...sound(call), CiphertextBlob: BLOB.toString("base64"), ...changes },
    }));
    await refuses(code, generateDataKey(connection, OUTPUT));
  });
}
