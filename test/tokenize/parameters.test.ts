// Parameters as manifests have them: what is missing, unknown, malformed or useless is refused, where it stands.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { SealroomError } from "../../core/errors.ts";
import type { JsonValue } from "../../core/json.ts";
import { OPERATORS, parseTokenizer } from "../../jobs/tokenize/operators.ts";
import { makeMaster, textKernel } from "./columns.ts";

const GOOD: Readonly<Record<string, JsonValue>> = {
  siv: {},
  cmac: { canonical: "nfc" },
  hmac: { canonical: "fold" },
  ff1: { alphabet: "0123456789", template: "###-###" },
  pan: { keep: "last4" },
  ssn: { form: "digits", lenient: true },
  phone: { country: "DE" },
  email: { local: "siv", domain: "replace", replacement: "tokens.example", localCase: "keep" },
  mask: { keepLeft: 0, keepRight: 4, character: "*" },
  truncate: { first: 8, last: 4 },
  date_shift: { least: -30, most: 30, step: 1 },
  date_year: { asOf: 2026 },
  age_cap: { oldest: 89 },
  zip3: { census: "2000", withhold: ["100"] },
  bucket: { edges: [0, 1] },
  redact: { detectors: ["ssn", "pan"] },
};

const BAD: readonly (readonly [operator: string, parameters: JsonValue, field: string])[] = [
  ["siv", null, "at"],
  ["siv", [], "at"],
  ["siv", "trim", "at"],
  ["siv", { canonical: "lower" }, "at.canonical"],
  ["siv", { canonical: null }, "at.canonical"],
  ["ff1", {}, "at.alphabet"],
  ["ff1", { alphabet: "0" }, "at.alphabet"],
  ["ff1", { alphabet: "00" }, "at.alphabet"],
  ["ff1", { alphabet: "01é" }, "at.alphabet"],
  ["ff1", { alphabet: "0123456789", template: "#####" }, "at.template"],
  ["ff1", { alphabet: "0123456789", template: "" }, "at.template"],
  ["ff1", { alphabet: "0123456789", template: "######é" }, "at.template"],
  ["ff1", { alphabet: "01", template: "#".repeat(19) }, "at.template"],
  ["pan", {}, "at.keep"],
  ["pan", { keep: "bin6last4numeric" }, "at.keep"],
  ["ssn", { form: "last4" }, "at.form"],
  ["ssn", { lenient: "yes" }, "at.lenient"],
  ["phone", { country: "us" }, "at.country"],
  ["phone", { country: "XX" }, "at.country"],
  ["phone", { country: "constructor" }, "at.country"],
  ["email", { local: "siv" }, "at.domain"],
  ["email", { local: "keep", domain: "keep" }, "at.local"],
  ["email", { local: "siv", domain: "keep", replacement: "x.org" }, "at.replacement"],
  ["email", { local: "siv", domain: "replace", replacement: "x y" }, "at.replacement"],
  ["email", { local: "siv", domain: "replace", replacement: "x@y" }, "at.replacement"],
  ["mask", { keepLeft: -1 }, "at.keepLeft"],
  ["mask", { keepRight: 65 }, "at.keepRight"],
  ["mask", { character: "**" }, "at.character"],
  ["mask", { character: "x" }, "at.character"],
  ["mask", { character: "é" }, "at.character"],
  ["truncate", { first: 9 }, "at.first"],
  ["truncate", { last: 5 }, "at.last"],
  ["date_shift", { least: 0, most: 0 }, "at"],
  ["date_shift", { least: 5, most: -5 }, "at"],
  ["date_shift", { least: 1, most: 29 }, "at"],
  ["date_shift", { least: -100, most: 100, step: 7 }, "at"],
  ["date_shift", { least: -365_251 }, "at.least"],
  ["date_shift", { step: 2 }, "at.step"],
  ["date_shift", { most: 1.5 }, "at.most"],
  ["date_year", { asOf: 1899 }, "at.asOf"],
  ["age_cap", { oldest: 90 }, "at.oldest"],
  ["zip3", {}, "at.census"],
  ["zip3", { census: "1990" }, "at.census"],
  ["zip3", { census: "2000", withhold: ["1"] }, "at.withhold[0]"],
  ["redact", { detectors: [] }, "at.detectors"],
  ["redact", { detectors: "ssn" }, "at.detectors"],
  ["redact", { detectors: ["ssn", "SSN"] }, "at.detectors[1]"],
  ["redact", { detectors: ["name"] }, "at.detectors[0]"],
  ["redact", { detectors: ["constructor"] }, "at.detectors[0]"],
  ["redact", { detectors: null }, "at.detectors"],
  ["bucket", {}, "at.edges"],
  ["bucket", { edges: [1] }, "at.edges"],
  ["bucket", { edges: [0, 0] }, "at.edges[1]"],
  ["bucket", { edges: [0, 2, 1] }, "at.edges[2]"],
  ["bucket", { edges: [0, 1], labels: [] }, "at.labels"],
  ["bucket", { edges: [0, 1], labels: [""] }, "at.labels[0]"],
  ["bucket", { edges: [0, 1], labels: ["a\u202eb"] }, "at.labels[0]"],
];

