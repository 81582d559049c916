// One loop that adds a block's rows to their groups' records, made for what a plan asks: values are computed of columns,
// units counted, and units' totals clipped and added, without a branch for whether a row begins a unit, and for two measures
// at a time where they are of a kind. Bit for bit what unit-tally.ts and unit-sums.ts do one after the other.
import { branch, f64, get, i32, i64, lane, load, operation, pair, select, set, store } from "./assembler.ts";
import type { Code, ValueType, WasmFunction } from "./assembler.ts";
import { LAST_UNIT, partAt, ROWS } from "./record.ts";
import type { Lanes } from "./record.ts";
import { item, overRows, ROW } from "./row-loop.ts";

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

export interface RecordShape {
  readonly stride: number;
  /** Where each row's group, and the ordinal of its unit, are. */
  readonly groups: number;
  readonly ordinals: number;
  readonly parts: readonly RecordPart[];
}

/** Parameter and locals after the rows. */
const [RECORDS, AT, UNIT, LAST] = [2, 3, 4, 5];
const [ENDED, TOTAL, AMOUNT, LOW, HIGH, PART] = [6, 7, 8, 9, 10, 11];
const [ONE, OTHER, CARRY] = [12, 13, 14];
const FIRST_FREE = 15;

/** `addRecords`, over the rows of a block. */
export function recordLoop({ stride, groups, ordinals, parts }: RecordShape): WasmFunction {
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
  const added = parts.map((part, at) => {
    const { lower, upper } = bounds[at] ?? { lower: 0, upper: 0 };
    return addPart(part, values, lower, upper);
  });
  const isFirst = operation("i32.ne", get(LAST), get(UNIT));
  const hasEnded = operation("i32.and", isFirst, operation("i32.ne", get(LAST), i32(0)));
  const { body, ...rest } = overRows({
    name: "addRecords",
    parameters: ["i32"],
    locals: [
      ...Array<ValueType>(3).fill("i32"),
      ...Array<ValueType>(6).fill("v128"),
      ...Array<ValueType>(3).fill("f64"),
      ...locals.types,
    ],
    result: get(ROW),
    row: [
      set(AT, operation("i32.mul", load("i32.load", item(2), groups), i32(stride))),
      set(AT, operation("i32.add", get(RECORDS), get(AT))),
      set(UNIT, load("i32.load", item(2), ordinals)),
      set(LAST, load("i32.load", get(AT), LAST_UNIT)),
      store("i32.store", get(AT), LAST_UNIT, get(UNIT)),
      store(
        "i64.store",
        get(AT),
        ROWS,
        operation("i64.add", load("i64.load", get(AT), ROWS), select(isFirst, i64(1), i64(TWO_32 + 1))),
      ),
      set(ENDED, operation("i32x4.splat", operation("i32.sub", i32(0), hasEnded))),
      ...values.computed,
      ...added.flat(),
    ],
  });
  return { ...rest, body: [...bounds.flatMap(({ start }) => start.flat()), ...body] };
}

class Locals {
  readonly types: ValueType[] = [];

  take(type: ValueType): number {
    return FIRST_FREE + this.types.push(type) - 1;
  }
}

/** Each number once, in a local of its own. */
class RowValues {
  readonly computed: Code[] = [];
  readonly #locals: Locals;
  readonly #known = new Map<string, number>();

  constructor(locals: Locals) {
    this.#locals = locals;
  }

  local(value: RowValue): number {
    const key = JSON.stringify(value);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const code = this.#compute(value);
    const local = this.#locals.take("f64");
    this.computed.push(set(local, code));
    this.#known.set(key, local);
    return local;
  }

  #compute(value: RowValue): Code {
    switch (value.kind) {
      case "column":
        return value.as === "float64"
          ? load("f64.load", item(3), value.place)
          : operation("f64.convert_i32_s", load("i32.load", item(2), value.place));
      case "constant":
        return f64(value.value);
      case "scaled": {
        const times = operation("f64.mul", get(this.local(value.of)), f64(value.times));
        return operation("f64.div", times, f64(value.over));
      }
      case "operation": {
        const [left, right] = value.of;
        const name = ({ "+": "f64.add", "-": "f64.sub", "*": "f64.mul" } as const)[value.op];
        return operation(name, get(this.local(left)), get(this.local(right)));
      }
    }
  }
}

/** One is computed in both lanes alike, of which the first is kept. */
function addPart({ exact, offset, measures }: RecordPart, values: RowValues, lower: number, upper: number): Code[] {
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
    ...(exact ? addExact(state, places.low) : addFloat(state, places)),
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

/** ExactSums: rarely the low part has no room. */
function addExact(state: State, low: number): Code[] {
  const size = operation("f64x2.abs", get(LOW));
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
