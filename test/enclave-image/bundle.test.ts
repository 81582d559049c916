// The worker's files put into one for each that begins with them: what Node then loads, that the same files are the same
// text wherever they lie, and that no file comes in that the closure does not have.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdir, realpath, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { bundleClosure } from "../../host-driver/enclave/bundle.ts";
import type { Bundle } from "../../host-driver/enclave/bundle.ts";
import { findClosure } from "../../host-driver/enclave/closure.ts";
import type { Closure } from "../../host-driver/enclave/closure.ts";
import { PRODUCTION_LOADS } from "../../host-driver/enclave/loads.ts";
import type { Load } from "../../host-driver/enclave/loads.ts";
import { refuses } from "../host/refusal.ts";
import { ROOT } from "../host/tree.ts";
import { folderOf } from "./specimens.ts";
import { ENCLAVE_FOLDERS, transpile } from "./transpile.ts";

/** As init starts Node. */
const FLAGS = ["--disallow-code-generation-from-strings"];

async function closureOf(
  t: TestContext,
  files: Readonly<Record<string, string>>,
  loads: Readonly<Record<string, readonly string[]>> = {},
): Promise<Closure> {
  const root = await folderOf(t, files);
  const lines = Object.entries(loads).map(([path, reaches]): [string, Load] => [
    path,
    { loaders: ["import.meta.url"], reaches, without: [] },
  ]);
  return findClosure({
    directory: join(root, "app"),
    entry: "a/main.js",
    packagesFrom: root,
    loads: new Map(lines),
  });
}

/** A folder with these bundles in their places, and nothing else. */
async function placed(t: TestContext, bundles: readonly Bundle[]): Promise<string> {
  const app = await realpath(await folderOf(t, { "package.json": '{"type":"module"}' }));
  for (const { path, text } of bundles) {
    await mkdir(dirname(join(app, path)), { recursive: true });
    await writeFile(join(app, path), text);
  }
  return app;
}

function run(app: string, file: string): { readonly stdout: string; readonly stderr: string } {
  const { stdout, stderr } = spawnSync(process.execPath, [...FLAGS, join(app, file)], {
    cwd: app,
    env: {},
    encoding: "utf8",
    timeout: 60_000,
  });
  return { stdout, stderr };
}

/** A pool as main.js opens it, with one task that no thread can do. */
const POOL =
  'import { openPool } from "./pool.js";' +
  'const thread = new URL("./thread.js", import.meta.url);' +
  "const pool = openPool({ thread, threads: 1, memoryBytes: 2 ** 30 });" +
  "await pool.run({}, new AbortController().signal).catch((error) => console.error(error.code));" +
  "await pool.close();";

test("the worker's bundles start with nothing beside them, its threads too", async (t) => {
  const compiled = await folderOf(t, {});
  await transpile(ROOT, ENCLAVE_FOLDERS, compiled);
  const bundled = async (entry: string, loads: typeof PRODUCTION_LOADS): Promise<string> =>
    placed(
      t,
      await bundleClosure(await findClosure({ directory: compiled, entry, packagesFrom: ROOT, loads })),
    );

  const app = await bundled("enclave-worker/main.js", PRODUCTION_LOADS);
  const main = run(app, "enclave-worker/main.js");
  // It refuses, since here is no enclave; what it lacks is no file, but for the addon, which is not of the bundles.
  assert.doesNotMatch(main.stderr, /ERR_MODULE|Cannot find|ERR_REQUIRE|is not defined/);
  assert.match(main.stderr, /code: '(TRANSPORT_UNAVAILABLE|ENTROPY_SOURCE)'/);

  await writeFile(join(compiled, "enclave-worker/try-pool.js"), POOL);
  const [[, line] = []] = [...PRODUCTION_LOADS].filter(([path]) => path === "enclave-worker/main.js");
  assert.ok(line !== undefined);
  const tried = await bundled(
    "enclave-worker/try-pool.js",
    new Map([...PRODUCTION_LOADS, ["enclave-worker/try-pool.js", { ...line, loaders: ["import.meta.url"] }]]),
  );
  const threads = run(tried, "enclave-worker/try-pool.js");
  assert.doesNotMatch(threads.stderr, /ERR_MODULE|Cannot find|ERR_REQUIRE|is not defined/);
  // The thread's own refusal of a task that is none: a thread that does not start is POOL_THREAD.
  assert.equal(threads.stderr, "INTERNAL\n");
});

