// What a ramdisk holds: cpio archives in the newc form, one or several, as they are or in gzip, as a kernel unpacks them
// (Linux, init/initramfs.c). Refuses whatever a kernel would take otherwise than it is listed here: a list that hides a
// file is worse than none. The bytes are hostile.
import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { crc32, createInflateRaw } from "node:zlib";
import { SealroomError } from "../../core/errors.ts";
import { decodeUtf8 } from "../../core/text/utf8.ts";
import { readPieces } from "./byte-file.ts";
import type { ByteFile } from "./byte-file.ts";
import { ByteReader } from "./byte-reader.ts";
import { CPIO_HEADER_BYTES, CPIO_MAGIC, CPIO_TRAILER, padded } from "./cpio.ts";
import type { Section } from "./eif.ts";

export type EntryKind =
  "file" | "directory" | "symlink" | "character device" | "block device" | "pipe" | "socket";

export interface ListedEntry {
  /** Below the ramdisk's root, without a leading slash; empty for the root itself. */
  readonly path: string;
  readonly kind: EntryKind;
  /** Permissions, set-uid and sticky bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Seconds. */
  readonly mtime: number;
  readonly size: number;
  /** SHA-256 of a file's content or of a link's target, hex; empty for what has none. */
  readonly digest: string;
  /** Of a symbolic link, its target; of a device, its numbers; else empty. */
  readonly target: string;
  /** Of a file that says what others are of, package.json and bundled.json, its bytes; else null. */
  readonly manifest: Uint8Array | null;
}

export interface Ramdisk {
  readonly compression: "none" | "gzip";
  /** In the order of the archive. Of a path that stands there twice, the last is what a kernel leaves. */
  readonly entries: readonly ListedEntry[];
}

const MAX_ENTRIES = 200_000;
/** Of what a gzip stream may grow to: enclaves have less memory. */
const MAX_UNPACKED_BYTES = 32 * 1024 ** 3;
/** PATH_MAX: a kernel passes over longer names without a word. */
const MAX_PATH_BYTES = 4096;
/** NAME_MAX: no file of a longer name can be made. */
const MAX_NAME_BYTES = 255;
/** Of what is kept of it: of packages, as many as an image may have, and the list of bundled files. */
const MAX_MANIFEST_BYTES = 256 * 1024;
const MANIFEST = /^(?:rootfs\/)?app\/(?:bundled\.json|node_modules\/(?:@[^/]+\/)?[^/@]+\/package\.json)$/;
const UNCHANGED_ID = 0xffff_ffff;
/** Of a kernel's device numbers: what is more runs over into the major. */
const MAX_MAJOR = 2 ** 12;
const MAX_MINOR = 2 ** 20;
/** With the one method that there is, deflate. */
const GZIP = [0x1f, 0x8b, 8];
const GZIP_HEAD_BYTES = 10;
/** A checksum, which kernels do not look at, and a length. */
const GZIP_TAIL_BYTES = 8;
const KINDS: ReadonlyMap<number, EntryKind> = new Map([
  [0o10, "file"],
  [0o04, "directory"],
  [0o12, "symlink"],
  [0o02, "character device"],
  [0o06, "block device"],
  [0o01, "pipe"],
  [0o14, "socket"],
]);

