// What has no token, and why: each operator with values it does not take. No row is passed through, and rows beside it
// get theirs.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { JsonValue } from "../../core/json.ts";
import { fresh, isLuhn, makeMaster, reveal, textKernel, tokenize } from "./columns.ts";

type Cases = readonly (readonly [value: string | null, outcome: string | RegExp])[];

const ANY = /^[^<]/;

const TOKENIZED: readonly (readonly [operator: string, parameters: JsonValue, cases: Cases])[] = [
  [
    "siv",
    {},
    [
      [null, "<null>"],
      ["", "<empty>"],
      [" \t\n", "<empty>"],
      ["\u00a0\u2003", "<empty>"],
      ["a", ANY],
      ["x".repeat(65_536), ANY],
      ["x".repeat(65_537), "<length>"],
    ],
  ],
  [
    "siv",
    { canonical: "exact" },
    [
      ["", "<empty>"],
      [" ", ANY],
    ],
  ],
  [
    "cmac",
    {},
    [
      [null, "<null>"],
      ["", "<empty>"],
      [" ", "<empty>"],
      ["x".repeat(65_537), "<length>"],
      ["a", ANY],
    ],
  ],
  [
    "hmac",
    {},
    [
      [null, "<null>"],
      ["", "<empty>"],
      [" ", "<empty>"],
      ["x".repeat(65_537), "<length>"],
      ["a", ANY],
    ],
  ],
  [
    "ff1",
    { alphabet: "0123456789" },
    [
      [null, "<null>"],
      ["", "<empty>"],
      ["12345", "<domain>"],
      ["123456", /^\d{6}$/],
      [" 123456 ", /^\d{6}$/],
      ["12345x", "<character>"],
      ["12345é", "<character>"],
      ["1234 5678", "<character>"],
      ["1".repeat(255), /^\d{255}$/],
      ["1".repeat(256), "<length>"],
    ],
  ],
  [
    "ff1",
    { alphabet: "0123456789", template: "##-####" },
    [
      ["12-3456", /^\d\d-\d{4}$/],
      ["12 3456", "<form>"],
      ["123456", "<form>"],
      ["12-34567", "<form>"],
      ["12-345a", "<character>"],
      ["", "<empty>"],
      [null, "<null>"],
    ],
  ],
  [
    "pan",
    { keep: "last4" },
    [
      [null, "<null>"],
      ["", "<empty>"],
      [" - ", "<empty>"],
      ["4111111111111111", /^\d{12}1111$/],
      ["4111-1111 1111-1111", /^\d{12}1111$/],
      ["4111111111111112", "<check>"],
      ["411111111116", "<length>"],
      ["41111111111111111114", "<length>"],
      ["4111.1111.1111.1111", "<character>"],
      ["４１１１111111111111", "<character>"],
    ],
  ],
  [
    "pan",
    { keep: "bin6last4" },
    [
      ["4222222222222", "<domain>"],
      ["378282246310005", /^378282[a-z]{5}0005$/],
      ["4111111111111111", /^411111[a-z]{6}1111$/],
      ["4111111111111112", "<check>"],
      ["", "<empty>"],
      [null, "<null>"],
    ],
  ],
  [
    "pan",
    { keep: "bin8last4" },
    [
      ["378282246310005", "<domain>"],
      ["4111111111111111", /^41111111[a-zA-Z]{4}1111$/],
    ],
  ],
  [
    "ssn",
    {},
    [
      [null, "<null>"],
      ["", "<empty>"],
      ["123-45-6789", /^[a-z]{3}-[a-z]{2}-[a-z]{4}$/],
      [" 123456789", /^[a-z]{9}$/],
      ["000-12-3456", "<check>"],
      ["666-12-3456", "<check>"],
      ["900-12-3456", "<check>"],
      ["123-00-4567", "<check>"],
      ["123-45-0000", "<check>"],
      ["123 45 6789", "<form>"],
      ["123-456789", "<form>"],
      ["12345678", "<form>"],
      ["12345678a", "<form>"],
      ["123-4--6789", "<form>"],
    ],
  ],
  [
    "ssn",
    { lenient: true },
    [
      ["000-00-0000", /^[a-z]{3}-[a-z]{2}-[a-z]{4}$/],
      ["999999999", /^[a-z]{9}$/],
    ],
  ],
  [
    "phone",
    { country: "US" },
    [
      [null, "<null>"],
      ["", "<empty>"],
      ["  ", "<empty>"],
      ["(415) 555-2671", /^\+1\d{10}$/],
      ["+44 20 7946 0958", /^\+44\d{10}$/],
      ["415-555-2671 ext. 5", "<form>"],
      ["call 415-555-2671 now", "<form>"],
      ["12", "<form>"],
      ["+999 123456789", "<form>"],
      ["not a number", "<form>"],
      ["+290 22158", "<domain>"],
    ],
  ],
  [
    "phone",
    {},
    [
      ["(415) 555-2671", "<form>"],
      ["+1 415 555 2671", /^\+1\d{10}$/],
      ["+247 6889", "<form>"],
    ],
  ],
  [
    "email",
    { local: "siv", domain: "keep" },
    [
      [null, "<null>"],
      ["", "<empty>"],
      [" ", "<empty>"],
      ["Ann@Example.org ", /^[a-z2-7]+@example\.org$/],
      ["ann", "<form>"],
      ["@example.org", "<form>"],
      ["ann@", "<form>"],
      ["ann@example..org", "<form>"],
      ["ann@.org", "<form>"],
      ["ann@exa mple.org", "<form>"],
      ["a b@example.org", "<form>"],
      ["a@b@example.org", "<form>"],
      ["ann@[192.0.2.1]", "<form>"],
      [`${"a".repeat(65)}@example.org`, "<form>"],
      [`a@${"b".repeat(256)}`, "<form>"],
    ],
  ],
  [
    "mask",
    { keepLeft: 1, keepRight: 2, character: "#" },
    [
      [null, "<null>"],
      ["", "<empty>"],
      ["abcdefg", "a####fg"],
      ["abcdef", "######"],
      ["ä", "#"],
      ["漢字漢字漢😀字", "漢####😀字"],
    ],
  ],
  [
    "truncate",
    {},
    [
      [null, "<null>"],
      ["", "<empty>"],
      ["4111 1111 1111 1111", "411111******1111"],
      ["378282246310005", "378282*****0005"],
      ["36259600000004", "<length>"],
      ["4111111111111112", "<check>"],
    ],
  ],
  [
    "truncate",
    { first: 8 },
    [
      ["4111111111111111", "41111111****1111"],
      ["378282246310005", "<length>"],
    ],
  ],
  [
    "zip3",
    { census: "2000", withhold: ["999"] },
    [
      [null, "<null>"],
      ["", "<empty>"],
      ["12345", "123"],
      [" 12345-6789", "123"],
      ["123456789", "123"],
      ["03612", "000"],
      ["89300-0001", "000"],
      ["99901", "000"],
      ["1234", "<form>"],
      ["123456", "<form>"],
      ["12345 6789", "<form>"],
      ["1234a", "<form>"],
      ["SW1A 1AA", "<form>"],
    ],
  ],
];

