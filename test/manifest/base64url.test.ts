// base64url has one spelling for any bytes; every other is refused.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { decodeBase64url, encodeBase64url } from "../../core/text/base64url.ts";

test("encodes as Node does, and decodes what it encodes", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const text = encodeBase64url(bytes);
      assert.equal(text, Buffer.from(bytes).toString("base64url"));
      assert.deepEqual(decodeBase64url(text), bytes);
    }),
    { numRuns: 500 },
  );
});

test("decodes a text exactly if Node's bytes of it encode to it again", () => {
  const letters = fc.constantFrom("A", "B", "Q", "g", "w", "8", "-", "_", "=", "+", "/", " ", "\n", ".", "é");
  let accepted = 0;
  fc.assert(
    fc.property(fc.string({ unit: letters, maxLength: 9 }), (text) => {
      const bytes = Buffer.from(text, "base64url");
      const isCanonical = bytes.toString("base64url") === text;
      assert.deepEqual(decodeBase64url(text), isCanonical ? new Uint8Array(bytes) : undefined);
      accepted += isCanonical ? 1 : 0;
    }),
    { numRuns: 5000 },
  );
  assert.ok(accepted > 50);
});

test("refuses a last character that stands alone", () => {
  for (const text of ["A", "AAAAA", "_____"]) assert.equal(decodeBase64url(text), undefined, text);
});
