// Messages by a writer who has the data key and breaks one rule: tags and signatures hold, so the reader must find the
// fault itself, in the layer where it lies.
import assert from "node:assert/strict";
import { test } from "node:test";

import { encodeContext } from "../../core/seal/context.ts";
import { openHeader } from "../../core/seal/header.ts";
import { knownDataKey } from "../../core/seal/keyring.ts";
import { COMMITTING, EVERY_SUITE, SEALED_OBJECT } from "../../core/seal/policy.ts";
import type { MessagePolicy } from "../../core/seal/policy.ts";
import { frameLayout } from "../../core/seal/ranged.ts";
import { Forger, SUITE_FACTS, concat, sequenceIv, text, u16, u32, u64 } from "./forger.ts";
import type { Forgery } from "./forger.ts";
import { cutAt, readByRanges, readByteByByte, readChunks, readWhole } from "./reading.ts";
import type { Reader, Verdict } from "./reading.ts";

const PLAIN = Uint8Array.from({ length: 100 }, (_, i) => (i * 7) & 0xff);
const SUITES = [...SUITE_FACTS.keys()];
const SIGNED = SUITES.filter((suite) => SUITE_FACTS.get(suite)?.curve !== null);
const UNSIGNED = SUITES.filter((suite) => !SIGNED.includes(suite));
const OLD = SUITES.filter((suite) => suite < 0x0400);

function readerFor(forger: Forger): Reader {
  return { source: knownDataKey(forger.dataKey) };
}

/** One verdict, however the message comes. */
function read(bytes: Uint8Array, reader: Reader): Verdict {
  const whole = readWhole(bytes, reader);
  for (const verdict of [readByteByByte(bytes, reader), readChunks(cutAt(bytes, bytes.length), reader)]) {
    assert.equal(verdict.code, whole.code);
  }
  return whole;
}

function codeOf(forgery: Forgery): string {
  const forger = new Forger(forgery);
  const body = forgery.contentType === 1 ? [forger.unframed(PLAIN)] : forger.frames(PLAIN);
  return read(forger.message(...body), readerFor(forger)).code;
}

function flip(bytes: Uint8Array, at: number): Uint8Array {
  const flipped = bytes.slice();
  const index = at < 0 ? bytes.length + at : at;
  flipped[index] = (flipped[index] ?? 0) ^ 1;
  return flipped;
}

test("opens what the naive twin writes, in every suite, framed and unframed, at every length around a frame", () => {
  for (const suite of SUITES) {
    for (const length of [0, 1, 31, 32, 33, 63, 64, 65]) {
      const plain = PLAIN.subarray(0, length);
      const framed = new Forger({ suite, context: [["key", "värde"]] });
      const even = length % 32 === 0 && length > 0;
      const unframed = new Forger({ suite, contentType: 1 });
      const messages: (readonly [Forger, Uint8Array])[] = [
        [framed, framed.message(...framed.frames(plain))],
        [unframed, unframed.message(unframed.unframed(plain))],
      ];
      if (even) messages.push([framed, framed.message(...fullThenEmpty(framed, plain))]);
      for (const [forger, bytes] of messages) {
        assert.deepEqual(read(bytes, readerFor(forger)), { code: "ok", released: plain.slice() });
        if (forger === framed && UNSIGNED.includes(suite)) {
          const reader = { ...readerFor(forger), policy: EVERY_SUITE };
          assert.deepEqual(readByRanges(bytes, reader, 5), { code: "ok", released: plain.slice() });
        }
      }
    }
  }
});

/** A final frame of no bytes after full ones, as some writers end. */
function fullThenEmpty(forger: Forger, plain: Uint8Array): Uint8Array[] {
  const count = plain.length / forger.frameLength;
  const frames = Array.from({ length: count }, (_, i) =>
    forger.regular(i + 1, plain.subarray(i * forger.frameLength, (i + 1) * forger.frameLength)),
  );
  return [...frames, forger.final(count + 1, new Uint8Array(0))];
}

