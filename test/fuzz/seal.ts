// Sealed objects: Encryption SDK messages, whole and by ranges, and KMS's CMS.
import assert from "node:assert/strict";
import { generateRecipientKey, openCbcBlocks, aesKey } from "../../core/crypto.ts";
import { decodeEnvelope, openCms } from "../../core/seal/cms.ts";
import { decodeContext, encodeContext } from "../../core/seal/context.ts";
import { headerLength, openHeader } from "../../core/seal/header.ts";
import { encodeHeaderBody, parseHeader } from "../../core/seal/header-fields.ts";
import { knownDataKey, RawAesKeyring } from "../../core/seal/keyring.ts";
import { MessageOpener } from "../../core/seal/open.ts";
import { EVERY_SUITE, SEALED_OBJECT } from "../../core/seal/policy.ts";
import { frameLayout, openFrames, sealedRange } from "../../core/seal/ranged.ts";
import { MessageWriter } from "../../core/seal/writer.ts";
import { EnvelopeWriter } from "../cms/envelope.ts";
import { Forger, SUITE_FACTS } from "../seal/forger.ts";
import { concat, mutateBytes } from "./mutate.ts";
import { assertSame } from "./target.ts";
import type { Target } from "./target.ts";
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
      const suite = Buffer.from(seed).readUInt16BE(seed[0] === 1 ? 2 : 1);
      const keyBytes = SUITE_FACTS.get(suite)?.keyBytes ?? 32;
      const source = knownDataKey(new Uint8Array(keyBytes).fill(DATA_KEY_BYTE));
      const opener = new MessageOpener(source, EVERY_SUITE);
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

function integers(...values: readonly number[]): Uint8Array {
  return new Uint8Array(Float64Array.from(values).buffer);
}
