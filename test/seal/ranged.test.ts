// Ranges of a sealed object, against the naive twin that opens it whole and cuts; and what a host may answer instead.
import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { aesKey, randomBytes } from "../../core/crypto.ts";
import { FrameCipher } from "../../core/seal/frame.ts";
import { headerLength, openHeader } from "../../core/seal/header.ts";
import type { OpenedHeader } from "../../core/seal/header.ts";
import { RawAesKeyring, knownDataKey } from "../../core/seal/keyring.ts";
import { MessageOpener } from "../../core/seal/open.ts";
import { EVERY_SUITE, SEALED_OBJECT } from "../../core/seal/policy.ts";
import { frameLayout, openFrames, sealedRange } from "../../core/seal/ranged.ts";
import type { FrameLayout } from "../../core/seal/ranged.ts";
import { MessageWriter } from "../../core/seal/writer.ts";
import { Forger, concat } from "./forger.ts";

const OWNER = { wrappingKey: randomBytes(32), keyNamespace: "sealroom", keyName: "dataset-key" };
const SOURCE = new RawAesKeyring(OWNER);

interface Sample {
  readonly bytes: Uint8Array;
  readonly plain: Uint8Array;
  readonly header: OpenedHeader;
  readonly layout: FrameLayout;
}

function sample(plainBytes: number, frameLength: number): Sample {
  const writer = new MessageWriter({ ...OWNER, encryptionContext: new Map([["k", "v"]]), frameLength });
  const plain = randomBytes(plainBytes);
  const bytes = concat(writer.header(), ...writer.push(plain), ...writer.finish());
  const header = openHeader(bytes, SOURCE);
  assert.deepEqual(header.digest, writer.digest);
  return { bytes, plain, header, layout: frameLayout(header, bytes.length) };
}

test("a range holds the asked bytes, in whole frames, and no frame too many", () => {
  fc.assert(
    fc.property(
      fc.nat(500),
      fc.integer({ min: 1, max: 70 }),
      fc.nat(),
      fc.nat(),
      (plainBytes, frameLength, a, b) => {
        const { bytes, plain, header, layout } = sample(plainBytes, frameLength);
        const offset = a % (plainBytes + 1);
        const length = b % (plainBytes - offset + 1);
        const range = sealedRange(layout, offset, length);
        const needed = new Set(Array.from({ length }, (_, i) => Math.floor((offset + i) / frameLength)));
        assert.equal(range.frames, needed.size);
        const into = new Uint8Array(range.plainLength + 7).fill(0xaa);
        const sealed = bytes.subarray(range.offset, range.offset + range.length);
        assert.equal(openFrames(header, layout, range, sealed, into, 3), range.plainLength);
        const start = offset - range.plainOffset + 3;
        assert.deepEqual(into.slice(start, start + length), plain.slice(offset, offset + length));
        assert.deepEqual([...into.subarray(0, 3), ...into.subarray(-4)], Array(7).fill(0xaa));
      },
    ),
    { numRuns: 200 },
  );
});

test("frames open in the memory in which they came", () => {
  const { bytes, plain, header, layout } = sample(1000, 64);
  const range = sealedRange(layout, 100, 700);
  const memory = bytes.slice(range.offset, range.offset + range.length);
  openFrames(header, layout, range, memory, memory, 0);
  assert.deepEqual(memory.slice(36, 736), plain.slice(100, 800));
});

test("a range outside the plaintext is refused", () => {
  const { layout } = sample(100, 64);
  const outside = [
    [-1, 1],
    [0, -1],
    [0, 101],
    [100, 1],
    [101, 0],
    [0.5, 1],
    [0.5, 0.5],
    [0, NaN],
    [2 ** 53, 1],
    [1, 2 ** 53],
  ] as const;
  for (const [offset, length] of outside) {
    assert.throws(() => sealedRange(layout, offset, length), { code: "SEAL_RANGE" });
  }
  assert.equal(sealedRange(layout, 100, 0).length, 0);
  assert.equal(sealedRange(layout, 0, 0).frames, 0);
});

