// Owners, analysts, and documents of theirs that are right in every respect, for tests to spoil.
import { generateKeyPairSync } from "node:crypto";
import { parsePrivateJwk, parseSealingJwk, publicPart, thumbprint } from "../../core/manifest/jwk.ts";
import type { P256Jwk, PrivateJwk, PublicJwk } from "../../core/manifest/jwk.ts";
import type { Grant, Manifest } from "../../core/manifest/manifest.ts";
import { importSigningKey } from "../../core/manifest/signing-key.ts";
import type { SigningKey } from "../../core/manifest/signing-key.ts";

export const EPOCH = 1_760_000_000_000;
export const NOW = EPOCH + 60_000;
export const NOT_AFTER = EPOCH + 86_400_000;
export const KEY_ARN = "arn:aws:kms:eu-central-1:111122223333:key/1b2c3d4e-0000-4111-8222-abcdefabcdef";

export function generateJwk(curve: "P-256" | "Ed25519" = "P-256"): PrivateJwk {
  const pair =
    curve === "P-256" ? generateKeyPairSync("ec", { namedCurve: curve }) : generateKeyPairSync("ed25519");
  return parsePrivateJwk(pair.privateKey.export({ format: "jwk" }));
}

export interface Party {
  readonly jwk: PrivateJwk;
  readonly publicKey: PublicJwk;
  readonly thumbprint: string;
  readonly signingKey: SigningKey;
}

/** A party that results can be sealed to. */
export interface P256Party extends Party {
  readonly publicKey: P256Jwk;
}

export async function makeParty(): Promise<P256Party> {
  const party = await makeSigner("P-256");
  return { ...party, publicKey: parseSealingJwk(party.publicKey) };
}

export async function makeSigner(curve: "P-256" | "Ed25519"): Promise<Party> {
  const jwk = generateJwk(curve);
  const publicKey = publicPart(jwk);
  const [name, signingKey] = await Promise.all([thumbprint(publicKey), importSigningKey(jwk)]);
  return { jwk, publicKey, thumbprint: name, signingKey };
}

export function exampleManifest(recipient: P256Jwk): Manifest {
  return {
    version: 1,
    dataset: "encounters",
    epoch: EPOCH,
    keyArn: KEY_ARN,
    wrappedKey: Buffer.alloc(184, 7).toString("base64url"),
    unit: "column",
    schema: [
      { name: "patient", type: "utf8", role: "unit" },
      { name: "ssn", type: "utf8", role: "identifier" },
      { name: "city", type: "utf8", role: "dimension" },
      { name: "urgent", type: "bool", role: "dimension" },
      { name: "ward", type: "int16", role: "dimension" },
      { name: "serial", type: "int64", role: "dimension" },
      { name: "admitted", type: "date", role: "dimension" },
      { name: "seen", type: "timestamp[UTC]", role: "dimension" },
      { name: "local", type: "timestamp", role: "dimension" },
      { name: "price", type: "decimal(10,2)", role: "dimension" },
      { name: "score", type: "float64", role: "dimension" },
      { name: "cost", type: "decimal(12,2)", role: "measure" },
      { name: "minutes", type: "int32", role: "measure" },
      { name: "weight", type: "float64", role: "measure" },
      { name: "note", type: "utf8", role: "measure" },
      { name: "unbounded", type: "int32", role: "measure" },
      { name: "diagnosis", type: "utf8", role: "hidden" },
    ],
    objects: [
      { key: "part-00000.sealed", format: "arrow", digest: "0a".repeat(48), bytes: 1_000_000, rows: 500 },
      { key: "more/part-00001.sealed", format: "arrow", digest: "0b".repeat(48), bytes: 900_000, rows: 400 },
    ],
    rules: {
      minUnits: 10,
      maxGroups: 10_000,
      adhoc: false,
      plans: [],
      bounds: {
        cost: { lower: 0, upper: 99_999.99 },
        minutes: { lower: -60, upper: 6000 },
        weight: { lower: 0.5, upper: 400 },
      },
      maxShare: 0.8,
      extremes: ["minutes"],
      rounding: { counts: null, sums: { cost: 0.5 } },
      interval: 10,
      groupKeys: { city: ["Ulm", "Bern"], urgent: [true, false], ward: [1, 2, 3], admitted: ["2026-01-31"] },
      recipients: [recipient],
      release: "sealed",
    },
    ownerKey: recipient,
    notAfter: NOT_AFTER,
  };
}

export function exampleGrant(recipient: string): Grant {
  return {
    version: 1,
    plan: "ab".repeat(48),
    manifests: ["cd".repeat(48)],
    recipient,
    notAfter: NOT_AFTER,
    maxRows: 500,
  };
}

/** Something that is as `value`, but for what stands at `path`; undefined removes it. */
export function altered(
  value: object,
  path: readonly (string | number)[],
  part: unknown,
): Record<string, unknown> {
  const copy = structuredClone(value) as Record<string, unknown>;
  let holder: Record<string | number, unknown> = copy;
  for (const step of path.slice(0, -1)) holder = holder[step] as Record<string | number, unknown>;
  const last = path.at(-1) ?? "";
  if (part === undefined) Reflect.deleteProperty(holder, last);
  else holder[last] = part;
  return copy;
}
