// Loops over a block's columns, from one place in memory to another: codes and integers made what the next loop takes,
// arithmetic (computed/arithmetic.ts), and rows picked or sent to where they do not count.
import { branch, f64, get, i32, load, operation, set, store } from "./assembler.ts";
import type { Code, ValueType, WasmFunction } from "./assembler.ts";
import { item, overRows, ROW } from "./row-loop.ts";

export function blockLoops(): WasmFunction[] {
  const second = load("v128.load", from(SECOND, 3), 0);
  const first = load("v128.load", from(FIRST, 3), 0);
  const isZero = operation("f64x2.eq", second, operation("f64x2.splat", f64(0)));
  return [
    groupLoop("groupCodes8", load("i32.load8_u", from(FIRST, 0), 0)),
    groupLoop("groupCodes16", load("i32.load16_u", from(FIRST, 1), 0)),
    groupLoop("groupCodes32", load("i32.load", from(FIRST, 2), 0)),
    pairLoop(
      "convertInt32",
      operation("f64x2.convert_low_i32x4_s", load("v128.load64_zero", from(FIRST, 2), 0)),
    ),
    convertInt64(),
    pairLoop("add", operation("f64x2.add", first, second)),
    pairLoop("subtract", operation("f64x2.sub", first, second)),
    pairLoop("multiply", operation("f64x2.mul", first, second)),
    // All ones are a NaN: what is divided by zero.
    pairLoop("divide", operation("v128.or", operation("f64x2.div", first, second), isZero)),
    scale(),
    confine(),
    areAllWithin(),
    pickRows(),
    routeRows(),
  ];
}

/** Where a loop writes, and where it reads. */
const [OUT, FIRST, SECOND] = [2, 3, 4];

/** The address of a row's item of 2^size bytes. */
function from(array: number, size: number): Code {
  return operation("i32.add", get(array), item(size));
}

/** Two float64 a turn: of an odd number of rows one more is looked at. */
function pairLoop(name: string, value: Code): WasmFunction {
  return overRows({
    name,
    parameters: ["i32", "i32", "i32"],
    locals: [],
    result: get(ROW),
    step: 2,
    row: [store("v128.store", from(OUT, 3), 0, value)],
  });
}

/** Group numbers of one more dimension: those so far, times its bound, plus its codes. */
function groupLoop(name: string, code: Code): WasmFunction {
  const bound = SECOND;
  const before = operation("i32.mul", load("i32.load", from(OUT, 2), 0), get(bound));
  return overRows({
    name,
    parameters: ["i32", "i32", "i32"],
    locals: [],
    result: get(ROW),
    row: [store("i32.store", from(OUT, 2), 0, operation("i32.add", before, code))],
  });
}

function convertInt64(): WasmFunction {
  const value = operation("f64.convert_i64_s", load("i64.load", from(FIRST, 3), 0));
  return overRows({
    name: "convertInt64",
    parameters: ["i32", "i32"],
    locals: [],
    result: get(ROW),
    row: [store("f64.store", from(OUT, 3), 0, value)],
  });
}

/** Times a number, and over one. */
function scale(): WasmFunction {
  const [times, over, factor, divisor] = [4, 5, 6, 7];
  const scaled = operation("f64x2.mul", load("v128.load", from(FIRST, 3), 0), get(factor));
  return started(
    [set(factor, operation("f64x2.splat", get(times))), set(divisor, operation("f64x2.splat", get(over)))],
    {
      name: "scale",
      parameters: ["i32", "i32", "f64", "f64"],
      locals: ["v128", "v128"],
      row: [store("v128.store", from(OUT, 3), 0, operation("f64x2.div", scaled, get(divisor)))],
    },
  );
}

/** In place: what is past 2^53 - 1 becomes infinite. */
function confine(): WasmFunction {
  const [value, most, size, infinite] = [3, 4, 5, 6];
  const isBeyond = operation("f64x2.gt", get(size), get(most));
  // The bit in which a value and its size differ is its sign.
  const signed = operation("v128.or", operation("v128.andnot", get(value), get(size)), get(infinite));
  return started(
    [
      set(most, operation("f64x2.splat", f64(Number.MAX_SAFE_INTEGER))),
      set(infinite, operation("f64x2.splat", f64(Infinity))),
    ],
    {
      name: "confine",
      parameters: ["i32"],
      locals: ["v128", "v128", "v128", "v128"],
      row: [
        set(value, load("v128.load", from(OUT, 3), 0)),
        set(size, operation("f64x2.abs", get(value))),
        store("v128.store", from(OUT, 3), 0, operation("v128.bitselect", signed, get(value), isBeyond)),
      ],
    },
  );
}

/** 1 where all are within +-limit, and none is NaN. */
function areAllWithin(): WasmFunction {
  const [limit, limits, within] = [3, 4, 5];
  const sizes = operation("f64x2.abs", load("v128.load", from(OUT, 3), 0));
  return started(
    [
      set(limits, operation("f64x2.splat", get(limit))),
      set(within, operation("f64x2.le", get(limits), get(limits))),
    ],
    {
      name: "areAllWithin",
      parameters: ["i32", "f64"],
      locals: ["v128", "v128"],
      row: [set(within, operation("v128.and", get(within), operation("f64x2.le", sizes, get(limits))))],
      result: operation("i64x2.all_true", get(within)),
    },
  );
}

function started(
  start: readonly Code[],
  {
    result,
    ...loop
  }: {
    readonly name: string;
    readonly parameters: readonly ValueType[];
    readonly locals: readonly ValueType[];
    readonly row: readonly Code[];
    readonly result?: Code;
  },
): WasmFunction {
  const { body, ...rest } = overRows({ ...loop, step: 2, result: result ?? get(ROW) });
  return { ...rest, body: [...start.flat(), ...body] };
}

/** The rows that pass, by bytes of which one that does is not zero; returns how many. */
function pickRows(): WasmFunction {
  const [passes, picked] = [FIRST, 4];
  const isIn = operation("i32.ne", load("i32.load8_u", from(passes, 0), 0), i32(0));
  const next = operation("i32.add", get(OUT), operation("i32.shl", get(picked), i32(2)));
  return overRows({
    name: "pickRows",
    parameters: ["i32", "i32"],
    locals: ["i32"],
    result: get(picked),
    row: [store("i32.store", next, 0, get(ROW)), set(picked, operation("i32.add", get(picked), isIn))],
  });
}

/** Gives rows that do not pass a group of their own. */
function routeRows(): WasmFunction {
  const [passes, elsewhere] = [FIRST, SECOND];
  return overRows({
    name: "routeRows",
    parameters: ["i32", "i32", "i32"],
    locals: [],
    result: get(ROW),
    row: [
      branch(operation("i32.eq", load("i32.load8_u", from(passes, 0), 0), i32(0)), [
        store("i32.store", from(OUT, 2), 0, get(elsewhere)),
      ]),
    ],
  });
}
