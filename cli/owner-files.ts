// The files that owners and recipients keep: private keys, schema.yaml, rules.yaml, and the public keys that rules name
// by path.
import { dirname, resolve } from "node:path";
import { readOwnerKey, readRecipientKey, readRecipientPublic } from "../owner/key-file.ts";
import type { PrivateJwk } from "../core/manifest/jwk.ts";
import type { OwnerKey } from "../owner/keys.ts";
import { parseRulesFile } from "../owner/rules-file.ts";
import type { RulesFile } from "../owner/rules-file.ts";
import { parseSchemaFile } from "../owner/schema-file.ts";
import { parseTokenKey } from "../owner/token-key.ts";
import type { SchemaFile } from "../owner/schema-file.ts";
import { locate } from "./fault.ts";
import { readText } from "./file.ts";

export async function readSchema(path: string): Promise<SchemaFile> {
  const text = await readText(path);
  return locate(path, () => parseSchemaFile(text));
}

/** Keys are found relative to the rules' own file. */
export async function readRules(path: string): Promise<RulesFile> {
  const text = await readText(path);
  const beside = (reference: string): string => resolve(dirname(path), reference);
  return locate(path, () =>
    parseRulesFile(
      text,
      (reference) => locate(beside(reference), () => readRecipientPublic(beside(reference))),
      async (reference) => {
        const key = await readText(beside(reference));
        return locate(beside(reference), () => ({ ...parseTokenKey(key) }));
      },
    ),
  );
}

export async function readOwner(path: string): Promise<OwnerKey> {
  return locate(path, () => readOwnerKey(path));
}

export async function readRecipient(path: string): Promise<PrivateJwk> {
  return locate(path, () => readRecipientKey(path));
}
