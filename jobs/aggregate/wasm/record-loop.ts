// One loop that adds a block's rows to their groups' records, made for what a plan asks: values are computed of columns,
// units counted, and units' totals clipped and added, without a branch for whether a row begins a unit, and for two measures
// at a time where they are of a kind. Bit for bit what unit-tally.ts and unit-sums.ts do one after the other.
import {
  branch,
  f64,
  get,
  i32,
  i64,
  load,
  operation,
  pair,
  repeatWhile,
  select,
  set,
  store,
} from "./assembler.ts";
import type { Code, ValueType, WasmFunction } from "./assembler.ts";
import { addPart, AT, ENDED, FIRST_FREE, SUM_LOCALS } from "./record-sums.ts";
import type { RecordPart } from "./record-sums.ts";
import { LAST_UNIT, ROWS } from "./record.ts";
import { item, ROW } from "./row-loop.ts";
import { Locals, RowValues } from "./row-values.ts";

const TWO_32 = 2 ** 32;

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
const [RECORDS, UNIT, MARK, LAST] = [2, 3, 5, 6];
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
  const locals = new Locals(FIRST_FREE);
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
    locals: [...Array<ValueType>(3).fill("i32"), ...SUM_LOCALS, ...locals.types],
    result: "i32",
    body: body.flat(),
  };
}
