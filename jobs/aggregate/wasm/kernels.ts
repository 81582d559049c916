// The loops over rows that take the time, in WebAssembly: two to three times as fast as the same in JavaScript. Each is
// stated in JavaScript too, which serves where there are many groups, and is what tests hold it to.
//
// All share one memory of a fixed layout, that of one chunk; what a group needs is copied in and out around a call, or
// around a batch where one pass does it all (fused-pass.ts).
import { CHUNK_ROWS } from "../chunk.ts";
import { assemble } from "./assembler.ts";
import { countRows, countUnits } from "./count-loops.ts";
import {
  BAD_ROWS,
  END,
  FIRSTS,
  GROUPS,
  MARKS,
  MAX_KERNEL_GROUPS,
  ORDINAL,
  ORDINALS,
  SLOT,
  SLOTS,
  SUMS,
  UNITS,
  VALID,
  VALUES,
} from "./memory.ts";
import { fusedLoops } from "./fused-loops.ts";
import { stateLoops } from "./state-loops.ts";
import { sumLoops } from "./sum-loops.ts";
import { valueLoops } from "./value-loops.ts";

const PAGE = 65_536;

/** The whole module: what a reader of the machine code will find. */
export function assembleKernels(): Uint8Array<ArrayBuffer> {
  const pages = Math.ceil(END / PAGE);
  return assemble({ from: "own", pages, mostPages: pages }, [
    ...sumLoops(),
    countUnits(),
    countRows(),
    ...valueLoops(),
    ...fusedLoops(),
    ...stateLoops(),
  ]);
}

type Loop = (from: number, count: number, ...rest: number[]) => number;

/** Adds a chunk's rows to a slot. */
export type FusedLoop = (from: number, count: number, lower: number, upper: number, offset: number) => number;

/** Where a fused loop keeps what groups need, while a batch is worked on. */
export interface Slot {
  /** What fused loops know it by. */
  readonly offset: number;
  readonly sums: Float64Array;
  readonly units: Int32Array;
}

export interface Kernels {
  readonly groups: Int32Array;
  readonly ordinals: Int32Array;
  readonly firsts: Uint8Array;
  readonly values: Float64Array;
  /** The bytes of `values`, as words. */
  readonly words: Uint32Array;
  /** The first half of them, signed. */
  readonly integers: Int32Array;
  /** By group: total, high, low, largest. */
  readonly sums: Float64Array;
  /** By group: rows, repeats, last unit, nothing. */
  readonly units: Int32Array;
  /** As addFloats; returns the row before which it stopped, since that needs a carry; else the count. */
  readonly addExact: (from: number, count: number, lower: number, upper: number) => number;
  readonly addFloats: (from: number, count: number, lower: number, upper: number) => number;
  /** The same where each row is a unit, and no total is running. */
  readonly addExactRows: (from: number, count: number, lower: number, upper: number) => number;
  readonly addFloatRows: (from: number, count: number, lower: number, upper: number) => number;
  readonly countRows: (from: number, count: number) => number;
  readonly countUnits: (from: number, count: number) => number;
  /** Turns 64-bit integers, in place, into float64, and saturates them. */
  readonly convertSigned: (from: number, count: number, limit: number) => number;
  readonly convertUnsigned: (from: number, count: number, limit: number) => number;
  readonly saturate: (from: number, count: number, limit: number) => number;
  /** 1 where all are. */
  readonly areWithin: (from: number, count: number, limit: number) => number;
  /**
   * Saturates values, moves those that are not NaN to the front, and their rows into `ordinals`. Returns how many there
   * are, plus 2^16 times how many were saturated.
   */
  readonly keepNumbers: (from: number, count: number, limit: number) => number;
  /** Moves the groups of the rows in `ordinals`, which rise, to the front. */
  readonly keepGroups: (from: number, count: number) => number;
  /** The first is `sums` and `units`, which other loops use too. */
  readonly slots: readonly Slot[];
  /** Which rows of the chunk are the first of a unit, a bit a row. */
  readonly marks: Uint8Array;
  /** Which have a value. All do at the start of a batch, and whoever clears a bit sets it again. */
  readonly valid: Uint8Array;
  /** The last unit's ordinal, and after a fused loop that of its last row; and how many rows it has saturated. */
  readonly ordinal: Int32Array;
  readonly badRows: Int32Array;
  readonly fuseCount: FusedLoop;
  readonly fuseInt32: FusedLoop;
  readonly fuseInt64: FusedLoop;
  readonly fuseFloat64: FusedLoop;
  readonly fuseInt32Share: FusedLoop;
  readonly fuseInt64Share: FusedLoop;
  readonly fuseFloat64Share: FusedLoop;
  /** Exact sums of so many groups of a slot become integers, and floats again. */
  readonly enterExact: (from: number, groups: number, offset: number) => number;
  readonly leaveExact: (from: number, groups: number, offset: number) => number;
}

