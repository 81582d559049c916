// The payload: CBOR that no NSM writes, and fields out of their limits (H07, H09, H11). Every document here is signed
// as it should be by a chain that holds.
import assert from "node:assert/strict";
import { test } from "node:test";
import { encode } from "cborg";
import fc from "fast-check";
import { isDebug, type AttestationDocument } from "../../core/attestation/document.ts";
import { authenticate } from "../../core/attestation/verify.ts";
import {
  at,
  forge,
  forgeEntries,
  forgeField,
  forgePayload,
  indexOf,
  NOW,
  SOUND,
  soundClaims,
  soundEntries,
  type Entry,
} from "./forge.ts";
import { assertRefused } from "./refusal.ts";

const REGISTER = new Uint8Array(48).fill(9);
const MANDATORY = ["module_id", "digest", "timestamp", "pcrs", "certificate", "cabundle"];
const OPTIONAL = ["public_key", "user_data", "nonce"];

function verdict(document: Uint8Array): Promise<AttestationDocument> {
  return authenticate(document, SOUND.root, NOW);
}

function raw(...bytes: readonly (number | Uint8Array)[]): Uint8Array {
  return Uint8Array.from(bytes.flatMap((part) => (typeof part === "number" ? [part] : [...part])));
}

/** A PCR map out of raw keys, each with a sound value. */
function pcrsUnder(...keys: readonly Uint8Array[]): Uint8Array {
  return raw(0xa0 + keys.length, ...keys.map((key) => raw(key, encode(REGISTER))));
}

test("accepts what the tests build before they break it", async () => {
  assert.ok(await verdict(forgeEntries(() => undefined)));
  assert.ok(await verdict(forgeField("pcrs", pcrsUnder(raw(0), raw(1), raw(2)))));
});

test("accepts definite and indefinite maps, as the NSM has written both", async () => {
  const entries = soundEntries().flat();
  assert.ok(await verdict(forgePayload(raw(0xbf, ...entries, 0xff))));
  const register = encode(REGISTER);
  assert.ok(await verdict(forgeField("pcrs", raw(0xbf, 0, register, 1, register, 0xff))));
});

test("accepts the fields in any order", async () => {
  const document = await verdict(forgeEntries((entries) => entries.reverse()));
  assert.equal(document.moduleId, soundClaims().moduleId);
});

test("refuses a key that stands twice, wherever and whatever its values", async () => {
  for (const name of [...MANDATORY, ...OPTIONAL]) {
    const twice = (entries: Entry[]): number => entries.push(at(entries, indexOf(entries, name)));
    await assertRefused(verdict(forgeEntries(twice)), "DOCUMENT_CBOR", name);
  }
  await assertRefused(
    verdict(forgeField("pcrs", pcrsUnder(raw(0), raw(1), raw(0)))),
    "DOCUMENT_CBOR",
    "PCR0",
  );
});

test("refuses encodings that are not the shortest", async () => {
  const register = encode(REGISTER);
  assert.deepEqual([...register.subarray(0, 2)], [0x58, 48]);
  const cases: [string, string, Uint8Array][] = [
    ["timestamp", "5 in two bytes", raw(0x18, 5)],
    ["timestamp", "5 in three bytes", raw(0x19, 0, 5)],
    ["timestamp", "5 in five bytes", raw(0x1a, 0, 0, 0, 5)],
    ["timestamp", "5 in nine bytes", raw(0x1b, 0, 0, 0, 0, 0, 0, 0, 5)],
    ["timestamp", "2^32 - 1 in nine bytes", raw(0x1b, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff)],
    ["pcrs", "an index in two bytes", pcrsUnder(raw(0), raw(1), raw(0x18, 2))],
    ["pcrs", "a length in two bytes", raw(0xa1, 0, 0x59, 0, 48, REGISTER)],
    ["pcrs", "a map's size in a byte of its own", raw(0xb8, 1, 0, register)],
    ["digest", "a text's length in a byte of its own", raw(0x78, 6, new TextEncoder().encode("SHA384"))],
    ["user_data", "null in two bytes", raw(0xf8, 22)],
  ];
  for (const [field, what, value] of cases) {
    await assertRefused(verdict(forgeField(field, value)), "DOCUMENT_CBOR", what);
  }
});

