// One loop that adds a block's rows to their groups' records, made for what a plan asks: values are computed of columns,
// units counted, and units' totals clipped and added, without a branch for whether a row begins a unit, and for two measures
// at a time where they are of a kind. Bit for bit what unit-tally.ts and unit-sums.ts do one after the other.
import {
  branch,
  f64,
  get,
  i32,
  i64,
  lane,
  load,
  operation,
  pair,
  repeatWhile,
  select,
  set,
  store,
} from "./assembler.ts";
import type { Code, ValueType, WasmFunction } from "./assembler.ts";
import { LAST_UNIT, partAt, ROWS } from "./record.ts";
import type { Lanes } from "./record.ts";
import { item, ROW } from "./row-loop.ts";

const TWO_32 = 2 ** 32;
const MOST = Number.MAX_SAFE_INTEGER;
const MOST_HIGH = 2 ** 52;

/** A number of each row. Columns lie in the arena. */
export type RowValue =
  | { readonly kind: "column"; readonly place: number; readonly as: "int32" | "float64" }
  | { readonly kind: "constant"; readonly value: number }
  | { readonly kind: "scaled"; readonly of: RowValue; readonly times: number; readonly over: number }
  | { readonly kind: "operation"; readonly op: "+" | "-" | "*"; readonly of: readonly [RowValue, RowValue] };

/** One measure, or two: what they lie in, and what they add. */
export interface RecordPart {
  readonly exact: boolean;
  readonly offset: number;
  readonly measures: readonly {
    readonly value: RowValue;
    readonly lower: number;
    readonly upper: number;
  }[];
}

/** Codes of one dimension as they lie in a column, of 2^size bytes each. */
export interface CodePlace {
  readonly place: number;
  readonly size: 0 | 1 | 2;
  /** Of all codes. */
  readonly bound: number;
}

export interface RecordShape {
  readonly stride: number;
  /** Of which group numbers are computed, where all rows pass and codes lie in columns; null where they do not. */
  readonly codes: readonly CodePlace[] | null;
  /** Where each row's group is otherwise. */
  readonly groups: number;
  /** Which rows are the first of a unit, a bit a row; and, where rows were left out, the ordinal of each row's unit. */
  readonly marks: number;
  readonly ordinals: number;
  readonly parts: readonly RecordPart[];
}

/** Parameters, the ordinal of the last unit before among them, and locals, after the rows. */
const [RECORDS, UNIT, AT, MARK, LAST] = [2, 3, 4, 5, 6];
const [ENDED, TOTAL, AMOUNT, LOW, HIGH, PART] = [7, 8, 9, 10, 11, 12];
const [ONE, OTHER, CARRY] = [13, 14, 15];
const FIRST_FREE = 16;
const COUNT = 1;

/** Each gives back the ordinal of the last row's unit. */
export function recordLoops(shape: RecordShape): WasmFunction[] {
  const group = (after: number): Code => load("i32.load", item(2), shape.groups + 4 * after);
  const ordinal = (after: number): Code => set(UNIT, load("i32.load", item(2), shape.ordinals + 4 * after));
  const mark = (after: number): Code => {
    const bit = operation("i32.and", operation("i32.shr_u", get(MARK), i32(after)), i32(1));
    return set(UNIT, operation("i32.add", get(UNIT), bit));
  };
  const { codes } = shape;
  return [
    recordLoop("addPicked", shape, group, ordinal),
    recordLoop("addRouted", shape, group, mark),
    ...(codes === null ? [] : [recordLoop("addCodes", shape, (after) => groupOf(codes, after), mark)]),
  ];
}

function groupOf(codes: readonly CodePlace[], after: number): Code {
  const loads = { 0: "i32.load8_u", 1: "i32.load16_u", 2: "i32.load" } as const;
  return codes.reduce<Code>((group, { place, size, bound }, at) => {
    const code = load(loads[size], item(size), place + after * 2 ** size);
    return at === 0 ? code : operation("i32.add", operation("i32.mul", group, i32(bound)), code);
  }, i32(0));
}

