// One key for one use: whatever differs, the key does; and the bytes never change.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { deriveTokenKey, SUITE } from "../../core/token/keys.ts";
import type { KeyUse, TokenMaster } from "../../core/token/keys.ts";
import { makeMaster, textKernel, tokenize } from "./columns.ts";
import { naiveKey } from "./naive.ts";

const MASTER: TokenMaster = {
  key: Uint8Array.from({ length: 32 }, (_, at) => at),
  domain: "person.ssn",
  audience: "research",
  version: 1,
};
const USE: KeyUse = { operator: "siv", part: "value", suite: SUITE.siv, parameters: { canonical: "trim" } };

const hexKey = (master: TokenMaster, use: KeyUse, bytes: number): string =>
  Buffer.from(deriveTokenKey(master, use, bytes)).toString("hex");

test("keys are the bytes that they were", () => {
  assert.equal(
    hexKey(MASTER, USE, 64),
    "9b86244e42b63a36f5dfabcdbda3df7dba64001b2fb16acb85ae91c5a863d0c0229860cf96c6e26f70d9d7eaff5211a1e5d75b56f729b38084c6e8dbd712d6b4",
  );
  const pan: KeyUse = {
    operator: "pan",
    part: "value",
    suite: SUITE.ff1,
    parameters: { keep: "last4", canonical: "digits" },
  };
  assert.equal(
    hexKey({ ...MASTER, domain: "karte.é", audience: "für alle", version: 65_535 }, pan, 32),
    "6b07f7781754dcba1d302e607b89a4e03fb09a38ae01070608cc53f80c166731",
  );
});

test("tokens are what they were", () => {
  const last = (name: string, parameters: Readonly<Record<string, string>>, text: string): string =>
    tokenize(textKernel(name, parameters, MASTER), [text])[0] ?? "";
  assert.deepEqual(
    [
      last("siv", {}, "Zoë"),
      last("cmac", { canonical: "fold" }, " Zoë "),
      last("hmac", {}, "Zoë"),
      last("ff1", { alphabet: "0123456789", template: "##-####" }, "12-3456"),
      last("pan", { keep: "last4" }, "4111 1111 1111 1111"),
      last("pan", { keep: "bin6last4" }, "4111111111111111"),
      last("pan", { keep: "bin8last4" }, "4111111111111111"),
      last("ssn", {}, "123-45-6789"),
      last("phone", { country: "US" }, "(415) 555-2671"),
      last("email", { local: "siv", domain: "keep" }, "Zoe@Mail.Example"),
      last("email", { local: "cmac", domain: "token" }, "Zoe@Mail.Example"),
    ],
    [
      "AQABdkJ3VQL4L744w9D5IlEiDB5Nc6Q",
      "OboCWT_ObQllA1ed-mUqFA",
      "hBw-rU5aJSAKQB9jcnhWOg",
      "13-3587",
      "8876421934901111",
      "411111qjwlpi1111",
      "41111111qCTk1111",
      "hsl-qu-pogx",
      "+19772300630",
      "aeaadtzqcste3h5vsqvaii5ni2mjiqtoldbtxx3di5upu64mmwed7ur5@mail.example",
      "hzol2ocnhxswxaz76uaqooq77y@bw4gspblq3ernzprtqvqxcitvq.invalid",
    ],
  );
});

const name = fc.stringMatching(/^[a-z]{0,11}[.]$/);
const scope = fc.record({
  operator: name,
  part: name,
  suite: fc.constantFrom(1, 2, 3, 4),
  domain: name,
  audience: name,
  version: fc.integer({ min: 1, max: 65_535 }),
  canonical: name,
  bytes: fc.constantFrom(32, 64),
  key: fc.uint8Array({ minLength: 32, maxLength: 32 }),
});
type Scope = typeof scope extends fc.Arbitrary<infer T> ? T : never;

function keyOf({ operator, part, suite, domain, audience, version, canonical, bytes, key }: Scope): string {
  const use = { operator, part, suite: suite, parameters: { canonical } };
  return hexKey({ key, domain, audience, version }, use, bytes);
}

test("any other operator, part, suite, domain, audience, version, parameter, length or master has another key", () => {
  fc.assert(
    fc.property(scope, scope, (a, b) => {
      for (const member of Object.keys(a) as (keyof Scope)[]) {
        const changed = { ...a, [member]: b[member] };
        const isSame = JSON.stringify(changed) === JSON.stringify(a);
        assert.equal(keyOf(changed).slice(0, 64) === keyOf(a).slice(0, 64), isSame, member);
      }
    }),
  );
});

test("what ends one field cannot begin the next", () => {
  const pairs = [
    ["ab", "c"],
    ["a", "bc"],
    ["abc", "c"],
  ] as const;
  const keys = pairs.map(([domain, audience]) => hexKey({ ...MASTER, domain, audience }, USE, 32));
  assert.equal(new Set(keys).size, pairs.length);
});

test("keys are the second implementation's", () => {
  fc.assert(
    fc.property(scope, ({ operator, part, suite, domain, audience, version, canonical, bytes, key }) => {
      const master = { key, domain, audience, version };
      const use = { operator, part, suite: suite, parameters: { canonical } };
      assert.deepEqual(
        deriveTokenKey(master, use, bytes),
        naiveKey(master, operator, part, suite, { canonical }, bytes),
      );
    }),
  );
});

test("a master key of another length, and names and versions that none can have, are refused", () => {
  for (const bytes of [0, 16, 31, 33, 64]) {
    assert.throws(() => deriveTokenKey(makeMaster({ key: new Uint8Array(bytes) }), USE, 32), {
      code: "TOKEN_KEY",
    });
  }
  const bad: readonly Partial<TokenMaster>[] = [
    { domain: "" },
    { domain: "\ud800" },
    { domain: " a" },
    { audience: "" },
    { audience: "a\u202eb" },
    { version: 0 },
    { version: 1.5 },
    { version: 65_536 },
    { version: Number.NaN },
  ];
  for (const over of bad) {
    const details = { field: Object.keys(over)[0] };
    assert.throws(() => deriveTokenKey(makeMaster(over), USE, 32), { code: "TOKEN_SCOPE", details });
  }
});

test("no two operators, parameters, domains, audiences or versions have a token in common", () => {
  const master = makeMaster();
  const masters = [
    master,
    { ...master, domain: "person.other" },
    { ...master, audience: "other" },
    { ...master, version: 8 },
  ];
  const tokens = masters.flatMap((each) =>
    (["exact", "trim", "nfc", "fold"] as const).flatMap((canonical) =>
      ["siv", "cmac", "hmac"].flatMap((operator) =>
        tokenize(textKernel(operator, { canonical }, each), ["a"]),
      ),
    ),
  );
  assert.equal(new Set(tokens.map((token) => token.slice(-16))).size, 4 * 4 * 3);
});
