// The pieces of complementary suppression that must err on one side only.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { completeSuppression } from "../../jobs/aggregate/complement.ts";
import { measureFreedom } from "../../jobs/aggregate/complement/freedom.ts";
import { feasibleIntervals } from "../../jobs/aggregate/complement/interval.ts";
import { nearbyPart } from "../../jobs/aggregate/complement/neighbourhood.ts";
import { NodeHeap } from "../../jobs/aggregate/complement/node-heap.ts";
import { propagateBounds } from "../../jobs/aggregate/complement/propagate.ts";
import { connectedParts, linkRelations, membersOf } from "../../jobs/aggregate/complement/relation.ts";
import { WorkLimit } from "../../jobs/aggregate/complement/work-limit.ts";
import { naiveFaults, naiveIntervals } from "./complement-naive.ts";
import { crossTable, nth, tangledTables } from "./complement-tables.ts";

const RUNS = process.env["SEALROOM_DEEP"] === "1" ? 5000 : 200;
const STEPS = 1e9;

/** A finite number in steps of 2^-1074: exact. */
function stepsOf(x: number): bigint {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, Math.abs(x));
  const bits = view.getBigUint64(0);
  const [exponent, fraction] = [bits >> 52n, bits & (2n ** 52n - 1n)];
  const steps = exponent === 0n ? fraction : (fraction | (2n ** 52n)) << (exponent - 1n);
  return x < 0 ? -steps : steps;
}

test("rounds freedom down and need up, of any numbers", () => {
  const number = fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 }),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.integer({ min: -100, max: 100 }).map((x) => x / 10),
  );
  const width = fc.oneof(number.map(Math.abs), fc.constant(0.3));
  fc.assert(
    fc.property(fc.array(number, { minLength: 3, maxLength: 3 }), width, (numbers, wanted) => {
      const [lower, value, upper] = numbers.toSorted((a, b) => a - b) as [number, number, number];
      const { up, down, need, unit } = measureFreedom({
        cells: 1,
        values: Float64Array.of(value),
        lower: Float64Array.of(lower),
        upper: Float64Array.of(upper),
        width: wanted,
      });
      const exactly = (units: number): bigint => BigInt(units) * stepsOf(unit);
      assert.ok(exactly(nth(up, 0)) <= stepsOf(upper) - stepsOf(value));
      assert.ok(exactly(nth(down, 0)) <= stepsOf(value) - stepsOf(lower));
      // What is needed is the width, or all that there is.
      const all = nth(up, 0) + nth(down, 0);
      assert.ok(nth(need, 0) === all || exactly(nth(need, 0)) >= stepsOf(wanted));
    }),
    { numRuns: 10 * RUNS },
  );
});

test("leaves no fault in sums of whatever cells", () => {
  fc.assert(
    fc.property(tangledTables(), (table) => {
      assert.deepEqual(naiveFaults(table, completeSuppression(table)), []);
    }),
    { numRuns: RUNS },
  );
});

test("takes no interval in sums of whatever cells to be wider than it is", () => {
  fc.assert(
    fc.property(tangledTables(), fc.nat(), (table, bits) => {
      const pattern = Uint8Array.from({ length: table.cells }, (_, cell) => (bits >>> cell) & 1);
      const { low, high } = feasibleIntervals(table, pattern, STEPS);
      const naive = naiveIntervals(table, pattern);
      low.forEach((end, cell) => {
        assert.ok(nth(naive.low, cell) <= end && nth(high, cell) <= nth(naive.high, cell));
      });
    }),
    { numRuns: RUNS },
  );
});

test("bounds that follow from bounds never exclude a possible table", () => {
  fc.assert(
    fc.property(tangledTables(), fc.nat(), (table, bits) => {
      const pattern = Uint8Array.from({ length: table.cells }, (_, cell) => (bits >>> cell) & 1);
      const relations = linkRelations(table.cells, table.relations);
      const context = { relations, freedom: measureFreedom(table), work: new WorkLimit(STEPS) };
      const outer = { up: new Float64Array(table.cells), down: new Float64Array(table.cells) };
      const suppressed = Array.from(pattern.keys()).filter((cell) => pattern[cell] === 1);
      const naive = naiveIntervals(table, pattern);
      for (const part of connectedParts(relations, suppressed, pattern)) {
        propagateBounds(part, pattern, outer, context);
        for (const cell of part.cells) {
          assert.ok(nth(outer.up, cell) >= nth(naive.high, cell) - nth(table.values, cell));
          assert.ok(nth(outer.down, cell) >= nth(table.values, cell) - nth(naive.low, cell));
        }
      }
    }),
    { numRuns: RUNS },
  );
});

test("a neighbourhood has every relation of its cells, and no cell alone in one", () => {
  const table = crossTable(
    [6, 5, 4],
    Array.from({ length: 120 }, (_, leaf) => leaf % 9),
  );
  const relations = linkRelations(table.cells, table.relations);
  const context = { relations, freedom: measureFreedom(table), work: new WorkLimit(STEPS) };
  fc.assert(
    fc.property(
      fc.nat({ max: table.cells - 1 }),
      fc.integer({ min: 3, max: 8 }),
      fc.nat({ max: 120 }),
      (first, every, size) => {
        const pattern = table.values.reduce((marks, _, cell) => {
          marks[cell] = cell === first || cell % every > 0 ? 1 : 0;
          return marks;
        }, new Uint8Array(table.cells));
        const part = nearbyPart(first, size, pattern, context);
        const inside = new Set(part.cells);
        table.relations.forEach((_, relation) => {
          const count = membersOf(relations, relation).filter((cell) => inside.has(cell)).length;
          assert.equal(part.relations.includes(relation), count > 0);
          assert.notEqual(count, 1);
        });
        for (const cell of part.cells) assert.equal(pattern[cell], 1);
      },
    ),
    { numRuns: RUNS },
  );
});

test("gives nodes by cost, then by number", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat({ max: 9 }), fc.nat({ max: 99 }))), (items) => {
      const heap = new NodeHeap();
      for (const [cost, node] of items) heap.push(cost, node);
      const taken = items.map(() => heap.pop()).map((top) => [top?.cost, top?.node]);
      assert.deepEqual(
        taken,
        items.toSorted(([a, x], [b, y]) => a - b || x - y),
      );
      assert.equal(heap.pop(), null);
    }),
    { numRuns: RUNS },
  );
});
