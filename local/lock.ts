// One process at a time uses a state directory. The lock is an abstract unix socket named after the directory: the
// kernel frees it when its holder dies, however it dies, so no stale lock is ever left to judge.
import { createHash } from "node:crypto";
import { mkdir, readFile, realpath, rename, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { SealroomError } from "../core/errors.ts";

export interface StateLock {
  release(): Promise<void>;
}

/** Creates the directory if need be. Errors: LOCAL_LOCKED, with the holder's process id as far as known. */
export async function lockState(directory: string): Promise<StateLock> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const name = createHash("sha256")
    .update(await realpath(directory))
    .digest("hex");
  const server = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(`\0sealroom-${name}`, resolve);
    });
  } catch (cause) {
    throw new SealroomError("LOCAL_LOCKED", { directory, pid: await holder(directory) }, { cause });
  }
  const temporary = join(directory, `pid.${process.pid}`);
  await writeFile(temporary, `${process.pid}\n`, { mode: 0o600 });
  await rename(temporary, join(directory, "pid"));
  return {
    release: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
      }),
  };
}

async function holder(directory: string): Promise<string> {
  try {
    return (await readFile(join(directory, "pid"), "utf8")).trim();
  } catch {
    return "unknown";
  }
}
