// The software NSM through the enclave's own client, and its documents through the verifier.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { decode, encode } from "cborg";
import fc from "fast-check";
import { isDebug } from "../../core/attestation/document.ts";
import { Expectations } from "../../core/attestation/expectations.ts";
import { encodeRegister } from "../../core/attestation/measurements.ts";
import { AWS_ROOT } from "../../core/attestation/root.ts";
import { authenticate, verifyLive } from "../../core/attestation/verify.ts";
import { SealroomError } from "../../core/errors.ts";
import {
  describeNsm,
  describePcr,
  extendPcr,
  getRandom,
  lockPcr,
  lockPcrs,
  MAX_NSM_RESPONSE,
  requestAttestation,
  type NsmDevice,
} from "../../enclave-worker/nsm.ts";
import { assertRefused } from "../attestation/refusal.ts";
import { MODULE_ID, START, startNsm } from "./nsm.ts";

const NOTHING = { userData: null, nonce: null, publicKey: null };

async function assertNsmError(verdict: Promise<unknown>, nsm: string): Promise<void> {
  await assert.rejects(verdict, (error: unknown) => {
    assert.ok(error instanceof SealroomError);
    assert.equal(error.code, "NSM_ERROR");
    assert.deepEqual(error.details, { nsm });
    return true;
  });
}

async function exchangeRaw(device: NsmDevice, request: unknown): Promise<unknown> {
  return decode(await device.exchange(request instanceof Uint8Array ? request : encode(request)));
}

test("describes itself as the real device does", async () => {
  assert.deepEqual(await describeNsm(startNsm().device), {
    version: [1, 0, 0],
    moduleId: MODULE_ID,
    maxPcrs: 32,
    lockedPcrs: Array.from({ length: 16 }, (_, index) => index),
  });
});

test("gives 256 random bytes, never the same", async () => {
  const { device } = startNsm();
  const [first, second] = [await getRandom(device), await getRandom(device)];
  assert.equal(first.length, 256);
  assert.notDeepEqual(first, second);
});

test("starts with the registers that it was given, zeros elsewhere, 0 to 15 locked", async () => {
  const { device, pcrs } = startNsm();
  for (let index = 0; index < 32; index++) {
    const { locked, value } = await describePcr(device, index);
    assert.equal(locked, index < 16);
    assert.deepEqual(value, pcrs.get(index) ?? new Uint8Array(48));
  }
  await assertNsmError(describePcr(device, 32), "InvalidIndex");
  await assertNsmError(describePcr(device, 65535), "InvalidIndex");
});

test("extends a free register with SHA-384(old || data), and refuses a locked one", async () => {
  const { device } = startNsm();
  const one = await extendPcr(device, 16, Uint8Array.of(1, 2, 3));
  const expected = createHash("sha384")
    .update(new Uint8Array(48))
    .update(Uint8Array.of(1, 2, 3))
    .digest();
  assert.deepEqual(Buffer.from(one), expected);
  const two = await extendPcr(device, 16, new Uint8Array());
  assert.deepEqual(Buffer.from(two), createHash("sha384").update(expected).digest());
  assert.deepEqual((await describePcr(device, 16)).value, two);
  for (const index of [0, 2, 15]) {
    await assertNsmError(extendPcr(device, index, Uint8Array.of(1)), "ReadOnlyIndex");
  }
  await assertNsmError(extendPcr(device, 32, Uint8Array.of(1)), "InvalidIndex");
});

test("locks a register for good, and a range of them", async () => {
  const { device } = startNsm();
  await lockPcr(device, 16);
  await assertNsmError(extendPcr(device, 16, Uint8Array.of(1)), "ReadOnlyIndex");
  await assertNsmError(lockPcr(device, 16), "ReadOnlyIndex");
  await assertNsmError(lockPcr(device, 32), "InvalidIndex");
  await lockPcrs(device, 20);
  assert.deepEqual((await describeNsm(device)).lockedPcrs.length, 20);
  await assertNsmError(lockPcrs(device, 33), "InvalidIndex");
  await lockPcrs(device, 32);
  await assertNsmError(extendPcr(device, 31, Uint8Array.of(1)), "ReadOnlyIndex");
});

test("attests what it was asked to, in a document that the verifier accepts under its root only", async () => {
  const { device, trust, clock, pcrs } = startNsm();
  const fields = fc.record(
    {
      userData: fc.option(fc.uint8Array({ maxLength: 512 })),
      nonce: fc.option(fc.uint8Array({ maxLength: 512 })),
      publicKey: fc.option(fc.uint8Array({ maxLength: 1024 })),
    },
    { noNullPrototype: true },
  );
  await fc.assert(
    fc.asyncProperty(fields, async (asked) => {
      const bytes = await requestAttestation(device, asked);
      const { userData, nonce, publicKey, ...document } = await authenticate(bytes, trust, clock.now);
      assert.deepEqual({ userData, nonce, publicKey }, asked);
      assert.equal(document.moduleId, MODULE_ID);
      assert.equal(document.timestampMs, START);
      assert.equal(document.pcrs.size, 16);
      for (const [index, value] of pcrs) assert.deepEqual(document.pcrs.get(index), value);
    }),
    { numRuns: 50 },
  );
  await assertRefused(
    authenticate(await requestAttestation(device, NOTHING), AWS_ROOT, clock.now),
    "CHAIN_ROOT",
  );
  await assertRefused(
    authenticate(await requestAttestation(device, NOTHING), startNsm().trust, clock.now),
    "CHAIN_ROOT",
  );
});

