// Ranges of a framed message that has verified: which are refused, and that the frame opened last is not pulled again.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import type { Range } from "../../core/column/range.ts";
import { CHUNK_BYTES, CheckedObject } from "../../core/seal/checked-object.ts";
import { FramedFile } from "../../core/seal/framed-file.ts";
import { openHeader } from "../../core/seal/header.ts";
import { knownDataKey } from "../../core/seal/keyring.ts";
import { frameLayout } from "../../core/seal/ranged.ts";
import { MemorySource } from "../adopt/memory.ts";
import { Forger } from "./forger.ts";

const FRAME = 1000;
const PLAIN = new Uint8Array(randomBytes(20 * CHUNK_BYTES));
const FORGER = new Forger({ suite: 0x0478, frameLength: FRAME });
const MESSAGE = FORGER.message(...FORGER.frames(PLAIN));

interface Opened {
  readonly read: (start: number, end: number) => Promise<void>;
  /** How often the source was asked since the last call. */
  readonly takePulls: () => number;
  readonly file: FramedFile;
}

/** Of a message that is read again chunk by chunk, so that the object below the file keeps none of the first ones. */
async function open(): Promise<Opened> {
  let pulls = 0;
  const source = new MemorySource(MESSAGE, (_read, _offset, honest) => {
    pulls += 1;
    return honest;
  });
  const object = await CheckedObject.survey(source, MESSAGE.length, {
    push: () => undefined,
    finish: () => undefined,
  });
  const header = openHeader(MESSAGE, knownDataKey(FORGER.dataKey));
  const file = new FramedFile(header, frameLayout(header, MESSAGE.length), object);
  const takePulls = (): number => {
    const taken = pulls;
    pulls = 0;
    return taken;
  };
  const read = async (start: number, end: number): Promise<void> => {
    const bytesOf = await file.read([{ start, end }]);
    assert.ok(Buffer.from(bytesOf({ start, end })).equals(PLAIN.subarray(start, end)), `${start} to ${end}`);
    takePulls();
    for (let chunk = 3; chunk < 20; chunk++) {
      await object.read([{ start: chunk * CHUNK_BYTES, end: chunk * CHUNK_BYTES + 1 }]);
    }
    takePulls();
  };
  return { read, takePulls, file };
}

async function pullsFor({ file, takePulls }: Opened, ...ranges: readonly Range[]): Promise<number> {
  takePulls();
  const bytesOf = await file.read(ranges);
  for (const range of ranges) {
    const { start, end } = range;
    assert.ok(Buffer.from(bytesOf(range)).equals(PLAIN.subarray(start, end)), `${start} to ${end}`);
  }
  return takePulls();
}

test("the last frame that was opened is not pulled again, from its first byte to its last", async () => {
  const opened = await open();
  // Frames 10 to 12: the last of them is kept.
  await opened.read(10_500, 12_100);
  assert.equal(await pullsFor(opened, { start: 12_000, end: 13_000 }, { start: 12_400, end: 12_500 }), 0);
  assert.equal(await pullsFor(opened, { start: 12_300, end: 12_301 }), 0);
});

test("a range that begins before the kept frame, or ends after it, is pulled", async () => {
  for (const [start, end] of [
    [11_999, 12_500],
    [12_500, 13_001],
    [10_000, 10_001],
    [13_000, 13_001],
  ] as const) {
    const opened = await open();
    await opened.read(12_100, 12_200);
    assert.equal(await pullsFor(opened, { start, end }), 1, `${start} to ${end}`);
  }
});

test("of ranges in the kept frame and in others only the others are pulled", async () => {
  const opened = await open();
  await opened.read(12_100, 12_200);
  const others = [
    { start: 20_000, end: 20_010 },
    { start: 12_000, end: 12_001 },
    { start: CHUNK_BYTES * 2, end: CHUNK_BYTES * 2 + 1 },
  ];
  assert.equal(await pullsFor(opened, ...others), 2);
});

test("what is kept is kept when nothing has to be opened", async () => {
  const opened = await open();
  await opened.read(12_100, 12_200);
  await opened.read(12_500, 12_600);
  assert.equal(await pullsFor(opened, { start: 12_700, end: 12_800 }), 0);
});

test("nothing is pulled for a range of no bytes, wherever it lies", async () => {
  const opened = await open();
  for (const at of [0, 500, 1000, PLAIN.length]) {
    assert.equal(await pullsFor(opened, { start: at, end: at }), 0);
  }
});

test("says which range does not lie in the plaintext", async () => {
  const { file } = await open();
  for (const [start, end] of [
    [-1, 1],
    [PLAIN.length - 1, PLAIN.length + 1],
    [5, 3],
  ] as const) {
    const details = { plainOffset: start, plainLength: end - start };
    await assert.rejects(file.read([{ start, end }]), { code: "SEAL_RANGE", details });
  }
});
