// What a refusal says besides its code: sizes and places that stand in the clear, so that an owner finds the object at
// fault, and never a byte of key or plaintext.
import assert from "node:assert/strict";
import { test } from "node:test";

import { aesKey } from "../../core/crypto.ts";
import { encodeContext } from "../../core/seal/context.ts";
import { FrameCipher, unframedLength } from "../../core/seal/frame.ts";
import { encodeHeaderBody, parseHeader } from "../../core/seal/header-fields.ts";
import { openHeader } from "../../core/seal/header.ts";
import { knownDataKey } from "../../core/seal/keyring.ts";
import { MessageJudge } from "../../core/seal/message-judge.ts";
import { openMessage, openWithDataKey } from "../../core/seal/open.ts";
import { EVERY_SUITE, SEALED_OBJECT } from "../../core/seal/policy.ts";
import { frameLayout, openFrames, sealedRange } from "../../core/seal/ranged.ts";
import { plainSize } from "../../core/seal/size.ts";
import { getSuite } from "../../core/seal/suite.ts";
import { Forger, concat, sequenceIv, text, u16, u32, u64 } from "./forger.ts";
import type { Forgery } from "./forger.ts";

type Details = Readonly<Record<string, string | number | boolean>>;

const PLAIN = Uint8Array.from({ length: 100 }, (_, i) => i);

function assertSays(code: string, details: Details, act: () => unknown, what = ""): void {
  assert.throws(act, { code, details: { ...details } }, what);
}

const HEADERS: readonly (readonly [string, Details, Forgery])[] = [
  ["SEAL_HEADER", { version: 3 }, { suite: 0x0478, version: 3 }],
  ["SEAL_HEADER", { contentType: 3 }, { suite: 0x0478, contentType: 3 }],
  ["SEAL_HEADER", { contentType: 0 }, { suite: 0x0178, contentType: 0 }],
  ["SEAL_HEADER", { frameLength: 0 }, { suite: 0x0478, frameLength: 0 }],
  ["SEAL_HEADER", { frameLength: 32 }, { suite: 0x0478, contentType: 1, frameLength: 32 }],
  ["SEAL_HEADER", { dataKeys: 0 }, { suite: 0x0478, dataKeySection: u16(0) }],
  ["SEAL_HEADER", { at: 1 }, { suite: 0x0178, type: 0x81 }],
  ["SEAL_SUITE", { suite: 0x0479, version: 2 }, { suite: 0x0479 }],
  ["SEAL_SUITE", { suite: 0x0178, version: 2 }, { suite: 0x0178, version: 2 }],
  ["SEAL_LIMIT", { dataKeys: 65 }, { suite: 0x0478, dataKeySection: u16(65) }],
];

for (const [code, details, forgery] of HEADERS) {
  test(`says of a header that is refused with ${code} its ${Object.keys(details).join(" and ")}`, () => {
    const { header } = new Forger(forgery);
    assertSays(code, details, () => parseHeader(header));
  });
}

test("says at which byte of a header one is not as it must be", () => {
  // Version, type, suite, message id, no context, one wrapped key, content type; then four reserved bytes and a length.
  const dataKeys = [["p", text("i"), text("c")]] as const;
  const reserved = 1 + 1 + 2 + 16 + 2 + 2 + 3 * 3 + 1;
  for (let byte = 0; byte < 4; byte++) {
    const forger = new Forger({ suite: 0x0178, dataKeys, reserved: u32(2 ** (8 * (3 - byte))) });
    assertSays("SEAL_HEADER", { at: reserved + byte }, () => parseHeader(forger.header));
  }
  const { header } = new Forger({ suite: 0x0178, dataKeys, ivLength: 13 });
  assertSays("SEAL_HEADER", { at: reserved + 4 }, () => parseHeader(header));
});

test("says of a header that is cut how many bytes it takes at least to read on", () => {
  const { header } = new Forger({ suite: 0x0478, context: [["key", "value"]] });
  assertSays("SEAL_TRUNCATED", { needed: 1 }, () => parseHeader(new Uint8Array(0)));
  assertSays("SEAL_TRUNCATED", { needed: 3 }, () => parseHeader(header.subarray(0, 1)));
  assertSays("SEAL_TRUNCATED", { needed: 35 }, () => parseHeader(header.subarray(0, 34)));
  assertSays("SEAL_TRUNCATED", { needed: 37 }, () => parseHeader(header.subarray(0, 35)));
  assertSays("SEAL_TRUNCATED", { needed: 37 + 14 }, () => parseHeader(header.subarray(0, 40)));
  assertSays("SEAL_TRUNCATED", { needed: header.length }, () => parseHeader(header.subarray(0, -1)));
});

