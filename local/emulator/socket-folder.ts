// A folder for an emulated machine's unix sockets. Their paths hold 107 bytes, and the vsock device and QEMU take
// paths within comma-separated lists, so the folder is a short, plainly named one of the system's temporary folder.
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Of what follows the folder: a drawn name, `/guest_65535`, a NUL. */
const REST_BYTES = 40;
const MAX_PATH = 108;

/** The caller removes it. */
export async function makeSocketFolder(): Promise<string> {
  const isFit = (folder: string): boolean =>
    /^[A-Za-z0-9._/-]+$/.test(folder) && folder.length + REST_BYTES <= MAX_PATH;
  const parent = isFit(tmpdir()) ? tmpdir() : "/tmp";
  return mkdtemp(join(parent, "sealroom-emu-"));
}
