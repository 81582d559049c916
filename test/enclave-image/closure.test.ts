// The files that an image has of the worker and its packages: all that Node loads, nothing else, and nothing guessed.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFile, mkdir, realpath, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { before, test } from "node:test";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { findClosure } from "../../host-driver/enclave/closure.ts";
import type { Closure, Program } from "../../host-driver/enclave/closure.ts";
import { PRODUCTION_LOADS } from "../../host-driver/enclave/loads.ts";
import type { Load } from "../../host-driver/enclave/loads.ts";
import { refuses } from "../host/refusal.ts";
import { ROOT } from "../host/tree.ts";
import { folderOf } from "./specimens.ts";
import { ENCLAVE_FOLDERS, transpile } from "./transpile.ts";

let app: string;
let closure: Closure;

/** The worker's files copied out to where nothing else is. */
before(async (t) => {
  const compiled = await folderOf(t as TestContext, {});
  await transpile(ROOT, ENCLAVE_FOLDERS, compiled);
  closure = await findClosure({
    directory: compiled,
    entry: "enclave-worker/main.js",
    packagesFrom: ROOT,
    loads: PRODUCTION_LOADS,
  });
  app = await realpath(await folderOf(t as TestContext, { "package.json": '{"type":"module"}' }));
  for (const { path, source } of closure.files) {
    await mkdir(dirname(join(app, path)), { recursive: true });
    await copyFile(source, join(app, path));
  }
});

/** Files below the folder that Node loads, threads included, with the flags that init gives it. */
function load(args: readonly string[]): { readonly files: ReadonlySet<string>; readonly stderr: string } {
  const preload = join(ROOT, "test/enclave-image/print-files.ts");
  const flags = ["--disallow-code-generation-from-strings", "--import", preload];
  const { stdout, stderr } = spawnSync(process.execPath, [...flags, ...args], {
    cwd: app,
    env: {},
    encoding: "utf8",
    timeout: 60_000,
  });
  const files = stdout
    .split("\n")
    .filter((line) => line.startsWith("file:"))
    .map((url) => fileURLToPath(url));
  const own = files.filter((path) => path !== preload);
  for (const path of own) assert.ok(path.startsWith(`${app}/`), `loaded from elsewhere: ${path}`);
  return { files: new Set(own.map((path) => path.slice(app.length + 1))), stderr };
}

/** What a thread reads as bytes when it meets its first Parquet file. */
const DECODER = "node_modules/parquet-wasm/esm/parquet_wasm_bg.wasm";

/** A pool as main.js opens it, with one task that no thread can do. */
const POOL =
  'import { openPool } from "./enclave-worker/pool.js";' +
  'const thread = new URL("./enclave-worker/thread.js", `file://${process.cwd()}/`);' +
  "const pool = openPool({ thread, threads: 1, memoryBytes: 2 ** 30 });" +
  "await pool.run({}, new AbortController().signal).catch((error) => console.error(error.code));" +
  "await pool.close();";

test("the copied worker starts with nothing missing, and the union of what main and threads load is all there is", async () => {
  const main = load(["enclave-worker/main.js"]);
  // It refuses, since here is no vsock and no NSM; what it lacks is no file.
  assert.doesNotMatch(main.stderr, /ERR_MODULE|Cannot find|ENOENT/);
  await writeFile(join(app, "try-pool.js"), POOL);
  const threads = load(["try-pool.js"]);
  assert.doesNotMatch(threads.stderr, /ERR_MODULE|Cannot find|ENOENT/);
  const loaded = new Set([...main.files, ...threads.files]);
  loaded.delete("try-pool.js");
  const listed = closure.files.map(({ path }) => path);
  for (const path of loaded) assert.ok(listed.includes(path), `loaded and not listed: ${path}`);
  // Node reads the packages' own package.json itself, unseen by a hook.
  const unseen = listed.filter((path) => !loaded.has(path));
  assert.deepEqual(
    unseen.filter((path) => !path.endsWith("/package.json")),
    [DECODER],
  );
  assert.ok(threads.files.has("node_modules/piscina/dist/worker.js"));
  assert.ok(threads.files.has("enclave-worker/thread.js"));
});

