// What the loops of fused-loops.ts share: their parameters and locals by number, and what a kind of number has to bring.
import type { Code, ValueType } from "./assembler.ts";

/** Parameters and locals of the fused loops. */
export const COUNT = 1;
export const LOWER_F = 2;
export const UPPER_F = 3;
export const SLOT = 4;
/** Where the row's group has this measure's state, and its counts. */
export const AT = 5;
export const UNITS_AT = 6;
export const UNIT = 7;
export const MARK = 8;
export const IS_FIRST = 9;
export const BAD = 10;
/** These six are of the kind that is added. */
export const LOWER = 11;
export const UPPER = 12;
export const VALUE = 13;
export const SUM = 14;
export const AMOUNT = 15;
export const PART = 16;
/** Zero where IS_FIRST, else all ones. */
export const MASK = 17;
export const HAS_VALUE = 18;

/** What the loop does with a row, by the kind of number. */
export interface FusedRows {
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
