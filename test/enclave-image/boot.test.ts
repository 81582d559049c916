// What an image boots with: a kernel that is one, modules that are its own, in an order in which they load.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { SealroomError } from "../../core/errors.ts";
import { loadBoot } from "../../host-driver/enclave/boot.ts";
import { readKernelVersion } from "../../host-driver/enclave/kernel.ts";
import { readModuleInfo } from "../../host-driver/enclave/module-info.ts";
import { loadModules, NEEDED_MODULES } from "../../host-driver/enclave/modules.ts";
import { refuses } from "../host/refusal.ts";
import { folderOf, KERNEL, kernelOf, memoryFile, moduleFor, moduleOf, MODULES } from "./specimens.ts";

const NSM = "kernel/drivers/misc/nsm.ko";

function changed(bytes: Buffer, at: number, byte: number): Buffer {
  bytes.writeUInt8(byte, at);
  return bytes;
}

test("the modules are those that are needed, each behind what it needs, without what is built in", async (t) => {
  const directory = await folderOf(t, MODULES);
  const order = ["virtio_mmio.ko", "vsock.ko", "vmw_vsock_virtio_transport.ko", "nsm.ko"];
  const found = await loadModules(directory, NEEDED_MODULES, KERNEL);
  assert.deepEqual(
    found.map(({ file }) => file),
    order,
  );
  assert.deepEqual(Buffer.from(found[3]?.bytes ?? []), MODULES[NSM]);
  const more = await loadModules(directory, [...NEEDED_MODULES, "vsock-loopback"], KERNEL);
  assert.deepEqual(
    more.map(({ file }) => file),
    [...order, "vsock_loopback.ko"],
  );
});

test("a module that is built in is left out", async (t) => {
  const builtIn = "kernel/net/vmw_vsock/vsock.ko\nkernel/drivers/char/hw_random/rng-core.ko\n";
  const directory = await folderOf(t, { ...MODULES, "modules.builtin": builtIn });
  const found = await loadModules(directory, NEEDED_MODULES, KERNEL);
  assert.ok(!found.some(({ file }) => file === "vsock.ko"));
});

test("compressed modules are unpacked, and are the same in the image", async (t) => {
  const plain = Buffer.from(MODULES[NSM] ?? "");
  const forms: Readonly<Record<string, Buffer>> = {
    ".gz": gzipSync(plain),
    ".zst": zstdCompressSync(plain),
    ".xz": execFileSync("xz", ["--stdout"], { input: plain }),
  };
  for (const [extension, bytes] of Object.entries(forms)) {
    const directory = await folderOf(t, MODULES);
    await rename(join(directory, NSM), join(directory, NSM + extension));
    await writeFile(join(directory, NSM + extension), bytes);
    const found = await loadModules(directory, ["nsm"], KERNEL);
    assert.deepEqual(
      found.map((module) => [module.file, Buffer.from(module.bytes)]),
      [["nsm.ko", plain]],
    );
    await writeFile(join(directory, NSM + extension), "damaged");
    await refuses("IMAGE_INPUT", loadModules(directory, ["nsm"], KERNEL));
  }
});

test("that the xz program is missing is said as that", async (t) => {
  const directory = await folderOf(t, { "modules.builtin": "", "nsm.ko.xz": "xz" });
  const path = process.env["PATH"];
  t.after(() => {
    process.env["PATH"] = path;
  });
  process.env["PATH"] = directory;
  const { details } = await refuses("IMAGE_INPUT", loadModules(directory, ["nsm"], KERNEL));
  assert.deepEqual(details, { program: "xz" });
});

test("a module that is missing, twice, of another kernel, or no module, makes no image", async (t) => {
  const cases: readonly (readonly [string, Buffer | string])[] = [
    ["kernel/extra/nsm.ko", moduleFor("nsm", "")],
    [NSM, moduleFor("nsm", "", "6.1.0-other")],
    [NSM, moduleFor("nsm", "gone")],
    [NSM, "text"],
    [NSM, moduleOf({ vermagic: `${KERNEL} SMP`, depends: "" })],
    [NSM, moduleOf({ name: "nsm", depends: "" })],
    [NSM, moduleOf({ name: "nsm", vermagic: `${KERNEL} SMP` })],
    [NSM, changed(moduleFor("nsm", ""), 16, 2)],
    [NSM, changed(moduleFor("nsm", ""), 4, 1)],
    [NSM, changed(moduleFor("nsm", ""), 58, 8)],
  ];
  for (const [path, bytes] of cases) {
    const directory = await folderOf(t, { ...MODULES, [path]: bytes });
    await refuses("IMAGE_MODULE", loadModules(directory, NEEDED_MODULES, KERNEL));
  }
  const directory = await folderOf(t, MODULES);
  await refuses("IMAGE_MODULE", loadModules(directory, ["gone"], KERNEL));
  await refuses("IMAGE_INPUT", loadModules(join(directory, "gone"), NEEDED_MODULES, KERNEL));
});

