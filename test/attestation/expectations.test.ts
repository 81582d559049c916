// What a verifier demands: it cannot be empty (H10), and nothing in a document gets round it (H08, H09, H13).
import assert from "node:assert/strict";
import { test } from "node:test";
import { Expectations, type Demands } from "../../core/attestation/expectations.ts";
import type { Measurements } from "../../core/attestation/measurements.ts";
import { verifyArchived, verifyLive } from "../../core/attestation/verify.ts";
import type { Claims } from "../../local/nsm/document.ts";
import { forge, MEASUREMENTS, NONCE, NOW, SOUND, soundClaims } from "./forge.ts";
import { assertRefused, assertThrows } from "./refusal.ts";

const ZERO = "00".repeat(48);
const OTHER: Measurements = { 0: "d3".repeat(48), 1: "e4".repeat(48), 2: "f5".repeat(48) };
const sound: Demands = { measurements: [MEASUREMENTS], nonce: NONCE };

/** The verdict of both, which must be the same where age plays no part. */
async function verify(claims: Partial<Claims>, demands: Demands = sound): Promise<void> {
  const expectations = new Expectations(demands);
  await verifyLive(forge(claims), SOUND.root, expectations, NOW);
  await verifyArchived(forge(claims), SOUND.root, expectations);
}

function withPcr(index: number, value: Uint8Array | null): Partial<Claims> {
  const pcrs = new Map(soundClaims().pcrs);
  if (value === null) pcrs.delete(index);
  else pcrs.set(index, value);
  return { pcrs };
}

test("accepts the document that was demanded", async () => {
  await verify({});
});

test("refuses to be made of nothing, of emptiness, or of less than it needs", () => {
  const misuse: [string, unknown][] = [
    ["nothing", undefined],
    ["null", null],
    ["a boolean", true],
    ["an empty object", {}],
    ["no nonce", { measurements: [MEASUREMENTS] }],
    ["no measurements", { nonce: NONCE }],
    ["measurements null", { ...sound, measurements: null }],
    ["measurements undefined", { ...sound, measurements: undefined }],
    ["measurements empty", { ...sound, measurements: [] }],
    ["measurements not a list", { ...sound, measurements: MEASUREMENTS }],
    ["an empty image", { ...sound, measurements: [{}] }],
    ["a null image", { ...sound, measurements: [null] }],
    ["one empty image of two", { ...sound, measurements: [MEASUREMENTS, {}] }],
    ["one zero image of two", { ...sound, measurements: [MEASUREMENTS, { ...OTHER, 1: ZERO }] }],
    ["a hole in the list", { ...sound, measurements: Object.assign([MEASUREMENTS], { length: 2 }) }],
    ["nonce null", { ...sound, nonce: null }],
    ["nonce undefined", { ...sound, nonce: undefined }],
    ["nonce text", { ...sound, nonce: "0123456789abcdef" }],
    ["nonce empty", { ...sound, nonce: new Uint8Array() }],
    ["nonce of 15 bytes", { ...sound, nonce: NONCE.subarray(0, 15) }],
    ["nonce of zeros", { ...sound, nonce: new Uint8Array(32) }],
    ["nonce no document holds", { ...sound, nonce: new Uint8Array(1025).fill(1) }],
    ["userData undefined", { ...sound, userData: undefined }],
    ["userData null", { ...sound, userData: null }],
    ["userData empty", { ...sound, userData: new Uint8Array() }],
    ["userData text", { ...sound, userData: "digest" }],
    ["userData too long", { ...sound, userData: new Uint8Array(1025) }],
    ["publicKey null", { ...sound, publicKey: null }],
    ["publicKey empty", { ...sound, publicKey: new Uint8Array() }],
    ["pcrs undefined", { ...sound, pcrs: undefined }],
    ["pcrs null", { ...sound, pcrs: null }],
    ["pcrs an object", { ...sound, pcrs: { 8: ZERO } }],
    ["a misspelt name", { ...sound, user_data: NONCE }],
    ["a switch", { ...sound, skip: true }],
  ];
  for (const index of [0, 1, 2] as const) {
    for (const value of [
      undefined,
      null,
      "",
      ZERO,
      ZERO.slice(2),
      `${ZERO}00`,
      "a0".repeat(47),
      "g".repeat(96),
      0,
    ]) {
      misuse.push([
        `PCR${index} ${String(value)}`,
        { ...sound, measurements: [{ ...MEASUREMENTS, [index]: value }] },
      ]);
    }
    misuse.push([
      `PCR${index} bytes`,
      { ...sound, measurements: [{ ...MEASUREMENTS, [index]: new Uint8Array(48) }] },
    ]);
  }
  for (const [index, value] of [
    [0, MEASUREMENTS[0]],
    [2, MEASUREMENTS[2]],
    [32, MEASUREMENTS[0]],
    [-1, MEASUREMENTS[0]],
    [3.5, MEASUREMENTS[0]],
    ["8", MEASUREMENTS[0]],
    [8, ""],
    [8, undefined],
    [8, "a0"],
    [8, new Uint8Array(48)],
  ]) {
    misuse.push([`pcr ${String(index)}: ${String(value)}`, { ...sound, pcrs: new Map([[index, value]]) }]);
  }
  for (const [what, demands] of misuse) {
    assertThrows(() => new Expectations(demands as Demands), "EXPECTATION_EMPTY", what);
  }
});

