// Rows at once against one value at a time, and against a second implementation by other people (@noble/ciphers).
import assert from "node:assert/strict";
import { randomBytes, randomInt } from "node:crypto";
import { test } from "node:test";
import { aessiv } from "@noble/ciphers/aes.js";
import { FF1 } from "@noble/ciphers/ff1.js";
import fc from "fast-check";
import { Alphabet, defaultAlphabet } from "../../core/token/alphabet.ts";
import { Cmac } from "../../core/token/cmac.ts";
import { Ff1 } from "../../core/token/ff1.ts";
import { Ff1Rows, fitsRows } from "../../core/token/ff1-rows.ts";
import { Siv } from "../../core/token/siv.ts";
import { SivRows } from "../../core/token/siv-rows.ts";
import { Ff1Column } from "../../jobs/tokenize/ff1-column.ts";
import type { Direction } from "../../jobs/tokenize/ff1-column.ts";
import { FATE } from "../../jobs/tokenize/text-column.ts";
import type { TextColumn } from "../../jobs/tokenize/text-column.ts";

const fresh = (length: number): Uint8Array => new Uint8Array(randomBytes(length));

function columnOf(texts: readonly string[]): TextColumn {
  const offsets = new Int32Array(texts.length + 1);
  for (const [row, text] of texts.entries()) offsets[row + 1] = (offsets[row] ?? 0) + Buffer.byteLength(text);
  return { rows: texts.length, offsets, bytes: new Uint8Array(Buffer.from(texts.join(""))) };
}

function textAt({ offsets }: TextColumn, bytes: Uint8Array, row: number): string {
  return Buffer.from(bytes.subarray(offsets[row], offsets[row + 1])).toString();
}

function randomText(radix: number, length: number): string {
  const { characters } = defaultAlphabet(radix);
  return Array.from({ length }, () => characters[randomInt(radix)] ?? "").join("");
}

interface Ran {
  readonly column: TextColumn;
  readonly into: Uint8Array;
  readonly fates: Uint8Array;
}

function run(kernel: Ff1Column, direction: Direction, texts: readonly string[]): Ran {
  const column = columnOf(texts);
  const into = new Uint8Array(column.bytes.length);
  const fates = new Uint8Array(texts.length);
  kernel.run(column, direction, fates, into);
  return { column, into, fates };
}

test("100,000 values of every length and several radices have noble's FF1 tokens, and come back", () => {
  const shapes: readonly (readonly [radix: number, lengths: readonly number[]])[] = [
    [10, [6, 7, 9, 10, 11, 15, 16, 17, 19, 20]],
    [10, [21, 22, 30]],
    [2, [20, 33, 60]],
    [26, [5, 8, 13]],
    [36, [4, 5, 8, 12, 13, 20]],
    [62, [4, 7, 10, 12]],
  ];
  let compared = 0;
  for (const [radix, lengths] of shapes) {
    for (const keyBytes of [16, 24, 32]) {
      const [key, tweak] = [fresh(keyBytes), fresh(randomInt(40))];
      const alphabet = defaultAlphabet(radix);
      const kernel = new Ff1Column({ key, alphabet, tweak });
      const texts = Array.from({ length: 5_600 }, (_, row) =>
        randomText(radix, lengths[row % lengths.length] ?? 0),
      );
      const { column, into, fates } = run(kernel, "tokenize", texts);
      const noble = FF1(radix, key, tweak);
      const tokens = texts.map((_, row) => textAt(column, into, row));
      for (const [row, text] of texts.entries()) {
        const expected = noble.encrypt([...alphabet.numeralsOf(text)]);
        assert.equal(tokens[row], alphabet.textOf(expected), `radix ${radix}, ${text.length} characters`);
        compared += 1;
      }
      assert.ok(fates.every((fate) => fate === FATE.done));
      const back = run(kernel, "reveal", tokens);
      assert.deepEqual(
        texts.map((_, row) => textAt(back.column, back.into, row)),
        texts,
      );
    }
  }
  assert.ok(compared >= 100_000);
});

