// What a Linux kernel module says of itself in its .modinfo section: its kernel, and the modules that it needs.
import { SealroomError } from "../../core/errors.ts";

export interface ModuleInfo {
  /** With "_", as a kernel spells it. */
  readonly name: string;
  /** Version and options of the kernel that it was built for; a kernel takes no other. */
  readonly vermagic: string;
  readonly depends: readonly string[];
}

const HEADER_BYTES = 64;
const SECTION_BYTES = 64;

/** Errors: IMAGE_MODULE. */
export function readModuleInfo(file: string, bytes: Uint8Array): ModuleInfo {
  const facts = new Map<string, string>();
  const text = Buffer.from(modinfo(bytes) ?? []).toString("latin1");
  for (const fact of text.split("\0")) {
    const name = fact.split("=", 1)[0] ?? "";
    if (name !== "") facts.set(name, fact.slice(name.length + 1));
  }
  const [name, vermagic, depends] = ["name", "vermagic", "depends"].map((each) => facts.get(each));
  if (name === undefined || vermagic === undefined || depends === undefined) {
    throw new SealroomError("IMAGE_MODULE", { file });
  }
  return {
    name: plainName(name),
    vermagic,
    depends: depends
      .split(",")
      .filter((each) => each !== "")
      .map(plainName),
  };
}

export function plainName(name: string): string {
  return name.replaceAll("-", "_");
}

/** The section of that name; null where the bytes are no module. */
function modinfo(bytes: Uint8Array): Uint8Array | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // 7f 'E' 'L' 'F', 64-bit, little-endian, relocatable
  if (bytes.length < HEADER_BYTES || view.getUint32(0) !== 0x7f454c46) return null;
  if (view.getUint16(4) !== 0x0201 || view.getUint16(16, true) !== 1) return null;
  const [size, count, names] = [view.getUint16(58, true), view.getUint16(60, true), view.getUint16(62, true)];
  const table = slice(bytes, view.getBigUint64(40, true), BigInt(size * count));
  if (table === null || size !== SECTION_BYTES) return null;
  const section = (index: number): { readonly name: number; readonly bytes: Uint8Array | null } => {
    const at = new DataView(table.buffer, table.byteOffset + index * SECTION_BYTES, SECTION_BYTES);
    return {
      name: at.getUint32(0, true),
      bytes: slice(bytes, at.getBigUint64(24, true), at.getBigUint64(32, true)),
    };
  };
  const strings = names < count ? section(names).bytes : null;
  if (strings === null) return null;
  const wanted = ".modinfo\0";
  for (let index = 0; index < count; index++) {
    const { name, bytes: found } = section(index);
    const spelt = Buffer.from(strings.subarray(name, name + wanted.length)).toString("latin1");
    if (spelt === wanted) return found;
  }
  return null;
}

function slice(bytes: Uint8Array, start: bigint, length: bigint): Uint8Array | null {
  if (start + length > BigInt(bytes.length)) return null;
  return bytes.subarray(Number(start), Number(start + length));
}
