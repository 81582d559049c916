// That the local S3 keeps nothing that was damaged on the way: checksums, signed payloads, chunked bodies, signatures.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { connect } from "node:net";
import { after, before, test } from "node:test";
import { crc32 } from "node:zlib";

import { GetObjectCommand, HeadObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import type { ChecksumAlgorithm, S3Client } from "@aws-sdk/client-s3";
import fc from "fast-check";

import { sha256Hex, sign, signingKey, signRequest } from "../../../core/sigv4.ts";
import { createCredentials } from "../../../local/credentials.ts";
import { ChunkedDecoder } from "../../../local/s3/chunked.ts";
import { Crc } from "../../../local/s3/crc.ts";
import { decodeXml, encodeXml } from "../../../local/s3/xml.ts";
import { AwsError } from "../../../local/aws-error.ts";
import { Cleanups } from "../kms/rig.ts";
import { BUCKET, refusal, REGION, startS3Rig } from "./rig.ts";
import type { RawAnswer, RawRequest, S3Rig } from "./rig.ts";

const cleanups = new Cleanups();
let rig: S3Rig;
let s3: S3Client;

before(async () => {
  rig = await startS3Rig(cleanups);
  s3 = rig.client();
});
after(() => cleanups.run());

const BODY = Buffer.from("The body, whole and as it was meant.");
const CHECKSUMS: Readonly<Record<string, string>> = {
  crc32: base64OfCrc32(BODY),
  crc32c: base64OfCrc("crc32c", BODY),
  crc64nvme: base64OfCrc("crc64nvme", BODY),
  sha1: createHash("sha1").update(BODY).digest("base64"),
  sha256: createHash("sha256").update(BODY).digest("base64"),
};

test("computes the published check values of its CRCs", () => {
  const digest = (crc: Crc) => {
    crc.update(Buffer.from("123456789"));
    return crc.digest().toString("hex");
  };
  assert.equal(digest(Crc.crc32c()), "e3069283");
  assert.equal(digest(Crc.crc64nvme()), "ae8b14860a799888");
});

test("computes CRCs bit by bit alike, however the bytes are cut", () => {
  const pieces = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 6 });
  fc.assert(
    fc.property(pieces, (parts) => {
      const whole = Buffer.concat(parts);
      for (const [crc, polynomial, bits] of [
        [Crc.crc32c(), 0x82f63b78n, 32n],
        [Crc.crc64nvme(), 0x9a6c9329ac4bc9b5n, 64n],
      ] as const) {
        for (const part of parts) crc.update(part);
        assert.equal(crc.digest().toString("hex"), naiveCrc(whole, polynomial, bits));
      }
    }),
  );
});

for (const algorithm of ["CRC32", "CRC32C", "SHA1", "SHA256"] satisfies ChecksumAlgorithm[]) {
  test(`verifies and gives back the ${algorithm} that the SDK computes`, async () => {
    const Key = `sdk-${algorithm}`;
    const made = await s3.send(
      new PutObjectCommand({ Bucket: BUCKET, Key, Body: BODY, ChecksumAlgorithm: algorithm }),
    );
    const field = `Checksum${algorithm}` as const;
    assert.equal(made[field], CHECKSUMS[algorithm.toLowerCase()]);
    const head = await s3.send(new HeadObjectCommand({ Bucket: BUCKET, Key, ChecksumMode: "ENABLED" }));
    assert.equal(head[field], made[field]);
    assert.equal(head.ChecksumType, "FULL_OBJECT");
    // Reading to the end makes the SDK compare.
    const got = await s3.send(new GetObjectCommand({ Bucket: BUCKET, Key, ChecksumMode: "ENABLED" }));
    assert.equal(await got.Body?.transformToString(), BODY.toString());
    const part = await s3.send(new GetObjectCommand({ Bucket: BUCKET, Key, Range: "bytes=0-3" }));
    assert.equal(part[field], undefined);
    assert.equal(await part.Body?.transformToString(), "The ");
  });
}

const put = (request: RawRequest) =>
  rig.send({ method: "PUT", path: `/${BUCKET}/raw`, body: BODY, ...request });

async function assertAbsent(): Promise<void> {
  assert.equal((await rig.send({ path: `/${BUCKET}/raw` })).code, "NoSuchKey");
}

