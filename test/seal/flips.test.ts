// A sealed object on its way through the host: every bit matters, every frame has one place, and nothing of what was
// changed is ever released. 512-byte frames, so that an object has several of them.
import assert from "node:assert/strict";
import { test } from "node:test";

import { randomBytes } from "../../core/crypto.ts";
import { RawAesKeyring } from "../../core/seal/keyring.ts";
import { SEALED_OBJECT } from "../../core/seal/policy.ts";
import { MessageWriter } from "../../core/seal/writer.ts";
import { concat } from "./forger.ts";
import { readByRanges, readByteByByte, readWhole } from "./reading.ts";
import type { Reader, Verdict } from "./reading.ts";

const FRAME_LENGTH = 512;
const OWNER = { wrappingKey: randomBytes(32), keyNamespace: "sealroom", keyName: "dataset-key" };
const READER: Reader = { source: new RawAesKeyring(OWNER), policy: SEALED_OBJECT };
const DEEP = process.env["SEALROOM_DEEP"] === "1";

interface SealedObject {
  readonly header: Uint8Array;
  readonly frames: readonly Uint8Array[];
  readonly plain: Uint8Array;
}

function sealObject(plainBytes: number): SealedObject {
  const encryptionContext = new Map([["dataset", "flights"]]);
  const writer = new MessageWriter({ ...OWNER, encryptionContext, frameLength: FRAME_LENGTH });
  const plain = randomBytes(plainBytes);
  return { header: writer.header(), frames: [...writer.push(plain), ...writer.finish()], plain };
}

/** Whole, and as the enclave reads, which has the true length from the manifest. */
function readBothWays(bytes: Uint8Array, totalBytes: number): readonly Verdict[] {
  return [readWhole(bytes, READER), readByRanges(bytes, READER, FRAME_LENGTH, totalBytes)];
}

/** Refused in both ways, and whatever came out before is the true beginning of the plaintext. */
function assertRefused(bytes: Uint8Array, { header, frames, plain }: SealedObject, what: string): void {
  for (const { code, released } of readBothWays(bytes, concat(header, ...frames).length)) {
    assert.notEqual(code, "ok", what);
    assert.deepEqual(released, plain.slice(0, released.length), what);
  }
}

test("refuses a sealed object in which one bit is flipped, whole and by range", () => {
  const object = sealObject(2 * FRAME_LENGTH + 100);
  const bytes = concat(object.header, ...object.frames);
  const opened = { code: "ok", released: object.plain };
  assert.deepEqual(readBothWays(bytes, bytes.length), [opened, opened]);
  let flips = 0;
  for (let at = 0; at < bytes.length; at++) {
    for (let bit = 0; bit < 8; bit++) {
      if (!DEEP && bit !== (at * 5) % 8) continue;
      const flipped = bytes.slice();
      flipped[at] = (flipped[at] ?? 0) ^ (1 << bit);
      assertRefused(flipped, object, `byte ${String(at)} bit ${String(bit)}`);
      flips++;
    }
  }
  assert.equal(flips, bytes.length * (DEEP ? 8 : 1));
});

test("refuses a sealed object cut at any byte", () => {
  const object = sealObject(FRAME_LENGTH + 100);
  const bytes = concat(object.header, ...object.frames);
  for (let end = 0; end < bytes.length; end += DEEP ? 1 : 3) {
    assertRefused(bytes.subarray(0, end), object, `cut to ${String(end)}`);
    assert.equal(readWhole(bytes.subarray(0, end), READER).code, "SEAL_TRUNCATED");
  }
});

for (const last of [1, 100, FRAME_LENGTH]) {
  test(`refuses any exchange, loss, repetition or addition of frames, the last of ${String(last)} bytes`, () => {
    const object = sealObject(4 * FRAME_LENGTH + last);
    const { header, frames } = object;
    const other = sealObject(4 * FRAME_LENGTH + last);
    const count = frames.length;
    assert.equal(count, 5);
    const refused = (changed: readonly Uint8Array[], what: string): void => {
      assertRefused(concat(header, ...changed), object, what);
    };
    for (let i = 0; i < count; i++) {
      const frame = frames.slice(i, i + 1);
      refused(frames.slice(0, i), `ends before ${String(i)}`);
      refused([...frames.slice(0, i), ...frames.slice(i + 1)], `without ${String(i)}`);
      refused(
        [...frames.slice(0, i), ...other.frames.slice(i, i + 1), ...frames.slice(i + 1)],
        `foreign ${String(i)}`,
      );
      // The last frame after itself would be something after the end: below.
      for (let j = 0; j < count - Number(i === count - 1); j++) {
        refused([...frames.slice(0, j), ...frame, ...frames.slice(j)], `${String(i)} again at ${String(j)}`);
      }
      for (let j = i + 1; j < count; j++) {
        const swapped = frames.with(i, frames[j] ?? header).with(j, frames[i] ?? header);
        refused(swapped, `${String(i)} and ${String(j)} exchanged`);
      }
    }
    assertRefused(concat(other.header, ...frames), object, "another message's header");
  });
}

test("what follows the end is refused by whoever reads it, and never read by ranges", () => {
  const { header, frames, plain } = sealObject(4 * FRAME_LENGTH);
  const bytes = concat(header, ...frames);
  for (const tail of [Uint8Array.of(0), header, ...frames, bytes]) {
    const [whole, ranged] = readBothWays(concat(bytes, tail), bytes.length);
    assert.equal(whole?.code, "SEAL_TRAILING");
    assert.deepEqual(ranged, { code: "ok", released: plain });
  }
});

test("refuses a regular frame that is marked as the final one, and so a shorter object", () => {
  const object = sealObject(4 * FRAME_LENGTH);
  const { header, frames } = object;
  for (let i = 0; i < frames.length - 1; i++) {
    const frame = frames[i] ?? header;
    const marked = concat(
      Uint8Array.of(0xff, 0xff, 0xff, 0xff),
      frame.subarray(0, 16),
      Uint8Array.of(0, 0, FRAME_LENGTH >> 8, FRAME_LENGTH & 0xff),
      frame.subarray(16),
    );
    assertRefused(concat(header, ...frames.slice(0, i), marked), object, `frame ${String(i)}`);
  }
});

test("a frame that the host swaps for one of another object under the same key gives no byte to a parser", () => {
  const a = sealObject(FRAME_LENGTH);
  const b = sealObject(FRAME_LENGTH);
  const mixed = concat(a.header, ...b.frames);
  for (const verdict of [readByteByByte(mixed, READER), ...readBothWays(mixed, mixed.length)]) {
    assert.deepEqual(verdict, { code: "SEAL_FRAME_TAG", released: new Uint8Array(0) });
  }
});
