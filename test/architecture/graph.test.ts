// Who can reach whom. The enclave that runs on AWS has no stand-in in it, the stand-in no part of the real one's ways
// out, and no folder looks upwards.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { test } from "node:test";
import { PRODUCTION_LOADS } from "../../host-driver/enclave/loads.ts";
import { ENCLAVE_ENTRIES } from "../../local/enclave-files.ts";
import { reachableFiles } from "../../local/module-graph.ts";
import { copyTree, FOLDERS, ROOT } from "../host/tree.ts";
import type { Replacement } from "../host/tree.ts";
import {
  ambientReads,
  filesOf,
  packageOf,
  parseSource,
  reach,
  readSource,
  resolveImport,
} from "./sources.ts";

const PRODUCTION = ["enclave-worker/main.ts", "enclave-worker/thread.ts"];
const TRUSTED = ["core", "jobs", "enclave-worker"];

function rootUrl(root: string): URL {
  return pathToFileURL(root.endsWith("/") ? root : `${root}/`);
}

async function reachable(root: string, entries: readonly string[]): Promise<readonly string[]> {
  return reachableFiles(rootUrl(root), entries);
}

/** The rows of the table under a heading of docs/architecture.md: the text of each cell. */
async function tableUnder(heading: string): Promise<readonly (readonly string[])[]> {
  const text = await readFile(join(ROOT, "docs/architecture.md"), "utf8");
  const section =
    text.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ??
    assert.fail(`no heading ${heading}`);
  const rows = section.split("\n").filter((line) => line.startsWith("|"));
  return rows.slice(2).map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll("`", "")),
  );
}

/** The ends of connections that no enclave has, and what builds the addon. */
const HOSTS_TRANSPORT = [
  "transport/unix.ts",
  "transport/hybrid-vsock.ts",
  "transport/native/build.ts",
  "transport/native/prebuilt.ts",
];

/** What must not be reached from production, by the folder rule of the design. */
function strangersToProduction(files: readonly string[]): readonly string[] {
  return files.filter(
    (file) => /^(local|test|owner|host-driver|cli)\//.test(file) || HOSTS_TRANSPORT.includes(file),
  );
}

const REAL_ONES = [
  ...PRODUCTION,
  "transport/vsock.ts",
  "transport/socket-channel.ts",
  "transport/descriptor-stream.ts",
  "transport/errno.ts",
  "transport/native/addon.ts",
  "enclave-worker/entropy.ts",
  "enclave-worker/guest.ts",
  "enclave-worker/nsm-device.ts",
  "enclave-worker/kms/amazon-roots.ts",
];

test("the production enclave reaches no stand-in, no test, nothing of owner or host", async () => {
  assert.deepEqual(strangersToProduction(await reachable(ROOT, PRODUCTION)), []);
});

