// Numbers that a loop makes of each row's columns, each once, in a local of its own.
import { f64, get, load, operation, set } from "./assembler.ts";
import type { Code, ValueType } from "./assembler.ts";
import { item } from "./row-loop.ts";

/** A number of each row. Columns lie in the arena. */
export type RowValue =
  | { readonly kind: "column"; readonly place: number; readonly as: "int32" | "float64" }
  | { readonly kind: "constant"; readonly value: number }
  | { readonly kind: "scaled"; readonly of: RowValue; readonly times: number; readonly over: number }
  | { readonly kind: "operation"; readonly op: "+" | "-" | "*"; readonly of: readonly [RowValue, RowValue] };

/** Gives out locals besides those that a loop has already. */
export class Locals {
  readonly types: ValueType[] = [];
  readonly #first: number;

  constructor(first: number) {
    this.#first = first;
  }

  take(type: ValueType): number {
    return this.#first + this.types.push(type) - 1;
  }
}

export class RowValues {
  readonly #locals: Locals;
  readonly #known = new Map<string, number>();
  readonly #steps: ((after: number) => Code)[] = [];

  constructor(locals: Locals) {
    this.#locals = locals;
  }

  local(value: RowValue): number {
    const key = JSON.stringify(value);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const code = this.#codeOf(value);
    const local = this.#locals.take("f64");
    this.#steps.push((after) => set(local, code(after)));
    this.#known.set(key, local);
    return local;
  }

  /** All of them, of the row so many after ROW. */
  compute(after: number): Code {
    return this.#steps.flatMap((step) => step(after));
  }

  #codeOf(value: RowValue): (after: number) => Code {
    switch (value.kind) {
      case "column": {
        const { place } = value;
        if (value.as === "float64") return (after) => load("f64.load", item(3), place + 8 * after);
        return (after) => operation("f64.convert_i32_s", load("i32.load", item(2), place + 4 * after));
      }
      case "constant":
        return () => f64(value.value);
      case "scaled": {
        const times = operation("f64.mul", get(this.local(value.of)), f64(value.times));
        return () => operation("f64.div", times, f64(value.over));
      }
      case "operation": {
        const [left, right] = [this.local(value.of[0]), this.local(value.of[1])];
        const name = ({ "+": "f64.add", "-": "f64.sub", "*": "f64.mul" } as const)[value.op];
        return () => operation(name, get(left), get(right));
      }
    }
  }
}