/** Eight rows a turn, then the rest one by one. */
function recordLoop(
  name: string,
  shape: RecordShape,
  group: (after: number) => Code,
  unit: (after: number) => Code,
): WasmFunction {
  const { stride, parts } = shape;
  const locals = new Locals();
  const bounds = parts.map(({ measures }) => {
    const [first, second = first] = measures;
    if (first === undefined || second === undefined) throw new Error("internal: a part of no measure");
    const [lower, upper] = [locals.take("v128"), locals.take("v128")];
    const start = [
      set(lower, pair(f64(first.lower), f64(second.lower))),
      set(upper, pair(f64(first.upper), f64(second.upper))),
    ];
    return { lower, upper, start };
  });
  const values = new RowValues(locals);
  const added = parts.flatMap((part, at) => {
    const { lower, upper } = bounds[at] ?? { lower: 0, upper: 0 };
    return addPart(part, values, lower, upper);
  });
  const isFirst = operation("i32.ne", get(LAST), get(UNIT));
  const hasEnded = operation("i32.and", isFirst, operation("i32.ne", get(LAST), i32(0)));
  const more = select(isFirst, i64(1), i64(TWO_32 + 1));
  const row = (after: number): Code => [
    ...set(AT, operation("i32.mul", group(after), i32(stride))),
    ...set(AT, operation("i32.add", get(RECORDS), get(AT))),
    ...unit(after),
    ...set(LAST, load("i32.load", get(AT), LAST_UNIT)),
    ...store("i32.store", get(AT), LAST_UNIT, get(UNIT)),
    ...store("i64.store", get(AT), ROWS, operation("i64.add", load("i64.load", get(AT), ROWS), more)),
    ...set(ENDED, operation("i32x4.splat", operation("i32.sub", i32(0), hasEnded))),
    ...values.compute(after),
    ...added.flat(),
  ];
  const byte = load("i32.load8_u", operation("i32.shr_u", get(ROW), i32(3)), shape.marks);
  const hasEight = operation("i32.lt_s", operation("i32.add", get(ROW), i32(7)), get(COUNT));
  const hasOne = operation("i32.lt_s", get(ROW), get(COUNT));
  const eight = Array.from({ length: 8 }, (_, after) => row(after));
  const onwards = (rows: number): Code => set(ROW, operation("i32.add", get(ROW), i32(rows)));
  const rest = operation("i32.shr_u", byte, operation("i32.and", get(ROW), i32(7)));
  const body = [
    ...bounds.flatMap(({ start }) => start),
    branch(hasEight, [repeatWhile(hasEight, [set(MARK, byte), ...eight, onwards(8)])]),
    branch(hasOne, [repeatWhile(hasOne, [set(MARK, rest), row(0), onwards(1)])]),
    get(UNIT),
  ];
  return {
    name,
    parameters: ["i32", "i32", "i32", "i32"],
    locals: [
      ...Array<ValueType>(3).fill("i32"),
      ...Array<ValueType>(6).fill("v128"),
      ...Array<ValueType>(3).fill("f64"),
      ...locals.types,
    ],
    result: "i32",
    body: body.flat(),
  };
}

class Locals {
  readonly types: ValueType[] = [];

  take(type: ValueType): number {
    return FIRST_FREE + this.types.push(type) - 1;
  }
}

