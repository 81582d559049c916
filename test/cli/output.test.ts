// Texts for people are broken between words, and nothing that somebody copies is broken at all.
import assert from "node:assert/strict";
import test from "node:test";
import { renderFields, wrap } from "../../cli/output.ts";

process.env["NO_COLOR"] = "1";

const DIGEST = "0123456789abcdef".repeat(6);

test("lines are broken at spaces, before the width", () => {
  assert.deepEqual(wrap("one two three", 7), ["one two", "three"]);
  assert.deepEqual(wrap("one two three", 13), ["one two three"]);
  assert.deepEqual(wrap("", 7), [""]);
});

test("a word that is wider than the terminal stands on a line of its own, whole", () => {
  assert.deepEqual(wrap(`the policy of ${DIGEST} is new`), ["the policy of", DIGEST, "is new"]);
  assert.deepEqual(wrap(DIGEST), [DIGEST]);
});

test("a field's value that is a digest or a path stands whole beside its label", () => {
  const path = `/${"deep/".repeat(20)}out`;
  assert.deepEqual(
    renderFields([
      ["plan", DIGEST],
      ["written", `${path}: result.csv, receipt.cbor`],
    ]),
    [`  plan     ${DIGEST}`, `  written  ${path}:`, "           result.csv, receipt.cbor"],
  );
});
