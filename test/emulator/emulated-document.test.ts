// Documents as QEMU writes them are read by the tests' own reader and by nothing that production has; that reader takes
// nothing else.
import assert from "node:assert/strict";
import { test } from "node:test";
import { encode } from "cborg";
import { AWS_ROOT, trustRoot } from "../../core/attestation/root.ts";
import { authenticateArchived } from "../../core/attestation/verify.ts";
import { SealroomError } from "../../core/errors.ts";
import { encodeDocument } from "../../local/nsm/document.ts";
import { ChainIssuer, createDevRoot } from "../../local/nsm/pki.ts";
import { countersign } from "./countersign.ts";
import { isEmulated, readEmulatedDocument } from "./emulated-document.ts";

const ZEROS = new Uint8Array(64);
const PROTECTED = Uint8Array.of(0xa1, 0x01, 0x20);
const NOW = Date.UTC(2026, 10, 30);

const CLAIMS = {
  moduleId: "i-00000000000000000-enc0123456789abcdef",
  timestampMs: NOW,
  pcrs: new Map([0, 1, 2].map((index) => [index, new Uint8Array(48).fill(index + 1)])),
  publicKey: null,
  userData: Uint8Array.of(1, 2, 3),
  nonce: new Uint8Array(16).fill(7),
};

function payload(changes: Record<string, unknown> = {}): Uint8Array {
  const fields = {
    module_id: CLAIMS.moduleId,
    digest: "SHA384",
    timestamp: CLAIMS.timestampMs,
    pcrs: CLAIMS.pcrs,
    certificate: ZEROS,
    cabundle: [ZEROS],
    public_key: null,
    user_data: CLAIMS.userData,
    nonce: CLAIMS.nonce,
    ...changes,
  };
  return encode(fields);
}

function envelope(...changes: readonly [at: number, value: unknown][]): Uint8Array {
  const parts: unknown[] = [PROTECTED, new Map(), payload(), ZEROS];
  for (const [at, value] of changes) parts[at] = value;
  return encode(parts);
}

function refusal(bytes: Uint8Array): string {
  try {
    readEmulatedDocument(bytes);
    return "taken";
  } catch (error) {
    return error instanceof SealroomError ? error.code : String(error);
  }
}

test("a document of the emulated device gives what it says", () => {
  const { moduleId, timestampMs, pcrs, publicKey, userData, nonce } = readEmulatedDocument(envelope());
  assert.deepEqual({ moduleId, timestampMs, pcrs, publicKey, userData, nonce }, CLAIMS);
  assert.ok(isEmulated(envelope()));
});

test("the production verifier refuses it, under Amazon's root and under any other", async () => {
  const simulated = trustRoot(createDevRoot(NOW).certificate);
  for (const root of [AWS_ROOT, simulated]) {
    await assert.rejects(authenticateArchived(envelope(), root), { code: "COSE_HEADER" });
  }
});

test("a document that somebody signed is none of the emulated device", () => {
  const signed = encodeDocument(CLAIMS, new ChainIssuer(createDevRoot(NOW), CLAIMS.moduleId).identityAt(NOW));
  assert.equal(refusal(signed), "COSE_HEADER");
  assert.ok(!isEmulated(signed));
});

test("whatever differs from the one form in header, signature or certificates is refused", () => {
  const almost = ZEROS.slice();
  almost[63] = 1;
  const cases: readonly [name: string, bytes: Uint8Array, code: string][] = [
    ["ES384 in the header", envelope([0, Uint8Array.of(0xa1, 0x01, 0x38, 0x22)]), "COSE_HEADER"],
    ["an unprotected header", envelope([1, new Map([[1, 1]])]), "COSE_HEADER"],
    ["a signature of another length", envelope([3, new Uint8Array(96)]), "COSE_SIGNATURE"],
    ["a bit in the signature", envelope([3, almost]), "COSE_SIGNATURE"],
    ["no signature", envelope([3, new Uint8Array()]), "COSE_SIGNATURE"],
    ["a certificate", envelope([2, payload({ certificate: almost })]), "CHAIN_ROOT"],
    ["a root", envelope([2, payload({ cabundle: [almost] })]), "CHAIN_ROOT"],
    ["two roots", envelope([2, payload({ cabundle: [ZEROS, ZEROS] })]), "CHAIN_ROOT"],
    ["an unknown field", envelope([2, payload({ more: 1 })]), "DOCUMENT_FIELD"],
    ["an empty payload", envelope([2, new Uint8Array()]), "COSE_SHAPE"],
    ["text for a payload", envelope([2, "text"]), "COSE_SHAPE"],
    ["a tag", Buffer.concat([Uint8Array.of(0xd2), envelope()]), "COSE_SHAPE"],
    ["trailing bytes", Buffer.concat([envelope(), Uint8Array.of(0)]), "DOCUMENT_CBOR"],
    ["five parts", encode([PROTECTED, new Map(), payload(), ZEROS, 0]), "COSE_SHAPE"],
    ["nothing", new Uint8Array(), "DOCUMENT_SIZE"],
    ["more than a document can be", new Uint8Array(20_000), "DOCUMENT_SIZE"],
  ];
  for (const [name, bytes, code] of cases) assert.equal(refusal(bytes), code, name);
});

test("every truncation of a document is refused", () => {
  const bytes = envelope();
  for (let length = 0; length < bytes.length; length++) {
    assert.notEqual(refusal(bytes.subarray(0, length)), "taken", String(length));
  }
});

test("countersigned it verifies under that root alone, and says the same", async () => {
  const root = createDevRoot(NOW);
  const signed = countersign(envelope(), root);
  const said = await authenticateArchived(signed, trustRoot(root.certificate));
  for (const [name, value] of Object.entries(CLAIMS)) {
    assert.deepEqual(said[name as keyof typeof CLAIMS], value, name);
  }
  const other = trustRoot(createDevRoot(NOW).certificate);
  await assert.rejects(authenticateArchived(signed, other), { code: "CHAIN_ROOT" });
});