test("what a thread reads besides code lies where it looks for it", async () => {
  const script =
    'const found = import.meta.resolve("parquet-wasm/esm/parquet_wasm_bg.wasm");' + "console.log(found);";
  await writeFile(join(app, "enclave-worker/try-resolve.js"), script);
  const { files } = load(["enclave-worker/try-resolve.js"]);
  assert.ok(files.has(DECODER));
});

test("a file that is read as bytes is in the list where loads.ts names it, and is never imported", async (t) => {
  const files = {
    "app/package.json": '{"type":"module"}',
    "app/main.js": 'import.meta.resolve("p/m.wasm");',
    "node_modules/p/package.json": JSON.stringify({
      name: "p",
      version: "1.0.0",
      exports: { "./m.wasm": "./m.wasm" },
    }),
    "node_modules/p/m.wasm": "bytes",
  };
  const loaders = ["import.meta.resolve"];
  const found = await closureOf(t, files, { "main.js": { loaders, assets: ["p/m.wasm"] } });
  assert.deepEqual(paths(found), ["main.js", "node_modules/p/m.wasm", "node_modules/p/package.json"]);
  const missing = closureOf(t, files, { "main.js": { loaders, assets: ["p/n.wasm"] } });
  await refuses("IMAGE_IMPORT", missing);
  const code = { ...files, "app/main.js": 'import.meta.resolve("p/m.wasm"); import "p/m.wasm";' };
  await refuses("IMAGE_IMPORT", closureOf(t, code, { "main.js": { loaders, assets: ["p/m.wasm"] } }));
});

test("neither worker nor packages use a module of Node that runs programs or code, or finds hosts", () => {
  const forbidden = ["child_process", "cluster", "dgram", "dns", "inspector", "module", "repl", "vm", "wasi"];
  const found = closure.builtins.filter((name) =>
    forbidden.includes(name.slice("node:".length).split("/")[0] ?? ""),
  );
  assert.deepEqual(found, []);
  assert.ok(closure.builtins.includes("node:worker_threads"));
});

// Small programs.

const MANIFEST = JSON.stringify({ name: "p", version: "1.0.0", exports: "./main.js" });

async function closureOf(
  t: TestContext,
  files: Readonly<Record<string, string>>,
  loads: Readonly<Record<string, Partial<Load>>> = {},
): Promise<Closure> {
  const root = await folderOf(t, files);
  const program: Program = {
    directory: join(root, "app"),
    entry: "main.js",
    packagesFrom: root,
    loads: new Map(
      Object.entries(loads).map(([path, each]) => [path, { loaders: [], reaches: [], without: [], ...each }]),
    ),
  };
  return findClosure(program);
}

function paths({ files }: Closure): readonly string[] {
  return files.map(({ path }) => path);
}

test("a program's files, packages and Node's modules are told apart", async (t) => {
  const found = await closureOf(t, {
    "app/main.js":
      'import "./a/b.js"; import "p"; import fs from "fs"; import "node:os"; import x from "./x.json" with { type: "json" }',
    "app/a/b.js": 'export * from "../c.js"; const later = () => import("./late.js");',
    "app/a/late.js": 'import "./b.js";',
    "app/c.js": "",
    "app/x.json": "{}",
    "app/unused.js": "",
    "node_modules/p/package.json": MANIFEST,
    "node_modules/p/main.js": 'import "./lib/deep.js"',
    "node_modules/p/lib/package.json": '{"type":"commonjs"}',
    "node_modules/p/lib/deep.js": 'require("./other"); require("q/sub")',
    "node_modules/p/lib/other.js": "",
    "node_modules/p/README.md": "",
    "node_modules/q/package.json": JSON.stringify({ name: "q", version: "2.0.0" }),
    "node_modules/q/sub.js": "",
  });
  assert.deepEqual(paths(found), [
    ...["a/b.js", "a/late.js", "c.js", "main.js"],
    ...["node_modules/p/lib/deep.js", "node_modules/p/lib/other.js", "node_modules/p/lib/package.json"],
    ...["node_modules/p/main.js", "node_modules/p/package.json"],
    ...["node_modules/q/package.json", "node_modules/q/sub.js", "x.json"],
  ]);
  assert.deepEqual(
    found.packages.map(({ name, version }) => `${name} ${version}`),
    ["p 1.0.0", "q 2.0.0"],
  );
  assert.deepEqual(found.builtins, ["node:fs", "node:os"]);
});