const PROGRAM = {
  "app/a/main.js":
    'import { name } from "p"; import { b } from "../b.js"; console.log(name, b, import.meta.url.length > 0);',
  "app/b.js": 'import data from "./c.json" with { type: "json" }; export const b = data.value;',
  "app/c.json": '{"value":7}',
  "app/a/thread.js": "export const idle = true;",
  "node_modules/p/package.json": '{"name":"p","version":"1.0.0","main":"main.js"}',
  "node_modules/p/main.js": '// of p\n"use strict"; exports.name = require("node:path").basename(__dirname);',
};
const LOADS = { "a/main.js": ["./thread.js"] };

test("files, JSON and a package in CommonJS run as one file, whose folder is the bundle's own", async (t) => {
  const bundles = await bundleClosure(await closureOf(t, PROGRAM, LOADS));
  assert.deepEqual(
    bundles.map(({ path }) => path),
    ["a/main.js", "a/thread.js"],
  );
  assert.equal(run(await placed(t, bundles), "a/main.js").stdout, "a 7 true\n");
});

test("the same files are the same text, wherever they lie and wherever the builder runs", async (t) => {
  const [once, again] = [await closureOf(t, PROGRAM, LOADS), await closureOf(t, PROGRAM, LOADS)];
  const bundles = await bundleClosure(once);
  const here = process.cwd();
  process.chdir(
    await folderOf(t, { ...PROGRAM, "tsconfig.json": '{"compilerOptions":{"alwaysStrict":true}}' }),
  );
  try {
    assert.deepEqual(await bundleClosure(again), bundles);
  } finally {
    process.chdir(here);
  }
  for (const { text } of bundles) assert.ok(!text.includes(dirname(here)));
});

test("a file that the closure does not have is not looked for", async (t) => {
  const closure = await closureOf(t, PROGRAM, LOADS);
  const files = closure.files.filter(({ path }) => path !== "b.js");
  await refuses("IMAGE_BUNDLE", bundleClosure({ ...closure, files }));
  const unlinked = closure.files.map((file) => ({ ...file, links: new Map<string, string | null>() }));
  await refuses("IMAGE_BUNDLE", bundleClosure({ ...closure, files: unlinked }));
});

test("a file of the closure that is in no bundle makes none, nor do two starts of one name", async (t) => {
  const closure = await closureOf(t, PROGRAM, LOADS);
  await refuses("IMAGE_BUNDLE", bundleClosure({ ...closure, starts: ["a/main.js"] }));
  const twice = await closureOf(
    t,
    { ...PROGRAM, "app/b/thread.js": "export const other = 1;" },
    { "a/main.js": ["./thread.js", "../b/thread.js"] },
  );
  await refuses("IMAGE_BUNDLE", bundleClosure(twice));
});

test("CommonJS that would run otherwise in a bundle makes none", async (t) => {
  for (const text of [
    "exports.name = 1;",
    'exports.name = 1; "use strict";',
    '"use strict"; exports.name = __filename;',
  ]) {
    const closure = await closureOf(t, { ...PROGRAM, "node_modules/p/main.js": text }, LOADS);
    await refuses("IMAGE_BUNDLE", bundleClosure(closure));
  }
});

test("what a comment calls free of effects is kept for its effects", async (t) => {
  const files = {
    "app/a/main.js":
      "const arm = () => { globalThis.armed = true; }; const unused = /* @__PURE__ */ arm(); console.log(armed);",
  };
  const bundles = await bundleClosure(await closureOf(t, files));
  assert.equal(run(await placed(t, bundles), "a/main.js").stdout, "true\n");
});

test("a file that is no JavaScript makes no bundle", async (t) => {
  const closure = await closureOf(t, PROGRAM, LOADS);
  const [broken] = (await closureOf(t, { "app/a/main.js": "const a = 1; const a = 2;" })).files;
  assert.ok(broken !== undefined);
  const files = closure.files.map((file) =>
    file.path === "a/main.js" ? { ...broken, links: file.links } : file,
  );
  await refuses("IMAGE_BUNDLE", bundleClosure({ ...closure, files }));
});
