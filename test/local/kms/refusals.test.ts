// What the local KMS refuses before a policy is asked: signatures, documents, parameters, and TLS.
import assert from "node:assert/strict";
import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { request as httpsRequest } from "node:https";
import { connect } from "node:tls";
import { after, before, test } from "node:test";

import {
  DecryptCommand,
  EncryptCommand,
  GenerateDataKeyCommand,
  GenerateRandomCommand,
  ListKeysCommand,
} from "@aws-sdk/client-kms";
import type { KMSClient } from "@aws-sdk/client-kms";

import { signRequest } from "../../../core/sigv4.ts";
import { openAuthority } from "../../../local/authority.ts";
import { createCredentials } from "../../../local/credentials.ts";
import {
  Cleanups,
  kmsClient,
  RECIPIENT,
  recipientOf,
  refusal,
  REGION,
  startRig,
  temporaryDirectory,
} from "./rig.ts";
import type { Rig } from "./rig.ts";

const OPEN_POLICY = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { AWS: "*" }, Action: "kms:*", Resource: "*" }],
});

const cleanups = new Cleanups();
let rig: Rig;
let kms: KMSClient;
let keyArn: string;

before(async () => {
  rig = await startRig(cleanups);
  kms = rig.client(rig.credentials.owner);
  keyArn = await rig.kms.createKey(OPEN_POLICY);
});
after(() => cleanups.run());

const generate = (client: KMSClient) => client.send(new GenerateRandomCommand({ NumberOfBytes: 1 }));

test("refuses a wrong secret, an unknown key, and a wrong or missing session token", async () => {
  const { owner } = rig.credentials;
  const refused = [
    [{ ...owner, secretAccessKey: `${owner.secretAccessKey}x` }, "InvalidSignatureException"],
    [createCredentials("sealroom-owner", ["*"]), "UnrecognizedClientException"],
    [{ ...owner, accessKeyId: rig.credentials.enclave.accessKeyId }, "UnrecognizedClientException"],
    [{ ...owner, sessionToken: rig.credentials.enclave.sessionToken }, "UnrecognizedClientException"],
    [{ ...owner, sessionToken: "" }, "UnrecognizedClientException"],
  ] as const;
  await generate(kms);
  for (const [credentials, name] of refused) {
    await assert.rejects(generate(rig.client(credentials)), refusal(name));
  }
});

test("refuses a request whose time is more than five minutes off, in either direction", async (context) => {
  const own = await startRig(context);
  const now = own.time.nowMs;
  for (const [offsetMs, name] of [
    [4 * 60_000, null],
    [-4 * 60_000, null],
    [6 * 60_000, "InvalidSignatureException"],
    [-6 * 60_000, "InvalidSignatureException"],
  ] as const) {
    own.time.nowMs = now + offsetMs;
    // A client of its own each time: after a refusal the SDK corrects its clock.
    const attempt = generate(own.client(own.credentials.owner));
    await (name === null ? attempt : assert.rejects(attempt, refusal(name)));
  }
});

interface RawRequest {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  /** Applied to the request after it was signed. */
  readonly tamper?: (sent: {
    headers: Record<string, string>;
    body: string;
    path: string;
    method: string;
  }) => void;
  readonly region?: string;
  readonly service?: string;
}

async function sendRaw(raw: RawRequest): Promise<{ status: number; type: string }> {
  const { method = "POST", path = "/", body = '{"NumberOfBytes":1}' } = raw;
  const headers = signRequest({
    method,
    host: `localhost:${rig.kms.port}`,
    path,
    query: [],
    headers: {
      "content-type": "application/x-amz-json-1.1",
      "x-amz-target": "TrentService.GenerateRandom",
      ...raw.headers,
    },
    body: Buffer.from(body),
    region: raw.region ?? REGION,
    service: raw.service ?? "kms",
    credentials: rig.credentials.owner,
    timeMs: rig.time.nowMs,
  });
  const sent = { headers, body, path, method };
  raw.tamper?.(sent);
  return new Promise((resolve, reject) => {
    const request = httpsRequest(
      {
        host: "localhost",
        servername: "localhost",
        port: rig.kms.port,
        ca: rig.authority.certificate,
        agent: false,
        method: sent.method,
        path: sent.path,
        headers: sent.headers,
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () => {
          const fields = JSON.parse(Buffer.concat(chunks).toString()) as { __type?: string };
          resolve({ status: response.statusCode ?? 0, type: fields.__type ?? "" });
        });
      },
    );
    request.on("error", reject);
    request.end(sent.body);
  });
}

test("takes a request that our own signer signed", async () => {
  assert.deepEqual(await sendRaw({}), { status: 200, type: "" });
});