test("rows of one length are what single values are, at the ends of the halves too", () => {
  for (const [radix, length] of [
    [10, 6],
    [10, 20],
    [2, 68],
    [62, 10],
    [36, 12],
  ] as const) {
    assert.ok(fitsRows(radix, length));
    const [key, tweak] = [fresh(32), fresh(9)];
    const [kernel, single] = [new Ff1Rows(key, radix, length, tweak, 8), new Ff1(key, radix)];
    const { left, right } = kernel.form;
    const ends = (digits: number): readonly number[] => [
      0,
      1,
      radix ** digits - 1,
      Math.floor(radix ** digits / 2),
    ];
    const pairs = ends(left).flatMap((a) => ends(right).map((b) => [a, b] as const));
    for (let start = 0; start < pairs.length; start += 8) {
      const batch = pairs.slice(start, start + 8);
      const halves = [0, 1].map((side) => Float64Array.from(batch, (pair) => pair[side] ?? 0));
      const [a = new Float64Array(0), b = new Float64Array(0)] = halves;
      kernel.encrypt(a, b, batch.length);
      for (const [row, [x, y]] of batch.entries()) {
        const expected = single.encrypt(tweak, [...digits(x, radix, left), ...digits(y, radix, right)]);
        assert.deepEqual(
          [...digits(a[row] ?? 0, radix, left), ...digits(b[row] ?? 0, radix, right)],
          expected,
        );
      }
      kernel.decrypt(a, b, batch.length);
      assert.deepEqual(
        [...a],
        batch.map(([x]) => x),
      );
      assert.deepEqual(
        [...b],
        batch.map(([, y]) => y),
      );
    }
  }
  assert.ok(!fitsRows(10, 21) && !fitsRows(36, 13));
});

function digits(number: number, radix: number, length: number): readonly number[] {
  const found: number[] = [];
  for (let rest = number; found.length < length; rest = Math.floor(rest / radix)) found.unshift(rest % radix);
  return found;
}

test("rows with a character of no numeral, too few values or too many bytes get no token, and others theirs", () => {
  const kernel = new Ff1Column({ key: fresh(32), alphabet: defaultAlphabet(10), tweak: fresh(8) });
  const texts = [
    "123456",
    "",
    "12345",
    "12345x",
    "1234567",
    "12345é",
    "1".repeat(30),
    "1".repeat(300),
    "x".repeat(30),
  ];
  const column = columnOf(texts);
  const into = new Uint8Array(column.bytes.length);
  const fates = new Uint8Array(texts.length);
  fates[4] = FATE.null;
  kernel.run(column, "tokenize", fates, into);
  const { done, domain, character, length } = FATE;
  assert.deepEqual(
    [...fates],
    [done, domain, domain, character, FATE.null, character, done, length, character],
  );
  for (const [row, fate] of fates.entries()) {
    const bytes = into.subarray(column.offsets[row], column.offsets[row + 1]);
    assert.equal(
      bytes.every((byte) => byte === 0),
      fate !== done || bytes.length === 0,
      `row ${row}`,
    );
  }
  assert.match(textAt(column, into, 0), /^\d{6}$/);
});

test("tokens do not depend on which rows lie beside a value", () => {
  const kernel = new Ff1Column({ key: fresh(32), alphabet: defaultAlphabet(36), tweak: fresh(3) });
  const value = fc.stringMatching(/^[0-9a-z]{4,14}$/);
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 20 }), fc.nat(), (texts, pick) => {
      const row = pick % texts.length;
      const { column, into } = run(kernel, "tokenize", texts);
      const alone = run(kernel, "tokenize", [texts[row] ?? ""]);
      assert.equal(textAt(column, into, row), textAt(alone.column, alone.into, 0));
    }),
    { numRuns: 200 },
  );
});

// AES-SIV.

/** Rows of these lengths, end to end, and where each is sealed to. */
function sivRows(lengths: readonly number[]) {
  const count = lengths.length;
  const places = {
    from: new Int32Array(count),
    to: new Int32Array(count),
    lengths: Int32Array.from(lengths),
  };
  let [plain, sealed] = [0, 0];
  for (const [row, length] of lengths.entries()) {
    [places.from[row], places.to[row]] = [plain, sealed];
    [plain, sealed] = [plain + length, sealed + length + 16];
  }
  return { places, plain, sealed };
}

