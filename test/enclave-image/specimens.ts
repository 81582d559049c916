// Small files of the forms that an image is made of, and images of small parts.
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";
import { crc32 } from "node:zlib";
import type { ByteFile } from "../../host-driver/enclave/byte-file.ts";
import { bytesContent } from "../../host-driver/enclave/content.ts";
import type { Content } from "../../host-driver/enclave/content.ts";
import { writeEif } from "../../host-driver/enclave/eif.ts";
import type { Architecture, SectionContent, SectionKind } from "../../host-driver/enclave/eif.ts";

export function memoryFile(bytes: Uint8Array): ByteFile {
  return {
    size: bytes.length,
    read: (start, length) => {
      // A reader that asks for more than there is has not checked a length.
      if (start < 0 || start + length > bytes.length) {
        throw new Error(`read ${start}+${length} of ${bytes.length}`);
      }
      return Promise.resolve(bytes.slice(start, start + length));
    },
  };
}

export async function bytesOf(content: Content): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of content.pieces()) pieces.push(Uint8Array.from(piece));
  return Buffer.concat(pieces);
}

export interface Part {
  readonly kind: SectionKind;
  readonly bytes: Uint8Array;
}

export function part(kind: SectionKind, bytes: Uint8Array | string): Part {
  return { kind, bytes: Buffer.from(bytes) };
}

export const PARTS: readonly Part[] = [
  part("kernel", "kernel"),
  part("cmdline", "reboot=k"),
  part("metadata", "{}"),
  part("ramdisk", "first"),
  part("ramdisk", "second"),
  part("ramdisk", ""),
];

/** An image through our writer. */
export async function eifOf(parts: readonly Part[], architecture: Architecture = "x64"): Promise<Buffer> {
  const sections: SectionContent[] = parts.map(({ kind, bytes }) => ({ kind, content: bytesContent(bytes) }));
  const size = 548 + parts.reduce((sum, { bytes }) => sum + 12 + bytes.length, 0);
  const image = Buffer.alloc(size);
  await writeEif(architecture, sections, (bytes, start) => {
    image.set(bytes, start);
    return Promise.resolve();
  });
  return image;
}

const TYPES = { kernel: 1, cmdline: 2, ramdisk: 3, signature: 4, metadata: 5 } as const;

/** An image written field by field, with none of the writer's rules; `change` is made before the checksum. */
export function forgedEif(
  parts: readonly Part[],
  change: (image: Buffer) => Buffer | undefined = () => undefined,
): Buffer {
  const header = Buffer.alloc(548);
  header.write(".eif", "latin1");
  header.writeUInt16BE(4, 4);
  header.writeBigUInt64BE(1n << 30n, 8);
  header.writeBigUInt64BE(2n, 16);
  header.writeUInt16BE(parts.length, 26);
  const pieces: Buffer[] = [header];
  let at = header.length;
  for (const [index, { kind, bytes }] of parts.entries()) {
    header.writeBigUInt64BE(BigInt(at), 28 + 8 * index);
    header.writeBigUInt64BE(BigInt(bytes.length), 284 + 8 * index);
    const section = Buffer.alloc(12);
    section.writeUInt16BE(TYPES[kind]);
    section.writeBigUInt64BE(BigInt(bytes.length), 4);
    pieces.push(section, Buffer.from(bytes));
    at += 12 + bytes.length;
  }
  const image = Buffer.concat(pieces);
  return withCrc(change(image) ?? image);
}

export function withCrc(image: Buffer): Buffer {
  if (image.length >= 548) {
    image.writeUInt32BE(crc32(image.subarray(548), crc32(image.subarray(0, 544))), 544);
  }
  return image;
}

export interface ElfForm {
  readonly machine?: number;
  readonly interpreter?: string;
  readonly needed?: readonly string[];
  /** Further dynamic entries. */
  readonly dynamic?: readonly (readonly [tag: number, value: number])[];
}

const LOAD_ADDRESS = 0x400000;

