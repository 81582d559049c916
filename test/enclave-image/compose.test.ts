// How an image is put together: what goes where, and what makes none.
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import type { ErrorCode } from "../../core/errors.ts";
import { SealroomError } from "../../core/errors.ts";
import { loadBoot } from "../../host-driver/enclave/boot.ts";
import { encodeCmdline } from "../../host-driver/enclave/cmdline.ts";
import { readEif } from "../../host-driver/enclave/eif.ts";
import { composeImage, writeImage } from "../../host-driver/enclave/image.ts";
import type { Image } from "../../host-driver/enclave/image.ts";
import { measureEif } from "../../host-driver/enclave/measure.ts";
import { composeRootfs } from "../../host-driver/enclave/rootfs.ts";
import type { Rootfs } from "../../host-driver/enclave/rootfs.ts";
import { unpackEif } from "../../host-driver/enclave/unpacked.ts";
import type { Unpacked } from "../../host-driver/enclave/unpacked.ts";
import { refuses } from "../host/refusal.ts";
import { bytesOf, elfOf, folderOf, KERNEL, kernelOf, memoryFile, MODULES } from "./specimens.ts";

type Files = Readonly<Record<string, Buffer | string>>;

const INPUTS: Files = {
  kernel: kernelOf(KERNEL),
  init: elfOf({}),
  addon: elfOf({ needed: ["libc.so.6"] }),
  node: elfOf({ interpreter: "/lib64/ld.so.2", needed: ["libc.so.6"] }),
  "lib64/ld.so.2": elfOf({}),
  "lib/x86_64-linux-gnu/libc.so.6": elfOf({}),
  "program/main.js": 'import "./other.js";',
  "program/other.js": "",
  ...Object.fromEntries(Object.entries(MODULES).map(([path, bytes]) => [`modules/${path}`, bytes])),
};

async function rootfsOf(
  t: TestContext,
  change: Files = {},
): Promise<{ readonly root: string; readonly rootfs: Rootfs }> {
  const root = await folderOf(t, { ...INPUTS, ...change });
  const rootfs = await composeRootfs({
    architecture: "x64",
    compiled: join(root, "program"),
    entry: "main.js",
    loads: new Map(),
    packagesFrom: root,
    version: "1.2.3",
    node: join(root, "node"),
    addon: join(root, "addon"),
    libraries: root,
  });
  return { root, rootfs };
}

async function imageOf(t: TestContext, change: Files = {}, entry: string | null = null): Promise<Image> {
  const { root, rootfs } = await rootfsOf(t, change);
  const [kernel, modules] = [join(root, "kernel"), join(root, "modules")];
  const boot = await loadBoot({ kind: "kernel", kernel, modules, extraModules: ["vsock_loopback"] }, "x64");
  const cmdline = encodeCmdline(2, boot.cmdline);
  return composeImage({ boot, cmdline, init: join(root, "init"), rootfs, entry, version: "1.2.3" });
}

async function bytesOfImage(image: Image): Promise<Buffer> {
  const pieces: { readonly start: number; readonly bytes: Uint8Array }[] = [];
  await writeImage(image, (bytes, start) => {
    pieces.push({ start, bytes: Uint8Array.from(bytes) });
    return Promise.resolve();
  });
  const whole = Buffer.alloc(Math.max(...pieces.map(({ start, bytes }) => start + bytes.length)));
  for (const { start, bytes } of pieces) whole.set(bytes, start);
  return whole;
}

async function unpackedOf(image: Image): Promise<Unpacked> {
  const file = memoryFile(await bytesOfImage(image));
  return unpackEif(file, await readEif(file));
}

async function textAt(image: Image, path: string): Promise<string> {
  const file = image.files.flat().find((each) => each.path === path) ?? assert.fail(`no ${path}`);
  return (await bytesOf(file.content)).toString("utf8");
}

test("each file is in its ramdisk, with its mode, and the modules' order is written down", async (t) => {
  const image = await imageOf(t);
  const { entries } = await unpackedOf(image);
  const listed = entries
    .filter(({ kind }) => kind === "file")
    .map(({ path, ramdisk, mode }) => `${ramdisk} ${mode.toString(8)} ${path}`);
  assert.deepEqual(listed.toSorted(), [
    "1 644 modules/nsm.ko",
    "1 644 modules/order",
    "1 644 modules/virtio_mmio.ko",
    "1 644 modules/vmw_vsock_virtio_transport.ko",
    "1 644 modules/vsock.ko",
    "1 644 modules/vsock_loopback.ko",
    "1 755 init",
    "2 644 rootfs/app/bundled.json",
    "2 644 rootfs/app/main.js",
    "2 644 rootfs/app/package.json",
    "2 644 rootfs/app/prebuilt/linux-x64.node",
    "2 755 rootfs/bin/node",
    "2 755 rootfs/lib/x86_64-linux-gnu/libc.so.6",
    "2 755 rootfs/lib64/ld.so.2",
  ]);
  const order = "virtio_mmio.ko\nvsock.ko\nvmw_vsock_virtio_transport.ko\nnsm.ko\nvsock_loopback.ko\n";
  assert.equal(await textAt(image, "modules/order"), order);
  assert.equal(
    await textAt(image, "rootfs/app/package.json"),
    '{"name":"sealroom","version":"1.2.3","type":"module"}\n',
  );
});