for (const [operator, parameters, cases] of TOKENIZED) {
  test(`${operator} ${JSON.stringify(parameters)}: a token, or why not`, () => {
    const kernel = textKernel(operator, parameters, makeMaster());
    const found = tokenize(
      kernel,
      cases.map(([value]) => value),
    );
    for (const [row, [value, outcome]] of cases.entries()) {
      const shown = `${(value ?? "null").slice(0, 40)}: ${(found[row] ?? "").slice(0, 60)}`;
      if (typeof outcome === "string") assert.equal(found[row], outcome, shown);
      else assert.match(found[row] ?? "", outcome, shown);
    }
  });
}

test("the seventeen areas of the 2000 census are withheld, and no others", () => {
  const kernel = textKernel("zip3", { census: "2000" }, null);
  const zips = Array.from({ length: 1000 }, (_, area) => `${String(area).padStart(3, "0")}42`);
  const areas = zips.map((zip) => zip.slice(0, 3));
  const found = tokenize(kernel, zips);
  const withheld = areas.filter((area, row) => found[row] !== area);
  assert.deepEqual(withheld.join(" "), "036 059 063 102 203 556 692 790 821 823 830 831 878 879 884 890 893");
  assert.ok(found.every((area, row) => area === areas[row] || area === "000"));
});