for (const [name, value] of Object.entries(CHECKSUMS)) {
  test(`takes a right ${name} and refuses a wrong one`, async () => {
    const header = `x-amz-checksum-${name}`;
    const kept = await put({ path: `/${BUCKET}/right-${name}`, headers: { [header]: value } });
    assert.equal(kept.status, 200);
    assert.equal(kept.headers[header], value);
    const wrong = await put({ headers: { [header]: flip(value) } });
    assert.equal(wrong.code, "BadDigest");
    await assertAbsent();
  });
}

const DAMAGED: readonly (readonly [string, RawRequest, string])[] = [
  [
    "a body that is not the one signed",
    { tamper: (sent) => (sent.body = flipByte(BODY, 3)) },
    "XAmzContentSHA256Mismatch",
  ],
  ["an algorithm that is not known", { headers: { "x-amz-checksum-xxhash3": "AAAA" } }, "NotImplemented"],
  [
    "two checksums",
    {
      headers: {
        "x-amz-checksum-crc32": CHECKSUMS["crc32"] ?? "",
        "x-amz-checksum-sha1": CHECKSUMS["sha1"] ?? "",
      },
    },
    "InvalidRequest",
  ],
  ["a Content-MD5 of something else", { headers: { "content-md5": md5("other") } }, "BadDigest"],
  ["a Content-MD5 that is none", { headers: { "content-md5": "AAAA" } }, "InvalidDigest"],
  ["a form of payload that is not known", { payloadHash: "STREAMING-ELSEWHERE" }, "InvalidArgument"],
  ["a payload hash in capitals", { payloadHash: sha256Hex(BODY).toUpperCase() }, "InvalidArgument"],
  [
    "a trailer where the body has none",
    { headers: { "x-amz-trailer": "x-amz-checksum-crc32" }, payloadHash: "UNSIGNED-PAYLOAD" },
    "InvalidRequest",
  ],
  [
    "a body past what one request may have",
    { headers: { "content-length": "6000000000" } },
    "EntityTooLarge",
  ],
];

for (const [name, request, code] of DAMAGED) {
  test(`refuses ${name}`, async () => {
    assert.equal((await put(request)).code, code);
    await assertAbsent();
  });
}

test("takes an unsigned payload with its checksum", async () => {
  const kept = await put({
    path: `/${BUCKET}/unsigned`,
    payloadHash: "UNSIGNED-PAYLOAD",
    headers: { "x-amz-checksum-crc32": CHECKSUMS["crc32"] ?? "", "content-md5": md5(BODY) },
  });
  assert.equal(kept.status, 200);
});

test("refuses a body without a length", async () => {
  const answer = await put({
    tamper: (sent) => {
      delete sent.headers["content-length"];
      sent.headers["transfer-encoding"] = "chunked";
    },
  });
  // The length was signed, and is gone.
  assert.equal(answer.code, "SignatureDoesNotMatch");
  await assertAbsent();
});

// Chunked bodies

interface Chunking {
  readonly chunks: readonly Buffer[];
  readonly trailer: { readonly name: string; readonly value: string } | null;
  readonly decodedLength?: number;
  /** Changes the encoded pieces: of each chunk its head and data, then the end. */
  readonly damage?: (pieces: Buffer[]) => Buffer[];
}

async function putUnsigned({ chunks, trailer, decodedLength, damage }: Chunking): Promise<RawAnswer> {
  const pieces = chunks.flatMap((chunk) => [
    Buffer.from(`${chunk.length.toString(16)}\r\n`),
    Buffer.concat([chunk, Buffer.from("\r\n")]),
  ]);
  pieces.push(Buffer.from(`0\r\n${trailer === null ? "" : `${trailer.name}:${trailer.value}\r\n`}\r\n`));
  return put({
    payloadHash: "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
    headers: {
      "content-encoding": "aws-chunked",
      "x-amz-trailer": "x-amz-checksum-crc32",
      "x-amz-decoded-content-length": String(decodedLength ?? Buffer.concat(chunks).length),
    },
    body: Buffer.concat(damage?.(pieces) ?? pieces),
  });
}

const CRC_TRAILER = { name: "x-amz-checksum-crc32", value: CHECKSUMS["crc32"] ?? "" };
const HALVES = [BODY.subarray(0, 10), BODY.subarray(10)];

test("takes an unsigned chunked body with its trailer, and stores it decoded and without aws-chunked", async () => {
  const answer = await putUnsigned({ chunks: HALVES, trailer: CRC_TRAILER });
  assert.equal(answer.status, 200);
  const got = await rig.send({ path: `/${BUCKET}/raw` });
  assert.deepEqual(got.body, BODY);
  assert.equal(got.headers["content-encoding"], undefined);
  await rig.send({ method: "DELETE", path: `/${BUCKET}/raw` });
});