/** Errors: CPIO_HEADER, CPIO_PATH, CPIO_END, CPIO_LIMIT, IMAGE_CHANGED. */
export async function readRamdisk(file: ByteFile, { start, size }: Section): Promise<Ramdisk> {
  const head = await file.read(start, Math.min(size, GZIP_HEAD_BYTES));
  if (!GZIP.every((byte, at) => head[at] === byte)) {
    return { compression: "none", entries: await readArchives(readPieces(file, start, size)) };
  }
  // RFC 1952 §2.3.1. Of the flags a kernel knows that of a file name alone, and reads the others' fields as data.
  if (head.length < GZIP_HEAD_BYTES || head[3] !== 0) {
    throw new SealroomError("CPIO_HEADER", { compression: "gzip" });
  }
  const inflate = createInflateRaw();
  const data = readPieces(file, start + GZIP_HEAD_BYTES, size - GZIP_HEAD_BYTES);
  const sum = { crc: 0, bytes: 0 };
  const entries = await unzip(Readable.from(data).pipe(inflate), sum);
  // A kernel takes what follows for the next archive, and stops where the one before did not end with its stream; only
  // padding passes here.
  const end = GZIP_HEAD_BYTES + inflate.bytesWritten + GZIP_TAIL_BYTES;
  if (end > size) throw new SealroomError("CPIO_END", { position: size });
  // Kernels do not look at these, so they could be anything: the end of a boot configuration, say.
  const tail = Buffer.from(await file.read(start + end - GZIP_TAIL_BYTES, GZIP_TAIL_BYTES));
  if (tail.readUInt32LE(0) !== sum.crc || tail.readUInt32LE(4) !== sum.bytes % 2 ** 32) {
    throw new SealroomError("CPIO_HEADER", { compression: "gzip" });
  }
  for await (const piece of readPieces(file, start + end, size - end)) {
    if (piece.some((byte) => byte !== 0)) throw new SealroomError("CPIO_END", { position: end });
  }
  return { compression: "gzip", entries };
}

/** Of what came out of a gzip stream. */
interface Sum {
  crc: number;
  bytes: number;
}

async function* summed(stream: Readable, sum: Sum): AsyncGenerator<Uint8Array> {
  for await (const piece of stream as AsyncIterable<Uint8Array>) {
    sum.crc = crc32(piece, sum.crc);
    sum.bytes += piece.length;
    yield piece;
  }
}

async function unzip(stream: Readable, sum: Sum): Promise<readonly ListedEntry[]> {
  try {
    return await readArchives(summed(stream, sum));
  } catch (cause) {
    if (cause instanceof SealroomError) throw cause;
    throw new SealroomError("CPIO_HEADER", { compression: "gzip" }, { cause });
  } finally {
    stream.destroy();
  }
}

async function readArchives(pieces: AsyncIterable<Uint8Array>): Promise<readonly ListedEntry[]> {
  const reader = new ByteReader(pieces);
  const entries: ListedEntry[] = [];
  do {
    await readArchive(reader, entries);
    // A kernel looks for the next archive at multiples of four alone.
    while ((await reader.peek()) === 0) await reader.take(1, 1);
    if (!(await reader.isAtEnd()) && reader.position % 4 !== 0) {
      throw new SealroomError("CPIO_END", { position: reader.position });
    }
  } while (!(await reader.isAtEnd()));
  return entries;
}

/** Entries up to the trailer. */
async function readArchive(reader: ByteReader, entries: ListedEntry[]): Promise<void> {
  for (;;) {
    const head = await readHead(reader);
    if (head.name === CPIO_TRAILER) {
      // A kernel asks for the kind before it looks at the name: to it, one that is a link is a link.
      if (head.size !== 0 || KINDS.get(head.mode >> 12) === "symlink") {
        throw new SealroomError("CPIO_HEADER", { name: CPIO_TRAILER });
      }
      break;
    }
    if (entries.length === MAX_ENTRIES) throw new SealroomError("CPIO_LIMIT", { entries: MAX_ENTRIES });
    entries.push(await readEntry(reader, head));
  }
}

interface Head {
  readonly name: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly links: number;
  readonly mtime: number;
  readonly size: number;
  readonly device: { readonly major: number; readonly minor: number };
}

