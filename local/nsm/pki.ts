// The simulated PKI: a root of its own, and under it what Amazon has under his, in the shapes and lifetimes measured
// on real documents: region 20 days, zone 6 days, instance 1 day, leaf 3 hours. Only the root outlives the process.
import { createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
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
} from "./certificate.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const ROOT_LIFETIME = 30 * 365 * DAY;
const ROOT_NAME = "simulated.nitro-enclaves";
const AUTHORITY_USAGE = KEY_USAGE.digitalSignature | KEY_USAGE.keyCertSign | KEY_USAGE.crlSign;

export interface DevRoot {
  /** DER */
  readonly certificate: Uint8Array;
  readonly privateKey: KeyObject;
}

/** What an NSM signs a document with, and what it puts in beside the signature. */
export interface Identity {
  /** Root first, DER. */
  readonly cabundle: readonly Uint8Array[];
  readonly certificate: Uint8Array;
  readonly privateKey: KeyObject;
}

interface Level {
  readonly label: string;
  readonly lifetime: number;
  /** Renewed when less than this is left, so that what it issues expires before it. */
  readonly reserve: number;
  readonly extensions: readonly Uint8Array[];
}

const LEVELS: readonly Level[] = [
  { label: "region", lifetime: 20 * DAY, reserve: 6 * DAY, extensions: authority(2, AUTHORITY_USAGE) },
  { label: "zonal", lifetime: 6 * DAY, reserve: DAY, extensions: authority(1, AUTHORITY_USAGE) },
  { label: "instance", lifetime: DAY, reserve: 3 * HOUR, extensions: authority(0, KEY_USAGE.keyCertSign) },
  { label: "enclave", lifetime: 3 * HOUR, reserve: 30 * MINUTE, extensions: leaf() },
];

interface Issued {
  readonly certificate: Uint8Array;
  readonly name: Uint8Array;
  readonly privateKey: KeyObject;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** A new root, valid for 30 years from `atMs`. Nothing is stored. */
export function createDevRoot(atMs: number): DevRoot {
  const { publicKey, privateKey } = generateKeys();
  const name = encodeName(ROOT_NAME);
  const notBeforeMs = wholeSecond(atMs);
  const extensions = [...authority(null, AUTHORITY_USAGE), ...keyIdentifiers(publicKey, publicKey)];
  const form = { issuer: name, subject: name, notBeforeMs, notAfterMs: notBeforeMs + ROOT_LIFETIME };
  return { certificate: issueCertificate({ ...form, publicKey, extensions }, privateKey), privateKey };
}

/** Issues the chain of one enclave, and again what of it has run out. */
export class ChainIssuer {
  readonly #root: DevRoot;
  readonly #moduleId: string;
  #path: Issued[] = [];

  constructor(root: DevRoot, moduleId: string) {
    this.#root = root;
    this.#moduleId = moduleId;
  }

  /** The identity to sign with at `atMs`. As on real instances a leaf serves many documents. */
  identityAt(atMs: number): Identity {
    const stale = LEVELS.findIndex((level, index) => !isFresh(this.#path[index], level, atMs));
    if (stale !== -1) {
      this.#path = this.#path.slice(0, stale);
      for (const level of LEVELS.slice(stale)) this.#path.push(this.#issue(level, atMs));
    }
    const certificates = [this.#root.certificate, ...this.#path.map((issued) => issued.certificate)];
    const last = this.#path.at(-1);
    const certificate = certificates.pop();
    if (last === undefined || certificate === undefined) throw new Error("internal: the chain has no leaf");
    return { cabundle: certificates, certificate, privateKey: last.privateKey };
  }

  #issue(level: Level, atMs: number): Issued {
    const issuer = this.#path.at(-1) ?? { name: encodeName(ROOT_NAME), privateKey: this.#root.privateKey };
    const { publicKey, privateKey } = generateKeys();
    const name = encodeName(`${this.#moduleId}.${level.label}`.slice(-64));
    const notBeforeMs = wholeSecond(atMs);
    const notAfterMs = notBeforeMs + level.lifetime;
    const extensions = [
      ...level.extensions,
      ...keyIdentifiers(publicKey, encodePublicKey(issuer.privateKey)),
    ];
    const form = { issuer: issuer.name, subject: name, notBeforeMs, notAfterMs, publicKey, extensions };
    return {
      certificate: issueCertificate(form, issuer.privateKey),
      name,
      privateKey,
      notBeforeMs,
      notAfterMs,
    };
  }
}

/** A fresh P-384 pair; the public half as SubjectPublicKeyInfo. */
export function generateKeys(): { readonly publicKey: Uint8Array; readonly privateKey: KeyObject } {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "secp384r1" });
  return { publicKey: encodePublicKey(privateKey), privateKey };
}

function encodePublicKey(privateKey: KeyObject): Uint8Array {
  return createPublicKey(privateKey).export({ type: "spki", format: "der" });
}

function isFresh(issued: Issued | undefined, level: Level, atMs: number): boolean {
  return issued !== undefined && atMs >= issued.notBeforeMs && issued.notAfterMs - atMs >= level.reserve;
}

function authority(pathLength: number | null, usage: number): readonly Uint8Array[] {
  return [authorityConstraints(pathLength), encodeCriticalExtension("2.5.29.15", encodeKeyUsage(usage))];
}

/** The leaf's keyUsage is not critical on real chains either. */
function leaf(): readonly Uint8Array[] {
  const usage = KEY_USAGE.digitalSignature | KEY_USAGE.nonRepudiation;
  return [leafConstraints(), encodeExtension("2.5.29.15", encodeKeyUsage(usage))];
}

function wholeSecond(ms: number): number {
  return Math.floor(ms / 1000) * 1000;
}
