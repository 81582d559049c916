// cpio archives as tests need them: forged field by field, and read by a naive reader of their own.

export interface Entry {
  readonly name: string | Buffer;
  readonly mode?: number;
  readonly bytes?: Uint8Array | string;
  readonly inode?: number;
  readonly links?: number;
  readonly uid?: number;
  readonly mtime?: number;
  readonly device?: readonly [major: number, minor: number];
  readonly magic?: string;
  /** Instead of the true ones. */
  readonly size?: number;
  readonly nameSize?: number;
}

export const FILE = 0o100644;
export const DIRECTORY = 0o040755;
export const SYMLINK = 0o120777;

export function forgedEntry(entry: Entry): Buffer {
  const { mode = FILE, inode = 1, links = 1, uid = 0, mtime = 0, device = [0, 0] } = entry;
  const name = Buffer.concat([Buffer.from(entry.name), Buffer.alloc(1)]);
  const bytes = Buffer.from(entry.bytes ?? "");
  const [size, nameSize] = [entry.size ?? bytes.length, entry.nameSize ?? name.length];
  const fields = [inode, mode, uid, 0, links, mtime, size, 0, 0, ...device, nameSize, 0];
  const text =
    (entry.magic ?? "070701") + fields.map((field) => field.toString(16).padStart(8, "0")).join("");
  return Buffer.concat([pad(Buffer.concat([Buffer.from(text, "latin1"), name])), pad(bytes)]);
}

export function trailer(): Buffer {
  return forgedEntry({ name: "TRAILER!!!", mode: 0 });
}

export function forgedArchive(entries: readonly Entry[]): Buffer {
  return Buffer.concat([...entries.map(forgedEntry), trailer()]);
}

function pad(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
}

export interface NaiveEntry {
  readonly name: string;
  /** c_ino to c_check, as numbers. */
  readonly fields: readonly number[];
  readonly bytes: Buffer;
}

/** By slices and a regular expression; believes what it reads. */
export function naiveEntries(archive: Buffer): {
  readonly entries: readonly NaiveEntry[];
  readonly rest: Buffer;
} {
  const entries: NaiveEntry[] = [];
  let at = 0;
  for (;;) {
    const head = archive.subarray(at, at + 110).toString("latin1");
    const fields = (/^070701((?:[0-9a-f]{8}){13})$/.exec(head)?.[1]?.match(/.{8}/g) ?? []).map((hex) =>
      Number.parseInt(hex, 16),
    );
    const [size = 0, nameSize = 0] = [fields[6], fields[11]];
    const name = archive.subarray(at + 110, at + 110 + nameSize - 1).toString("utf8");
    const start = Math.ceil((at + 110 + nameSize) / 4) * 4;
    at = Math.ceil((start + size) / 4) * 4;
    if (name === "TRAILER!!!") return { entries, rest: archive.subarray(at) };
    entries.push({ name, fields, bytes: archive.subarray(start, start + size) });
  }
}