const BAD_CHUNKS: readonly (readonly [string, Partial<Chunking>, string])[] = [
  ["no trailer", { trailer: null }, "MalformedTrailerError"],
  [
    "another trailer",
    { trailer: { name: "x-amz-checksum-sha1", value: CHECKSUMS["sha1"] ?? "" } },
    "MalformedTrailerError",
  ],
  ["a wrong checksum in the trailer", { trailer: { ...CRC_TRAILER, value: "AAAAAA==" } }, "BadDigest"],
  [
    "a chunk changed",
    { damage: (pieces) => pieces.map((piece, index) => (index === 1 ? flipByte(piece, 0) : piece)) },
    "BadDigest",
  ],
  [
    "two chunks swapped",
    { damage: ([a, b, c, d, ...rest]) => [c, d, a, b, ...rest] as Buffer[] },
    "BadDigest",
  ],
  ["a chunk left out", { damage: (pieces) => pieces.slice(2) }, "IncompleteBody"],
  ["no end", { damage: (pieces) => pieces.slice(0, -1) }, "IncompleteBody"],
  ["bytes after the end", { damage: (pieces) => [...pieces, Buffer.from("0\r\n\r\n")] }, "InvalidRequest"],
  [
    "a chunk longer than its head",
    { damage: ([a, ...rest]) => [Buffer.from("9\r\n"), ...rest, a] as Buffer[] },
    "InvalidRequest",
  ],
  [
    "a head that is no number",
    { damage: ([, ...rest]) => [Buffer.from("zz\r\n"), ...rest] },
    "InvalidRequest",
  ],
  ["a negative size", { damage: ([, ...rest]) => [Buffer.from("-a\r\n"), ...rest] }, "InvalidRequest"],
  [
    "a size past any bound",
    { damage: ([, ...rest]) => [Buffer.from("ffffffffffff\r\n"), ...rest] },
    "InvalidRequest",
  ],
  ["a line without end", { damage: () => [Buffer.alloc(2000, 0x30)] }, "InvalidRequest"],
  [
    "line ends without carriage return",
    { damage: ([, ...rest]) => [Buffer.from("a\n"), ...rest] },
    "InvalidRequest",
  ],
  ["more bytes than it declared", { decodedLength: BODY.length - 1 }, "IncompleteBody"],
  ["fewer bytes than it declared", { decodedLength: BODY.length + 1 }, "IncompleteBody"],
];

for (const [name, change, code] of BAD_CHUNKS) {
  test(`refuses a chunked body with ${name}`, async () => {
    const answer = await putUnsigned({ chunks: HALVES, trailer: CRC_TRAILER, ...change });
    assert.equal(answer.code, code);
    await assertAbsent();
  });
}

interface SignedChunking {
  readonly hasTrailer: boolean;
  readonly damage?: (pieces: Buffer[]) => Buffer[];
  readonly secret?: string;
}

/** What an SDK that signs its chunks sends. */
async function putSigned({ hasTrailer, damage, secret }: SignedChunking): Promise<RawAnswer> {
  const payloadHash = `STREAMING-AWS4-HMAC-SHA256-PAYLOAD${hasTrailer ? "-TRAILER" : ""}`;
  const headers = {
    "content-encoding": "aws-chunked",
    "x-amz-decoded-content-length": String(BODY.length),
    ...(hasTrailer ? { "x-amz-trailer": "x-amz-checksum-crc32" } : {}),
  };
  return put({
    payloadHash,
    headers,
    body: new Uint8Array(),
    tamper: (sent) => {
      const seed = /Signature=([0-9a-f]{64})$/.exec(sent.headers["authorization"] ?? "")?.[1] ?? "";
      const date = sent.headers["x-amz-date"] ?? "";
      const scope = { day: date.slice(0, 8), region: REGION, service: "s3" };
      const key = signingKey(secret ?? rig.credentials.owner.secretAccessKey, scope);
      const scopeText = `${scope.day}/${REGION}/s3/aws4_request`;
      let previous = seed;
      const next = (kind: string, ...hashes: string[]) =>
        (previous = sign(key, [`AWS4-HMAC-SHA256-${kind}`, date, scopeText, previous, ...hashes].join("\n")));
      const pieces: Buffer[] = [];
      for (const chunk of [...HALVES, Buffer.alloc(0)]) {
        const signature = next("PAYLOAD", sha256Hex(""), sha256Hex(chunk));
        const isLast = chunk.length === 0;
        pieces.push(Buffer.from(`${chunk.length.toString(16)};chunk-signature=${signature}\r\n`));
        if (!isLast) pieces.push(Buffer.concat([chunk, Buffer.from("\r\n")]));
      }
      if (hasTrailer) {
        const header = `x-amz-checksum-crc32:${CHECKSUMS["crc32"] ?? ""}\n`;
        const signature = next("TRAILER", sha256Hex(header));
        pieces.push(
          Buffer.from(`${header.trim()}\r\n`),
          Buffer.from(`x-amz-trailer-signature:${signature}\r\n`),
        );
      }
      pieces.push(Buffer.from("\r\n"));
      sent.body = Buffer.concat(damage?.(pieces) ?? pieces);
      sent.headers["content-length"] = String(sent.body.length);
    },
  });
}

