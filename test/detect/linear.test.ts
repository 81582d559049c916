// Hostile texts cost what others do: bytes are read a bounded number of times each, counted, not timed.
import assert from "node:assert/strict";
import test from "node:test";
import { Chain } from "../../core/detect/overlap.ts";
import { DETECTORS } from "../../core/detect/detectors.ts";
import { Finder } from "../../core/detect/find.ts";
import { matches } from "../../core/detect/match.ts";
import { counted, SEEDS } from "./hostile.ts";

function readsToFind(text: string, bytes: number): number {
  const { view, length, reads } = counted(text, bytes);
  new Finder().findIn(view, 0, length, () => undefined);
  return reads() / length;
}

for (const [name, seed] of Object.entries(SEEDS)) {
  test(`finding reads each byte as often in a long text as in a short one: ${name}`, () => {
    const short = readsToFind(seed, 1_500);
    const long = readsToFind(seed, 12_000);
    assert.ok(long <= short * 1.05 + 1, `${short} and ${long} reads a byte`);
    assert.ok(long <= 200, `${long} reads a byte`);
  });

  test(`a whole value of any length is judged by its ends and its first bytes: ${name}`, () => {
    for (const detector of DETECTORS) {
      const { view, length, reads } = counted(seed, 6_000);
      assert.equal(matches(detector, view, 0, length), false);
      // Blanks around a value are read once each.
      assert.ok(reads() <= (seed === " " ? length + 2 : 4), `${detector.name}: ${reads()} reads`);
    }
  });
}

test("a web address of any length is found whole, and read as often as others", () => {
  const url = `https://example.com/?${"token=secret&".repeat(5_000)}a`;
  const bytes = new TextEncoder().encode(`see ${url}. ${url}`);
  const spans: (readonly [number, number])[] = [];
  new Finder().findIn(bytes, 0, bytes.length, (_, start, end) => spans.push([start, end]));
  assert.deepEqual(spans, [
    [4, 4 + url.length],
    [6 + url.length, bytes.length],
  ]);
});

test("a million digits, in one row and in groups, are gone through", () => {
  for (const unit of ["1", "4111-", "4111-1111-1111-1111 ", "a@"]) {
    const bytes = new TextEncoder().encode(unit.repeat(1_000_000 / unit.length));
    let spans = 0;
    new Finder().findIn(bytes, 0, bytes.length, () => spans++);
    assert.equal(spans, unit.startsWith("4111-1111") ? 50_000 : 0, unit);
  }
});

test("a chain of 200,000 candidates, each overlapping 36 others, is settled", () => {
  const chain = new Chain();
  let standing = 0;
  for (let start = 0; start < 200_000; start++) chain.add(0, start, start + 19, () => standing++);
  chain.settle(() => standing++);
  assert.equal(standing, Math.ceil(200_000 / 19));
});
