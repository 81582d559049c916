// The Enclave Image Format, versions 3 and 4 (aws-nitro-enclaves-image-format): a header with a table of sections, then
// each section behind a header of its own. Strict where AWS's reader is not: table and section headers must agree, and
// sections lie one after another to the file's end, so that whoever reads by the table, by the headers or by the size
// sees the same image. An image may come from anywhere: every number in it is hostile.
import { crc32 } from "node:zlib";
import { SealroomError } from "../../core/errors.ts";
import { readPieces } from "./byte-file.ts";
import type { ByteFile } from "./byte-file.ts";
import type { Content } from "./content.ts";

export type SectionKind = "kernel" | "cmdline" | "ramdisk" | "signature" | "metadata";
export type Architecture = "x64" | "arm64";

export interface Section {
  readonly kind: SectionKind;
  /** Of its payload, in bytes from the file's begin. */
  readonly start: number;
  readonly size: number;
}

export interface Eif {
  readonly version: number;
  readonly architecture: Architecture;
  /** What the enclave gets where nobody says otherwise; not measured. */
  readonly memoryBytes: bigint;
  readonly cpus: bigint;
  readonly crc: number;
  /** In the order of the file. */
  readonly sections: readonly Section[];
}

export interface SectionContent {
  readonly kind: SectionKind;
  readonly content: Content;
}

/** Called with each section's payload, piece by piece, in order; with one empty piece for an empty payload. */
export type Visit = (section: Section, piece: Uint8Array) => void;

export const HEADER_BYTES = 548;
export const SECTION_HEADER_BYTES = 12;
const MAGIC = 0x2e656966;
const MAX_SECTIONS = 32;
const TABLE_START = 28;
const SIZES_START = TABLE_START + 8 * MAX_SECTIONS;
const CRC_START = HEADER_BYTES - 4;
const FLAG_ARM64 = 1;
const VERSION = 4;
/** As nitro-cli writes them; nitro-cli's options and a hypervisor's override them. */
const MEMORY_BYTES = 1n << 30n;
const CPUS = 2n;

const KINDS: ReadonlyMap<number, SectionKind> = new Map([
  [1, "kernel"],
  [2, "cmdline"],
  [3, "ramdisk"],
  [4, "signature"],
  [5, "metadata"],
]);

/** Sections that are kept whole by who reads them. The others are as large as the file at most. */
const MAX_BYTES: Readonly<Partial<Record<SectionKind, number>>> = {
  cmdline: 64 * 1024,
  signature: 32 * 1024,
  metadata: 4 * 1024 * 1024,
};

/**
 * Reads and checks a whole image. What `visit` has seen counts only once this has returned.
 * Errors: EIF_FORMAT, EIF_SECTION, EIF_CRC, IMAGE_CHANGED.
 */
export async function readEif(file: ByteFile, visit: Visit = () => undefined): Promise<Eif> {
  if (file.size < HEADER_BYTES) throw new SealroomError("EIF_FORMAT", { bytes: file.size });
  const header = await file.read(0, HEADER_BYTES);
  const fields = decodeHeader(header);
  const places = decodeTable(header, file.size);
  const headers = await Promise.all(
    places.map(({ start }) => file.read(start - SECTION_HEADER_BYTES, SECTION_HEADER_BYTES)),
  );
  const sections = places.map((place, at) => decodeSection(headers[at] ?? new Uint8Array(0), place));
  checkSections(sections, fields.version);
  let crc = crc32(header.subarray(0, CRC_START));
  for (const [at, section] of sections.entries()) {
    crc = crc32(headers[at] ?? new Uint8Array(0), crc);
    if (section.size === 0) visit(section, new Uint8Array(0));
    for await (const piece of readPieces(file, section.start, section.size)) {
      crc = crc32(piece, crc);
      visit(section, piece);
    }
  }
  if (crc !== fields.crc) throw new SealroomError("EIF_CRC");
  return { ...fields, sections };
}

function decodeHeader(bytes: Uint8Array): Omit<Eif, "sections"> {
  const view = viewOf(bytes);
  const version = view.getUint16(4);
  const flags = view.getUint16(6);
  if (view.getUint32(0) !== MAGIC) throw new SealroomError("EIF_FORMAT", { field: "magic" });
  if (version !== 3 && version !== VERSION) {
    throw new SealroomError("EIF_FORMAT", { field: "version", version });
  }
  if ((flags & ~FLAG_ARM64) !== 0) throw new SealroomError("EIF_FORMAT", { field: "flags", flags });
  const isReserved = view.getUint16(24) === 0 && view.getUint32(CRC_START - 4) === 0;
  if (!isReserved) throw new SealroomError("EIF_FORMAT", { field: "reserved" });
  return {
    version,
    architecture: flags === FLAG_ARM64 ? "arm64" : "x64",
    memoryBytes: view.getBigUint64(8),
    cpus: view.getBigUint64(16),
    crc: view.getUint32(CRC_START),
  };
}

type Place = Omit<Section, "kind">;

