// The hash tables against Map, and the order of cells against that of their bytes.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { compareCells } from "../../jobs/aggregate/cell.ts";
import { TextTable } from "../../jobs/aggregate/text-table.ts";
import { WordTable } from "../../jobs/aggregate/word-table.ts";
import { Dice } from "./generate.ts";
import { assertRefused } from "./refusal.ts";

/** What a table should answer: the number of distinct keys that came before the key's first appearance. */
function denseCodes(keys: readonly string[]): number[] {
  const codes = new Map<string, number>();
  return keys.map((key) => codes.get(key) ?? codes.set(key, codes.size).size - 1);
}

for (const [width, secret] of [0, 1, 2, 4, 7].flatMap((each) => [
  [each, 0] as const,
  [each, 0x5eed] as const,
])) {
  test(`keys of ${width} words get dense codes in order of appearance, while the table grows, with the secret ${secret}`, () => {
    const dice = new Dice(width + 1);
    const table = new WordTable(width, 100_000, secret);
    // Few bits, far apart: a weak hash would put these into the same slots.
    const keys = Array.from({ length: 30_000 }, () =>
      Array.from({ length: width }, () => (dice.below(width < 2 ? 20_000 : 40) << 16) >>> 0),
    );
    const codes = new Int32Array(keys.length);
    for (let from = 0; from < keys.length; from += 1000) {
      const slice = keys.slice(from, from + 1000);
      table.encode(Uint32Array.from(slice.flat()), slice.length, codes.subarray(from, from + 1000));
    }
    assert.deepEqual([...codes], denseCodes(keys.map((key) => key.join())));
    assert.equal(table.size, new Set(codes).size);
    keys.forEach((key, at) => {
      key.forEach((word, position) => {
        assert.equal(table.word(codes[at] ?? 0, position), word);
      });
    });
  });
}

test("a word table passes over rows that are marked", () => {
  const table = new WordTable(1, 1);
  const codes = Int32Array.of(0, -1, 0);
  table.encode(Uint32Array.of(5, 6, 5), 3, codes);
  assert.deepEqual([...codes], [0, -1, 0]);
});

test("a word table refuses one key more than its limit", () => {
  const table = new WordTable(1, 2);
  table.encode(Uint32Array.of(1, 2, 1), 3, new Int32Array(3));
  assertRefused("AGGREGATE_GROUPS", {}, () => {
    table.encode(Uint32Array.of(3), 1, new Int32Array(1));
  });
});

test("strings get dense codes in order of appearance, while the table grows", () => {
  const dice = new Dice(9);
  const table = new TextTable(100_000);
  const texts = Array.from({ length: 20_000 }, () => "ä\0b".repeat(dice.below(9)) + String(dice.below(3000)));
  const codes = texts.map((text) => {
    const bytes = Buffer.from(`<${text}>`);
    return table.encode(bytes, 1, bytes.length - 1);
  });
  assert.deepEqual(codes, denseCodes(texts));
  texts.forEach((text, at) => {
    assert.equal(table.text(codes[at] ?? 0), text);
  });
});

test("a text table refuses one string more than its limit", () => {
  const table = new TextTable(1);
  table.encode(Buffer.from("aab"), 0, 1);
  assert.equal(table.encode(Buffer.from("aab"), 1, 2), 0);
  assertRefused("AGGREGATE_GROUPS", {}, () => table.encode(Buffer.from("aab"), 2, 3));
});

test("strings are ordered as their UTF-8 bytes are", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "binary", maxLength: 6 }),
      fc.string({ unit: "binary", maxLength: 6 }),
      (a, b) => {
        assert.equal(Math.sign(compareCells(a, b)), Buffer.compare(Buffer.from(a), Buffer.from(b)));
      },
    ),
    { numRuns: 2000 },
  );
});
