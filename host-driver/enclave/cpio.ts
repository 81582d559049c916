// Writing ramdisks: cpio archives in the newc form (Linux, Documentation/driver-api/early-userspace/
// buffer-format.rst). The same tree is the same bytes: entries by name, inode numbers by order, times and owners zero.
// Files and directories only: that is all that our image needs.
import { encodeUtf8 } from "../../core/text/utf8.ts";
import { bytesContent } from "./content.ts";
import type { Content } from "./content.ts";

export interface TreeFile {
  /** Below the ramdisk's root, with "/", no leading one. */
  readonly path: string;
  readonly access: "read" | "execute";
  readonly content: Content;
}

export const CPIO_MAGIC = "070701";
export const CPIO_HEADER_BYTES = 110;
export const CPIO_TRAILER = "TRAILER!!!";
const DIRECTORY = 0o040755;
const FILE = { read: 0o100644, execute: 0o100755 } as const;
/** What cpio pads an archive to. A kernel asks for 4 where another archive follows. */
const BLOCK_BYTES = 512;
/** Sizes have eight hexadecimal digits. */
const MAX_FILE_BYTES = 0xffff_ffff;

interface Entry {
  readonly path: string;
  readonly mode: number;
  readonly links: number;
  readonly content: Content;
}

/**
 * The archive of these files, of the directories that they lie in, and of `directories`, which may be empty.
 * Errors while it is read: IMAGE_CHANGED.
 */
export function cpioArchive(files: readonly TreeFile[], directories: readonly string[]): Content {
  const entries = orderEntries(files, directories);
  const used = [...entries, trailer()].reduce((sum, entry) => sum + entryBytes(entry), 0);
  const size = Math.ceil(used / BLOCK_BYTES) * BLOCK_BYTES;
  return {
    size,
    pieces: async function* () {
      for (const [at, entry] of entries.entries()) yield* entryPieces(entry, at + 1);
      yield* entryPieces(trailer(), 0);
      yield new Uint8Array(size - used);
    },
  };
}

function orderEntries(files: readonly TreeFile[], directories: readonly string[]): readonly Entry[] {
  const nothing = bytesContent(new Uint8Array(0));
  const entries = new Map<string, Entry>();
  const parents = [...files.map(({ path }) => parentOf(path)), ...directories];
  for (const parent of parents) {
    for (let path = parent; path !== "" && !entries.has(path); path = parentOf(path)) {
      entries.set(path, { path: checkPath(path), mode: DIRECTORY, links: 2, content: nothing });
    }
  }
  for (const { path, access, content } of files) {
    if (entries.has(path)) throw new TypeError(`twice in a ramdisk: ${path}`);
    if (content.size > MAX_FILE_BYTES) throw new TypeError(`too large for a ramdisk: ${path}`);
    entries.set(path, { path: checkPath(path), mode: FILE[access], links: 1, content });
  }
  // By bytes: a directory stands before what lies in it, as a kernel needs it.
  return [...entries.values()].sort((a, b) => Buffer.compare(encodeUtf8(a.path), encodeUtf8(b.path)));
}

function checkPath(path: string): string {
  const isPlain = path.split("/").every((name) => /^[\w.@+-]+$/.test(name) && name !== "." && name !== "..");
  if (!isPlain) throw new TypeError(`not a path for a ramdisk: ${path}`);
  return path;
}

function parentOf(path: string): string {
  return path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : "";
}

function trailer(): Entry {
  return { path: CPIO_TRAILER, mode: 0, links: 1, content: bytesContent(new Uint8Array(0)) };
}

/** Header and name, and then the content, are each padded to 4 bytes. */
function entryBytes({ path, content }: Entry): number {
  return padded(CPIO_HEADER_BYTES + encodeUtf8(path).length + 1) + padded(content.size);
}

async function* entryPieces(entry: Entry, inode: number): AsyncGenerator<Uint8Array> {
  yield encodeHead(entry, inode);
  let size = 0;
  for await (const piece of entry.content.pieces()) {
    size += piece.length;
    yield piece;
  }
  yield new Uint8Array(padded(size) - size);
}

function encodeHead({ path, mode, links, content }: Entry, inode: number): Uint8Array {
  const name = encodeUtf8(`${path}\0`);
  // c_ino, c_mode, c_uid, c_gid, c_nlink, c_mtime, c_filesize, c_devmajor, c_devminor, c_rdevmajor, c_rdevminor,
  // c_namesize, c_check
  const fields = [inode, mode, 0, 0, links, 0, content.size, 0, 0, 0, 0, name.length, 0];
  const head = encodeUtf8(CPIO_MAGIC + fields.map((field) => field.toString(16).padStart(8, "0")).join(""));
  const bytes = new Uint8Array(padded(head.length + name.length));
  bytes.set(head);
  bytes.set(name, head.length);
  return bytes;
}

export function padded(bytes: number): number {
  return Math.ceil(bytes / 4) * 4;
}