test("says which demand is empty or malformed", () => {
  const faults: readonly (readonly [string, unknown])[] = [
    ["demands", null],
    ["skip", { ...sound, skip: true }],
    ["measurements", { ...sound, measurements: [] }],
    ["measurements", { ...sound, measurements: [null] }],
    ["pcr0", { ...sound, measurements: [{ ...MEASUREMENTS, 0: ZERO }] }],
    ["pcr2", { ...sound, measurements: [{ ...MEASUREMENTS, 2: "a0" }] }],
    ["nonce", { ...sound, nonce: "0123456789abcdef" }],
    ["nonce", { ...sound, nonce: new Uint8Array(32) }],
    ["userData", { ...sound, userData: new Uint8Array() }],
    ["publicKey", { ...sound, publicKey: new Uint8Array() }],
    ["pcrs", { ...sound, pcrs: {} }],
    ["pcrs", { ...sound, pcrs: new Map([[2, ZERO]]) }],
    ["pcr8", { ...sound, pcrs: new Map([[8, "a0"]]) }],
  ];
  for (const [field, demands] of faults) {
    const { details } = assertThrows(() => new Expectations(demands as Demands), "EXPECTATION_EMPTY", field);
    assert.deepEqual(details, { field });
  }
});

test("takes demands at the ends of their ranges", async () => {
  const long = new Uint8Array(1024).fill(1);
  const one = Uint8Array.of(0);
  await verify(
    { nonce: long, userData: long, publicKey: long },
    { ...sound, nonce: long, userData: long, publicKey: long },
  );
  await verify({ userData: one, publicKey: one }, { ...sound, userData: one, publicKey: one });
  // A nonce may hold zeros, and a measurement begin with them.
  const nonce = Uint8Array.from({ length: 16 }, (_, at) => at % 2);
  await verify({ nonce }, { ...sound, nonce });
  const zeros = { ...MEASUREMENTS, 1: `00${MEASUREMENTS[1].slice(2)}` };
  await verify(withPcr(1, Buffer.from(zeros[1], "hex")), { ...sound, measurements: [zeros] });
  await verify(withPcr(31, new Uint8Array(48)), { ...sound, pcrs: new Map([[31, ZERO]]) });
});

test("refuses to verify with no expectations, or with something that is not one", async () => {
  const fakes: unknown[] = [undefined, null, {}, { check: () => undefined }, sound, true];
  for (const fake of fakes) {
    const expectations = fake as Expectations;
    await assertRefused(verifyLive(forge(), SOUND.root, expectations, NOW), "EXPECTATION_EMPTY");
    await assertRefused(verifyArchived(forge(), SOUND.root, expectations), "EXPECTATION_EMPTY");
  }
});

test("refuses to verify under something that is not a root", async () => {
  const expectations = new Expectations(sound);
  for (const fake of [undefined, null, {}, { equals: () => true, simulated: false }]) {
    const root = fake as unknown as typeof SOUND.root;
    await assert.rejects(verifyLive(forge(), root, expectations, NOW), TypeError);
    await assert.rejects(verifyArchived(forge(), root, expectations), TypeError);
  }
});

test("refuses a document in which PCR0, PCR1 or PCR2 is zero, as debug", async () => {
  for (const index of [0, 1, 2]) {
    await assertRefused(verify(withPcr(index, new Uint8Array(48))), "POLICY_DEBUG");
  }
});

