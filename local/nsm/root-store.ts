// Keeps the simulated root across runs: the certificate for whoever verifies, the private key (0600) for the software
// NSM. Whoever can read that key can forge any local evidence; it proves nothing outside this machine.
import { createPrivateKey, X509Certificate, type KeyObject } from "node:crypto";
import { chmod, mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { decodePem, encodePem } from "../../core/attestation/pem.ts";
import { SealroomError } from "../../core/errors.ts";
import { createDevRoot, type DevRoot } from "./pki.ts";

export const ROOT_FILE = "simulated-root.pem";
const KEY_FILE = "simulated-root.key.pem";

/**
 * The root of this directory, made on first use. The caller holds the lock of the state.
 * @throws SealroomError NSM_STATE
 */
export async function openDevRoot(directory: string, nowMs: number): Promise<DevRoot> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const keyText = await readIfThere(join(directory, KEY_FILE));
  if (keyText === null) return storeRoot(directory, createDevRoot(nowMs));
  const { mode } = await stat(join(directory, KEY_FILE));
  if ((mode & 0o077) !== 0) throw new SealroomError("NSM_STATE", { file: KEY_FILE });
  const certificateText = await readIfThere(join(directory, ROOT_FILE));
  if (certificateText === null) throw new SealroomError("NSM_STATE", { file: ROOT_FILE });
  return readRoot(certificateText, keyText);
}

/** The key's file comes last: while it is not there, nothing was ever signed and a root may be made anew. */
async function storeRoot(directory: string, root: DevRoot): Promise<DevRoot> {
  await writeWhole(join(directory, ROOT_FILE), encodePem(root.certificate), 0o644);
  await writeWhole(
    join(directory, KEY_FILE),
    root.privateKey.export({ type: "pkcs8", format: "pem" }),
    0o600,
  );
  return root;
}

function readRoot(certificateText: string, keyText: string | Buffer): DevRoot {
  let certificate: Uint8Array;
  let privateKey: KeyObject;
  try {
    certificate = decodePem(certificateText);
    privateKey = createPrivateKey(keyText);
    if (!new X509Certificate(certificate).checkPrivateKey(privateKey)) throw new Error("another root's key");
  } catch (cause) {
    throw new SealroomError("NSM_STATE", {}, { cause });
  }
  return { certificate, privateKey };
}

async function writeWhole(path: string, content: string | Buffer, mode: number): Promise<void> {
  const unfinished = `${path}.new`;
  // A leftover of an earlier run would keep its own mode.
  await rm(unfinished, { force: true });
  await writeFile(unfinished, content, { mode, flag: "wx" });
  await chmod(unfinished, mode);
  await rename(unfinished, path);
}

async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw new SealroomError("NSM_STATE", {}, { cause: error });
  }
}
