// Whether values lie in a range, sixteen rows at a time: all ones in a row's byte where they do, and did in every range
// before. NaN lies in none.
import { get, load, operation, set, shuffle, store } from "./assembler.ts";
import type { Code, WasmFunction } from "./assembler.ts";
import { item, overRows } from "./row-loop.ts";

export function rangeLoops(): WasmFunction[] {
  return [inRange("inRangeInt32", "i32"), inRange("inRangeFloat64", "f64")];
}

const [PASSES, VALUES, LOW, HIGH, LOWS, HIGHS] = [2, 3, 4, 5, 6, 7];
/** The lower halves of four float64. */
const HALVES = [0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27];

/** Integers from `low` up to `high`; floats from `low` up to, but without, `high`, or any above `low` where it is NaN. */
function inRange(name: string, kind: "i32" | "f64"): WasmFunction {
  const isFloat = kind === "f64";
  const values = (at: number): Code =>
    load("v128.load", operation("i32.add", get(VALUES), item(isFloat ? 3 : 2)), 16 * at);
  const splat = isFloat ? "f64x2.splat" : "i32x4.splat";
  const within = (at: number): Code =>
    isFloat
      ? operation(
          "v128.andnot",
          operation("f64x2.ge", values(at), get(LOWS)),
          operation("f64x2.ge", values(at), get(HIGHS)),
        )
      : operation(
          "v128.and",
          operation("i32x4.ge_s", values(at), get(LOWS)),
          operation("i32x4.le_s", values(at), get(HIGHS)),
        );
  const four = (at: number): Code =>
    isFloat ? shuffle(within(2 * at), within(2 * at + 1), HALVES) : within(at);
  const eight = (at: number): Code => operation("i16x8.narrow_i32x4_s", four(2 * at), four(2 * at + 1));
  const place = operation("i32.add", get(PASSES), item(0));
  const before = load("v128.load", place, 0);
  const sixteen = operation("i8x16.narrow_i16x8_s", eight(0), eight(1));
  const { body, ...rest } = overRows({
    name,
    parameters: ["i32", "i32", kind, kind],
    locals: ["v128", "v128"],
    result: get(0),
    step: 16,
    row: [store("v128.store", place, 0, operation("v128.and", before, sixteen))],
  });
  const start = [set(LOWS, operation(splat, get(LOW))), set(HIGHS, operation(splat, get(HIGH)))];
  return { ...rest, body: [...start.flat(), ...body] };
}