for (const hasTrailer of [false, true]) {
  const form = hasTrailer ? "signed chunks and a trailer" : "signed chunks";

  test(`takes a body of ${form}`, async () => {
    assert.equal((await putSigned({ hasTrailer })).status, 200);
    assert.deepEqual((await rig.send({ path: `/${BUCKET}/raw` })).body, BODY);
    await rig.send({ method: "DELETE", path: `/${BUCKET}/raw` });
  });

  const damages: readonly (readonly [string, (pieces: Buffer[]) => Buffer[], string])[] = [
    [
      "the first chunk changed",
      (pieces) => pieces.map((piece, at) => (at === 1 ? flipByte(piece, 0) : piece)),
      "SignatureDoesNotMatch",
    ],
    [
      "the last chunk changed",
      (pieces) => pieces.map((piece, at) => (at === 3 ? flipByte(piece, 0) : piece)),
      "SignatureDoesNotMatch",
    ],
    ["chunks swapped", ([a, b, c, d, ...rest]) => [c, d, a, b, ...rest] as Buffer[], "SignatureDoesNotMatch"],
    ["a chunk left out", ([, , ...rest]) => rest, "SignatureDoesNotMatch"],
    ["a chunk twice", ([a, b, ...rest]) => [a, b, a, b, ...rest] as Buffer[], "SignatureDoesNotMatch"],
    ["no last chunk", (pieces) => pieces.slice(0, 4), "IncompleteBody"],
    ["a chunk without a signature", ([, ...rest]) => [Buffer.from("a\r\n"), ...rest], "InvalidRequest"],
  ];
  for (const [name, damage, code] of damages) {
    test(`refuses a body of ${form} with ${name}`, async () => {
      assert.equal((await putSigned({ hasTrailer, damage })).code, code);
      await assertAbsent();
    });
  }

  test(`refuses a body of ${form} signed with another secret`, async () => {
    assert.equal((await putSigned({ hasTrailer, secret: "other" })).code, "SignatureDoesNotMatch");
    await assertAbsent();
  });
}

test("refuses a signed trailer that was changed, left out or added to", async () => {
  const damages: readonly (readonly [(pieces: Buffer[]) => Buffer[], string])[] = [
    [
      (pieces) => pieces.map((piece, at) => (at === 5 ? flipByte(piece, 22) : piece)),
      "SignatureDoesNotMatch",
    ],
    [(pieces) => pieces.filter((_, at) => at !== 5), "SignatureDoesNotMatch"],
    [(pieces) => pieces.filter((_, at) => at !== 6), "InvalidRequest"],
    [(pieces) => pieces.toSpliced(7, 0, Buffer.from("x-more:1\r\n")), "InvalidRequest"],
  ];
  for (const [damage, code] of damages) {
    assert.equal((await putSigned({ hasTrailer: true, damage })).code, code);
    await assertAbsent();
  }
});

test("decodes a chunked body alike, however it is cut", () => {
  const encoded = Buffer.from("5\r\nhello\r\n6\r\n world\r\n0\r\nx-amz-checksum-crc32:AAAA\r\n\r\n");
  fc.assert(
    fc.property(fc.array(fc.nat(encoded.length), { maxLength: 10 }), (cuts) => {
      const decoder = new ChunkedDecoder({ seed: null, hasTrailer: true });
      const edges = [0, ...[...cuts].sort((a, b) => a - b), encoded.length];
      const data = edges.flatMap((edge, index) =>
        [...decoder.decode(encoded.subarray(edges[index - 1] ?? 0, edge))].map((part) => Buffer.from(part)),
      );
      assert.equal(Buffer.concat(data).toString(), "hello world");
      assert.deepEqual([...decoder.finish()], [["x-amz-checksum-crc32", "AAAA"]]);
    }),
  );
});