const TAMPERED: readonly (readonly [string, RawRequest, string])[] = [
  [
    "another body than was signed",
    { tamper: (sent) => (sent.body = '{"NumberOfBytes":2}') },
    "InvalidSignatureException",
  ],
  [
    "another operation than was signed",
    { tamper: (sent) => (sent.headers["x-amz-target"] = "TrentService.Decrypt") },
    "InvalidSignatureException",
  ],
  [
    "a host that was not signed",
    { tamper: (sent) => (sent.headers["host"] = "kms.evil.com") },
    "InvalidSignatureException",
  ],
  ["a region that is not this one", { region: "us-east-1" }, "InvalidSignatureException"],
  ["another service's signature", { service: "s3" }, "InvalidSignatureException"],
  [
    "no signature",
    { tamper: (sent) => delete sent.headers["authorization"] },
    "MissingAuthenticationTokenException",
  ],
  [
    "a malformed signature",
    { tamper: (sent) => (sent.headers["authorization"] = "AWS4-HMAC-SHA256 x") },
    "IncompleteSignatureException",
  ],
  [
    "a header of AWS's that is not signed",
    { tamper: (sent) => (sent.headers["x-amz-extra"] = "1") },
    "IncompleteSignatureException",
  ],
  [
    "a signed header that is missing",
    { headers: { "x-amz-extra": "1" }, tamper: (sent) => delete sent.headers["x-amz-extra"] },
    "InvalidSignatureException",
  ],
  [
    "a date of another day than the scope",
    { tamper: (sent) => (sent.headers["x-amz-date"] = "20200101T000000Z") },
    "IncompleteSignatureException",
  ],
  [
    "an unknown operation",
    { headers: { "x-amz-target": "TrentService.Unknown" } },
    "UnknownOperationException",
  ],
  [
    "another service's operation",
    { headers: { "x-amz-target": "DynamoDB.GetItem" } },
    "UnknownOperationException",
  ],
  ["another content type", { headers: { "content-type": "application/json" } }, "UnknownOperationException"],
  ["another method", { method: "PUT" }, "UnknownOperationException"],
  ["another path", { path: "/x" }, "UnknownOperationException"],
  ["a body that is not JSON", { body: "{" }, "SerializationException"],
  ["a body that is no object", { body: "[]" }, "ValidationException"],
  ["an empty body", { body: "" }, "SerializationException"],
  [
    "a parameter that is not known",
    { body: '{"NumberOfBytes":1,"CustomKeyStoreId":"x"}' },
    "ValidationException",
  ],
  ["a parameter of the wrong type", { body: '{"NumberOfBytes":"1"}' }, "ValidationException"],
  ["a number out of bounds", { body: '{"NumberOfBytes":1025}' }, "ValidationException"],
  ["a body past the limit", { body: `{"x":"${"x".repeat(200_000)}"}` }, "RequestEntityTooLargeException"],
];

for (const [name, raw, type] of TAMPERED) {
  test(`refuses ${name}`, async () => {
    const answer = await sendRaw(raw);
    assert.equal(answer.type, type);
    assert.ok(answer.status >= 400 && answer.status < 500);
  });
}

test("refuses an operation that it does not have", async () => {
  await assert.rejects(kms.send(new ListKeysCommand({})), refusal("UnknownOperationException"));
});

function decrypt(document: Uint8Array, algorithm = "RSAES_OAEP_SHA_256"): Promise<unknown> {
  return kms.send(
    new GenerateRandomCommand({
      NumberOfBytes: 32,
      Recipient: { KeyEncryptionAlgorithm: algorithm as "RSAES_OAEP_SHA_256", AttestationDocument: document },
    }),
  );
}

const spki = (key: ReturnType<typeof createPublicKey>) =>
  new Uint8Array(key.export({ type: "spki", format: "der" }));
const rsa = (modulusLength: number, publicExponent = 65_537) =>
  spki(createPublicKey(generateKeyPairSync("rsa", { modulusLength, publicExponent }).privateKey));

const KEYS: readonly (readonly [string, () => Uint8Array | null])[] = [
  ["no public key", () => null],
  ["an empty public key", () => new Uint8Array()],
  ["a public key that is none", () => new Uint8Array(294)],
  ["an RSA key of 1024 bits", () => rsa(1024)],
  ["an RSA key with exponent 3", () => rsa(2048, 3)],
  ["an EC key", () => spki(createPublicKey(generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey))],
  ["bytes after the public key", () => new Uint8Array([...RECIPIENT.publicKey, 0])],
  ["a cut public key", () => RECIPIENT.publicKey.slice(0, -1)],
];

for (const [name, publicKey] of KEYS) {
  test(`refuses a document with ${name}`, async () => {
    await assert.rejects(decrypt(rig.document({ publicKey: publicKey() })), refusal("ValidationException"));
  });
}

test("takes RSA keys of 3072 bits too", async () => {
  await decrypt(rig.document({ publicKey: rsa(3072) }));
});

