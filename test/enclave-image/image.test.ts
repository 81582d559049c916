// The production image, composed of the true worker, Node and libraries: every file in it, every package, their sizes,
// and that no stand-in is among them. Kernel, modules, init and addon are small specimens: they are somebody else's test.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { open, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { before, test } from "node:test";
import type { TestContext } from "node:test";
import { byteFile } from "../../host-driver/enclave/byte-file.ts";
import { buildImage } from "../../host-driver/enclave/build.ts";
import type { BuiltImage, ImageOptions } from "../../host-driver/enclave/build.ts";
import { findClosure } from "../../host-driver/enclave/closure.ts";
import { PRODUCTION_LOADS } from "../../host-driver/enclave/loads.ts";
import { measureEif } from "../../host-driver/enclave/measure.ts";
import { bundledOf, packagesOf, unpackEif } from "../../host-driver/enclave/unpacked.ts";
import type { Unpacked } from "../../host-driver/enclave/unpacked.ts";
import { PRODUCTION } from "../../host-driver/enclave/worker.ts";
import { reach } from "../architecture/sources.ts";
import { copyTree, ROOT } from "../host/tree.ts";
import type { Replacement } from "../host/tree.ts";
import { bytesOf, elfOf, folderOf, KERNEL, kernelOf, MODULES } from "./specimens.ts";
import { ENCLAVE_FOLDERS, transpile } from "./transpile.ts";

let inputs: string;
/** The worker's sources as JavaScript, made without the builder. */
let compiled: string;
let built: BuiltImage;
let unpacked: Unpacked;

function options(change: Partial<ImageOptions> = {}): ImageOptions {
  return {
    architecture: "x64",
    entryPoint: PRODUCTION,
    node: null,
    addon: join(inputs, "addon"),
    init: join(inputs, "init"),
    libraries: "/",
    boot: {
      kind: "kernel",
      kernel: join(inputs, "kernel"),
      modules: join(inputs, "modules"),
      extraModules: [],
    },
    cmdline: null,
    parentCid: 3,
    signal: new AbortController().signal,
    ...change,
  };
}

before(async (t) => {
  const modules = Object.entries(MODULES).map(([path, bytes]) => [`modules/${path}`, bytes] as const);
  inputs = await folderOf(t as TestContext, {
    kernel: kernelOf(KERNEL),
    init: elfOf({}),
    addon: elfOf({ needed: ["libc.so.6"] }),
    ...Object.fromEntries(modules),
  });
  compiled = await folderOf(t as TestContext, {});
  await transpile(ROOT, ENCLAVE_FOLDERS, compiled);
  const file = await open(join(inputs, "image.eif"), "wx+");
  built = await buildImage(options(), async (bytes, start) => {
    await file.write(bytes, 0, bytes.length, start);
  });
  unpacked = await unpackEif(await byteFile(file), built.image.eif);
  bundled = bundledOf(unpacked);
  assert.deepEqual(await measureEif(await byteFile(file)), built.image);
  await file.close();
});

function pathsBelow(prefix: string): readonly string[] {
  return unpacked.entries
    .filter(({ path, kind }) => kind === "file" && path.startsWith(prefix))
    .map(({ path }) => path.slice(prefix.length));
}

/** SHA-256 by path of the files that the image says its bundles are made of. */
let bundled: ReadonlyMap<string, string>;

async function textOf(path: string): Promise<string> {
  const file = built.files.flat().find((each) => each.path === `rootfs/app/${path}`) ?? assert.fail(path);
  return (await bytesOf(file.content)).toString("utf8");
}

const BUNDLES = ["enclave-worker/main.js", "enclave-worker/thread.js", "enclave-worker/worker.js"];
const PACKAGED = /^node_modules\/((?:@[^/]+\/)?[^/]+)\//;

