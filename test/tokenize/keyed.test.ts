// Keyed operators against a second implementation, and back: at least 100,000 values each, of mixed lengths, with nulls,
// in slices at odd places.
import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { test } from "node:test";
import {
  isLuhn,
  makeMaster,
  pick,
  randomDigits,
  randomPan,
  reveal,
  textKernel,
  tokenize,
} from "./columns.ts";
import {
  naiveCmac,
  naiveEmail,
  naiveFf1,
  naiveHmac,
  naivePanBin,
  naivePanLast4,
  naivePhone,
  naiveSiv,
  naiveSsn,
} from "./naive.ts";
import type { NaiveEmail, Value } from "./naive.ts";
import type { TextKernel } from "../../jobs/tokenize/operator.ts";

const VALUES = 100_000;
const BATCH = 10_000;

/** A tenth are null. What comes out is what the second implementation says; what is revealed is what went in. */
function compare(
  kernel: TextKernel,
  makeValue: () => string,
  expected: Value,
  count = VALUES,
): readonly string[] {
  const all: string[] = [];
  while (all.length < count) {
    const values = Array.from({ length: BATCH }, (_, row) => (row % 10 === 3 ? null : makeValue()));
    const tokens = tokenize(kernel, values);
    let same = 0;
    for (const [row, value] of values.entries()) {
      assert.equal(tokens[row], value === null ? "<null>" : expected(value));
      if (tokens[row] === value) same += 1;
    }
    assert.ok(same <= 2, "by chance at most");
    if (kernel.reveal !== undefined) {
      const back = reveal(
        kernel,
        tokens.map((token, row) => (values[row] === null ? null : token)),
      );
      assert.deepEqual(
        back,
        values.map((value) => value ?? "<null>"),
      );
    }
    all.push(...tokens.filter((token) => token !== "<null>"));
  }
  return all;
}

const CHARACTERS = [...Array.from("abcXYZ019 -_.@/"), "é", "ß", "漢", "😀", "\u0301", "\0"];

function anyText(most: number): string {
  return Array.from({ length: 1 + randomInt(most) }, () => pick(CHARACTERS)).join("");
}

test("siv of texts of 1 to 50 characters, not ASCII alone, is the second implementation's and opens", () => {
  const master = makeMaster({ version: 0x1234 });
  const kernel = textKernel("siv", { canonical: "exact" }, master);
  const tokens = compare(kernel, () => anyText(50), naiveSiv(master, "exact"));
  assert.ok(tokens.every((token) => /^[\w-]+$/.test(token)));
});

test("cmac of texts of 1 to 60 characters is the second implementation's", () => {
  const master = makeMaster();
  const kernel = textKernel("cmac", { canonical: "exact" }, master);
  const tokens = compare(kernel, () => anyText(60), naiveCmac(master, "exact"));
  assert.ok(tokens.every((token) => /^[\w-]{22}$/.test(token)));
});

test("hmac of texts of 1 to 60 characters is the second implementation's", () => {
  const master = makeMaster();
  const kernel = textKernel("hmac", { canonical: "exact" }, master);
  const tokens = compare(kernel, () => anyText(60), naiveHmac(master, "exact"));
  assert.ok(tokens.every((token) => /^[\w-]{22}$/.test(token)));
});

test("ff1 of digits of many lengths, long ones too, is the second implementation's and comes back", () => {
  const master = makeMaster();
  const parameters = { alphabet: "0123456789", template: null, canonical: "trim" };
  compare(
    textKernel("ff1", { alphabet: parameters.alphabet }, master),
    () => randomDigits(pick([6, 7, 9, 10, 12, 16, 19, 20, 23])),
    naiveFf1(master, parameters),
  );
});

test("ff1 in a template keeps what is no place of it", () => {
  const master = makeMaster();
  const parameters = { alphabet: "ABCDEFGHJKLMNPQRSTUVWXYZ", template: "ID-###/###.", canonical: "exact" };
  const tokens = compare(
    textKernel("ff1", parameters, master),
    () =>
      parameters.template.replaceAll(
        "#",
        () => parameters.alphabet[randomInt(parameters.alphabet.length)] ?? "",
      ),
    naiveFf1(master, parameters),
  );
  assert.ok(tokens.every((token) => /^ID-[A-HJ-NP-Z]{3}\/[A-HJ-NP-Z]{3}\.$/.test(token)));
});

