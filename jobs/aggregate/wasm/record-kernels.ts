// The loops over blocks of rows and groups' records, and their memory, which grows with the groups. Each is stated in
// JavaScript too: by the general way, to whose partials tests hold these.
import { assemble } from "./assembler.ts";
import { blockLoops } from "./block-loops.ts";
import { keyLoops } from "./key-loops.ts";
import { rangeLoops } from "./range-loops.ts";
import { recordLoops } from "./record-loop.ts";
import type { RecordShape } from "./record-loop.ts";
import { readOrdinals } from "./unit-loops.ts";

const PAGE = 65_536;
/** 2 GB: what is past it no address of 31 bits names. */
const PAGES = { pages: 1, mostPages: 32_767 };

/** The whole module: what a reader of the machine code will find. */
export function assembleRecordKernels(): Uint8Array<ArrayBuffer> {
  const loops = [readOrdinals(), ...blockLoops(), ...rangeLoops(), ...keyLoops()];
  return assemble({ from: "own", ...PAGES }, loops);
}

/** Over the rows `from` to `count`; places in memory are addresses in bytes. */
type Loop = (from: number, count: number, ...rest: number[]) => number;

const NAMES = [
  "readOrdinals",
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
  "findNear",
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
  readonly Instance: new (
    module: object,
    imports?: object,
  ) => {
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

/** Adds a block's rows to the groups' records, which begin at an address, after a last unit; returns the last one's ordinal. */
export type AddRecords = (from: number, count: number, records: number, unit: number) => number;

export interface RecordAdders {
  /** Where rows were left out, and so ordinals written. */
  readonly addPicked: AddRecords;
  /** Where groups were written. */
  readonly addRouted: AddRecords;
  /** Where they are computed of codes; null where there are none. */
  readonly addCodes: AddRecords | null;
}

const MOST_SHAPES = 64;
const SHAPES = new Map<string, RecordAdders>();

/** The loops for a shape, assembled when a thread first meets it: what they are follows from the plan and its columns alone. */
export function recordAdders(shape: RecordShape): RecordAdders {
  const key = JSON.stringify(shape);
  const known = SHAPES.get(key);
  if (known !== undefined) return known;
  if (SHAPES.size >= MOST_SHAPES) SHAPES.clear();
  const bytes = assemble({ from: "import", ...PAGES }, recordLoops(shape));
  const { memory } = exports;
  const made = new WebAssembly.Instance(new WebAssembly.Module(bytes), { arena: { memory } });
  const { addPicked, addRouted, addCodes } = made.exports;
  if (addPicked === undefined || addRouted === undefined) {
    throw new Error("internal: a loop that was not assembled");
  }
  const adders: RecordAdders = { addPicked, addRouted, addCodes: addCodes ?? null };
  SHAPES.set(key, adders);
  return adders;
}

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