test("the local enclave reaches none of the real one's entry points and ways out, nor any other stand-in's key", async () => {
  const files = await reachable(ROOT, ENCLAVE_ENTRIES);
  assert.deepEqual(
    files.filter((file) => REAL_ONES.includes(file)),
    [],
  );
  const own = ["enclave-files.ts", "enclave-main.ts", "enclave-thread.ts", "nsm/connect.ts", "nsm/frame.ts"];
  assert.deepEqual(
    files.filter((file) => file.startsWith("local/")),
    own.map((file) => `local/${file}`),
  );
  assert.deepEqual(
    files.filter((file) => /^(test|owner|host-driver|cli)\//.test(file)),
    [],
  );
});

test("both enclaves are the same program but for what they are composed with", async () => {
  const [production, local] = [await reachable(ROOT, PRODUCTION), await reachable(ROOT, ENCLAVE_ENTRIES)];
  const only = (files: readonly string[], other: readonly string[]): readonly string[] =>
    files.filter((file) => !other.includes(file));
  assert.deepEqual(only(production, local).toSorted(), REAL_ONES.toSorted());
  for (const file of only(local, production)) {
    assert.ok(file.startsWith("local/") || file === "transport/unix.ts", file);
  }
});

test("the compiler's reading of the imports gives the same graph as the pattern that measurements are made with", async () => {
  for (const entries of [PRODUCTION, ENCLAVE_ENTRIES]) {
    assert.deepEqual(await reachable(ROOT, entries), (await reach(ROOT, entries)).files);
  }
});

/** Imports that a folder's row in docs/architecture.md does not allow. */
async function forbiddenImports(root: string): Promise<readonly string[]> {
  const rows = await tableUnder("Folders");
  const allowed = new Map(rows.map(([folder = "", , may = ""]) => [folder.replace(/\/$/, ""), may]));
  const found: string[] = [];
  for (const folder of FOLDERS) {
    const may = allowed.get(folder) ?? assert.fail(`${folder} is not in the table`);
    const names = may.startsWith("all but ")
      ? FOLDERS.filter((name) => !may.slice("all but ".length).split(", ").includes(name))
      : [folder, ...may.split(", ")];
    for (const path of await filesOf(root, folder).catch(() => [])) {
      for (const specifier of (await readSource(root, path)).imports) {
        if (!specifier.startsWith(".")) continue;
        const target = resolveImport(path, specifier);
        if (!names.includes(target.split("/")[0] ?? "")) found.push(`${path} -> ${target}`);
      }
    }
  }
  return found;
}

test("every folder imports only what the table in docs/architecture.md lets it", async () => {
  assert.deepEqual(await forbiddenImports(ROOT), []);
});

test("host and enclave never import each other, by no way round", async () => {
  const host = await reachable(ROOT, await filesOf(ROOT, "host-driver"));
  const enclave = await reachable(ROOT, await filesOf(ROOT, "enclave-worker"));
  assert.ok(host.length > 10 && enclave.length > 10);
  assert.deepEqual(
    host.filter((file) => /^(enclave-worker|jobs\/aggregate\/gate)/.test(file) && !file.startsWith("jobs/")),
    [],
  );
  assert.deepEqual(
    enclave.filter((file) => file.startsWith("host-driver/")),
    [],
  );
});

const NODE_MODULES = [
  "node:crypto",
  "node:fs",
  "node:http",
  "node:os",
  "node:stream",
  "node:tls",
  "node:worker_threads",
];
const READS_FILES = "enclave-worker/guest.ts";
const ASSET = "parquet-wasm/esm/parquet_wasm_bg.wasm";
const READS_DECODER = "enclave-worker/decoder-file.ts";
const LOADS_ADDON = "transport/native/addon.ts";

/** Who of the production enclave reads files, and who loads machine code. */
async function filesAndCode(root: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const path of await reachable(root, PRODUCTION)) {
    const { imports, tree } = await readSource(root, path);
    if (imports.includes("node:fs")) found.push(`${path}: node:fs`);
    if (/\bdlopen\b/.test(tree.text)) found.push(`${path}: dlopen`);
  }
  return found;
}

test("the enclave uses no socket and no process of Node's: only these modules", async () => {
  const { outside } = await reach(ROOT, PRODUCTION);
  const used = [...outside].filter((specifier) => specifier.startsWith("node:"));
  assert.deepEqual(used.toSorted(), NODE_MODULES);
});

test("two files of the enclave read files, the kernel's two and one of the image, and one loads machine code, the addon", async () => {
  assert.deepEqual(await filesAndCode(ROOT), [
    `${READS_DECODER}: node:fs`,
    `${READS_FILES}: node:fs`,
    `${LOADS_ADDON}: dlopen`,
  ]);
  const { tree: decoder } = await readSource(ROOT, READS_DECODER);
  assert.deepEqual(decoder.text.match(/readFileSync\([^;]*/g), [
    `readFileSync(new URL(import.meta.resolve("${ASSET}")))`,
  ]);
  const { tree } = await readSource(ROOT, READS_FILES);
  assert.deepEqual(tree.text.match(/"\/[^"]+"/g), [
    '"/proc/cmdline"',
    '"/sys/class/misc/hw_random/rng_current"',
  ]);
  assert.equal(tree.text.match(/readFileSync\(/g)?.length, 1);
});

test("the packages that the enclave reaches are the ones that docs/architecture.md lists, at most ten", async () => {
  const listed = (await tableUnder("Packages in the enclave")).map(([name]) => name ?? "");
  const { outside } = await reach(ROOT, PRODUCTION);
  const lock = await readLock();
  const reached = new Set<string>();
  const assets = [...PRODUCTION_LOADS.values()].flatMap((load) => load.assets ?? []);
  assert.deepEqual(assets, [ASSET]);
  const pending = [...outside, ...assets]
    .filter((specifier) => !specifier.startsWith("node:"))
    .map(packageOf);
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    if (reached.has(name)) continue;
    reached.add(name);
    pending.push(...Object.keys(lock[`node_modules/${name}`]?.dependencies ?? {}));
  }
  assert.deepEqual([...reached].sort(), listed.toSorted());
  assert.ok(listed.length <= 10);
});