test("equal things spelt in other ways have one token, where the canonical form says so", () => {
  const master = makeMaster();
  const spellings: readonly (readonly [string, JsonValue, readonly string[]])[] = [
    ["cmac", { canonical: "trim" }, ["x", " x", "x\u00a0", "\tx\n"]],
    ["cmac", { canonical: "nfc" }, ["é", "e\u0301", " e\u0301 "]],
    ["siv", { canonical: "fold" }, ["straße é", "STRASSE E\u0301", " Strasse é"]],
    ["pan", { keep: "last4" }, ["4111111111111111", "4111 1111 1111 1111", "4111-1111-1111-1111"]],
    ["phone", { country: "US" }, ["(415) 555-2671", "+1 415 555 2671", "1-415-555-2671"]],
    [
      "email",
      { local: "cmac", domain: "keep" },
      ["Zoe\u0308@Example.ORG", "zoë@example.org", " ZOË@example.org"],
    ],
  ];
  for (const [operator, parameters, values] of spellings) {
    const tokens = tokenize(textKernel(operator, parameters, master), values);
    assert.equal(new Set(tokens).size, 1, `${operator}: ${tokens.join(" ")}`);
    assert.match(tokens[0] ?? "", ANY);
  }
  const exact = tokenize(textKernel("cmac", { canonical: "exact" }, master), [
    "x",
    " x",
    "é",
    "e\u0301",
    "X",
  ]);
  assert.equal(new Set(exact).size, 5);
  const phone = tokenize(textKernel("phone", { country: "GB" }, master), ["+1 415 555 2671"]);
  assert.deepEqual(phone, tokenize(textKernel("phone", {}, master), ["+14155552671"]));
});

test("tokens of other keys, versions or suites, and what is no token, reveal nothing", () => {
  const master = makeMaster();
  const kernel = textKernel("siv", {}, master);
  const other = (over: object): string =>
    tokenize(textKernel("siv", {}, { ...master, ...over }), ["value"])[0] ?? "";
  const [token = ""] = tokenize(kernel, ["value"]);
  const bytes = Buffer.from(token, "base64url");
  const header = (...start: readonly number[]): string =>
    Buffer.concat([Uint8Array.from(start), bytes.subarray(start.length)]).toString("base64url");
  const cases: Cases = [
    [token, "value"],
    [other({ key: fresh(32) }), "<forged>"],
    [other({ domain: "other" }), "<forged>"],
    [other({ audience: "other" }), "<forged>"],
    [other({ version: 8 }), "<version>"],
    [header(1, 1, 7), "<version>"],
    [header(2), "<form>"],
    [token.slice(0, -4), "<forged>"],
    [`${token.slice(0, -2)}B`, "<form>"],
    [`${token.slice(0, -3)}B`, "<form>"],
    [`${token}A`, "<form>"],
    [`${token}=`, "<form>"],
    [` ${token}`, "<form>"],
    [bytes.subarray(0, 18).toString("base64url"), "<form>"],
    ["", "<form>"],
    ["é".repeat(20), "<form>"],
    [null, "<null>"],
  ];
  const found = reveal(
    kernel,
    cases.map(([each]) => each),
  );
  assert.deepEqual(
    found,
    cases.map(([, outcome]) => outcome),
  );
});

test("a token has one spelling: with a bit set that base64url does not use, it is none", () => {
  const kernel = textKernel("siv", {}, makeMaster());
  const [token = ""] = tokenize(kernel, ["values"]);
  assert.equal(token.length % 4, 2);
  const last = token.at(-1) ?? "";
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const twin = token.slice(0, -1) + (alphabet[alphabet.indexOf(last) ^ 1] ?? "");
  assert.deepEqual(Buffer.from(twin, "base64url").length, Buffer.from(token, "base64url").length);
  assert.notEqual(reveal(kernel, [twin])[0], "value");
});

