// The bytes of an encryption context, by themselves: read as they were written, and refused when they are cut.
import assert from "node:assert/strict";
import { test } from "node:test";
import { completeContext, decodeContext, encodeContext } from "../../core/seal/context.ts";
import { concat, u16 } from "./forger.ts";

const CONTEXT = new Map([
  ["", "of no name"],
  ["a", "x".repeat(300)],
  ["\ufeffa", "\ufeff"],
]);

test("a context is read as it was written: an empty name, long values and byte order marks too", () => {
  assert.deepEqual(decodeContext(encodeContext(CONTEXT)), { context: CONTEXT, sorted: true });
  assert.deepEqual(decodeContext(encodeContext(new Map())), { context: new Map(), sorted: true });
});

test("a context that is cut anywhere, or goes on, is refused", () => {
  const bytes = encodeContext(CONTEXT);
  for (let length = 1; length < bytes.length; length++) {
    assert.throws(() => decodeContext(bytes.subarray(0, length)), { code: "SEAL_CONTEXT" }, String(length));
  }
  assert.throws(() => decodeContext(concat(bytes, Uint8Array.of(0))), { code: "SEAL_CONTEXT" });
  assert.throws(() => decodeContext(u16(0)), { code: "SEAL_CONTEXT" });
});

test("a pair that is known is demanded if it is stored, and required if it is not", () => {
  const stored = new Map([["a", "1"]]);
  const known = new Map([
    ["a", "1"],
    ["b", "2"],
  ]);
  assert.deepEqual(completeContext(stored, known), { full: known, required: new Map([["b", "2"]]) });
  assert.throws(() => completeContext(stored, new Map([["a", "2"]])), { code: "SEAL_CONTEXT" });
  assert.throws(() => completeContext(stored, new Map([["aws-crypto-x", ""]])), { code: "SEAL_CONTEXT" });
});