/** A file of three program headers: all of it loaded, the interpreter, the dynamic section. */
export function elfOf({ machine = 62, interpreter, needed = [], dynamic = [] }: ElfForm): Buffer {
  const names = Buffer.from(["", ...needed, ""].join("\0"), "latin1");
  const interpreterBytes = Buffer.from(interpreter === undefined ? "" : `${interpreter}\0`, "latin1");
  const headers = 64 + 3 * 56;
  const namesStart = headers + interpreterBytes.length;
  const dynamicStart = namesStart + names.length;
  const nameStart = (index: number): number =>
    1 + needed.slice(0, index).reduce((sum, name) => sum + name.length + 1, 0);
  const entries = [
    ...needed.map((_, index) => [1, nameStart(index)] as const),
    [5, LOAD_ADDRESS + namesStart] as const,
    [10, names.length] as const,
    ...dynamic,
    [0, 0] as const,
  ];
  const table = Buffer.alloc(16 * entries.length);
  for (const [index, [tag, value]] of entries.entries()) {
    table.writeBigUInt64LE(BigInt(tag), 16 * index);
    table.writeBigUInt64LE(BigInt(value), 16 * index + 8);
  }
  const size = dynamicStart + table.length;
  const header = Buffer.alloc(headers);
  header.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  header.writeUInt16LE(3, 16);
  header.writeUInt16LE(machine, 18);
  header.writeBigUInt64LE(64n, 32);
  header.writeUInt16LE(56, 54);
  header.writeUInt16LE(3, 56);
  const segment = (index: number, type: number, start: number, bytes: number): void => {
    const at = 64 + 56 * index;
    header.writeUInt32LE(type, at);
    header.writeBigUInt64LE(BigInt(start), at + 8);
    header.writeBigUInt64LE(BigInt(LOAD_ADDRESS + start), at + 16);
    header.writeBigUInt64LE(BigInt(bytes), at + 32);
    header.writeBigUInt64LE(BigInt(bytes), at + 40);
  };
  segment(0, 1, 0, size);
  segment(1, interpreter === undefined ? 0 : 3, headers, interpreterBytes.length);
  segment(2, 2, dynamicStart, table.length);
  return Buffer.concat([header, interpreterBytes, names, table]);
}

/** A bzImage as far as anyone looks at it before it boots. */
export function kernelOf(version: string): Buffer {
  const image = Buffer.alloc(2048);
  image.write("HdrS", 0x202, "latin1");
  image.writeUInt16LE(0x300, 0x20e);
  image.write(`${version} (builder@host) #1\0`, 0x500, "latin1");
  return image;
}

/** A relocatable ELF file with a .modinfo section. */
export function moduleOf(facts: Readonly<Record<string, string>>): Buffer {
  const info = Buffer.from(
    Object.entries(facts)
      .map(([name, value]) => `${name}=${value}\0`)
      .join(""),
    "latin1",
  );
  const strings = Buffer.from("\0.modinfo\0.shstrtab\0", "latin1");
  const header = Buffer.alloc(64);
  header.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  header.writeUInt16LE(1, 16);
  header.writeBigUInt64LE(BigInt(64 + info.length + strings.length), 40);
  header.writeUInt16LE(64, 58);
  header.writeUInt16LE(3, 60);
  header.writeUInt16LE(2, 62);
  const section = (name: number, start: number, size: number): Buffer => {
    const bytes = Buffer.alloc(64);
    bytes.writeUInt32LE(name, 0);
    bytes.writeBigUInt64LE(BigInt(start), 24);
    bytes.writeBigUInt64LE(BigInt(size), 32);
    return bytes;
  };
  return Buffer.concat([
    header,
    info,
    strings,
    section(0, 0, 0),
    section(1, 64, info.length),
    section(10, 64 + info.length, strings.length),
  ]);
}

export const KERNEL = "6.1.0-test";

/** `/lib/modules/VERSION` with what an image needs, plain. */
export const MODULES: Readonly<Record<string, Buffer | string>> = {
  "modules.builtin": "kernel/drivers/char/hw_random/rng-core.ko\n",
  "kernel/drivers/virtio/virtio_mmio.ko": moduleFor("virtio_mmio", ""),
  "kernel/drivers/misc/nsm.ko": moduleFor("nsm", "rng-core"),
  "kernel/net/vmw_vsock/vsock.ko": moduleFor("vsock", ""),
  "kernel/net/vmw_vsock/vmw_vsock_virtio_transport.ko": moduleFor("vmw_vsock_virtio_transport", "vsock"),
  "kernel/net/vmw_vsock/vsock_loopback.ko": moduleFor("vsock_loopback", "vsock"),
};

export function moduleFor(name: string, depends: string, kernel: string = KERNEL): Buffer {
  return moduleOf({ name, vermagic: `${kernel} SMP mod_unload `, depends });
}

/** Writes files below a directory, which goes when the test ends. */
export async function folderOf(
  t: Pick<TestContext, "after">,
  files: Readonly<Record<string, Uint8Array | string>>,
): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "sealroom-image-"));
  t.after(() => rm(directory, { recursive: true, force: true }));
  for (const [path, bytes] of Object.entries(files)) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), bytes);
  }
  return directory;
}