test("there is an example of good parameters for every operator, and each is taken", () => {
  assert.deepEqual(Object.keys(GOOD), [...OPERATORS.keys()]);
  for (const [operator, parameters] of Object.entries(GOOD)) {
    const tokenizer = parseTokenizer(operator, parameters, "at");
    const kernel = tokenizer.make(tokenizer.isKeyed ? makeMaster() : null);
    assert.deepEqual([kernel.takes, kernel.gives], [tokenizer.takes, tokenizer.gives]);
    assert.equal("reveal" in kernel, tokenizer.isReversible, operator);
  }
});

test("a member that is not known is refused by every operator", () => {
  for (const [operator, parameters] of Object.entries(GOOD)) {
    const more = { ...(parameters as object), passThrough: true };
    assert.throws(
      () => parseTokenizer(operator, more, "at"),
      (error: unknown) => {
        const { code, details } = error as SealroomError;
        assert.deepEqual(
          [code, details["field"], details["fault"]],
          ["TOKEN_PARAMETER", "at.passThrough", "unknown"],
        );
        return true;
      },
    );
  }
});

for (const [operator, parameters, field] of BAD) {
  test(`${operator} refuses ${JSON.stringify(parameters).slice(0, 90)} at ${field}`, () => {
    assert.throws(
      () => parseTokenizer(operator, parameters, "at"),
      (error: unknown) => {
        const { code, details } = error as SealroomError;
        assert.deepEqual([code, details["field"]], ["TOKEN_PARAMETER", field]);
        return true;
      },
    );
  });
}

test("an operator that does not exist is refused, with the nearest that does", () => {
  for (const [name, near] of [
    ["cmca", "cmac"],
    ["date-shift", "date_shift"],
    ["constructor", undefined],
    ["", undefined],
  ] as const) {
    assert.throws(
      () => parseTokenizer(name, {}, "rules.tokens.email"),
      (error: unknown) => {
        const { code, details } = error as SealroomError;
        assert.equal(code, "TOKEN_OPERATOR");
        assert.equal(details["field"], "rules.tokens.email");
        if (near !== undefined) assert.equal(details["nearest"], near);
        return true;
      },
    );
  }
});

test("a keyed operator is not made without a key", () => {
  for (const [operator, parameters] of Object.entries(GOOD)) {
    const tokenizer = parseTokenizer(operator, parameters, "at");
    if (tokenizer.isKeyed) assert.throws(() => tokenizer.make(null), TypeError);
    else tokenizer.make(null);
  }
});

test("an empty column, and one of nulls alone, have no tokens", () => {
  for (const [operator, parameters] of Object.entries(GOOD)) {
    const { takes, isKeyed } = parseTokenizer(operator, parameters, "at");
    if (takes !== "text") continue;
    const kernel = textKernel(operator, parameters, isKeyed ? makeMaster() : null);
    for (const rows of [0, 3]) {
      const column = { rows, offsets: new Int32Array(rows + 1).fill(5), bytes: new Uint8Array(9) };
      for (const given of [
        kernel.tokenize(column, new Uint8Array(rows).fill(1)),
        kernel.reveal?.(column, new Uint8Array(rows).fill(1)),
      ]) {
        if (given === undefined) continue;
        assert.deepEqual([...given.offsets], new Array(rows + 1).fill(given.offsets[0]));
      }
    }
  }
});
