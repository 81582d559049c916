// Whole values: what each detector takes for one of its own.
import assert from "node:assert/strict";
import test from "node:test";
import { DETECTORS } from "../../core/detect/detectors.ts";
import { matches } from "../../core/detect/match.ts";
import { EXAMPLES } from "./examples.ts";
import { amid, detectorOf, verdictOn } from "./texts.ts";
import { TWINS } from "./twins.ts";

for (const { name } of DETECTORS) {
  test(`${name}: examples match, those against its rule fail, others are none`, () => {
    for (const verdict of ["matched", "failed", "other"] as const) {
      for (const value of EXAMPLES[name][verdict]) {
        assert.equal(verdictOn(name, value), verdict, `${name}: ${value}`);
        assert.equal(TWINS[name](value), verdict, `the twin of ${name}: ${value}`);
      }
    }
  });
}

test("the spaces, tabs and line ends around a value are no part of it; other signs are", () => {
  for (const { name } of DETECTORS) {
    for (const value of EXAMPLES[name].matched) {
      assert.equal(verdictOn(name, ` \t${value}\r\n`), "matched", name);
      for (const sign of ["x", "0", ",", "é", "\u00a0", "-"]) {
        for (const text of [`${sign}${value}`, `${value}${sign}`, `${value}${sign}${value}`]) {
          assert.equal(verdictOn(name, text), TWINS[name](text), `${name}: ${text}`);
        }
        if ([",", "\u00a0"].includes(sign)) assert.equal(verdictOn(name, `${sign}${value}`), "other", name);
      }
    }
  }
});

test("a blank value, an empty one and one longer than any is none", () => {
  for (const { name } of DETECTORS) {
    for (const value of ["", "   ", "\t\n", "4".repeat(400), `a@${"b.".repeat(200)}com`]) {
      assert.equal(verdictOn(name, value), "other", `${name}: ${value}`);
    }
  }
});

test("nothing outside the value is read: the same in any surroundings", () => {
  for (const { name } of DETECTORS) {
    for (const value of [...EXAMPLES[name].matched, ...EXAMPLES[name].other]) {
      const { bytes, start, end } = amid(value, 40);
      const expected = EXAMPLES[name].matched.includes(value);
      for (const around of [0x20, 0x31, 0x41, 0x2e, 0xe2]) {
        bytes.fill(around, 0, start).fill(around, end);
        assert.equal(matches(detectorOf(name), bytes, start, end), expected, `${name}: ${value}`);
      }
    }
  }
});
