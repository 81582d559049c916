// Ramdisks that anyone wrote: they are listed as a kernel unpacks them, or not at all.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { SealroomError } from "../../core/errors.ts";
import type { ErrorCode } from "../../core/errors.ts";
import { readRamdisk } from "../../host-driver/enclave/ramdisk.ts";
import type { Ramdisk } from "../../host-driver/enclave/ramdisk.ts";
import { refuses } from "../host/refusal.ts";
import { DIRECTORY, forgedArchive, forgedEntry, SYMLINK, trailer } from "./archive.ts";
import type { Entry } from "./archive.ts";
import { memoryFile } from "./specimens.ts";

function listed(bytes: Uint8Array): Promise<Ramdisk> {
  return readRamdisk(memoryFile(bytes), { kind: "ramdisk", start: 0, size: bytes.length });
}

function sha256(bytes: Uint8Array | string): string {
  return createHash("sha256").update(bytes).digest("hex");
}

const TREE: readonly Entry[] = [
  { name: "bin", mode: DIRECTORY },
  { name: "bin/tool", mode: 0o104755, bytes: "tool", uid: 5, mtime: 7 },
  { name: "bin/link", mode: SYMLINK, bytes: "tool" },
  { name: "console", mode: 0o020600, device: [5, 1] },
  { name: "pipe", mode: 0o010644 },
  { name: "socket", mode: 0o140644 },
];

test("every kind of entry is listed with what is known of it", async () => {
  const { compression, entries } = await listed(forgedArchive(TREE));
  assert.equal(compression, "none");
  const none = { digest: "", target: "", manifest: null };
  const facts = { mode: 0o644, uid: 0, gid: 0, mtime: 0, size: 0, ...none };
  assert.deepEqual(entries, [
    { ...facts, path: "bin", kind: "directory", mode: 0o755 },
    {
      ...facts,
      path: "bin/tool",
      kind: "file",
      mode: 0o4755,
      uid: 5,
      mtime: 7,
      size: 4,
      digest: sha256("tool"),
    },
    {
      ...facts,
      path: "bin/link",
      kind: "symlink",
      mode: 0o777,
      size: 4,
      digest: sha256("tool"),
      target: "tool",
    },
    { ...facts, path: "console", kind: "character device", mode: 0o600, target: "5:1" },
    { ...facts, path: "pipe", kind: "pipe" },
    { ...facts, path: "socket", kind: "socket" },
  ]);
});

test("a second archive behind the first one's end is listed too, and so is gzip", async () => {
  const two = Buffer.concat([
    forgedArchive([{ name: "a" }]),
    Buffer.alloc(8),
    forgedArchive([{ name: "hidden" }]),
  ]);
  const paths = ({ entries }: Ramdisk): readonly string[] => entries.map(({ path }) => path);
  assert.deepEqual(paths(await listed(two)), ["a", "hidden"]);
  const zipped = await listed(gzipSync(two));
  assert.deepEqual([zipped.compression, paths(zipped)], ["gzip", ["a", "hidden"]]);
  assert.deepEqual(paths(await listed(Buffer.concat([gzipSync(two), Buffer.alloc(100)]))), ["a", "hidden"]);
  // A kernel stops where a stream ends within an archive, and goes on to the next one where it does not.
  for (const at of [150, 260, forgedArchive([{ name: "a" }]).length]) {
    const members = Buffer.concat([gzipSync(two.subarray(0, at)), gzipSync(two.subarray(at))]);
    await assert.rejects(listed(members), /CPIO_|ramdisk/, String(at));
  }
});

const ARCHIVE = forgedArchive([{ name: "a", bytes: "abc" }]);

function changed(at: number): Buffer {
  const zipped = gzipSync(ARCHIVE);
  const place = zipped.length + at;
  zipped[place] = (zipped[place] ?? 0) ^ 1;
  return zipped;
}

function flagged(flags: number): Buffer {
  const zipped = gzipSync(ARCHIVE);
  zipped[3] = flags;
  return zipped;
}

