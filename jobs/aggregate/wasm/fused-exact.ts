// The rows of integers in a fused loop, added as i64: read and saturated, clipped, and carried past 2^53 (ExactSums).
import { branch, get, i32, i64, load, operation, select, set, store } from "./assembler.ts";
import type { Code } from "./assembler.ts";
import { AMOUNT, AT, BAD, LOWER, LOWER_F, MASK, PART, SUM, UPPER, UPPER_F, VALUE } from "./fused-rows.ts";
import type { FusedRows } from "./fused-rows.ts";
import { HIGH, LARGEST, LOW, TOTAL, VALUES } from "./memory.ts";
import { item } from "./row-loop.ts";
import { NO_TOTAL } from "./state-loops.ts";

const MOST = Number.MAX_SAFE_INTEGER;
const TWO_32 = 2 ** 32;
const MOST_HIGH = 2 ** 52;

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
export function exactRows(size: 2 | 3): FusedRows {
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