test("modules that need each other end", async (t) => {
  const directory = await folderOf(t, {
    "modules.builtin": "",
    "a.ko": moduleFor("a", "b"),
    "b.ko": moduleFor("b", "a"),
  });
  assert.equal((await loadModules(directory, ["a"], KERNEL)).length, 2);
});

test("a mutant of a module is refused or read, never beyond its end", () => {
  const module = moduleFor("nsm", "rng-core");
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(module.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 }),
      fc.nat(module.length),
      (changes, length) => {
        const mutant = Buffer.from(module.subarray(0, length));
        for (const [at, byte] of changes) if (at < length) mutant[at] = byte;
        try {
          readModuleInfo("nsm.ko", mutant);
        } catch (error) {
          assert.ok(error instanceof SealroomError && error.code === "IMAGE_MODULE", String(error));
        }
      },
    ),
    { numRuns: 500 },
  );
});

test("a kernel's version is read from its own bytes, and what is no kernel of the platform is refused", async () => {
  const version = (bytes: Uint8Array, architecture: "x64" | "arm64"): Promise<string> =>
    readKernelVersion(memoryFile(bytes), architecture);
  assert.equal(await version(kernelOf("6.12.95+deb12-cloud-amd64"), "x64"), "6.12.95+deb12-cloud-amd64");
  const arm = Buffer.alloc(3 * 2 ** 20);
  arm.write("ARM\x64", 56, "latin1");
  // Across the border of two pieces.
  arm.write("Linux version 6.1.9-arm (builder)", 2 ** 20 - 5, "latin1");
  assert.equal(await version(arm, "arm64"), "6.1.9-arm");
  const cut = kernelOf("6.1");
  cut.writeUInt16LE(0xffff, 0x20e);
  const nameless = kernelOf(" ");
  for (const [bytes, architecture] of [
    [Buffer.alloc(0), "x64"],
    [Buffer.from("text"), "arm64"],
    [kernelOf("6.1"), "arm64"],
    [Buffer.concat([kernelOf("6.1"), Buffer.from("Linux version 6.1.9")]), "arm64"],
    [arm, "x64"],
    [arm.subarray(0, 2 ** 20 - 10), "arm64"],
    [cut, "x64"],
    [nameless, "x64"],
    [kernelOf("6.1").subarray(0, 0x20f), "x64"],
  ] as const) {
    await refuses("IMAGE_INPUT", version(bytes, architecture));
  }
});

test("AWS's blobs give kernel, command line and driver; each of them is needed", async (t) => {
  const blobs = {
    bzImage: kernelOf("4.14.256-aws"),
    cmdline: "reboot=k panic=30 pci=off\n",
    "nsm.ko": moduleFor("nsm", "", "4.14.256-aws"),
  };
  const directory = await folderOf(t, blobs);
  const boot = await loadBoot({ kind: "blobs", directory }, "x64");
  assert.deepEqual([boot.version, boot.cmdline], ["4.14.256-aws", "reboot=k panic=30 pci=off"]);
  assert.deepEqual(
    boot.modules.map(({ file }) => file),
    ["nsm.ko"],
  );
  for (const name of Object.keys(blobs)) {
    const rest = Object.entries(blobs).filter(([each]) => each !== name);
    const without = await folderOf(t, Object.fromEntries(rest));
    await refuses("IMAGE_INPUT", loadBoot({ kind: "blobs", directory: without }, "x64"));
  }
  await writeFile(join(directory, "nsm.ko"), moduleFor("nsm", "", "5.10"));
  await refuses("IMAGE_MODULE", loadBoot({ kind: "blobs", directory }, "x64"));
});
