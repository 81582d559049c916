// A text under one tag at its end, judged as it passes, and read in part afterwards.
import assert from "node:assert/strict";
import { createCipheriv, randomBytes } from "node:crypto";
import { test } from "node:test";
import { aesKey } from "../../core/crypto.ts";
import { CHUNK_BYTES, CheckedObject } from "../../core/seal/checked-object.ts";
import { SingleTagFile, SingleTagJudge } from "../../core/seal/single-tag.ts";
import { MemorySource } from "../adopt/memory.ts";
import { concat } from "./forger.ts";

const KEY = new Uint8Array(randomBytes(32));
const IV = new Uint8Array(randomBytes(12));
const PLAIN = new Uint8Array(randomBytes(100));

function seal(plain: Uint8Array): Uint8Array {
  const cipher = createCipheriv("aes-256-gcm", KEY, IV);
  return concat(cipher.update(plain), cipher.final(), cipher.getAuthTag());
}

const SEALED = seal(PLAIN);

function textOf(plainBytes: number): ConstructorParameters<typeof SingleTagJudge>[0] {
  return { key: aesKey(KEY), iv: IV, aad: new Uint8Array(0), offset: 0, plainBytes };
}

function judge(plainBytes: number, ...parts: readonly Uint8Array[]): void {
  const judging = new SingleTagJudge(textOf(plainBytes));
  for (const part of parts) judging.push(part);
  judging.finish();
}

test("a text holds however it is cut, within its tag too", () => {
  for (let at = 0; at <= SEALED.length; at++) judge(100, SEALED.subarray(0, at), SEALED.subarray(at));
  judge(100, ...Array.from(SEALED, (byte) => Uint8Array.of(byte)));
  judge(0, seal(new Uint8Array(0)));
});

test("a text or a tag in which one bit is changed is refused, at every byte", () => {
  for (let at = 0; at < SEALED.length; at++) {
    const changed = SEALED.slice();
    changed[at] = (changed[at] ?? 0) ^ 1;
    assert.throws(
      () => {
        judge(100, changed);
      },
      { code: "S3EC_TAG" },
    );
  }
});

test("bytes that are missing or too many are refused, and more than a tag as soon as it comes", () => {
  for (const length of [0, 99, 100, 115]) {
    assert.throws(
      () => {
        judge(100, SEALED.subarray(0, length));
      },
      { code: "S3EC_LENGTH" },
    );
  }
  for (const parts of [[concat(SEALED, Uint8Array.of(0))], [SEALED, Uint8Array.of(0)]]) {
    const judging = new SingleTagJudge(textOf(100));
    assert.throws(
      () => {
        for (const part of parts) judging.push(part);
      },
      { code: "S3EC_LENGTH" },
    );
  }
});

test("a text has from no bytes to 2^36 - 32 (NIST SP 800-38D §5.2.1.1)", () => {
  for (const plainBytes of [0, 2 ** 36 - 32]) {
    assert.doesNotThrow(() => new SingleTagJudge(textOf(plainBytes)));
  }
  for (const plainBytes of [-1, -16, 2 ** 36 - 31, NaN]) {
    assert.throws(() => new SingleTagJudge(textOf(plainBytes)), { code: "S3EC_LENGTH" });
  }
});

test("reads the ranges that are asked for, pulls nothing for one of no bytes, and says which is not inside", async () => {
  const plain = new Uint8Array(randomBytes(2 * CHUNK_BYTES));
  const sealed = seal(plain);
  let pulls = 0;
  const source = new MemorySource(sealed, (_read, _offset, honest) => {
    pulls += 1;
    return honest;
  });
  const object = await CheckedObject.survey(source, sealed.length, new SingleTagJudge(textOf(plain.length)));
  const file = new SingleTagFile(textOf(plain.length), object);
  pulls = 0;
  for (const at of [0, 5, 16, plain.length]) await file.read([{ start: at, end: at }]);
  assert.equal(pulls, 0);
  const ranges = [
    { start: 5, end: 7 },
    { start: 16, end: 33 },
    { start: CHUNK_BYTES + 1, end: CHUNK_BYTES + 2 },
  ];
  const bytesOf = await file.read(ranges);
  for (const range of ranges) {
    assert.ok(Buffer.from(bytesOf(range)).equals(plain.subarray(range.start, range.end)));
  }
  for (const [start, end] of [
    [-1, 3],
    [7, 5],
    [0, plain.length + 1],
  ] as const) {
    const details = { plainOffset: start, plainLength: end - start };
    await assert.rejects(file.read([{ start, end }]), { code: "SEAL_RANGE", details });
  }
});
