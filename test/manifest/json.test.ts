// The one reader and the one canonical form of every signed document.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { canonicalText, encodeCanonical, parseCanonical, parseJson } from "../../core/json.ts";
import type { JsonValue } from "../../core/json.ts";
import { SealroomError } from "../../core/errors.ts";
import type { ErrorCode } from "../../core/errors.ts";
import { isSafeText } from "../../core/text/name.ts";
import { assertThrows } from "./refusal.ts";

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const LIMITS = { bytes: 1024 * 1024, depth: 32, values: 65_536 };

/** As parsed objects have no prototype, they are compared through JSON. */
function assertSame(actual: JsonValue, expected: unknown): void {
  assert.equal(JSON.stringify(actual), JSON.stringify(expected));
}

test("writes the example of RFC 8785 §3.2.2 as §3.2.3 gives it", () => {
  const value = {
    numbers: [Number("333333333.33333329"), 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
    string: "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"/",
    literals: [null, true, false],
  };
  const hex =
    "7b226c69746572616c73223a5b6e756c6c2c747275652c66616c73655d2c226e756d62657273223a5b3333333333333333332e333333333333332c" +
    "31652b33302c342e352c302e3030322c31652d32375d2c22737472696e67223a22e282ac245c75303030665c6e4127425c225c5c5c5c5c222f227d";
  assert.equal(Buffer.from(encodeCanonical(value)).toString("hex"), hex);
});

test("sorts members by UTF-16 code units, as the example of RFC 8785 §3.2.3 does", () => {
  const names = ["\u20ac", "\r", "\ufb33", "1", "\u{1f600}", "\u0080", "\u00f6"];
  const text = canonicalText(Object.fromEntries(names.map((name, i) => [name, i])));
  const sorted = ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\u{1f600}", "\ufb33"];
  assert.deepEqual(
    Object.keys(JSON.parse(text) as object).filter((name) => name !== "1"),
    sorted.filter((name) => name !== "1"),
  );
  assert.equal(text, `{${sorted.map((name) => `${JSON.stringify(name)}:${names.indexOf(name)}`).join(",")}}`);
});

test("writes the numbers of RFC 8785 Appendix B", () => {
  const samples: readonly (readonly [string, string])[] = [
    ["0000000000000000", "0"],
    ["8000000000000000", "0"],
    ["0000000000000001", "5e-324"],
    ["8000000000000001", "-5e-324"],
    ["7fefffffffffffff", "1.7976931348623157e+308"],
    ["ffefffffffffffff", "-1.7976931348623157e+308"],
    ["4340000000000000", "9007199254740992"],
    ["c340000000000000", "-9007199254740992"],
    ["4430000000000000", "295147905179352830000"],
    ["44b52d02c7e14af5", "9.999999999999997e+22"],
    ["44b52d02c7e14af6", "1e+23"],
    ["44b52d02c7e14af7", "1.0000000000000001e+23"],
    ["444b1ae4d6e2ef4e", "999999999999999700000"],
    ["444b1ae4d6e2ef4f", "999999999999999900000"],
    ["444b1ae4d6e2ef50", "1e+21"],
    ["3eb0c6f7a0b5ed8c", "9.999999999999997e-7"],
    ["3eb0c6f7a0b5ed8d", "0.000001"],
    ["41b3de4355555553", "333333333.3333332"],
    ["41b3de4355555554", "333333333.33333325"],
    ["41b3de4355555555", "333333333.3333333"],
    ["41b3de4355555556", "333333333.3333334"],
    ["41b3de4355555557", "333333333.33333343"],
    ["becbf647612f3696", "-0.0000033333333333333333"],
    ["43143ff3c1cb0959", "1424953923781206.2"],
  ];
  for (const [hex, text] of samples) {
    assert.equal(canonicalText(Buffer.from(hex, "hex").readDoubleBE()), text, hex);
  }
});

test("writes nothing that is not JSON", () => {
  for (const value of [
    NaN,
    Infinity,
    -Infinity,
    undefined,
    1n,
    () => 1,
    Symbol("x"),
    new Date(0),
    new Map(),
    "\ud800",
  ]) {
    assert.throws(() => encodeCanonical({ value }), TypeError);
  }
  assert.throws(() => encodeCanonical({ "\udfff": 1 }), TypeError);
});

const REFUSED: readonly (readonly [string, ErrorCode])[] = [
  ["", "JSON_SYNTAX"],
  [" ", "JSON_SYNTAX"],
  ["{", "JSON_SYNTAX"],
  ["[1,]", "JSON_SYNTAX"],
  ["[,1]", "JSON_SYNTAX"],
  ["[1 2]", "JSON_SYNTAX"],
  ['{"a":1,}', "JSON_SYNTAX"],
  ['{"a" 1}', "JSON_SYNTAX"],
  ["{a:1}", "JSON_SYNTAX"],
  ["{'a':1}", "JSON_SYNTAX"],
  ['{"a":1}{', "JSON_SYNTAX"],
  ['{"a":1} x', "JSON_SYNTAX"],
  ['"a', "JSON_SYNTAX"],
  ['"\\x41"', "JSON_SYNTAX"],
  ['"\\x0041"', "JSON_SYNTAX"],
  ['"\\u12"', "JSON_SYNTAX"],
  ['"\\u12g4"', "JSON_SYNTAX"],
  ['"a\nb"', "JSON_SYNTAX"],
  ["tru", "JSON_SYNTAX"],
  ["True", "JSON_SYNTAX"],
  ["NaN", "JSON_SYNTAX"],
  ["Infinity", "JSON_SYNTAX"],
  ["undefined", "JSON_SYNTAX"],
  ["// x\n1", "JSON_SYNTAX"],
  ["\ufeff1", "JSON_SYNTAX"],
  ["\u00a01", "JSON_SYNTAX"],
  ["01", "JSON_SYNTAX"],
  ["+1", "JSON_SYNTAX"],
  [".5", "JSON_SYNTAX"],
  ["1.", "JSON_SYNTAX"],
  ["1e", "JSON_SYNTAX"],
  ["0x10", "JSON_SYNTAX"],
  ["-", "JSON_SYNTAX"],
  ["1e400", "JSON_NUMBER"],
  ["-1e400", "JSON_NUMBER"],
  ["1e-400", "JSON_NUMBER"],
  ["9007199254740992", "JSON_NUMBER"],
  ["9007199254740993", "JSON_NUMBER"],
  ["-9007199254740993", "JSON_NUMBER"],
  ["9007199254740993.0", "JSON_NUMBER"],
  ["1e16", "JSON_NUMBER"],
  ["1000000000000000000000000", "JSON_NUMBER"],
  ["0.1234567890123456789", "JSON_NUMBER"],
  [`0.${"0".repeat(100)}1`, "JSON_NUMBER"],
  ['{"a":1,"a":1}', "JSON_DUPLICATE"],
  ['{"a":1,"\\u0061":2}', "JSON_DUPLICATE"],
  ['[{"b":{"a":1,"c":2,"a":3}}]', "JSON_DUPLICATE"],
  ['{"__proto__":1}', "JSON_KEY"],
  ['{"\\u005f_proto__":{}}', "JSON_KEY"],
  ['{"constructor":{"prototype":{}}}', "JSON_KEY"],
  ['{"prototype":1}', "JSON_KEY"],
  ['{"toString":1}', "JSON_KEY"],
  ['{"hasOwnProperty":1}', "JSON_KEY"],
  ['{"":1}', "JSON_KEY"],
  ['{" a":1}', "JSON_KEY"],
  ['{"a\\u0000":1}', "JSON_KEY"],
  ['{"a\\u200b":1}', "JSON_KEY"],
  ['{"a\\u00ad":1}', "JSON_KEY"],
  ['{"a\\u3164":1}', "JSON_KEY"],
  ['{"a\\u202e":1}', "JSON_KEY"],
  ['{"a\\u00a0b":1}', "JSON_KEY"],
  ['{"a\\ufe0f":1}', "JSON_KEY"],
  ['{"a\\ue000":1}', "JSON_KEY"],
  ['{"\\ud800":1}', "JSON_KEY"],
  ['{"e\\u0301":1}', "JSON_KEY"],
  [`{"${"a".repeat(257)}":1}`, "JSON_KEY"],
  ['"\\ud800"', "JSON_STRING"],
  ['"\\ude00\\ud83d"', "JSON_STRING"],
  ['"e\\u0301"', "JSON_STRING"],
  ['"\\u212b"', "JSON_STRING"],
  ['"a\\u0000"', "JSON_STRING"],
  ['"a\\n"', "JSON_STRING"],
  ['"\\u007f"', "JSON_STRING"],
  ['"\\u0085"', "JSON_STRING"],
  ['"\\u2028"', "JSON_STRING"],
  ['"\\u202e"', "JSON_STRING"],
  ['"\\u2066"', "JSON_STRING"],
  ['"\\u200f"', "JSON_STRING"],
  ['"\\u061c"', "JSON_STRING"],
  ['"\\ufeff"', "JSON_STRING"],
  ['"\\uffff"', "JSON_STRING"],
];

for (const [text, code] of REFUSED) {
  test(`refuses ${JSON.stringify(text).slice(0, 60)} with ${code}`, () => {
    assertThrows(() => parseJson(text), code);
  });
}

test("accepts what is plainly said, with any spacing and escapes", () => {
  assertSame(
    parseJson(' { "a" : [ 1 , -0 , 2.50 , 1E+2 , 1e30 ] ,\r\n\t"\\u00e9" : "\\ud83d\\ude00 \\/" } '),
    {
      a: [1, 0, 2.5, 100, 1e30],
      é: "\u{1f600} /",
    },
  );
  assertSame(parseJson('"\u05e9\u05dc\u05d5\u05dd"'), "שלום");
  assert.equal(parseJson("9007199254740991"), Number.MAX_SAFE_INTEGER);
  assert.ok(Object.is(parseJson("-0"), 0));
});

test("gives objects that have no prototype, and leaves Object.prototype as it was", () => {
  const before = Object.getOwnPropertyNames(Object.prototype).toSorted();
  for (const text of [
    '{"__proto__":{"polluted":1}}',
    '{"constructor":{"prototype":{"polluted":1}}}',
    '[{"a":{"__proto__":{"polluted":1}}}]',
  ]) {
    assertThrows(() => parseJson(text), "JSON_KEY");
  }
  assert.deepEqual(Object.getOwnPropertyNames(Object.prototype).toSorted(), before);
  assert.equal(Reflect.get({}, "polluted"), undefined);
  assert.equal(Object.getPrototypeOf(parseJson('{"a":1}')), null);
});

test("says where a fault stands", () => {
  const error = assertThrows(() => parseJson('{"a": 1,\n  "b": 01}'), "JSON_SYNTAX");
  assert.deepEqual({ ...error.details }, { line: 2, column: 8 });
});

test("repeats a long name cut between characters", () => {
  const name = `${"x".repeat(63)}\u{1f600}${"y".repeat(80)}`;
  const text = `{"${name}":1,"${name}":2}`;
  const { details } = assertThrows(() => parseJson(text), "JSON_DUPLICATE");
  assert.equal(details["name"], `${"x".repeat(63)}\u{1f600}`);
});

test("refuses nesting, length and number of values before it builds them", () => {
  for (const open of ["[", '{"a":', '[{"a":']) {
    assertThrows(() => parseJson(open.repeat(10_000)), "JSON_DEPTH");
  }
  assert.ok(parseJson("[".repeat(32) + "]".repeat(32)));
  assertThrows(() => parseJson("[".repeat(33) + "]".repeat(33)), "JSON_DEPTH");
  assertThrows(() => parseJson(" ".repeat(50_000_000)), "JSON_SIZE");
  assertThrows(() => parseCanonical(new Uint8Array(50_000_000)), "JSON_SIZE");
  // Bytes are counted, not characters.
  assertThrows(() => parseCanonical(utf8(`"${"é".repeat(600_000)}"`)), "JSON_SIZE");
  assertThrows(() => parseJson(`[${"1,".repeat(100)}1]`, { ...LIMITS, values: 100 }), "JSON_SIZE");
  assertThrows(() => parseJson(`{"a":[${"[],".repeat(70_000)}[]]}`), "JSON_SIZE");
});

test("refuses bytes that are not UTF-8", () => {
  for (const hex of ["22ff22", "22c0af22", "22eda08022", "22f4908080", "22e28222", "ff"]) {
    assertThrows(() => parseCanonical(Buffer.from(hex, "hex")), "JSON_UTF8", hex);
  }
});

test("refuses any other spelling of a document than the canonical one", () => {
  for (const text of [
    ' {"a":1}',
    '{"a":1}\n',
    '{"a": 1}',
    '{"b":1,"a":1}',
    '{"a":1.0}',
    '{"a":1e0}',
    '{"a":-0}',
    '["\\u0041"]',
    '["\\/"]',
    '["\\u00e9"]',
    "[1E30]",
    "[1e30]",
  ]) {
    assert.doesNotThrow(() => parseJson(text), text);
    assertThrows(() => parseCanonical(utf8(text)), "JSON_CANONICAL", text);
  }
});

const safeText = fc.string({ unit: "grapheme", maxLength: 12 }).filter(isSafeText);
const number = fc
  .oneof(fc.maxSafeInteger(), fc.double({ noNaN: true, noDefaultInfinity: true }))
  .filter((value) => {
    const digits = canonicalText(value);
    return !Number.isInteger(value) || Number.isSafeInteger(value) || digits.includes("e");
  });
const { document } = fc.letrec<{ document: unknown }>((tie) => ({
  document: fc.oneof(
    { depthSize: "small" },
    fc.constant(null),
    fc.boolean(),
    number,
    safeText,
    fc.array(tie("document"), { maxLength: 5 }),
    fc.dictionary(fc.stringMatching(/^[a-zé€一-龥]{1,6}$/), tie("document"), {
      maxKeys: 5,
      noNullPrototype: true,
    }),
  ),
}));

test("reads back what it writes, to the same bytes", () => {
  fc.assert(
    fc.property(document, (value) => {
      const bytes = encodeCanonical(value);
      const parsed = parseCanonical(bytes, LIMITS);
      assert.deepEqual(encodeCanonical(parsed), bytes);
      assertSame(parsed, JSON.parse(new TextDecoder().decode(bytes)));
    }),
    { numRuns: 1000 },
  );
});

test("accepts no text that JSON.parse refuses, and reads no value that it reads differently", () => {
  const edit = fc.record({
    at: fc.nat(),
    remove: fc.nat(3),
    insert: fc.oneof(
      fc.constantFrom(...Array.from('{}[],:"\\0123456789-+.eE tfn/u\n')),
      fc.string({ maxLength: 2 }),
    ),
  });
  let accepted = 0;
  fc.assert(
    fc.property(document, fc.array(edit, { maxLength: 3 }), (value, edits) => {
      let text = JSON.stringify(value, null, 1);
      for (const { at, remove, insert } of edits) {
        const start = at % (text.length + 1);
        text = text.slice(0, start) + insert + text.slice(start + remove);
      }
      let parsed: JsonValue;
      try {
        parsed = parseJson(text);
      } catch (error) {
        assert.ok(error instanceof SealroomError);
        return;
      }
      accepted += 1;
      assertSame(parsed, JSON.parse(text));
    }),
    { numRuns: 3000 },
  );
  assert.ok(accepted > 300, `${accepted} of 3000 were accepted`);
});
