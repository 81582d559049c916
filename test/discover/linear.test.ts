// A scan of hostile columns costs what one of others does: what is read is counted, not timed.
import assert from "node:assert/strict";
import test from "node:test";
import type { Vector } from "../../core/column/vector.ts";
import { compileDiscovery } from "../../jobs/discover/compile.ts";
import { ObjectScan } from "../../jobs/discover/scan.ts";
import { manifestFor, PLAN, textTable } from "./run.ts";

const SEEDS = [
  "1",
  "4111-1111-1111-1111",
  "4111 ",
  "a@",
  "a.b.c@",
  "a::",
  "1.",
  "DE89 ",
  "%B4111111111111111^AB^2512",
  "字",
  " ",
];

/** An array that counts how often an element, or anything else of it, is asked for. */
function counted<T extends object>(target: T): { view: T; reads: () => number } {
  let reads = 0;
  const view = new Proxy(target, {
    get(of, key) {
      reads++;
      const found: unknown = Reflect.get(of, key);
      return typeof found === "function" ? (found.bind(view) as unknown) : found;
    },
  });
  return { view, reads: () => reads };
}

function scanOne(vector: Vector): void {
  const object = new ObjectScan(compileDiscovery(PLAN, manifestFor(textTable([]))));
  object.add({ rows: vector.rows, unitStart: null, columns: [vector] });
  object.finish();
}

/** Reads of a column of so many bytes, in values of `length` bytes each. */
function readsOf(seed: string, bytes: number, length: number): number {
  const unit = new TextEncoder().encode(seed);
  const filled = Uint8Array.from({ length: bytes }, (_, at) => unit[at % unit.length] ?? 0);
  const rows = bytes / length;
  const { view, reads } = counted(filled);
  const offsets = Int32Array.from({ length: rows + 1 }, (_, row) => row * length);
  scanOne({ type: { kind: "utf8" }, rows, validity: null, layout: "utf8", offsets, bytes: view });
  return reads();
}

for (const seed of SEEDS) {
  test(`twice the bytes are twice the reads, in values of any length: ${JSON.stringify(seed)}`, () => {
    for (const length of [8, 64, 256, 320]) {
      const counts = [1, 2, 4, 8].map((times) => readsOf(seed, 2_560 * times, length));
      for (const [at, count] of counts.slice(1).entries()) {
        // Values that begin elsewhere in the seed may be judged by other detectors.
        assert.ok(count <= 2 * (counts[at] ?? 0) * 1.1 + 64, `${length}: ${counts.join(", ")}`);
      }
      assert.ok((counts[3] ?? 0) <= 200 * 8 * 2_560, `${length}: ${counts.join(", ")}`);
    }
  });
}

test("of one long value little is read but its blanks, however long it is", () => {
  for (const length of [1_000, 2_000, 4_000, 8_000]) {
    for (const seed of SEEDS) {
      const reads = readsOf(seed, length, length);
      assert.ok(reads <= (seed === " " ? length + 8 : 8), `${JSON.stringify(seed)}: ${reads} of ${length}`);
    }
  }
});

test("a dictionary's strings are judged once, however many rows and batches have them", () => {
  const values = Array.from({ length: 50 }, (_, at) => `41111111111111${10 + at}`);
  const { view, reads } = counted(values);
  const object = new ObjectScan(compileDiscovery(PLAN, manifestFor(textTable([]))));
  const addBatch = (rows: number): number => {
    const codes = Int32Array.from({ length: rows }, (_, row) => row % 50);
    const vector: Vector = {
      type: { kind: "utf8" },
      rows,
      validity: null,
      layout: "dictionary",
      codes,
      values: view,
    };
    object.add({ rows, unitStart: null, columns: [vector] });
    return reads();
  };
  const once = addBatch(100);
  assert.ok(once >= 50);
  assert.equal(addBatch(10_000), once);
});
