// FF1, AES-SIV and AES-CMAC against the vectors of NIST, RFC 5297 and Wycheproof: each case is visited, the invalid ones
// are refused with the code of what is wrong with them, and domains under a million are refused although valid once.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { SealroomError } from "../../core/errors.ts";
import { Alphabet, defaultAlphabet } from "../../core/token/alphabet.ts";
import { Cmac } from "../../core/token/cmac.ts";
import { Ff1, MIN_DOMAIN } from "../../core/token/ff1.ts";
import { Siv } from "../../core/token/siv.ts";
import { VECTORS, withoutVectors } from "../vectors.ts";

interface Case {
  readonly tcId: number;
  readonly flags?: readonly string[];
  readonly key: string;
  readonly msg: string;
  readonly result: "valid" | "invalid";
  readonly tweak: string;
  readonly ct: string;
  readonly aad: string;
  readonly tag: string;
}

interface Group {
  readonly alphabet: string;
  readonly tests: readonly Case[];
}

function load(path: string): unknown {
  return JSON.parse(readFileSync(new URL(`tokenization/${path}`, VECTORS), "utf8"));
}

const hex = (text: string): Uint8Array => Buffer.from(text, "hex");

/** The refusal's code, or what came out. */
function outcome(work: () => string): string {
  try {
    return work();
  } catch (error) {
    if (error instanceof SealroomError) return error.code;
    throw error;
  }
}

const REFUSALS: Readonly<Record<string, readonly string[]>> = {
  InvalidMessageSize: ["TOKEN_DOMAIN"],
  SmallMessageSize: ["TOKEN_DOMAIN"],
  InvalidPlaintext: ["TOKEN_CHARACTER"],
  InvalidKeySize: ["TOKEN_KEY"],
};

for (const [file, count] of [
  ["aes_ff1_base10_test.json", 3845],
  ["aes_ff1_base36_test.json", 2854],
] as const) {
  test(`every case of Wycheproof's ${file}`, { skip: withoutVectors }, () => {
    const { testGroups } = load(`wycheproof/${file}`) as { testGroups: readonly Group[] };
    let visited = 0;
    for (const { alphabet: characters, tests } of testGroups) {
      const alphabet = new Alphabet(characters);
      for (const { tcId, flags = [], key, tweak, msg, ct, result } of tests) {
        visited += 1;
        const encrypted = outcome(() =>
          alphabet.textOf(new Ff1(hex(key), alphabet.radix).encrypt(hex(tweak), alphabet.numeralsOf(msg))),
        );
        const refusals = flags.flatMap((flag) => REFUSALS[flag] ?? []);
        const isSmall = alphabet.radix ** Array.from(msg).length < MIN_DOMAIN;
        if (result === "valid" && !isSmall) {
          assert.equal(encrypted, ct, `case ${tcId}`);
          const ff1 = new Ff1(hex(key), alphabet.radix);
          assert.equal(
            alphabet.textOf(ff1.decrypt(hex(tweak), alphabet.numeralsOf(ct))),
            msg,
            `case ${tcId}`,
          );
        } else {
          assert.ok(
            refusals.includes(encrypted) || (isSmall && encrypted === "TOKEN_DOMAIN"),
            `case ${tcId}: ${encrypted}`,
          );
        }
      }
    }
    assert.equal(visited, count);
  });
}

test("the nine samples of NIST", { skip: withoutVectors }, () => {
  const { samples } = load("nist-ff1/nist-ff1-samples.json") as {
    samples: readonly { radix: number; key: string; tweak: string; pt: string; ct: string }[];
  };
  assert.equal(samples.length, 9);
  for (const { radix, key, tweak, pt, ct } of samples) {
    const alphabet = defaultAlphabet(radix);
    const ff1 = new Ff1(hex(key), radix);
    assert.equal(alphabet.textOf(ff1.encrypt(hex(tweak), alphabet.numeralsOf(pt))), ct);
    assert.equal(alphabet.textOf(ff1.decrypt(hex(tweak), alphabet.numeralsOf(ct))), pt);
  }
});

