// Who the local stand-ins know: one account with the roles that key policies speak of, and an analyst. The roles are
// fixed, so that a printed key policy fits every machine; the secrets are drawn once for each state directory.
import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";

import { SealroomError } from "../core/errors.ts";
import { parseJson, type JsonObject, type JsonValue } from "../core/json.ts";
import type { AwsCredentials } from "../core/sigv4.ts";
import type { Principal } from "../owner/policy/principal.ts";
import { findSecretFile, writeSecretFile } from "./secret-file.ts";

export const LOCAL_ACCOUNT = "000000000000";
const CREDENTIALS_FILE = "credentials.json";

export interface LocalCredentials extends AwsCredentials {
  readonly sessionToken: string;
  readonly principal: Principal;
}

export type PrincipalName = "owner" | "enclave" | "breakGlass" | "analyst";

// The enclave's credentials pass through the host's hands, so they are what the host has too: it reads and writes
// objects. An analyst is trusted for nothing.
const ROLES: Readonly<Record<PrincipalName, { role: string; identityActions: readonly string[] }>> = {
  owner: { role: "sealroom-owner", identityActions: ["s3:*", "kms:CreateKey", "kms:GenerateRandom"] },
  enclave: { role: "sealroom-enclave", identityActions: ["s3:*"] },
  breakGlass: { role: "sealroom-break-glass", identityActions: ["kms:CreateKey"] },
  analyst: { role: "sealroom-analyst", identityActions: [] },
};

/** By access key id: what a server looks a caller up in. */
export type CredentialTable = ReadonlyMap<string, LocalCredentials>;

export type NamedCredentials = Readonly<Record<PrincipalName, LocalCredentials>>;

export function credentialTable(credentials: Iterable<LocalCredentials>): CredentialTable {
  return new Map([...credentials].map((entry) => [entry.accessKeyId, entry]));
}

/**
 * The credentials of this directory, made on first use (0600). The caller holds the lock of the state.
 * @throws LOCAL_STATE if their file cannot be used
 */
export async function openCredentials(directory: string): Promise<NamedCredentials> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, CREDENTIALS_FILE);
  const stored = await findSecretFile(path);
  if (stored !== null) return readCredentials(stored, path);
  const drawn = forEachRole(() => drawCredentials());
  await writeSecretFile(path, `${JSON.stringify(drawn, null, 2)}\n`);
  return withPrincipals(drawn);
}

/** Credentials that no directory keeps, for a principal of the caller's choice. */
export function createCredentials(role: string, identityActions: readonly string[]): LocalCredentials {
  return { ...drawCredentials(), principal: rolePrincipal(role, identityActions) };
}

function rolePrincipal(role: string, identityActions: readonly string[]): Principal {
  return {
    arn: `arn:aws:sts::${LOCAL_ACCOUNT}:assumed-role/${role}/local`,
    roleArn: `arn:aws:iam::${LOCAL_ACCOUNT}:role/${role}`,
    account: LOCAL_ACCOUNT,
    identityActions,
  };
}

type DrawnCredentials = Required<AwsCredentials>;

/** In the shapes of AWS's own: 20 and 40 characters, and a token. */
function drawCredentials(): DrawnCredentials {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const id = Array.from(randomBytes(16), (byte) => letters[byte % letters.length]).join("");
  return {
    accessKeyId: `ASIA${id}`,
    secretAccessKey: randomBytes(30).toString("base64"),
    sessionToken: randomBytes(96).toString("base64"),
  };
}

function readCredentials(text: string, path: string): NamedCredentials {
  try {
    const file = asObject(parseJson(text));
    return withPrincipals(forEachRole((name) => readDrawn(asObject(file[name]))));
  } catch (cause) {
    throw new SealroomError("LOCAL_STATE", { file: path }, { cause });
  }
}

function readDrawn(entry: JsonObject): DrawnCredentials {
  const { accessKeyId, secretAccessKey, sessionToken } = entry;
  if (
    typeof accessKeyId !== "string" ||
    typeof secretAccessKey !== "string" ||
    typeof sessionToken !== "string"
  ) {
    throw new Error("not credentials");
  }
  return { accessKeyId, secretAccessKey, sessionToken };
}

function withPrincipals(drawn: Readonly<Record<PrincipalName, DrawnCredentials>>): NamedCredentials {
  return forEachRole((name) => {
    const { role, identityActions } = ROLES[name];
    return { ...drawn[name], principal: rolePrincipal(role, identityActions) };
  });
}

function forEachRole<Value>(make: (name: PrincipalName) => Value): Record<PrincipalName, Value> {
  return {
    owner: make("owner"),
    enclave: make("enclave"),
    breakGlass: make("breakGlass"),
    analyst: make("analyst"),
  };
}

function asObject(value: JsonValue | undefined): JsonObject {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new Error("not an object");
  return value as JsonObject;
}
