// Registers of an image: against values computed elsewhere, against a naive twin, and what they do not tell.
import assert from "node:assert/strict";
import { createHash, createPublicKey, generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import { encode } from "cborg";
import fc from "fast-check";
import { encodePem } from "../../core/attestation/pem.ts";
import { measureEif } from "../../host-driver/enclave/measure.ts";
import type { MeasuredImage } from "../../host-driver/enclave/measure.ts";
import { createDevRoot } from "../../local/nsm/pki.ts";
import { refuses } from "../host/refusal.ts";
import { eifOf, forgedEif, memoryFile, part, PARTS } from "./specimens.ts";
import type { Part } from "./specimens.ts";

function measured(parts: readonly Part[]): Promise<MeasuredImage> {
  return measureEif(memoryFile(forgedEif(parts)));
}

/** The hypervisor's words: extend a register of zeros by the hash of everything together. */
function naive(...pieces: readonly Uint8Array[]): string {
  const hash = createHash("sha384").update(Buffer.concat(pieces)).digest();
  return createHash("sha384")
    .update(Buffer.concat([Buffer.alloc(48), hash]))
    .digest("hex");
}

test("PCR0, 1 and 2 are the ones that Python's hashlib gives for the same sections", async () => {
  const { measurements, signer } = await measureEif(memoryFile(await eifOf(PARTS)));
  assert.deepEqual(measurements, {
    0: "f6f2c7c1093c2c446d9ffd57784638d4155b6ed6f489576fe82c6986e861771c00fc440dd9db69e985f71f947d8084c6",
    1: "bbfd446c680e9340a8ec7a4f8b1178df5bc385468d067909af60c19a9bdb8b0f505d29aa1d13d95b2779a924a0a32467",
    2: "f4d3d355b1d7a674b58aa7c27ccd27cc40665ed50aa116bfcecf510ba2fa4cd908be95397be478017896eeb46f3c092d",
  });
  assert.equal(signer, null);
});

test("an image of one ramdisk has in PCR2 the hash of nothing", async () => {
  const { measurements } = await measured(PARTS.slice(0, 4));
  assert.equal(
    measurements[2],
    "21b9efbc184807662e966d34f390821309eeac6802309798826296bf3e8bec7c10edb30948c90ba67310f7b964fc500a",
  );
  assert.equal(measurements[0], measurements[1]);
});

test("registers and digests are those of a naive reading, for any sections in any allowed order", async () => {
  const bytes = fc.uint8Array({ maxLength: 50 });
  await fc.assert(
    fc.asyncProperty(
      bytes,
      fc.stringMatching(/^[ -~]{0,30}$/),
      fc.array(bytes, { minLength: 1, maxLength: 5 }),
      fc.nat(5),
      async (kernel, cmdline, ramdisks, place) => {
        const parts = [
          part("kernel", kernel),
          part("cmdline", cmdline),
          ...ramdisks.map((ramdisk) => part("ramdisk", ramdisk)),
        ];
        parts.splice(Math.min(place, parts.length), 0, part("metadata", '{"any":1}'));
        const image = await measured(parts);
        const boot = [kernel, Buffer.from(cmdline), ramdisks[0] ?? Buffer.alloc(0)];
        assert.deepEqual(image.measurements, {
          0: naive(...boot, ...ramdisks.slice(1)),
          1: naive(...boot),
          2: naive(...ramdisks.slice(1)),
        });
        assert.equal(image.cmdline, cmdline);
        assert.equal(image.metadata, '{"any":1}');
        assert.deepEqual(
          image.sections.map(({ digest }) => digest),
          parts.map((each) => createHash("sha384").update(each.bytes).digest("hex")),
        );
      },
    ),
    { numRuns: 60 },
  );
});

test("metadata, default memory and CPUs are in no register", async () => {
  const plain = await measured(PARTS);
  const other = await measureEif(
    memoryFile(
      forgedEif(
        PARTS.map((each) => (each.kind === "metadata" ? part("metadata", '{"BuildTime":"now"}') : each)),
        (image) => {
          image.writeBigUInt64BE(1n << 34n, 8);
          image.writeBigUInt64BE(16n, 16);
          return image;
        },
      ),
    ),
  );
  assert.deepEqual(other.measurements, plain.measurements);
});

test("bytes that move from one section to the next leave the registers, and change the sections' digests", async () => {
  const [, , metadata, ...ramdisks] = PARTS;
  assert.ok(metadata !== undefined);
  const before = await measured([part("kernel", "kernel"), part("cmdline", "quiet"), metadata, ...ramdisks]);
  const after = await measured([part("kernel", "kern"), part("cmdline", "elquiet"), metadata, ...ramdisks]);
  assert.deepEqual(after.measurements, before.measurements);
  assert.notEqual(after.sections[0]?.digest, before.sections[0]?.digest);
  assert.notEqual(after.sections[1]?.digest, before.sections[1]?.digest);
});

// Signatures.

const root = createDevRoot(Date.UTC(2026, 0, 1));
const PEM = encodePem(root.certificate);

/** As serde writes bytes that it takes for a list. */
function listOf(bytes: Uint8Array | string): number[] {
  return [...Buffer.from(bytes)];
}

function signed(section: unknown): readonly Part[] {
  return [...PARTS, part("signature", encode(section))];
}

test("PCR8 is over the signing certificate, and its subject and end are told", async () => {
  const image = await measured(signed([{ signing_certificate: listOf(PEM), signature: listOf("s") }]));
  assert.equal(image.signer?.pcr8, naive(root.certificate));
  assert.match(image.signer.subject, /CN=simulated/);
  assert.match(image.signer.notAfter, /GMT$/);
  assert.deepEqual(image.measurements, (await measured(PARTS)).measurements);
});

const publicKey = createPublicKey(generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey).export({
  format: "pem",
  type: "spki",
});

const SIGNATURES: readonly (readonly [string, unknown])[] = [
  ["no list", {}],
  ["no signature", []],
  ["two signatures", [1, 2].map(() => ({ signing_certificate: listOf(PEM), signature: [] }))],
  ["no certificate", [{ signature: [] }]],
  ["something more", [{ signing_certificate: listOf(PEM), signature: [], more: 1 }]],
  ["a signature that is no list", [{ signing_certificate: listOf(PEM), signature: "s" }]],
  ["a byte of 256", [{ signing_certificate: [...listOf(PEM), 256], signature: [] }]],
  ["a negative byte", [{ signing_certificate: [-1, ...listOf(PEM)], signature: [] }]],
  ["a certificate in DER", [{ signing_certificate: listOf(root.certificate), signature: [] }]],
  // Readers differ in what they take of these: the first block, the first of one label, or what a text hides.
  ["text before the certificate", [{ signing_certificate: listOf(`Bag Attributes\n${PEM}`), signature: [] }]],
  ["two certificates", [{ signing_certificate: listOf(PEM + PEM), signature: [] }]],
  [
    "another label before the certificate",
    [
      {
        signing_certificate: listOf(PEM.replaceAll("CERTIFICATE", "TRUSTED CERTIFICATE") + PEM),
        signature: [],
      },
    ],
  ],
  ["a key for a certificate", [{ signing_certificate: listOf(publicKey), signature: [] }]],
];

for (const [name, section] of SIGNATURES) {
  test(`a signature section with ${name} is refused`, async () => {
    await refuses("EIF_SIGNATURE", measured(signed(section)));
  });
}

test("a signature section that is no CBOR, or has bytes after it, is refused", async () => {
  const section = encode([{ signing_certificate: listOf(PEM), signature: [] }]);
  for (const bytes of [Buffer.from("signature"), Buffer.concat([section, Buffer.alloc(1)])]) {
    await refuses("EIF_SIGNATURE", measured([...PARTS, part("signature", bytes)]));
  }
});
