// Plaintext of a sealed object by ranges: which frames are pulled for it, and what of the memory stays as it is.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { MemorySource } from "../../bench/memory-source.ts";
import type { Range } from "../../core/column/range.ts";
import { DATASET_KEYRING } from "../../core/manifest/manifest.ts";
import type { ObjectEntry } from "../../core/manifest/manifest.ts";
import { MessageWriter } from "../../core/seal/writer.ts";
import { encodeBulkPrefix } from "../../core/wire/gateway.ts";
import { Gateway } from "../../enclave-worker/gateway.ts";
import { ReadMemory } from "../../enclave-worker/read-memory.ts";
import { SealedFile } from "../../enclave-worker/sealed-file.ts";
import { refuses } from "../host/refusal.ts";
import { connectedPair } from "../wire/pair.ts";

const KEY = new Uint8Array(randomBytes(32));
const PLAIN = Uint8Array.from({ length: 5000 }, (_, index) => (index * 7) % 251);

function seal(plain: Uint8Array, frameLength: number): { entry: ObjectEntry; bytes: Uint8Array } {
  const writer = new MessageWriter({
    wrappingKey: KEY,
    keyNamespace: DATASET_KEYRING.namespace,
    keyName: DATASET_KEYRING.name,
    encryptionContext: new Map(),
    frameLength,
  });
  const bytes = Buffer.concat([writer.header(), ...writer.push(plain), ...writer.finish()]);
  const digest = Buffer.from(writer.digest).toString("hex");
  const entry: ObjectEntry = { key: "k", format: "arrow", digest, bytes: bytes.length, rows: 1 };
  return { entry, bytes: new Uint8Array(bytes) };
}

const range = fc
  .tuple(fc.nat(PLAIN.length), fc.nat(PLAIN.length))
  .map(([a, b]): Range => ({ start: Math.min(a, b), end: Math.max(a, b) }));
const reads = fc.array(fc.array(range, { maxLength: 5 }), { minLength: 1, maxLength: 6 });

test("gives the bytes of any ranges, in any frames, and leaves those of the read before as they are", async () => {
  const memory = new ReadMemory();
  await fc.assert(
    fc.asyncProperty(reads, fc.integer({ min: 16, max: 3000 }), async (asked, frameLength) => {
      const { entry, bytes } = seal(PLAIN, frameLength);
      // The same memory for one object after another, as a thread has it.
      const file = await SealedFile.open(new MemorySource(bytes), entry, KEY, memory);
      assert.equal(file.plainBytes, PLAIN.length);
      const answers = [];
      for (const ranges of asked) {
        answers.push({ ranges, bytesOf: await file.read(ranges) });
        for (const answer of answers.slice(-2)) {
          for (const { start, end } of answer.ranges) {
            assert.deepEqual(answer.bytesOf({ start, end }), PLAIN.slice(start, end));
          }
        }
      }
    }),
    { numRuns: 150 },
  );
});

test("requests go out at once and in the order of the object, neighbours as one", async () => {
  const { entry, bytes } = seal(PLAIN, 100);
  const source = new MemorySource(bytes);
  const file = await SealedFile.open(source, entry, KEY);
  const headerBytes = entry.bytes - (PLAIN.length + 50 * 32 + 8);
  source.asked.length = 0;
  const reading = file.read([
    { start: 2050, end: 2060 },
    { start: 350, end: 450 },
    { start: 150, end: 250 },
    { start: 2100, end: 2100 },
  ]);
  assert.deepEqual(source.asked, [
    { offset: headerBytes + 132, length: 4 * 132 },
    { offset: headerBytes + 20 * 132, length: 132 },
  ]);
  await reading;
});

test("a frame that was opened and not used up is not pulled again, one that was used up may be", async () => {
  const { entry, bytes } = seal(PLAIN, 100);
  const source = new MemorySource(bytes);
  const file = await SealedFile.open(source, entry, KEY);
  await file.read([{ start: 110, end: 350 }]);
  source.asked.length = 0;
  // Of the frames 1 to 3 the middle one was used whole.
  const bytesOf = await file.read([
    { start: 100, end: 110 },
    { start: 360, end: 370 },
  ]);
  assert.deepEqual(source.asked, []);
  assert.deepEqual(bytesOf({ start: 360, end: 370 }), PLAIN.slice(360, 370));
  const whole = await file.read([{ start: 0, end: 500 }]);
  assert.deepEqual(
    source.asked.map(({ length }) => length),
    [132, 132, 132],
  );
  assert.deepEqual(whole({ start: 0, end: 500 }), PLAIN.slice(0, 500));
});

test("what is held is bounded: of a thousand shared frames the first are pulled again", async () => {
  const plain = new Uint8Array(20 * 1024 * 1024).map((_, index) => index % 239);
  const { entry, bytes } = seal(plain, 256 * 1024);
  const source = new MemorySource(bytes);
  const file = await SealedFile.open(source, entry, KEY);
  const touch = async (frame: number): Promise<number> => {
    source.asked.length = 0;
    const start = frame * 256 * 1024 + 5;
    const bytesOf = await file.read([{ start, end: start + 10 }]);
    assert.deepEqual(bytesOf({ start, end: start + 10 }), plain.slice(start, start + 10));
    return source.asked.length;
  };
  for (let frame = 0; frame < 40; frame += 1) assert.equal(await touch(frame), 1);
  assert.equal(await touch(39), 0);
  assert.equal(await touch(0), 1);
});

test("a frame that does not verify gives nothing, and none after it", async () => {
  const { entry, bytes } = seal(PLAIN, 100);
  bytes[bytes.length - 2000] = (bytes[bytes.length - 2000] ?? 0) ^ 1;
  const file = await SealedFile.open(new MemorySource(bytes), entry, KEY);
  await refuses("SEAL_FRAME_TAG", file.read([{ start: 0, end: PLAIN.length }]));
});

test("a host that sends too much, too little or something else in a pipelined answer is refused by what that breaks", async () => {
  const { entry, bytes } = seal(PLAIN, 100);
  const answer = (offset: number, length: number): Uint8Array =>
    Buffer.concat([encodeBulkPrefix(length), bytes.subarray(offset, offset + length)]);
  const headerBytes = entry.bytes - (PLAIN.length + 50 * 32 + 8);
  const first = answer(headerBytes, 132);
  const second = answer(headerBytes + 5 * 132, 132);
  const cases = [
    [[first, second], null],
    [[first, Uint8Array.of(0), second], "WIRE_LENGTH"],
    [[first.subarray(0, -1), second], "SEAL_FRAME_TAG"],
    [[second, first], "SEAL_SEQUENCE"],
    [[first, second.subarray(0, 100)], "TRANSPORT_CLOSED"],
    [[encodeBulkPrefix(131)], "WIRE_LENGTH"],
  ] as const;
  for (const [sent, code] of cases) {
    const { stream, peer } = connectedPair();
    peer.resume();
    peer.write(answer(0, Math.min(entry.bytes, 4096)));
    const file = await SealedFile.open(
      new Gateway(stream, { job: "0".repeat(16), input: 0, object: 0 }),
      entry,
      KEY,
    );
    peer.end(Buffer.concat(sent));
    const reading = file.read([
      { start: 0, end: 10 },
      { start: 500, end: 510 },
    ]);
    if (code === null) assert.deepEqual((await reading)({ start: 500, end: 510 }), PLAIN.slice(500, 510));
    else await refuses(code, reading);
  }
});
