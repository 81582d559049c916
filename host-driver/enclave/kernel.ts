// A kernel as a boot loader takes it, and its version: a bzImage (Linux, Documentation/arch/x86/boot.rst) or an arm64
// Image (Documentation/arch/arm64/booting.rst). Anything else would fail in the enclave, where nobody sees it.
import { SealroomError } from "../../core/errors.ts";
import type { ByteFile } from "./byte-file.ts";
import type { Architecture } from "./eif.ts";

const HEADER_BYTES = 1024;
const BZIMAGE_MAGIC = "HdrS";
const BZIMAGE_MAGIC_START = 0x202;
const VERSION_POINTER_START = 0x20e;
const ARM64_MAGIC = "ARM\x64";
const ARM64_MAGIC_START = 56;
const MAX_VERSION_BYTES = 256;
/** What stands before the version in a kernel for arm64, whose header has none. */
const BANNER = "Linux version ";
const PIECE_BYTES = 1024 * 1024;

/** `6.12.95+deb12-cloud-amd64`. Errors: IMAGE_INPUT, IMAGE_CHANGED. */
export async function readKernelVersion(file: ByteFile, architecture: Architecture): Promise<string> {
  const header = Buffer.from(await file.read(0, Math.min(file.size, HEADER_BYTES)));
  const version =
    architecture === "x64" ? await bzImageVersion(file, header) : await imageVersion(file, header);
  if (version === null || !/^[\w.+~-]+$/.test(version)) {
    throw new SealroomError("IMAGE_INPUT", { kernel: architecture === "x64" ? "bzImage" : "Image" });
  }
  return version;
}

async function bzImageVersion(file: ByteFile, header: Buffer): Promise<string | null> {
  if (!isAt(header, BZIMAGE_MAGIC, BZIMAGE_MAGIC_START) || header.length < VERSION_POINTER_START + 2) {
    return null;
  }
  const start = header.readUInt16LE(VERSION_POINTER_START) + 0x200;
  return file.size < start ? null : firstWord(await textAt(file, start));
}

async function imageVersion(file: ByteFile, header: Buffer): Promise<string | null> {
  if (!isAt(header, ARM64_MAGIC, ARM64_MAGIC_START)) return null;
  for (let start = 0; start < file.size; start += PIECE_BYTES - BANNER.length) {
    const piece = Buffer.from(await file.read(start, Math.min(PIECE_BYTES, file.size - start)));
    const found = piece.indexOf(BANNER, 0, "latin1");
    if (found >= 0) return firstWord(await textAt(file, start + found + BANNER.length));
  }
  return null;
}

async function textAt(file: ByteFile, start: number): Promise<string> {
  const bytes = await file.read(start, Math.min(MAX_VERSION_BYTES, file.size - start));
  return Buffer.from(bytes).toString("latin1");
}

function isAt(bytes: Buffer, text: string, start: number): boolean {
  return bytes.toString("latin1", start, start + text.length) === text;
}

function firstWord(text: string): string {
  return /^[^ \0]*/.exec(text)?.[0] ?? "";
}
