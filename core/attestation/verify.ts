// Verifies Nitro attestation documents. Runs unchanged in a browser. Live and archived evidence are two functions, as
// authenticity alone is; no option leaves a check out. Documents are hostile bytes; roots, expectations and times are
// the verifier's own.
import { PolicyError, SealroomError } from "../errors.ts";
import { verifyChain } from "./chain.ts";
import { decodeEnvelope, verifyEnvelope } from "./cose.ts";
import { decodeDocument, type AttestationDocument } from "./document.ts";
import { Expectations } from "./expectations.ts";
import { TrustRoot } from "./root.ts";

const MAX_AGE_MS = 5 * 60_000;
const MAX_AHEAD_MS = 60_000;

/** A document's own timestamp, or a time of the verifier's. Told only what the document claims. */
type ChainTime = (document: AttestationDocument) => number;

/**
 * Whether the document is authentic, its chain being judged at `atMs` (Unix milliseconds). Says nothing about which
 * image ran, nor whether in debug mode: `isDebug` tells.
 * @throws SealroomError DOCUMENT_*, COSE_*, CHAIN_*
 */
export async function authenticate(
  bytes: Uint8Array,
  root: TrustRoot,
  atMs: number,
): Promise<AttestationDocument> {
  checkTime(atMs);
  return verifyEvidence(bytes, root, () => atMs);
}

/**
 * As `authenticate`, the chain being judged at the document's own timestamp, which the leaf's signature covers.
 * @throws SealroomError DOCUMENT_*, COSE_*, CHAIN_*
 */
export async function authenticateArchived(bytes: Uint8Array, root: TrustRoot): Promise<AttestationDocument> {
  return verifyEvidence(bytes, root, (document) => document.timestampMs);
}

/**
 * Verifies a document that was just made for this verifier: at most 5 minutes old, at most 60 seconds ahead of
 * `nowMs`, its chain valid now.
 * @throws SealroomError DOCUMENT_*, COSE_*, CHAIN_*, EXPECTATION_EMPTY; PolicyError POLICY_*
 */
export async function verifyLive(
  bytes: Uint8Array,
  root: TrustRoot,
  expectations: Expectations,
  nowMs: number,
): Promise<AttestationDocument> {
  checkTime(nowMs);
  checkExpectations(expectations);
  const document = await verifyEvidence(bytes, root, ({ timestampMs }) => liveTime(timestampMs, nowMs));
  checkAge(document.timestampMs, nowMs);
  expectations.check(document);
  return document;
}

/**
 * Verifies a document kept as evidence: its chain was valid when it was made. That it answers this verifier, and is
 * not another's, only the nonce shows.
 * @throws SealroomError DOCUMENT_*, COSE_*, CHAIN_*, EXPECTATION_EMPTY; PolicyError POLICY_*
 */
export async function verifyArchived(
  bytes: Uint8Array,
  root: TrustRoot,
  expectations: Expectations,
): Promise<AttestationDocument> {
  checkExpectations(expectations);
  const document = await authenticateArchived(bytes, root);
  expectations.check(document);
  return document;
}

/** The order of checks. Before the last line nothing in the document is proved. */
async function verifyEvidence(
  bytes: Uint8Array,
  root: TrustRoot,
  chainTime: ChainTime,
): Promise<AttestationDocument> {
  if (!(root instanceof TrustRoot)) throw new TypeError("root is not a TrustRoot");
  const envelope = decodeEnvelope(bytes);
  const document = decodeDocument(envelope.payload);
  const leafKey = await verifyChain(document, root, chainTime(document));
  await verifyEnvelope(envelope, leafKey);
  return document;
}

/**
 * A fresh leaf begins in the second of its document, so a verifier's clock that is slow would find it not yet valid.
 * Time may therefore be taken from the document where it is ahead, as far as it may be ahead; never backwards.
 */
function liveTime(timestampMs: number, nowMs: number): number {
  return Math.max(nowMs, Math.min(timestampMs, nowMs + MAX_AHEAD_MS));
}

function checkAge(timestampMs: number, nowMs: number): void {
  const age = nowMs - timestampMs;
  if (age > MAX_AGE_MS || age < -MAX_AHEAD_MS) throw new PolicyError("POLICY_AGE", { ageMs: age });
}

function checkTime(time: unknown): void {
  if (!Number.isSafeInteger(time)) throw new TypeError("the time is not a whole number of milliseconds");
}

function checkExpectations(expectations: unknown): void {
  if (!(expectations instanceof Expectations)) throw new SealroomError("EXPECTATION_EMPTY");
}
