// The UTF-8 check against the platform's decoder.
import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { isUtf8 } from "../../core/column/utf8.ts";

function decodes(bytes: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

test("agrees with the decoder on every two-byte string, and on each with text around it", () => {
  for (let pair = 0; pair < 65_536; pair += 1) {
    const bytes = Uint8Array.of(pair >> 8, pair & 255);
    assert.equal(isUtf8(bytes, 0, 2), decodes(bytes), `${pair}`);
  }
});

test("agrees with the decoder on strings of few and many bytes, at any place in memory", () => {
  const byte = fc.oneof(
    fc.constantFrom(0x7f, 0x80, 0x9f, 0xa0, 0xbf, 0xc2, 0xdf, 0xe0, 0xed, 0xef, 0xf0, 0xf4),
    fc.nat(255),
  );
  const text = fc.string({ unit: "binary" }).map((string) => [...new TextEncoder().encode(string)]);
  const mixed = fc
    .array(fc.oneof(text, fc.array(byte, { maxLength: 4 })), { maxLength: 8 })
    .map((parts) => parts.flat());
  fc.assert(
    fc.property(mixed, fc.nat(3), (list, shift) => {
      const bytes = new Uint8Array(list.length + shift).subarray(shift);
      bytes.set(list);
      assert.equal(isUtf8(bytes, 0, bytes.length), decodes(bytes));
      assert.equal(isUtf8(bytes, 0, bytes.length >> 1), decodes(bytes.subarray(0, bytes.length >> 1)));
    }),
    { numRuns: 20_000 },
  );
});