test("says of a header that is too long how long it is, read or written", () => {
  const most = 128 * 1024;
  const dataKeys = [1, 2, 3].map(() => ["p", text("i"), new Uint8Array(60_000)] as const);
  const { header } = new Forger({ suite: 0x0478, dataKeys });
  const third = 39 + 2 * (2 + 1 + 2 + 1 + 2 + 60_000) + (2 + 1 + 2 + 1 + 2);
  assertSays("SEAL_LIMIT", { headerBytes: third + 60_000 }, () => parseHeader(header));
  const write = (infoBytes: number): Uint8Array =>
    encodeHeaderBody({
      messageId: new Uint8Array(32),
      context: new Map([["k", "v".repeat(65_000)]]),
      dataKey: {
        providerId: "p",
        providerInfo: new Uint8Array(infoBytes),
        ciphertext: new Uint8Array(60_000),
      },
      frameLength: 1,
      commitment: new Uint8Array(32),
    });
  const room = most - 16 - write(0).length;
  assert.equal(write(room).length, most - 16);
  assertSays("SEAL_LIMIT", { headerBytes: most - 15 }, () => write(room + 1));
  assertSays("SEAL_LIMIT", { fieldBytes: 65_536 }, () => write(65_536));
});

test("takes 64 wrapped keys, a field of 65,535 bytes and a context of as many", () => {
  const dataKeys = Array.from({ length: 64 }, () => ["p", text("i"), text("c")] as const);
  assert.equal(parseHeader(new Forger({ suite: 0x0478, dataKeys }).header).dataKeys.length, 64);
  const long = new Forger({ suite: 0x0478, dataKeys: [["p", new Uint8Array(0xffff), text("c")]] });
  assert.equal(parseHeader(long.header).dataKeys[0]?.providerInfo.length, 0xffff);
  const most = 0xffff - 2 - 2 - 1 - 2;
  assert.equal(encodeContext(new Map([["k", "v".repeat(most)]])).length, 0xffff);
  assertSays("SEAL_LIMIT", { contextBytes: 0x1_0000 }, () =>
    encodeContext(new Map([["k", "v".repeat(most + 1)]])),
  );
});

test("reads a header of 128 KiB and writes a field of 65,535 bytes", () => {
  const headerOf = (bytes: number): Uint8Array => {
    const dataKeys = [60_000, 60_000, bytes].map(
      (length) => ["p", text("i"), new Uint8Array(length)] as const,
    );
    return new Forger({ suite: 0x0478, dataKeys }).header;
  };
  const most = headerOf(128 * 1024 - headerOf(0).length);
  assert.equal(most.length, 128 * 1024);
  assert.equal(parseHeader(most).dataKeys.length, 3);
  const providerInfo = new Uint8Array(0xffff);
  const body = encodeHeaderBody({
    messageId: new Uint8Array(32),
    context: new Map(),
    dataKey: { providerId: "p", providerInfo, ciphertext: new Uint8Array(1) },
    frameLength: 1,
    commitment: new Uint8Array(32),
  });
  const whole = concat(body, new Uint8Array(16));
  assert.deepEqual(parseHeader(whole).dataKeys[0]?.providerInfo, providerInfo);
});

test("a provider's name keeps a byte order mark, which would make two names of one", () => {
  const { header } = new Forger({ suite: 0x0478, dataKeys: [["\ufeffp", text("i"), text("c")]] });
  assert.equal(parseHeader(header).dataKeys[0]?.providerId, "\ufeffp");
});

test("says what in a message the policy does not allow", () => {
  const source = { dataKey: () => assert.fail("the key was asked for") };
  const many = (count: number): Forgery => ({
    suite: 0x0478,
    dataKeys: Array.from({ length: count }, () => ["p", text("i"), text("c")] as const),
  });
  const cases: readonly (readonly [Details, Forgery])[] = [
    [{ suite: 0x0578 }, { suite: 0x0578 }],
    [{ framed: false }, { suite: 0x0478, contentType: 1 }],
    [{ dataKeys: 2 }, many(2)],
  ];
  for (const [details, forgery] of cases) {
    const { header } = new Forger(forgery);
    assertSays("POLICY_MESSAGE", details, () => openHeader(header, source, SEALED_OBJECT));
  }
  const { header } = new Forger(many(17));
  assertSays("POLICY_MESSAGE", { dataKeys: 17 }, () => openHeader(header, source, EVERY_SUITE));
});

