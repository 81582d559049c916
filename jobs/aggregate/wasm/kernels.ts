// The loops over rows that take the time, in WebAssembly: two to three times as fast as the same in JavaScript. Each is
// stated beside its use in JavaScript too, which serves where there are many groups and is what tests hold it to.
//
// All share one memory of a fixed layout, that of one chunk; what a group needs is copied in and out around a call.
import { CHUNK_ROWS } from "../chunk.ts";
import { assemble, branch, f64, get, giveBack, i32, load, loadPair, operation } from "./assembler.ts";
import { repeatWhile, select, set, store } from "./assembler.ts";
import type { Code, ValueType, WasmFunction } from "./assembler.ts";

/** Groups whose state is copied at little cost for each chunk. */
export const MAX_KERNEL_GROUPS = 4096;

const GROUPS = 0;
const ORDINALS: number = GROUPS + CHUNK_ROWS * 4;
const FIRSTS: number = ORDINALS + CHUNK_ROWS * 4;
const VALUES: number = FIRSTS + CHUNK_ROWS;
const SUMS: number = VALUES + CHUNK_ROWS * 8;
const UNITS: number = SUMS + MAX_KERNEL_GROUPS * 32;
const END: number = UNITS + MAX_KERNEL_GROUPS * 16;
const PAGE = 65_536;

/** Parts of a group's sum, in float64 (unit-sums.ts), and of its units, in int32 (unit-tally.ts). */
const [TOTAL, HIGH, LOW, LARGEST] = [SUMS, SUMS + 8, SUMS + 16, SUMS + 24];
const [ROWS, REPEATS, LAST_UNIT] = [UNITS, UNITS + 4, UNITS + 8];

/** A function over the rows `from` to `count`; both are its first parameters. */
interface RowLoop {
  readonly name: string;
  readonly parameters: readonly ValueType[];
  readonly locals: readonly ValueType[];
  readonly result: Code;
  /** Rows a turn. */
  readonly step?: number;
  readonly row: readonly Code[];
}

const [ROW, COUNT] = [0, 1];

function overRows({ name, parameters, locals, result, step, row }: RowLoop): WasmFunction {
  const next = set(ROW, operation("i32.add", get(ROW), i32(step ?? 1)));
  const body = [
    branch(operation("i32.lt_s", get(ROW), get(COUNT)), [
      repeatWhile(operation("i32.lt_s", get(ROW), get(COUNT)), [...row, next]),
    ]),
    result,
  ];
  return { name, parameters: ["i32", "i32", ...parameters], locals, result: "i32", body: body.flat() };
}

/** The address, less its region's, of a row's part of an array of items of 2^size bytes. */
function item(size: number): Code {
  return operation("i32.shl", get(ROW), i32(size));
}

/** `value` within +-`limit` or `lower` and `upper`. */
function clip(value: number, lower: Code, upper: Code): Code {
  const most = select(operation("f64.gt", get(value), upper), upper, get(value));
  return select(operation("f64.lt", get(value), lower), lower, most);
}

/** Adds a clipped total to its group; and whether it is the largest. */
function addAmount(at: number, amount: number, add: (state: number, amount: number) => Code[]): Code[] {
  return [
    ...add(at, amount),
    set(amount, operation("f64.abs", get(amount))),
    branch(operation("f64.gt", get(amount), load("f64.load", get(at), LARGEST)), [
      store("f64.store", get(at), LARGEST, get(amount)),
    ]),
  ];
}

/** UnitSums: adds the total of the group's last unit, clipped, where the row begins the next one. */
function addUnits(name: string, limit: number, add: (state: number, amount: number) => Code[]): WasmFunction {
  const [lower, upper] = [2, 3];
  const [at, value, total, amount] = [4, 5, 6, 7];
  return overRows({
    name,
    parameters: ["f64", "f64"],
    locals: ["i32", "f64", "f64", "f64", "f64", "f64", "f64"],
    result: get(ROW),
    row: [
      set(at, operation("i32.shl", load("i32.load", item(2), GROUPS), i32(5))),
      set(value, load("f64.load", item(3), VALUES)),
      set(total, load("f64.load", get(at), TOTAL)),
      branch(
        load("i32.load8_u", get(ROW), FIRSTS),
        [
          // NaN is no unit.
          branch(operation("f64.eq", get(total), get(total)), [
            set(amount, clip(total, get(lower), get(upper))),
            ...addAmount(at, amount, add),
          ]),
          store("f64.store", get(at), TOTAL, get(value)),
        ],
        [
          set(total, operation("f64.add", get(total), get(value))),
          store("f64.store", get(at), TOTAL, clip(total, f64(-limit), f64(limit))),
        ],
      ),
    ],
  });
}

/** The same where each row is a unit of its own, and no total is running. */
function addRows(name: string, add: (state: number, amount: number) => Code[]): WasmFunction {
  const [lower, upper] = [2, 3];
  const [at, value, amount] = [4, 5, 7];
  return overRows({
    name,
    parameters: ["f64", "f64"],
    locals: ["i32", "f64", "f64", "f64", "f64", "f64", "f64"],
    result: get(ROW),
    row: [
      set(at, operation("i32.shl", load("i32.load", item(2), GROUPS), i32(5))),
      set(value, load("f64.load", item(3), VALUES)),
      set(amount, clip(value, get(lower), get(upper))),
      ...addAmount(at, amount, add),
    ],
  });
}

