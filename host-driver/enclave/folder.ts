// A file system of an image as a folder on this machine, for who packs it himself, as Docker does.
import { chmod, mkdir, open } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Rootfs } from "./rootfs.ts";

const MODES = { read: 0o644, execute: 0o755 } as const;

/** Into an empty directory; modes are those of the image, whatever the umask. Errors: IMAGE_CHANGED. */
export async function writeFolder({ files, directories }: Rootfs, directory: string): Promise<void> {
  await chmod(directory, 0o755);
  for (const path of directories) await makeFolder(directory, path);
  for (const { path, access, content } of files) {
    await makeFolder(directory, dirname(path));
    const file = await open(join(directory, path), "wx");
    try {
      for await (const piece of content.pieces()) await file.writeFile(piece);
      await file.chmod(MODES[access]);
    } finally {
      await file.close();
    }
  }
}

async function makeFolder(root: string, path: string): Promise<void> {
  if (path === ".") return;
  await makeFolder(root, dirname(path));
  await mkdir(join(root, path), { recursive: true });
  await chmod(join(root, path), 0o755);
}