const HEADER_FAULTS: readonly (readonly [string, Partial<Forgery>, string, readonly number[]])[] = [
  ["version 0", { version: 0 }, "SEAL_HEADER", SUITES],
  ["version 3", { version: 3 }, "SEAL_HEADER", SUITES],
  ["a type other than 80", { type: 0x81 }, "SEAL_HEADER", OLD],
  ["an unknown suite", { suite: 0x0479 }, "SEAL_SUITE", [0x0478]],
  ["an unknown old suite", { suite: 0x0079 }, "SEAL_SUITE", [0x0078]],
  ["an old suite under version 2", { version: 2 }, "SEAL_SUITE", OLD],
  ["a new suite under version 1", { version: 1 }, "SEAL_SUITE", [0x0478, 0x0578]],
  ["content type 0", { contentType: 0 }, "SEAL_HEADER", SUITES],
  ["content type 3", { contentType: 3 }, "SEAL_HEADER", SUITES],
  ["frames of length 0", { frameLength: 0 }, "SEAL_HEADER", SUITES],
  ["a frame length without frames", { contentType: 1, frameLength: 32 }, "SEAL_HEADER", SUITES],
  ["reserved bytes in use", { reserved: Uint8Array.of(0, 0, 0, 1) }, "SEAL_HEADER", OLD],
  ["IVs of 13 bytes", { ivLength: 13 }, "SEAL_HEADER", OLD],
  ["IVs of 0 bytes", { ivLength: 0 }, "SEAL_HEADER", OLD],
  ["no wrapped key", { dataKeySection: u16(0) }, "SEAL_HEADER", SUITES],
  [
    "a provider that is not UTF-8",
    { dataKeys: [[Uint8Array.of(0xff), text(""), text("")]] },
    "SEAL_HEADER",
    SUITES,
  ],
  [
    "65 wrapped keys",
    { dataKeys: Array.from({ length: 65 }, () => ["p", text("i"), text("c")]) },
    "SEAL_LIMIT",
    SUITES,
  ],
  [
    "more than 128 KiB",
    { dataKeys: [1, 2, 3].map(() => ["p", text("i"), new Uint8Array(60_000)]) },
    "SEAL_LIMIT",
    // One of each version: byte by byte it takes long.
    [0x0178, 0x0478],
  ],
  ["a context of no pairs", { contextSection: concat(u16(2), u16(0)) }, "SEAL_CONTEXT", UNSIGNED],
  ["a context of half a count", { contextSection: concat(u16(1), Uint8Array.of(0)) }, "SEAL_CONTEXT", SUITES],
  [
    "a context with a byte after its pairs",
    { contextSection: section(1, "k", "v", "!") },
    "SEAL_CONTEXT",
    UNSIGNED,
  ],
  [
    "a context with fewer pairs than it counts",
    { contextSection: section(2, "k", "v") },
    "SEAL_CONTEXT",
    UNSIGNED,
  ],
  [
    "a context with more pairs than it counts",
    { contextSection: section(1, "a", "b", "\0\x01c\0\x01d") },
    "SEAL_CONTEXT",
    UNSIGNED,
  ],
  [
    "the same context key twice",
    {
      context: [
        ["k", "v"],
        ["k", "v"],
      ],
    },
    "SEAL_CONTEXT",
    SUITES,
  ],
  [
    "the same context key twice, apart",
    {
      context: [
        ["a", "1"],
        ["b", "2"],
        ["a", "3"],
      ],
    },
    "SEAL_CONTEXT",
    SUITES,
  ],
  [
    "a context key that is not UTF-8",
    { context: [[Uint8Array.of(0xc0, 0x80), "v"]] },
    "SEAL_CONTEXT",
    SUITES,
  ],
  [
    "a signing key in an unsigned suite",
    { context: [["aws-crypto-public-key", "AAAA"]] },
    "SEAL_CONTEXT",
    UNSIGNED,
  ],
  ["no signing key in a signed suite", { omitPublicKey: true }, "SEAL_CONTEXT", SIGNED],
  [
    "a signing key that is no point",
    { omitPublicKey: true, context: [["aws-crypto-public-key", "AAAA"]] },
    "CRYPTO_KEY",
    SIGNED,
  ],
  [
    "a signing key not in base64",
    { omitPublicKey: true, context: [["aws-crypto-public-key", "A===A"]] },
    "SEAL_CONTEXT",
    SIGNED,
  ],
  ["the commitment of another key", { commitment: new Uint8Array(32) }, "SEAL_COMMITMENT", [0x0478, 0x0578]],
  ["a header tag over more than the header", { required: [["k", "v"]] }, "SEAL_HEADER_TAG", SUITES],
];

