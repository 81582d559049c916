// From the pinned root to the key that signed a document (RFC 5280 §6.1, without policies and name constraints, which
// this chain does not have: as critical extensions they are refused). Nitro publishes no revocation to check.
import { SealroomError } from "../errors.ts";
import { decodeCertificate, DIGITAL_SIGNATURE, KEY_CERT_SIGN, type Certificate } from "./certificate.ts";
import type { AttestationDocument } from "./document.ts";
import { verifyEs384 } from "./ecdsa.ts";
import { equalBytes } from "./equal.ts";
import type { TrustRoot } from "./root.ts";

/**
 * Verifies bundle and leaf and gives the leaf's key, an uncompressed point of 97 bytes. Time comes last, so that
 * CHAIN_EXPIRED says that all else about the chain holds.
 * @throws SealroomError CHAIN_DER, CHAIN_KEY, CHAIN_EXTENSION, CHAIN_ROOT, CHAIN_ISSUER, CHAIN_USAGE,
 * CHAIN_SIGNATURE, CHAIN_EXPIRED
 */
export async function verifyChain(
  document: AttestationDocument,
  root: TrustRoot,
  atMs: number,
): Promise<Uint8Array> {
  checkRoot(document.cabundle[0], root);
  const authorities = document.cabundle.map(decodeCertificate);
  const leaf = decodeCertificate(document.certificate);
  checkIssuers([...authorities, leaf]);
  checkAuthorities(authorities);
  checkLeaf(leaf);
  await checkSignatures([...authorities, leaf]);
  checkValidity([...authorities, leaf], atMs);
  return leaf.publicKey;
}

/** Names, serials and key ids can be copied; bytes with the root's key in them cannot be signed for. */
function checkRoot(first: Uint8Array | undefined, root: TrustRoot): void {
  if (first === undefined || !root.equals(first)) throw new SealroomError("CHAIN_ROOT");
}

function checkIssuers(path: readonly Certificate[]): void {
  path.forEach((certificate, position) => {
    const issuer = path[position - 1] ?? certificate;
    if (!equalBytes(certificate.issuer, issuer.subject)) {
      throw new SealroomError("CHAIN_ISSUER", { position });
    }
    // A second self-issued certificate (the root repeated) would be a way round the order and the path lengths.
    if (position > 0 && equalBytes(certificate.issuer, certificate.subject)) {
      throw new SealroomError("CHAIN_ISSUER", { position });
    }
  });
}

function checkAuthorities(authorities: readonly Certificate[]): void {
  authorities.forEach(({ constraints, keyUsage }, position) => {
    const below = authorities.length - 1 - position;
    const isAuthority = constraints?.ca === true && (keyUsage & KEY_CERT_SIGN) !== 0;
    if (!isAuthority || below > (constraints.pathLength ?? Infinity)) {
      throw new SealroomError("CHAIN_USAGE", { position });
    }
  });
}

function checkLeaf({ constraints, keyUsage }: Certificate): void {
  if (constraints?.ca !== false || (keyUsage & DIGITAL_SIGNATURE) === 0) {
    throw new SealroomError("CHAIN_USAGE");
  }
}

/** The root's own signature is not looked at: its bytes are pinned. */
async function checkSignatures(path: readonly Certificate[]): Promise<void> {
  for (const [position, certificate] of path.entries()) {
    const issuer = path[position - 1];
    if (issuer === undefined) continue;
    if (!(await verifyEs384(issuer.publicKey, certificate.signature, certificate.signed))) {
      throw new SealroomError("CHAIN_SIGNATURE", { position });
    }
  }
}

function checkValidity(path: readonly Certificate[], atMs: number): void {
  path.forEach(({ notBeforeMs, notAfterMs }, position) => {
    if (!(notBeforeMs <= atMs && atMs <= notAfterMs)) throw new SealroomError("CHAIN_EXPIRED", { position });
  });
}
