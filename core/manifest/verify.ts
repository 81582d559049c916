// Owner-signed documents from the host's hands. The order is fixed: size, signature, kind, then fields, then time.
import { PolicyError } from "../errors.ts";
import { sha384Hex } from "../text/digest.ts";
import { parseGrant } from "./grant.ts";
import { thumbprint } from "./jwk.ts";
import { verifyJws } from "./jws.ts";
import type { JwsForm } from "./jws.ts";
import { GRANT_TYP, MANIFEST_TYP, MAX_GRANT_BYTES, MAX_MANIFEST_BYTES } from "./manifest.ts";
import type { VerifiedGrant, VerifiedManifest } from "./manifest.ts";
import { parseManifest } from "./parse.ts";

export const MANIFEST_FORM: JwsForm = { typ: MANIFEST_TYP, payloadBytes: MAX_MANIFEST_BYTES };
export const GRANT_FORM: JwsForm = { typ: GRANT_TYP, payloadBytes: MAX_GRANT_BYTES };

/** When a document is used: UTC milliseconds, from a clock that the caller trusts. */
export interface VerifyTime {
  readonly nowMs: number;
}

/**
 * A manifest out of its compact JWS (ASCII bytes). Any key may have signed it: the caller compares `owner`.
 * Errors: JWS_*, KEY_*, JSON_*, MANIFEST_*; PolicyError MANIFEST_EXPIRED.
 */
export async function verifyManifest(jws: Uint8Array, { nowMs }: VerifyTime): Promise<VerifiedManifest> {
  const { payload, key } = await verifyJws(jws, MANIFEST_FORM);
  const manifest = parseManifest(payload);
  checkTime(nowMs, manifest.notAfter, "MANIFEST_EXPIRED");
  return { manifest, digest: await sha384Hex(payload), owner: await thumbprint(key) };
}

/** As verifyManifest. Errors: JWS_*, KEY_*, JSON_*, GRANT_FIELD; PolicyError GRANT_EXPIRED. */
export async function verifyGrant(jws: Uint8Array, { nowMs }: VerifyTime): Promise<VerifiedGrant> {
  const { payload, key } = await verifyJws(jws, GRANT_FORM);
  const grant = parseGrant(payload);
  checkTime(nowMs, grant.notAfter, "GRANT_EXPIRED");
  return { grant, digest: await sha384Hex(payload), owner: await thumbprint(key) };
}

/** A time that is no number passes no comparison, so it is refused like one that is too late. */
function checkTime(nowMs: number, notAfter: number, code: "MANIFEST_EXPIRED" | "GRANT_EXPIRED"): void {
  if (!(nowMs <= notAfter)) throw new PolicyError(code, { notAfter });
}