test("an answer that is too short, too long, of other frames or another object is refused", () => {
  const { bytes, header, layout } = sample(1000, 64);
  const other = sample(1000, 64);
  const range = sealedRange(layout, 128, 128);
  const into = new Uint8Array(range.plainLength);
  const answers: readonly (readonly [Uint8Array, string])[] = [
    [bytes.subarray(range.offset, range.offset + range.length - 1), "SEAL_RANGE"],
    [bytes.subarray(range.offset, range.offset + range.length + 1), "SEAL_RANGE"],
    [new Uint8Array(0), "SEAL_RANGE"],
    [bytes.subarray(range.offset - 1, range.offset + range.length - 1), "SEAL_SEQUENCE"],
    [bytes.subarray(range.offset - 96, range.offset + range.length - 96), "SEAL_SEQUENCE"],
    [bytes.subarray(range.offset + 96, range.offset + range.length + 96), "SEAL_SEQUENCE"],
    [other.bytes.subarray(range.offset, range.offset + range.length), "SEAL_FRAME_TAG"],
    [new Uint8Array(range.length), "SEAL_SEQUENCE"],
  ];
  for (const [answer, code] of answers) {
    assert.throws(() => openFrames(header, layout, range, answer, into, 0), { code });
    assert.deepEqual(into, new Uint8Array(range.plainLength), "something was written");
  }
});

test("nothing of a frame that does not verify is written", () => {
  const { bytes, plain, header, layout } = sample(256, 64);
  const range = sealedRange(layout, 0, 256);
  const sealed = bytes.slice(range.offset, range.offset + range.length);
  sealed[2 * 96 + 20] = (sealed[2 * 96 + 20] ?? 0) ^ 1;
  const into = new Uint8Array(256).fill(0xaa);
  assert.throws(() => openFrames(header, layout, range, sealed, into, 0), { code: "SEAL_FRAME_TAG" });
  assert.deepEqual(into, concat(plain.subarray(0, 128), new Uint8Array(128).fill(0xaa)));
});

test("an object that is longer or shorter than the manifest says does not open as if it were", () => {
  const { bytes, header, layout } = sample(300, 64);
  const range = sealedRange(layout, 256, 44);
  const last = bytes.subarray(range.offset, range.offset + range.length);
  for (const more of [96, 192, 1, -1]) {
    const wrong = frameLayout(header, bytes.length + more);
    const wrongRange = sealedRange(wrong, 256, 43);
    const answer = concat(last, new Uint8Array(Math.max(0, wrongRange.length - last.length))).subarray(
      0,
      wrongRange.length,
    );
    assert.throws(() => openFrames(header, wrong, wrongRange, answer, new Uint8Array(64), 0), {
      code: /^SEAL_(SEQUENCE|FRAME|FRAME_TAG)$/,
    });
  }
});

test("a range of another layout is refused", () => {
  const { bytes, header, layout } = sample(1000, 64);
  const range = sealedRange(layout, 0, 64);
  const sealed = bytes.subarray(range.offset, range.offset + range.length);
  const into = new Uint8Array(64);
  assert.throws(() => openFrames(header, layout, { ...range, firstFrame: 2 }, sealed, into, 0), {
    code: "SEAL_RANGE",
  });
  assert.throws(() => openFrames(header, layout, { ...range, frames: 2 }, sealed, into, 0), {
    code: "SEAL_RANGE",
  });
});

test("plaintext that does not fit where it should go is the caller's mistake", () => {
  const { bytes, header, layout } = sample(100, 64);
  const range = sealedRange(layout, 0, 100);
  const sealed = bytes.subarray(range.offset, range.offset + range.length);
  assert.throws(() => openFrames(header, layout, range, sealed, new Uint8Array(99), 0), RangeError);
  assert.throws(() => openFrames(header, layout, range, sealed, new Uint8Array(100), 1), RangeError);
  assert.throws(() => openFrames(header, layout, range, sealed, new Uint8Array(100), -1), RangeError);
});

test("signed, unframed and huge-framed messages have no ranges", () => {
  const forgeries = [
    { suite: 0x0578 },
    { suite: 0x0478, contentType: 1 },
    { suite: 0x0478, frameLength: 2 ** 24 + 1 },
  ];
  for (const forgery of forgeries) {
    const forger = new Forger(forgery);
    const header = openHeader(forger.header, knownDataKey(forger.dataKey), EVERY_SUITE);
    assert.throws(() => frameLayout(header, header.headerBytes + 40), { code: "SEAL_LAYOUT" });
  }
});

