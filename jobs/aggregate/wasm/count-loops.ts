// The loops of unit-tally.ts.
import { branch, get, i32, load, operation, set, store } from "./assembler.ts";
import type { WasmFunction } from "./assembler.ts";
import { FIRSTS, GROUPS, LAST_UNIT, ORDINALS, REPEATS, ROWS } from "./memory.ts";
import { item, overRows, ROW } from "./row-loop.ts";

/** UnitTally, where units have several rows. */
export function countUnits(): WasmFunction {
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
export function countRows(): WasmFunction {
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
