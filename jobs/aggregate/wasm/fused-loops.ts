// One pass over a chunk whose rows all pass: unit marks and validity are read, units counted, and units' totals
// clipped and added, in slots of memory where a measure's state stays from chunk to chunk. Bit for bit what
// count-loops.ts, value-loops.ts and sum-loops.ts do one after the other. Integers are added as such: a float64 that
// holds a whole number up to 2^53 - 1 is one here (state-loops.ts).
import { branch, f64, get, i32, i64, load, operation, repeatWhile, select, set, store } from "./assembler.ts";
import type { Code, ValueType, WasmFunction } from "./assembler.ts";
import {
  BAD_ROWS,
  GROUPS,
  HIGH,
  LARGEST,
  LAST_UNIT,
  LOW,
  MARKS,
  ORDINAL,
  ROWS,
  TOTAL,
  VALID,
  VALUES,
} from "./memory.ts";
import { item, ROW } from "./row-loop.ts";
import { NO_TOTAL } from "./state-loops.ts";

const MOST = Number.MAX_SAFE_INTEGER;
const TWO_32 = 2 ** 32;
const MOST_HIGH = 2 ** 52;
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

/** Parameters and locals of the fused loops. */
const COUNT = 1;
const [LOWER_F, UPPER_F, SLOT] = [2, 3, 4];
const [AT, UNITS_AT, UNIT, MARK, IS_FIRST, BAD] = [5, 6, 7, 8, 9, 10];
/** Of the kind that is added. */
const [LOWER, UPPER, VALUE, SUM, AMOUNT, PART] = [11, 12, 13, 14, 15, 16];
/** Zero where IS_FIRST, else all ones. */
const MASK = 17;
const HAS_VALUE = 18;

interface Rows {
  readonly type: ValueType;
  /** Sets LOWER and UPPER. */
  readonly start: Code;
  /** Sets VALUE to that of the row so many after ROW, saturated. */
  readonly read: (after: number) => Code;
  /** Adds the group's total, if there is one, and makes VALUE the next. */
  readonly replace: (withLargest: boolean) => Code;
  /** Where IS_FIRST, the same; else adds VALUE to the total. */
  readonly add: (withLargest: boolean) => Code;
}

