// What signRequest refuses, and that it signs what the AWS SDK really sends as the SDK does.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";

import { DecryptCommand, KMSClient } from "@aws-sdk/client-kms";
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import fc from "fast-check";

import { SealroomError } from "../../core/errors.ts";
import { decodeQuery, signRequest } from "../../core/sigv4.ts";
import type { RequestToSign } from "../../core/sigv4.ts";

const CREDENTIALS = { accessKeyId: "ASIAEXAMPLE", secretAccessKey: "secret", sessionToken: "to/ken+=" };
const BASE: RequestToSign = {
  method: "POST",
  host: "kms.eu-central-1.amazonaws.com",
  path: "/",
  query: [],
  headers: {},
  body: new Uint8Array(),
  region: "eu-central-1",
  service: "kms",
  credentials: CREDENTIALS,
  timeMs: Date.UTC(2026, 10, 23, 1, 2, 3),
};

test("needs no clock: the same request at the same time has the same headers", () => {
  assert.deepEqual(signRequest(BASE), signRequest(BASE));
  assert.equal(signRequest(BASE)["x-amz-date"], "20261123T010203Z");
});

test("changes the signature with each part of the request", () => {
  const changed: readonly RequestToSign[] = [
    { ...BASE, method: "PUT" },
    { ...BASE, host: "kms.eu-central-2.amazonaws.com" },
    { ...BASE, path: "/x" },
    { ...BASE, query: [["a", "b"]] },
    { ...BASE, headers: { "x-amz-target": "TrentService.Decrypt" } },
    { ...BASE, body: Buffer.from("{}") },
    { ...BASE, region: "eu-central-2" },
    { ...BASE, service: "s3" },
    { ...BASE, credentials: { ...CREDENTIALS, accessKeyId: "OTHER" } },
    { ...BASE, credentials: { ...CREDENTIALS, secretAccessKey: "Secret" } },
    { ...BASE, credentials: { ...CREDENTIALS, sessionToken: "other" } },
    { ...BASE, timeMs: BASE.timeMs + 1000 },
  ];
  const seen = new Set([BASE, ...changed].map((request) => signRequest(request)["authorization"]));
  assert.equal(seen.size, changed.length + 1);
});

const MALFORMED: readonly (readonly [string, Partial<RequestToSign>])[] = [
  ["a line break in a header's value", { headers: { "x-amz-target": "a\r\nx-evil: 1" } }],
  ["a line break in a header's name", { headers: { "x-a\nb": "1" } }],
  ["an empty header name", { headers: { "": "1" } }],
  ["a line break in the host", { host: "kms\r\nx: y" }],
  ["a line break in a session token", { credentials: { ...CREDENTIALS, sessionToken: "a\nb" } }],
  ["a header given twice in different case", { headers: { "X-A": "1", "x-a": "2" } }],
  ["a host given as header too", { headers: { Host: "other" } }],
  ["a broken percent escape in an S3 path", { service: "s3", path: "/%zz" }],
  ["an escape that is not UTF-8", { service: "s3", path: "/%ff" }],
  ["a lone surrogate in the query", { query: [["a", "\ud800"]] }],
  ["a lone surrogate", { path: "/\ud800" }],
  ["a time before 1970", { timeMs: -1 }],
  ["a time that is not a number", { timeMs: Number.NaN }],
  ["a time past the year 9999", { timeMs: 253_402_300_800_000 }],
];

for (const [name, change] of MALFORMED) {
  test(`refuses ${name}`, () => {
    assert.throws(() => signRequest({ ...BASE, ...change }), codeIs("SIGV4_REQUEST"));
  });
}

test("refuses a query with a broken percent escape", () => {
  for (const query of ["a=%f", "%zz", "a=%ff", "=%"]) {
    assert.throws(() => decodeQuery(query), codeIs("SIGV4_REQUEST"));
  }
});

