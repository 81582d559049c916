// ELF files, and the libraries that they lead to: exactly what is needed, from nowhere but where it was asked for.
import assert from "node:assert/strict";
import { chmod, mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { SealroomError } from "../../core/errors.ts";
import { withFile } from "../../host-driver/enclave/content.ts";
import { readElf } from "../../host-driver/enclave/elf.ts";
import type { Elf } from "../../host-driver/enclave/elf.ts";
import { findLibraries, readProgram } from "../../host-driver/enclave/libraries.ts";
import { refuses } from "../host/refusal.ts";
import { elfOf, folderOf, memoryFile } from "./specimens.ts";

function read(bytes: Uint8Array): Promise<Elf> {
  return readElf(memoryFile(bytes));
}

const PROGRAM = { interpreter: "/lib64/ld.so.2", needed: ["libc.so.6", "libm.so.6"] };

test("a program's machine, loader and libraries are read, in order", async () => {
  assert.deepEqual(await read(elfOf(PROGRAM)), { architecture: "x64", ...PROGRAM });
  assert.equal((await read(elfOf({ ...PROGRAM, machine: 183 }))).architecture, "arm64");
  assert.deepEqual(await read(elfOf({})), { architecture: "x64", interpreter: null, needed: [] });
});

test("of the Node that runs this, the loader is the one that the process was started by", async () => {
  const { interpreter, needed } = await withFile(process.execPath, readElf);
  assert.match(interpreter ?? "", /^\/lib.*\/ld-linux/);
  assert.ok(needed.includes("libc.so.6"));
});

const REFUSED: readonly (readonly [string, (file: Buffer) => Buffer | undefined])[] = [
  ["nothing", () => Buffer.alloc(0)],
  ["another magic", (file) => void file.writeUInt8(0x7e)],
  ["32 bits", (file) => void file.writeUInt8(1, 4)],
  ["big endian", (file) => void file.writeUInt8(2, 5)],
  ["another ELF version", (file) => void file.writeUInt8(2, 6)],
  ["another machine", (file) => void file.writeUInt16LE(243, 18)],
  ["program headers of another size", (file) => void file.writeUInt16LE(57, 54)],
  ["program headers of 8 bytes", (file) => void file.writeUInt16LE(8, 54)],
  ["program headers beyond the end", (file) => void file.writeBigUInt64LE(BigInt(file.length), 32)],
  ["program headers beyond all numbers", (file) => void file.writeBigUInt64LE(1n << 63n, 32)],
  ["an interpreter beyond the end", (file) => void file.writeBigUInt64LE(BigInt(file.length), 64 + 56 + 8)],
  ["an interpreter as long as a book", (file) => void file.writeBigUInt64LE(1000n, 64 + 56 + 32)],
  ["a dynamic section of 1 TiB", (file) => void file.writeBigUInt64LE(1n << 40n, 64 + 112 + 32)],
  ["names that are loaded from nowhere", (file) => void file.writeBigUInt64LE(1n << 40n, 64 + 16)],
];

for (const [name, change] of REFUSED) {
  test(`a file with ${name} is refused`, async () => {
    const file = elfOf(PROGRAM);
    await refuses("ELF_FORMAT", read(change(file) ?? file));
  });
}

test("more program headers than anyone has are refused, also where they are there", async () => {
  const file = Buffer.concat([elfOf(PROGRAM), Buffer.alloc(56 * 200)]);
  file.writeUInt16LE(129, 56);
  await refuses("ELF_FORMAT", read(file));
});

test("a dynamic section of more than 64 KiB is refused, also where it is there", async () => {
  const file = Buffer.concat([elfOf(PROGRAM), Buffer.alloc(70_000)]);
  file.writeBigUInt64LE(65_537n, 64 + 112 + 32);
  await refuses("ELF_FORMAT", read(file));
});

test("what stands behind the dynamic section's end does not count, and who needs nothing needs no table of names", async () => {
  const ended = elfOf({
    ...PROGRAM,
    dynamic: [
      [0, 0],
      [15, 1],
    ],
  });
  assert.deepEqual((await read(ended)).needed, PROGRAM.needed);
  const plain = elfOf({});
  // DT_STRTAB becomes DT_DEBUG.
  plain.writeUInt8(21, plain.length - 48);
  assert.deepEqual((await read(plain)).needed, []);
});

test("search paths, missing and doubled tables, and names that are none, are refused", async () => {
  const cases = [
    elfOf({ ...PROGRAM, dynamic: [[15, 1]] }),
    elfOf({ ...PROGRAM, dynamic: [[29, 1]] }),
    elfOf({ ...PROGRAM, dynamic: [[5, 0x400000]] }),
    elfOf({ ...PROGRAM, dynamic: [[10, 1]] }),
    elfOf({ ...PROGRAM, dynamic: [[1, 1 << 20]] }),
    elfOf({ needed: ["../../evil.so"] }),
    elfOf({ needed: [".."] }),
    elfOf({ needed: [""] }),
    elfOf({ needed: ["l".repeat(300)] }),
    elfOf({ interpreter: "ld.so" }),
    elfOf({ interpreter: "/lib/../../ld.so" }),
    elfOf({ interpreter: "/lib/ld so" }),
  ];
  for (const file of cases) await refuses("ELF_FORMAT", read(file));
});

test("a mutant is refused, or read, but never read beyond its end", async () => {
  const file = elfOf(PROGRAM);
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(file.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 }),
      fc.nat(file.length),
      async (changes, length) => {
        const mutant = Buffer.from(file.subarray(0, length));
        for (const [at, byte] of changes) if (at < length) mutant[at] = byte;
        await read(mutant).catch((error: unknown) => {
          assert.ok(error instanceof SealroomError && error.code === "ELF_FORMAT", String(error));
        });
      },
    ),
    { numRuns: 500 },
  );
});

