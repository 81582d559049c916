// Attacks with the sealed objects and with the reads that bring them: swapped, flipped, blanked, reordered.
import assert from "node:assert/strict";
import { headerLength } from "../../core/seal/header.ts";
import { FRAME_OVERHEAD } from "../../core/seal/size.ts";
import type { ReadRequest } from "../../core/wire/gateway.ts";
import { naiveByCity } from "../host/answer.ts";
import { FRAME_LENGTH, makeRows } from "../host/dataset.ts";
import type { Row, SealedObject } from "../host/dataset.ts";
import { BY_CITY, bulkAnswer, compilePlanFor, drawNonce, runHost } from "../host/host.ts";
import type { Hostility } from "../host/host.ts";
import type { Replacement } from "../host/tree.ts";
import { sealDataset } from "../host/world.ts";
import type { World, WorldDataset } from "../host/world.ts";
import { judge } from "./attack.ts";
import type { Attack, Verdict } from "./attack.ts";

const SEALED_FRAME = FRAME_LENGTH + FRAME_OVERHEAD;
/** Sequence number and IV. */
const FRAME_PREFIX = 16;

const NO_TAG: Replacement = {
  file: "core/crypto.ts",
  find: "try {\n    cipher.final();",
  replace: "try {",
};

/** Whole frames of one object, with the place in the rows of what they hold. */
interface AmountFrames {
  readonly first: number;
  readonly count: number;
  /** The row whose amount begins in the first byte of the first frame, which may lie across its border. */
  readonly byteOfFirstAmount: number;
}

/** Serves the bytes of one object changed. */
function serving(index: number, bytes: Uint8Array): Hostility {
  return {
    read: ({ object, offset, length }: ReadRequest, honest: Uint8Array) =>
      object === index ? bytes.slice(offset, offset + length) : honest,
  };
}

function amountBytes(rows: readonly Row[]): Buffer {
  return Buffer.from(Int32Array.from(rows, ({ amount }) => amount).buffer);
}

/** The amounts lie in one piece in the Arrow file. */
function findAmounts({ plain, rows }: SealedObject): { readonly start: number; readonly end: number } {
  const wanted = amountBytes(rows);
  const start = Buffer.from(plain).indexOf(wanted);
  assert.ok(start > 0, "the amounts are not in the file as they are");
  return { start, end: start + wanted.length };
}

function amountFrames(object: SealedObject): AmountFrames {
  const { start, end } = findAmounts(object);
  const first = Math.ceil(start / FRAME_LENGTH);
  const count = Math.floor(end / FRAME_LENGTH) - first;
  assert.ok(count >= 2, "too few whole frames");
  return { first, count, byteOfFirstAmount: first * FRAME_LENGTH - start };
}

function frameStart(object: SealedObject, frame: number): number {
  return (headerLength(object.bytes) ?? 0) + frame * SEALED_FRAME;
}

/** The rows with some bytes of their amounts, as they lie end to end, put in place of others. */
function withAmountBytes(rows: readonly Row[], at: number, bytes: Uint8Array): readonly Row[] {
  const all = amountBytes(rows);
  all.set(bytes, at);
  return rows.map((row, index) => ({ ...row, amount: all.readInt32LE(index * 4) }));
}

/** One object, large enough for its amounts to fill frames. */
async function sealLarge(
  world: World,
  seed: string,
): Promise<{ dataset: WorldDataset; object: SealedObject }> {
  const dataset = await sealDataset(world, { rows: makeRows(1, 500, seed) });
  const [object] = dataset.objects;
  if (object === undefined) throw new Error("no objects");
  return { dataset, object };
}

async function runChanged(
  world: World,
  dataset: WorldDataset,
  hostility: Hostility,
  wanted: readonly Row[],
): Promise<Verdict> {
  const plan = await compilePlanFor(world, BY_CITY);
  const run = await runHost(world, { plan, nonce: drawNonce(), dataset }, hostility);
  return judge(run, world.analyst, naiveByCity(wanted));
}

const swapObjects: Attack = {
  name: "the host answers reads of one object with another of equal size, so that it counts twice",
  case: "H31",
  scene: "enclave",
  expects: "OBJECT_DIGEST",
  guard: [
    {
      file: "enclave-worker/sealed-file.ts",
      find: 'if (!equal(header.digest, decodeHex(entry.digest))) throw new SealroomError("OBJECT_DIGEST");',
      replace: "",
    },
  ],
  async run(world) {
    const dataset = await sealDataset(world);
    const [first, left, taken, last] = dataset.objects;
    if (first === undefined || left === undefined || taken === undefined || last === undefined) {
      throw new Error("too few objects");
    }
    assert.equal(taken.bytes.length, left.bytes.length, "not of equal size");
    const again = taken.rows.map((row) => ({ ...row, person: `${row.person}-again` }));
    const wanted = [first.rows, again, taken.rows, last.rows].flat();
    return runChanged(world, dataset, serving(1, taken.bytes), wanted);
  },
};

