// The choice among overlapping candidates against trying them one by one.
import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { Chain } from "../../core/detect/overlap.ts";
import { longestFirst } from "./twins.ts";
import type { Span } from "./twins.ts";

function chosen(chain: Chain, spans: readonly Span[]): readonly (readonly [number, number])[] {
  const standing: (readonly [number, number])[] = [];
  const emit = (_: number, start: number, end: number): void => {
    standing.push([start, end]);
  };
  for (const [, start, end] of spans) chain.add(0, start, end, emit);
  chain.settle(emit);
  return standing;
}

test("the longest stand first, whatever the chain; one chain after another leaves nothing behind", () => {
  const chain = new Chain();
  const step = fc.tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 40 }));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      let start = 0;
      const spans = steps.map(([gap, length]): Span => {
        start += gap;
        return ["pan", start, start + length];
      });
      const expected = longestFirst(spans, ([, from, to]) => to - from).map(([, from, to]) => [from, to]);
      assert.deepEqual(chosen(chain, spans), expected);
    }),
    { numRuns: 2_000 },
  );
});

test("nothing added is nothing emitted", () => {
  assert.deepEqual(chosen(new Chain(), []), []);
});