test("refuses a register that is missing: it never counts as equal", async () => {
  for (const pcr of [0, 1, 2]) {
    const { details } = await assertRefused(verify(withPcr(pcr, null)), "POLICY_PCR", `${pcr}`);
    assert.deepEqual(details, { pcr });
  }
  await assertRefused(verify({ pcrs: new Map([[10, new Uint8Array(48).fill(1)]]) }), "POLICY_PCR");
  const demands = { ...sound, pcrs: new Map([[8, ZERO]]) };
  await verify({}, demands);
  const { details } = await assertRefused(verify(withPcr(8, null), demands), "POLICY_PCR");
  assert.deepEqual(details, { pcr: 8 });
});

test("refuses a register that differs, if only in its last bit", async () => {
  for (const index of [0, 1, 2] as const) {
    const register = Buffer.from(MEASUREMENTS[index], "hex");
    register[47] = (register[47] ?? 0) ^ 1;
    const { details } = await assertRefused(verify(withPcr(index, register)), "POLICY_PCR", `${index}`);
    assert.deepEqual(details, { pcr: index });
  }
});

test("accepts any one image of several, and no mixture of them", async () => {
  const demands = { ...sound, measurements: [OTHER, MEASUREMENTS] };
  await verify({}, demands);
  for (const index of [0, 1, 2] as const) {
    await assertRefused(
      verify(withPcr(index, Buffer.from(OTHER[index], "hex")), demands),
      "POLICY_PCR",
      `${index}`,
    );
  }
});

test("checks further registers where they are demanded", async () => {
  const role = new Uint8Array(48).fill(3);
  const demands = { ...sound, pcrs: new Map([[3, "03".repeat(48)]]) };
  await verify(withPcr(3, role), demands);
  await verify(withPcr(3, role), { ...sound, pcrs: new Map([[3, "0A".repeat(48)], ...demands.pcrs]) });
  await assertRefused(verify({}, demands), "POLICY_PCR");
});

test("takes hex in either case", async () => {
  const upper = { 0: MEASUREMENTS[0].toUpperCase(), 1: MEASUREMENTS[1].toUpperCase(), 2: MEASUREMENTS[2] };
  await verify({}, { ...sound, measurements: [upper] });
});

test("refuses a replayed document: another nonce, a longer or shorter one, none", async () => {
  const yesterday = Uint8Array.from(NONCE, (byte) => byte ^ 0xff);
  const nonces = [
    yesterday,
    NONCE.subarray(0, 31),
    Buffer.concat([NONCE, Uint8Array.of(0)]),
    new Uint8Array(),
    null,
  ];
  for (const nonce of nonces) await assertRefused(verify({ nonce }), "POLICY_NONCE");
});

test("refuses user_data and public_key that differ or are missing", async () => {
  const bound = new Uint8Array(48).fill(5);
  await verify({ userData: bound, publicKey: bound }, { ...sound, userData: bound, publicKey: bound });
  for (const value of [null, new Uint8Array(), bound.subarray(1), new Uint8Array(48)]) {
    await assertRefused(verify({ userData: value }, { ...sound, userData: bound }), "POLICY_USER_DATA");
    await assertRefused(verify({ publicKey: value }, { ...sound, publicKey: bound }), "POLICY_PUBLIC_KEY");
  }
});

test("keeps copies: what the caller does to its buffers afterwards changes nothing", async () => {
  const nonce = Uint8Array.from(NONCE);
  const userData = new Uint8Array(48).fill(5);
  const measurements = [MEASUREMENTS];
  const pcrs = new Map([[8, ZERO]]);
  const expectations = new Expectations({ measurements, nonce, userData, pcrs });
  const document = forge({ userData: Uint8Array.from(userData) });
  nonce.fill(9);
  userData.fill(9);
  measurements[0] = OTHER;
  pcrs.set(8, MEASUREMENTS[0]);
  assert.ok(await verifyLive(document, SOUND.root, expectations, NOW));
});

test("keeps copies: what the peer does to its document during the check changes nothing", async () => {
  const document = forge({ nonce: Uint8Array.from(NONCE, (byte) => byte ^ 1) });
  const pending = verifyLive(document, SOUND.root, new Expectations(sound), NOW);
  document.set(forge());
  await assertRefused(pending, "POLICY_NONCE");
  const good = forge();
  const accepted = verifyLive(good, SOUND.root, new Expectations(sound), NOW);
  good.fill(0);
  assert.deepEqual((await accepted).nonce, NONCE);
});
