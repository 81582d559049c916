// What two enclave images differ in, from their sections down to files and words, and which registers change by it.
// Equal means that every measured section is the same: registers alone cannot tell where one section ends.
import type { MeasuredImage, MeasuredSection } from "./measure.ts";
import { bundledOf, packagesOf } from "./unpacked.ts";
import type { Unpacked, UnpackedEntry } from "./unpacked.ts";

export interface SectionChange {
  /** `kernel`, `cmdline`, `ramdisk 1`, ... */
  readonly section: string;
  /** SHA-384 of the payloads, hex; null where an image has no such section. */
  readonly before: string | null;
  readonly after: string | null;
  /** Registers that cover it. */
  readonly registers: readonly number[];
}

export interface FileChange {
  readonly path: string;
  readonly ramdisk: number;
  readonly change: "added" | "removed" | "changed";
  /** SHA-256 of the content, hex; empty where there is none. */
  readonly before: string;
  readonly after: string;
  /** What else differs: `mode`, `owner`, `time`, `kind`, `target`, `ramdisk`. */
  readonly facts: readonly string[];
}

export interface PackageChange {
  readonly name: string;
  /** Versions; null where an image does not have it. */
  readonly before: string | null;
  readonly after: string | null;
}

export interface BundledChange {
  readonly path: string;
  readonly change: "added" | "removed" | "changed";
}

export interface ImageDifference {
  readonly equal: boolean;
  readonly sections: readonly SectionChange[];
  /** Registers that differ, ascending. */
  readonly registers: readonly number[];
  readonly words: {
    readonly removed: readonly string[];
    readonly added: readonly string[];
    readonly order: boolean;
  };
  readonly files: readonly FileChange[];
  readonly packages: readonly PackageChange[];
  /** Of files in bundles, as the images themselves tell them. */
  readonly bundled: readonly BundledChange[];
  /** Whether a bundle differs by what no such list tells. */
  readonly untold: boolean;
  /** What no register covers: `version`, `metadata`, `memory`, ... */
  readonly unmeasured: readonly string[];
}

/** `unpacked` is null where a ramdisk could not be listed. */
export interface ReadImage {
  readonly image: MeasuredImage;
  readonly unpacked: Unpacked | null;
}

export function diffImages(before: ReadImage, after: ReadImage): ImageDifference {
  const sections = diffSections(named(before.image), named(after.image));
  const registers = [0, 1, 2, 8].filter(
    (index) => registerOf(before.image, index) !== registerOf(after.image, index),
  );
  const files =
    before.unpacked === null || after.unpacked === null
      ? []
      : diffFiles(before.unpacked.entries, after.unpacked.entries);
  const bundled = diffBundled(bundledOf(before.unpacked), bundledOf(after.unpacked));
  return {
    equal: sections.every(({ registers: covered }) => covered.length === 0) && registers.length === 0,
    sections: sections.filter(({ registers: covered }) => covered.length > 0),
    registers,
    words: diffWords(before.image.cmdline, after.image.cmdline),
    files,
    packages: diffPackages(packagesOf(before.unpacked), packagesOf(after.unpacked)),
    bundled,
    untold: isUntold(files, bundled),
    unmeasured: diffUnmeasured(before.image, after.image),
  };
}

/** The lists are the builders' word: other tools or options change a bundle too, and so does who does not say so. */
function isUntold(files: readonly FileChange[], bundled: readonly BundledChange[]): boolean {
  return bundled.length === 0 && files.some(({ path }) => /^rootfs\/app\/.*\.js$/.test(path));
}

export function registerOf({ measurements, signer }: MeasuredImage, index: number): string | null {
  if (index === 8) return signer?.pcr8 ?? null;
  return index === 0 || index === 1 || index === 2 ? measurements[index] : null;
}

/** Ramdisks by their number, since that is what tells PCR1 from PCR2. */
export function named(image: MeasuredImage): ReadonlyMap<string, MeasuredSection> {
  let ramdisks = 0;
  return new Map(
    image.sections.map((section) => [
      section.kind === "ramdisk" ? `ramdisk ${++ramdisks}` : section.kind,
      section,
    ]),
  );
}

/** The registers that cover a section. Of a signature PCR8 covers the certificate alone. */
export function coveredBy(section: string): readonly number[] {
  if (section === "metadata" || section === "signature") return [];
  const isBoot = section === "kernel" || section === "cmdline" || section === "ramdisk 1";
  return isBoot ? [0, 1] : [0, 2];
}