test("says of a frame at fault which it is", () => {
  const forger = new Forger({ suite: 0x0478 });
  const first = forger.regular(1, PLAIN.subarray(0, 32));
  const openWith = (...body: readonly Uint8Array[]): void => {
    openMessage(concat(forger.header, ...body), knownDataKey(forger.dataKey), {
      ...EVERY_SUITE,
      encoding: "canonical",
    });
  };
  const judge = (...body: readonly Uint8Array[]): void => {
    new MessageJudge(knownDataKey(forger.dataKey), EVERY_SUITE).push(concat(forger.header, ...body));
  };
  const bodies: readonly (readonly [string, Uint8Array])[] = [
    ["SEAL_SEQUENCE", forger.final(3, PLAIN.subarray(0, 9))],
    ["SEAL_SEQUENCE", forger.regular(3, PLAIN.subarray(0, 32))],
    ["SEAL_FRAME", forger.final(2, PLAIN.subarray(0, 33))],
    ["SEAL_FRAME", forger.final(2, PLAIN.subarray(0, 9), sequenceIv(1))],
    [
      "SEAL_FRAME",
      forger.regular(2, PLAIN.subarray(0, 32), concat(Uint8Array.of(1), new Uint8Array(7), u32(2))),
    ],
  ];
  for (const [code, second] of bodies) {
    for (const read of [openWith, judge]) {
      assertSays(code, { sequence: 2 }, () => {
        read(first, second);
      });
    }
  }
});

test("a frame of a place is refused in every other length, and with another length inside", () => {
  const forger = new Forger({ suite: 0x0478 });
  const header = openHeader(forger.header, knownDataKey(forger.dataKey));
  const cipher = new FrameCipher(header.contentKey, header.messageId);
  const place = { sequence: 5, final: true, plainBytes: 9 };
  const frame = forger.final(5, PLAIN.subarray(0, 9));
  assert.deepEqual(cipher.open(frame, place), PLAIN.slice(0, 9));
  const other = concat(frame.subarray(0, 20), u32(8), frame.subarray(24));
  for (const spoilt of [frame.subarray(0, -1), concat(frame, u16(0)), new Uint8Array(0), other]) {
    assertSays("SEAL_FRAME", { sequence: 5 }, () => cipher.open(spoilt, place));
  }
  assertSays("SEAL_SEQUENCE", { sequence: 4 }, () => cipher.open(frame, { ...place, sequence: 4 }));
  // The tag does not cover the mark of a final frame.
  const unmarked = concat(u32(0xfffffffe), frame.subarray(4));
  assertSays("SEAL_SEQUENCE", { sequence: 5 }, () => cipher.open(unmarked, place));
});

test("an unframed body has up to 2^36 - 32 bytes (NIST SP 800-38D §5.2.1.1)", () => {
  const prefix = (length: number): Uint8Array => concat(sequenceIv(1), u64(length));
  assert.equal(unframedLength(prefix(2 ** 36 - 32)), 2 ** 36 - 32);
  for (const length of [2 ** 36 - 31, 2 ** 40]) {
    assertSays("SEAL_FRAME", {}, () => unframedLength(prefix(length)));
  }
});

test("says of an unframed body with another IV that it is the first and only one, where it is judged", () => {
  const forger = new Forger({ suite: 0x0478, contentType: 1 });
  for (let at = 0; at < 12; at++) {
    const iv = sequenceIv(1);
    iv[at] = 2;
    const judge = new MessageJudge(knownDataKey(forger.dataKey), EVERY_SUITE);
    assertSays("SEAL_FRAME", { sequence: 1 }, () => {
      judge.push(forger.message(forger.unframed(PLAIN, iv)));
    });
  }
});

test("says of a signature of no length that there is how long it claims to be", () => {
  for (const [suite, most] of [
    [0x0214, 72],
    [0x0578, 104],
  ] as const) {
    const forger = new Forger({ suite });
    const signed = concat(forger.header, ...forger.frames(PLAIN));
    for (const signatureBytes of [0, most + 1, 0xffff]) {
      assertSays("SEAL_FOOTER", { signatureBytes }, () =>
        openWithDataKey(concat(signed, u16(signatureBytes)), forger.dataKey),
      );
    }
    // As long as one may be, and all there: it is read, and does not verify.
    assertSays("SEAL_SIGNATURE", {}, () =>
      openWithDataKey(concat(signed, u16(most), new Uint8Array(most)), forger.dataKey),
    );
  }
});

