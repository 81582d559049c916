// Units' totals, clipped and added in records: what unit-sums.ts does, bit for bit, without a branch for whether a row
// begins a unit, and for two measures at a time where they are of a kind.
import { branch, f64, get, lane, load, loadSecond, operation, pair, set, store } from "./assembler.ts";
import type { Code, WasmFunction } from "./assembler.ts";
import { partAt } from "./record.ts";
import type { Lanes } from "./record.ts";
import { item, overRows, ROW } from "./row-loop.ts";

const TWO_32 = 2 ** 32;
const MOST_HIGH = 2 ** 52;

export function recordSums(): WasmFunction[] {
  return [
    addTotals("addExact", 1, Number.MAX_SAFE_INTEGER, addExact),
    addTotals("addExactPair", 2, Number.MAX_SAFE_INTEGER, addExact),
    addTotals("addFloat", 1, Number.MAX_VALUE, addFloat),
    addTotals("addFloatPair", 2, Number.MAX_VALUE, addFloat),
  ];
}

/** Parameters after the rows, then locals. */
const [ADDRESSES, ENDS, OFFSET, VALUES, OTHERS] = [2, 3, 4, 5, 6];
const [LOWER, UPPER, OTHER_LOWER, OTHER_UPPER] = [7, 8, 9, 10];
const [AT, LEAST, MOST, TOTAL, AMOUNT, LOW, HIGH, PART] = [11, 12, 13, 14, 15, 16, 17, 18];
const [LEAST_TOTAL, MOST_TOTAL] = [19, 20];
const [ONE, OTHER, CARRY] = [21, 22, 23];

/** One is computed in both lanes alike, of which the first is kept: so one text serves for both widths. */
function addTotals(name: string, lanes: Lanes, limit: number, add: (lanes: Lanes) => Code[]): WasmFunction {
  const { total } = partAt(lanes);
  const of = (array: number): Code => operation("i32.add", get(array), item(3));
  const first = load("v128.load64_splat", of(VALUES), 0);
  const value = lanes === 1 ? first : loadSecond(of(OTHERS), first);
  const mask = load("v128.load32_splat", operation("i32.add", get(ENDS), item(2)), 0);
  const clipped = clip(get(TOTAL), LEAST, MOST);
  const { body, ...rest } = overRows({
    name,
    parameters: ["i32", "i32", "i32", "i32", "i32", "f64", "f64", "f64", "f64"],
    locals: ["i32", ...Array<"v128">(9).fill("v128"), "f64", "f64", "f64"],
    result: get(ROW),
    row: [
      set(
        AT,
        operation(
          "i32.add",
          load("i32.load", operation("i32.add", get(ADDRESSES), item(2)), 0),
          get(OFFSET),
        ),
      ),
      set(TOTAL, loadLanes(lanes, get(AT), total)),
      set(PART, mask),
      set(AMOUNT, operation("v128.and", clipped, get(PART))),
      set(TOTAL, operation("f64x2.add", operation("v128.andnot", get(TOTAL), get(PART)), value)),
      storeLanes(lanes, total, clip(get(TOTAL), LEAST_TOTAL, MOST_TOTAL)),
      ...add(lanes),
    ],
  });
  const start = [
    set(LEAST, pair(get(LOWER), get(OTHER_LOWER))),
    set(MOST, pair(get(UPPER), get(OTHER_UPPER))),
    set(LEAST_TOTAL, operation("f64x2.splat", f64(-limit))),
    set(MOST_TOTAL, operation("f64x2.splat", f64(limit))),
  ];
  return { ...rest, body: [...start.flat(), ...body] };
}

function clip(value: Code, least: number, most: number): Code {
  return operation("f64x2.pmin", operation("f64x2.pmax", value, get(least)), get(most));
}

function loadLanes(lanes: Lanes, address: Code, offset: number): Code {
  return load(lanes === 1 ? "v128.load64_splat" : "v128.load", address, offset);
}

function storeLanes(lanes: Lanes, offset: number, value: Code): Code {
  return lanes === 1
    ? store("f64.store", get(AT), offset, lane(value, 0))
    : store("v128.store", get(AT), offset, value);
}

/** CompensatedSums. */
function addFloat(lanes: Lanes): Code[] {
  const { low, high } = partAt(lanes);
  const error = operation(
    "f64x2.add",
    operation("f64x2.sub", get(HIGH), operation("f64x2.sub", get(TOTAL), get(PART))),
    operation("f64x2.sub", get(AMOUNT), get(PART)),
  );
  return [
    set(HIGH, loadLanes(lanes, get(AT), high)),
    set(TOTAL, operation("f64x2.add", get(HIGH), get(AMOUNT))),
    set(PART, operation("f64x2.sub", get(TOTAL), get(HIGH))),
    storeLanes(lanes, low, operation("f64x2.add", loadLanes(lanes, get(AT), low), error)),
    storeLanes(lanes, high, get(TOTAL)),
  ];
}

/** ExactSums: rarely the low part has no room. */
function addExact(lanes: Lanes): Code[] {
  const { low } = partAt(lanes);
  const limit = operation("f64x2.splat", f64(Number.MAX_SAFE_INTEGER));
  return [
    set(PART, loadLanes(lanes, get(AT), low)),
    set(LOW, operation("f64x2.add", get(PART), get(AMOUNT))),
    branch(
      operation("v128.any_true", operation("f64x2.gt", operation("f64x2.abs", get(LOW)), limit)),
      lanes === 1 ? carryLane(1, 0) : [...carryLane(2, 0), ...carryLane(2, 1)],
      [storeLanes(lanes, low, get(LOW))],
    ),
  ];
}

/** One lane of AMOUNT, added to a sum whose low part PART is, with or without a carry. */
function carryLane(lanes: Lanes, at: Lanes | 0): Code[] {
  const { low, high } = partAt(lanes);
  const [lowAt, highAt] = [low + 8 * at, high + 8 * at];
  const carryOf = (local: number): Code =>
    operation("f64.floor", operation("f64.mul", get(local), f64(1 / TWO_32)));
  const restOf = (local: number): Code =>
    operation("f64.sub", get(local), operation("f64.mul", carryOf(local), f64(TWO_32)));
  const summed = operation("f64.add", get(ONE), get(OTHER));
  const carried = operation(
    "f64.add",
    load("f64.load", get(AT), highAt),
    operation("f64.add", carryOf(ONE), carryOf(OTHER)),
  );
  const limited = operation("f64.max", operation("f64.min", get(CARRY), f64(MOST_HIGH)), f64(-MOST_HIGH));
  return [
    set(ONE, lane(get(PART), at)),
    set(OTHER, lane(get(AMOUNT), at)),
    branch(
      operation("f64.gt", operation("f64.abs", summed), f64(Number.MAX_SAFE_INTEGER)),
      [
        set(CARRY, carried),
        store("f64.store", get(AT), highAt, limited),
        store("f64.store", get(AT), lowAt, operation("f64.add", restOf(ONE), restOf(OTHER))),
      ],
      [store("f64.store", get(AT), lowAt, summed)],
    ),
  ];
}