/** As much of the interface as is used here: it is no part of the language's own library. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  readonly Instance: new (module: object) => {
    readonly exports: Readonly<Record<string, Loop>> & { readonly memory: { readonly buffer: ArrayBuffer } };
  };
};

function start(): Kernels {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(assembleKernels()));
  const { buffer } = exports.memory;
  const loop = (name: string): Loop => {
    const found = exports[name];
    if (found === undefined) throw new Error("internal: a kernel that was not assembled");
    return found;
  };
  const slots = Array.from({ length: SLOTS }, (_, slot) => ({
    offset: slot * SLOT,
    sums: new Float64Array(buffer, SUMS + slot * SLOT, MAX_KERNEL_GROUPS * 4),
    units: new Int32Array(buffer, UNITS + slot * SLOT, MAX_KERNEL_GROUPS * 4),
  }));
  return {
    groups: new Int32Array(buffer, GROUPS, CHUNK_ROWS),
    ordinals: new Int32Array(buffer, ORDINALS, CHUNK_ROWS),
    firsts: new Uint8Array(buffer, FIRSTS, CHUNK_ROWS),
    values: new Float64Array(buffer, VALUES, CHUNK_ROWS),
    words: new Uint32Array(buffer, VALUES, CHUNK_ROWS * 2),
    sums: new Float64Array(buffer, SUMS, MAX_KERNEL_GROUPS * 4),
    units: new Int32Array(buffer, UNITS, MAX_KERNEL_GROUPS * 4),
    integers: new Int32Array(buffer, VALUES, CHUNK_ROWS),
    slots,
    marks: new Uint8Array(buffer, MARKS, CHUNK_ROWS / 8),
    valid: new Uint8Array(buffer, VALID, CHUNK_ROWS / 8),
    ordinal: new Int32Array(buffer, ORDINAL, 1),
    badRows: new Int32Array(buffer, BAD_ROWS, 1),
    fuseCount: loop("fuseCount"),
    fuseInt32: loop("fuseInt32"),
    fuseInt64: loop("fuseInt64"),
    fuseFloat64: loop("fuseFloat64"),
    fuseInt32Share: loop("fuseInt32Share"),
    fuseInt64Share: loop("fuseInt64Share"),
    fuseFloat64Share: loop("fuseFloat64Share"),
    enterExact: loop("enterExact"),
    leaveExact: loop("leaveExact"),
    addExact: loop("addExact"),
    addFloats: loop("addFloats"),
    addExactRows: loop("addExactRows"),
    addFloatRows: loop("addFloatRows"),
    countRows: loop("countRows"),
    countUnits: loop("countUnits"),
    convertSigned: loop("convertSigned"),
    convertUnsigned: loop("convertUnsigned"),
    saturate: loop("saturate"),
    areWithin: loop("areWithin"),
    keepNumbers: loop("keepNumbers"),
    keepGroups: loop("keepGroups"),
  };
}

/** One for each thread: no call leaves anything in it that a later batch needs. */
export const KERNELS: Kernels = start();