for (const [version, count] of [
  [7, VALUES],
  [8, 9_000],
  [9, 9_000],
  [65_535, 9_000],
] as const) {
  test(`pan keeps the last four and is never a card number, in version ${version}`, () => {
    const master = makeMaster({ version });
    const kernel = textKernel("pan", { keep: "last4" }, master);
    const tokens = compare(kernel, () => randomPan(13 + randomInt(7)), naivePanLast4(master), count);
    assert.ok(tokens.every((token) => /^\d{13,19}$/.test(token) && !isLuhn(token)));
  });
}

for (const [keep, bin, lengths] of [
  ["bin6last4", 6, [14, 15, 16, 17, 18, 19]],
  ["bin8last4", 8, [16, 17, 18, 19]],
] as const) {
  test(`pan with ${keep} has letters in the middle`, () => {
    const master = makeMaster();
    const kernel = textKernel("pan", { keep }, master);
    const tokens = compare(kernel, () => randomPan(pick(lengths)), naivePanBin(master, bin));
    assert.ok(tokens.every((token) => /^\d+[a-zA-Z]{4,9}\d{4}$/.test(token)));
  });
}

function randomSsn(): string {
  const area = pick([1 + randomInt(665), 667 + randomInt(233)]);
  const parts = [String(area).padStart(3, "0"), String(1 + randomInt(99)).padStart(2, "0")];
  return [...parts, String(1 + randomInt(9999)).padStart(4, "0")].join(pick(["", "-"]));
}

test("ssn gives nine letters, with dashes where the number has them", () => {
  const master = makeMaster();
  const tokens = compare(textKernel("ssn", {}, master), randomSsn, naiveSsn(master, "letters"));
  assert.ok(tokens.every((token) => /^[a-z]{3}(-?)[a-z]{2}\1[a-z]{4}$/.test(token)));
});

test("ssn gives nine digits where that is chosen, and reveals them", () => {
  const master = makeMaster();
  const kernel = textKernel("ssn", { form: "digits", lenient: true }, master);
  const tokens = compare(kernel, randomSsn, naiveSsn(master, "digits"));
  assert.ok(tokens.every((token) => /^\d{3}(-?)\d{2}\1\d{4}$/.test(token)));
});

test("phone keeps the calling code and enciphers the national number", () => {
  const master = makeMaster();
  const national: Readonly<Record<string, () => string>> = {
    "1": () => `${pick(["212", "415", "604", "876"])}${2 + randomInt(8)}${randomDigits(6)}`,
    "44": () => `7${1 + randomInt(8)}${randomDigits(8)}`,
    "49": () => `151${randomDigits(pick([7, 8]))}`,
    "39": () => `06${randomDigits(8)}`,
  };
  const naive = naivePhone(master);
  compare(
    textKernel("phone", {}, master),
    () => {
      const code = pick(Object.keys(national));
      return `+${code}${national[code]?.() ?? ""}`;
    },
    (text) => {
      const code = Object.keys(national).find((each) => text.startsWith(`+${each}`)) ?? "";
      return naive(code, text.slice(1 + code.length));
    },
  );
});

const EMAILS: readonly NaiveEmail[] = [
  { local: "siv", domain: "keep", replacement: "example.invalid", localCase: "fold" },
  { local: "siv", domain: "token", replacement: "example.invalid", localCase: "keep" },
  { local: "siv", domain: "replace", replacement: "tokens.test", localCase: "fold" },
  { local: "cmac", domain: "keep", replacement: "example.invalid", localCase: "fold" },
  { local: "cmac", domain: "token", replacement: "example.invalid", localCase: "fold" },
];
for (const parameters of EMAILS) {
  test(`email with ${parameters.local} and its domain: ${parameters.domain}`, () => {
    const master = makeMaster();
    const { replacement, ...rest } = parameters;
    const given = parameters.domain === "replace" ? { ...rest, replacement } : rest;
    const name = (): string => `${pick(["a", "jörg", "o'neil", "x.y"])}${randomInt(1e6)}`;
    compare(
      textKernel("email", given, master),
      () => `${name()}@${pick(["mail.example", "a.b.test", "bücher.example", `d${randomInt(99)}.org`])}`,
      naiveEmail(master, parameters),
      VALUES / EMAILS.length,
    );
  });
}
