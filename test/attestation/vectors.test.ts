// Real documents of eleven projects, 2021 to 2025, and broken ones made of them.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { isDebug } from "../../core/attestation/document.ts";
import { encodeRegister } from "../../core/attestation/measurements.ts";
import { AWS_ROOT, trustRoot } from "../../core/attestation/root.ts";
import { authenticate, authenticateArchived } from "../../core/attestation/verify.ts";
import type { ErrorCode } from "../../core/errors.ts";
import { VECTORS, withoutVectors } from "../vectors.ts";
import { malleate } from "./malleate.ts";
import { assertRefused } from "./refusal.ts";

const FOLDER = new URL("attestation/", VECTORS);
const options = { skip: withoutVectors };

/** What each broken document is refused for. Payload faults are found before the signature is looked at. */
const NEGATIVE: Readonly<Record<string, ErrorCode>> = {
  "alg-es256.cbor": "COSE_HEADER",
  "array-of-5.cbor": "COSE_SHAPE",
  "cabundle-empty.cbor": "DOCUMENT_FIELD",
  "cabundle-missing-intermediate.cbor": "CHAIN_ISSUER",
  "cabundle-reversed.cbor": "CHAIN_ROOT",
  "deep-nesting.cbor": "DOCUMENT_SIZE",
  "dup-pcr-key.cbor": "DOCUMENT_CBOR",
  "empty.cbor": "DOCUMENT_SIZE",
  "indefinite-bomb.cbor": "DOCUMENT_SIZE",
  "leaf-swapped.cbor": "CHAIN_ISSUER",
  "missing-cabundle.cbor": "DOCUMENT_FIELD",
  "missing-digest.cbor": "DOCUMENT_FIELD",
  "missing-pcrs.cbor": "DOCUMENT_FIELD",
  "module-id-empty.cbor": "DOCUMENT_FIELD",
  "payload-nil.cbor": "COSE_SHAPE",
  "payload-trailing.cbor": "DOCUMENT_CBOR",
  "pcr-len-47.cbor": "DOCUMENT_FIELD",
  "pcr0-flipped.cbor": "COSE_SIGNATURE",
  "pcrs-zeroed-to-debug.cbor": "COSE_SIGNATURE",
  "public-key-array.cbor": "DOCUMENT_FIELD",
  "sig-bitflip.cbor": "COSE_SIGNATURE",
  "sig-from-other-doc.cbor": "COSE_SIGNATURE",
  "tag17.cbor": "COSE_SHAPE",
  "tag18-twice.cbor": "COSE_SHAPE",
  "timestamp-zero.cbor": "DOCUMENT_FIELD",
  "truncated.cbor": "DOCUMENT_CBOR",
  "unprotected-alg.cbor": "COSE_HEADER",
  "veracruz-bad-sig.cbor": "COSE_SIGNATURE",
};

interface Recorded {
  file: string;
  sha256: string;
  module_id: string;
  timestampMs: number;
  debug: boolean;
  pcrCount: number;
  nonZeroPcrs: Record<string, string>;
  public_key_len: number | null;
  user_data_len: number | null;
  nonce_len: number | null;
  cabundle_len: number;
}

function recorded(): Recorded[] {
  return JSON.parse(readFileSync(new URL("manifest.json", FOLDER), "utf8")) as Recorded[];
}

function read(file: string): Uint8Array {
  return readFileSync(new URL(file, FOLDER));
}

test("knows every file of the vectors", options, () => {
  const known = [
    ...recorded().map(({ file }) => file),
    ...Object.keys(NEGATIVE).map((file) => `negative/${file}`),
  ];
  const there = ["valid", "negative"].flatMap((folder) =>
    readdirSync(new URL(folder, FOLDER)).map((file) => `${folder}/${file}`),
  );
  assert.deepEqual(there.sort(), [...known, "negative/manifest.json"].sort());
});

test(
  "accepts every real document at its own timestamp, and reads what was recorded of it",
  options,
  async () => {
    for (const expected of recorded()) {
      const bytes = read(expected.file);
      assert.equal(createHash("sha256").update(bytes).digest("hex"), expected.sha256);
      const document = await authenticateArchived(bytes, AWS_ROOT);
      assert.equal(document.moduleId, expected.module_id);
      assert.equal(document.timestampMs, expected.timestampMs);
      assert.equal(document.pcrs.size, expected.pcrCount);
      assert.equal(document.cabundle.length, expected.cabundle_len);
      assert.equal(document.publicKey?.length ?? null, expected.public_key_len);
      assert.equal(document.userData?.length ?? null, expected.user_data_len);
      assert.equal(document.nonce?.length ?? null, expected.nonce_len);
      const nonZero = [...document.pcrs].filter(([, value]) => value.some((byte) => byte !== 0));
      assert.deepEqual(
        Object.fromEntries(nonZero.map(([index, value]) => [index, encodeRegister(value)])),
        expected.nonZeroPcrs,
      );
    }
  },
);

test("tells the debug documents from the others", options, async () => {
  const debug = { true: 0, false: 0 };
  for (const expected of recorded()) {
    const document = await authenticateArchived(read(expected.file), AWS_ROOT);
    assert.equal(isDebug(document), expected.debug, expected.file);
    debug[`${expected.debug}`] += 1;
  }
  assert.ok(debug.true > 0 && debug.false > 0);
});

test("refuses every real document now, as its chain has expired", options, async () => {
  for (const { file } of recorded()) {
    await assertRefused(authenticate(read(file), AWS_ROOT, Date.now()), "CHAIN_EXPIRED");
  }
});

test("refuses every broken document, in the right layer", options, async () => {
  for (const [file, code] of Object.entries(NEGATIVE)) {
    await assertRefused(authenticateArchived(read(`negative/${file}`), AWS_ROOT), code, file);
  }
});

test("accepts tag 18, once", options, async () => {
  for (const { file } of recorded()) {
    const once = Buffer.concat([Uint8Array.of(0xd2), read(file)]);
    assert.ok(await authenticateArchived(once, AWS_ROOT));
    await assertRefused(
      authenticateArchived(Buffer.concat([Uint8Array.of(0xd2), once]), AWS_ROOT),
      "COSE_SHAPE",
    );
  }
});

test("accepts the other signature that ECDSA allows, (r, n - s)", options, async () => {
  for (const { file } of recorded()) assert.ok(await authenticateArchived(malleate(read(file)), AWS_ROOT));
});

test("has Amazon's root, to the byte, under the published fingerprint", options, () => {
  const fingerprint = createHash("sha256").update(AWS_ROOT.certificate).digest("hex");
  assert.equal(fingerprint, "641a0321a3e244efe456463195d606317ed7cdcc3c1756e09893f3c68f79bb5b");
  const file = read("root/aws_nitro_root_G1.pem");
  assert.deepEqual(trustRoot(file).certificate, AWS_ROOT.certificate);
  assert.equal(trustRoot(file).simulated, false);
});