const BLOCKS: readonly (readonly [blocks: number, lengths: readonly number[]])[] = [
  [1, [0, 1, 15, 16]],
  [2, [17, 20, 31, 32]],
  [3, [33, 40, 48]],
  [9, [129, 144]],
];

test("100,000 texts have noble's AES-SIV, whatever their lengths and components, and come back", () => {
  let compared = 0;
  for (const keyBytes of [32, 48, 64]) {
    for (const components of [[], [fresh(5)], [fresh(0), fresh(33)]]) {
      for (const [blocks, pattern] of BLOCKS) {
        const key = fresh(keyBytes);
        const { places, plain, sealed } = sivRows(
          Array.from({ length: 2_800 }, (_, row) => pattern[row % pattern.length] ?? 0),
        );
        const texts = fresh(plain);
        const into = new Uint8Array(sealed);
        const kernel = new SivRows(new Siv(key), components);
        kernel.seal(texts, places, blocks, into);
        for (const [row, from] of places.from.entries()) {
          const length = places.lengths[row] ?? 0;
          const expected = aessiv(key, ...components).encrypt(texts.slice(from, from + length));
          const to = places.to[row] ?? 0;
          assert.deepEqual(into.slice(to, to + length + 16), expected);
          compared += 1;
        }
        const back = new Uint8Array(plain);
        const forged = new Uint8Array(places.from.length);
        kernel.open(
          into,
          { from: places.to, to: places.from, lengths: places.lengths },
          blocks,
          back,
          forged,
        );
        assert.deepEqual(back, texts);
        assert.ok(forged.every((mark) => mark === 0));
      }
    }
  }
  assert.ok(compared >= 100_000);
});

test("a token with any bit flipped opens to nothing, and the rows beside it open", () => {
  const [components, count] = [[fresh(4)], 8];
  const kernel = new SivRows(new Siv(fresh(64)), components);
  const { places, plain, sealed } = sivRows(Array.from({ length: count }, () => 20));
  const texts = fresh(plain);
  const tokens = new Uint8Array(sealed);
  kernel.seal(texts, places, 2, tokens);
  for (let bit = 0; bit < 36 * 8; bit++) {
    const mutant = tokens.slice();
    const at = (places.to[3] ?? 0) + (bit >> 3);
    mutant[at] = (mutant[at] ?? 0) ^ (1 << (bit & 7));
    const back = new Uint8Array(plain);
    const forged = new Uint8Array(count);
    kernel.open(mutant, { from: places.to, to: places.from, lengths: places.lengths }, 2, back, forged);
    assert.deepEqual([...forged], [0, 0, 0, 1, 0, 0, 0, 0]);
    const expected = texts.slice();
    expected.fill(0, 60, 80);
    assert.deepEqual(back, expected);
  }
});

test("keys of other lengths are refused", () => {
  for (const bytes of [0, 15, 17, 31, 33, 64]) {
    assert.throws(() => new Ff1(fresh(bytes), 10), { code: "TOKEN_KEY" });
    assert.throws(() => new Cmac(fresh(bytes)), { code: "TOKEN_KEY" });
  }
  for (const bytes of [0, 16, 24, 31, 63, 65]) {
    assert.throws(() => new Siv(fresh(bytes)), { code: "TOKEN_KEY" });
  }
});

test("an alphabet beyond ASCII has no column, and numerals beyond the radix no token", () => {
  const settings = { key: fresh(32), alphabet: new Alphabet("0123456789łńś"), tweak: fresh(0) };
  assert.throws(() => new Ff1Column(settings), { code: "TOKEN_ALPHABET" });
  for (const numeral of [10, -1]) {
    assert.throws(() => new Ff1(fresh(32), 10).encrypt(fresh(0), [1, 2, 3, 4, 5, numeral]), RangeError);
  }
});
