// The units of a block of rows: what unit-ordinal.ts does.
import { get, i32, load, operation, set, store } from "./assembler.ts";
import type { WasmFunction } from "./assembler.ts";
import { item, overRows, ROW } from "./row-loop.ts";

/** The ordinal of each row's unit, from bits that mark first rows, after the last one before; returns the last. */
export function readOrdinals(): WasmFunction {
  const [marks, ordinals, last] = [2, 3, 4];
  const place = operation("i32.add", get(marks), operation("i32.shr_u", get(ROW), i32(3)));
  const shifted = operation(
    "i32.shr_u",
    load("i32.load8_u", place, 0),
    operation("i32.and", get(ROW), i32(7)),
  );
  return overRows({
    name: "readOrdinals",
    parameters: ["i32", "i32", "i32"],
    locals: [],
    result: get(last),
    row: [
      set(last, operation("i32.add", get(last), operation("i32.and", shifted, i32(1)))),
      store("i32.store", operation("i32.add", get(ordinals), item(2)), 0, get(last)),
    ],
  });
}