test("refuses lengths past the end, up to 2^64 - 1, without room for them", async () => {
  const full = new Uint8Array(8).fill(0xff);
  for (const major of [0x40, 0x60, 0x80, 0xa0]) {
    for (const head of [
      raw(major + 27, full),
      raw(major + 27, 0, 0x1f, full.subarray(2)),
      raw(major + 27, 0, 0, 0, 1, 0, 0, 0, 0),
      raw(major + 26, full.subarray(4)),
      raw(major + 25, full.subarray(6)),
    ]) {
      await assertRefused(
        verdict(forgeField("user_data", head)),
        "DOCUMENT_CBOR",
        Buffer.from(head).toString("hex"),
      );
      await assertRefused(verdict(forgePayload(head)), "DOCUMENT_CBOR", Buffer.from(head).toString("hex"));
    }
  }
});

test("refuses depth, definite and indefinite, with and without an end", async () => {
  for (const depth of [4, 5, 1000, 10_000]) {
    const arrays = raw(new Uint8Array(depth).fill(0x81), 0);
    const maps = raw(...Array.from({ length: Math.min(depth, 5000) }, () => raw(0xa1, 0)), 0);
    const open = raw(...Array.from({ length: Math.min(depth, 5000) }, () => raw(0xbf, 0)));
    for (const value of [arrays, maps, open]) {
      await assertRefused(verdict(forgeField("user_data", value)), "DOCUMENT_CBOR", `${depth}`);
    }
  }
});

test("refuses what the NSM has no use for: tags, floats, pieces, breaks, undefined, large integers", async () => {
  const values: [string, Uint8Array][] = [
    ["tag", raw(0xc2, 0x41, 1)],
    ["tag 18", raw(0xd2, 0xf6)],
    ["half", raw(0xf9, 0x3c, 0)],
    ["single", raw(0xfa, 0x3f, 0x80, 0, 0)],
    ["double", raw(0xfb, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0)],
    ["NaN", raw(0xf9, 0x7e, 0)],
    ["undefined", raw(0xf7)],
    ["simple 0", raw(0xe0)],
    ["simple 255", raw(0xf8, 0xff)],
    ["reserved head", raw(0x1c)],
    ["reserved length", raw(0x5e)],
    ["break", raw(0xff)],
    ["indefinite integer", raw(0x1f)],
    ["bytes in pieces", raw(0x5f, 0x41, 1, 0xff)],
    ["text in pieces", raw(0x7f, 0x61, 0x61, 0xff)],
    ["indefinite array", raw(0x9f, 0x41, 1, 0xff)],
    ["break in an array", raw(0x81, 0xff)],
    ["break for a value", raw(0xbf, 0, 0xff)],
    ["2^53", raw(0x1b, 0, 0x20, 0, 0, 0, 0, 0, 0)],
    ["2^64 - 1", raw(0x1b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)],
    ["text that is not UTF-8", raw(0x62, 0xc3, 0x28)],
    ["a surrogate", raw(0x63, 0xed, 0xa0, 0x80)],
    ["two values", raw(0xf6, 0xf6)],
    ["no value", raw()],
  ];
  for (const [what, value] of values) {
    await assertRefused(verdict(forgeField("user_data", value)), "DOCUMENT_CBOR", what);
  }
});

test("refuses bytes after the payload's map, and a payload that is no map", async () => {
  const payload = raw(0xa9, ...soundEntries().flat());
  assert.ok(await verdict(forgePayload(payload)));
  for (const byte of [0, 0xf6, 0xff, 0xa0]) {
    await assertRefused(verdict(forgePayload(raw(payload, byte))), "DOCUMENT_CBOR");
  }
  for (const other of [0, "payload", new Uint8Array(9), null, []]) {
    await assertRefused(verdict(forgePayload(encode(other))), "DOCUMENT_CBOR");
  }
  await assertRefused(verdict(forgePayload(raw(0xa0))), "DOCUMENT_FIELD");
  await assertRefused(verdict(forgePayload(raw(0xbf, 0xff))), "DOCUMENT_FIELD");
});

