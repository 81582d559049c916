// The receipt's file has one form, and statements are read as strictly as they are written.
import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeCanonical } from "../../core/json.ts";
import { encodeReceipt, parseReceipt } from "../../core/receipt/receipt.ts";
import { encodeStatement, parseStatement } from "../../core/receipt/statement.ts";
import { altered } from "../manifest/example.ts";
import { assertThrows } from "../manifest/refusal.ts";
import { check, statement } from "./example.ts";

const bytes = encodeStatement(statement);
const value = JSON.parse(new TextDecoder().decode(bytes)) as object;

test("reads back what it writes", () => {
  const receipt = parseReceipt(check.receipt);
  assert.deepEqual(encodeReceipt(receipt), check.receipt);
  assert.deepEqual(receipt.statement, bytes);
  assert.deepEqual(encodeStatement(parseStatement(bytes)), bytes);
});

test("is an in-toto Statement of version 1", () => {
  const { _type, subject, predicateType } = value as Record<string, unknown>;
  assert.equal(_type, "https://in-toto.io/Statement/v1");
  assert.equal(predicateType, "urn:sealroom:receipt:v1");
  assert.deepEqual(subject, [{ name: "result.jwe", digest: { sha384: statement.subject.sha384 } }]);
});

test("refuses a receipt of any other form", () => {
  const text = new TextDecoder().decode(check.receipt);
  const receipt = JSON.parse(text) as Record<string, unknown>;
  const { attestation } = receipt as { attestation: string };
  const forms: readonly string[] = [
    "",
    "{}",
    "null",
    "[]",
    `${text}\n`,
    ` ${text}`,
    JSON.stringify(receipt, null, 2),
    JSON.stringify({ v: 1, ...receipt }),
    text.replace('"v":1', '"v":2'),
    text.replace('"v":1', '"v":1.0'),
    text.replace('"v":1', '"v":"1"'),
    text.replace(',"v":1', ""),
    text.replace('"v":1', '"v":1,"x":1'),
    text.replace('"v":1', '"v":1,"v":1'),
    text.replace(attestation, ""),
    text.replace(attestation, `${attestation}=`),
    text.replace(attestation, `${attestation.slice(0, -1)}!`),
    text.replace(attestation, attestation.replace("-", "+")),
    text.replace(`"${attestation}"`, "null"),
    text.replace(attestation, "A".repeat(40_000)),
    text.replace('"attestation"', '"attestatiom"'),
  ];
  for (const form of forms) {
    assert.notEqual(form, text);
    assertThrows(() => parseReceipt(new TextEncoder().encode(form)), "RECEIPT_FORM", form.slice(0, 40));
  }
  assertThrows(() => parseReceipt(new Uint8Array(50_000_000)), "RECEIPT_FORM");
});

test("refuses a statement that misses a member, or has one more", () => {
  const places = [
    [],
    ["subject", 0],
    ["subject", 0, "digest"],
    ["predicate"],
    ["predicate", "inputs", 0],
    ["predicate", "release"],
    ["predicate", "release", "clipping", 0],
    ["predicate", "release", "rounding"],
    ["predicate", "software"],
  ];
  let removed = 0;
  for (const place of places) {
    let holder: unknown = value;
    for (const step of place) holder = (holder as Record<string | number, unknown>)[step];
    for (const name of Object.keys(holder as object)) {
      const less = encodeCanonical(altered(value, [...place, name], undefined));
      assertThrows(() => parseStatement(less), "RECEIPT_STATEMENT", name);
      removed += 1;
    }
    const more = encodeCanonical(altered(value, [...place, "extra"], 1));
    assertThrows(() => parseStatement(more), "RECEIPT_STATEMENT", place.join("."));
  }
  assert.equal(removed, 4 + 2 + 1 + 5 + 10 + 13 + 3 + 2 + 2);
});

test("refuses fields out of their limits", () => {
  const cases: readonly (readonly [readonly (string | number)[], unknown])[] = [
    [["subject"], []],
    [["subject", 0, "name"], "../result"],
    [["subject", 0, "digest", "sha384"], "aa"],
    [["predicate", "planDigest"], "x"],
    [["predicate", "inputs"], []],
    [["predicate", "inputs", 0, "owner"], "x"],
    [["predicate", "inputs", 0, "keyArn"], "key"],
    [["predicate", "inputs", 0, "epoch"], 0],
    [["predicate", "inputs", 0, "objects"], 0],
    [["predicate", "inputs", 0, "rows"], -1],
    [["predicate", "inputs", 0, "unit"], "person"],
    [["predicate", "inputs", 0, "basis"], "trust"],
    [["predicate", "inputs", 0, "basis"], "listed"],
    [["predicate", "release", "minUnits"], 1],
    [["predicate", "release", "maxGroups"], 0],
    [["predicate", "release", "maxRows"], 0],
    [["predicate", "release", "clipping", 0, "lower"], 1e9],
    [["predicate", "release", "maxShare"], 0],
    [["predicate", "release", "maxShare"], 1.5],
    [["predicate", "release", "extremes"], [""]],
    [["predicate", "release", "rounding", "counts"], 1],
    [["predicate", "release", "rounding", "sums"], { cost: 0 }],
    [["predicate", "release", "interval"], 0],
    [["predicate", "release", "totals"], [[]]],
    [["predicate", "release", "totals"], [["city"]]],
    [["predicate", "release", "bins"], {}],
    [["predicate", "release", "bins"], { cost: [] }],
    [["predicate", "release", "bins"], { cost: [true] }],
    [["predicate", "release", "bins"], { cost: ["<script>"] }],
    [["predicate", "release", "bins"], { cost: Array.from({ length: 1001 }, (_, at) => at) }],
    [["predicate", "release", "distinct"], {}],
    [["predicate", "release", "distinct"], { cost: 0 }],
    [["predicate", "release", "distinct"], { cost: 9 }],
    [["predicate", "release", "distinct"], ["cost"]],
    [["predicate", "release", "delivery"], {}],
    [["predicate", "release", "delivery"], { clear: false }],
    [["predicate", "release", "delivery"], { clear: true, sealedTo: statement.inputs[0]?.owner }],
    [["predicate", "release", "doesNotProtect"], []],
    [["predicate", "release", "protects", 0], "x".repeat(401)],
    [["predicate", "software", "version"], ""],
  ];
  for (const [path, part] of cases) {
    const bad = encodeCanonical(altered(value, path, part));
    assertThrows(() => parseStatement(bad), "RECEIPT_STATEMENT", path.join("."));
  }
});