function section(count: number, key: string, value: string, rest = ""): Uint8Array {
  const pairs = concat(u16(count), u16(key.length), text(key), u16(value.length), text(value), text(rest));
  return concat(u16(pairs.length), pairs);
}

for (const [name, forgery, code, suites] of HEADER_FAULTS) {
  test(`refuses a header with ${name}`, () => {
    for (const suite of suites) assert.equal(codeOf({ suite, ...forgery }), code, suite.toString(16));
  });
}

test("refuses a header whose tag or stored IV is changed", () => {
  for (const suite of SUITES) {
    const forger = new Forger({ suite });
    const frames = forger.frames(PLAIN);
    const places = suite < 0x0400 ? [-1, -16, -17, -28] : [-1, -16];
    for (const at of places) {
      const bytes = concat(flip(forger.header, at), ...frames);
      assert.equal(read(bytes, readerFor(forger)).code, "SEAL_HEADER_TAG");
    }
  }
});

test("takes a context out of order from older writers, and not in a sealed object", () => {
  const forger = new Forger({
    suite: 0x0478,
    context: [
      ["b", "1"],
      ["a", "2"],
    ],
  });
  const bytes = forger.message(...forger.frames(PLAIN));
  assert.equal(read(bytes, readerFor(forger)).code, "ok");
  assert.equal(read(bytes, { ...readerFor(forger), policy: SEALED_OBJECT }).code, "SEAL_CONTEXT");
});

test("takes a frame IV other than the sequence number from older writers, and not in a sealed object", () => {
  const forger = new Forger({ suite: 0x0478 });
  const iv = concat(new Uint8Array(8).fill(0xff), u32(1));
  const bytes = forger.message(forger.final(1, PLAIN.subarray(0, 9), iv));
  assert.equal(read(bytes, readerFor(forger)).code, "ok");
  const strict = { ...readerFor(forger), policy: SEALED_OBJECT };
  assert.equal(read(bytes, strict).code, "SEAL_FRAME");
  assert.equal(readByRanges(bytes, strict, 9).code, "SEAL_FRAME");
});

test("asks of a sealed object suite 0478, frames, and one wrapped key, before any key is used", () => {
  const source = { dataKey: () => assert.fail("the key was asked for") };
  const twoKeys = [
    ["p", text("i"), text("c")],
    ["q", text("i"), text("c")],
  ] as const;
  const forgeries: readonly Forgery[] = [
    ...SUITES.filter((suite) => suite !== 0x0478).map((suite) => ({ suite })),
    { suite: 0x0478, contentType: 1 },
    { suite: 0x0478, dataKeys: twoKeys },
  ];
  for (const forgery of forgeries) {
    const { header } = new Forger(forgery);
    assert.throws(() => openHeader(header, source, SEALED_OBJECT), {
      code: "POLICY_MESSAGE",
      name: "PolicyError",
    });
    assert.throws(
      () => openHeader(header, source),
      { code: "POLICY_MESSAGE" },
      "the default is not the strictest",
    );
  }
  for (const suite of OLD) {
    assert.throws(() => openHeader(new Forger({ suite }).header, source, COMMITTING), {
      code: "POLICY_MESSAGE",
    });
  }
  const many = Array.from({ length: 17 }, () => twoKeys[0]);
  const { header } = new Forger({ suite: 0x0478, dataKeys: many });
  assert.throws(() => openHeader(header, source, EVERY_SUITE), { code: "POLICY_MESSAGE" });
});

