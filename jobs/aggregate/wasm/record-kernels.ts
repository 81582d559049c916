// The loops over blocks of rows and groups' records, and their memory, which grows with the groups. Each is stated in
// JavaScript too: by the general way, to whose partials tests hold these.
import { assemble } from "./assembler.ts";
import { blockLoops } from "./block-loops.ts";
import { keyLoops } from "./key-loops.ts";
import { rangeLoops } from "./range-loops.ts";
import { recordSums } from "./record-sums.ts";
import { unitLoops } from "./unit-loops.ts";

const PAGE = 65_536;
/** 2 GB: what is past it no address of 31 bits names. */
const MOST_PAGES = 32_767;

/** The whole module: what a reader of the machine code will find. */
export function assembleRecordKernels(): Uint8Array<ArrayBuffer> {
  const loops = [...unitLoops(), ...recordSums(), ...blockLoops(), ...rangeLoops(), ...keyLoops()];
  return assemble(1, loops, MOST_PAGES);
}

/** Over the rows `from` to `count`; places in memory are addresses in bytes. */
type Loop = (from: number, count: number, ...rest: number[]) => number;

const NAMES = [
  "readOrdinals",
  "countRecords",
  "addExact",
  "addExactPair",
  "addFloat",
  "addFloatPair",
  "groupCodes8",
  "groupCodes16",
  "groupCodes32",
  "convertInt32",
  "convertInt64",
  "add",
  "subtract",
  "multiply",
  "divide",
  "scale",
  "confine",
  "areAllWithin",
  "pickRows",
  "routeRows",
  "inRangeInt32",
  "inRangeFloat64",
  "findKeys",
  "placeKeys",
  "touchSlots",
  "touchRecords",
] as const;

export type RecordLoop = (typeof NAMES)[number];

interface Memory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

/** As much of the interface as is used here: it is no part of the language's own library. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  readonly Instance: new (module: object) => {
    readonly exports: Readonly<Record<string, Loop>> & { readonly memory: Memory };
  };
};

const { exports } = new WebAssembly.Instance(new WebAssembly.Module(assembleRecordKernels()));

export const RECORD_LOOPS: Readonly<Record<RecordLoop, Loop>> = Object.fromEntries(
  NAMES.map((name) => {
    const loop = exports[name];
    if (loop === undefined) throw new Error("internal: a kernel that was not assembled");
    return [name, loop];
  }),
) as Record<RecordLoop, Loop>;

/** One for each thread, and one user's at a time (record/arena.ts). Views of it end when it grows. */
export const RECORD_MEMORY = {
  get buffer(): ArrayBuffer {
    return exports.memory.buffer;
  },
  /** Whether there are so many bytes, now. */
  grow(bytes: number): boolean {
    const missing = Math.ceil(bytes / PAGE) - exports.memory.buffer.byteLength / PAGE;
    if (missing <= 0) return true;
    try {
      exports.memory.grow(missing);
      return true;
    } catch {
      return false;
    }
  },
};
