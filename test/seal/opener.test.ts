// What an opener tells and releases while a message arrives; ranged.test.ts has what it refuses afterwards.
import assert from "node:assert/strict";
import { test } from "node:test";
import { knownDataKey } from "../../core/seal/keyring.ts";
import { MessageOpener } from "../../core/seal/open.ts";
import { EVERY_SUITE } from "../../core/seal/policy.ts";
import { Forger } from "./forger.ts";

test("an opener tells the header once it has verified, and releases no piece of no bytes", () => {
  const forger = new Forger({ suite: 0x0478, context: [["key", "value"]] });
  const opener = new MessageOpener(knownDataKey(forger.dataKey), EVERY_SUITE);
  const last = forger.header.length - 1;
  opener.push(forger.header.subarray(0, last));
  assert.deepEqual([opener.header], [null]);
  opener.push(forger.header.subarray(last));
  assert.deepEqual(opener.header?.encryptionContext, new Map([["key", "value"]]));
  assert.deepEqual(opener.push(forger.final(1, new Uint8Array(0))), []);
  assert.deepEqual(opener.finish(), []);
});