test("a reader who allowed an old suite once does not allow it again under a stricter policy", () => {
  // CVE-2026-6550: a cache keyed by the wrapped key alone forgot the policy. Here nothing outlives a call.
  const forger = new Forger({ suite: 0x0178, dataKeys: [["p", text("i"), text("c")]] });
  const bytes = forger.message(...forger.frames(PLAIN));
  const source = knownDataKey(forger.dataKey);
  assert.equal(readWhole(bytes, { source, policy: EVERY_SUITE }).code, "ok");
  assert.equal(readWhole(bytes, { source, policy: COMMITTING }).code, "POLICY_MESSAGE");
});

test("refuses the wrong data key, and one of the wrong length", () => {
  for (const suite of SUITES) {
    const forger = new Forger({ suite });
    const bytes = forger.message(...forger.frames(PLAIN));
    const wrong = { source: knownDataKey(flip(forger.dataKey, 0)) };
    assert.equal(read(bytes, wrong).code, suite < 0x0400 ? "SEAL_HEADER_TAG" : "SEAL_COMMITMENT");
    const longer = { source: knownDataKey(concat(forger.dataKey, Uint8Array.of(0))) };
    assert.equal(read(bytes, longer).code, "SEAL_KEY");
    assert.equal(read(bytes, { source: knownDataKey(new Uint8Array(0)) }).code, "SEAL_KEY");
  }
});

const BODY_FAULTS: readonly (readonly [string, string, (forger: Forger) => readonly Uint8Array[]])[] = [
  ["no frame at all", "SEAL_TRUNCATED", () => []],
  ["no final frame", "SEAL_TRUNCATED", (f) => f.frames(PLAIN).slice(0, -1)],
  [
    "a first frame numbered 0",
    "SEAL_SEQUENCE",
    (f) => [f.regular(0, PLAIN.subarray(0, 32)), f.final(1, PLAIN)],
  ],
  ["a first frame numbered 2", "SEAL_SEQUENCE", (f) => [f.final(2, PLAIN.subarray(0, 32))]],
  [
    "a number left out",
    "SEAL_SEQUENCE",
    (f) => [f.regular(1, PLAIN.subarray(0, 32)), f.final(3, PLAIN.subarray(0, 4))],
  ],
  [
    "a number used twice",
    "SEAL_SEQUENCE",
    (f) => [f.regular(1, PLAIN.subarray(0, 32)), f.final(1, PLAIN.subarray(0, 4))],
  ],
  ["a final frame longer than a frame", "SEAL_FRAME", (f) => [f.final(1, PLAIN.subarray(0, 33))]],
  [
    "a short regular frame",
    "SEAL_FRAME_TAG",
    (f) => [f.regular(1, PLAIN.subarray(0, 31)), f.final(2, PLAIN.subarray(0, 32))],
  ],
  ["a final frame sealed as a regular one", "SEAL_FRAME_TAG", (f) => [relabelled(f)]],
];

for (const [name, code, body] of BODY_FAULTS) {
  test(`refuses a body with ${name}`, () => {
    for (const suite of SUITES) {
      const forger = new Forger({ suite });
      const signed = concat(forger.header, ...body(forger));
      // Without a footer too, since it would be read as frames.
      assert.equal(read(signed, readerFor(forger)).code, code, suite.toString(16));
    }
  });
}

/** The bytes of a regular frame's seal in the form of a final one. */
function relabelled(forger: Forger): Uint8Array {
  const regular = forger.regular(1, PLAIN.subarray(0, 32));
  return concat(u32(0xffffffff), u32(1), sequenceIv(1), u32(32), regular.subarray(16));
}

test("refuses whatever follows the final frame", () => {
  for (const suite of UNSIGNED) {
    const forger = new Forger({ suite });
    const message = forger.message(...forger.frames(PLAIN));
    const tails = [
      Uint8Array.of(0),
      forger.final(5, new Uint8Array(0)),
      forger.final(4, PLAIN.subarray(96)),
      forger.regular(5, PLAIN.subarray(0, 32)),
      new Forger({ suite: 0x0378 }).footer(message),
    ];
    for (const tail of tails) {
      assert.equal(read(concat(message, tail), readerFor(forger)).code, "SEAL_TRAILING");
      const header = openHeader(message, knownDataKey(forger.dataKey), EVERY_SUITE);
      const ranged = readByRanges(concat(message, tail), { ...readerFor(forger), policy: EVERY_SUITE }, 32);
      assert.notEqual(ranged.code, "ok", `frames ${String(frameLayout(header, message.length).frames)}`);
    }
  }
});

