// The keys of operators, from the master key of a token domain: one key for one use, never shared between operators,
// suites, domains, audiences, versions, parameters or lengths. The bytes are normative (docs/tokenization.md).
import { hkdf, sha256 } from "../crypto.ts";
import { SealroomError } from "../errors.ts";
import { encodeCanonical } from "../json.ts";
import type { JsonValue } from "../json.ts";
import { isName } from "../text/name.ts";
import { encodeUtf8 } from "../text/utf8.ts";
import { MAX_VERSION } from "./version.ts";

export const MASTER_BYTES = 32;

/** What a key is for: the first byte of tokens that have a header. A number never changes its meaning. */
export const SUITE = { siv: 1, cmac: 2, hmac: 3, ff1: 4, vault: 5 } as const;
export type Suite = (typeof SUITE)[keyof typeof SUITE];

const SALT = encodeUtf8("sealroom/token/1");

/** A domain's master key in one version, and for whom tokens are made. */
export interface TokenMaster {
  /** 32 bytes, as KMS released them. */
  readonly key: Uint8Array;
  /** Columns of one domain have tokens that join. */
  readonly domain: string;
  readonly audience: string;
  /** 1 to 65,535. */
  readonly version: number;
}

export interface KeyUse {
  readonly operator: string;
  /** Which of the operator's keys. */
  readonly part: string;
  readonly suite: Suite;
  /** All that decides what a value's token is, the name of the canonical form too. */
  readonly parameters: JsonValue;
}

/**
 * HKDF-SHA-256 (RFC 5869) of the master key. Salt: "sealroom/token/1". Info: nine fields, each behind its length as four
 * big-endian bytes: "key", operator, part, suite (1 byte), domain, audience, version (4 bytes), SHA-256 of the RFC 8785
 * form of the parameters, length of the key (4 bytes). Errors: TOKEN_KEY, TOKEN_SCOPE.
 */
export function deriveTokenKey(master: TokenMaster, use: KeyUse, byteLength: number): Uint8Array {
  checkMaster(master);
  const info = framed([
    encodeUtf8("key"),
    encodeUtf8(use.operator),
    encodeUtf8(use.part),
    Uint8Array.of(use.suite),
    encodeUtf8(master.domain),
    encodeUtf8(master.audience),
    word(master.version),
    sha256(encodeCanonical(use.parameters)),
    word(byteLength),
  ]);
  return hkdf("sha256", master.key, SALT, info, byteLength);
}

function checkMaster({ key, domain, audience, version }: TokenMaster): void {
  if (key.length !== MASTER_BYTES) throw new SealroomError("TOKEN_KEY", { bytes: key.length });
  // A string that is not well-formed would be another's bytes.
  if (!isName(domain)) throw new SealroomError("TOKEN_SCOPE", { field: "domain" });
  if (!isName(audience)) throw new SealroomError("TOKEN_SCOPE", { field: "audience" });
  if (!Number.isInteger(version) || version < 1 || version > MAX_VERSION) {
    throw new SealroomError("TOKEN_SCOPE", { field: "version" });
  }
}

function framed(fields: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(fields.reduce((sum, field) => sum + 4 + field.length, 0));
  let at = 0;
  for (const field of fields) {
    bytes.set(word(field.length), at);
    bytes.set(field, at + 4);
    at += 4 + field.length;
  }
  return bytes;
}

function word(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
}
