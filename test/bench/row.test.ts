// The bench's table as people read it. No time is asserted.
import assert from "node:assert/strict";
import test from "node:test";
import { beside, table } from "../../bench/row.ts";
import type { Row } from "../../bench/row.ts";

function rate(name: string, median: number): { name: string; median: number; min: number; max: number } {
  return { name, median, min: median, max: median };
}

test("a rate below its goal is marked, one that reaches it is not, and rows are named by number", () => {
  const rows = beside([rate("base", 10), rate("slow", 7), rate("quick", 8)], "MB/s", "base", {
    slow: 0.8,
    quick: 0.8,
  });
  assert.deepEqual(table(rows).split("\n"), [
    "          median   min   max  unit  ratio  to        goal",
    "1  base     10.0  10.0  10.0  MB/s",
    "2  slow      7.0   7.0   7.0  MB/s   0.70  row 1  >= 0.80  MISSED",
    "3  quick     8.0   8.0   8.0  MB/s   0.80  row 1  >= 0.80",
  ]);
});

test("a share or a peak above its goal is marked, and so is one that is no number", () => {
  const share = (value: number): Row => ({
    ...rate("share", value),
    unit: "%",
    ratio: { value, to: "object", goal: { most: 0.3 } },
  });
  const marks = [0.3, 0.31, Number.NaN].map((value) => table([share(value)]).endsWith("MISSED"));
  assert.deepEqual(marks, [false, true, true]);
});