test("refuses an unframed body with a wrong length, IV or label, and whatever follows it", () => {
  for (const suite of UNSIGNED) {
    const forger = new Forger({ suite, contentType: 1 });
    const body = forger.unframed(PLAIN);
    const withLength = (length: number): Uint8Array =>
      concat(body.subarray(0, 12), u64(length), body.subarray(20));
    const cases: readonly (readonly [Uint8Array, string])[] = [
      [withLength(PLAIN.length - 1), "SEAL_FRAME_TAG"],
      [withLength(PLAIN.length + 1), "SEAL_TRUNCATED"],
      [withLength(2 ** 36 - 31), "SEAL_FRAME"],
      [withLength(2 ** 52), "SEAL_FRAME"],
      [withLength(2 ** 30 + 1), "SEAL_LIMIT"],
      [concat(flip(body, 3)), "SEAL_FRAME_TAG"],
      [flip(body, -1), "SEAL_FRAME_TAG"],
      [concat(body, Uint8Array.of(0)), "SEAL_TRAILING"],
      [concat(body, body), "SEAL_TRAILING"],
      [
        concat(sequenceIv(1), u64(32), forger.regular(1, PLAIN.subarray(0, 32)).subarray(16)),
        "SEAL_FRAME_TAG",
      ],
    ];
    for (const [bytes, code] of cases) {
      const verdict = read(concat(forger.header, bytes), readerFor(forger));
      assert.deepEqual(verdict, { code, released: new Uint8Array(0) });
    }
  }
});

test("releases nothing of a signed message whose footer is missing, changed, cut, foreign or followed by a byte", () => {
  for (const suite of SIGNED) {
    for (const contentType of [1, 2]) {
      const forger = new Forger({ suite, contentType });
      const signed = concat(
        forger.header,
        ...(contentType === 1 ? [forger.unframed(PLAIN)] : forger.frames(PLAIN)),
      );
      const footer = forger.footer(signed);
      const signature = footer.subarray(2);
      const cases: readonly (readonly [Uint8Array, string])[] = [
        [new Uint8Array(0), "SEAL_TRUNCATED"],
        [footer.subarray(0, 1), "SEAL_TRUNCATED"],
        [footer.subarray(0, -1), "SEAL_TRUNCATED"],
        [flip(footer, -1), "SEAL_SIGNATURE"],
        [concat(u16(signature.length - 1), signature.subarray(0, -1)), "SEAL_SIGNATURE"],
        [concat(u16(signature.length + 1), signature, Uint8Array.of(0)), "not ok"],
        [u16(0), "SEAL_FOOTER"],
        [concat(u16(0xffff), signature), "SEAL_FOOTER"],
        [new Forger({ suite, contentType }).footer(signed), "SEAL_SIGNATURE"],
        [forger.footer(concat(signed, Uint8Array.of(0))), "SEAL_SIGNATURE"],
        [concat(footer, Uint8Array.of(0)), "SEAL_TRAILING"],
        [concat(footer, footer), "SEAL_TRAILING"],
      ];
      for (const [bytes, code] of cases) {
        const verdict = read(concat(signed, bytes), readerFor(forger));
        if (code === "not ok") assert.ok(["SEAL_SIGNATURE", "SEAL_FOOTER"].includes(verdict.code));
        else assert.equal(verdict.code, code);
        assert.equal(verdict.released.length, 0);
      }
    }
  }
});

test("refuses a changed frame of a signed message that its footer signs", () => {
  const forger = new Forger({ suite: 0x0578 });
  const [first = new Uint8Array(0), ...rest] = forger.frames(PLAIN);
  assert.equal(read(forger.message(flip(first, 20), ...rest), readerFor(forger)).code, "SEAL_FRAME_TAG");
});

