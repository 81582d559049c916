// A file that only its owner may read, written whole or not at all: temporary name, fsync, rename.
import { open, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";

import { SealroomError } from "../core/errors.ts";

/** What this file leaves behind when the process dies while it writes; whoever lists a directory passes them over. */
export const UNFINISHED = ".new";

/** Replaces the file. When the promise resolves, the content survives a crash of the machine. */
export async function writeSecretFile(path: string, content: string): Promise<void> {
  const unfinished = `${path}${UNFINISHED}`;
  // A leftover of an earlier run would keep its own mode.
  await rm(unfinished, { force: true });
  const file = await open(unfinished, "wx", 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(unfinished, path);
  const folder = await open(dirname(path));
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Null if there is none. @throws LOCAL_STATE if others may read it: then it is a secret no more. */
export async function findSecretFile(path: string): Promise<string | null> {
  try {
    const { mode } = await stat(path);
    if ((mode & 0o077) !== 0) throw new SealroomError("LOCAL_STATE", { file: path });
    return await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
}
