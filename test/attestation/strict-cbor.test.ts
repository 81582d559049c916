// The guard before the CBOR decoder, against values that cborg writes and against any bytes at all.
import assert from "node:assert/strict";
import { test } from "node:test";
import { decode, encode } from "cborg";
import fc from "fast-check";
import { decodeStrictCbor } from "../../core/attestation/strict-cbor.ts";
import { SealroomError } from "../../core/errors.ts";
import { soundPayload } from "./forge.ts";
import { assertThrows } from "./refusal.ts";

const leaf = fc.oneof(
  fc.integer({ min: -(2 ** 53) + 1, max: 2 ** 53 - 1 }),
  fc.uint8Array({ maxLength: 300 }),
  fc.string({ unit: "grapheme", maxLength: 100 }),
  fc.boolean(),
  fc.constant(null),
);

/** Values nested at most three deep, under keys that the subset has. */
const value = fc.letrec((tie) => ({
  any: fc.oneof({ maxDepth: 3, depthSize: "small" }, leaf, tie("list"), tie("map")),
  list: fc.array(tie("any"), { maxLength: 30 }),
  map: fc
    .array(fc.tuple(fc.oneof(fc.nat(), fc.string({ maxLength: 30 })), tie("any")), { maxLength: 30 })
    .map((entries) => new Map(entries)),
})).any;

test("decodes every value of the subset to what was encoded", () => {
  fc.assert(
    fc.property(value, (written) => {
      assert.deepEqual(decodeStrictCbor(encode(written), "DOCUMENT_CBOR"), written);
    }),
    { numRuns: 500 },
  );
});

/** Whether a lenient decoder reads the bytes, and whether the strict one does; any other failure is thrown. */
function readers(bytes: Uint8Array): { strict: unknown; lenient: unknown } {
  const outcome = { strict: undefined as unknown, lenient: undefined as unknown };
  try {
    outcome.strict = [decodeStrictCbor(bytes, "DOCUMENT_CBOR")];
  } catch (error) {
    if (!(error instanceof SealroomError)) throw error;
    assert.equal(error.code, "DOCUMENT_CBOR");
  }
  if (outcome.strict !== undefined) outcome.lenient = [decode(bytes, { useMaps: true })];
  return outcome;
}

test("gives a value or a typed refusal for any bytes, and the value a lenient decoder gives", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      const { strict, lenient } = readers(bytes);
      assert.deepEqual(strict, lenient);
    }),
    { numRuns: 5000 },
  );
});

test("gives a value or a typed refusal for a payload with bytes overwritten", () => {
  const payload = soundPayload();
  fc.assert(
    fc.property(
      fc.nat(payload.length - 1),
      fc.uint8Array({ minLength: 1, maxLength: 9 }),
      (offset, bytes) => {
        const changed = Uint8Array.from(payload);
        changed.set(bytes.subarray(0, payload.length - offset), offset);
        const { strict, lenient } = readers(changed);
        assert.deepEqual(strict, lenient);
      },
    ),
    { numRuns: 2000 },
  );
});

test("refuses 100,000 nested containers of every kind without running out of stack", () => {
  for (const head of [0x81, 0x9f, 0xa1, 0xbf, 0xd2, 0xc6]) {
    assertThrows(
      () => decodeStrictCbor(new Uint8Array(100_000).fill(head), "DOCUMENT_CBOR"),
      "DOCUMENT_CBOR",
    );
  }
});

