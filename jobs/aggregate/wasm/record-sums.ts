// How a loop adds a row's numbers to its group's record, without a branch for whether it begins a unit, and for two measures at
// a time where they are of a kind. Bit for bit what unit-sums.ts does.
import { branch, f64, get, lane, load, operation, pair, set, store } from "./assembler.ts";
import type { Code, ValueType } from "./assembler.ts";
import { partAt } from "./record.ts";
import type { Lanes } from "./record.ts";
import type { RowValue, RowValues } from "./row-values.ts";

const TWO_32 = 2 ** 32;
const MOST = Number.MAX_SAFE_INTEGER;
const MOST_HIGH = 2 ** 52;

/** Where the record is; all ones where a unit ended in it; and what is used on the way. */
export const AT = 4;
export const ENDED = 7;
const [TOTAL, AMOUNT, LOW, HIGH, PART] = [8, 9, 10, 11, 12];
const [ONE, OTHER, CARRY] = [13, 14, 15];
/** From ENDED on. */
export const SUM_LOCALS: readonly ValueType[] = [
  ...Array<ValueType>(6).fill("v128"),
  ...Array<ValueType>(3).fill("f64"),
];
export const FIRST_FREE = 16;

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

/** One is computed in both lanes alike, of which the first is kept. */
export function addPart(
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
