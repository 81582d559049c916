// Each detector and the finder against their naive twins, over values made to be nearly right.
import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { DETECTORS } from "../../core/detect/detectors.ts";
import { EXAMPLES } from "./examples.ts";
import { spansIn, verdictOn } from "./texts.ts";
import { IBAN_COUNTRIES, naiveSpans, TWINS } from "./twins.ts";

const RUNS = process.env["SEALROOM_DEEP"] === undefined ? 1 : 20;
const SIGNS = Array.from(" -./:+()%;=^?@_'&,\u00a0\u2013，éz字😀\n");
const character = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...Array.from("0123456789")) },
  { weight: 2, arbitrary: fc.constantFrom(...Array.from("ABDEXabfzDE")) },
  { weight: 2, arbitrary: fc.constantFrom(...SIGNS) },
);

/** Only countries that the twin's short table has; others' values would be none there. */
function isKnownCountry(value: string): boolean {
  return !/^[A-Za-z]{2}[0-9]{2}/.test(value) || IBAN_COUNTRIES.includes(value.slice(0, 2).toUpperCase());
}

function mutated(values: readonly string[]): fc.Arbitrary<string> {
  const edit = fc.record({
    at: fc.nat(60),
    cut: fc.nat(1),
    put: fc.string({ unit: character, maxLength: 1 }),
  });
  return fc.tuple(fc.constantFrom(...values), fc.array(edit, { maxLength: 3 })).map(([value, edits]) =>
    edits.reduce((text, { at, cut, put }) => {
      const characters = Array.from(text);
      characters.splice(at % (characters.length + 1), cut, put);
      return characters.join("");
    }, value),
  );
}

/** A value with other digits and letters in the places of its own: of its shape, rarely of its check digit. */
function redrawn(values: readonly string[]): fc.Arbitrary<string> {
  const draws = fc.array(fc.nat(999), { minLength: 80, maxLength: 80 });
  return fc
    .tuple(fc.constantFrom(...values), draws)
    .map(([value, drawn]) =>
      Array.from(value, (character, at) => redraw(character, drawn[at % drawn.length] ?? 0)).join(""),
    );
}

function redraw(character: string, draw: number): string {
  const number = Math.floor(draw / 3);
  if (draw % 3 === 0) return character;
  if (/[0-9]/.test(character)) return String(number % 10);
  return /[A-Z]/.test(character) ? String.fromCharCode(65 + (number % 26)) : character;
}

for (const { name } of DETECTORS) {
  const { matched, failed, other } = EXAMPLES[name];
  const all = [...matched, ...failed, ...other];
  const value = fc.oneof(
    mutated(all),
    redrawn([...matched, ...failed]),
    fc.string({ unit: character, maxLength: 24 }),
  );
  test(`${name} says of mutated, redrawn and random values what its naive twin says`, () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(value, (text) => {
        fc.pre(name !== "iban" || isKnownCountry(text.trim()));
        const verdict = TWINS[name](text.replaceAll(/^[ \t-\r]+|[ \t-\r]+$/g, ""));
        assert.equal(verdictOn(name, text), verdict);
        seen.add(verdict);
      }),
      { numRuns: 4_000 * RUNS },
    );
    assert.ok(seen.has("matched") && seen.has("other"), "the values were of both kinds");
  });
}

test("what is found in a text is what trying every beginning with every end finds", () => {
  const values = DETECTORS.flatMap(({ name }) => EXAMPLES[name].matched.filter((text) => text.length < 50));
  const part = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...values) },
    { weight: 1, arbitrary: mutated(values) },
    { weight: 2, arbitrary: fc.string({ unit: character, maxLength: 6 }) },
    { weight: 3, arbitrary: fc.constantFrom(...SIGNS) },
  );
  let spans = 0;
  fc.assert(
    fc.property(fc.array(part, { maxLength: 5 }), (parts) => {
      const text = parts.join("");
      fc.pre(
        [...text.matchAll(/(?<![A-Za-z0-9])[A-Za-z]{2}[0-9]{2}/g)].every(([head]) => isKnownCountry(head)),
      );
      const expected = naiveSpans(text).map(([name, start, end]) => [
        name,
        Buffer.byteLength(text.slice(0, start)),
        Buffer.byteLength(text.slice(0, end)),
      ]);
      assert.deepEqual(spansIn(text), expected);
      spans += expected.length;
    }),
    { numRuns: 1_500 * RUNS },
  );
  assert.ok(spans > 500, "there was something to find");
});
