// The loops of measure.ts: values are made float64, brought within a limit, and rid of NaN.
import { branch, get, i32, load, operation, set, store } from "./assembler.ts";
import type { Code, WasmFunction } from "./assembler.ts";
import { GROUPS, ORDINALS, VALUES } from "./memory.ts";
import { item, overRows, ROW } from "./row-loop.ts";

export function valueLoops(): WasmFunction[] {
  return [
    saturate("saturate", load("f64.load", item(3), VALUES)),
    saturate("convertSigned", operation("f64.convert_i64_s", load("i64.load", item(3), VALUES))),
    saturate("convertUnsigned", operation("f64.convert_i64_u", load("i64.load", item(3), VALUES))),
    areWithin(),
    keepNumbers(),
    keepGroups(),
  ];
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
  const sizes = operation("f64x2.abs", load("v128.load", item(3), VALUES));
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

/** Saturates values, moves those that are not NaN to the front, and writes their rows to ORDINALS. */
function keepNumbers(): WasmFunction {
  const [limit, value, kept, changed] = [2, 3, 4, 5];
  const slot = (size: number): Code => operation("i32.shl", get(kept), i32(size));
  return overRows({
    name: "keepNumbers",
    parameters: ["f64"],
    locals: ["f64", "i32", "i32"],
    // A chunk's rows take less than 16 bits.
    result: operation("i32.add", operation("i32.shl", get(changed), i32(16)), get(kept)),
    row: [
      set(value, load("f64.load", item(3), VALUES)),
      branch(operation("f64.gt", operation("f64.abs", get(value)), get(limit)), [
        set(value, operation("f64.copysign", get(limit), get(value))),
        set(changed, operation("i32.add", get(changed), i32(1))),
      ]),
      store("f64.store", slot(3), VALUES, get(value)),
      store("i32.store", slot(2), ORDINALS, get(ROW)),
      set(kept, operation("i32.add", get(kept), operation("f64.eq", get(value), get(value)))),
    ],
  });
}

/** Moves the groups of the rows in ORDINALS, which rise, to the front. */
function keepGroups(): WasmFunction {
  const from = operation("i32.shl", load("i32.load", item(2), ORDINALS), i32(2));
  return overRows({
    name: "keepGroups",
    parameters: [],
    locals: [],
    result: get(ROW),
    row: [store("i32.store", item(2), GROUPS, load("i32.load", from, GROUPS))],
  });
}
