// The enclave's NSM client against devices that answer wrongly.
import assert from "node:assert/strict";
import { test } from "node:test";
import { decode, encode } from "cborg";
import { SealroomError, type ErrorCode } from "../../core/errors.ts";
import {
  describeNsm,
  describePcr,
  extendPcr,
  getRandom,
  lockPcr,
  lockPcrs,
  requestAttestation,
  type NsmDevice,
} from "../../enclave-worker/nsm.ts";
import { assertRefused } from "../attestation/refusal.ts";

const NOTHING = { userData: null, nonce: null, publicKey: null };
const DESCRIPTION = {
  version_major: 1,
  version_minor: 0,
  version_patch: 0,
  module_id: "i-0-enc0",
  max_pcrs: 32,
  locked_pcrs: [0, 1],
  digest: "SHA384",
};

function answering(answer: unknown): NsmDevice {
  return { exchange: () => Promise.resolve(answer instanceof Uint8Array ? answer : encode(answer)) };
}

/** A device that never should be asked. */
const untouched: NsmDevice = { exchange: () => assert.fail("asked") };

test("writes the requests that the device reads", async () => {
  const asked: unknown[] = [];
  const device: NsmDevice = {
    exchange: (request) => {
      asked.push(decode(request));
      return Promise.resolve(encode({ Error: "InternalError" }));
    },
  };
  const data = Uint8Array.of(1, 2);
  await assertRefused(describeNsm(device), "NSM_ERROR");
  await assertRefused(getRandom(device), "NSM_ERROR");
  await assertRefused(describePcr(device, 3), "NSM_ERROR");
  await assertRefused(extendPcr(device, 16, data), "NSM_ERROR");
  await assertRefused(lockPcr(device, 16), "NSM_ERROR");
  await assertRefused(lockPcrs(device, 20), "NSM_ERROR");
  await assertRefused(requestAttestation(device, { ...NOTHING, nonce: data }), "NSM_ERROR");
  assert.deepEqual(asked, [
    "DescribeNSM",
    "GetRandom",
    { DescribePCR: { index: 3 } },
    { ExtendPCR: { index: 16, data } },
    { LockPCR: { index: 16 } },
    { LockPCRs: { range: 20 } },
    { Attestation: { user_data: null, nonce: data, public_key: null } },
  ]);
});

test("names the codes of the NSM, and none that it does not know", async () => {
  for (const [said, shown] of [
    ["InvalidIndex", "InvalidIndex"],
    ["ReadOnlyIndex", "ReadOnlyIndex"],
    ["Invented\u001b[31m", "unknown"],
    ["", "unknown"],
  ]) {
    await assert.rejects(lockPcr(answering({ Error: said }), 16), (error: unknown) => {
      assert.ok(error instanceof SealroomError);
      assert.deepEqual([error.code, error.details], ["NSM_ERROR", { nsm: shown }]);
      return true;
    });
  }
});

test("passes over fields that a later NSM adds to an answer", async () => {
  const description = await describeNsm(
    answering({ DescribeNSM: { ...DESCRIPTION, added: [1, { x: null }] } }),
  );
  assert.deepEqual(description.lockedPcrs, [0, 1]);
  const register = new Uint8Array(48).fill(1);
  const state = await describePcr(answering({ DescribePCR: { lock: true, data: register, added: 1 } }), 0);
  assert.deepEqual(state, { locked: true, value: register });
});