test("signs every well-formed path and query without losing one to another", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (left, right) => {
      const sign = (key: string) =>
        signRequest({
          ...BASE,
          service: "s3",
          path: `/${encodeURIComponent(key)}`,
          query: [["x-id", "GetObject"]],
        });
      assert.equal(sign(left)["authorization"] === sign(right)["authorization"], left === right);
    }),
  );
});

interface Captured {
  readonly request: IncomingMessage;
  readonly body: Buffer;
}

async function capture(send: (endpoint: string) => Promise<unknown>): Promise<Captured> {
  const captured: Captured[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      captured.push({ request, body: Buffer.concat(chunks) });
      response.writeHead(400).end();
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  await send(`http://127.0.0.1:${(server.address() as AddressInfo).port}`).catch(() => undefined);
  server.close();
  const [first] = captured;
  assert.ok(first);
  return first;
}

// Signs the captured request again, over the headers that the SDK chose to sign, and compares.
function signAgain({ request, body }: Captured, service: string): { ours: string; theirs: string } {
  const theirs = request.headers.authorization ?? "";
  const names = (/SignedHeaders=([^,]+)/.exec(theirs)?.[1] ?? "").split(";");
  const own = [
    "host",
    "x-amz-date",
    "x-amz-security-token",
    ...(service === "s3" ? ["x-amz-content-sha256"] : []),
  ];
  const headers = Object.fromEntries(
    names.filter((name) => !own.includes(name)).map((name) => [name, String(request.headers[name])]),
  );
  const [path = "", query = ""] = (request.url ?? "").split("?");
  const date = String(request.headers["x-amz-date"]);
  const iso = date.replace(/^(....)(..)(..T..)(..)(..Z)$/, "$1-$2-$3:$4:$5");
  const hash = request.headers["x-amz-content-sha256"];
  const signed = signRequest({
    method: request.method ?? "",
    host: request.headers.host ?? "",
    path,
    query: decodeQuery(query),
    headers,
    ...(typeof hash === "string" ? { payloadHash: hash } : { body }),
    region: "eu-central-1",
    service,
    credentials: CREDENTIALS,
    timeMs: Date.parse(iso),
  });
  return { ours: signed["authorization"] ?? "", theirs };
}

const client = (endpoint: string) => ({
  endpoint,
  region: "eu-central-1",
  credentials: CREDENTIALS,
  forcePathStyle: true,
  maxAttempts: 1,
});

test("signs a KMS request as the AWS SDK signs it", async () => {
  const captured = await capture((endpoint) =>
    new KMSClient(client(endpoint)).send(
      new DecryptCommand({ CiphertextBlob: Buffer.from("blob"), EncryptionContext: { a: "b" } }),
    ),
  );
  const { ours, theirs } = signAgain(captured, "kms");
  assert.equal(ours, theirs);
});

const ODD_KEY = "a b/ü+&=?#%!'()*~/../x//y:@$,;";
const S3_COMMANDS = {
  "a put": (s3: S3Client) => s3.send(new PutObjectCommand({ Bucket: "bucket", Key: ODD_KEY, Body: "hello" })),
  "a ranged get": (s3: S3Client) =>
    s3.send(new GetObjectCommand({ Bucket: "bucket", Key: ODD_KEY, Range: "bytes=1-2" })),
  "a listing": (s3: S3Client) =>
    s3.send(new ListObjectsV2Command({ Bucket: "bucket", Prefix: ODD_KEY, Delimiter: "/", MaxKeys: 2 })),
};

for (const [name, send] of Object.entries(S3_COMMANDS)) {
  test(`signs ${name} of an odd key as the AWS SDK signs it`, async () => {
    const captured = await capture((endpoint) => send(new S3Client(client(endpoint))));
    const { ours, theirs } = signAgain(captured, "s3");
    assert.equal(ours, theirs);
  });
}

function codeIs(code: string): (error: unknown) => boolean {
  return (error) => error instanceof SealroomError && error.code === code;
}