const REFUSED: readonly (readonly [string, Uint8Array, ErrorCode])[] = [
  ["nothing", Buffer.alloc(0), "CPIO_END"],
  ["zeros alone", Buffer.alloc(1024), "CPIO_HEADER"],
  ["xz", Buffer.from("fd377a585a00", "hex"), "CPIO_END"],
  ["the old form", forgedArchive([{ name: "a", magic: "070707" }]), "CPIO_HEADER"],
  ["the form with checksums", forgedArchive([{ name: "a", magic: "070702" }]), "CPIO_HEADER"],
  [
    "a field that is not hexadecimal",
    Buffer.from(ARCHIVE.toString("latin1").replace("00000003", "+0000003"), "latin1"),
    "CPIO_HEADER",
  ],
  ["no trailer", forgedEntry({ name: "a" }), "CPIO_END"],
  ["a trailer with content", Buffer.concat([forgedEntry({ name: "TRAILER!!!", bytes: "x" })]), "CPIO_HEADER"],
  ["a content beyond the end", forgedArchive([{ name: "a", size: 0xffffffff }]), "CPIO_END"],
  ["an empty name", forgedArchive([{ name: "", nameSize: 1 }]), "CPIO_HEADER"],
  ["a name of no bytes", forgedArchive([{ name: "", nameSize: 0 }]), "CPIO_HEADER"],
  ["a name that a kernel passes over", forgedArchive([{ name: "a".repeat(4096) }]), "CPIO_HEADER"],
  ["a name of 4 GiB", forgedArchive([{ name: "a", nameSize: 0xffffffff }]), "CPIO_HEADER"],
  ["a name with two ends", forgedArchive([{ name: "init\0hidden" }]), "CPIO_PATH"],
  ["a name without an end", forgedArchive([{ name: "abcd", nameSize: 4 }]), "CPIO_PATH"],
  ["a name that is no text", forgedArchive([{ name: Buffer.from("61ff", "hex") }]), "CPIO_PATH"],
  ["a way up", forgedArchive([{ name: "a/../../init" }]), "CPIO_PATH"],
  ["a way to itself", forgedArchive([{ name: "a/./b" }]), "CPIO_PATH"],
  ["a way up at the start", forgedArchive([{ name: "../init" }]), "CPIO_PATH"],
  ["two slashes within", forgedArchive([{ name: "a//b" }]), "CPIO_PATH"],
  ["an unknown kind of entry", forgedArchive([{ name: "a", mode: 0o030644 }]), "CPIO_HEADER"],
  ["a directory with content", forgedArchive([{ name: "a", mode: DIRECTORY, bytes: "x" }]), "CPIO_HEADER"],
  [
    "a link to a target of no end",
    forgedArchive([{ name: "a", mode: SYMLINK, bytes: Buffer.alloc(4097, "x") }]),
    "CPIO_LIMIT",
  ],
  ["a link to nothing", forgedArchive([{ name: "a", mode: SYMLINK }]), "CPIO_PATH"],
  [
    "a link to a target with two ends",
    forgedArchive([{ name: "a", mode: SYMLINK, bytes: "b\0c" }]),
    "CPIO_PATH",
  ],
  ["a trailer that is a link", forgedArchive([{ name: "TRAILER!!!", mode: SYMLINK }]), "CPIO_HEADER"],
  ["a file with other names", forgedArchive([{ name: "a", links: 2 }]), "CPIO_HEADER"],
  [
    "a link with other names",
    forgedArchive([{ name: "a", mode: SYMLINK, bytes: "b", links: 2 }]),
    "CPIO_HEADER",
  ],
  ["a device with other names", forgedArchive([{ name: "a", mode: 0o020600, links: 2 }]), "CPIO_HEADER"],
  ["an owner that is none", forgedArchive([{ name: "a", uid: 0xffffffff }]), "CPIO_HEADER"],
  [
    "a device whose minor runs over",
    forgedArchive([{ name: "a", mode: 0o020600, device: [0, 2 ** 20 + 1] }]),
    "CPIO_HEADER",
  ],
  [
    "a device whose major runs over",
    forgedArchive([{ name: "a", mode: 0o060600, device: [4096, 0] }]),
    "CPIO_HEADER",
  ],
  ["a name of 256 bytes", forgedArchive([{ name: `a/${"b".repeat(256)}` }]), "CPIO_PATH"],
  [
    "a link to a target of 4096 bytes",
    forgedArchive([{ name: "a", mode: SYMLINK, bytes: "x".repeat(4096) }]),
    "CPIO_LIMIT",
  ],
  ["something after its end", Buffer.concat([ARCHIVE, Buffer.from("x")]), "CPIO_END"],
  ["another archive at no multiple of four", Buffer.concat([ARCHIVE, Buffer.alloc(1), ARCHIVE]), "CPIO_END"],
  [
    "gzip with an archive behind it",
    Buffer.concat([gzipSync(ARCHIVE), Buffer.alloc(3), ARCHIVE]),
    "CPIO_END",
  ],
  ["gzip of a way up", gzipSync(forgedArchive([{ name: "../init" }])), "CPIO_PATH"],
  ["gzip that ends early", gzipSync(ARCHIVE).subarray(0, 40), "CPIO_HEADER"],
  ["gzip with another checksum", changed(-8), "CPIO_HEADER"],
  ["gzip with another length", changed(-1), "CPIO_HEADER"],
  ["gzip that ends before its length", gzipSync(ARCHIVE).subarray(0, -1), "CPIO_END"],
  ["gzip with nothing behind its magic", gzipSync(ARCHIVE).subarray(0, 5), "CPIO_HEADER"],
  ["gzip with fields in its header", flagged(4), "CPIO_HEADER"],
  ["gzip with a name in its header", flagged(8), "CPIO_HEADER"],
  ["gzip of something else", gzipSync(Buffer.from("text".repeat(100))), "CPIO_HEADER"],
];

for (const [name, bytes, code] of REFUSED) {
  test(`a ramdisk with ${name} is refused`, async () => {
    await refuses(code, listed(bytes));
  });
}

test("a ramdisk with more entries than anyone lists is refused", async () => {
  const entries = Buffer.concat(Array.from({ length: 1000 }, () => forgedEntry({ name: "a" })));
  const many = Buffer.concat([...Array.from({ length: 201 }, () => entries), trailer()]);
  await refuses("CPIO_LIMIT", listed(many));
});

test("a mutant is refused, or listed as a list that has no way up and nothing twice within a name", async () => {
  const archive = forgedArchive(TREE);
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(archive.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
      fc.boolean(),
      async (changes, isZipped) => {
        const mutant = Buffer.from(archive);
        for (const [at, byte] of changes) mutant[at] = byte;
        const found = await listed(isZipped ? gzipSync(mutant) : mutant).catch((error: unknown) => {
          assert.ok(error instanceof SealroomError, String(error));
          assert.match(error.code, /^CPIO_/);
          return null;
        });
        for (const { path } of found?.entries ?? []) {
          assert.ok(!path.includes("\0") && !path.split("/").includes("..") && !path.startsWith("/"));
        }
      },
    ),
    { numRuns: 500 },
  );
});
