// redact: what gives way to its kind and what stays, against strings put together from parts whose kinds are known, and
// against trying every beginning with every end.
import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { DETECTORS } from "../../core/detect/detectors.ts";
import { SealroomError } from "../../core/errors.ts";
import { parseTokenizer } from "../../jobs/tokenize/operators.ts";
import { columnOf, FATE } from "../../jobs/tokenize/text-column.ts";
import { EXAMPLES } from "../detect/examples.ts";
import { counted, SEEDS } from "../detect/hostile.ts";
import { longestFirst, naiveCandidates, TWINS } from "../detect/twins.ts";
import { pick, randomDigits, randomPan, sliceOf, textKernel, textsOf, tokenize } from "./columns.ts";

const VALUES = 100_000;
const BATCH = 10_000;
const ALL = textKernel("redact", {}, null);

function redact(text: string): string {
  return tokenize(ALL, [text])[0] ?? "";
}

test("each value in a sentence gives way to its kind, and the rest stays", () => {
  for (const [text, expected] of [
    ["SSN 123-45-6788, card 4111 1111 1111 1111.", "SSN [SSN], card [PAN]."],
    ["mail jane@example.com or call (212) 555-0123", "mail [EMAIL] or call [PHONE]"],
    [
      "seen 2024-02-29T10:20Z at https://example.com/?id=7 by 1245319599",
      "seen [DATE_ISO] at [URL] by [NPI]",
    ],
    ["from 192.0.2.1 (00:1a:2b:3c:4d:5e)", "from [IPV4] ([MAC])"],
  ] as const) {
    assert.equal(redact(text), expected);
  }
});

test("a value at the very start, at the very end, or all there is, gives way; of two side by side both do", () => {
  for (const [text, expected] of [
    ["123-45-6788", "[SSN]"],
    ["123-45-6788 is hers", "[SSN] is hers"],
    ["hers: 123-45-6788", "hers: [SSN]"],
    ["123-45-6788,123-45-6788", "[SSN],[SSN]"],
    ["123-45-6788/jane@example.com", "[SSN]/[EMAIL]"],
    ["%B4111111111111111^DOE/JANE^2512101?;4111111111111111=2512101?", "[TRACK1][TRACK2]"],
  ] as const) {
    assert.equal(redact(text), expected);
  }
});

test("names, addresses, and what has no detector stay: the text is as it was", () => {
  for (const text of [
    "Jane Doe, 12 Main Street, Springfield, born January 5, 1970, MRN 84721, CVV 123",
    "no identifiers",
    "  spaces stay \n",
    "[SSN]",
    "😀 漢字",
  ]) {
    assert.equal(redact(text), text);
  }
});

test("an empty text stays empty, a null stays null, and no fate but done is looked into", () => {
  assert.deepEqual(tokenize(ALL, ["", null, " ", "123-45-6788"]), ["", "<null>", " ", "[SSN]"]);
  const text = "card 4111111111111111";
  for (const fate of Object.values(FATE)) {
    const { column } = sliceOf([text, text, "x"]);
    const fates = Uint8Array.of(FATE.done, fate, FATE.done);
    const given = ALL.tokenize(column, fates);
    assert.deepEqual([...fates], [FATE.done, fate, FATE.done]);
    const shown = Object.keys(FATE)[Object.values(FATE).indexOf(fate)] ?? "";
    const expected = ["card [PAN]", fate === FATE.done ? "card [PAN]" : `<${shown}>`, "x"];
    assert.deepEqual(textsOf(given, fates), expected);
  }
});

test("a row's value does not reach into the next row, and none is put together from two", () => {
  assert.deepEqual(tokenize(ALL, ["123-45-", "6788", "4111 1111 1111", " 1111", "jane@", "example.com"]), [
    "123-45-",
    "6788",
    "4111 1111 1111",
    " 1111",
    "jane@",
    "example.com",
  ]);
});

test("of values that overlap no part stays", () => {
  assert.equal(redact("ref +33 1 23 45 67 89 4111 1111 1111 1111 end"), "ref [PHONE] end");
  assert.equal(redact("ref 212-555-4111-1111-1111-1111 end"), "ref [PAN] end");
});

test("letters of other scripts stay whole on both sides of a value", () => {
  assert.equal(redact("卡号4111111111111111到期"), "卡号[PAN]到期");
  assert.equal(redact("é123-45-6788😀"), "é[SSN]😀");
  assert.equal(redact("Zoë、123-45-6788。"), "Zoë、[SSN]。");
});