// Signatures

test("refuses a wrong secret, an unknown key and a wrong token", async () => {
  const { owner, enclave } = rig.credentials;
  const read = (credentials: typeof owner) =>
    rig.client({ credentials: { ...credentials } }).send(new HeadObjectCommand({ Bucket: BUCKET, Key: "x" }));
  const write = (credentials: typeof owner) =>
    rig
      .client({ credentials: { ...credentials } })
      .send(new PutObjectCommand({ Bucket: BUCKET, Key: "raw", Body: "x" }));
  const wrongSecret = { ...owner, secretAccessKey: enclave.secretAccessKey };
  await assert.rejects(write(wrongSecret), refusal("SignatureDoesNotMatch", 403));
  await assert.rejects(write(createCredentials("sealroom-owner", ["*"])), refusal("InvalidAccessKeyId", 403));
  await assert.rejects(write({ ...owner, sessionToken: enclave.sessionToken }), refusal("InvalidToken", 400));
  await assert.rejects(
    read(wrongSecret),
    (error: { $metadata?: { httpStatusCode?: number } }) => error.$metadata?.httpStatusCode === 403,
  );
  await assertAbsent();
});

test("refuses a time more than a quarter of an hour off", async () => {
  const signedAt = rig.time.nowMs;
  for (const [offsetMs, status] of [
    [14 * 60_000, 404],
    [-14 * 60_000, 404],
    [16 * 60_000, 403],
    [-16 * 60_000, 403],
  ] as const) {
    rig.time.nowMs = signedAt + offsetMs;
    const headers = signRequest({
      method: "GET",
      host: `127.0.0.1:${rig.s3.port}`,
      path: `/${BUCKET}/raw`,
      query: [],
      headers: {},
      payloadHash: sha256Hex(""),
      region: REGION,
      service: "s3",
      credentials: rig.credentials.owner,
      timeMs: signedAt,
    });
    const response = await fetch(`${rig.s3.endpoint}/${BUCKET}/raw`, { headers });
    assert.equal(response.status, status);
    await response.arrayBuffer();
  }
  rig.time.nowMs = signedAt;
});

const TAMPERED: readonly (readonly [string, RawRequest, string])[] = [
  [
    "another key than was signed",
    { tamper: (sent) => (sent.path = `/${BUCKET}/other`) },
    "SignatureDoesNotMatch",
  ],
  [
    "a parameter that was not signed",
    { tamper: (sent) => (sent.path += "?x-id=1") },
    "SignatureDoesNotMatch",
  ],
  [
    "another range than was signed",
    { headers: { range: "bytes=0-1" }, tamper: (sent) => (sent.headers["range"] = "bytes=0-9") },
    "SignatureDoesNotMatch",
  ],
  [
    "metadata that was not signed",
    { method: "PUT", tamper: (sent) => (sent.headers["x-amz-meta-a"] = "1") },
    "AuthorizationHeaderMalformed",
  ],
  ["no signature", { tamper: (sent) => delete sent.headers["authorization"] }, "AccessDenied"],
  [
    "a malformed signature",
    { tamper: (sent) => (sent.headers["authorization"] = "Bearer x") },
    "AuthorizationHeaderMalformed",
  ],
  [
    "the signature of another service",
    {
      tamper: (sent) =>
        (sent.headers["authorization"] = (sent.headers["authorization"] ?? "").replace("/s3/", "/kms/")),
    },
    "AuthorizationHeaderMalformed",
  ],
  ["another method", { method: "PATCH" }, "MethodNotAllowed"],
  ["a path that is not UTF-8", { tamper: (sent) => (sent.path = `/${BUCKET}/%ff`) }, "InvalidURI"],
  [
    "a parameter twice",
    {
      query: [
        ["prefix", "a"],
        ["prefix", "b"],
      ],
      path: `/${BUCKET}`,
    },
    "InvalidArgument",
  ],
  ["a parameter that is not known", { query: [["acl", ""]] }, "NotImplemented"],
  ["an old listing", { path: `/${BUCKET}`, query: [] }, "InvalidArgument"],
];

for (const [name, request, code] of TAMPERED) {
  test(`refuses ${name}`, async () => {
    assert.equal((await rig.send(request)).code, code);
  });
}

