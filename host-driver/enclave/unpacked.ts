// The file system that a kernel has when it has unpacked an image's ramdisks one over the other. A later ramdisk may
// replace what an earlier one has, the first program that runs too: such replacements are named.
import { SealroomError } from "../../core/errors.ts";
import { decodeBundled } from "./bundled.ts";
import type { ByteFile } from "./byte-file.ts";
import type { Eif } from "./eif.ts";
import { readRamdisk } from "./ramdisk.ts";
import type { ListedEntry, Ramdisk } from "./ramdisk.ts";

const BUNDLED = "rootfs/app/bundled.json";

export interface UnpackedEntry extends ListedEntry {
  /** Which ramdisk it is of, from 1. */
  readonly ramdisk: number;
}

export interface Unpacked {
  readonly ramdisks: readonly Ramdisk[];
  /** By path. */
  readonly entries: readonly UnpackedEntry[];
  /** Paths of files that stand in the ramdisks more than once. */
  readonly replaced: readonly string[];
}

/** Errors: as readRamdisk; CPIO_PATH for what would be unpacked elsewhere than it says, or not at all. */
export async function unpackEif(file: ByteFile, eif: Eif): Promise<Unpacked> {
  const ramdisks: Ramdisk[] = [];
  const entries = new Map<string, UnpackedEntry>();
  const replaced = new Set<string>();
  let offset = 0;
  for (const section of eif.sections.filter(({ kind }) => kind === "ramdisk")) {
    const ramdisk = await readRamdisk(file, section);
    ramdisks.push(ramdisk);
    // A kernel has them end to end, looks for an archive at multiples of four, and stops at anything else elsewhere.
    if (offset % 4 !== 0) throw new SealroomError("CPIO_END", { ramdisk: ramdisks.length });
    offset += section.size;
    for (const entry of ramdisk.entries) place(entries, replaced, { ...entry, ramdisk: ramdisks.length });
  }
  return {
    ramdisks,
    entries: [...entries.values()].sort((a, b) => (a.path < b.path ? -1 : 1)),
    replaced: [...replaced].sort(),
  };
}

function place(entries: Map<string, UnpackedEntry>, replaced: Set<string>, entry: UnpackedEntry): void {
  const { path, kind } = entry;
  if (path === "" && kind !== "directory") throw new SealroomError("CPIO_PATH", { kind });
  // A kernel follows a link above an entry, and passes over an entry with nothing above it.
  if (path.includes("/") && entries.get(path.slice(0, path.lastIndexOf("/")))?.kind !== "directory") {
    throw new SealroomError("CPIO_PATH", { path });
  }
  const earlier = entries.get(path);
  // A kernel makes neither again where there is one of its kind.
  if (earlier !== undefined && kind !== "directory" && kind !== "file" && kind !== "symlink") {
    throw new SealroomError("CPIO_PATH", { path });
  }
  if (earlier?.kind === "directory" && kind !== "directory") throw new SealroomError("CPIO_PATH", { path });
  if (earlier !== undefined && !(earlier.kind === "directory" && kind === "directory")) replaced.add(path);
  entries.set(path, entry);
}

/** Packages below node_modules folders, by name, with the versions that they give themselves: any text. */
export function packagesOf(unpacked: Unpacked | null): ReadonlyMap<string, string> {
  const packages = new Map<string, string>();
  for (const { path, manifest } of unpacked?.entries ?? []) {
    const name = /(?:^|\/)node_modules\/((?:@[^/]+\/)?[^/@][^/]*)\/package\.json$/.exec(path)?.[1];
    if (name !== undefined && manifest !== null) packages.set(name, versionOf(manifest));
  }
  return packages;
}

/** SHA-256, hex, of the files in the bundles, by path, as the image itself tells them. */
export function bundledOf(unpacked: Unpacked | null): ReadonlyMap<string, string> {
  const list = unpacked?.entries.find(({ path }) => path === BUNDLED)?.manifest ?? null;
  return list === null ? new Map() : decodeBundled(list);
}

function versionOf(manifest: Uint8Array): string {
  try {
    const { version } = JSON.parse(Buffer.from(manifest).toString("utf8")) as { version?: unknown };
    return typeof version === "string" ? version : "?";
  } catch {
    return "?";
  }
}