function fused(name: string, rows: Rows, kind: "with largest" | "without largest"): WasmFunction {
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
function firstRow(rows: Rows, after: number, withLargest: boolean): Code {
  return [...findGroup(after), ...rows.read(after), ...rows.replace(withLargest), ...count(i64(1))];
}

/** One that may go on with its unit. */
function anyRow(rows: Rows, after: number, withLargest: boolean): Code {
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

/** Whether a local is beyond +-MOST. */
function isBeyond(local: number): Code {
  return operation("i64.gt_u", operation("i64.add", get(local), i64(MOST)), i64(2 * MOST));
}

function saturateExact(local: number): Code {
  return set(local, select(operation("i64.gt_s", get(local), i64(0)), i64(MOST), i64(-MOST)));
}

function clipExact(local: number): Code {
  const most = select(operation("i64.gt_s", get(local), get(UPPER)), get(UPPER), get(local));
  return [
    ...set(local, most),
    ...set(local, select(operation("i64.lt_s", get(local), get(LOWER)), get(LOWER), get(local))),
  ];
}

/** Adds AMOUNT to the group's sum (ExactSums). */
function addExact(withLargest: boolean): Code {
  const low = load("i64.load", get(AT), LOW);
  const half = (of: Code): Code => operation("i64.and", of, i64(TWO_32 - 1));
  const carry = (of: Code): Code => operation("i64.shr_s", of, i64(32));
  const limited = select(operation("i64.gt_s", get(PART), i64(MOST_HIGH)), i64(MOST_HIGH), get(PART));
  return [
    ...set(PART, operation("i64.add", low, get(AMOUNT))),
    ...branch(isBeyond(PART), [
      set(
        PART,
        operation(
          "i64.add",
          load("i64.load", get(AT), HIGH),
          operation("i64.add", carry(low), carry(get(AMOUNT))),
        ),
      ),
      set(PART, limited),
      set(PART, select(operation("i64.lt_s", get(PART), i64(-MOST_HIGH)), i64(-MOST_HIGH), get(PART))),
      store("i64.store", get(AT), HIGH, get(PART)),
      set(PART, operation("i64.add", half(low), half(get(AMOUNT)))),
    ]),
    ...store("i64.store", get(AT), LOW, get(PART)),
    ...(withLargest ? largestExact() : []),
  ];
}

function largestExact(): Code {
  const size = select(
    operation("i64.lt_s", get(AMOUNT), i64(0)),
    operation("i64.sub", i64(0), get(AMOUNT)),
    get(AMOUNT),
  );
  return [
    ...set(PART, size),
    ...branch(operation("i64.gt_s", get(PART), load("i64.load", get(AT), LARGEST)), [
      store("i64.store", get(AT), LARGEST, get(PART)),
    ]),
  ];
}

/** Of 2^size bytes. */
function exactRows(size: 2 | 3): Rows {
  const saturate = branch(isBeyond(VALUE), [
    saturateExact(VALUE),
    set(BAD, operation("i32.add", get(BAD), i32(1))),
  ]);
  const hasTotal = operation("i64.ne", get(SUM), i64(NO_TOTAL));
  return {
    type: "i64",
    start: [
      ...set(LOWER, operation("i64.trunc_f64_s", get(LOWER_F))),
      ...set(UPPER, operation("i64.trunc_f64_s", get(UPPER_F))),
    ],
    read: (after) => [
      ...set(VALUE, load(size === 3 ? "i64.load" : "i64.load32_s", item(size), VALUES + after * 2 ** size)),
      ...(size === 3 ? saturate : []),
    ],
    replace: (withLargest) => [
      ...set(SUM, load("i64.load", get(AT), TOTAL)),
      ...set(AMOUNT, get(SUM)),
      ...clipExact(AMOUNT),
      ...branch(hasTotal, [addExact(withLargest)]),
      ...store("i64.store", get(AT), TOTAL, get(VALUE)),
    ],
    // Without a branch, which would be foretold wrongly for many rows.
    add: (withLargest) => [
      ...set(SUM, load("i64.load", get(AT), TOTAL)),
      ...set(AMOUNT, get(SUM)),
      ...clipExact(AMOUNT),
      ...branch(operation("i64.eq", get(SUM), i64(NO_TOTAL)), [set(AMOUNT, i64(0))]),
      ...set(AMOUNT, operation("i64.and", operation("i64.xor", get(MASK), i64(-1)), get(AMOUNT))),
      ...addExact(withLargest),
      ...set(SUM, operation("i64.add", operation("i64.and", get(MASK), get(SUM)), get(VALUE))),
      ...branch(isBeyond(SUM), [saturateExact(SUM)]),
      ...store("i64.store", get(AT), TOTAL, get(SUM)),
    ],
  };
}

function clipFloat(local: number, lower: Code, upper: Code): Code {
  const most = select(operation("f64.gt", get(local), upper), upper, get(local));
  return [
    ...set(local, most),
    ...set(local, select(operation("f64.lt", get(local), lower), lower, get(local))),
  ];
}

/** Adds the group's total, in SUM and clipped, with compensation (CompensatedSums). NaN is no unit. */
function addFloat(withLargest: boolean): Code {
  const [amount, next, part] = [AMOUNT, SUM, PART];
  const high = load("f64.load", get(AT), HIGH);
  const error = operation(
    "f64.add",
    operation("f64.sub", high, operation("f64.sub", get(next), get(part))),
    operation("f64.sub", get(amount), get(part)),
  );
  const size = operation("f64.abs", get(amount));
  return branch(operation("f64.eq", get(SUM), get(SUM)), [
    set(amount, get(SUM)),
    clipFloat(amount, get(LOWER), get(UPPER)),
    set(next, operation("f64.add", high, get(amount))),
    set(part, operation("f64.sub", get(next), high)),
    store("f64.store", get(AT), LOW, operation("f64.add", load("f64.load", get(AT), LOW), error)),
    store("f64.store", get(AT), HIGH, get(next)),
    ...(withLargest
      ? [
          branch(operation("f64.gt", size, load("f64.load", get(AT), LARGEST)), [
            store("f64.store", get(AT), LARGEST, size),
          ]),
        ]
      : []),
  ]);
}

/** Finite ones: who calls has looked. */
const FLOAT_ROWS: Rows = {
  type: "f64",
  start: [...set(LOWER, get(LOWER_F)), ...set(UPPER, get(UPPER_F))],
  read: (after) => set(VALUE, load("f64.load", item(3), VALUES + 8 * after)),
  replace: (withLargest) => [
    ...set(SUM, load("f64.load", get(AT), TOTAL)),
    ...addFloat(withLargest),
    ...store("f64.store", get(AT), TOTAL, get(VALUE)),
  ],
  add: (withLargest) => [
    ...set(SUM, load("f64.load", get(AT), TOTAL)),
    ...branch(
      get(IS_FIRST),
      [addFloat(withLargest)],
      [
        set(VALUE, operation("f64.add", get(SUM), get(VALUE))),
        clipFloat(VALUE, f64(-Number.MAX_VALUE), f64(Number.MAX_VALUE)),
      ],
    ),
    ...store("f64.store", get(AT), TOTAL, get(VALUE)),
  ],
};

/** Rows that have nothing to add. */
const COUNTED_ROWS: Rows = { type: "i64", start: [], read: () => [], replace: () => [], add: () => [] };
