// One pass over a chunk whose rows all pass: unit marks and validity are read, units counted, and units' totals
// clipped and added, in slots of memory where a measure's state stays from chunk to chunk. Bit for bit what
// count-loops.ts, value-loops.ts and sum-loops.ts do one after the other. Integers are added as such: a float64 that
// holds a whole number up to 2^53 - 1 is one here (state-loops.ts).
import { branch, get, i32, i64, load, operation, repeatWhile, set, store } from "./assembler.ts";
import type { Code, ValueType, WasmFunction } from "./assembler.ts";
import { exactRows } from "./fused-exact.ts";
import { FLOAT_ROWS } from "./fused-float.ts";
import { AT, BAD, COUNT, HAS_VALUE, IS_FIRST, MARK, MASK, SLOT, UNIT, UNITS_AT } from "./fused-rows.ts";
import type { FusedRows } from "./fused-rows.ts";
import { BAD_ROWS, GROUPS, LAST_UNIT, MARKS, ORDINAL, ROWS, VALID } from "./memory.ts";
import { item, ROW } from "./row-loop.ts";

const TWO_32 = 2 ** 32;
const EVERY_ROW = 0xff;

export function fusedLoops(): WasmFunction[] {
  return [
    fused("fuseCount", COUNTED_ROWS, "without largest"),
    fused("fuseInt64", exactRows(3), "without largest"),
    fused("fuseInt32", exactRows(2), "without largest"),
    fused("fuseFloat64", FLOAT_ROWS, "without largest"),
    fused("fuseInt64Share", exactRows(3), "with largest"),
    fused("fuseInt32Share", exactRows(2), "with largest"),
    fused("fuseFloat64Share", FLOAT_ROWS, "with largest"),
  ];
}

function fused(name: string, rows: FusedRows, kind: "with largest" | "without largest"): WasmFunction {
  const withLargest = kind === "with largest";
  const byte = (of: number): Code => load("i32.load8_u", operation("i32.shr_u", get(ROW), i32(3)), of);
  const left = operation("i32.lt_s", operation("i32.add", get(ROW), i32(7)), get(COUNT));
  const eight = Array.from({ length: 8 }, (_, after) => after);
  const bitOf = (local: number, after: number): Code =>
    operation("i32.and", operation("i32.shr_u", get(local), i32(after)), i32(1));
  const isAll = (of: Code): Code => operation("i32.eq", of, i32(EVERY_ROW));
  const begin = (after: number): Code => set(UNIT, operation("i32.add", get(UNIT), bitOf(MARK, after)));
  const bit = operation("i32.and", get(ROW), i32(7));
  const body = [
    rows.start,
    set(UNIT, load("i32.load", i32(0), ORDINAL)),
    branch(left, [
      repeatWhile(left, [
        set(MARK, byte(MARKS)),
        set(HAS_VALUE, byte(VALID)),
        branch(
          isAll(operation("i32.and", get(MARK), get(HAS_VALUE))),
          [
            ...eight.map((after) => firstRow(rows, after, withLargest)),
            set(UNIT, operation("i32.add", get(UNIT), i32(8))),
            // The units before the last one are over.
            store("i32.store", get(UNITS_AT), LAST_UNIT, get(UNIT)),
          ],
          [
            branch(
              isAll(get(HAS_VALUE)),
              eight.flatMap((after) => [begin(after), anyRow(rows, after, withLargest)]),
              eight.flatMap((after) => [
                begin(after),
                branch(bitOf(HAS_VALUE, after), [anyRow(rows, after, withLargest)]),
              ]),
            ),
          ],
        ),
        set(ROW, operation("i32.add", get(ROW), i32(8))),
      ]),
    ]),
    branch(operation("i32.lt_s", get(ROW), get(COUNT)), [
      repeatWhile(operation("i32.lt_s", get(ROW), get(COUNT)), [
        set(MARK, operation("i32.shr_u", byte(MARKS), bit)),
        set(HAS_VALUE, operation("i32.shr_u", byte(VALID), bit)),
        begin(0),
        branch(bitOf(HAS_VALUE, 0), [anyRow(rows, 0, withLargest)]),
        set(ROW, operation("i32.add", get(ROW), i32(1))),
      ]),
    ]),
    store("i32.store", i32(0), ORDINAL, get(UNIT)),
    store("i32.store", i32(0), BAD_ROWS, get(BAD)),
    get(ROW),
  ];
  return {
    name,
    parameters: ["i32", "i32", "f64", "f64", "i32"],
    locals: [...Array<ValueType>(6).fill("i32"), ...Array<ValueType>(6).fill(rows.type), "i64", "i32"],
    result: "i32",
    body: body.flat(),
  };
}

/** Where the state of a row's group lies. */
function findGroup(after: number): Code {
  const group = load("i32.load", item(2), GROUPS + 4 * after);
  return [
    ...set(UNITS_AT, operation("i32.shl", group, i32(4))),
    ...set(AT, operation("i32.add", operation("i32.shl", get(UNITS_AT), i32(1)), get(SLOT))),
    ...set(UNITS_AT, operation("i32.add", get(UNITS_AT), get(SLOT))),
  ];
}

/** Rows count in the lower half of a word, repeats in the upper one. */
function count(more: Code): Code {
  return store(
    "i64.store",
    get(UNITS_AT),
    ROWS,
    operation("i64.add", load("i64.load", get(UNITS_AT), ROWS), more),
  );
}

/** A row that is the first of its unit. */
function firstRow(rows: FusedRows, after: number, withLargest: boolean): Code {
  return [...findGroup(after), ...rows.read(after), ...rows.replace(withLargest), ...count(i64(1))];
}

/** One that may go on with its unit. */
function anyRow(rows: FusedRows, after: number, withLargest: boolean): Code {
  return [
    ...findGroup(after),
    ...rows.read(after),
    ...set(IS_FIRST, operation("i32.ne", load("i32.load", get(UNITS_AT), LAST_UNIT), get(UNIT))),
    ...store("i32.store", get(UNITS_AT), LAST_UNIT, get(UNIT)),
    ...set(MASK, operation("i64.sub", operation("i64.extend_i32_u", get(IS_FIRST)), i64(1))),
    ...count(operation("i64.add", operation("i64.and", get(MASK), i64(TWO_32)), i64(1))),
    ...rows.add(withLargest),
  ];
}

/** Rows that have nothing to add. */
const COUNTED_ROWS: FusedRows = { type: "i64", start: [], read: () => [], replace: () => [], add: () => [] };
