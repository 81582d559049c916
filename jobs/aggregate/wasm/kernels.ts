// The loops over rows that take the time, in WebAssembly: two to three times as fast as the same in JavaScript. Each is
// stated in JavaScript too, which serves where there are many groups, and is what tests hold it to.
//
// All share one memory of a fixed layout, that of one chunk; what a group needs is copied in and out around a call.
import { CHUNK_ROWS } from "../chunk.ts";
import { assemble } from "./assembler.ts";
import { countRows, countUnits } from "./count-loops.ts";
import { END, FIRSTS, GROUPS, MAX_KERNEL_GROUPS, ORDINALS, SUMS, UNITS, VALUES } from "./memory.ts";
import { sumLoops } from "./sum-loops.ts";
import { valueLoops } from "./value-loops.ts";

const PAGE = 65_536;

/** The whole module: what a reader of the machine code will find. */
export function assembleKernels(): Uint8Array<ArrayBuffer> {
  return assemble(Math.ceil(END / PAGE), [...sumLoops(), countUnits(), countRows(), ...valueLoops()]);
}

type Loop = (from: number, count: number, ...rest: number[]) => number;

export interface Kernels {
  readonly groups: Int32Array;
  readonly ordinals: Int32Array;
  readonly firsts: Uint8Array;
  readonly values: Float64Array;
  /** The bytes of `values`, as words. */
  readonly words: Uint32Array;
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
  return {
    groups: new Int32Array(buffer, GROUPS, CHUNK_ROWS),
    ordinals: new Int32Array(buffer, ORDINALS, CHUNK_ROWS),
    firsts: new Uint8Array(buffer, FIRSTS, CHUNK_ROWS),
    values: new Float64Array(buffer, VALUES, CHUNK_ROWS),
    words: new Uint32Array(buffer, VALUES, CHUNK_ROWS * 2),
    sums: new Float64Array(buffer, SUMS, MAX_KERNEL_GROUPS * 4),
    units: new Int32Array(buffer, UNITS, MAX_KERNEL_GROUPS * 4),
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

/** One for each thread: no call leaves anything in it that a later one needs. */
export const KERNELS: Kernels = start();
