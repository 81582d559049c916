// The traps of YAML: everything that reads differently in two libraries, or does more than say a value, is refused.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { ErrorCode } from "../../core/errors.ts";
import { canonicalText } from "../../core/json.ts";
import { isName, isSafeText } from "../../core/text/name.ts";
import { parseYaml } from "../../core/text/yaml.ts";
import { assertThrows } from "../manifest/refusal.ts";

const read = (text: string): string => JSON.stringify(parseYaml(text));

test("reads words, dates and times as the strings they look like", () => {
  const text =
    "[no, off, yes, on, y, n, NO, 2026-11-23, 2026-11-23T10:00:00Z, 12:30:00, 1_000, 1.2.3, 0b1, =, nan, none]";
  const words = [
    "no",
    "off",
    "yes",
    "on",
    "y",
    "n",
    "NO",
    "2026-11-23",
    "2026-11-23T10:00:00Z",
    "12:30:00",
    "1_000",
    "1.2.3",
    "0b1",
    "=",
    "nan",
    "none",
  ];
  assert.equal(read(text), JSON.stringify(words));
});

test("reads quoted scalars as strings, whatever is in them", () => {
  const text = `["1", '2', "true", 'null', "0x1f", 'it''s', "\\u00e9", "\\x41"]`;
  assert.equal(read(text), JSON.stringify(["1", "2", "true", "null", "0x1f", "it's", "é", "A"]));
});

test("reads mappings and sequences in block and flow form, with comments", () => {
  const text = "---\na: 1 # one\nb:\n- x\n-   - y\n    - {c: [true, null, -1.5e3]}\n? d\n: e\n...\n";
  assert.equal(read(text), JSON.stringify({ a: 1, b: ["x", ["y", { c: [true, null, -1500] }]], d: "e" }));
});

const REFUSED: readonly (readonly [string, ErrorCode])[] = [
  ["a: &x 1\nb: *x", "YAML_FEATURE"],
  ["a: &x 1", "YAML_FEATURE"],
  ["&x a: 1", "YAML_FEATURE"],
  ["*x : 1", "YAML_FEATURE"],
  ["a: &x [*x]", "YAML_FEATURE"],
  ["a: !!str 1", "YAML_FEATURE"],
  ["!!map {a: 1}", "YAML_FEATURE"],
  ["a: ! 1", "YAML_FEATURE"],
  ["a: !<tag:yaml.org,2002:str> 1", "YAML_FEATURE"],
  ["a: !!binary aGk=", "YAML_FEATURE"],
  ["a: !!js/function 'x'", "YAML_FEATURE"],
  ["!!set {a}", "YAML_FEATURE"],
  ["%YAML 1.1\n---\na: no", "YAML_FEATURE"],
  ["%TAG ! tag:x,2026:\n---\na: 1", "YAML_FEATURE"],
  ["<<: {a: 1}\nb: 2", "YAML_FEATURE"],
  ["a: 1\n---\nb: 2", "YAML_FEATURE"],
  ["a: 1\n...\n---\nb: 2", "YAML_FEATURE"],
  ["\ufeffa: 1", "YAML_FEATURE"],
  ["a: 007", "YAML_FEATURE"],
  ["a: 0x1f", "YAML_FEATURE"],
  ["a: 0o17", "YAML_FEATURE"],
  ["a: +1", "YAML_FEATURE"],
  ["a: .5", "YAML_FEATURE"],
  ["a: 5.", "YAML_FEATURE"],
  ["a: .inf", "YAML_FEATURE"],
  ["a: -.INF", "YAML_FEATURE"],
  ["a: .nan", "YAML_FEATURE"],
  ["a: True", "YAML_FEATURE"],
  ["a: FALSE", "YAML_FEATURE"],
  ["a: ~", "YAML_FEATURE"],
  ["a: Null", "YAML_FEATURE"],
  ["a: 9007199254740993", "JSON_NUMBER"],
  ["a: 1e400", "JSON_NUMBER"],
  ["a: 0.12345678901234567890", "JSON_NUMBER"],
  ["a: 1\na: 2", "JSON_DUPLICATE"],
  ['{a: 1, "a": 2}', "JSON_DUPLICATE"],
  ['{a: 1, "\\x61": 2}', "JSON_DUPLICATE"],
  ["__proto__: 1", "JSON_KEY"],
  ["constructor: {prototype: {x: 1}}", "JSON_KEY"],
  ["toString: 1", "JSON_KEY"],
  ["1: x", "JSON_KEY"],
  ["true: x", "JSON_KEY"],
  ["null: x", "JSON_KEY"],
  [": x", "JSON_KEY"],
  ["? [a, b]\n: x", "JSON_KEY"],
  ["? {a: b}\n: x", "JSON_KEY"],
  ['"a\\u200b": 1', "JSON_KEY"],
  ['"e\\u0301": 1', "JSON_KEY"],
  ['a: "\\ud800"', "JSON_STRING"],
  ['a: "\\u202e"', "JSON_STRING"],
  ['a: "\\0"', "JSON_STRING"],
  ['a: "x\\ny"', "JSON_STRING"],
  ["a: |\n  x\n", "JSON_STRING"],
  ["a: \u202ex", "JSON_STRING"],
  ["a: e\u0301", "JSON_STRING"],
  ["a: b: c", "YAML_SYNTAX"],
  ["a: [1, 2", "YAML_SYNTAX"],
  ["a: 1\n b: 2", "YAML_SYNTAX"],
  ["\ta: 1", "YAML_SYNTAX"],
  ["a: 'x", "YAML_SYNTAX"],
  ['a: "\\q"', "YAML_SYNTAX"],
  ["a: @x", "YAML_SYNTAX"],
  ["a: `x", "YAML_SYNTAX"],
];