/** Each number once, in a local of its own. */
class RowValues {
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

/** One is computed in both lanes alike, of which the first is kept. */
function addPart(
  { exact, offset, measures }: RecordPart,
  values: RowValues,
  lower: number,
  upper: number,
): Code[] {
  const lanes: Lanes = measures.length === 2 ? 2 : 1;
  const places = partAt(lanes);
  const [first, second] = measures.map(({ value }) => get(values.local(value)));
  if (first === undefined) throw new Error("internal: a part of no measure");
  const value = second === undefined ? operation("f64x2.splat", first) : pair(first, second);
  const clipped = clip(get(TOTAL), get(lower), get(upper));
  const next = operation("f64x2.add", operation("v128.andnot", get(TOTAL), get(ENDED)), value);
  const state: State = {
    lanes,
    load: (place) => load(lanes === 1 ? "v128.load64_splat" : "v128.load", get(AT), offset + place),
    store: (place, of) =>
      lanes === 1
        ? store("f64.store", get(AT), offset + place, lane(of, 0))
        : store("v128.store", get(AT), offset + place, of),
    low: offset + places.low,
    high: offset + places.high,
  };
  const limit = operation("f64x2.splat", f64(MOST));
  const least = operation("f64x2.splat", f64(-MOST));
  return [
    set(TOTAL, state.load(places.total)),
    set(AMOUNT, operation("v128.and", clipped, get(ENDED))),
    // Floats are too small to overflow a unit's total (record/block-values.ts).
    state.store(places.total, exact ? clip(next, least, limit) : next),
    ...(exact ? addExact(state, places.low, mayCarry(measures)) : addFloat(state, places)),
  ];
}

interface State {
  readonly lanes: Lanes;
  readonly load: (place: number) => Code;
  readonly store: (place: number, of: Code) => Code;
  /** Within a record. */
  readonly low: number;
  readonly high: number;
}

function clip(value: Code, least: Code, most: Code): Code {
  return operation("f64x2.pmin", operation("f64x2.pmax", value, least), most);
}

/** CompensatedSums. */
function addFloat(state: State, { low, high }: { readonly low: number; readonly high: number }): Code[] {
  const error = operation(
    "f64x2.add",
    operation("f64x2.sub", get(HIGH), operation("f64x2.sub", get(TOTAL), get(PART))),
    operation("f64x2.sub", get(AMOUNT), get(PART)),
  );
  return [
    set(HIGH, state.load(high)),
    set(TOTAL, operation("f64x2.add", get(HIGH), get(AMOUNT))),
    set(PART, operation("f64x2.sub", get(TOTAL), get(HIGH))),
    state.store(low, operation("f64x2.add", state.load(low), error)),
    state.store(high, get(TOTAL)),
  ];
}

/** Whether units' clipped totals, of which an object has at most 2^31, can add up to 2^53. */
function mayCarry(measures: RecordPart["measures"]): boolean {
  return measures.some(({ lower, upper }) => Math.max(Math.abs(lower), Math.abs(upper)) >= 2 ** 22);
}

/** ExactSums: rarely the low part has no room. */
function addExact(state: State, low: number, withCarry: boolean): Code[] {
  const size = operation("f64x2.abs", get(LOW));
  const summed = operation("f64x2.add", state.load(low), get(AMOUNT));
  if (!withCarry) return [state.store(low, summed)];
  return [
    set(PART, state.load(low)),
    set(LOW, operation("f64x2.add", get(PART), get(AMOUNT))),
    branch(
      operation("v128.any_true", operation("f64x2.gt", size, operation("f64x2.splat", f64(MOST)))),
      state.lanes === 1 ? carryLane(state, 0) : [...carryLane(state, 0), ...carryLane(state, 1)],
      [state.store(low, get(LOW))],
    ),
  ];
}

/** One lane of AMOUNT, added to a sum whose low part PART is, with or without a carry. */
function carryLane(state: State, at: 0 | 1): Code[] {
  const [low, high] = [state.low + 8 * at, state.high + 8 * at];
  const carryOf = (local: number): Code =>
    operation("f64.floor", operation("f64.mul", get(local), f64(1 / TWO_32)));
  const restOf = (local: number): Code =>
    operation("f64.sub", get(local), operation("f64.mul", carryOf(local), f64(TWO_32)));
  const summed = operation("f64.add", get(ONE), get(OTHER));
  const carries = operation("f64.add", carryOf(ONE), carryOf(OTHER));
  const limited = operation("f64.max", operation("f64.min", get(CARRY), f64(MOST_HIGH)), f64(-MOST_HIGH));
  return [
    set(ONE, lane(get(PART), at)),
    set(OTHER, lane(get(AMOUNT), at)),
    branch(
      operation("f64.gt", operation("f64.abs", summed), f64(MOST)),
      [
        set(CARRY, operation("f64.add", load("f64.load", get(AT), high), carries)),
        store("f64.store", get(AT), high, limited),
        store("f64.store", get(AT), low, operation("f64.add", restOf(ONE), restOf(OTHER))),
      ],
      [store("f64.store", get(AT), low, summed)],
    ),
  ];
}