/** Stops before a row for which the low part has no room; what follows is for the caller. */
function addExact(at: number, amount: number): Code[] {
  const low = 8;
  return [
    set(low, operation("f64.add", load("f64.load", get(at), LOW), get(amount))),
    branch(operation("f64.gt", operation("f64.abs", get(low)), f64(Number.MAX_SAFE_INTEGER)), [
      giveBack(get(ROW)),
    ]),
    store("f64.store", get(at), LOW, get(low)),
  ];
}

function addCompensated(at: number, amount: number): Code[] {
  const [high, sum, part] = [8, 9, 10];
  const error = operation(
    "f64.add",
    operation("f64.sub", get(high), operation("f64.sub", get(sum), get(part))),
    operation("f64.sub", get(amount), get(part)),
  );
  return [
    set(high, load("f64.load", get(at), HIGH)),
    set(sum, operation("f64.add", get(high), get(amount))),
    set(part, operation("f64.sub", get(sum), get(high))),
    store("f64.store", get(at), HIGH, get(sum)),
    store("f64.store", get(at), LOW, operation("f64.add", load("f64.load", get(at), LOW), error)),
  ];
}

/** UnitTally, where units have several rows. */
function countUnits(): WasmFunction {
  const [at, unit, isFirst] = [2, 3, 4];
  const repeats = operation("i32.add", load("i32.load", get(at), REPEATS), i32(1));
  return overRows({
    name: "countUnits",
    parameters: [],
    locals: ["i32", "i32", "i32"],
    result: get(ROW),
    row: [
      set(at, operation("i32.shl", load("i32.load", item(2), GROUPS), i32(4))),
      set(unit, load("i32.load", item(2), ORDINALS)),
      set(isFirst, operation("i32.ne", load("i32.load", get(at), LAST_UNIT), get(unit))),
      store("i32.store8", get(ROW), FIRSTS, get(isFirst)),
      store("i32.store", get(at), LAST_UNIT, get(unit)),
      store("i32.store", get(at), ROWS, operation("i32.add", load("i32.load", get(at), ROWS), i32(1))),
      branch(get(isFirst), [], [store("i32.store", get(at), REPEATS, repeats)]),
    ],
  });
}

/** UnitTally, where each row is a unit. */
function countRows(): WasmFunction {
  const at = 2;
  return overRows({
    name: "countRows",
    parameters: [],
    locals: ["i32"],
    result: get(ROW),
    row: [
      set(at, operation("i32.shl", load("i32.load", item(2), GROUPS), i32(4))),
      store("i32.store", get(at), ROWS, operation("i32.add", load("i32.load", get(at), ROWS), i32(1))),
    ],
  });
}

/** Brings values into +-limit, in place, and returns how many needed it. NaN stays. */
function saturate(name: string, readValue: Code): WasmFunction {
  const [limit, value, changed] = [2, 3, 4];
  return overRows({
    name,
    parameters: ["f64"],
    locals: ["f64", "i32"],
    result: get(changed),
    row: [
      set(value, readValue),
      branch(operation("f64.gt", operation("f64.abs", get(value)), get(limit)), [
        set(value, operation("f64.copysign", get(limit), get(value))),
        set(changed, operation("i32.add", get(changed), i32(1))),
      ]),
      store("f64.store", item(3), VALUES, get(value)),
    ],
  });
}

/** Whether all values are within +-limit, and none NaN. Where their number is odd one more is looked at. */
function areWithin(): WasmFunction {
  const [limit, limits, within] = [2, 3, 4];
  const sizes = operation("f64x2.abs", loadPair(item(3), VALUES));
  const { body, ...rest } = overRows({
    name: "areWithin",
    parameters: ["f64"],
    locals: ["v128", "v128"],
    result: operation("i64x2.all_true", get(within)),
    step: 2,
    row: [set(within, operation("v128.and", get(within), operation("f64x2.le", sizes, get(limits))))],
  });
  const start = [
    set(limits, operation("f64x2.splat", get(limit))),
    // All ones: a pair that is within.
    set(within, operation("f64x2.le", get(limits), get(limits))),
  ];
  return { ...rest, body: [...start.flat(), ...body] };
}

/** Moves values that are not NaN to the front, writes their rows to ORDINALS, and returns how many there are. */
function keepNumbers(): WasmFunction {
  const [value, kept] = [2, 3];
  const slot = (size: number): Code => operation("i32.shl", get(kept), i32(size));
  return overRows({
    name: "keepNumbers",
    parameters: [],
    locals: ["f64", "i32"],
    result: get(kept),
    row: [
      set(value, load("f64.load", item(3), VALUES)),
      store("f64.store", slot(3), VALUES, get(value)),
      store("i32.store", slot(2), ORDINALS, get(ROW)),
      set(kept, operation("i32.add", get(kept), operation("f64.eq", get(value), get(value)))),
    ],
  });
}

/** The whole module: what a reader of the machine code will find. */
export function assembleKernels(): Uint8Array<ArrayBuffer> {
  return assemble(Math.ceil(END / PAGE), [
    addUnits("addExact", Number.MAX_SAFE_INTEGER, addExact),
    addUnits("addFloats", Number.MAX_VALUE, addCompensated),
    countUnits(),
    addRows("addExactRows", addExact),
    addRows("addFloatRows", addCompensated),
    countRows(),
    saturate("saturate", load("f64.load", item(3), VALUES)),
    saturate("convertSigned", operation("f64.convert_i64_s", load("i64.load", item(3), VALUES))),
    saturate("convertUnsigned", operation("f64.convert_i64_u", load("i64.load", item(3), VALUES))),
    areWithin(),
    keepNumbers(),
  ]);
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
  readonly keepNumbers: (from: number, count: number) => number;
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
  };
}

/** One for each thread: no call leaves anything in it that a later one needs. */
export const KERNELS: Kernels = start();