test("with detectors named, values of other kinds stay, and take nothing from those that are named", () => {
  const only = textKernel("redact", { detectors: ["pan", "ssn"] }, null);
  assert.deepEqual(tokenize(only, ["jane@example.com 123-45-6788 4111111111111111@example.com"]), [
    "jane@example.com [SSN] [PAN]@example.com",
  ]);
  const all = textKernel("redact", { detectors: DETECTORS.map(({ name }) => name).toReversed() }, null);
  const text = DETECTORS.flatMap(({ name }) => EXAMPLES[name].matched).join("; ");
  assert.deepEqual(tokenize(all, [text]), [redact(text)]);
});

test("an unknown detector is refused with the nearest that there is", () => {
  assert.throws(
    () => parseTokenizer("redact", { detectors: ["emial"] }, "at"),
    (error: unknown) => {
      assert.ok(error instanceof SealroomError);
      assert.equal(error.code, "TOKEN_PARAMETER");
      assert.deepEqual([error.details["field"], error.details["nearest"]], ["at.detectors[0]", "email"]);
      return true;
    },
  );
});

/** A text, and what it is redacted to. */
type Part = readonly [text: string, expected: string];

const WORDS = Array.from("and the pain in her knee since spring, Zürich 漢字 😀 naïve ‘so’ – ok.".split(" "));
const GAPS = [", ", "; ", " [", "] ", "\n", " / ", ' "', '" ', "。", "，"];

function kindOf(value: string): string {
  const kind = DETECTORS.find(({ name }) => TWINS[name](value) === "matched")?.name ?? "";
  return `[${kind.toUpperCase()}]`;
}

const KNOWN: readonly Part[] = DETECTORS.flatMap(({ name }) =>
  EXAMPLES[name].matched.map((value): Part => [value, kindOf(value)]),
);

const two = (): string => String(10 + randomInt(18));

function randomValue(): Part {
  const made = pick([
    (): Part => [`${100 + randomInt(500)}-${two()}-${1000 + randomInt(9000)}`, "[SSN]"],
    (): Part => {
      const pan = randomPan(16);
      return pan.startsWith("4") ? [pan, "[PAN]"] : ["", ""];
    },
    (): Part => [`user${randomDigits(4)}@host-${randomDigits(2)}.example`, "[EMAIL]"],
    (): Part => [`(${200 + randomInt(9)}) ${220 + randomInt(80)}-${randomDigits(4)}`, "[PHONE]"],
    (): Part => [`10.${randomInt(256)}.${randomInt(256)}.${randomInt(256)}`, "[IPV4]"],
    (): Part => [`20${two()}-${pick(["01", "07", "12"])}-${two()}`, "[DATE_ISO]"],
    (): Part => [`https://example.com/${randomDigits(6)}?who=${pick(["jane", "ann"])}`, "[URL]"],
    (): Part => pick(KNOWN),
  ]);
  return made();
}

function randomText(): Part {
  const parts = Array.from({ length: randomInt(9) }, (): Part => {
    const word = pick(WORDS);
    return randomInt(3) === 0 ? randomValue() : [word, word];
  });
  const gaps = parts.map(() => pick(GAPS));
  const join = (side: 0 | 1): string =>
    parts.map((part, at) => (at === 0 ? "" : (gaps[at] ?? "")) + part[side]).join("");
  return [join(0), join(1)];
}

test("100,000 texts of words and values of all kinds, nulls among them, are redacted as they were put together", () => {
  let changed = 0;
  for (let done = 0; done < VALUES; done += BATCH) {
    const texts = Array.from({ length: BATCH }, (_, row) => (row % 10 === 3 ? null : randomText()));
    const found = tokenize(
      ALL,
      texts.map((text) => text?.[0] ?? null),
    );
    for (const [row, text] of texts.entries()) {
      assert.equal(found[row], text?.[1] ?? "<null>", text?.[0]);
      if (text !== null && text[0] !== text[1]) changed++;
    }
  }
  assert.ok(changed > VALUES / 4, "there was something to redact");
});

/** By strings: of each run of candidates that overlap, the labels of those that stand. */
function naiveRedact(text: string): string {
  const candidates = naiveCandidates(text);
  const standing = longestFirst(candidates, ([, start, end]) => Buffer.byteLength(text.slice(start, end)));
  const runs: { readonly start: number; end: number }[] = [];
  for (const [, start, end] of candidates) {
    const last = runs.at(-1);
    if (last === undefined || start >= last.end) runs.push({ start, end });
    else last.end = Math.max(last.end, end);
  }
  let given = text;
  for (const { start, end } of runs.toReversed()) {
    const inside = standing.filter((span) => span[1] >= start && span[1] < end);
    const labels = inside.map(([name]) => `[${name.toUpperCase()}]`).join("");
    given = given.slice(0, start) + labels + given.slice(end);
  }
  return given;
}

