// The registers of the parent, against the example that AWS's guide to Nitro Enclaves prints.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";

import { encodeRegister } from "../../core/attestation/measurements.ts";
import { parentInstanceRegister, parentRoleRegister } from "../../core/parent-registers.ts";

test("derives PCR3 from a role's ARN as AWS's guide does", () => {
  assert.equal(
    encodeRegister(parentRoleRegister("arn:aws:iam::123456789012:role/Webserver")),
    "78fce75db17cd4e0a3fb8dad3ad128ca5e77edbb2b2c7f75329dccd99aa5f6ef4fc1f1a452e315b9e98f9e312e6921e6",
  );
});

test("derives PCR4 from the text of the instance's id, not from its hash", () => {
  const hash = createHash("sha384").update(Buffer.alloc(48)).update("i-0123456789abcdef0");
  assert.equal(encodeRegister(parentInstanceRegister("i-0123456789abcdef0")), hash.digest("hex"));
});