async function readHead(reader: ByteReader): Promise<Head> {
  const text = Buffer.from(await reader.take(CPIO_HEADER_BYTES, CPIO_HEADER_BYTES)).toString("latin1");
  const position = reader.position - CPIO_HEADER_BYTES;
  if (!text.startsWith(CPIO_MAGIC) || !/^[0-9A-Fa-f]+$/.test(text)) {
    throw new SealroomError("CPIO_HEADER", { position });
  }
  const field = (index: number): number => {
    const start = CPIO_MAGIC.length + 8 * index;
    return Number.parseInt(text.slice(start, start + 8), 16);
  };
  const nameBytes = field(11);
  if (nameBytes < 2 || nameBytes > MAX_PATH_BYTES) throw new SealroomError("CPIO_HEADER", { position });
  const padding = padded(CPIO_HEADER_BYTES + nameBytes) - CPIO_HEADER_BYTES - nameBytes;
  const bytes = await reader.take(nameBytes, MAX_PATH_BYTES);
  await reader.take(padding, 3);
  // The length says where the name ends, and so does its first zero byte: a kernel's reading of a second one differs.
  if (bytes.indexOf(0) !== nameBytes - 1) throw new SealroomError("CPIO_PATH", { position });
  return {
    name: decodeName(bytes.subarray(0, -1), position),
    mode: field(1),
    uid: field(2),
    gid: field(3),
    links: field(4),
    mtime: field(5),
    size: field(6),
    device: { major: field(9), minor: field(10) },
  };
}

function decodeName(bytes: Uint8Array, position: number): string {
  try {
    return decodeUtf8(bytes);
  } catch (cause) {
    throw new SealroomError("CPIO_PATH", { position }, { cause });
  }
}

async function readEntry(reader: ByteReader, head: Head): Promise<ListedEntry> {
  const kind = KINDS.get(head.mode >> 12);
  if (kind === undefined) throw new SealroomError("CPIO_HEADER", { path: head.name, mode: head.mode });
  if (kind !== "file" && kind !== "symlink" && head.size > 0) {
    throw new SealroomError("CPIO_HEADER", { path: head.name, bytes: head.size });
  }
  const path = plainPath(head.name);
  const { uid, gid, mtime, size } = head;
  const none = { digest: "", target: "", manifest: null };
  // Names of one file share its bytes, mode, owner and time, by a table that outlives archives. Nothing here needs them.
  if (kind !== "directory" && head.links > 1) {
    throw new SealroomError("CPIO_HEADER", { path, links: head.links });
  }
  // To a kernel these leave the owner as it is.
  if (uid === UNCHANGED_ID || gid === UNCHANGED_ID) {
    throw new SealroomError("CPIO_HEADER", { path, uid, gid });
  }
  const facts = { path, kind, mode: head.mode & 0o7777, uid, gid, mtime, size, ...none };
  if (kind === "symlink") {
    const target = await reader.take(size, MAX_PATH_BYTES - 1);
    await reader.take(padded(size) - size, 3);
    // A kernel ends the target at a zero byte, and makes no link without one.
    if (size === 0 || target.includes(0)) throw new SealroomError("CPIO_PATH", { path });
    return { ...facts, digest: sha256Hex(target), target: Buffer.from(target).toString("utf8") };
  }
  if (kind === "block device" || kind === "character device") return { ...facts, target: deviceOf(head) };
  if (kind !== "file") return facts;
  if (reader.position + size > MAX_UNPACKED_BYTES) throw new SealroomError("CPIO_LIMIT", { bytes: size });
  const hash = createHash("sha256");
  const isManifest = MANIFEST.test(path) && size <= MAX_MANIFEST_BYTES;
  const kept: Uint8Array[] = [];
  await reader.visit(size, (piece) => {
    hash.update(piece);
    if (isManifest) kept.push(piece);
  });
  await reader.take(padded(size) - size, 3);
  return { ...facts, digest: hash.digest("hex"), manifest: isManifest ? Buffer.concat(kept) : null };
}

function deviceOf({ name, device: { major, minor } }: Head): string {
  if (major >= MAX_MAJOR || minor >= MAX_MINOR) throw new SealroomError("CPIO_HEADER", { path: name });
  return `${major}:${minor}`;
}

/** `./a`, `/a` and `a` are one path to a kernel; what else has a dot or nothing for a name is refused. */
function plainPath(name: string): string {
  const path = name.replace(/^\.?\/+/, "");
  if (name === "." || path === "") return "";
  const isFit = (part: string): boolean =>
    part !== "" && part !== "." && part !== ".." && Buffer.byteLength(part) <= MAX_NAME_BYTES;
  if (!path.split("/").every(isFit)) {
    throw new SealroomError("CPIO_PATH", { path: name });
  }
  return path;
}

function sha256Hex(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
