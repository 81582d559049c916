// The one seam between the checks and the machine they are about: a test gives another. Reading is bounded, and what
// cannot be read is null: a check says what that means.
import { constants } from "node:fs";
import { access, open, readdir } from "node:fs/promises";

export interface Machine {
  /** Node's names: `x64`, `arm64`. */
  readonly arch: string;
  /** Numeric ids of the user and all of its groups. */
  readonly user: { readonly id: number; readonly groups: readonly number[] };
  /** The text of a small file; null where there is none, or it cannot be read. */
  read(path: string): Promise<string | null>;
  /** Names in a directory, sorted; none where there is no such directory. */
  names(path: string): Promise<readonly string[]>;
  /** Whether a file or device can be opened for reading and writing. */
  use(path: string): Promise<"usable" | "forbidden" | "absent">;
}

const FILE_BYTES = 64 * 1024;

export const thisMachine: Machine = {
  arch: process.arch,
  user: { id: process.getuid?.() ?? -1, groups: process.getgroups?.() ?? [] },
  read: readSmallFile,
  names: async (path) => (await readdir(path).catch(() => [])).sort(),
  use: async (path) => {
    try {
      await access(path, constants.R_OK | constants.W_OK);
      return "usable";
    } catch (error) {
      const { code } = error as { code?: unknown };
      return code === "EACCES" || code === "EPERM" ? "forbidden" : "absent";
    }
  },
};

/** Files of /proc and /sys say that their size is 0, or 4096: only reading tells. */
async function readSmallFile(path: string): Promise<string | null> {
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const memory = Buffer.alloc(FILE_BYTES);
      let length = 0;
      for (;;) {
        const { bytesRead } = await file.read(memory, length, memory.length - length);
        if (bytesRead === 0) return memory.toString("utf8", 0, length);
        length += bytesRead;
        if (length === memory.length) return null;
      }
    } finally {
      await file.close();
    }
  } catch {
    return null;
  }
}
