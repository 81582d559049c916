// Makes documents under a PKI of the tests' own: sound ones, and every kind of broken one, each signed as it should
// be, so that only the fault in question can be why it is refused.
import type { KeyObject } from "node:crypto";
import { encode } from "cborg";
import type { Measurements } from "../../core/attestation/measurements.ts";
import { TrustRoot } from "../../core/attestation/root.ts";
import {
  authorityConstraints,
  encodeCriticalExtension,
  encodeExtension,
  encodeKeyUsage,
  encodeName,
  issueCertificate,
  leafConstraints,
} from "../../local/nsm/certificate.ts";
import { encodeDocument, encodePayload, signPayload, type Claims } from "../../local/nsm/document.ts";
import { generateKeys, type Identity } from "../../local/nsm/pki.ts";

export const NOW: number = Date.UTC(2026, 0, 15, 12);
const DAY = 86_400_000;
export const NONCE: Uint8Array = Uint8Array.from({ length: 32 }, (_, i) => i + 1);
export const MEASUREMENTS: Measurements = { 0: "a0".repeat(48), 1: "b1".repeat(48), 2: "c2".repeat(48) };

/** A certificate that is still to be issued. Position 0 is the root, the last one the leaf. */
export interface Form {
  name: Uint8Array;
  /** Where it should differ from the name of the one before. */
  issuer?: Uint8Array;
  /** The public half is a SubjectPublicKeyInfo. */
  keys: { publicKey: Uint8Array; privateKey: KeyObject };
  /** Where another key than that of the one before should sign. */
  signer?: KeyObject;
  notBeforeMs: number;
  notAfterMs: number;
  extensions: Uint8Array[];
}

export interface Forged {
  readonly root: TrustRoot;
  readonly identity: Identity;
}

export const basic = authorityConstraints;
export const leafBasic = leafConstraints;
export function usage(bits: number): Uint8Array {
  return encodeCriticalExtension("2.5.29.15", encodeKeyUsage(bits));
}

/** Key pairs are costly and need not be fresh: every chain of a test file shares these five. */
const KEYS = Array.from({ length: 5 }, generateKeys);

function soundForms(): Form[] {
  const extensions = [
    [basic(null), usage(0x86)],
    [basic(2), usage(0x86)],
    [basic(1), usage(0x86)],
    [basic(0), usage(0x04)],
    [leafBasic(), encodeExtension("2.5.29.15", encodeKeyUsage(0xc0))],
  ];
  return ["root", "region", "zonal", "instance", "leaf"].map((name, position) => ({
    name: encodeName(name),
    keys: KEYS[position] ?? generateKeys(),
    notBeforeMs: NOW - DAY,
    notAfterMs: NOW + DAY,
    extensions: extensions[position] ?? [],
  }));
}

/** Issues root, three authorities and leaf, as `edit` left them. */
export function forgeChain(edit: (path: Form[]) => void = () => undefined): Forged {
  const path = soundForms();
  edit(path);
  const issued = path.map((form, position) => {
    const above = path[position - 1] ?? form;
    const { name: subject, notBeforeMs, notAfterMs, extensions, keys } = form;
    const fields = { issuer: form.issuer ?? above.name, subject, notBeforeMs, notAfterMs, extensions };
    return issueCertificate({ ...fields, publicKey: keys.publicKey }, form.signer ?? above.keys.privateKey);
  });
  const root = new TrustRoot(at(issued, 0));
  const privateKey = at(path, -1).keys.privateKey;
  return { root, identity: { cabundle: issued.slice(0, -1), certificate: at(issued, -1), privateKey } };
}

export const SOUND: Forged = forgeChain();

export function soundClaims(): Claims {
  const pcrs = new Map<number, Uint8Array>(
    Array.from({ length: 16 }, (_, index) => [index, new Uint8Array(48)]),
  );
  for (const index of [0, 1, 2] as const) pcrs.set(index, Buffer.from(MEASUREMENTS[index], "hex"));
  return {
    moduleId: "i-0123456789abcdef0-enc0123456789abcdef",
    timestampMs: NOW,
    pcrs,
    publicKey: null,
    userData: null,
    nonce: NONCE,
  };
}

/** A document of the sound chain, or of another one, with some claims changed. */
export function forge(claims: Partial<Claims> = {}, identity: Identity = SOUND.identity): Uint8Array {
  return encodeDocument({ ...soundClaims(), ...claims }, identity);
}

export type Entry = [name: Uint8Array, value: Uint8Array];

/** A document out of raw CBOR: the payload's entries as `edit` left them, signed by the sound chain's leaf. */
export function forgeEntries(edit: (entries: Entry[]) => void): Uint8Array {
  const entries = soundEntries();
  edit(entries);
  return forgePayload(Buffer.concat([Uint8Array.of(0xa0 + entries.length), ...entries.flat()]));
}

/** A document with this payload, whatever it is. */
export function forgePayload(payload: Uint8Array): Uint8Array {
  return signPayload(payload, SOUND.identity);
}

/** The value of one field replaced by raw CBOR. */
export function forgeField(name: string, value: Uint8Array): Uint8Array {
  return forgeEntries((entries) => {
    at(entries, indexOf(entries, name))[1] = value;
  });
}

export function soundEntries(): Entry[] {
  const claims = soundClaims();
  const fields: [string, unknown][] = [
    ["module_id", claims.moduleId],
    ["digest", "SHA384"],
    ["timestamp", claims.timestampMs],
    ["pcrs", claims.pcrs],
    ["certificate", SOUND.identity.certificate],
    ["cabundle", SOUND.identity.cabundle],
    ["public_key", null],
    ["user_data", null],
    ["nonce", claims.nonce],
  ];
  return fields.map(([name, value]) => [encode(name), encode(value)]);
}

export function soundPayload(): Uint8Array {
  return encodePayload(soundClaims(), SOUND.identity);
}

export function indexOf(entries: readonly Entry[], name: string): number {
  return entries.findIndex(([key]) => Buffer.compare(key, encode(name)) === 0);
}

/** `list.at`, which must find something. */
export function at<T>(list: readonly T[], index: number): T {
  const value = list.at(index);
  if (value === undefined) throw new Error(`nothing at ${index}`);
  return value;
}
