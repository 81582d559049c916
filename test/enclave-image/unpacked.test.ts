// What is left when all ramdisks of an image are unpacked one over the other: what a kernel would have, or a refusal.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { readEif } from "../../host-driver/enclave/eif.ts";
import { packagesOf, unpackEif } from "../../host-driver/enclave/unpacked.ts";
import type { Unpacked } from "../../host-driver/enclave/unpacked.ts";
import { refuses } from "../host/refusal.ts";
import { DIRECTORY, forgedArchive, SYMLINK } from "./archive.ts";
import type { Entry } from "./archive.ts";
import { forgedEif, memoryFile, part } from "./specimens.ts";

function sha256(bytes: string): string {
  return createHash("sha256").update(bytes).digest("hex");
}

async function unpackedBytes(...ramdisks: readonly Uint8Array[]): Promise<Unpacked> {
  const fixed = [part("kernel", "k"), part("cmdline", "c"), part("metadata", "{}")];
  const file = memoryFile(forgedEif([...fixed, ...ramdisks.map((bytes) => part("ramdisk", bytes))]));
  return unpackEif(file, await readEif(file));
}

async function unpacked(...ramdisks: readonly (readonly Entry[])[]): Promise<Unpacked> {
  return unpackedBytes(...ramdisks.map((entries) => forgedArchive(entries)));
}

const FOLDER: Entry = { name: "rootfs", mode: DIRECTORY };

test("a file that a later ramdisk has too is the later one's, and is named as replaced", async () => {
  const { entries, replaced } = await unpacked(
    [{ name: "init", bytes: "good" }, FOLDER],
    [FOLDER, { name: "./rootfs/a" }, { name: "/init", bytes: "evil" }],
  );
  assert.deepEqual(
    entries.map(({ path, ramdisk, digest }) => [path, ramdisk, digest]),
    [
      ["init", 2, sha256("evil")],
      ["rootfs", 2, ""],
      ["rootfs/a", 2, sha256("")],
    ],
  );
  assert.deepEqual(replaced, ["init"]);
});

test("what a kernel would put elsewhere, or nowhere, is refused", async () => {
  const cases: readonly (readonly (readonly Entry[])[])[] = [
    // Through a link of an earlier ramdisk the second init would be the first.
    [[{ name: "init" }, { name: "rootfs", mode: SYMLINK, bytes: "." }], [{ name: "rootfs/init" }]],
    [[{ name: "rootfs/init" }]],
    [[{ name: "rootfs" }, { name: "rootfs/init" }]],
    [[FOLDER, { name: "rootfs" }]],
    [[{ name: ".", mode: SYMLINK, bytes: "/elsewhere" }]],
  ];
  for (const ramdisks of cases) await refuses("CPIO_PATH", unpacked(...ramdisks));
});

test("a device, pipe or socket that stands there twice is refused: a kernel keeps the first", async () => {
  for (const mode of [0o020600, 0o060600, 0o010600, 0o140600]) {
    const twice = [1, 3].map((minor): Entry => ({ name: "null", mode, device: [1, minor] }));
    await refuses("CPIO_PATH", unpacked(twice));
    await refuses("CPIO_PATH", unpacked(twice.slice(0, 1), twice.slice(1)));
  }
});

test("a ramdisk that does not begin at a multiple of four of all of them is refused", async () => {
  const first = forgedArchive([{ name: "init" }]);
  const second = forgedArchive([{ name: "other" }]);
  for (let padding = 0; padding < 8; padding++) {
    const ramdisks = [Buffer.concat([first, Buffer.alloc(padding)]), second];
    if (padding % 4 === 0) assert.equal((await unpackedBytes(...ramdisks)).entries.length, 2);
    else await refuses("CPIO_END", unpackedBytes(...ramdisks));
  }
  // Nor does a kernel go on to a compressed one: it stops at the first byte that is no padding.
  const unaligned = Buffer.concat([first, Buffer.alloc(1)]);
  await refuses("CPIO_END", unpackedBytes(unaligned, gzipSync(second)));
});

test("packages are found by their place, with the version that they give themselves", async () => {
  const folders = [
    "app",
    "app/node_modules",
    "app/node_modules/@a",
    "app/node_modules/@a/b",
    "app/node_modules/c",
  ];
  const found = packagesOf(
    await unpacked([
      ...folders.map((name) => ({ name, mode: DIRECTORY })),
      { name: "app/package.json", bytes: '{"version":"9"}' },
      { name: "app/node_modules/@a/b/package.json", bytes: '{"version":"1.2.3"}' },
      { name: "app/node_modules/c/package.json", bytes: "no JSON" },
    ]),
  );
  assert.deepEqual(
    [...found],
    [
      ["@a/b", "1.2.3"],
      ["c", "?"],
    ],
  );
});
