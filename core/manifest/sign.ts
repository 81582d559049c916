// The owner's side: manifests and grants are parsed as a stranger would parse them before they are signed.
import { encodeCanonical } from "../json.ts";
import { parseGrant } from "./grant.ts";
import { signJws } from "./jws.ts";
import type { Grant, Manifest } from "./manifest.ts";
import { parseManifest } from "./parse.ts";
import type { SigningKey } from "./signing-key.ts";
import { GRANT_FORM, MANIFEST_FORM } from "./verify.ts";

/** The compact JWS, ASCII bytes. Errors: those of parseManifest, JSON_SIZE, KEY_PRIVATE. */
export async function signManifest(manifest: Manifest, key: SigningKey): Promise<Uint8Array> {
  const payload = encodeCanonical(manifest);
  parseManifest(payload);
  return signJws(payload, MANIFEST_FORM, key);
}

/** The compact JWS, ASCII bytes. Errors: those of parseGrant, JSON_SIZE, KEY_PRIVATE. */
export async function signGrant(grant: Grant, key: SigningKey): Promise<Uint8Array> {
  const payload = encodeCanonical(grant);
  parseGrant(payload);
  return signJws(payload, GRANT_FORM, key);
}
