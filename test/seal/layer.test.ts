// The code that a failed tag gets where it is found, and what passes by as it is.
import assert from "node:assert/strict";
import { test } from "node:test";
import { SealroomError } from "../../core/errors.ts";
import { openAs } from "../../core/seal/layer.ts";

function failWith(error: Error): () => never {
  return () => {
    throw error;
  };
}

test("a tag that fails gets the code of its layer, and is named as the cause", () => {
  const cause = new SealroomError("CRYPTO_TAG");
  assert.throws(() => openAs("OBJECT_KEY", failWith(cause)), { code: "OBJECT_KEY", details: {}, cause });
});

test("other failures pass through as they are, ours and not, whatever code they bear", () => {
  const others = [
    new SealroomError("CRYPTO_KEY"),
    new Error("out of memory"),
    Object.assign(new Error("not ours"), { code: "CRYPTO_TAG" }),
  ];
  for (const other of others) {
    assert.throws(
      () => openAs("OBJECT_KEY", failWith(other)),
      (error) => error === other,
    );
  }
});

test("what opens is handed on", () => {
  assert.equal(
    openAs("OBJECT_KEY", () => 7),
    7,
  );
});