test("every bit of a siv token is authenticated", () => {
  const kernel = textKernel("siv", {}, makeMaster());
  const bytes = Buffer.from(tokenize(kernel, ["some value"])[0] ?? "", "base64url");
  const mutants = Array.from({ length: bytes.length * 8 }, (_, bit) => {
    const mutant = Buffer.from(bytes);
    mutant[bit >> 3] = (mutant[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    return mutant.toString("base64url");
  });
  for (const found of reveal(kernel, mutants)) assert.match(found, /^<(forged|version|form)>$/);
});

test("a card's token of another version, or a digit off, is refused by its Luhn sum", () => {
  const master = makeMaster();
  const kernel = textKernel("pan", { keep: "last4" }, master);
  const [token = ""] = tokenize(kernel, ["4111111111111111"]);
  assert.deepEqual(reveal(kernel, [token]), ["4111111111111111"]);
  const next = textKernel("pan", { keep: "last4" }, { ...master, version: master.version + 1 });
  const off = `${token.slice(0, 3)}${(Number(token[3]) + 1) % 10}${token.slice(4)}`;
  assert.deepEqual(reveal(next, [token]), ["<forged>"]);
  assert.deepEqual(reveal(kernel, [off, "4111111111111111", "411111111111111x", "1", ""]), [
    "<forged>",
    "<forged>",
    "<form>",
    "<form>",
    "<form>",
  ]);
});

test("letters that are no number under this key are forged, whatever their BIN and last digits", () => {
  const kernel = textKernel("pan", { keep: "bin6last4" }, makeMaster());
  const [token = ""] = tokenize(kernel, ["4111111111111111"]);
  const moved = `500000${token.slice(6)}`;
  const forgeries = Array.from({ length: 2000 }, (_, at) => {
    const letters = Array.from(at.toString(26).padStart(6, "0")).map((digit) =>
      String.fromCharCode(97 + parseInt(digit, 26)),
    );
    return `411111${letters.join("")}1111`;
  });
  const opened = reveal(kernel, [moved, ...forgeries]).filter((found) => !found.startsWith("<"));
  assert.ok(opened.length <= 20, "one in 309 is a number, and one in ten of those has a right check digit");
  assert.ok(opened.every(isLuhn));
  assert.deepEqual(reveal(kernel, ["411111ABCDEF1111", "41111a123456x111", "411111", ""]), [
    "<form>",
    "<form>",
    "<form>",
    "<form>",
  ]);
});

test("an address's token opens at its own domain alone", () => {
  const master = makeMaster();
  for (const domain of ["keep", "token", "replace"]) {
    const kernel = textKernel("email", { local: "siv", domain }, master);
    const [ann = "", bob = ""] = tokenize(kernel, ["ann@one.example", "bob@two.example"]);
    const [local = ""] = ann.split("@");
    const [, foreign = ""] = bob.split("@");
    assert.deepEqual(
      reveal(kernel, [ann, `${local}@elsewhere.example`, `${local.slice(1)}@x.example`, "x", ""]),
      ["ann@one.example", "<forged>", "<form>", "<form>", "<form>"],
    );
    const moved = reveal(kernel, [`${local}@${foreign}`]);
    assert.deepEqual(moved, [domain === "replace" ? "ann@one.example" : "<forged>"]);
  }
});

test("a phone's or a number's token that is not of the form reveals nothing", () => {
  const phone = textKernel("phone", { country: "US" }, makeMaster());
  assert.deepEqual(reveal(phone, ["4155552671", "+999123456789", "+1415555267a", "", null]), [
    "<form>",
    "<form>",
    "<form>",
    "<form>",
    "<null>",
  ]);
  const ssn = textKernel("ssn", {}, makeMaster());
  const found = reveal(ssn, ["123456789", "ABCDEFGHI", "abcdefgh", "", "abcdefghi"]);
  assert.deepEqual(found.slice(0, 4), ["<form>", "<form>", "<form>", "<form>"]);
});
