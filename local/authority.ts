// The small certificate authority of the local stand-ins. The enclave's local entry point trusts it in the place of
// Amazon's roots, so that TLS to the local KMS ends inside the enclave as it does on AWS. Leaves out revocation.
import { createPrivateKey, generateKeyPairSync, X509Certificate, type KeyObject } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { isIP } from "node:net";
import { join } from "node:path";

import { decodePem, encodePem } from "../core/attestation/pem.ts";
import { publicKeyDer } from "../core/crypto.ts";
import { SealroomError } from "../core/errors.ts";
import {
  authorityConstraints,
  encodeCriticalExtension,
  encodeExtension,
  encodeKeyUsage,
  encodeName,
  issueCertificate,
  KEY_USAGE,
  keyIdentifiers,
  leafConstraints,
} from "./nsm/certificate.ts";
import { encodeDer, encodeIdentifier, encodeSequence } from "./nsm/der.ts";
import { findSecretFile, writeSecretFile } from "./secret-file.ts";

const DAY = 24 * 60 * 60_000;
const AUTHORITY_LIFETIME = 10 * 365 * DAY;
const SERVER_LIFETIME = 30 * DAY;
/** Clocks of two processes on one machine may differ by a read. */
const BACKDATE = 60_000;
const AUTHORITY_FILE = "authority.pem";

export interface ServerIdentity {
  /** PEM */
  readonly certificate: string;
  /** PEM, PKCS #8 */
  readonly privateKey: string;
}

export interface Authority {
  /** PEM: what a client puts into its list of roots. */
  readonly certificate: string;
  /** A fresh key and its certificate for DNS names and IPv4 addresses, valid for 30 days from `atMs`. */
  issueServer(names: readonly string[], atMs: number): ServerIdentity;
}

/**
 * The authority of this directory, made on first use. The caller holds the lock of the state.
 * @throws LOCAL_STATE if its file cannot be used
 */
export async function openAuthority(directory: string, nowMs: number): Promise<Authority> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, AUTHORITY_FILE);
  const stored = await findSecretFile(path);
  if (stored !== null) return new LocalAuthority(...readAuthority(stored, path, nowMs));
  const authority = createAuthority(nowMs);
  const key = authority.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  await writeSecretFile(path, encodePem(authority.certificate) + key);
  return new LocalAuthority(authority.certificate, authority.privateKey);
}

class LocalAuthority implements Authority {
  readonly certificate: string;
  readonly #privateKey: KeyObject;

  constructor(certificate: Uint8Array, privateKey: KeyObject) {
    this.certificate = encodePem(certificate);
    this.#privateKey = privateKey;
  }

  issueServer(names: readonly string[], atMs: number): ServerIdentity {
    const [first] = names;
    if (first === undefined) throw new TypeError("a server certificate needs a name");
    const privateKey = generateP256();
    const publicKey = publicKeyDer(privateKey);
    const certificate = issueCertificate(
      {
        issuer: encodeName(AUTHORITY_NAME),
        subject: encodeName(first.slice(0, 64)),
        notBeforeMs: wholeSecond(atMs - BACKDATE),
        notAfterMs: wholeSecond(atMs + SERVER_LIFETIME),
        publicKey,
        extensions: [
          leafConstraints(),
          encodeCriticalExtension("2.5.29.15", encodeKeyUsage(KEY_USAGE.digitalSignature)),
          // extKeyUsage: serverAuth
          encodeExtension("2.5.29.37", encodeSequence(encodeIdentifier("1.3.6.1.5.5.7.3.1"))),
          encodeExtension("2.5.29.17", encodeSequence(...names.map(encodeAlternativeName))),
          ...keyIdentifiers(publicKey, publicKeyDer(this.#privateKey)),
        ],
      },
      this.#privateKey,
    );
    return {
      certificate: encodePem(certificate),
      privateKey: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    };
  }
}

const AUTHORITY_NAME = "local authority";

interface AuthorityKey {
  readonly certificate: Uint8Array;
  readonly privateKey: KeyObject;
}

function createAuthority(nowMs: number): AuthorityKey {
  const privateKey = generateP256();
  const publicKey = publicKeyDer(privateKey);
  const name = encodeName(AUTHORITY_NAME);
  const certificate = issueCertificate(
    {
      issuer: name,
      subject: name,
      notBeforeMs: wholeSecond(nowMs - BACKDATE),
      notAfterMs: wholeSecond(nowMs + AUTHORITY_LIFETIME),
      publicKey,
      extensions: [
        authorityConstraints(0),
        encodeCriticalExtension("2.5.29.15", encodeKeyUsage(KEY_USAGE.keyCertSign | KEY_USAGE.crlSign)),
        ...keyIdentifiers(publicKey, publicKey),
      ],
    },
    privateKey,
  );
  return { certificate, privateKey };
}

function readAuthority(text: string, path: string, nowMs: number): [Uint8Array, KeyObject] {
  try {
    const end = text.indexOf("-----BEGIN PRIVATE KEY-----");
    const certificate = decodePem(text.slice(0, end));
    const privateKey = createPrivateKey(text.slice(end));
    const parsed = new X509Certificate(certificate);
    if (!parsed.checkPrivateKey(privateKey)) throw new Error("another authority's key");
    if (parsed.validToDate.getTime() < nowMs + SERVER_LIFETIME) throw new Error("expires too soon");
    return [certificate, privateKey];
  } catch (cause) {
    throw new SealroomError("LOCAL_STATE", { file: path }, { cause });
  }
}

/** RFC 5280 §4.2.1.6: dNSName [2], iPAddress [7]. */
function encodeAlternativeName(name: string): Uint8Array {
  if (isIP(name) === 4) return encodeDer(0x87, Uint8Array.from(name.split("."), Number));
  return encodeDer(0x82, new TextEncoder().encode(name));
}

function generateP256(): KeyObject {
  return generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
}

function wholeSecond(ms: number): number {
  return Math.floor(ms / 1000) * 1000;
}