function diffSections(
  before: ReadonlyMap<string, MeasuredSection>,
  after: ReadonlyMap<string, MeasuredSection>,
): readonly SectionChange[] {
  const names = [...new Set([...before.keys(), ...after.keys()])];
  return names.flatMap((section) => {
    const digests = [before, after].map((sections) => sections.get(section)?.digest ?? null);
    const [left = null, right = null] = digests;
    return left === right ? [] : [{ section, before: left, after: right, registers: coveredBy(section) }];
  });
}

function diffWords(before: string, after: string): ImageDifference["words"] {
  const [left, right] = [splitWords(before), splitWords(after)];
  const removed = without(left, right);
  const added = without(right, left);
  return { removed, added, order: removed.length === 0 && added.length === 0 && before !== after };
}

function splitWords(cmdline: string): readonly string[] {
  return cmdline.split(/\s+/).filter((word) => word !== "");
}

/** Words of `words` that `others` has less often. */
function without(words: readonly string[], others: readonly string[]): readonly string[] {
  const rest = [...others];
  return words.filter((word) => {
    const at = rest.indexOf(word);
    if (at >= 0) rest.splice(at, 1);
    return at < 0;
  });
}

function diffFiles(before: readonly UnpackedEntry[], after: readonly UnpackedEntry[]): readonly FileChange[] {
  const [left, right] = [before, after].map(
    (entries) => new Map(entries.map((entry) => [entry.path, entry])),
  );
  const paths = [...new Set([...before, ...after].map(({ path }) => path))].sort();
  return paths.flatMap((path) => diffFile(path, left?.get(path), right?.get(path)));
}

function diffFile(
  path: string,
  before: UnpackedEntry | undefined,
  after: UnpackedEntry | undefined,
): readonly FileChange[] {
  const digests = { before: before?.digest ?? "", after: after?.digest ?? "" };
  const ramdisk = after?.ramdisk ?? before?.ramdisk ?? 0;
  if (before === undefined || after === undefined) {
    return [{ path, ramdisk, change: before === undefined ? "added" : "removed", ...digests, facts: [] }];
  }
  const facts = [
    ...(before.kind === after.kind ? [] : ["kind"]),
    ...(before.mode === after.mode ? [] : ["mode"]),
    ...(before.uid === after.uid && before.gid === after.gid ? [] : ["owner"]),
    ...(before.mtime === after.mtime ? [] : ["time"]),
    ...(before.target === after.target ? [] : ["target"]),
    ...(before.ramdisk === after.ramdisk ? [] : ["ramdisk"]),
  ];
  const isSame = digests.before === digests.after && facts.length === 0;
  return isSame ? [] : [{ path, ramdisk, change: "changed", ...digests, facts }];
}

function diffPackages(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): readonly PackageChange[] {
  const names = [...new Set([...before.keys(), ...after.keys()])].sort();
  return names
    .map((name) => ({ name, before: before.get(name) ?? null, after: after.get(name) ?? null }))
    .filter((change) => change.before !== change.after);
}

/** Where one of the two tells of none, nothing is compared. */
function diffBundled(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): readonly BundledChange[] {
  if (before.size === 0 || after.size === 0) return [];
  const paths = [...new Set([...before.keys(), ...after.keys()])].sort();
  return paths.flatMap((path): readonly BundledChange[] => {
    const [left, right] = [before.get(path), after.get(path)];
    if (left === right) return [];
    return [{ path, change: left === undefined ? "added" : right === undefined ? "removed" : "changed" }];
  });
}

function diffUnmeasured(before: MeasuredImage, after: MeasuredImage): readonly string[] {
  const [left, right] = [before.eif, after.eif];
  return [
    ...(left.version === right.version ? [] : ["format version"]),
    ...(left.architecture === right.architecture ? [] : ["architecture flag"]),
    ...(left.memoryBytes === right.memoryBytes ? [] : ["default memory"]),
    ...(left.cpus === right.cpus ? [] : ["default CPUs"]),
    ...(before.metadata === after.metadata ? [] : ["metadata"]),
    ...(signatureOf(before) === signatureOf(after) ? [] : ["signature"]),
    ...(orderOf(before) === orderOf(after) ? [] : ["order of sections"]),
  ];
}

function signatureOf({ sections }: MeasuredImage): string | null {
  return sections.find(({ kind }) => kind === "signature")?.digest ?? null;
}

function orderOf({ sections }: MeasuredImage): string {
  return sections.map(({ kind }) => kind).join(" ");
}