test("answers a client that asks before it sends, and does not take what follows for the body", async () => {
  const body = randomBytes(4 << 20);
  const sent = await new Promise<string>((resolve, reject) => {
    const headers = signRequest({
      method: "PUT",
      host: `127.0.0.1:${rig.s3.port}`,
      path: `/${BUCKET}/raw`,
      query: [],
      headers: { "content-length": String(body.length), "if-none-match": "*" },
      payloadHash: sha256Hex(body),
      region: REGION,
      service: "s3",
      credentials: { ...rig.credentials.owner, secretAccessKey: "wrong" },
      timeMs: rig.time.nowMs,
    });
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    const socket = connect(rig.s3.port, "127.0.0.1");
    socket.write(`PUT /${BUCKET}/raw HTTP/1.1\r\n${lines.join("")}expect: 100-continue\r\n\r\n`);
    let text = "";
    socket.on("data", (chunk) => (text += chunk.toString()));
    socket.on("end", () => {
      socket.end();
      resolve(text);
    });
    socket.on("error", reject);
  });
  assert.match(sent, /^HTTP\/1\.1 403 /);
  assert.doesNotMatch(sent, /100 Continue/);
  await assertAbsent();
});

test("forgets an upload that the client breaks off", async () => {
  await new Promise<void>((resolve) => {
    const headers = signRequest({
      method: "PUT",
      host: `127.0.0.1:${rig.s3.port}`,
      path: `/${BUCKET}/raw`,
      query: [],
      headers: { "content-length": "1000000" },
      payloadHash: "UNSIGNED-PAYLOAD",
      region: REGION,
      service: "s3",
      credentials: rig.credentials.owner,
      timeMs: rig.time.nowMs,
    });
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    const socket = connect(rig.s3.port, "127.0.0.1");
    socket.write(`PUT /${BUCKET}/raw HTTP/1.1\r\n${lines.join("")}\r\n`);
    socket.write(Buffer.alloc(500_000), () => {
      socket.destroy();
      resolve();
    });
  });
  await assertAbsent();
});

test("reads its own XML back, whatever the text", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const read = decodeXml(Buffer.from(encodeXml("Root", { A: text, B: [{ C: "1" }, { C: text }] })));
      assert.equal(read.children[0]?.text, text);
      assert.equal(read.children[2]?.children[0]?.text, text);
    }),
  );
});

const BAD_XML = [
  "",
  "<a>",
  "<a></b>",
  "<a><b></a></b>",
  "<a/><b/>",
  "<a>&unknown;</a>",
  "<a>&amp</a>",
  "<a>&#xD800;</a>",
  "<a>&#x110000;</a>",
  '<a b="c"/>',
  "<!DOCTYPE a><a/>",
  '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>',
  "<a><![CDATA[x]]></a>",
  "<a><!-- x --></a>",
  "<a>text<b/></a>",
  `${"<a>".repeat(100)}${"</a>".repeat(100)}`,
  "\ufeff<a/>x",
];

test("refuses XML that is malformed, or more than the protocol needs", () => {
  for (const text of BAD_XML) {
    assert.throws(
      () => decodeXml(Buffer.from(text)),
      (error) => error instanceof AwsError && error.code === "MalformedXML",
      text,
    );
  }
  assert.throws(() => decodeXml(Uint8Array.of(0x3c, 0x61, 0x3e, 0xff, 0x3c, 0x2f, 0x61, 0x3e)));
});

function md5(data: string | Uint8Array): string {
  return createHash("md5").update(data).digest("base64");
}

function flip(base64: string): string {
  return flipByte(Buffer.from(base64, "base64"), 0).toString("base64");
}

function flipByte(bytes: Uint8Array, at: number): Buffer {
  const flipped = Buffer.from(bytes);
  flipped[at] = (flipped[at] ?? 0) ^ 1;
  return flipped;
}

function base64OfCrc32(bytes: Uint8Array): string {
  const digest = Buffer.alloc(4);
  digest.writeUInt32BE(crc32(bytes));
  return digest.toString("base64");
}

function base64OfCrc(name: "crc32c" | "crc64nvme", bytes: Uint8Array): string {
  const crc = Crc[name]();
  crc.update(bytes);
  return crc.digest().toString("base64");
}

function naiveCrc(bytes: Uint8Array, polynomial: bigint, bits: bigint): string {
  const ones = (1n << bits) - 1n;
  let crc = ones;
  for (const byte of bytes) {
    crc ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++) crc = (crc >> 1n) ^ ((crc & 1n) * polynomial);
  }
  return (crc ^ ones).toString(16).padStart(Number(bits) / 4, "0");
}
