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

test("refuses under the code of its caller", () => {
  assertThrows(() => decodeStrictCbor(new Uint8Array(), "NSM_RESPONSE"), "NSM_RESPONSE");
});