test("another entry point is a measured file of the second ramdisk: another PCR2, the same PCR1", async (t) => {
  const plain = await measureEif(memoryFile(await bytesOfImage(await imageOf(t))));
  const image = await imageOf(t, {}, "test/emulator/enclave-main.js");
  assert.equal(await textAt(image, "entry"), "/app/test/emulator/enclave-main.js\n");
  const other = await measureEif(memoryFile(await bytesOfImage(image)));
  assert.equal(other.measurements[1], plain.measurements[1]);
  assert.notEqual(other.measurements[2], plain.measurements[2]);
  for (const entry of ["../x.js", "Main.js", "a b.js", "a\nb.js"]) {
    await assert.rejects(imageOf(t, {}, entry), TypeError, entry);
  }
});

test("the metadata has what nitro-cli demands, and nothing of this machine or moment", async (t) => {
  const { metadata } = await measureEif(memoryFile(await bytesOfImage(await imageOf(t))));
  assert.deepEqual(JSON.parse(metadata), {
    ImageName: "sealroom",
    ImageVersion: "1.2.3",
    BuildMetadata: {
      BuildTime: "1970-01-01T00:00:00+00:00",
      BuildTool: "sealroom",
      BuildToolVersion: "1.2.3",
      OperatingSystem: "Linux",
      KernelVersion: KERNEL,
    },
    DockerInfo: {},
    CustomMetadata: {},
  });
});

test("the parent's CID is the first word, and no other word of ours can come with it", () => {
  assert.equal(encodeCmdline(3, "reboot=k quiet"), "sealroom.parent_cid=3 reboot=k quiet");
  assert.equal(encodeCmdline(4294967294, ""), "sealroom.parent_cid=4294967294");
  for (const cid of [0, -1, 1.5, 4294967295, NaN]) assert.throws(() => encodeCmdline(cid, ""), TypeError);
  assert.equal(encodeCmdline(3, "x".repeat(2047 - 22)).length, 2047);
  for (const rest of [
    "sealroom.parent_cid=4",
    "a sealroom.other",
    "a\tb",
    "a\0",
    "é",
    "x".repeat(2048 - 22),
  ]) {
    assert.throws(
      () => encodeCmdline(3, rest),
      (error) => error instanceof SealroomError && error.code === "IMAGE_INPUT",
    );
  }
});

function packages(count: number, fields: Readonly<Record<string, unknown>> = {}): Files {
  const names = Array.from({ length: count }, (_, at) => `p${at}`);
  return {
    "program/main.js": names.map((name) => `import "${name}";`).join(""),
    ...Object.fromEntries(
      names.flatMap((name) => [
        [`node_modules/${name}/package.json`, JSON.stringify({ name, version: "1.0.0", ...fields })],
        [`node_modules/${name}/index.js`, ""],
      ]),
    ),
  };
}

const REFUSED: readonly (readonly [string, Files, ErrorCode])[] = [
  ["an init that needs a loader", { init: elfOf({ interpreter: "/lib64/ld.so.2" }) }, "IMAGE_INPUT"],
  ["an init for another machine", { init: elfOf({ machine: 183 }) }, "ELF_FORMAT"],
  ["a Node for another machine", { node: elfOf({ machine: 183 }) }, "ELF_FORMAT"],
  ["an addon for another machine", { addon: elfOf({ machine: 183 }) }, "ELF_FORMAT"],
  ["an addon that is no program", { addon: "text" }, "ELF_FORMAT"],
  ["an addon whose library is missing", { addon: elfOf({ needed: ["libgone.so"] }) }, "IMAGE_LIBRARY"],
  ["a kernel that is none", { kernel: "text" }, "IMAGE_INPUT"],
  ["eleven packages", packages(11), "IMAGE_PACKAGE"],
  ["a package with an install script", packages(1, { scripts: { postinstall: "x" } }), "IMAGE_PACKAGE"],
];

for (const [name, change, code] of REFUSED) {
  test(`${name} makes no image`, async (t) => {
    await refuses(code, imageOf(t, change));
  });
}

test("ten packages, with scripts that npm does not run at an installation, make an image", async (t) => {
  assert.equal((await rootfsOf(t, packages(10, { scripts: { test: "x" } }))).rootfs.packages.length, 10);
});

test("a file that changes its size between the composing and the writing makes none", async (t) => {
  const { root, rootfs } = await rootfsOf(t);
  const boot = await loadBoot(
    { kind: "kernel", kernel: join(root, "kernel"), modules: join(root, "modules"), extraModules: [] },
    "x64",
  );
  const image = await composeImage({
    boot,
    cmdline: encodeCmdline(3, ""),
    init: join(root, "init"),
    rootfs,
    entry: null,
    version: "1",
  });
  await writeFile(join(root, "addon"), "less than before");
  await refuses("IMAGE_CHANGED", bytesOfImage(image));
});