test("what a file loads by other ways is followed where its line says so", async (t) => {
  const files = {
    "app/main.js": 'new Worker(new URL("./thread.js", import.meta.url)); require("native")',
    "app/thread.js": 'import "./more.js"',
    "app/more.js": "",
  };
  const line = { loaders: ["Worker", "import.meta.url"], reaches: ["./thread.js"], without: ["native"] };
  assert.deepEqual(paths(await closureOf(t, files, { "main.js": line })), [
    "main.js",
    "more.js",
    "thread.js",
  ]);
  await refuses("IMAGE_IMPORT", closureOf(t, files));
  await refuses("IMAGE_IMPORT", closureOf(t, files, { "main.js": { ...line, without: [] } }));
  await refuses("IMAGE_IMPORT", closureOf(t, files, { "main.js": { ...line, loaders: ["Worker"] } }));
  // A line that no longer holds would hide the next way that the file learns.
  await refuses(
    "IMAGE_IMPORT",
    closureOf(t, files, { "main.js": { ...line, loaders: [...line.loaders, "eval"] } }),
  );
  await refuses("IMAGE_IMPORT", closureOf(t, files, { "main.js": { ...line, reaches: ["./gone.js"] } }));
});

const REFUSED: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
  ["a file that is not there", { "app/main.js": 'import "./gone.js"' }],
  ["a package that is not there", { "app/main.js": 'import "gone"' }],
  ["a name that is only known at run time", { "app/main.js": "import(process.title)" }],
  ["a file above the program", { "app/main.js": 'import "../outside.js"', "outside.js": "" }],
  [
    "a file of another package by its path",
    { "app/main.js": 'import "./node_modules/p/main.js"', "app/node_modules/p/main.js": "" },
  ],
  [
    "a file above its package",
    {
      "app/main.js": 'import "p"',
      "node_modules/p/package.json": MANIFEST,
      "node_modules/p/main.js": 'import "../q/x.js"',
      "node_modules/q/x.js": "",
    },
  ],
  ["a native file", { "app/main.js": 'require("./addon.node")', "app/addon.node": "" }],
  ["text that is no JavaScript", { "app/main.js": "'" }],
  ["an import by #", { "app/main.js": 'import "#x"' }],
  ["an import by URL", { "app/main.js": 'import "data:text/javascript,0"' }],
];

for (const [name, files] of REFUSED) {
  test(`a program that loads ${name} is refused`, async (t) => {
    await refuses("IMAGE_IMPORT", closureOf(t, files));
  });
}

test("a link that leads out of the program is refused, also where it is named as inside", async (t) => {
  const root = await folderOf(t, { "app/main.js": 'import "./link.js"', "outside.js": "" });
  await symlink("../outside.js", join(root, "app/link.js"));
  const program = { directory: join(root, "app"), entry: "main.js", packagesFrom: root, loads: new Map() };
  await refuses("IMAGE_IMPORT", findClosure(program));
});

test("a package in two versions is refused", async (t) => {
  const files = {
    "app/main.js": 'import "p"; import "q"',
    "node_modules/p/package.json": MANIFEST,
    "node_modules/p/main.js": "",
    "node_modules/q/package.json": JSON.stringify({ name: "q", version: "1.0.0", exports: "./main.js" }),
    "node_modules/q/main.js": 'import "p"',
  };
  assert.equal((await closureOf(t, files)).packages.length, 2);
  const nested = {
    "node_modules/q/node_modules/p/package.json": MANIFEST,
    "node_modules/q/node_modules/p/main.js": "",
  };
  await refuses("IMAGE_PACKAGE", closureOf(t, { ...files, ...nested }));
});

test("the entry point has to be there", async (t) => {
  const root = await folderOf(t, {});
  await mkdir(join(root, "app"));
  await writeFile(join(root, "app", "other.js"), "");
  const program = { directory: join(root, "app"), entry: "main.js", packagesFrom: root, loads: new Map() };
  await refuses("IMAGE_IMPORT", findClosure(program));
});
