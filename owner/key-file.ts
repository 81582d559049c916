// Key files on the owner's or recipient's machine: the private one for its owner's eyes only, the public one beside
// it. A file that exists is never overwritten: it may be the only key to something.
import { open, stat, unlink, type FileHandle } from "node:fs/promises";
import { SealroomError } from "../core/errors.ts";
import { parseJson, type JsonValue } from "../core/json.ts";
import type { P256Jwk, PrivateJwk, PublicJwk } from "../core/manifest/jwk.ts";
import {
  encodeKeys,
  parseOwnerKey,
  parseOwnerPublic,
  parseRecipientKey,
  parseRecipientPublic,
  type KeySet,
  type OwnerKey,
} from "./keys.ts";

export const PUBLIC_SUFFIX = ".pub";
const MAX_KEY_FILE_BYTES = 16 * 1024;
const PRIVATE_MODE = 0o600;
const PUBLIC_MODE = 0o644;

/**
 * Writes `path` (mode 0600) and `path.pub`; both or neither. Errors: OWNER_KEY_EXISTS, OWNER_KEY_FILE.
 */
export async function writeKeyFiles(path: string, keys: KeySet): Promise<void> {
  const publicPath = path + PUBLIC_SUFFIX;
  await writeNew(path, await encodeKeys(keys, "private"), PRIVATE_MODE);
  try {
    await writeNew(publicPath, await encodeKeys(keys, "public"), PUBLIC_MODE);
  } catch (error) {
    await unlink(path);
    throw error;
  }
}

async function writeNew(path: string, text: string, mode: number): Promise<void> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, "wx", mode);
    await file.writeFile(text);
    await file.sync();
  } catch (cause) {
    if (file !== undefined) await unlink(path);
    const exists = cause instanceof Error && "code" in cause && cause.code === "EEXIST";
    throw new SealroomError(exists ? "OWNER_KEY_EXISTS" : "OWNER_KEY_FILE", { file: path }, { cause });
  } finally {
    await file?.close();
  }
}

/** Errors: OWNER_KEY_FILE, OWNER_KEY_MODE, OWNER_KEY_FORM, JSON_*, KEY_*. */
export async function readOwnerKey(path: string): Promise<OwnerKey> {
  return parseOwnerKey(await readKeyFile(path, "private"));
}

/** As readOwnerKey. */
export async function readRecipientKey(path: string): Promise<PrivateJwk> {
  return parseRecipientKey(await readKeyFile(path, "private"));
}

/** Errors: OWNER_KEY_FILE, OWNER_KEY_FORM, JSON_*, KEY_*. */
export async function readRecipientPublic(path: string): Promise<P256Jwk> {
  return parseRecipientPublic(await readKeyFile(path, "public"));
}

/** As readRecipientPublic. */
export async function readOwnerPublic(path: string): Promise<PublicJwk> {
  return parseOwnerPublic(await readKeyFile(path, "public"));
}

/** Of a public key given by mistake it does not matter who may read it. */
function checkSecrecy(file: string, mode: number, text: string): void {
  if ((mode & 0o077) === 0) return;
  if (text.includes('"kty"') && !text.includes('"d"')) {
    throw new SealroomError("OWNER_KEY_FORM", { file, fault: "a public key where the private one belongs" });
  }
  throw new SealroomError("OWNER_KEY_MODE", { file, mode: (mode & 0o777).toString(8) });
}

async function readKeyFile(path: string, half: "private" | "public"): Promise<JsonValue> {
  let text: string;
  try {
    const { mode, size } = await stat(path);
    if (size > MAX_KEY_FILE_BYTES) throw new SealroomError("OWNER_KEY_FORM", { file: path });
    const file = await open(path, "r");
    try {
      text = await file.readFile("utf8");
    } finally {
      await file.close();
    }
    if (half === "private") checkSecrecy(path, mode, text);
  } catch (cause) {
    if (cause instanceof SealroomError) throw cause;
    throw new SealroomError("OWNER_KEY_FILE", { file: path }, { cause });
  }
  return parseJson(text);
}