/** Sections one after another from the header to the file's end, and nothing in the rest of the table. */
function decodeTable(bytes: Uint8Array, fileBytes: number): readonly Place[] {
  const view = viewOf(bytes);
  const count = view.getUint16(26);
  if (count > MAX_SECTIONS) throw new SealroomError("EIF_SECTION", { sections: count });
  const places: Place[] = [];
  let end = HEADER_BYTES;
  for (let section = 0; section < MAX_SECTIONS; section++) {
    const offset = view.getBigUint64(TABLE_START + 8 * section);
    const size = view.getBigUint64(SIZES_START + 8 * section);
    if (section >= count) {
      if (offset !== 0n || size !== 0n) throw new SealroomError("EIF_SECTION", { section });
      continue;
    }
    const start = end + SECTION_HEADER_BYTES;
    if (offset !== BigInt(end) || start + Number(size) > fileBytes) {
      throw new SealroomError("EIF_SECTION", { section });
    }
    places.push({ start, size: Number(size) });
    end = start + Number(size);
  }
  if (end !== fileBytes) throw new SealroomError("EIF_SECTION", { trailing: fileBytes - end });
  return places;
}

function decodeSection(bytes: Uint8Array, { start, size }: Place): Section {
  const view = viewOf(bytes);
  const type = view.getUint16(0);
  const kind = KINDS.get(type);
  if (kind === undefined) throw new SealroomError("EIF_SECTION", { type });
  if (view.getUint16(2) !== 0 || view.getBigUint64(4) !== BigInt(size)) {
    throw new SealroomError("EIF_SECTION", { kind });
  }
  return { kind, start, size };
}

/**
 * PCRs hash the payloads in the order of the file and without their kinds, so the measured ones have one order: kernel,
 * command line, ramdisks. Where in between metadata and signature lie is free.
 */
function checkSections(sections: readonly Section[], version: number): void {
  const kinds = sections.map(({ kind }) => kind);
  const count = (kind: SectionKind): number => kinds.filter((each) => each === kind).length;
  const measured = kinds.filter((kind) => kind !== "metadata" && kind !== "signature");
  const [kernel, cmdline, ...ramdisks] = measured;
  const isOrdered =
    kernel === "kernel" &&
    cmdline === "cmdline" &&
    ramdisks.length > 0 &&
    ramdisks.every((kind) => kind === "ramdisk");
  if (!isOrdered) throw new SealroomError("EIF_SECTION", { order: measured.join(" ") });
  const metadata = count("metadata");
  if (metadata > 1 || (version === VERSION && metadata === 0)) {
    throw new SealroomError("EIF_SECTION", { kind: "metadata", sections: metadata });
  }
  if (count("signature") > 1) throw new SealroomError("EIF_SECTION", { kind: "signature" });
  for (const { kind, size } of sections) {
    if (size > (MAX_BYTES[kind] ?? size)) throw new SealroomError("EIF_SECTION", { kind, bytes: size });
  }
}

/** Puts bytes at a place of the file that is written. */
export type Write = (bytes: Uint8Array, start: number) => Promise<void>;

/**
 * Writes an image of version 4: the same bytes for the same sections. The header comes last, since it holds the
 * checksum of the rest. Errors: IMAGE_CHANGED.
 */
export async function writeEif(
  architecture: Architecture,
  contents: readonly SectionContent[],
  write: Write,
  visit: Visit = () => undefined,
): Promise<Eif> {
  const { header, sections } = encodeHeader(architecture, contents);
  checkSections(sections, VERSION);
  let crc = crc32(header.subarray(0, CRC_START));
  for (const [at, section] of sections.entries()) {
    const sectionHeader = encodeSection(section);
    crc = crc32(sectionHeader, crc);
    await write(sectionHeader, section.start - SECTION_HEADER_BYTES);
    let end = section.start;
    for await (const piece of contents[at]?.content.pieces() ?? []) {
      crc = crc32(piece, crc);
      visit(section, piece);
      await write(piece, end);
      end += piece.length;
    }
    if (end !== section.start + section.size) {
      throw new SealroomError("IMAGE_CHANGED", { kind: section.kind });
    }
  }
  viewOf(header).setUint32(CRC_START, crc);
  await write(header, 0);
  const { version, memoryBytes, cpus } = decodeHeader(header);
  return { version, architecture, memoryBytes, cpus, crc, sections };
}

function encodeHeader(
  architecture: Architecture,
  contents: readonly SectionContent[],
): { readonly header: Uint8Array; readonly sections: readonly Section[] } {
  if (contents.length > MAX_SECTIONS) throw new TypeError("more sections than an image can have");
  const header = new Uint8Array(HEADER_BYTES);
  const view = viewOf(header);
  view.setUint32(0, MAGIC);
  view.setUint16(4, VERSION);
  view.setUint16(6, architecture === "arm64" ? FLAG_ARM64 : 0);
  view.setBigUint64(8, MEMORY_BYTES);
  view.setBigUint64(16, CPUS);
  view.setUint16(26, contents.length);
  let end = HEADER_BYTES;
  const sections = contents.map(({ kind, content: { size } }, at) => {
    view.setBigUint64(TABLE_START + 8 * at, BigInt(end));
    view.setBigUint64(SIZES_START + 8 * at, BigInt(size));
    const section = { kind, start: end + SECTION_HEADER_BYTES, size };
    end = section.start + size;
    return section;
  });
  return { header, sections };
}

function encodeSection({ kind, size }: Section): Uint8Array {
  const bytes = new Uint8Array(SECTION_HEADER_BYTES);
  const [type = 0] = [...KINDS].find(([, each]) => each === kind) ?? [];
  viewOf(bytes).setUint16(0, type);
  viewOf(bytes).setBigUint64(4, BigInt(size));
  return bytes;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