interface LockEntry {
  readonly version: string;
  readonly integrity?: string;
  readonly hasInstallScript?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
}

async function readLock(): Promise<Readonly<Record<string, LockEntry>>> {
  const lock = JSON.parse(await readFile(join(ROOT, "package-lock.json"), "utf8")) as {
    packages: Record<string, LockEntry>;
  };
  return lock.packages;
}

test("no package in the enclave has an install script, and each is pinned by its hash", async () => {
  const lock = await readLock();
  for (const [name = ""] of await tableUnder("Packages in the enclave")) {
    const entry = lock[`node_modules/${name}`] ?? assert.fail(`${name} is not in package-lock.json`);
    assert.equal(entry.hasInstallScript ?? false, false, name);
    assert.match(entry.integrity ?? "", /^sha512-/, name);
    const { scripts = {} } = JSON.parse(
      await readFile(join(ROOT, "node_modules", name, "package.json"), "utf8"),
    ) as {
      scripts?: Record<string, string>;
    };
    for (const script of ["preinstall", "install", "postinstall"]) {
      assert.ok(!(script in scripts), `${name}: ${script}`);
    }
  }
});

/** What trusted files take from their surroundings, by file. */
async function trustedReads(root: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const folder of TRUSTED) {
    for (const path of await filesOf(root, folder)) {
      for (const read of ambientReads(await readSource(root, path))) found.push(`${path}: ${read}`);
    }
  }
  return found;
}

test("trusted code reads no environment, argument, clock or chance, and loads nothing by name, but for one read of the clock and the decoder", async () => {
  assert.deepEqual(await trustedReads(ROOT), [
    "enclave-worker/clock.ts: Date.now",
    `${READS_DECODER}: import.meta.resolve`,
  ]);
});

test("ciphers are used in core/crypto.ts alone, and the pool's package in enclave-worker/pool.ts alone", async () => {
  for (const path of (await Promise.all(TRUSTED.map((folder) => filesOf(ROOT, folder)))).flat()) {
    const { imports, tree } = await readSource(ROOT, path);
    const usesCiphers = /\b(createCipheriv|createDecipheriv|privateDecrypt|publicEncrypt)\b/.test(tree.text);
    assert.equal(usesCiphers, path === "core/crypto.ts", path);
    assert.equal(imports.includes("piscina"), path === "enclave-worker/pool.ts", path);
  }
});

// The checks themselves, against copies in which somebody did what they are to find.

async function inCopy<T>(plant: Replacement, look: (root: string) => Promise<T>): Promise<T> {
  const { root, remove } = await copyTree([plant]);
  try {
    return await look(root);
  } finally {
    await remove();
  }
}

test("an import of a stand-in, planted deep in the enclave, is found", async () => {
  const plants = [
    'import { LOCAL_ACCOUNT } from "../local/credentials.ts";\n',
    'import "../local/credentials.ts";\n',
    'export * from "../local/credentials.ts";\n',
    'import type {\n  Principal,\n} from "../local/credentials.ts";\n',
  ];
  for (const plant of plants) {
    const find = 'import { SealroomError } from "./errors.ts";\n';
    await inCopy({ file: "core/json.ts", find, replace: plant + find }, async (root) => {
      assert.ok(
        strangersToProduction(await reachable(root, PRODUCTION)).includes("local/credentials.ts"),
        plant,
      );
      assert.ok((await forbiddenImports(root)).includes("core/json.ts -> local/credentials.ts"), plant);
    });
  }
});

