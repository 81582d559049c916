// Sealed objects: Encryption SDK messages, whole and by ranges, and KMS's CMS.
import assert from "node:assert/strict";
import { aesKey, generateRecipientKey, openCbcBlocks, sealGcm } from "../../core/crypto.ts";
import { datasetContext } from "../../core/manifest/encryption-context.ts";
import { decodeEnvelope, openCms } from "../../core/seal/cms.ts";
import { decodeContext, encodeContext } from "../../core/seal/context.ts";
import { headerLength, openHeader } from "../../core/seal/header.ts";
import { encodeHeaderBody, parseHeader } from "../../core/seal/header-fields.ts";
import { knownDataKey, RawAesKeyring } from "../../core/seal/keyring.ts";
import type { KeySource } from "../../core/seal/keyring.ts";
import { MessageJudge } from "../../core/seal/message-judge.ts";
import { MessageOpener } from "../../core/seal/open.ts";
import { EVERY_SUITE, SEALED_OBJECT } from "../../core/seal/policy.ts";
import { frameLayout, openFrames, sealedRange } from "../../core/seal/ranged.ts";
import { parseEnvelope } from "../../core/seal/s3ec-metadata.ts";
import { SingleTagJudge } from "../../core/seal/single-tag.ts";
import { MessageWriter } from "../../core/seal/writer.ts";
import { parseAnswer } from "../../enclave-worker/kms/recipient-call.ts";
import { EnvelopeWriter } from "../cms/envelope.ts";
import { Forger, SUITE_FACTS } from "../seal/forger.ts";
import { concat, mutateBytes } from "./mutate.ts";
import { assertSame } from "./target.ts";
import type { Target } from "./target.ts";
import { mutateJson, mutateText } from "./text.ts";
import { mutateDer } from "./tree.ts";

const PLAIN = Uint8Array.from({ length: 1000 }, (_, at) => at & 0xff);
const WRAPPING_KEY = new Uint8Array(32).fill(9);
const KEYRING = { keyNamespace: "sealroom", keyName: "dataset-key" };
const keyring = new RawAesKeyring({ wrappingKey: WRAPPING_KEY, ...KEYRING });

const writer = new MessageWriter({
  wrappingKey: WRAPPING_KEY,
  ...KEYRING,
  encryptionContext: new Map([
    ["a", "1"],
    ["sealroom:object", "part"],
  ]),
  frameLength: 100,
});
const sealed = concat(writer.header(), ...writer.push(PLAIN), ...writer.finish());
const header = openHeader(sealed, keyring);
const layout = frameLayout(header, sealed.length);

/** A message of every suite, framed and not, all under data keys of one byte each. */
const DATA_KEY_BYTE = 5;
const messages = [...SUITE_FACTS].flatMap(([suite, { keyBytes }]) =>
  [1, 2].map((contentType) => {
    const forger = new Forger({
      suite,
      contentType,
      dataKey: new Uint8Array(keyBytes).fill(DATA_KEY_BYTE),
      context: [["purpose", "fuzz"]],
    });
    const body = contentType === 1 ? [forger.unframed(PLAIN)] : forger.frames(PLAIN.subarray(0, 150));
    return forger.message(...body);
  }),
);

function sourceOf(seed: Uint8Array): KeySource {
  const suite = Buffer.from(seed).readUInt16BE(seed[0] === 1 ? 2 : 1);
  return knownDataKey(new Uint8Array(SUITE_FACTS.get(suite)?.keyBytes ?? 32).fill(DATA_KEY_BYTE));
}

const SINGLE_TAG = { key: aesKey(WRAPPING_KEY), iv: new Uint8Array(12), aad: text("aad") };
const singleTag = sealGcm(SINGLE_TAG.key, SINGLE_TAG.iv, SINGLE_TAG.aad, PLAIN);

const base64 = (bytes: number): string => Buffer.alloc(bytes, 7).toString("base64");

const V2_METADATA = {
  "x-amz-key-v2": base64(180),
  "x-amz-iv": base64(12),
  "x-amz-wrap-alg": "kms+context",
  "x-amz-cek-alg": "AES/GCM/NoPadding",
  "x-amz-tag-len": "128",
  "x-amz-matdesc": JSON.stringify({ "aws:x-amz-cek-alg": "AES/GCM/NoPadding", purpose: "fuzz" }),
};

const V3_METADATA = {
  "x-amz-c": "115",
  "x-amz-d": base64(28),
  "x-amz-i": base64(28),
  "x-amz-3": base64(180),
  "x-amz-w": "12",
  "x-amz-t": JSON.stringify({ "aws:x-amz-cek-alg": "115" }),
};