test("holds no more of a message than the policy allows", () => {
  const policy: MessagePolicy = { ...EVERY_SUITE, maxHeldBytes: 99 };
  const codes = [
    [{ suite: 0x0478, frameLength: 32 }, "ok"],
    [{ suite: 0x0478, frameLength: 99 }, "ok"],
    [{ suite: 0x0478, frameLength: 2 ** 32 - 1 }, "SEAL_LIMIT"],
    [{ suite: 0x0478, contentType: 1 }, "SEAL_LIMIT"],
    [{ suite: 0x0578, frameLength: 32 }, "SEAL_LIMIT"],
    [{ suite: 0x0578, contentType: 1 }, "SEAL_LIMIT"],
  ] as const;
  for (const [forgery, code] of codes) {
    const forger = new Forger(forgery);
    const unframed = "contentType" in forgery;
    const bytes = forger.message(...(unframed ? [forger.unframed(PLAIN)] : forger.frames(PLAIN)));
    assert.equal(read(bytes, { ...readerFor(forger), policy }).code, code);
  }
});

test("a header that claims a frame of 4 GiB waits for it without setting memory aside", () => {
  const forger = new Forger({ suite: 0x0478, frameLength: 2 ** 32 - 1 });
  const policy: MessagePolicy = { ...EVERY_SUITE, maxHeldBytes: 2 ** 33 };
  const before = process.memoryUsage().arrayBuffers;
  const verdict = readWhole(concat(forger.header, u32(1), new Uint8Array(100)), {
    ...readerFor(forger),
    policy,
  });
  assert.equal(verdict.code, "SEAL_TRUNCATED");
  assert.ok(process.memoryUsage().arrayBuffers - before < 2 ** 24);
});

test("required context is authenticated though it is not stored, in every suite", () => {
  for (const suite of SUITES) {
    const forger = new Forger({
      suite,
      context: [["stored", "1"]],
      required: [
        ["a", "2"],
        ["b", "3"],
      ],
    });
    const bytes = forger.message(...forger.frames(PLAIN));
    const codeWith = (required: readonly (readonly [string, string])[]): string =>
      read(bytes, { ...readerFor(forger), required: new Map(required) }).code;
    assert.equal(
      codeWith([
        ["a", "2"],
        ["b", "3"],
      ]),
      "ok",
    );
    assert.equal(
      codeWith([
        ["b", "3"],
        ["stored", "1"],
        ["a", "2"],
      ]),
      "ok",
    );
    assert.equal(codeWith([]), "SEAL_HEADER_TAG");
    assert.equal(codeWith([["a", "2"]]), "SEAL_HEADER_TAG");
    assert.equal(
      codeWith([
        ["a", "2"],
        ["b", "4"],
      ]),
      "SEAL_HEADER_TAG",
    );
    assert.equal(
      codeWith([
        ["a", "2"],
        ["b", "3"],
        ["c", ""],
      ]),
      "SEAL_HEADER_TAG",
    );
    assert.equal(
      codeWith([
        ["a", "2"],
        ["b", "3"],
        ["stored", "2"],
      ]),
      "SEAL_CONTEXT",
    );
    assert.equal(
      codeWith([
        ["a", "2"],
        ["b", "3"],
        ["aws-crypto-other", "1"],
      ]),
      "SEAL_CONTEXT",
    );
  }
});

test("a context that has no UTF-8 bytes, or too many, cannot be written", () => {
  assert.throws(() => encodeContext(new Map([["k", "\ud800"]])), { code: "SEAL_CONTEXT" });
  assert.throws(() => encodeContext(new Map([["k", "v".repeat(65_535)]])), { code: "SEAL_LIMIT" });
  assert.deepEqual(
    encodeContext(
      new Map([
        ["ｚ", "1"],
        ["\u{1F600}", "2"],
        ["a", "3"],
      ]),
    ),
    concat(
      u16(3),
      ...["a", "3", "ｚ", "1", "\u{1F600}", "2"].flatMap((word) => [u16(text(word).length), text(word)]),
    ),
  );
});