test("every case of NIST's ACVP for FF1", { skip: withoutVectors }, () => {
  interface Prompt {
    readonly direction: "encrypt" | "decrypt";
    readonly alphabet: string;
    readonly tests: readonly { tcId: number; tweak: string; pt?: string; ct?: string; key: string }[];
  }
  const prompt = load("acvp-ff1/prompt.json") as { testGroups: readonly Prompt[] };
  const expected = load("acvp-ff1/expectedResults.json") as {
    testGroups: readonly { tests: readonly { tcId: number; pt?: string; ct?: string }[] }[];
  };
  const answers = new Map(expected.testGroups.flatMap(({ tests }) => tests.map((each) => [each.tcId, each])));
  let visited = 0;
  for (const { direction, alphabet: characters, tests } of prompt.testGroups) {
    const alphabet = new Alphabet(characters);
    for (const { tcId, tweak, pt = "", ct = "", key } of tests) {
      const ff1 = new Ff1(hex(key), alphabet.radix);
      const found = outcome(() =>
        alphabet.textOf(
          direction === "encrypt"
            ? ff1.encrypt(hex(tweak), alphabet.numeralsOf(pt))
            : ff1.decrypt(hex(tweak), alphabet.numeralsOf(ct)),
        ),
      );
      const answer = answers.get(tcId);
      const isSmall = alphabet.radix ** (pt + ct).length < MIN_DOMAIN;
      assert.equal(found, isSmall ? "TOKEN_DOMAIN" : (answer?.ct ?? answer?.pt), `case ${tcId}`);
      visited += 1;
    }
  }
  assert.equal(visited, 750);
});

test("every case of Wycheproof's AES-SIV", { skip: withoutVectors }, () => {
  const { testGroups } = load("wycheproof/aes_siv_cmac_test.json") as { testGroups: readonly Group[] };
  let visited = 0;
  for (const { tcId, key, aad, msg, ct, result } of testGroups.flatMap(({ tests }) => tests)) {
    visited += 1;
    const opened = outcome(() => Buffer.from(new Siv(hex(key)).open([hex(aad)], hex(ct))).toString("hex"));
    assert.equal(opened, result === "valid" ? msg : "TOKEN_TAG", `case ${tcId}`);
    if (result !== "valid") continue;
    assert.equal(
      Buffer.from(new Siv(hex(key)).seal([hex(aad)], hex(msg))).toString("hex"),
      ct,
      `case ${tcId}`,
    );
  }
  assert.equal(visited, 442);
});

test("both examples of RFC 5297", { skip: withoutVectors }, () => {
  const { vectors } = load("rfc5297/rfc5297.json") as {
    vectors: readonly { name: string; key: string; ad: readonly string[]; pt: string; out: string }[];
  };
  assert.equal(vectors.length, 2);
  for (const { name, key, ad, pt, out } of vectors) {
    const siv = new Siv(hex(key));
    assert.equal(Buffer.from(siv.seal(ad.map(hex), hex(pt))).toString("hex"), out, name);
    assert.equal(Buffer.from(siv.open(ad.map(hex), hex(out))).toString("hex"), pt, name);
  }
});

test("every case of Wycheproof's AES-CMAC", { skip: withoutVectors }, () => {
  const { testGroups } = load("wycheproof/aes_cmac_test.json") as { testGroups: readonly Group[] };
  let visited = 0;
  for (const { tcId, flags = [], key, msg, tag, result } of testGroups.flatMap(({ tests }) => tests)) {
    visited += 1;
    const found = outcome(() => Buffer.from(new Cmac(hex(key)).mac(hex(msg))).toString("hex"));
    if (flags.includes("InvalidKeySize")) assert.equal(found, "TOKEN_KEY", `case ${tcId}`);
    else assert.equal(found === tag, result === "valid", `case ${tcId}`);
  }
  assert.equal(visited, 311);
});