test("the first ramdisk is init and the kernel's modules", () => {
  const first = unpacked.entries.filter(({ ramdisk }) => ramdisk === 1);
  assert.deepEqual(
    first.map(({ path }) => path),
    [
      ...["dev", "init", "modules", "modules/nsm.ko", "modules/order", "modules/virtio_mmio.ko"],
      ...["modules/vmw_vsock_virtio_transport.ko", "modules/vsock.ko", "proc", "sys"],
    ],
  );
});

test("of the second, what is not the worker is Node, its libraries and folders to mount on", () => {
  const names = pathsBelow("rootfs/").filter((path) => !path.startsWith("app/"));
  const libraries = [
    "libc.so.6",
    "libdl.so.2",
    "libgcc_s.so.1",
    "libm.so.6",
    "libpthread.so.0",
    "libstdc++.so.6",
  ];
  assert.deepEqual(
    names.map((path) => basename(path)).toSorted(),
    ["ld-linux-x86-64.so.2", ...libraries, "node"].toSorted(),
  );
  const folders = unpacked.entries.filter(
    ({ path, kind }) => kind === "directory" && /^rootfs\/[^/]+$/.test(path),
  );
  for (const name of ["dev", "proc", "sys", "tmp"]) {
    assert.ok(folders.some(({ path }) => path === `rootfs/${name}`));
  }
  // Init runs the entry point that it knows, with no file to say another.
  assert.ok(!unpacked.entries.some(({ path }) => path === "entry"));
});

test("of the worker it has three bundles, what they are made of, addon, decoder, and a package.json of each package", () => {
  assert.deepEqual(
    pathsBelow("rootfs/app/"),
    [
      ...BUNDLES,
      "bundled.json",
      "enclave-worker/prebuilt/linux-x64.node",
      "package.json",
      ...[...packagesOf(unpacked).keys()].map((name) => `node_modules/${name}/package.json`),
      // Node reads every one above a file.
      ...["core", "min"].map((folder) => `node_modules/libphonenumber-js/${folder}/package.json`),
      // Read as bytes, so that it is in no bundle.
      ...["package.json", "parquet_wasm_bg.wasm"].map((name) => `node_modules/parquet-wasm/esm/${name}`),
    ].toSorted(),
  );
});

test("the bundles are made of the builds of the sources that the compiler reaches, and of no other", async () => {
  const { files } = await reach(compiled, ["enclave-worker/main.js", "enclave-worker/thread.js"]);
  const own = [...bundled].filter(([path]) => !PACKAGED.test(path));
  assert.deepEqual(
    own.map(([path]) => path),
    files.toSorted(),
  );
  for (const [path, digest] of own) {
    const bytes = await readFile(join(compiled, path));
    assert.equal(digest, createHash("sha256").update(bytes).digest("hex"), path);
  }
});

test("no bundle has a file that the image does not list", async () => {
  const texts = await Promise.all(BUNDLES.map(textOf));
  const named = texts.map((text) => [...text.matchAll(/^ *\/\/ app:(\S+)$/gm)].map(([, path]) => path ?? ""));
  for (const path of named.flat()) assert.ok(bundled.has(path), path);
  assert.deepEqual(
    named.map((paths) => paths.at(-1)),
    ["enclave-worker/main.js", "enclave-worker/thread.js", "node_modules/piscina/dist/worker.js"],
  );
});