test("refuses PCR indexes that are no unsigned integers, or past 31", async () => {
  const keys: [string, Uint8Array, "DOCUMENT_CBOR" | "DOCUMENT_FIELD"][] = [
    ["text", encode("0"), "DOCUMENT_FIELD"],
    ["text PCR0", encode("PCR0"), "DOCUMENT_FIELD"],
    ["negative", raw(0x20), "DOCUMENT_CBOR"],
    ["half", raw(0xf9, 0, 0), "DOCUMENT_CBOR"],
    ["double", raw(0xfb, 0, 0, 0, 0, 0, 0, 0, 0), "DOCUMENT_CBOR"],
    ["bytes", raw(0x41, 0), "DOCUMENT_CBOR"],
    ["null", raw(0xf6), "DOCUMENT_CBOR"],
    ["false", raw(0xf4), "DOCUMENT_CBOR"],
    ["array", raw(0x80), "DOCUMENT_CBOR"],
    ["map", raw(0xa0), "DOCUMENT_CBOR"],
    ["32", raw(0x18, 32), "DOCUMENT_FIELD"],
    ["2^32", raw(0x1b, 0, 0, 0, 1, 0, 0, 0, 0), "DOCUMENT_FIELD"],
  ];
  for (const [what, key, code] of keys) {
    await assertRefused(verdict(forgeField("pcrs", pcrsUnder(raw(1), raw(2), key))), code, what);
  }
  assert.ok(await verdict(forgeField("pcrs", pcrsUnder(raw(1), raw(2), raw(0x18, 31)))));
});

test("refuses registers of any length but 48, and of any type but bytes", async () => {
  for (const length of [0, 1, 20, 32, 47, 49, 64, 96]) {
    const pcrs = new Map([[0, new Uint8Array(length).fill(1)]]);
    await assertRefused(verdict(forge({ pcrs })), "DOCUMENT_FIELD", `${length}`);
  }
  for (const value of ["a".repeat(48), 0, null, false, [REGISTER], new Map([[0, REGISTER]])]) {
    await assertRefused(verdict(forgeField("pcrs", encode(new Map([[0, value]])))), "DOCUMENT_FIELD");
  }
  for (const pcrs of [new Map(), null, [REGISTER], REGISTER, 0, "pcrs"]) {
    await assertRefused(verdict(forgeField("pcrs", encode(pcrs))), "DOCUMENT_FIELD");
  }
});

test("takes 32 registers, and 1, for authentic; what is missing counts as debug", async () => {
  const all = new Map(Array.from({ length: 32 }, (_, index) => [index, REGISTER]));
  assert.equal(isDebug(await verdict(forge({ pcrs: all }))), false);
  for (const gone of [0, 1, 2]) {
    const pcrs = new Map([...all].filter(([index]) => index !== gone));
    assert.equal(isDebug(await verdict(forge({ pcrs }))), true);
    assert.equal(isDebug(await verdict(forge({ pcrs: new Map(all).set(gone, new Uint8Array(48)) }))), true);
  }
  assert.equal(isDebug(await verdict(forge({ pcrs: new Map([[10, REGISTER]]) }))), true);
  assert.equal(isDebug(await verdict(forge({ pcrs: new Map(all).set(3, new Uint8Array(48)) }))), false);
});

test("refuses a document without one of the mandatory fields, or with null for it", async () => {
  for (const name of MANDATORY) {
    const without = (entries: Entry[]): unknown => entries.splice(indexOf(entries, name), 1);
    await assertRefused(verdict(forgeEntries(without)), "DOCUMENT_FIELD", name);
    await assertRefused(verdict(forgeField(name, encode(null))), "DOCUMENT_FIELD", `${name}: null`);
  }
});

test("refuses fields that it does not know", async () => {
  for (const name of ["extra", "nitrotpm_pcrs", "PCRS", "", "__proto__", "constructor", 0]) {
    const more = (entries: Entry[]): number => entries.push([encode(name), encode(null)]);
    await assertRefused(verdict(forgeEntries(more)), "DOCUMENT_FIELD", String(name));
  }
});