test("a frame cipher opens a frame of the length that its place demands", () => {
  const cipher = new FrameCipher(aesKey(randomBytes(32)), randomBytes(32));
  const place = { sequence: 1, final: true, plainBytes: 9 };
  const sealed = cipher.seal(new Uint8Array(9), place);
  assert.deepEqual(cipher.open(sealed, place), new Uint8Array(9));
  for (const wrong of [sealed.subarray(0, -1), concat(sealed, Uint8Array.of(0)), new Uint8Array(0)]) {
    assert.throws(() => cipher.open(wrong, place), { code: "SEAL_FRAME" });
  }
  const forger = new Forger({ suite: 0x0478, contentType: 1 });
  const header = openHeader(forger.header, knownDataKey(forger.dataKey), EVERY_SUITE);
  const unframed = new FrameCipher(header.contentKey, header.messageId);
  const body = forger.unframed(new Uint8Array(9));
  assert.deepEqual(unframed.openUnframed(body), new Uint8Array(9));
  assert.throws(() => unframed.openUnframed(concat(body, Uint8Array.of(0))), { code: "SEAL_FRAME" });
});

test("a total that no number of frames makes is refused", () => {
  const { bytes, header } = sample(64, 64);
  for (const total of [
    0,
    header.headerBytes,
    header.headerBytes + 39,
    bytes.length + 1,
    bytes.length + 31,
    NaN,
  ]) {
    assert.throws(() => frameLayout(header, total), { code: "SEAL_LAYOUT" });
  }
});

test("headerLength needs all of the header, and gives the same for every longer beginning", () => {
  const { bytes, header } = sample(64, 64);
  for (let length = 0; length <= bytes.length; length++) {
    const expected = length < header.headerBytes ? null : header.headerBytes;
    assert.equal(headerLength(bytes.subarray(0, length)), expected);
  }
});

test("headerLength gives up as soon as no further byte could help", () => {
  assert.throws(() => headerLength(Uint8Array.of(3)), { code: "SEAL_HEADER" });
  assert.throws(() => headerLength(Uint8Array.of(2, 4, 0x79)), { code: "SEAL_SUITE" });
  assert.throws(() => headerLength(Uint8Array.of(1, 0x80, 4, 0x78)), { code: "SEAL_SUITE" });
  const endless = concat(
    Uint8Array.of(2, 4, 0x78),
    new Uint8Array(34),
    Uint8Array.of(0, 3),
    new Uint8Array(200_000).fill(0x41),
  );
  assert.throws(() => headerLength(endless), { code: "SEAL_LIMIT" });
  assert.throws(() => openHeader(new Uint8Array(0), SOURCE), { code: "SEAL_TRUNCATED" });
});

test("an opened header does not change with the memory it was read from", () => {
  const { bytes, plain, header } = sample(64, 64);
  const memory = bytes.slice();
  const opened = openHeader(memory, SOURCE);
  memory.fill(0);
  assert.deepEqual(opened.digest, header.digest);
  const layout = frameLayout(opened, bytes.length);
  const range = sealedRange(layout, 0, 64);
  const into = new Uint8Array(64);
  openFrames(opened, layout, range, bytes.subarray(range.offset), into, 0);
  assert.deepEqual(into, plain);
});

test("an opener cannot be used after it finished or failed", () => {
  const { bytes } = sample(100, 64);
  const done = new MessageOpener(SOURCE, SEALED_OBJECT);
  done.push(bytes);
  done.finish();
  const failed = new MessageOpener(SOURCE, SEALED_OBJECT);
  assert.throws(() => failed.push(Uint8Array.of(9)), { code: "SEAL_HEADER" });
  const short = new MessageOpener(SOURCE, SEALED_OBJECT);
  assert.throws(() => short.finish(), { code: "SEAL_TRUNCATED" });
  for (const opener of [done, failed, short]) {
    assert.throws(() => opener.push(bytes), { code: "SEAL_STATE" });
    assert.throws(() => opener.push(new Uint8Array(0)), { code: "SEAL_STATE" });
    assert.throws(() => opener.finish(), { code: "SEAL_STATE" });
  }
});

test("openers of several messages at once do not disturb each other", async () => {
  const samples = [sample(1000, 64), sample(1000, 64), sample(777, 32)];
  const opened = await Promise.all(
    samples.map(async ({ bytes }) => {
      const opener = new MessageOpener(SOURCE, SEALED_OBJECT);
      const pieces: Uint8Array[] = [];
      for (let at = 0; at < bytes.length; at += 50) {
        pieces.push(...opener.push(bytes.subarray(at, at + 50)));
        await Promise.resolve();
      }
      return concat(...pieces, ...opener.finish());
    }),
  );
  assert.deepEqual(
    opened,
    samples.map(({ plain }) => plain),
  );
});
