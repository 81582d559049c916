// The algorithm suites, held against the naive twin's table of them, and which of them each policy takes.
import assert from "node:assert/strict";
import { test } from "node:test";
import { COMMITTING, EVERY_SUITE, SEALED_OBJECT, suitePolicy } from "../../core/seal/policy.ts";
import { SUITE_IDS, getSuite } from "../../core/seal/suite.ts";
import { SUITE_FACTS } from "./forger.ts";

test("the suites are the format's eleven", () => {
  assert.deepEqual([...SUITE_IDS], [...SUITE_FACTS.keys()]);
  for (const [id, { keyBytes, hash, curve }] of SUITE_FACTS) {
    const version = id >= 0x0400 ? 2 : 1;
    const signature = { prime256v1: "P-256", secp384r1: "P-384" }[String(curve)] ?? null;
    assert.deepEqual(getSuite(id, version), {
      id,
      version,
      keyBytes,
      kdf: hash,
      commits: version === 2,
      signature,
    });
  }
});

test("of the policies one takes 0478 only, one what commits, one every suite, and one the suite it names", () => {
  assert.deepEqual([...SEALED_OBJECT.suites], [0x0478]);
  assert.deepEqual([...COMMITTING.suites], [0x0478, 0x0578]);
  assert.deepEqual([...EVERY_SUITE.suites], [...SUITE_FACTS.keys()]);
  assert.deepEqual([...suitePolicy(0x0178).suites], [0x0178]);
});