test("says how much plaintext it would have to hold", () => {
  const policy = { ...EVERY_SUITE, maxHeldBytes: 99 };
  const forger = new Forger({ suite: 0x0578 });
  const signed = forger.message(...forger.frames(PLAIN));
  const source = knownDataKey(forger.dataKey);
  assertSays("SEAL_LIMIT", { heldBytes: 100 }, () => openMessage(signed, source, policy));
  assert.equal(openMessage(signed, source, { ...policy, maxHeldBytes: 100 }).length, 100);
  const whole = new Forger({ suite: 0x0478, contentType: 1 });
  const claimed = concat(whole.header, sequenceIv(1), u64(2 ** 31));
  assertSays("SEAL_LIMIT", { heldBytes: 2 ** 31 }, () =>
    openMessage(claimed, knownDataKey(whole.dataKey), policy),
  );
});

test("says of a layout that cannot be what it is", () => {
  const layoutOf = (forgery: Forgery): unknown => {
    const { header, dataKey } = new Forger(forgery);
    return frameLayout(openHeader(header, knownDataKey(dataKey), EVERY_SUITE), 2000);
  };
  const most = 16 * 2 ** 20;
  assertSays("SEAL_LAYOUT", { suite: 0x0578 }, () => layoutOf({ suite: 0x0578 }));
  assertSays("SEAL_LAYOUT", { suite: 0x0478 }, () => layoutOf({ suite: 0x0478, contentType: 1 }));
  assertSays("SEAL_LAYOUT", { frameLength: most + 1 }, () =>
    layoutOf({ suite: 0x0478, frameLength: most + 1 }),
  );
  assert.doesNotThrow(() => layoutOf({ suite: 0x0478, frameLength: most }));
  assertSays("SEAL_LAYOUT", { sealedBytes: 139 }, () => plainSize(100, 64, 139));
  assertSays("SEAL_LAYOUT", { sealedBytes: 205 }, () => plainSize(100, 64, 205));
  const judge = (frameLength: number): void => {
    const { header, dataKey } = new Forger({ suite: 0x0478, frameLength });
    new MessageJudge(knownDataKey(dataKey), EVERY_SUITE).push(header);
  };
  assertSays("SEAL_LAYOUT", { frameLength: most + 1 }, () => {
    judge(most + 1);
  });
  assert.doesNotThrow(() => {
    judge(most);
  });
});

test("says which range is outside, and of an answer how long it is and should be", () => {
  const forger = new Forger({ suite: 0x0478 });
  const message = forger.message(...forger.frames(PLAIN));
  const header = openHeader(message, knownDataKey(forger.dataKey));
  const layout = frameLayout(header, message.length);
  assertSays("SEAL_RANGE", { plainOffset: 99, plainLength: 2 }, () => sealedRange(layout, 99, 2));
  assertSays("SEAL_RANGE", { plainOffset: -1, plainLength: 1 }, () => sealedRange(layout, -1, 1));
  const range = sealedRange(layout, 0, 32);
  const into = new Uint8Array(32);
  assertSays("SEAL_RANGE", { sealedBytes: 5, expectedBytes: 64 }, () =>
    openFrames(header, layout, range, new Uint8Array(5), into, 0),
  );
  const sealed = message.subarray(range.offset, range.offset + range.length);
  for (const other of [
    { ...range, firstFrame: 2 },
    { ...range, frames: 2 },
  ]) {
    assertSays("SEAL_RANGE", { sealedBytes: 64, expectedBytes: 64 }, () =>
      openFrames(header, layout, other, sealed, into, 0),
    );
  }
  for (const [offset, length] of [
    [-1, 40],
    [1, 32],
    [0, 31],
  ] as const) {
    assert.throws(
      () => openFrames(header, layout, range, sealed, new Uint8Array(length), offset),
      { name: "RangeError", message: "the plaintext does not fit where it should go" },
      String(offset),
    );
  }
});

test("says how many frames a message may have, and which suite none of a version is", () => {
  const cipher = new FrameCipher(aesKey(new Uint8Array(32)), new Uint8Array(32));
  const place = { sequence: 2 ** 32, final: true, plainBytes: 1 };
  assertSays("SEAL_LIMIT", { frames: 2 ** 32 - 1 }, () => cipher.seal(Uint8Array.of(7), place));
  assertSays("SEAL_SUITE", { suite: 0x0478, version: 1 }, () => getSuite(0x0478, 1));
});
