// The master key of a token domain, in one version: drawn by KMS and kept by the owner as KMS wrapped it. It outlives the
// epochs of data sets, and joins their columns; whoever loses the file loses what its tokens stand for.
import type { KMSClient } from "@aws-sdk/client-kms";
import { parseJson } from "../core/json.ts";
import type { JsonObject, TextLimits } from "../core/json.ts";
import { tokenContext } from "../core/manifest/encryption-context.ts";
import { parseTokenKeys } from "../core/manifest/tokenization.ts";
import type { TokenKeyEntry } from "../core/manifest/tokenization.ts";
import { encodeBase64url } from "../core/text/base64url.ts";
import { Field } from "../core/text/field.ts";
import type { OwnerKey } from "./keys.ts";
import { generateTokenKey } from "./kms.ts";

export interface TokenKeyRequest {
  readonly domain: string;
  /** 1 to 65,535. */
  readonly version: number;
  readonly keyArn: string;
  readonly ownerKey: OwnerKey;
  readonly kms: KMSClient;
}

/** @throws CONTEXT_FIELD, OWNER_RULES, KMS_* */
export async function makeTokenKey(request: TokenKeyRequest): Promise<TokenKeyEntry> {
  const { domain, version, keyArn, ownerKey, kms } = request;
  const context = tokenContext({ owner: ownerKey.thumbprint, domain, version });
  const wrapped = await generateTokenKey(kms, keyArn, context);
  return checkEntry({ domain, version, keyArn, wrappedKey: encodeBase64url(wrapped) });
}

const LIMITS: TextLimits = { bytes: 16 * 1024, depth: 2, values: 16 };

export function encodeTokenKey({ domain, version, keyArn, wrappedKey }: TokenKeyEntry): string {
  return `${JSON.stringify({ domain, version, keyArn, wrappedKey }, null, 2)}\n`;
}

/** @throws JSON_*, OWNER_RULES */
export function parseTokenKey(text: string): TokenKeyEntry {
  return checkEntry(parseJson(text, LIMITS) as JsonObject);
}

function checkEntry(entry: object): TokenKeyEntry {
  const [key] = parseTokenKeys(new Field([entry as JsonObject], "", "OWNER_RULES"));
  if (key === undefined) throw new Error("internal: a list of one is empty");
  return key;
}