for (const [text, code] of REFUSED) {
  test(`refuses ${JSON.stringify(text)} with ${code}`, () => {
    assertThrows(() => parseYaml(text), code);
  });
}

test("refuses nesting in every form before it recurses over it", { timeout: 60_000 }, () => {
  for (const open of ["[", "{a: ", "- ", "? ", "a: [", "- - [{a: "]) {
    assertThrows(() => parseYaml(`${open.repeat(10_000)}x`), "JSON_DEPTH", open);
  }
  const steps = Array.from({ length: 200 }, (_, depth) => `${" ".repeat(depth)}a:`).join("\n");
  assertThrows(() => parseYaml(steps), "JSON_DEPTH");
  assert.equal(read("[".repeat(32) + "]".repeat(32)), "[".repeat(32) + "]".repeat(32));
  assertThrows(() => parseYaml("[".repeat(33) + "]".repeat(33)), "JSON_DEPTH");
});

test("refuses length and number of values", () => {
  assertThrows(() => parseYaml("#".repeat(50_000_000)), "JSON_SIZE");
  assertThrows(() => parseYaml("x".repeat(256 * 1024 + 1)), "JSON_SIZE");
  assertThrows(() => parseYaml(`[${"1,".repeat(66_000)}]`), "JSON_SIZE");
});

test("says where a fault stands", () => {
  const error = assertThrows(() => parseYaml("a: 1\nb:\n  c: 0x1f\n"), "YAML_FEATURE");
  assert.deepEqual({ ...error.details }, { fault: "a number to quote", line: 3, column: 6 });
});

const text = fc.string({ unit: "grapheme", maxLength: 10 }).filter(isSafeText);
const { document } = fc.letrec<{ document: unknown }>((tie) => ({
  document: fc.oneof(
    { depthSize: "small" },
    fc.constant(null),
    fc.boolean(),
    fc.maxSafeInteger(),
    text,
    fc.array(tie("document"), { maxLength: 4 }),
    fc.dictionary(
      text.filter((name) => isName(name) && name !== "<<"),
      tie("document"),
      { maxKeys: 4, noNullPrototype: true },
    ),
  ),
}));

test("reads every JSON text as JSON does", () => {
  fc.assert(
    fc.property(document, fc.constantFrom(undefined, 2), (value, indent) => {
      assert.equal(read(JSON.stringify(value, null, indent)), JSON.stringify(value));
      assert.equal(canonicalText(parseYaml(canonicalText(value))), canonicalText(value));
    }),
    { numRuns: 500 },
  );
});
