// Signatures that AWS published: its Signature Version 4 test suite, and the examples in the S3 documentation.
import assert from "node:assert/strict";
import { test } from "node:test";

import {
  decodeQuery,
  EMPTY_PAYLOAD_HASH,
  sha256Hex,
  sign,
  signRequest,
  signingKey,
} from "../../core/sigv4.ts";
import type { RequestToSign } from "../../core/sigv4.ts";

const SUITE_TOKEN =
  "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==";
const UNRESERVED = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

interface SuiteCase {
  readonly name: string;
  readonly method?: string;
  readonly path?: string;
  readonly query?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  readonly token?: string;
  readonly signature: string;
}

const VANILLA = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31";
const SUITE: readonly SuiteCase[] = [
  { name: "get-vanilla", signature: VANILLA },
  {
    name: "get-header-key-duplicate",
    headers: { "My-Header1": "value2,value2,value1" },
    signature: "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea",
  },
  {
    name: "get-header-value-order",
    headers: { "My-Header1": "value4,value1,value3,value2" },
    signature: "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01",
  },
  {
    name: "get-header-value-trim",
    headers: { "My-Header1": " value1", "My-Header2": ' "a   b   c"' },
    signature: "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
  },
  {
    name: "get-unreserved",
    path: `/${UNRESERVED}`,
    signature: "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f",
  },
  {
    name: "get-utf8",
    path: "/ሴ",
    signature: "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85",
  },
  {
    name: "get-vanilla-empty-query-key",
    query: "Param1=value1",
    signature: "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb",
  },
  {
    name: "get-vanilla-query-order-key",
    query: "Param1=value2&Param1=Value1",
    signature: "eedbc4e291e521cf13422ffca22be7d2eb8146eecf653089df300a15b2382bd1",
  },
  {
    name: "get-vanilla-query-order-key-case",
    query: "Param2=value2&Param1=value1",
    signature: "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
  },
  {
    name: "get-vanilla-query-order-value",
    query: "Param1=value2&Param1=value1",
    signature: "5772eed61e12b33fae39ee5e7012498b51d56abc0abb7c60486157bd471c4694",
  },
  {
    name: "get-vanilla-query-unreserved",
    query: `${UNRESERVED}=${UNRESERVED}`,
    signature: "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197",
  },
  {
    name: "get-vanilla-utf8-query",
    query: "ሴ=bar",
    signature: "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04",
  },
  { name: "get-relative", path: "/example/..", signature: VANILLA },
  { name: "get-relative-relative", path: "/example1/example2/../..", signature: VANILLA },
  { name: "get-slash", path: "//", signature: VANILLA },
  { name: "get-slash-dot-slash", path: "/./", signature: VANILLA },
  {
    name: "get-slash-pointless-dot",
    path: "/./example",
    signature: "ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db7089db637ec5",
  },
  {
    name: "get-slashes",
    path: "//example//",
    signature: "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84",
  },
  {
    name: "get-space",
    path: "/example space/",
    signature: "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741",
  },
  {
    name: "post-vanilla",
    method: "POST",
    signature: "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
  },
  {
    name: "post-header-key-sort",
    method: "POST",
    headers: { "My-Header1": "value1" },
    signature: "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c",
  },
  {
    name: "post-header-value-case",
    method: "POST",
    headers: { "My-Header1": "VALUE1" },
    signature: "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d",
  },
  {
    name: "post-sts-header-before",
    method: "POST",
    token: SUITE_TOKEN,
    signature: "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead",
  },
  {
    name: "post-vanilla-query",
    method: "POST",
    query: "Param1=value1",
    signature: "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11",
  },
  {
    name: "post-x-www-form-urlencoded",
    method: "POST",
    headers: { "Content-Type": "application/x-www-form-urlencoded" },
    body: "Param1=value1",
    signature: "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
  },
  {
    name: "post-x-www-form-urlencoded-parameters",
    method: "POST",
    headers: { "Content-Type": "application/x-www-form-urlencoded; charset=utf8" },
    body: "Param1=value1",
    signature: "1a72ec8f64bd914b0e42e42607c7fbce7fb2c7465f63e3092b3b0d39fa77a6fe",
  },
];

