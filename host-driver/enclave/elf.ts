// Of a 64-bit little-endian ELF file: its machine, the loader that it names (PT_INTERP) and the libraries that it needs
// (DT_NEEDED), and no more (System V gABI, chapters 4 and 5). Bounded at every step: the file may be any file.
import { SealroomError } from "../../core/errors.ts";
import type { ByteFile } from "./byte-file.ts";
import type { Architecture } from "./eif.ts";

export interface Elf {
  readonly architecture: Architecture;
  /** Null for a library or a static program. */
  readonly interpreter: string | null;
  /** Names without directories, in the order in which a loader looks for them. */
  readonly needed: readonly string[];
}

const HEADER_BYTES = 64;
const PROGRAM_HEADER_BYTES = 56;
const MAX_PROGRAM_HEADERS = 128;
const MAX_DYNAMIC_BYTES = 64 * 1024;
const MAX_STRING_TABLE_BYTES = 64 * 1024 * 1024;
const MAX_NAME_BYTES = 256;
const PT_LOAD = 1;
const PT_DYNAMIC = 2;
const PT_INTERP = 3;
const DT_NULL = 0n;
const DT_NEEDED = 1n;
const DT_STRTAB = 5n;
const DT_STRSZ = 10n;
/** DT_RPATH, DT_RUNPATH: search paths of the file's own, which an image does not follow. */
const SEARCH_PATHS: readonly bigint[] = [15n, 29n];
const MACHINES: ReadonlyMap<number, Architecture> = new Map([
  [62, "x64"],
  [183, "arm64"],
]);

interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly size: number;
}

/** Errors: ELF_FORMAT, IMAGE_CHANGED. */
export async function readElf(file: ByteFile): Promise<Elf> {
  const header = await take(file, 0, HEADER_BYTES, HEADER_BYTES);
  const architecture = MACHINES.get(header.getUint16(18, true));
  // 7f 'E' 'L' 'F', 64-bit, little-endian, version 1
  if (header.getUint32(0) !== 0x7f454c46 || header.getUint16(4) !== 0x0201 || header.getUint8(6) !== 1) {
    throw fault("header");
  }
  if (architecture === undefined) throw fault("machine");
  const segments = await readSegments(file, header);
  const interpreter = segments.find(({ type }) => type === PT_INTERP);
  const dynamic = segments.find(({ type }) => type === PT_DYNAMIC);
  return {
    architecture,
    interpreter: interpreter === undefined ? null : await readInterpreter(file, interpreter),
    needed: dynamic === undefined ? [] : await readNeeded(file, segments, dynamic),
  };
}

async function readSegments(file: ByteFile, header: DataView): Promise<readonly Segment[]> {
  const offset = Number(header.getBigUint64(32, true));
  const size = header.getUint16(54, true);
  const count = header.getUint16(56, true);
  if (size !== PROGRAM_HEADER_BYTES) throw fault("program headers");
  const table = await take(file, offset, size * count, size * MAX_PROGRAM_HEADERS);
  return Array.from({ length: count }, (_, index) => {
    const at = index * size;
    return {
      type: table.getUint32(at, true),
      offset: Number(table.getBigUint64(at + 8, true)),
      address: Number(table.getBigUint64(at + 16, true)),
      size: Number(table.getBigUint64(at + 32, true)),
    };
  });
}

async function readInterpreter(file: ByteFile, { offset, size }: Segment): Promise<string> {
  const path = readName(await take(file, offset, size, MAX_NAME_BYTES), 0);
  const isPath = /^(\/[\w.+-]+)+$/.test(path) && !path.split("/").includes("..");
  if (!isPath) throw fault("interpreter");
  return path;
}

async function readNeeded(
  file: ByteFile,
  segments: readonly Segment[],
  { offset, size }: Segment,
): Promise<readonly string[]> {
  const table = await take(file, offset, size, MAX_DYNAMIC_BYTES);
  const entries: (readonly [tag: bigint, value: bigint])[] = [];
  for (let at = 0; at + 16 <= size; at += 16) {
    const tag = table.getBigInt64(at, true);
    if (tag === DT_NULL) break;
    entries.push([tag, table.getBigUint64(at + 8, true)]);
  }
  if (entries.some(([tag]) => SEARCH_PATHS.includes(tag))) throw fault("search path");
  const places = entries.filter(([tag]) => tag === DT_NEEDED).map(([, value]) => value);
  if (places.length === 0) return [];
  const value = (wanted: bigint): number => {
    const [found, another] = entries.filter(([tag]) => tag === wanted);
    if (found === undefined || another !== undefined) throw fault("dynamic section");
    return Number(found[1]);
  };
  const names = await take(
    file,
    offsetOf(segments, value(DT_STRTAB)),
    value(DT_STRSZ),
    MAX_STRING_TABLE_BYTES,
  );
  return places.map((place) => {
    const name = readName(names, Number(place));
    if (!/^[\w.+-]+$/.test(name) || /^\.*$/.test(name)) throw fault("library name");
    return name;
  });
}

/** Where in the file a loaded address comes from. */
function offsetOf(segments: readonly Segment[], address: number): number {
  const segment = segments.find(
    ({ type, address: start, size }) => type === PT_LOAD && start <= address && address < start + size,
  );
  if (segment === undefined) throw fault("dynamic section");
  return segment.offset + (address - segment.address);
}

function readName(bytes: DataView, start: number): string {
  let name = "";
  for (let at = start; at < bytes.byteLength && name.length < MAX_NAME_BYTES; at++) {
    const byte = bytes.getUint8(at);
    if (byte === 0) return name;
    name += String.fromCharCode(byte);
  }
  throw fault("string");
}

async function take(file: ByteFile, start: number, length: number, limit: number): Promise<DataView> {
  if (length > limit || length > file.size - start) throw fault("range");
  const bytes = await file.read(start, length);
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function fault(part: string): SealroomError {
  return new SealroomError("ELF_FORMAT", { part });
}