test("refuses a document that is damaged, cut or none", async () => {
  const document = rig.document();
  const step = process.env["SEALROOM_DEEP"] === undefined ? 211 : 1;
  const damaged = [new Uint8Array(1), document.slice(0, -1), new Uint8Array([...document, 0])];
  for (let at = 0; at < document.length; at += step) {
    damaged.push(document.map((byte, index) => (index === at ? byte ^ 1 : byte)));
  }
  for (const bytes of damaged) await assert.rejects(decrypt(bytes), refusal("ValidationException"));
});

test("refuses a document of 16 KiB and one byte", async () => {
  await assert.rejects(decrypt(new Uint8Array(16 * 1024 + 1)), refusal("ValidationException"));
});

test("refuses another key encryption algorithm, and a recipient without one", async () => {
  await assert.rejects(decrypt(rig.document(), "RSAES_OAEP_SHA_1"), refusal("ValidationException"));
  const Recipient = { AttestationDocument: rig.document() };
  await assert.rejects(
    kms.send(new GenerateRandomCommand({ NumberOfBytes: 1, Recipient })),
    refusal("ValidationException"),
  );
});

test("refuses a document from just past five minutes on, and takes it until then", async () => {
  const at = (ageMs: number) => rig.document({ timestampMs: rig.time.nowMs - ageMs });
  await decrypt(at(5 * 60_000));
  await assert.rejects(decrypt(at(5 * 60_000 + 1)), refusal("ValidationException"));
});

test("refuses what KMS's limits do not allow", async () => {
  const long = { a: "x".repeat(8200) };
  const attempts = [
    () => kms.send(new EncryptCommand({ KeyId: keyArn, Plaintext: new Uint8Array(4097) })),
    () => kms.send(new EncryptCommand({ KeyId: keyArn, Plaintext: new Uint8Array(0) })),
    () =>
      kms.send(new EncryptCommand({ KeyId: keyArn, Plaintext: new Uint8Array(1), EncryptionContext: long })),
    () => kms.send(new DecryptCommand({ CiphertextBlob: new Uint8Array(6145) })),
    () => kms.send(new GenerateDataKeyCommand({ KeyId: keyArn })),
    () => kms.send(new GenerateDataKeyCommand({ KeyId: keyArn, KeySpec: "AES_256", NumberOfBytes: 32 })),
    () => kms.send(new GenerateDataKeyCommand({ KeyId: keyArn, NumberOfBytes: 1025 })),
    () => kms.send(new EncryptCommand({ KeyId: "x".repeat(2049), Plaintext: new Uint8Array(1) })),
  ];
  for (const attempt of attempts) await assert.rejects(attempt(), refusal("ValidationException"));
});

test("refuses a grant token, as there are no grants", async () => {
  await assert.rejects(
    kms.send(new EncryptCommand({ KeyId: keyArn, Plaintext: new Uint8Array(1), GrantTokens: ["x"] })),
    refusal("InvalidGrantTokenException"),
  );
});

test("shows a certificate for AWS's name of the endpoint under its own authority, and no other", async (context) => {
  const attempt = (servername: string, ca: string, maxVersion?: "TLSv1.1" | "TLSv1.2") =>
    new Promise<string>((resolve, reject) => {
      const options = maxVersion === undefined ? {} : { maxVersion, minVersion: "TLSv1.1" as const };
      const socket = connect({ host: "127.0.0.1", port: rig.kms.port, servername, ca, ...options }, () => {
        resolve(socket.getProtocol() ?? "");
        socket.destroy();
      });
      socket.on("error", reject);
    });
  const { certificate } = rig.authority;
  assert.equal(await attempt(`kms.${REGION}.amazonaws.com`, certificate), "TLSv1.3");
  assert.equal(await attempt("localhost", certificate, "TLSv1.2"), "TLSv1.2");
  await assert.rejects(attempt("kms.us-east-1.amazonaws.com", certificate), {
    code: "ERR_TLS_CERT_ALTNAME_INVALID",
  });
  await assert.rejects(attempt("localhost", certificate, "TLSv1.1"));
  const other = await openAuthority(await temporaryDirectory(context), rig.time.nowMs);
  await assert.rejects(attempt("localhost", other.certificate));
});

test("is reached by no client that does not trust its authority", async (context) => {
  const other = await openAuthority(await temporaryDirectory(context), rig.time.nowMs);
  const client = kmsClient(rig.kms.endpoint, other, rig.credentials.owner);
  context.after(() => {
    client.destroy();
  });
  await assert.rejects(generate(client));
});

test("answers an attested request for a stranger's key no differently", async () => {
  const { publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const document = rig.document({ publicKey: spki(publicKey) });
  const answer = await kms.send(
    new GenerateRandomCommand({ NumberOfBytes: 32, Recipient: recipientOf(document) }),
  );
  // Whoever holds the key in the document reads the answer; nobody else does, the caller included.
  assert.ok(answer.CiphertextForRecipient);
  assert.equal(answer.Plaintext, undefined);
});
