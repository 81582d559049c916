// The loops of unit-sums.ts.
import { branch, f64, get, giveBack, i32, load, operation, select, set, store } from "./assembler.ts";
import type { Code, WasmFunction } from "./assembler.ts";
import { FIRSTS, GROUPS, HIGH, LARGEST, LOW, TOTAL, VALUES } from "./memory.ts";
import { item, overRows, ROW } from "./row-loop.ts";

export function sumLoops(): WasmFunction[] {
  return [
    addUnits("addExact", Number.MAX_SAFE_INTEGER, addExact),
    addUnits("addFloats", Number.MAX_VALUE, addCompensated),
    addRows("addExactRows", addExact),
    addRows("addFloatRows", addCompensated),
  ];
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
