// Keys of an owner and of a recipient, made and read as JWK Sets (RFC 7517 §5). An owner has a key to sign with and
// one that reports are sealed to; a recipient has one that results are sealed to. Files are key-file.ts's.
import { exportJWK, generateKeyPair } from "jose";
import { SealroomError } from "../core/errors.ts";
import type { JsonValue } from "../core/json.ts";
import { parsePrivateJwk, parsePublicJwk, publicPart, thumbprint } from "../core/manifest/jwk.ts";
import type { P256Jwk, PrivateJwk, PublicJwk } from "../core/manifest/jwk.ts";
import { importSigningKey, type SigningKey } from "../core/manifest/signing-key.ts";
import { Field } from "../core/text/field.ts";

export type SigningAlgorithm = "ES256" | "EdDSA";

/** What a key is for: the `use` of RFC 7517 §4.2. */
type Use = "sig" | "enc";

interface KeyEntry {
  readonly use: Use;
  readonly key: PublicJwk & { readonly d?: string };
}

/** A private key file's keys, in the order in which they are written. */
export interface KeySet {
  readonly kind: "owner" | "recipient";
  readonly entries: readonly (KeyEntry & { readonly key: PrivateJwk })[];
}

export interface OwnerKey {
  readonly signing: SigningKey;
  /** RFC 7638 thumbprint of the signing key: who the owner is. */
  readonly thumbprint: string;
  /** What reports to the owner are sealed to, and its private half. */
  readonly sealing: P256Jwk;
  readonly sealingPrivate: PrivateJwk;
}

export async function generateOwnerKeys(algorithm: SigningAlgorithm = "ES256"): Promise<KeySet> {
  const entries = [
    { use: "sig", key: await generate(algorithm) },
    { use: "enc", key: await generate("ECDH-ES") },
  ] as const;
  return { kind: "owner", entries };
}

export async function generateRecipientKey(): Promise<KeySet> {
  return { kind: "recipient", entries: [{ use: "enc", key: await generate("ECDH-ES") }] };
}

async function generate(algorithm: SigningAlgorithm | "ECDH-ES"): Promise<PrivateJwk> {
  const curve = algorithm === "EdDSA" ? "Ed25519" : "P-256";
  const { privateKey } = await generateKeyPair(algorithm, { crv: curve, extractable: true });
  const { kty, crv, x, y, d } = await exportJWK(privateKey);
  return parsePrivateJwk({ kty, crv, x, d, ...(y === undefined ? {} : { y }) });
}

/** The text of a private key file, or of the public one beside it. */
export async function encodeKeys({ entries }: KeySet, half: "private" | "public"): Promise<string> {
  const keys = await Promise.all(
    entries.map(async ({ use, key }) => {
      const shown = half === "private" ? key : publicPart(key);
      return { ...shown, use, kid: await thumbprint(publicPart(key)) };
    }),
  );
  return `${JSON.stringify({ keys }, null, 2)}\n`;
}

/** Errors: OWNER_KEY_FORM, KEY_*. */
export async function parseOwnerKey(value: JsonValue): Promise<OwnerKey> {
  const { sig, enc } = onePerUse(await parseEntries(value, "private"));
  if (sig === undefined) {
    throw new SealroomError("OWNER_KEY_FORM", { fault: "no signing key: is it a recipient's?" });
  }
  const [signingPrivate, sealingPrivate] = [parsePrivateJwk(sig.key), sealingOf(enc)];
  const sealing = publicPart(sealingPrivate);
  if (sealing.kty !== "EC") throw new SealroomError("OWNER_KEY_FORM", { fault: "not a P-256 key" });
  const signing = await importSigningKey(signingPrivate);
  return { signing, thumbprint: await thumbprint(signing.publicKey), sealing, sealingPrivate };
}

/** The private key that results are opened with; an owner's file has one too. Errors: OWNER_KEY_FORM, KEY_*. */
export async function parseRecipientKey(value: JsonValue): Promise<PrivateJwk> {
  return sealingOf(onePerUse(await parseEntries(value, "private")).enc);
}

/** What results may be sealed to: a public file's key of use enc, or a bare JWK. Errors: OWNER_KEY_FORM, KEY_*. */
export async function parseRecipientPublic(value: JsonValue): Promise<P256Jwk> {
  const isSet = typeof value === "object" && value !== null && "keys" in value;
  const key = isSet ? onePerUse(await parseEntries(value, "public")).enc?.key : parsePublicJwk(value);
  if (key?.kty !== "EC") throw new SealroomError("OWNER_KEY_FORM", { fault: "no P-256 key of use enc" });
  return { crv: key.crv, kty: key.kty, x: key.x, y: key.y };
}

/** The thumbprint of the signing key in a public file: who the owner is. Errors: OWNER_KEY_FORM, KEY_*. */
export async function parseOwnerPublic(value: JsonValue): Promise<PublicJwk> {
  const { sig } = onePerUse(await parseEntries(value, "public"));
  if (sig === undefined) {
    throw new SealroomError("OWNER_KEY_FORM", { fault: "no signing key: is it a recipient's?" });
  }
  return sig.key;
}

function sealingOf(entry: KeyEntry | undefined): PrivateJwk {
  if (entry?.key.kty !== "EC") {
    throw new SealroomError("OWNER_KEY_FORM", { fault: "no P-256 key of use enc" });
  }
  return parsePrivateJwk(entry.key);
}

/** `kid` is the thumbprint, so that a key whose halves were mixed up shows. */
async function parseEntries(value: JsonValue, half: "private" | "public"): Promise<readonly KeyEntry[]> {
  const list = new Field(value, "", "OWNER_KEY_FORM").record(["keys"]).keys.list(1, 2);
  return Promise.all(
    list.map(async (entry) => {
      const members = Object.fromEntries(entry.members().map(([name, field]) => [name, field.value]));
      const { use, kid, ...rest } = members;
      if (use !== "sig" && use !== "enc") throw entry.fault("use is neither sig nor enc");
      if (half === "public" && "d" in rest) throw entry.fault("a private key where a public one belongs");
      if (half === "private" && !("d" in rest)) {
        throw entry.fault("a public key where the private one belongs");
      }
      const isPrivate = half === "private";
      const key: KeyEntry["key"] = isPrivate
        ? parsePrivateJwk(rest, entry.path)
        : parsePublicJwk(rest, entry.path);
      const publicKey = isPrivate ? publicPart(parsePrivateJwk(rest)) : parsePublicJwk(rest);
      if (kid !== (await thumbprint(publicKey))) throw entry.fault("kid is not the key's thumbprint");
      return { use, key };
    }),
  );
}

function onePerUse(entries: readonly KeyEntry[]): Partial<Record<Use, KeyEntry>> {
  const found: Partial<Record<Use, KeyEntry>> = {};
  for (const entry of entries) {
    if (found[entry.use] !== undefined) {
      throw new SealroomError("OWNER_KEY_FORM", { fault: `two keys of use ${entry.use}` });
    }
    found[entry.use] = entry;
  }
  return found;
}
