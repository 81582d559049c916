// The edges of declared bins: how many there may be, and as what their column holds them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { edgeValue, parseEdges } from "../../core/manifest/bins.ts";
import { parseManifest } from "../../core/manifest/parse.ts";
import { encodeCanonical } from "../../core/json.ts";
import { Field } from "../../core/text/field.ts";
import { altered, exampleManifest, makeParty } from "./example.ts";
import { assertThrows } from "./refusal.ts";

const manifest = exampleManifest((await makeParty()).publicKey);

test("takes up to 1,000 edges of a column, and 4,000 of all", () => {
  const decode = (rule: object): unknown =>
    parseManifest(encodeCanonical(altered(manifest, ["rules", "bins"], rule)));
  const edges = (count: number): readonly number[] => Array.from({ length: count }, (_, at) => at);
  const bins = (...counts: readonly number[]): Record<string, readonly number[]> =>
    Object.fromEntries(
      counts.map((count, at) => [["cost", "minutes", "weight", "ward", "serial"][at] ?? "", edges(count)]),
    );
  assert.doesNotThrow(() => decode(bins(1_000, 1_000, 1_000, 1_000)));
  assertThrows(() => decode(bins(1_001)), "MANIFEST_FIELD");
  assertThrows(() => decode(bins(1_000, 1_000, 1_000, 1_000, 1)), "MANIFEST_RULES");
});

test("holds edges as their column does: floats of 32 bits rise only where the nearest ones do", () => {
  const float = { kind: "float", bits: 32 } as const;
  assert.equal(edgeValue(0.1, float), Math.fround(0.1));
  assert.equal(edgeValue(1e300, float), undefined);
  const parse = (edges: readonly number[]): unknown =>
    parseEdges(new Field([...edges], "bins", "MANIFEST_FIELD"), float, "dimension");
  assert.deepEqual(parse([1, 2]), [1, 2]);
  assertThrows(() => parse([0.1, 0.1 + 1e-12]), "MANIFEST_RULES");
});
