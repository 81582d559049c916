// docs/detectors.md against the code: the same kinds in the same order, and the same chances.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { DETECTORS } from "../../core/detect/detectors.ts";
import { DEFAULT_LIMITS, SHARES } from "../../core/detect/classify.ts";

const TEXT = readFileSync(new URL("../../docs/detectors.md", import.meta.url), "utf8");

test("the table of kinds has every detector, in its order, with its chance", () => {
  const rows = [...TEXT.matchAll(/^\| `(\w+)` +\|.*\| +(-|\d+ %) +\|[^|]*\|$/gm)].map(([, name, chance]) => [
    name,
    chance,
  ]);
  const expected = DETECTORS.map(({ name, chance }) => [
    name,
    chance === 0 ? "-" : `${Math.round(chance * 100)} %`,
  ]);
  assert.deepEqual(rows, expected);
});

test("the limits and steps that it names are the code's", () => {
  assert.ok(TEXT.includes(`fewer values than the minimum (${DEFAULT_LIMITS.minValues};`));
  assert.ok(TEXT.includes(`A share of fewer values than ${DEFAULT_LIMITS.minMatches} `));
  const steps = /in steps: none, up to (.*), above/.exec(TEXT)?.[1]?.match(/\d+/g) ?? [];
  assert.deepEqual(
    steps.map((step) => `<=${step}%`),
    SHARES.slice(1, -1),
  );
});