test("refuses mandatory fields of another type or out of their limits", async () => {
  const cases: [string, unknown][] = [
    ["module_id", ""],
    ["module_id", 7],
    ["module_id", new TextEncoder().encode("i-0")],
    ["module_id", "i-0\u001b[31m"],
    ["module_id", "i-0 enc"],
    ["module_id", "x".repeat(256)],
    ["digest", "SHA256"],
    ["digest", "sha384"],
    ["digest", new TextEncoder().encode("SHA384")],
    ["timestamp", 0],
    ["timestamp", -1],
    ["timestamp", "1"],
    ["timestamp", 253_402_300_800_000],
    ["timestamp", Number.MAX_SAFE_INTEGER],
    ["certificate", new Uint8Array()],
    ["certificate", new Uint8Array(1025)],
    ["certificate", "certificate"],
    ["cabundle", []],
    ["cabundle", [new Uint8Array()]],
    ["cabundle", [new Uint8Array(1025)]],
    ["cabundle", ["root"]],
    ["cabundle", new Map([[0, new Uint8Array(1)]])],
    ["cabundle", new Uint8Array(1)],
  ];
  for (const [name, value] of cases) {
    await assertRefused(
      verdict(forgeField(name, encode(value))),
      "DOCUMENT_FIELD",
      `${name}: ${String(value)}`,
    );
  }
});

test("takes null and absent alike, keeps empty apart, and refuses 1025 bytes and other types", async () => {
  const names = { public_key: "publicKey", user_data: "userData", nonce: "nonce" } as const;
  for (const [name, member] of Object.entries(names)) {
    const without = (entries: Entry[]): unknown => entries.splice(indexOf(entries, name), 1);
    assert.equal((await verdict(forgeEntries(without)))[member], null);
    assert.equal((await verdict(forgeField(name, encode(null))))[member], null);
    for (const length of [0, 512, 513, 1024]) {
      const document = await verdict(forgeField(name, encode(new Uint8Array(length).fill(1))));
      assert.equal(document[member]?.length, length);
    }
    for (const value of [new Uint8Array(1025), "text", [], 0, false, new Map()]) {
      await assertRefused(verdict(forgeField(name, encode(value))), "DOCUMENT_FIELD", name);
    }
  }
});

test("says which field is at fault", async () => {
  const register = new Map([[0, new Uint8Array(47)]]);
  const faults: readonly (readonly [string, unknown])[] = [
    ["module_id", ""],
    ["digest", "SHA256"],
    ["timestamp", 0],
    ["pcrs", []],
    ["pcrs", register],
    ["pcrs", new Map([[32, REGISTER]])],
    ["certificate", new Uint8Array()],
    ["cabundle", []],
    ["cabundle", [new Uint8Array()]],
    ["public_key", "text"],
    ["user_data", "text"],
    ["nonce", "text"],
  ];
  for (const [field, value] of faults) {
    const { details } = await assertRefused(verdict(forgeField(field, encode(value))), "DOCUMENT_FIELD");
    assert.deepEqual(details, { field });
  }
  const more = (entries: Entry[]): number => entries.push([encode("extra"), encode(null)]);
  const { details } = await assertRefused(verdict(forgeEntries(more)), "DOCUMENT_FIELD");
  assert.deepEqual(details, { field: "unknown" });
});

test("reads a bundle of eight certificates, and none of nine", async () => {
  const bundle = (length: number): Uint8Array =>
    forgeField("cabundle", encode(Array.from({ length }, () => new Uint8Array(1))));
  await assertRefused(verdict(bundle(8)), "CHAIN_ROOT");
  await assertRefused(verdict(bundle(9)), "DOCUMENT_FIELD");
});

test("reads back every document that can be written", async () => {
  const optional = fc.option(fc.uint8Array({ maxLength: 1024 }));
  const claims = fc.record(
    {
      moduleId: fc.stringMatching(/^[!-~]{1,255}$/),
      timestampMs: fc.integer({ min: 1, max: 253_402_300_799_999 }),
      pcrs: fc
        .uniqueArray(fc.tuple(fc.nat(31), fc.uint8Array({ minLength: 48, maxLength: 48 })), {
          minLength: 1,
          selector: ([index]) => index,
        })
        .map((entries) => new Map(entries)),
      publicKey: optional,
      userData: optional,
      nonce: optional,
    },
    { noNullPrototype: true },
  );
  await fc.assert(
    fc.asyncProperty(claims, async (written) => {
      const { certificate, cabundle, ...read } = await verdict(forge(written));
      assert.deepEqual(read, written);
      assert.deepEqual(
        [...cabundle, certificate],
        [...SOUND.identity.cabundle, SOUND.identity.certificate].map(plain),
      );
    }),
    { numRuns: 100 },
  );
});

function plain(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from(bytes);
}
