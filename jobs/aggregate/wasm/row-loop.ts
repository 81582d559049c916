// A function that does something for each row of a chunk.
import { branch, get, i32, operation, repeatWhile, set } from "./assembler.ts";
import type { Code, ValueType, WasmFunction } from "./assembler.ts";

/** A function over the rows `from` to `count`; both are its first parameters. */
export interface RowLoop {
  readonly name: string;
  readonly parameters: readonly ValueType[];
  readonly locals: readonly ValueType[];
  readonly result: Code;
  /** Rows a turn. */
  readonly step?: number;
  readonly row: readonly Code[];
}

/** The locals that hold the row and their number; others begin at 2, parameters first. */
export const ROW = 0;
const COUNT = 1;

export function overRows({ name, parameters, locals, result, step, row }: RowLoop): WasmFunction {
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
export function item(size: number): Code {
  return operation("i32.shl", get(ROW), i32(size));
}
