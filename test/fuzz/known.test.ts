// Inputs that once were found: too slow, too large, or met by an error without a code.
import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeCanonical } from "../../core/json.ts";
import { concat } from "./mutate.ts";
import { runInputs } from "./target.ts";
import { findTarget } from "./targets.ts";

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

function message(fields: object): Uint8Array {
  const json = encodeCanonical(fields);
  const prefix = new Uint8Array(4);
  new DataView(prefix.buffer).setUint32(0, json.length);
  return concat(prefix, json);
}

const REQUEST = {
  type: "job",
  job: "0123456789abcdef",
  nonce: "5a".repeat(16),
  accessKeyId: "A",
  secretAccessKey: "S",
  manifests: 2,
  grants: 0,
};

const KNOWN: readonly (readonly [rule: string, target: string, input: Uint8Array, code: string])[] = [
  ["YAML that nests too deep is not read to its end", "YAML", text("[".repeat(250_000)), "JSON_DEPTH"],
  ["so in braces", "job text", text(`a: ${"{a: ".repeat(60_000)}`), "JSON_DEPTH"],
  [
    "of thousands of words out of place, the first is enough",
    "YAML",
    text(`a: { b: 0${"[".repeat(50_000)}, c: 1 }\n`),
    "YAML_SYNTAX",
  ],
  ["so in a block", "YAML", text("- ".repeat(120_000)), "JSON_DEPTH"],
  [
    "an attachment gets memory as it comes, not as it is claimed",
    "job event",
    message({ type: "done", attachments: [0, 900_000_000] }),
    "TRANSPORT_CLOSED",
  ],
  [
    "so in a request of the host",
    "job request",
    concat(message({ ...REQUEST, attachments: [2, 40_000_000, 40_000_000] }), text("{}")),
    "TRANSPORT_CLOSED",
  ],
];

for (const [rule, name, input, code] of KNOWN) {
  test(`${rule} (${name})`, async () => {
    const target = findTarget(name);
    const outcome = await runInputs({ ...target, mutations: [() => input] }, { seed: 1, from: 0, to: 20 });
    assert.deepEqual(outcome.findings, []);
    assert.deepEqual(outcome.refused, { [code]: 20 });
  });
}
