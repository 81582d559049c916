// Exact sums become integers for the fused loops, in place, and float64 again: whole numbers up to 2^53 - 1 either way.
import { branch, f64, get, i64, load, operation, store } from "./assembler.ts";
import type { Code, WasmFunction } from "./assembler.ts";
import { HIGH, LARGEST, LOW, TOTAL } from "./memory.ts";
import { item, overRows, ROW } from "./row-loop.ts";

/** In place of NaN, a total of no unit. */
export const NO_TOTAL: number = 2 ** 60;

export function stateLoops(): WasmFunction[] {
  return [convertState("enterExact", enter), convertState("leaveExact", leave)];
}

/** Over groups instead of rows. */
function convertState(name: string, convert: (at: Code, part: number) => Code): WasmFunction {
  const slot = 2;
  const at = operation("i32.add", item(5), get(slot));
  return overRows({
    name,
    parameters: ["i32"],
    locals: [],
    result: get(ROW),
    row: [TOTAL, HIGH, LOW, LARGEST].map((part) => convert(at, part)),
  });
}

function enter(at: Code, part: number): Code {
  const value = load("f64.load", at, part);
  return branch(
    operation("f64.eq", value, value),
    [store("i64.store", at, part, operation("i64.trunc_f64_s", value))],
    [store("i64.store", at, part, i64(NO_TOTAL))],
  );
}

function leave(at: Code, part: number): Code {
  const value = load("i64.load", at, part);
  return branch(
    operation("i64.eq", value, i64(NO_TOTAL)),
    [store("f64.store", at, part, f64(Number.NaN))],
    [store("f64.store", at, part, operation("f64.convert_i64_s", value))],
  );
}