const SIGNS = Array.from(" -./:+()%;=^?@_'&,\u00a0\u2013，éz字😀\n");
const values = DETECTORS.flatMap(({ name }) =>
  EXAMPLES[name].matched.filter((text) => text.length < 50),
).filter((text) => !/^(?!DE|GB|NO|BE|FR|MT|LC)[A-Z]{2}[0-9]{2}/i.test(text));
const part = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...values) },
  { weight: 2, arbitrary: fc.string({ unit: fc.constantFrom(...Array.from("0123456789 -")), maxLength: 6 }) },
  { weight: 3, arbitrary: fc.constantFrom(...SIGNS) },
);

test("any texts are redacted as by trying every beginning with every end, whatever rows stand beside them", () => {
  let labels = 0;
  fc.assert(
    fc.property(fc.array(fc.option(fc.array(part, { maxLength: 5 })), { maxLength: 4 }), (rows) => {
      const texts = rows.map((parts) => parts?.join("") ?? null);
      const expected = texts.map((text) => (text === null ? "<null>" : naiveRedact(text)));
      assert.deepEqual(tokenize(ALL, texts), expected);
      labels += expected.filter((text) => text.includes("]")).length;
    }),
    { numRuns: 1_000 },
  );
  assert.ok(labels > 300, "there was something to redact");
});

test("what is given is valid UTF-8, and a subsequence of the text when labels are taken out", () => {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const anyText = fc.array(fc.oneof(part, fc.string({ unit: "grapheme", maxLength: 8 })), { maxLength: 8 });
  fc.assert(
    fc.property(fc.array(anyText, { maxLength: 5 }), (rows) => {
      const texts = rows.map((parts) => parts.join("").replaceAll(/[[\]]/g, ""));
      const { column, fates } = sliceOf(texts);
      const given = ALL.tokenize(column, fates);
      for (const [row, text] of texts.entries()) {
        const shown = decoder.decode(given.bytes.subarray(given.offsets[row], given.offsets[row + 1]));
        let at = 0;
        for (const character of shown.replaceAll(/\[[A-Z0-9_]+\]/g, "")) {
          at = text.indexOf(character, at) + character.length;
          assert.ok(at >= character.length, `${text}: ${shown}`);
        }
      }
    }),
    { numRuns: 2_000 },
  );
});

test("a text is redacted the same by itself, as a dictionary has it, and among others", () => {
  const texts = Array.from({ length: 2_000 }, () => randomText()[0]);
  const dictionary = [...new Set(texts)];
  const redacted = new Map(tokenize(ALL, dictionary).map((text, at) => [dictionary[at] ?? "", text]));
  assert.deepEqual(
    tokenize(ALL, texts),
    texts.map((text) => redacted.get(text)),
  );
});

function readsToRedact(seed: string, size: number): number {
  const { view, length, reads } = counted(seed, size);
  ALL.tokenize({ rows: 1, offsets: Int32Array.of(0, length), bytes: view }, new Uint8Array(1));
  return reads() / length;
}

for (const [name, seed] of [
  ...Object.entries(SEEDS),
  ["a value after the other", "123-45-6788 "],
  ["small values side by side", "1/2/03,"],
] as const) {
  test(`redacting reads each byte as often when a text is twice, four and eight times as long: ${name}`, () => {
    const short = readsToRedact(seed, 1_500);
    for (const times of [2, 4, 8]) {
      const long = readsToRedact(seed, 1_500 * times);
      assert.ok(long <= short * 1.05 + 1, `${short} and ${long} reads a byte`);
    }
  });
}

test("labels that are longer than values make a text longer, many thousand times in one row", () => {
  assert.equal(redact("1/2/03,".repeat(20_000)), "[DATE_US],".repeat(20_000));
});

test("a length that no column has, in one row or in all, is refused before room is made for it", () => {
  for (const lengths of [[2 ** 31], [2 ** 32 + 1], [2 ** 30, 2 ** 30]]) {
    assert.throws(() => columnOf(Float64Array.from(lengths)), { code: "TOKEN_SIZE" });
  }
});
