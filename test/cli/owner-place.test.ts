// What stops an owner's command is said to lie in the file, the option's value or the place that can be mended.
import assert from "node:assert/strict";
import { test } from "node:test";
import { findOwnerPlace } from "../../cli/owner-place.ts";
import { SealroomError } from "../../core/errors.ts";
import type { Details, ErrorCode } from "../../core/errors.ts";

const PLACES = {
  data: "a.csv b.csv",
  schema: "schema.yaml",
  rules: "rules.yaml",
  location: "s3://b/p/",
  key: "arn",
};

const CASES: readonly (readonly [ErrorCode, Details, string])[] = [
  ["OWNER_RULES", { field: "min_units" }, "rules.yaml"],
  ["MANIFEST_RULES", { field: "bounds.cost" }, "rules.yaml"],
  ["KEY_POINT", { field: "recipients[0].x" }, "rules.yaml"],
  ["MANIFEST_SCHEMA", { field: "schema[0].name" }, "schema.yaml"],
  ["OWNER_VALUES", { file: "b.csv", column: "cost" }, "b.csv"],
  ["OWNER_VALUES", { column: "cost" }, "a.csv b.csv"],
  ["OWNER_TAKEN", {}, "s3://b/p/"],
  ["KMS_CALL", {}, "arn"],
  // Of a stored manifest, which no file of this machine mends.
  ["MANIFEST_RULES", { field: "rules.bounds.cost" }, "a.csv b.csv"],
];

for (const [code, details, place] of CASES) {
  test(`${code} with ${JSON.stringify(details)} lies at ${place}`, () => {
    assert.equal(findOwnerPlace(new SealroomError(code, details), PLACES), place);
  });
}

test("what a command was not given is no place: then it lies in what the command is about", () => {
  const few = { data: "s3://b/p/", rules: undefined, location: "s3://b/p/" };
  for (const [code, details] of CASES.filter(([, { file }]) => file === undefined)) {
    assert.equal(findOwnerPlace(new SealroomError(code, details), few), "s3://b/p/");
  }
});
