// An object of several pieces, surveyed and read again: what is judged, what is pulled, and what is kept.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { SealroomError } from "../../core/errors.ts";
import type { ByteSource } from "../../core/seal/byte-source.ts";
import { CHUNK_BYTES, CheckedObject } from "../../core/seal/checked-object.ts";
import type { Judge } from "../../core/seal/checked-object.ts";
import { MemorySource } from "../adopt/memory.ts";
import { concat } from "./forger.ts";

const PIECE_BYTES = 8 * CHUNK_BYTES;
const BYTES = new Uint8Array(randomBytes(2 * PIECE_BYTES + 3 * CHUNK_BYTES + 5));

const ANY: Judge = { push: () => undefined, finish: () => undefined };

/** An object whose source notes from where it is asked, and how many bytes. */
async function surveyed(bytes: Uint8Array): Promise<{ object: CheckedObject; pulled: number[][] }> {
  const pulled: number[][] = [];
  const source = new MemorySource(bytes, (_read, offset, honest) => {
    pulled.push([offset, honest.length]);
    return honest;
  });
  const object = await CheckedObject.survey(source, bytes.length, ANY);
  return { object, pulled };
}

test("the judge sees all bytes in their order, while the next are pulled", async () => {
  const seen: Uint8Array[] = [];
  const judge = { ...ANY, push: (part: Uint8Array) => void seen.push(part.slice()) };
  await CheckedObject.survey(new MemorySource(BYTES), BYTES.length, judge);
  assert.ok(Buffer.from(concat(...seen)).equals(BYTES));
  assert.equal(seen.length, 3);
});

test("each byte is pulled once, and nothing of no bytes", async () => {
  for (const length of [0, 1, PIECE_BYTES, 2 * PIECE_BYTES + 1]) {
    const { pulled } = await surveyed(BYTES.subarray(0, length));
    const places = [0, 1, 2].map((index) => index * PIECE_BYTES).filter((start) => start < length);
    assert.deepEqual(
      pulled,
      places.map((start) => [start, Math.min(PIECE_BYTES, length - start)]),
    );
  }
});

test("of an object of no bytes there is nothing to judge but its end", async () => {
  const calls: string[] = [];
  const judge = { push: () => void calls.push("push"), finish: () => void calls.push("finish") };
  await CheckedObject.survey(new MemorySource(BYTES), 0, judge);
  assert.deepEqual(calls, ["finish"]);
});

test("a small object is surveyed in no more memory than it has bytes", async () => {
  const source: ByteSource = {
    readInto: (_offset, target) => {
      assert.equal(target.buffer.byteLength, 100);
      return Promise.resolve();
    },
  };
  await CheckedObject.survey(source, 100, ANY);
});

test("what is refused while more is pulled is refused for that, though the pull fails too", async () => {
  const loose: unknown[] = [];
  const note = (error: unknown): void => void loose.push(error);
  process.on("unhandledRejection", note);
  try {
    const source = new MemorySource(BYTES, (read, _offset, honest) =>
      read === 0 ? honest : honest.slice(1),
    );
    const judge: Judge = {
      ...ANY,
      push: () => {
        throw new SealroomError("S3EC_LENGTH");
      },
    };
    await assert.rejects(CheckedObject.survey(source, BYTES.length, judge), { code: "S3EC_LENGTH" });
    await setImmediate();
    assert.deepEqual(loose, []);
  } finally {
    process.off("unhandledRejection", note);
  }
});

test("pulls the chunks that hold a range and no other, and gives its bytes", async () => {
  const { object, pulled } = await surveyed(BYTES);
  pulled.length = 0;
  const ranges = [
    { start: CHUNK_BYTES, end: 2 * CHUNK_BYTES },
    { start: 5 * CHUNK_BYTES - 1, end: 5 * CHUNK_BYTES + 1 },
    { start: BYTES.length - 1, end: BYTES.length },
    { start: 7, end: 7 },
  ];
  const read = await object.read(ranges);
  assert.deepEqual(pulled, [
    [CHUNK_BYTES, CHUNK_BYTES],
    [4 * CHUNK_BYTES, 2 * CHUNK_BYTES],
    [2 * PIECE_BYTES + 3 * CHUNK_BYTES, 5],
  ]);
  for (const [index, { start, end }] of ranges.entries()) {
    assert.deepEqual(read[index], BYTES.slice(start, end));
  }
});

test("refuses a range that does not lie in the object, before it asks for a byte", async () => {
  const { object, pulled } = await surveyed(BYTES.subarray(0, 100));
  pulled.length = 0;
  for (const [start, end] of [
    [-1, 5],
    [50, 101],
    [100, 101],
    [60, 50],
    [-5, -6],
    [NaN, 5],
    [5, NaN],
  ] as const) {
    await assert.rejects(object.read([{ start, end }]), { code: "SEAL_RANGE" }, `${start} to ${end}`);
  }
  assert.deepEqual(pulled, []);
  assert.equal((await object.read([{ start: 0, end: 100 }]))[0]?.length, 100);
});

test("keeps the last 16 chunks and none before", async () => {
  const { object, pulled } = await surveyed(BYTES);
  const readChunk = (chunk: number): Promise<unknown> =>
    object.read([{ start: chunk * CHUNK_BYTES, end: chunk * CHUNK_BYTES + 1 }]);
  for (let chunk = 0; chunk < 17; chunk++) await readChunk(chunk);
  pulled.length = 0;
  for (let chunk = 1; chunk < 17; chunk++) await readChunk(chunk);
  assert.deepEqual(pulled, []);
  await readChunk(0);
  assert.deepEqual(pulled, [[0, CHUNK_BYTES]]);
});

test("what is kept does not change when the source writes to the memory that it filled", async () => {
  const lent: Uint8Array[] = [];
  const honest = new MemorySource(BYTES);
  const source: ByteSource = {
    readInto: (offset, target) => {
      lent.push(target);
      return honest.readInto(offset, target);
    },
  };
  const object = await CheckedObject.survey(source, BYTES.length, ANY);
  const range = { start: 10, end: 20 };
  await object.read([range]);
  for (const memory of lent) memory.fill(0xee);
  assert.deepEqual(await object.read([range]), [BYTES.slice(10, 20)]);
});
