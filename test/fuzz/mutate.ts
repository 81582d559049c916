// What an attacker does to bytes without knowing what they mean: bits, lengths, cuts, copies, and parts of one valid
// input in the place of another's.
import type { Dice } from "./dice.ts";

/** One change to a copy of `bytes`. `others` are valid inputs of the same kind. */
export type Mutation = (bytes: Uint8Array, dice: Dice, others: readonly Uint8Array[]) => Uint8Array;

const MAX_GROWTH = 4096;

/** At the edges of one to eight bytes, and of what lengths and counts are compared with. */
const INTEGERS: readonly bigint[] = [
  ...[0n, 1n, 2n, 3n, 4n, 7n, 8n, 12n, 15n, 16n, 17n, 31n, 32n, 63n, 64n, 100n, 127n, 128n, 129n, 255n, 256n],
  ...[0x7fffn, 0x8000n, 0xffffn, 0x1_0000n, 0x0fff_ffffn, 0x3fff_ffffn, 0x7fff_fff8n, 0x7fff_ffffn],
  ...[0x8000_0000n, 0xffff_fff8n, 0xffff_ffffn, 0x1_0000_0000n, 0x1f_ffff_ffff_ffffn, 0x20_0000_0000_0000n],
  ...[0x7fff_ffff_ffff_ffffn, 0x8000_0000_0000_0000n, 0xffff_ffff_ffff_ffffn],
];

function flipBit(bytes: Uint8Array, dice: Dice): Uint8Array {
  const copy = bytes.slice();
  const at = place(copy, dice);
  if (copy.length > 0) copy[at] = (copy[at] ?? 0) ^ (1 << dice.below(8));
  return copy;
}

function setByte(bytes: Uint8Array, dice: Dice): Uint8Array {
  const copy = bytes.slice();
  if (copy.length > 0) copy[place(copy, dice)] = dice.pick([0, 1, 0x7f, 0x80, 0xff, dice.below(256)]);
  return copy;
}

/** As a whole number of one to eight bytes, either end first; or what stands there, a little more or less. */
function setInteger(bytes: Uint8Array, dice: Dice): Uint8Array {
  const copy = bytes.slice();
  const width = dice.pick([1, 2, 4, 8]);
  if (copy.length < width) return copy;
  let at = Math.min(place(copy, dice), copy.length - width);
  // Most formats with integers of several bytes align them.
  if (dice.chance(0.5)) at -= at % width;
  const littleEnd = dice.chance(0.5);
  const view = new DataView(copy.buffer, copy.byteOffset, copy.byteLength);
  let value = dice.chance(0.7) ? dice.pick(INTEGERS) : 0n;
  if (value === 0n && dice.chance(0.7)) {
    for (let i = 0; i < width; i += 1) {
      value = (value << 8n) | BigInt(view.getUint8(littleEnd ? at + width - 1 - i : at + i));
    }
    value += BigInt(dice.pick([-8, -4, -2, -1, 1, 2, 4, 8]));
  }
  for (let i = 0; i < width; i += 1) {
    view.setUint8(littleEnd ? at + i : at + width - 1 - i, Number((value >> BigInt(8 * i)) & 0xffn));
  }
  return copy;
}

function truncate(bytes: Uint8Array, dice: Dice): Uint8Array {
  return dice.chance(0.8) ? bytes.slice(0, place(bytes, dice)) : bytes.slice(place(bytes, dice));
}

function remove(bytes: Uint8Array, dice: Dice): Uint8Array {
  const at = place(bytes, dice);
  return concat(bytes.subarray(0, at), bytes.subarray(at + 1 + dice.below(dice.pick([4, 64, 512]))));
}

function insert(bytes: Uint8Array, dice: Dice): Uint8Array {
  const at = dice.below(bytes.length + 1);
  const count = 1 + dice.below(dice.pick([4, 16, 300]));
  const same = dice.chance(0.5) ? dice.below(256) : null;
  const added = Uint8Array.from({ length: count }, () => same ?? dice.below(256));
  return concat(bytes.subarray(0, at), added, bytes.subarray(at));
}

function duplicate(bytes: Uint8Array, dice: Dice): Uint8Array {
  const [start, end] = stretch(bytes, dice);
  const at = dice.chance(0.5) ? end : dice.below(bytes.length + 1);
  return concat(bytes.subarray(0, at), bytes.subarray(start, end), bytes.subarray(at));
}

function overwrite(bytes: Uint8Array, dice: Dice): Uint8Array {
  const copy = bytes.slice();
  const [start, end] = stretch(bytes, dice);
  copy.copyWithin(place(copy, dice), start, end);
  return copy;
}

function swap(bytes: Uint8Array, dice: Dice): Uint8Array {
  const [a, b] = stretch(bytes, dice);
  const [c, d] = stretch(bytes, dice);
  if (b > c) return overwrite(bytes, dice);
  return concat(
    bytes.subarray(0, a),
    bytes.subarray(c, d),
    bytes.subarray(b, c),
    bytes.subarray(a, b),
    bytes.subarray(d),
  );
}

function splice(bytes: Uint8Array, dice: Dice, others: readonly Uint8Array[]): Uint8Array {
  const other = others.length === 0 ? bytes : dice.pick(others);
  if (dice.chance(0.5)) {
    // At one place in both, where inputs of one kind often have the same field.
    const at = place(bytes, dice);
    return concat(bytes.subarray(0, at), other.subarray(at));
  }
  const [start, end] = stretch(other, dice);
  const at = dice.below(bytes.length + 1);
  return concat(
    bytes.subarray(0, at),
    other.subarray(start, end),
    bytes.subarray(at + dice.below(2) * (end - start)),
  );
}

const MUTATIONS: readonly Mutation[] = [
  flipBit,
  flipBit,
  setByte,
  setByte,
  setInteger,
  setInteger,
  setInteger,
  truncate,
  remove,
  insert,
  duplicate,
  overwrite,
  swap,
  splice,
];

/** One to several changes, mostly few: an input that is broken in one place gets furthest. */
export function mutateBytes(bytes: Uint8Array, dice: Dice, others: readonly Uint8Array[] = []): Uint8Array {
  let mutant = bytes;
  do {
    mutant = dice.pick(MUTATIONS)(mutant, dice, others);
  } while (dice.chance(0.4));
  return mutant.length > bytes.length + MAX_GROWTH ? mutant.slice(0, bytes.length + MAX_GROWTH) : mutant;
}

/** More often near the ends, where formats keep heads and footers. */
function place(bytes: Uint8Array, dice: Dice): number {
  if (bytes.length === 0) return 0;
  const near = dice.below(Math.min(bytes.length, 200));
  return dice.pick([dice.below(bytes.length), near, bytes.length - 1 - near]);
}

function stretch(bytes: Uint8Array, dice: Dice): readonly [number, number] {
  const start = place(bytes, dice);
  return [start, Math.min(bytes.length, start + 1 + dice.below(dice.pick([4, 16, 64, 1024])))];
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