test("vsock, planted in the local enclave, is found", async () => {
  const find = 'import { SOCKETS } from "./enclave-files.ts";\n';
  const replace = `import { vsockDialer } from "../transport/vsock.ts";\n${find}`;
  await inCopy({ file: "local/enclave-thread.ts", find, replace }, async (root) => {
    assert.ok((await reachable(root, ENCLAVE_ENTRIES)).includes("transport/vsock.ts"));
  });
});

test("reads of the surroundings in any of their forms are found, in a file and in the tree", async () => {
  const plants: readonly (readonly [string, string])[] = [
    ["process.env", 'const planted = process.env["DEBUG"];'],
    ["process.env", 'const planted = process["env"];'],
    ["process.argv", "const planted = process.argv;"],
    ["process.dlopen", 'process.dlopen({ exports: {} }, "/tmp/planted.node");'],
    ["process, taken apart", "const { env: planted } = process;"],
    ["process.env", 'import { env as planted } from "node:process";'],
    ["Date.now", "const planted = Date.now();"],
    ["Date.now", 'const planted = Date["now"]();'],
    ["new Date()", "const planted = new Date();"],
    ["Math.random", "const planted = Math.random();"],
    ["performance.now", "const planted = performance.now();"],
    ["import()", 'const planted = await import("../local/credentials.ts");'],
    ["createRequire", 'import { createRequire } from "node:module";'],
    ["eval", 'const planted = eval("1");'],
    ["Function", 'const planted = new Function("return 1");'],
    ["globalThis", "const planted = globalThis;"],
  ];
  for (const [read, plant] of plants) {
    assert.deepEqual(ambientReads(parseSource("planted.ts", plant)), [read], plant);
  }
  const harmless = [
    "const now = Date.UTC(2026, 1);",
    "const at = new Date(0);",
    "const key = globalThis.crypto;",
    "const env = 5;",
  ];
  for (const text of harmless) assert.deepEqual(ambientReads(parseSource("harmless.ts", text)), [], text);
  const find = 'import { SealroomError } from "./errors.ts";\n';
  await inCopy(
    { file: "core/json.ts", find, replace: `${find}export const planted = Date.now();\n` },
    async (root) => {
      assert.ok((await trustedReads(root)).includes("core/json.ts: Date.now"));
    },
  );
});

test("files read, and machine code loaded, elsewhere in the enclave are found", async () => {
  const find = 'import { SealroomError } from "./errors.ts";\n';
  const plants: readonly (readonly [string, string])[] = [
    ["core/json.ts: node:fs", 'import { readFileSync } from "node:fs";\n'],
    ["core/json.ts: dlopen", 'process.dlopen({ exports: {} }, "/tmp/planted.node");\n'],
  ];
  for (const [finding, plant] of plants) {
    await inCopy({ file: "core/json.ts", find, replace: plant + find }, async (root) => {
      assert.ok((await filesAndCode(root)).includes(finding), finding);
    });
  }
});

test("a module of Node that opens sockets, and a package that is not listed, are found", async () => {
  const find = 'import { SealroomError } from "./errors.ts";\n';
  const replace = `import { connect } from "node:net";\nimport { Table } from "apache-arrow";\n${find}`;
  await inCopy({ file: "core/json.ts", find, replace }, async (root) => {
    const { outside } = await reach(root, PRODUCTION);
    assert.ok(outside.has("node:net") && outside.has("apache-arrow"));
  });
});

test("the folders that tests copy and package are those that the compiler builds", async () => {
  const { references } = JSON.parse(await readFile(join(ROOT, "tsconfig.json"), "utf8")) as {
    references: readonly { path: string }[];
  };
  const built = references.map(({ path }) => path.replace("./", ""));
  const packaged = built.filter((folder) => !["examples", "bench", "test"].includes(folder));
  assert.deepEqual(FOLDERS.toSorted(), packaged.sort());
});