test("the packages are those of docs/architecture.md, at most ten, and every file of theirs is npm's", async () => {
  const docs = await readFile(join(ROOT, "docs/architecture.md"), "utf8");
  const section = docs.split(/^## /m).find((each) => each.startsWith("Packages in the enclave\n")) ?? "";
  const listed = [...section.matchAll(/^\| `([^`]+)` \|/gm)].map(([, name]) => name ?? "");
  const packages = packagesOf(unpacked);
  assert.deepEqual([...packages.keys()].toSorted(), listed.toSorted());
  assert.ok(packages.size <= 10);
  const lock = JSON.parse(await readFile(join(ROOT, "package-lock.json"), "utf8")) as {
    packages: Record<string, { version: string }>;
  };
  for (const [name, version] of packages) {
    assert.equal(version, lock.packages[`node_modules/${name}`]?.version);
  }
  const files = [...bundled].filter(([path]) => PACKAGED.test(path));
  assert.ok(files.length > 50);
  for (const [path, digest] of files) {
    assert.ok(packages.has(PACKAGED.exec(path)?.[1] ?? ""), path);
    const bytes = await readFile(join(ROOT, path));
    assert.equal(digest, createHash("sha256").update(bytes).digest("hex"), path);
  }
});

test("nothing in it is a link, a device, owned, dated, writable for others or set-uid", () => {
  for (const { path, kind, mode, uid, gid, mtime } of unpacked.entries) {
    assert.ok(kind === "file" || kind === "directory", path);
    assert.ok([0o644, 0o755].includes(mode), path);
    assert.deepEqual([uid, gid, mtime], [0, 0, 0], path);
  }
  assert.deepEqual(unpacked.replaced, []);
});

test("every file in it, and its size", (t) => {
  const files = unpacked.entries.filter(({ kind }) => kind === "file");
  for (const { path, size } of files) t.diagnostic(`${String(size).padStart(10)} /${path}`);
  for (const { kind, size } of built.image.sections) t.diagnostic(`${String(size).padStart(10)} ${kind}`);
  for (const { name, version } of built.packages) {
    const own = [...bundled.keys()].filter((path) => PACKAGED.exec(path)?.[1] === name);
    t.diagnostic(`${name} ${version}: ${own.length} files`);
  }
  assert.equal(
    files.length,
    built.files.reduce((sum, each) => sum + each.length, 0),
  );
});

// Stand-ins.

/** Files of bundles that have no place in production. */
function strangers(paths: readonly string[]): readonly string[] {
  const allowed = /^(core|jobs|transport|enclave-worker|node_modules)\//;
  return paths.filter((path) => !allowed.test(path) || path === "transport/unix.js");
}

test("no stand-in, no test, nothing of owner, host or command line is in it", async () => {
  assert.ok(bundled.size > 100);
  assert.deepEqual(strangers([...bundled.keys()]), []);
  // Nor the name of their root, by whichever file.
  const texts = await Promise.all(BUNDLES.map(textOf));
  assert.ok(texts.every((text) => !/simulated\.nitro-enclaves|LOCAL_ACCOUNT|createDevRoot/.test(text)));
  assert.ok(texts.some((text) => text.includes("AWS_ROOT")));
});

async function closureWith(plants: readonly Replacement[], entry: string): Promise<readonly string[]> {
  const { root, remove } = await copyTree(plants);
  try {
    const directory = join(root, "compiled");
    await transpile(root, [...ENCLAVE_FOLDERS, "local"], directory);
    const loads = new Map([
      ...PRODUCTION_LOADS,
      [
        "local/enclave-main.js",
        {
          loaders: ["import.meta.filename", "import.meta.url"],
          reaches: ["./enclave-thread.js"],
          without: [],
        },
      ] as const,
    ]);
    const { files } = await findClosure({ directory, entry, packagesFrom: root, loads });
    return files.map(({ path }) => path);
  } finally {
    await remove();
  }
}

test("a stand-in that somebody plants is found, as is another entry point", async () => {
  const find = 'import { SealroomError } from "./errors.ts";\n';
  const plant = { file: "core/json.ts", find, replace: `import "../local/credentials.ts";\n${find}` };
  assert.ok(strangers(await closureWith([plant], "enclave-worker/main.js")).includes("local/credentials.js"));
  const local = strangers(await closureWith([], "local/enclave-main.js"));
  assert.ok(local.includes("local/enclave-main.js") && local.includes("transport/unix.js"));
  assert.deepEqual(strangers(await closureWith([], "enclave-worker/main.js")), []);
});
