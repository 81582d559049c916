// The bit that marks a unit's first row: without it, k rows of one person would pass for k people.
import { test } from "node:test";
import type { ColumnBatch } from "../../core/column/vector.ts";
import { MAX_OBJECT_ROWS, ObjectAggregation } from "../../jobs/aggregate/accumulate.ts";
import { compileAggregate } from "../../jobs/aggregate/compile.ts";
import { peopleOf, unitsIn } from "./people.ts";
import { assertRefused } from "./refusal.ts";
import { manifestOf, planOf } from "./table.ts";

const people = peopleOf(unitsIn("a", 3, 0));

function aggregationOf(unit: "column" | "row"): ObjectAggregation {
  return new ObjectAggregation({ ...compileAggregate(planOf({}), manifestOf(people)), unit });
}

function batch(rows: number, unitStart: Uint8Array | null): ColumnBatch {
  return { rows, unitStart, columns: [] };
}

test("refuses a batch without marks where a column says who the units are", () => {
  assertRefused("AGGREGATE_UNITS", {}, () => {
    aggregationOf("column").add(batch(3, null));
  });
});

test("refuses a batch with marks where each row is a unit", () => {
  assertRefused("AGGREGATE_UNITS", {}, () => {
    aggregationOf("row").add(batch(3, Uint8Array.of(0b111)));
  });
});

test("refuses an object whose first row starts no unit", () => {
  assertRefused("AGGREGATE_UNITS", {}, () => {
    aggregationOf("column").add(batch(3, Uint8Array.of(0b110)));
  });
});

test("takes a later batch whose first row goes on with a unit", () => {
  const aggregation = aggregationOf("column");
  aggregation.add(batch(0, new Uint8Array(0)));
  aggregation.add(batch(3, Uint8Array.of(0b001)));
  aggregation.add(batch(3, Uint8Array.of(0b100)));
  const [level] = aggregation.finish().levels;
  if (level?.passing[0] !== 6 || level.units[0] !== 2) throw new Error("6 rows of 2 units");
});

test("refuses more rows than 32-bit ordinals can tell apart, before it reads them", () => {
  assertRefused("AGGREGATE_ROWS", { limit: MAX_OBJECT_ROWS }, () => {
    aggregationOf("row").add(batch(MAX_OBJECT_ROWS + 1, null));
  });
});