const flipBit: Attack = {
  name: "the host flips one bit of a measure's ciphertext, which flips that bit of the amount",
  case: "H36",
  scene: "enclave",
  expects: "SEAL_FRAME_TAG",
  guard: [NO_TAG],
  async run(world) {
    const { dataset, object } = await sealLarge(world, "flip");
    const row = 333;
    const at = findAmounts(object).start + row * 4;
    const bytes = object.bytes.slice();
    const sealedAt = frameStart(object, Math.floor(at / FRAME_LENGTH)) + FRAME_PREFIX + (at % FRAME_LENGTH);
    bytes[sealedAt] = (bytes[sealedAt] ?? 0) ^ 0x40;
    const wanted = object.rows.map((entry, index) =>
      index === row ? { ...entry, amount: entry.amount ^ 0x40 } : entry,
    );
    return runChanged(world, dataset, serving(0, bytes), wanted);
  },
};

const blankFrames: Attack = {
  name: "the host has lost the end of a column and serves zeros in its place",
  case: "H34",
  scene: "enclave",
  expects: "SEAL_FRAME_TAG",
  guard: [NO_TAG],
  async run(world) {
    const { dataset, object } = await sealLarge(world, "blank");
    const { first, count, byteOfFirstAmount } = amountFrames(object);
    const bytes = object.bytes.slice();
    let rows = object.rows;
    for (let frame = 1; frame < count; frame++) {
      const from = frameStart(object, first + frame) + FRAME_PREFIX;
      // What zeros open to is the key stream; a test that knows the plaintext can tell it.
      const sealed = bytes.slice(from, from + FRAME_LENGTH);
      const plainAt = (first + frame) * FRAME_LENGTH;
      const keyStream = sealed.map((byte, index) => byte ^ (object.plain[plainAt + index] ?? 0));
      bytes.fill(0, from, from + FRAME_LENGTH + FRAME_OVERHEAD - FRAME_PREFIX);
      rows = withAmountBytes(rows, byteOfFirstAmount + frame * FRAME_LENGTH, keyStream);
    }
    return runChanged(world, dataset, serving(0, bytes), rows);
  },
};

const reorderFrames: Attack = {
  name: "the host exchanges two frames of one column, so that people get each other's amounts",
  case: "H32",
  scene: "enclave",
  expects: "SEAL_SEQUENCE",
  guard: [
    {
      file: "core/seal/frame.ts",
      find: "if (marked !== final || view.getUint32(at) !== sequence) {",
      replace: "if (marked !== final) {",
    },
    {
      file: "core/seal/frame.ts",
      find: 'if (!isSequence && this.#encoding === "canonical") throw',
      replace: "if (sequence < 0) throw",
    },
    NO_TAG,
  ],
  async run(world) {
    const { dataset, object } = await sealLarge(world, "reorder");
    const { first, byteOfFirstAmount } = amountFrames(object);
    const bytes = object.bytes.slice();
    const [one, two] = [frameStart(object, first), frameStart(object, first + 1)];
    bytes.copyWithin(one, two, two + SEALED_FRAME);
    bytes.set(object.bytes.subarray(one, one + SEALED_FRAME), two);
    const plainOf = (frame: number): Uint8Array =>
      object.plain.slice(frame * FRAME_LENGTH, (frame + 1) * FRAME_LENGTH);
    const half = withAmountBytes(object.rows, byteOfFirstAmount, plainOf(first + 1));
    const rows = withAmountBytes(half, byteOfFirstAmount + FRAME_LENGTH, plainOf(first));
    return runChanged(world, dataset, serving(0, bytes), rows);
  },
};

const otherLength: Attack = {
  name: "the host announces another length than was asked for",
  case: "H43",
  scene: "enclave",
  expects: "WIRE_LENGTH",
  guard: [
    {
      file: "core/wire/gateway.ts",
      find: 'if (length !== BigInt(asked)) throw new SealroomError("WIRE_LENGTH");',
      replace: "",
    },
  ],
  async run(world) {
    const dataset = await sealDataset(world);
    const answer = (_: ReadRequest, honest: Uint8Array): Uint8Array => bulkAnswer(honest, 2 ** 40);
    return runChanged(
      world,
      dataset,
      { answer },
      dataset.objects.flatMap(({ rows }) => rows),
    );
  },
};

export const OBJECT_ATTACKS: readonly Attack[] = [
  swapObjects,
  flipBit,
  blankFrames,
  reorderFrames,
  otherLength,
];
