// A finished job with its receipt, attested by a chain of our own, and what its verifier holds from before.
import { randomBytes } from "node:crypto";
import { trustRoot } from "../../core/attestation/root.ts";
import type { Measurements } from "../../core/attestation/measurements.ts";
import type { Authority } from "../../core/manifest/authority.ts";
import type { VerifiedManifest } from "../../core/manifest/manifest.ts";
import { statementUserData } from "../../core/receipt/binding.ts";
import { composeStatement } from "../../core/receipt/compose.ts";
import { encodeReceipt } from "../../core/receipt/receipt.ts";
import { sealResult } from "../../core/receipt/sealed-result.ts";
import { encodeStatement } from "../../core/receipt/statement.ts";
import type { Statement } from "../../core/receipt/statement.ts";
import type { ReceiptCheck } from "../../core/receipt/verify.ts";
import { sha384Hex } from "../../core/text/digest.ts";
import { encodeDocument } from "../../local/nsm/document.ts";
import { ChainIssuer, createDevRoot } from "../../local/nsm/pki.ts";
import { exampleManifest, NOW } from "../manifest/example.ts";
import { analyst, compile, JOB, owner } from "../plan/example.ts";

export { analyst, owner };

const MODULE = "i-0123456789abcdef0-enc0123456789abcdef";
const devRoot = createDevRoot(NOW - 86_400_000);
const identity = new ChainIssuer(devRoot, MODULE).identityAt(NOW);

export const root = trustRoot(devRoot.certificate);
export const nonce = new Uint8Array(randomBytes(32));
export const measurements: Measurements = { 0: "a0".repeat(48), 1: "a1".repeat(48), 2: "a2".repeat(48) };
export const compiled = await compile(JOB);
export const verified: VerifiedManifest = {
  manifest: exampleManifest(analyst.publicKey),
  digest: "77".repeat(48),
  owner: owner.thumbprint,
};
export const authority: Authority = { basis: "grant", grantDigest: "88".repeat(48), maxRows: 100 };
export const table = new Uint8Array(randomBytes(3000));
export const result = await sealResult(table, analyst.publicKey, 0);

export const statement: Statement = await composeStatement({
  plan: compiled.plan,
  planDigest: compiled.digest,
  inputs: [{ verified, authority }],
  result: { name: "result.jwe", sha384: await sha384Hex(result) },
  outputs: [],
  software: { name: "sealroom", version: "0.1.0" },
});

interface Claim {
  readonly nonce?: Uint8Array | null;
  readonly userData?: Uint8Array | null;
  readonly pcrs?: ReadonlyMap<number, Uint8Array>;
}

export function registers({ 0: pcr0, 1: pcr1, 2: pcr2 }: Measurements): ReadonlyMap<number, Uint8Array> {
  return new Map([pcr0, pcr1, pcr2].map((hex, index) => [index, new Uint8Array(Buffer.from(hex, "hex"))]));
}

/** A document as the enclave would get it from its NSM. */
export function attest(claim: Claim): Uint8Array {
  const base = { moduleId: MODULE, timestampMs: NOW, publicKey: null, userData: null };
  return encodeDocument({ ...base, pcrs: registers(measurements), nonce, ...claim }, identity);
}

/** The receipt of any statement's bytes, well attested. */
export async function receiptOver(bytes: Uint8Array, claim: Claim = {}): Promise<Uint8Array> {
  return encodeReceipt({
    attestation: attest({ userData: await statementUserData(bytes), ...claim }),
    statement: bytes,
  });
}

export async function receiptOf(stated: Statement, claim: Claim = {}): Promise<Uint8Array> {
  return receiptOver(encodeStatement(stated), claim);
}

export const check: ReceiptCheck = {
  receipt: await receiptOf(statement),
  result,
  root,
  measurements: [measurements],
  nonce,
  owners: { encounters: owner.thumbprint },
  plan: { bytes: compiled.bytes, digest: compiled.digest },
  manifest: verified.digest,
};
