// `sealroom enclave`: what it says of images that anyone made, and of a command line that is wrong.
import assert from "node:assert/strict";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { answer, sealroom } from "../cli/command-line.ts";
import { DIRECTORY, forgedArchive, SYMLINK } from "./archive.ts";
import type { Entry } from "./archive.ts";
import { folderOf, forgedEif, kernelOf, moduleFor, part } from "./specimens.ts";

function imageOf(first: readonly Entry[], second: readonly Entry[], cmdline = "reboot=k"): Buffer {
  return forgedEif([
    part("kernel", kernelOf("6.1.0-test")),
    part("cmdline", cmdline),
    part("metadata", '{"ImageName":"\u001b[2Jname"}'),
    part("ramdisk", forgedArchive(first)),
    part("ramdisk", forgedArchive(second)),
  ]);
}

const ROOTFS: readonly Entry[] = [
  { name: "rootfs", mode: DIRECTORY },
  { name: "rootfs/a", bytes: "a" },
];

async function written(
  t: TestContext,
  images: Readonly<Record<string, Buffer>>,
): Promise<(name: string) => string> {
  const directory = await folderOf(t, images);
  return (name) => join(directory, name);
}

test("measure names registers, sections, kernel and what is replaced; no text of the image reaches the terminal raw", async (t) => {
  const image = imageOf(
    [{ name: "init", bytes: "good" }],
    [...ROOTFS, { name: "init", bytes: "evil\u001b" }],
    "quiet \u001b[31m\u202e",
  );
  const path = await written(t, { "a.eif": image });
  const { stdout, exit } = await sealroom(["enclave", "measure", path("a.eif"), "--files"]);
  assert.equal(exit, 0);
  assert.match(stdout, /^ {2}PCR0 {2}[0-9a-f]{96}$/m);
  assert.match(stdout, /ramdisk 2 .* in PCR0, PCR2$/m);
  assert.match(stdout, /metadata .* not measured$/m);
  assert.match(stdout, /kernel {4}6\.1\.0-test/);
  assert.match(stdout, /REPLACED: \/init /);
  for (const character of ["\u001b", "\u202e"]) assert.ok(!stdout.includes(character));
});

test("an image whose ramdisks cannot be listed is measured all the same, and not listed", async (t) => {
  const hidden = imageOf(
    [{ name: "init" }, { name: "rootfs", mode: SYMLINK, bytes: "." }],
    [{ name: "rootfs/init" }],
  );
  const path = await written(t, { "a.eif": hidden });
  assert.equal((await answer(["enclave", "measure", path("a.eif")])).exit, 0);
  const listed = await answer(["enclave", "measure", path("a.eif"), "--files"]);
  assert.deepEqual([listed.exit, listed.error?.code, listed.error?.where], [3, "CPIO_PATH", path("a.eif")]);
});

test("what is no image, or a damaged one, is exit 3 with the file's name", async (t) => {
  const image = imageOf([], ROOTFS);
  const damaged = Buffer.from(image);
  damaged[600] = 1;
  const path = await written(t, {
    text: Buffer.alloc(1000, "x"),
    "damaged.eif": damaged,
    "short.eif": image.subarray(0, 900),
  });
  for (const [name, code] of [
    ["text", "EIF_FORMAT"],
    ["damaged.eif", "EIF_CRC"],
    ["short.eif", "EIF_SECTION"],
    ["missing.eif", "FILE_MISSING"],
    [".", "FILE_KIND"],
  ] as const) {
    for (const args of [
      ["measure", path(name)],
      ["diff", path(name), path(name)],
    ]) {
      const { exit, error } = await answer(["enclave", ...args]);
      assert.deepEqual([exit, error?.code, error?.where], [3, code, path(name)]);
    }
  }
});