/** What stays with a V3 object when its key is in a file of its own. */
function isContent(name: string): boolean {
  return ["x-amz-c", "x-amz-d", "x-amz-i"].includes(name);
}

const KMS_ANSWER = {
  KeyId: "arn:aws:kms:eu-central-1:111122223333:key/1b2c3d4e-0000-4111-8222-abcdefabcdef",
  CiphertextForRecipient: base64(300),
  EncryptionAlgorithm: "SYMMETRIC_DEFAULT",
};

const WRAPPED = {
  keyArn: KMS_ANSWER.KeyId,
  blob: "",
  context: datasetContext({ owner: "A".repeat(43), dataset: "visits", epoch: 1_760_000_000_000 }),
};

const recipient = generateRecipientKey();
const envelopes = new EnvelopeWriter(recipient.privateKey);
const answers = (["definite", "indefinite"] as const).map((form) =>
  envelopes.write(envelopes.encrypt(PLAIN.subarray(0, 32)), { form }),
);

export const SEAL_TARGETS: readonly Target[] = [
  {
    name: "message header",
    seeds: [sealed.subarray(0, header.headerBytes), ...messages.map((message) => message.subarray(0, 400))],
    mutations: [mutateBytes],
    decode: (input) => {
      const { body, iv, tag, suite, context, dataKeys, messageId, frameLength, commitment, contextSorted } =
        parseHeader(input);
      const read = concat(body, suite.version === 1 ? iv : new Uint8Array(0), tag);
      assertSame(read, input.subarray(0, read.length));
      assert.equal(headerLength(input), read.length);
      const [dataKey, ...more] = dataKeys;
      // The one form that we write ourselves is written again.
      if (
        suite.id === 0x0478 &&
        more.length === 0 &&
        dataKey !== undefined &&
        frameLength > 0 &&
        contextSorted
      ) {
        assertSame(encodeHeaderBody({ messageId, context, dataKey, frameLength, commitment }), body);
      }
    },
    codes: 4,
    accepts: true,
  },
  {
    name: "encryption context",
    seeds: [
      encodeContext(
        new Map([
          ["a", "1"],
          ["b", ""],
          ["\u00e9", "x".repeat(300)],
        ]),
      ),
      encodeContext(new Map()),
    ],
    mutations: [mutateBytes],
    decode: (input) => {
      const { context, sorted } = decodeContext(input);
      if (sorted) assertSame(encodeContext(context), input);
      else assert.ok(context.size > 1);
    },
    codes: 1,
    accepts: true,
  },
  {
    name: "message header, opened",
    seeds: [sealed.subarray(0, header.headerBytes)],
    mutations: [mutateBytes],
    decode: (input) => {
      const opened = openHeader(input, keyring, SEALED_OBJECT);
      assertSame(input.subarray(0, opened.headerBytes), sealed.subarray(0, header.headerBytes));
    },
    codes: 8,
    accepts: true,
  },
  {
    name: "message",
    seeds: messages,
    mutations: [mutateBytes],
    decode: (input, { dice, seed }) => {
      const opener = new MessageOpener(sourceOf(seed), EVERY_SUITE);
      const released: Uint8Array[] = [];
      try {
        for (let at = 0; at < input.length;) {
          const end = at + 1 + dice.below(300);
          released.push(...opener.push(input.subarray(at, end)));
          at = end;
        }
        released.push(...opener.finish());
      } finally {
        const plain = concat(...released);
        assertSame(plain, PLAIN.subarray(0, plain.length));
      }
    },
    codes: 12,
    accepts: false,
  },
  {
    name: "message, judged",
    seeds: messages,
    mutations: [mutateBytes],
    decode: (input, { dice, seed }) => {
      const judge = new MessageJudge(sourceOf(seed), EVERY_SUITE);
      for (let at = 0; at < input.length;) {
        const end = at + 1 + dice.below(300);
        judge.push(input.subarray(at, end));
        at = end;
      }
      judge.finish();
      assert.equal(judge.judged().header.headerBytes, headerLength(input));
    },
    codes: 12,
    accepts: false,
  },
  {
    name: "text under one tag",
    seeds: [singleTag],
    mutations: [mutateBytes],
    decode: (input, { dice }) => {
      const judge = new SingleTagJudge({ ...SINGLE_TAG, offset: 0, plainBytes: PLAIN.length });
      const cut = dice.below(input.length + 1);
      for (const part of [input.subarray(0, cut), input.subarray(cut)]) judge.push(part);
      judge.finish();
    },
    codes: 2,
    accepts: false,
  },
  {
    name: "metadata of S3's client",
    seeds: [V2_METADATA, V3_METADATA].map((metadata) => text(JSON.stringify(metadata))),
    mutations: [mutateJson, mutateText],
    decode: (input) => {
      const metadata = Object.entries(parse(input)).filter(([, value]) => typeof value === "string");
      const { blob, context } = parseEnvelope(Object.fromEntries(metadata), null);
      assert.ok(blob.length > 0 && Object.keys(context).length > 0);
    },
    codes: 5,
    accepts: true,
  },
  {
    name: "instruction file of S3's client",
    seeds: [
      text(JSON.stringify(V2_METADATA)),
      text(
        JSON.stringify(Object.fromEntries(Object.entries(V3_METADATA).filter(([name]) => !isContent(name)))),
      ),
    ],
    mutations: [mutateJson, mutateText],
    decode: (input, { seed }) => {
      const content = Object.fromEntries(Object.entries(V3_METADATA).filter(([name]) => isContent(name)));
      const isV3 = Buffer.from(seed).includes('"x-amz-w"');
      const { blob } = parseEnvelope(isV3 ? content : {}, input);
      assert.ok(blob.length > 0);
    },
    codes: 5,
    accepts: true,
  },
  {
    name: "KMS's answer",
    seeds: [KMS_ANSWER, { ...KMS_ANSWER, Plaintext: null }].map((fields) => text(JSON.stringify(fields))),
    mutations: [mutateJson, mutateText],
    decode: (input, { dice }) => {
      const status = dice.chance(0.8) ? 200 : 400;
      assert.ok(parseAnswer({ status, body: input }, WRAPPED).ciphertext.length <= input.length);
    },
    codes: 3,
    accepts: true,
  },
  {
    name: "KMS's refusal",
    seeds: [text(JSON.stringify({ __type: "com.amazonaws.kms#AccessDeniedException", message: "no" }))],
    mutations: [
      mutateText,
      (bytes) => text(JSON.stringify({ __type: `${textOf(bytes)}${"A".repeat(60_000)}1` })),
    ],
    decode: (input) => parseAnswer({ status: 400, body: input }, WRAPPED),
    codes: 2,
    accepts: false,
    share: 10,
  },
  {
    name: "frames of a range",
    seeds: [sealed],
    mutations: [mutateBytes],
    decode: (input, { dice }) => {
      const first = dice.below(layout.plainBytes);
      const range = sealedRange(layout, first, dice.below(layout.plainBytes - first + 1));
      const into = new Uint8Array(layout.plainBytes);
      const bytes = input.slice(range.offset, range.offset + range.length);
      openFrames(header, layout, range, bytes, into, 0);
      assertSame(bytes, sealed.subarray(range.offset, range.offset + range.length));
      assertSame(
        into.subarray(0, range.plainLength),
        PLAIN.subarray(range.plainOffset, range.plainOffset + range.plainLength),
      );
    },
    codes: 4,
    accepts: true,
  },
  {
    name: "layout of an object",
    seeds: [integers(sealed.length, 0, 100), integers(sealed.length, 950, 50)],
    mutations: [mutateBytes],
    decode: (input) => {
      const [total = 0, start = 0, length = 0] = Array.from(
        { length: Math.floor(input.length / 8) },
        (_, at) => Buffer.from(input).readDoubleLE(at * 8),
      );
      const found = frameLayout(header, total);
      const range = sealedRange(found, start, length);
      assert.ok(range.offset >= header.headerBytes && range.offset + range.length <= total);
      assert.ok(
        range.plainOffset <= start &&
          range.plainOffset + range.plainLength >= (length === 0 ? 0 : start + length),
      );
    },
    codes: 2,
    accepts: true,
  },
  {
    name: "CMS envelope",
    seeds: answers,
    mutations: [mutateDer, mutateDer, mutateBytes],
    decode: (input) => {
      const { iv, ciphertext } = decodeEnvelope(input);
      assert.equal(openCbcBlocks(aesKey(new Uint8Array(32)), iv, ciphertext).length, ciphertext.length);
    },
    codes: 1,
    accepts: true,
  },
  {
    name: "CMS of KMS, opened",
    seeds: answers,
    mutations: [mutateDer, mutateBytes],
    decode: (input) => openCms(input, recipient.privateKey),
    codes: 1,
    accepts: true,
  },
];

function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString();
}

/** What is no JSON has no members. */
function parse(bytes: Uint8Array): object {
  try {
    return (JSON.parse(textOf(bytes)) as object | null) ?? {};
  } catch {
    return {};
  }
}

function integers(...values: readonly number[]): Uint8Array {
  return new Uint8Array(Float64Array.from(values).buffer);
}
