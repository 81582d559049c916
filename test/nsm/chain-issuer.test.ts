// The simulated chain over time: what runs out is issued anew before it does, under the same root.
import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { test } from "node:test";
import { TrustRoot } from "../../core/attestation/root.ts";
import { authenticate } from "../../core/attestation/verify.ts";
import { requestAttestation } from "../../enclave-worker/nsm.ts";
import { ChainIssuer, createDevRoot, type Identity } from "../../local/nsm/pki.ts";
import { MODULE_ID, START, startNsm } from "./nsm.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

function fingerprints({ cabundle, certificate }: Identity): string[] {
  return [...cabundle, certificate].map((bytes) => new X509Certificate(bytes).fingerprint256);
}

/** The first position at which two chains differ. */
function firstRenewed(before: Identity, after: Identity): number {
  const old = fingerprints(before);
  return fingerprints(after).findIndex((fingerprint, position) => fingerprint !== old[position]);
}

test("has the shapes and lifetimes of a real chain", () => {
  const { cabundle, certificate } = new ChainIssuer(createDevRoot(START), MODULE_ID).identityAt(START);
  const path = [...cabundle, certificate].map((bytes) => new X509Certificate(bytes));
  const lifetimes = path.map((each) => each.validToDate.getTime() - each.validFromDate.getTime());
  assert.deepEqual(lifetimes.slice(1), [20 * DAY, 6 * DAY, DAY, 3 * HOUR]);
  assert.deepEqual(
    path.map(({ ca }) => ca),
    [true, true, true, true, false],
  );
  path.slice(1).forEach((each, position) => {
    const issuer = path[position];
    assert.ok(issuer !== undefined && each.checkIssued(issuer) && each.verify(issuer.publicKey));
  });
  assert.ok([...cabundle, certificate].every(({ length }) => length <= 1024));
});

test("uses a leaf for many documents, and renews what would run out", () => {
  const issuer = new ChainIssuer(createDevRoot(START), MODULE_ID);
  const first = issuer.identityAt(START);
  assert.deepEqual(fingerprints(issuer.identityAt(START + 2 * HOUR)), fingerprints(first));
  const renewals: [age: number, position: number][] = [
    [2 * HOUR + 31 * MINUTE, 4],
    [22 * HOUR, 3],
    [5 * DAY + HOUR, 2],
    [15 * DAY, 1],
  ];
  for (const [age, position] of renewals) {
    const fresh = new ChainIssuer(createDevRoot(START), MODULE_ID);
    const before = fresh.identityAt(START);
    assert.equal(firstRenewed(before, fresh.identityAt(START + age)), position, `${age / HOUR} h`);
  }
});

test("gives documents that verify at any time, for years, and when the clock is set back", async () => {
  const { device, trust, clock } = startNsm();
  const ages = [
    0,
    HOUR,
    3 * HOUR,
    3 * HOUR + 1,
    DAY,
    6 * DAY,
    20 * DAY,
    21 * DAY,
    400 * DAY,
    HOUR,
    29 * 365 * DAY,
  ];
  for (const age of ages) {
    clock.now = START + age;
    const bytes = await requestAttestation(device, { userData: null, nonce: null, publicKey: null });
    const document = await authenticate(bytes, trust, clock.now);
    assert.equal(document.timestampMs, clock.now);
  }
});

test("makes roots that differ, though their names are the same", () => {
  const [one, other] = [createDevRoot(START), createDevRoot(START)];
  assert.notDeepEqual(one.certificate, other.certificate);
  assert.equal(new X509Certificate(one.certificate).subject, new X509Certificate(other.certificate).subject);
  assert.equal(new TrustRoot(one.certificate).equals(other.certificate), false);
});