test("diff is exit 0 for what is measured alike and 1 for what is not, and says what", async (t) => {
  const images = {
    "a.eif": imageOf([{ name: "init" }], ROOTFS),
    "same.eif": imageOf([{ name: "init" }], ROOTFS),
    "word.eif": imageOf([{ name: "init" }], ROOTFS, "reboot=k init=/bin/sh"),
    "file.eif": imageOf([{ name: "init" }], [...ROOTFS, { name: "rootfs/b", bytes: "b" }]),
    "hidden.eif": imageOf([{ name: "init" }], [{ name: "rootfs/init" }]),
  };
  const path = await written(t, images);
  const diff = (name: string): ReturnType<typeof sealroom> =>
    sealroom(["enclave", "diff", path("a.eif"), path(name)]);
  const same = await diff("same.eif");
  assert.deepEqual([same.exit, same.stdout], [0, "EQUAL  nothing that is measured differs\n"]);
  const word = await diff("word.eif");
  assert.equal(word.exit, 1);
  assert.match(word.stdout, /^DIFFERENT {2}PCR0, PCR1 change$/m);
  assert.match(word.stdout, /^ {2}cmdline \+ init=\/bin\/sh$/m);
  const file = await diff("file.eif");
  assert.match(file.stdout, /^DIFFERENT {2}PCR0, PCR2 change$/m);
  assert.match(file.stdout, /^ {2}\+ \/rootfs\/b$/m);
  const hidden = await diff("hidden.eif");
  assert.equal(hidden.exit, 1);
  assert.match(hidden.stdout, /Files are not compared/);
});

const USAGE: readonly (readonly [readonly string[], RegExp])[] = [
  [["build"], /needed: --out <file>, or --rootfs <dir>/],
  [["build", "--out", "x.eif"], /needed: --blobs <dir>, or --kernel <file> and --modules <dir>/],
  [["build", "--out", "x.eif", "--kernel", "k"], /needed: --blobs/],
  [["build", "--out", "x.eif", "--blobs", "b", "--kernel", "k"], /needed: --blobs/],
  [["build", "--out", "x.eif", "--blobs", "b", "--arch", "mips"], /--arch 'mips' is not x64 or arm64/],
  [["build", "--out", "x.eif", "--blobs", "b", "--parent-cid", "0"], /--parent-cid '0'/],
  [["build", "--out", "x.eif", "--blobs", "b", "--parent-cid", "4294967295"], /--parent-cid/],
  [["build", "--out", "x.eif", "--rootfs", "d"], /two different things/],
  [["diff", "a.eif"], /missing required argument/],
];

for (const [args, message] of USAGE) {
  test(`'enclave ${args.join(" ")}' is exit 2, and says what is wrong`, async () => {
    const { exit, error } = await answer(["enclave", ...args]);
    assert.deepEqual([exit, error?.code], [2, "USAGE_ARGUMENTS"]);
    assert.match(error?.what ?? "", message);
  });
}

test("a build without its kernel leaves nothing, and says which file it lacks", async (t) => {
  const directory = await folderOf(t, {});
  const out = join(directory, "x.eif");
  const { exit, error } = await answer(["enclave", "build", "--out", out, "--blobs", directory]);
  assert.deepEqual([exit, error?.code], [3, "IMAGE_INPUT"]);
  assert.match(String(error?.details["file"]), /(bzImage|Image)$/);
  assert.deepEqual(await readdir(directory), []);
});

test("a command line that would hide another parent, or that a kernel would cut, makes no image", async (t) => {
  const blobs = { bzImage: kernelOf("6.1"), cmdline: "x", "nsm.ko": moduleFor("nsm", "", "6.1") };
  const directory = await folderOf(t, blobs);
  await writeFile(join(directory, "x.eif"), "the old one");
  for (const cmdline of ["quiet sealroom.parent_cid=9", "a\nb", "ä", "x".repeat(2048)]) {
    const args = [
      "enclave",
      "build",
      "--out",
      join(directory, "x.eif"),
      "--blobs",
      directory,
      "--cmdline",
      cmdline,
    ];
    const { exit, error } = await answer([...args, "--arch", "x64"]);
    assert.deepEqual([exit, error?.code], [3, "IMAGE_INPUT"]);
    assert.equal(error?.details["cmdline"], cmdline.slice(0, 100));
  }
  assert.deepEqual((await readdir(directory)).toSorted(), ["bzImage", "cmdline", "nsm.ko", "x.eif"]);
});