for (const suiteCase of SUITE) {
  test(`signs ${suiteCase.name} of the published suite as AWS does`, () => {
    const signed = signRequest({
      method: suiteCase.method ?? "GET",
      host: "example.amazonaws.com",
      path: suiteCase.path ?? "/",
      query: decodeQuery(suiteCase.query ?? ""),
      headers: suiteCase.headers ?? {},
      body: Buffer.from(suiteCase.body ?? ""),
      region: "us-east-1",
      service: "service",
      credentials: {
        accessKeyId: "AKIDEXAMPLE",
        secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
        ...(suiteCase.token === undefined ? {} : { sessionToken: suiteCase.token }),
      },
      timeMs: Date.UTC(2015, 7, 30, 12, 36, 0),
    });
    assert.equal(signatureOf(signed), suiteCase.signature);
  });
}

const S3_EXAMPLE = {
  query: [],
  headers: {},
  host: "examplebucket.s3.amazonaws.com",
  region: "us-east-1",
  service: "s3",
  credentials: {
    accessKeyId: "AKIAIOSFODNN7EXAMPLE",
    secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
  },
  timeMs: Date.UTC(2013, 4, 24),
};

const S3_CASES: readonly (readonly [string, RequestToSign, string])[] = [
  [
    "a ranged GET",
    {
      ...S3_EXAMPLE,
      method: "GET",
      path: "/test.txt",
      headers: { Range: "bytes=0-9" },
      payloadHash: EMPTY_PAYLOAD_HASH,
    },
    "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
  ],
  [
    "a PUT whose key needs an escape",
    {
      ...S3_EXAMPLE,
      method: "PUT",
      path: "/test$file.text",
      headers: { Date: "Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class": "REDUCED_REDUNDANCY" },
      body: Buffer.from("Welcome to Amazon S3."),
    },
    "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
  ],
  [
    "a query without a value",
    { ...S3_EXAMPLE, method: "GET", path: "/", query: [["lifecycle", ""]], body: new Uint8Array() },
    "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
  ],
  [
    "a listing",
    {
      ...S3_EXAMPLE,
      method: "GET",
      path: "/",
      query: [
        ["max-keys", "2"],
        ["prefix", "J"],
      ],
      body: new Uint8Array(),
    },
    "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
  ],
  [
    "the seed of a chunked upload",
    {
      ...S3_EXAMPLE,
      host: "s3.amazonaws.com",
      method: "PUT",
      path: "/examplebucket/chunkObject.txt",
      headers: {
        "content-encoding": "aws-chunked",
        "content-length": "66824",
        "x-amz-decoded-content-length": "66560",
        "x-amz-storage-class": "REDUCED_REDUNDANCY",
      },
      payloadHash: "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
    },
    "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
  ],
];

for (const [name, request, signature] of S3_CASES) {
  test(`signs ${name} as the S3 documentation does`, () => {
    assert.equal(signatureOf(signRequest(request)), signature);
  });
}

test("chains the chunk signatures of the S3 documentation", () => {
  const scope = { day: "20130524", region: "us-east-1", service: "s3" };
  const key = signingKey(S3_EXAMPLE.credentials.secretAccessKey, scope);
  let previous = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9";
  const chunks = [
    [65_536, "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648"],
    [1_024, "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497"],
    [0, "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9"],
  ] as const;
  for (const [bytes, expected] of chunks) {
    previous = sign(
      key,
      [
        "AWS4-HMAC-SHA256-PAYLOAD",
        "20130524T000000Z",
        "20130524/us-east-1/s3/aws4_request",
        previous,
        EMPTY_PAYLOAD_HASH,
        sha256Hex("a".repeat(bytes)),
      ].join("\n"),
    );
    assert.equal(previous, expected);
  }
});

function signatureOf(headers: Record<string, string>): string | undefined {
  return /Signature=([0-9a-f]{64})$/.exec(headers["authorization"] ?? "")?.[1];
}
