// The rows of floats in a fused loop: clipped, and added with compensation (CompensatedSums).
import { branch, f64, get, load, operation, select, set, store } from "./assembler.ts";
import type { Code } from "./assembler.ts";
import { AMOUNT, AT, IS_FIRST, LOWER, LOWER_F, PART, SUM, UPPER, UPPER_F, VALUE } from "./fused-rows.ts";
import type { FusedRows } from "./fused-rows.ts";
import { HIGH, LARGEST, LOW, TOTAL, VALUES } from "./memory.ts";
import { item } from "./row-loop.ts";

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
export const FLOAT_ROWS: FusedRows = {
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