test("refuses by itself what the decoder behind it might take, and says at which item", () => {
  const cases: [hex: string, offset: number, what: string][] = [
    ["", 0, "nothing"],
    ["ff", 0, "a break alone"],
    ["81ff", 1, "a break in a definite array"],
    ["a1fff6", 1, "a break in a definite map"],
    ["a100ff", 2, "a break for a definite map's value"],
    ["bf00ff", 2, "a break for a value"],
    ["bf0000", 3, "no break"],
    ["9f00ff", 0, "an indefinite array"],
    ["5f4100ff", 0, "bytes in pieces"],
    ["7f6161ff", 0, "text in pieces"],
    ["1f", 0, "an indefinite integer"],
    ["3f", 0, "an indefinite negative"],
    ["df", 0, "an indefinite tag"],
    ["1c", 0, "a reserved head"],
    ["1d", 0, "a reserved head"],
    ["1e", 0, "a reserved head"],
    ["5c00", 0, "a reserved length"],
    ["811901", 1, "half of an integer in an array"],
    ["18", 0, "an integer that is not there"],
    ["1901", 0, "half of an integer"],
    ["1a010000", 0, "three quarters of an integer"],
    ["1b01000000000000", 0, "seven eighths of an integer"],
    ["1817", 0, "23 in two bytes"],
    ["1900ff", 0, "255 in three bytes"],
    ["1a0000ffff", 0, "65535 in five bytes"],
    ["1b00000000ffffffff", 0, "2^32 - 1 in nine bytes"],
    ["1b0020000000000000", 0, "2^53"],
    ["3b0020000000000000", 0, "-2^53 - 1"],
    ["1bffffffffffffffff", 0, "2^64 - 1"],
    ["5801", 0, "a length in a byte too many"],
    ["42ff", 0, "bytes past the end"],
    ["5affffffff", 0, "4 GiB of bytes"],
    ["82f6", 0, "items past the end"],
    ["9affffffff", 0, "2^32 - 1 items"],
    ["a2f6f6f6", 0, "pairs past the end"],
    ["baffffffff", 0, "2^32 - 1 pairs"],
    ["61ff", 0, "text that is not UTF-8"],
    ["62c080", 0, "an overlong zero"],
    ["c0f6", 0, "a tag"],
    ["d81ef6", 0, "a tag"],
    ["f7", 0, "undefined"],
    ["f0", 0, "a simple value"],
    ["f814", 0, "false in two bytes"],
    ["f820", 0, "a simple value"],
    ["f93c00", 0, "a half"],
    ["fa3f800000", 0, "a single"],
    ["fb3ff0000000000000", 0, "a double"],
    ["a120f6", 1, "a negative key"],
    ["a14100f6", 1, "a key of bytes"],
    ["a1f6f6", 1, "null for a key"],
    ["a180f6", 1, "an array for a key"],
    ["a1a0f6", 1, "a map for a key"],
    ["8180", -1, "depth 2"],
    ["8181818100", -1, "depth 4"],
    ["818181818100", 4, "depth 5"],
    ["a100a100a100a100a0", 8, "depth 5, by maps"],
    ["bf00bf00bf00bf00bfffffffffff", 8, "depth 5, by indefinite maps"],
    ["8180" + "00", 2, "a byte after it"],
    ["f6f6", 1, "an item after it"],
    ["bfffff", 2, "a break after it"],
  ];
  for (const [hex, offset, what] of cases) {
    const bytes = Buffer.from(hex, "hex");
    if (offset === -1) {
      assert.doesNotThrow(() => decodeStrictCbor(bytes, "DOCUMENT_CBOR"), what);
      continue;
    }
    assert.throws(
      () => decodeStrictCbor(bytes, "DOCUMENT_CBOR"),
      (error: unknown) => {
        assert.ok(error instanceof SealroomError);
        assert.deepEqual([error.code, error.details], ["DOCUMENT_CBOR", { offset }], `${what}: ${hex}`);
        return true;
      },
    );
  }
});

test("refuses a key that stands twice, which the decoder behind it finds", () => {
  for (const hex of ["a200f600f6", "a26161f66161f6", "bf00f600f6ff"]) {
    const error = assertThrows(
      () => decodeStrictCbor(Buffer.from(hex, "hex"), "DOCUMENT_CBOR"),
      "DOCUMENT_CBOR",
      hex,
    );
    assert.deepEqual(error.details, {});
    assert.ok(error.cause instanceof Error);
  }
});

test("refuses under the code of its caller", () => {
  assertThrows(() => decodeStrictCbor(new Uint8Array(), "NSM_RESPONSE"), "NSM_RESPONSE");
});