// Libraries.

const LIB = "lib/x86_64-linux-gnu";

test("all that a program needs, and what that needs, is found below a sysroot and keeps its path", async (t) => {
  const root = await folderOf(t, {
    "lib64/ld.so.2": elfOf({}),
    [`${LIB}/libc.so.6`]: elfOf({ interpreter: "/lib64/ld.so.2", needed: ["ld.so.2"] }),
    [`${LIB}/libm.so.6`]: elfOf({ needed: ["libc.so.6"] }),
    [`usr/${LIB}/libz.so.1`]: elfOf({ needed: ["libc.so.6"] }),
    [`${LIB}/libunused.so`]: elfOf({}),
    node: elfOf({ interpreter: "/lib64/ld.so.2", needed: ["libm.so.6", "libz.so.1"] }),
  });
  const found = await findLibraries([join(root, "node")], "x64", root);
  assert.deepEqual(found, [
    { path: `/${LIB}/libc.so.6`, source: join(root, LIB, "libc.so.6") },
    { path: `/${LIB}/libm.so.6`, source: join(root, LIB, "libm.so.6") },
    // Where a system keeps its libraries below /usr, and where not, is the same image.
    { path: `/${LIB}/libz.so.1`, source: join(root, "usr", LIB, "libz.so.1") },
    { path: "/lib64/ld.so.2", source: join(root, "lib64/ld.so.2") },
  ]);
});

test("a sysroot's links lead nowhere out of it, absolute or up", async (t) => {
  const root = await folderOf(t, {
    "usr/lib/x86_64-linux-gnu/libc-2.36.so": elfOf({}),
    node: elfOf({ interpreter: "/lib64/ld.so.2", needed: ["libc.so.6"] }),
  });
  await symlink("/usr/lib", join(root, "lib"));
  await symlink("../../../../../../usr/lib", join(root, "lib64"));
  await symlink("libc-2.36.so", join(root, "usr/lib/x86_64-linux-gnu/libc.so.6"));
  await symlink("/usr/lib/x86_64-linux-gnu/libc.so.6", join(root, "usr/lib/ld.so.2"));
  const source = join(root, "usr/lib/x86_64-linux-gnu/libc-2.36.so");
  assert.deepEqual(await findLibraries([join(root, "node")], "x64", root), [
    { path: "/lib/x86_64-linux-gnu/libc.so.6", source },
    { path: "/lib64/ld.so.2", source },
  ]);
});

test("a library that is nowhere, is a circle of links, or is for another machine, is refused", async (t) => {
  const root = await folderOf(t, {
    node: elfOf({ needed: ["libc.so.6"] }),
    loader: elfOf({ interpreter: "/lib64/ld.so.2" }),
    other: elfOf({ needed: ["libarm.so"] }),
    [`${LIB}/libarm.so`]: elfOf({ machine: 183 }),
    text: "text",
  });
  const find = (name: string): Promise<unknown> => findLibraries([join(root, name)], "x64", root);
  const { details } = await refuses("IMAGE_LIBRARY", find("node"));
  assert.deepEqual(details, { library: "libc.so.6" });
  await refuses("IMAGE_LIBRARY", find("loader"));
  await symlink("libc.so.6", join(root, LIB, "libc.so.6"));
  await refuses("IMAGE_LIBRARY", find("node"));
  await refuses("ELF_FORMAT", find("other"));
  await refuses("ELF_FORMAT", find("text"));
  await refuses("IMAGE_INPUT", find("missing"));
  await refuses("IMAGE_INPUT", find(LIB));
  await refuses("ELF_FORMAT", readProgram(join(root, "node"), "arm64"));
});

test("a chain of more libraries than any program has is refused", async (t) => {
  const root = await folderOf(t, { node: elfOf({ needed: ["lib0.so"] }) });
  await mkdir(join(root, "lib"));
  for (let at = 0; at < 70; at++) {
    await writeFile(join(root, `lib/lib${at}.so`), elfOf({ needed: [`lib${at + 1}.so`] }));
  }
  await chmod(join(root, "node"), 0o755);
  const { details } = await refuses("IMAGE_LIBRARY", findLibraries([join(root, "node")], "x64", root));
  assert.deepEqual(details, { libraries: 65 });
});
