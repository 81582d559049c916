// Live and archived evidence: how old a document may be, and at which time its chain is judged (H16).
import assert from "node:assert/strict";
import { test } from "node:test";
import { Expectations } from "../../core/attestation/expectations.ts";
import {
  authenticate,
  authenticateArchived,
  verifyArchived,
  verifyLive,
} from "../../core/attestation/verify.ts";
import { at, forge, forgeChain, MEASUREMENTS, NONCE, NOW, SOUND } from "./forge.ts";
import { assertRefused } from "./refusal.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const expectations = new Expectations({ measurements: [MEASUREMENTS], nonce: NONCE });

function live(timestampMs: number, nowMs: number): Promise<unknown> {
  return verifyLive(forge({ timestampMs }), SOUND.root, expectations, nowMs);
}

test("accepts a document of up to 5 minutes, and refuses an older one", async () => {
  assert.ok(await live(NOW, NOW));
  assert.ok(await live(NOW, NOW + 5 * MINUTE - SECOND));
  assert.ok(await live(NOW, NOW + 5 * MINUTE));
  const { details } = await assertRefused(live(NOW, NOW + 5 * MINUTE + 1), "POLICY_AGE");
  assert.deepEqual(details, { ageMs: 5 * MINUTE + 1 });
  await assertRefused(live(NOW, NOW + 5 * MINUTE + SECOND), "POLICY_AGE");
});

test("accepts a document of up to 60 seconds ahead, and refuses one further in the future", async () => {
  assert.ok(await live(NOW + 60 * SECOND, NOW));
  const { details } = await assertRefused(live(NOW + 60 * SECOND + 1, NOW), "POLICY_AGE");
  assert.deepEqual(details, { ageMs: -60 * SECOND - 1 });
  await assertRefused(live(NOW + 61 * SECOND, NOW), "POLICY_AGE");
});

test("judges a live document's chain now: its own timestamp brings no expired chain back", async () => {
  const { root, identity } = forgeChain((path) => {
    at(path, -1).notAfterMs = NOW + MINUTE;
  });
  const document = forge({}, identity);
  assert.ok(await verifyLive(document, root, expectations, NOW + MINUTE));
  await assertRefused(verifyLive(document, root, expectations, NOW + MINUTE + SECOND), "CHAIN_EXPIRED");
  assert.ok(await verifyArchived(document, root, expectations));
});

test("lets a verifier whose clock is a minute slow see a leaf that was made this second, and no slower one", async () => {
  const { root, identity } = forgeChain((path) => {
    at(path, -1).notBeforeMs = NOW;
  });
  const document = forge({}, identity);
  assert.ok(await verifyLive(document, root, expectations, NOW - MINUTE));
  await assertRefused(verifyLive(document, root, expectations, NOW - MINUTE - SECOND), "CHAIN_EXPIRED");
});

test("does not let a document that claims to be from the future outlive its chain", async () => {
  const { root, identity } = forgeChain((path) => {
    at(path, -1).notAfterMs = NOW + 30 * SECOND;
  });
  const document = forge({ timestampMs: NOW + MINUTE }, identity);
  await assertRefused(verifyLive(document, root, expectations, NOW), "CHAIN_EXPIRED");
});

test("judges an archived document at its own timestamp, which must lie within its chain", async () => {
  const year = 365 * 24 * 60 * MINUTE;
  for (const timestampMs of [NOW - year, NOW + year]) {
    await assertRefused(verifyArchived(forge({ timestampMs }), SOUND.root, expectations), "CHAIN_EXPIRED");
    await assertRefused(authenticateArchived(forge({ timestampMs }), SOUND.root), "CHAIN_EXPIRED");
  }
});

test("does not ask for registers or nonce where only authenticity was asked for", async () => {
  const document = forge({ nonce: null, pcrs: new Map([[10, new Uint8Array(48)]]) });
  assert.ok(await authenticate(document, SOUND.root, NOW));
  assert.ok(await authenticateArchived(document, SOUND.root));
  await assertRefused(verifyArchived(document, SOUND.root, expectations), "POLICY_PCR");
});

test("takes no time but whole milliseconds from the verifier", async () => {
  for (const time of [Number.NaN, Infinity, -Infinity, 0.5, 2 ** 53, "now"]) {
    await assert.rejects(verifyLive(forge(), SOUND.root, expectations, time as number), TypeError);
    await assert.rejects(authenticate(forge(), SOUND.root, time as number), TypeError);
  }
});