test("writes documents as the NSM does: untagged, fields in its order, null for absent", async () => {
  const document = await requestAttestation(startNsm().device, NOTHING);
  const [header, unprotected, payload, signature] = decode(document, { useMaps: true }) as [
    Uint8Array,
    Map<unknown, unknown>,
    Uint8Array,
    Uint8Array,
  ];
  assert.deepEqual([...document.subarray(0, 7)], [0x84, 0x44, 0xa1, 0x01, 0x38, 0x22, 0xa0]);
  assert.deepEqual([header.length, unprotected.size, signature.length], [4, 0, 96]);
  assert.equal(payload[0], 0xa9);
  const fields = decode(payload, { useMaps: true }) as Map<string, unknown>;
  assert.deepEqual(
    [...fields.keys()],
    [
      "module_id",
      "digest",
      "timestamp",
      "pcrs",
      "certificate",
      "cabundle",
      "public_key",
      "user_data",
      "nonce",
    ],
  );
  assert.deepEqual(
    [fields.get("public_key"), fields.get("user_data"), fields.get("nonce")],
    [null, null, null],
  );
  assert.equal((fields.get("cabundle") as unknown[]).length, 4);
});

test("puts locked registers into documents, and free ones not", async () => {
  const { device, trust, clock } = startNsm();
  const value = await extendPcr(device, 17, Uint8Array.of(1));
  const before = await authenticate(await requestAttestation(device, NOTHING), trust, clock.now);
  assert.equal(before.pcrs.has(17), false);
  await lockPcr(device, 17);
  const after = await authenticate(await requestAttestation(device, NOTHING), trust, clock.now);
  assert.deepEqual(after.pcrs.get(17), value);
  assert.equal(after.pcrs.size, 17);
});

test("satisfies a verifier's expectations, and in debug mode does not", async () => {
  const nonce = new Uint8Array(32).fill(7);
  const { device, trust, clock, pcrs } = startNsm();
  const hex = (index: number): string => encodeRegister(pcrs.get(index) ?? new Uint8Array());
  const measurements = [{ 0: hex(0), 1: hex(1), 2: hex(2) }];
  const expectations = new Expectations({ measurements, nonce, pcrs: new Map([[3, hex(3)]]) });
  const asked = { ...NOTHING, nonce };
  assert.ok(await verifyLive(await requestAttestation(device, asked), trust, expectations, clock.now));
  const debug = startNsm(new Map());
  const document = await requestAttestation(debug.device, asked);
  assert.equal(isDebug(await authenticate(document, debug.trust, clock.now)), true);
  await assertRefused(verifyLive(document, debug.trust, expectations, clock.now), "POLICY_DEBUG");
});

test("answers what it does not know with InvalidOperation, and changes nothing", async () => {
  const { device } = startNsm();
  const unknown: unknown[] = [
    "Unknown",
    "",
    "LockPCR",
    "Attestation",
    "__proto__",
    7,
    null,
    [],
    ["DescribeNSM"],
    {},
    { DescribeNSM: {} },
    { GetRandom: null },
    { Unknown: {} },
    { LockPCR: { index: 16 }, LockPCRs: { range: 32 } },
    { LockPCR: null },
    { LockPCR: 16 },
    { LockPCR: {} },
    { LockPCR: { index: "16" } },
    { LockPCR: { index: -1 } },
    { LockPCR: { index: 65536 } },
    { LockPCRs: { index: 32 } },
    { ExtendPCR: { index: 16 } },
    { ExtendPCR: { index: 16, data: "text" } },
    { ExtendPCR: { index: 16, data: null } },
    { Attestation: { nonce: "text" } },
    { Attestation: { user_data: 1 } },
    new Uint8Array(),
    Uint8Array.of(0xff),
    Uint8Array.of(0xa1),
    new Uint8Array(4096).fill(0x81),
    Buffer.concat([encode("DescribeNSM"), Uint8Array.of(0)]),
  ];
  for (const request of unknown) {
    assert.deepEqual(
      await exchangeRaw(device, request),
      { Error: "InvalidOperation" },
      JSON.stringify(request),
    );
  }
  assert.equal((await describePcr(device, 16)).locked, false);
  assert.deepEqual((await describePcr(device, 16)).value, new Uint8Array(48));
});

test("takes absent optionals for null, and requests of up to 4096 bytes", async () => {
  const { device, trust, clock } = startNsm();
  const { Attestation } = (await exchangeRaw(device, { Attestation: {} })) as {
    Attestation: { document: Uint8Array };
  };
  assert.equal((await authenticate(Attestation.document, trust, clock.now)).nonce, null);
  const empty = encode({ ExtendPCR: { index: 16, data: new Uint8Array(300) } }).length - 300;
  const sized = (size: number): unknown => ({ ExtendPCR: { index: 16, data: new Uint8Array(size - empty) } });
  assert.equal(encode(sized(4096)).length, 4096);
  assert.ok("ExtendPCR" in ((await exchangeRaw(device, sized(4096))) as object));
  assert.deepEqual(await exchangeRaw(device, sized(4097)), { Error: "InputTooLarge" });
});

test("never answers with more than the driver's buffer holds", async () => {
  const { device } = startNsm();
  await lockPcrs(device, 32);
  const empty = encode({ Attestation: { user_data: new Uint8Array(300) } }).length - 300;
  const request = encode({ Attestation: { user_data: new Uint8Array(4096 - empty) } });
  assert.equal(request.length, 4096);
  const answer = await device.exchange(request);
  assert.ok("Attestation" in (decode(answer) as object));
  assert.ok(answer.length <= MAX_NSM_RESPONSE);
});

test("answers any bytes with an answer of its own", async () => {
  const { device } = startNsm();
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 80 }), async (request) => {
      const answer = await exchangeRaw(device, request);
      assert.ok(typeof answer === "object" && answer !== null && "Error" in answer);
    }),
    { numRuns: 500 },
  );
});