test("refuses answers that are not of the variant asked for, or not of its shape", async () => {
  const register = new Uint8Array(48);
  const answers: unknown[] = [
    "LockPCR",
    "DescribePCR",
    "Unknown",
    null,
    0,
    [],
    {},
    { Unknown: {} },
    { ExtendPCR: { data: register } },
    { DescribePCR: null },
    { DescribePCR: [true, register] },
    { DescribePCR: {} },
    { DescribePCR: { data: register } },
    { DescribePCR: { lock: true } },
    { DescribePCR: { lock: 1, data: register } },
    { DescribePCR: { lock: true, data: new Uint8Array(47) } },
    { DescribePCR: { lock: true, data: new Uint8Array(49) } },
    { DescribePCR: { lock: true, data: "text" } },
    { DescribePCR: { lock: true, data: register }, Error: "Success" },
    { Error: 7 },
    { Error: null },
    new Uint8Array(),
    new Uint8Array(12289),
    { DescribePCR: { lock: true, data: register, added: new Uint8Array(12288) } },
    new Uint8Array(12288).fill(0x81),
    Buffer.concat([encode({ DescribePCR: { lock: true, data: register } }), Uint8Array.of(0)]),
    encode({ DescribePCR: { lock: true, data: register } }).subarray(1),
  ];
  for (const answer of answers) {
    await assertRefused(describePcr(answering(answer), 0), "NSM_RESPONSE", JSON.stringify(answer));
  }
});

test("refuses every other answer out of its shape", async () => {
  const cases: [ErrorCode, Promise<unknown>][] = [
    ["NSM_RESPONSE", describeNsm(answering("DescribeNSM"))],
    ["NSM_RESPONSE", describeNsm(answering({ DescribeNSM: { ...DESCRIPTION, digest: "SHA256" } }))],
    ["NSM_RESPONSE", describeNsm(answering({ DescribeNSM: { ...DESCRIPTION, module_id: "" } }))],
    ["NSM_RESPONSE", describeNsm(answering({ DescribeNSM: { ...DESCRIPTION, module_id: 7 } }))],
    ["NSM_RESPONSE", describeNsm(answering({ DescribeNSM: { ...DESCRIPTION, max_pcrs: 65536 } }))],
    ["NSM_RESPONSE", describeNsm(answering({ DescribeNSM: { ...DESCRIPTION, locked_pcrs: null } }))],
    ["NSM_RESPONSE", describeNsm(answering({ DescribeNSM: { ...DESCRIPTION, locked_pcrs: ["0"] } }))],
    ["NSM_RESPONSE", describeNsm(answering({ DescribeNSM: { ...DESCRIPTION, version_major: -1 } }))],
    ["NSM_RESPONSE", getRandom(answering({ GetRandom: { random: new Uint8Array() } }))],
    ["NSM_RESPONSE", getRandom(answering({ GetRandom: { random: new Uint8Array(257) } }))],
    ["NSM_RESPONSE", getRandom(answering("GetRandom"))],
    ["NSM_RESPONSE", extendPcr(answering("ExtendPCR"), 16, new Uint8Array())],
    ["NSM_RESPONSE", lockPcr(answering("LockPCRs"), 16)],
    ["NSM_RESPONSE", lockPcrs(answering("LockPCR"), 16)],
    ["NSM_RESPONSE", requestAttestation(answering({ Attestation: { document: new Uint8Array() } }), NOTHING)],
    ["NSM_RESPONSE", requestAttestation(answering({ Attestation: {} }), NOTHING)],
    ["NSM_RESPONSE", requestAttestation(answering("Attestation"), NOTHING)],
  ];
  for (const [index, [code, verdict]] of cases.entries()) await assertRefused(verdict, code, `case ${index}`);
});

test("asks for nothing that is larger than the NSM takes", async () => {
  await assertRefused(
    requestAttestation(untouched, { ...NOTHING, userData: new Uint8Array(513) }),
    "NSM_REQUEST",
  );
  await assertRefused(
    requestAttestation(untouched, { ...NOTHING, nonce: new Uint8Array(513) }),
    "NSM_REQUEST",
  );
  await assertRefused(
    requestAttestation(untouched, { ...NOTHING, publicKey: new Uint8Array(1025) }),
    "NSM_REQUEST",
  );
  await assertRefused(extendPcr(untouched, 16, new Uint8Array(4096)), "NSM_REQUEST");
});
