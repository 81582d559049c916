// The stand-ins' own: requests to the local S3 and KMS. They protect nothing, and fall over nothing either.
import assert from "node:assert/strict";
import { AwsError } from "../../local/aws-error.ts";
import { parseParameters } from "../../local/kms/parameters.ts";
import { takePolicy } from "../../local/kms/key-policy.ts";
import { ChunkedDecoder } from "../../local/s3/chunked.ts";
import { decodeXml } from "../../local/s3/xml.ts";
import { encodeKeyPolicy, keyPolicy } from "../../owner/key-policy.ts";
import { mutateBytes } from "./mutate.ts";
import type { Target } from "./target.ts";
import { mutateJson, mutateText } from "./text.ts";

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
const role = (name: string): string => `arn:aws:iam::111122223333:role/${name}`;

const POLICY = encodeKeyPolicy(
  keyPolicy({
    measurements: [{ 0: "a0".repeat(48), 1: "b1".repeat(48), 2: "c2".repeat(48) }],
    ownerRoleArn: role("owner"),
    enclaveRoleArn: role("enclave"),
    breakGlassRoleArn: role("glass"),
    owner: "A".repeat(43),
    dataset: "visits",
    liveEpochs: [1_760_000_000_000],
  }),
);

const XML = `<?xml version="1.0" encoding="UTF-8"?><CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Part><ETag>&quot;abc&quot;</ETag><PartNumber>1</PartNumber></Part><Part><PartNumber>2</PartNumber><ETag>&#34;d&amp;e&#x22;</ETag></Part></CompleteMultipartUpload>`;

function refusal(error: unknown): string | undefined {
  return error instanceof AwsError ? error.code : undefined;
}

export const LOCAL_TARGETS: readonly Target[] = [
  {
    name: "XML of S3",
    seeds: [text(XML)],
    mutations: [mutateText, mutateBytes],
    decode: (input) => {
      assert.ok(decodeXml(input).name.length > 0);
    },
    codes: 1,
    accepts: true,
    refusal,
  },
  {
    name: "chunked body of S3",
    seeds: [text("5\r\nhello\r\n3\r\nabc\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n"), text("0\r\n\r\n")],
    mutations: [mutateText, mutateBytes],
    decode: (input, { dice }) => {
      const decoder = new ChunkedDecoder({ seed: null, hasTrailer: dice.chance(0.9) });
      const cut = dice.below(input.length + 1);
      let bytes = 0;
      for (const part of [input.subarray(0, cut), input.subarray(cut)]) {
        for (const data of decoder.decode(part)) bytes += data.length;
      }
      decoder.finish();
      assert.ok(bytes <= input.length);
    },
    codes: 1,
    accepts: true,
    refusal,
  },
  {
    name: "request of KMS",
    seeds: [
      text(JSON.stringify({ KeyId: "alias/a", EncryptionContext: { a: "b" }, Recipient: { Key: "x" } })),
    ],
    mutations: [mutateJson, mutateText],
    decode: (input) => parseParameters(input),
    codes: 1,
    accepts: true,
    refusal,
  },
  {
    name: "key policy of KMS",
    seeds: [text(POLICY)],
    mutations: [mutateJson, mutateText],
    decode: (input) => takePolicy(textOf(input)),
    codes: 1,
    accepts: true,
    refusal,
  },
];
