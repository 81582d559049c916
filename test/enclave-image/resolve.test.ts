// Where an import leads: held to Node's own resolution over the packages that are installed, and to a table of `exports`.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdir, readFile, realpath } from "node:fs/promises";
import { createRequire, isBuiltin } from "node:module";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { exportTarget, resolvePackage, resolveRelative } from "../../host-driver/enclave/resolve.ts";
import type { Way } from "../../host-driver/enclave/resolve.ts";
import { ROOT } from "../host/tree.ts";
import { refuses } from "../host/refusal.ts";
import { folderOf } from "./specimens.ts";

const FROM = join(ROOT, "core/json.ts");

async function ours(specifier: string, way: Way): Promise<string | null> {
  const found = await resolvePackage(FROM, ROOT, specifier, way).catch(() => null);
  return found?.file ?? null;
}

async function nodes(require: NodeJS.Require, specifier: string): Promise<string | null> {
  try {
    return await realpath(require.resolve(specifier));
  } catch {
    return null;
  }
}

async function specifiers(): Promise<readonly string[]> {
  const top = await readdir(join(ROOT, "node_modules"));
  const names = await Promise.all(
    top.map(async (name) =>
      name.startsWith("@")
        ? (await readdir(join(ROOT, "node_modules", name))).map((each) => `${name}/${each}`)
        : [name],
    ),
  );
  const found = await Promise.all(
    names
      .flat()
      .filter((name) => !name.startsWith("."))
      .map(async (name) => {
        const text = await readFile(join(ROOT, "node_modules", name, "package.json"), "utf8").catch(
          () => "{}",
        );
        const { exports } = JSON.parse(text) as { exports?: unknown };
        const isMap = typeof exports === "object" && exports !== null;
        const keys = isMap ? Object.keys(exports).filter((key) => key.startsWith("./")) : [];
        const subpaths = keys.map((key) => `${name}${key.slice(1).replaceAll("*", "index")}`);
        return [name, `${name}/package.json`, `${name}/no-such-file`, ...subpaths];
      }),
  );
  // A package that has the name of one of Node's own modules is never reached by it.
  return found
    .flat()
    .filter((specifier) => !isBuiltin(specifier.split("/")[0] ?? "") && !specifier.endsWith("/"));
}

test("requires lead where Node's own lead, for every installed package and each of its doors", async () => {
  const require = createRequire(FROM);
  let resolved = 0;
  for (const specifier of await specifiers()) {
    const known = await nodes(require, specifier);
    const found = await ours(specifier, "require");
    // Directories and files without an extension as packages' doors: refused here.
    if (found === null && known !== null && !/\.(c?js|json)$/.test(known)) continue;
    assert.equal(found, known, specifier);
    resolved += known === null ? 0 : 1;
  }
  assert.ok(resolved > 200, String(resolved));
});

test("imports lead where Node's own lead, for every installed package and each of its doors", async () => {
  const list = await specifiers();
  const script =
    "const list = JSON.parse(process.env.LIST); const from = process.env.FROM;" +
    "console.log(JSON.stringify(list.map((name) => { try { return import.meta.resolve(name, from); } catch { return null; } })))";
  const args = ["--experimental-import-meta-resolve", "--input-type=module", "--eval", script];
  const env = { LIST: JSON.stringify(list), FROM: pathToFileURL(FROM).href };
  const known = JSON.parse(execFileSync(process.execPath, args, { env, encoding: "utf8" })) as (
    string | null
  )[];
  for (const [at, specifier] of list.entries()) {
    const url = known[at] ?? null;
    // Node names a file without looking whether it is there.
    const path = url === null ? null : await realpath(fileURLToPath(url)).catch(() => null);
    const found = await ours(specifier, "import");
    assert.equal(found, path, specifier);
  }
});

const CONDITIONS = ["import", "node", "default"];

const EXPORTS: readonly (readonly [exports: unknown, subpath: string, target: string | null | undefined])[] =
  [
    ["./a.js", ".", "./a.js"],
    ["./a.js", "./a.js", undefined],
    [{ ".": "./a.js", "./b": "./b.js" }, "./b", "./b.js"],
    [{ require: "./r.js", import: "./i.js" }, ".", "./i.js"],
    [{ default: "./d.js", import: "./i.js" }, ".", "./d.js"],
    [{ ".": { browser: "./w.js", node: { require: "./r.js", default: "./n.js" } } }, ".", "./n.js"],
    [{ ".": { node: { require: "./r.js" }, import: "./i.js" } }, ".", "./i.js"],
    [{ ".": { node: null, import: "./i.js" } }, ".", null],
    [{ ".": [{ require: "./r.js" }, "./f.js"] }, ".", "./f.js"],
    [{ ".": [null, "./f.js"] }, ".", "./f.js"],
    [{ ".": [] }, ".", undefined],
    [{ "./*": "./src/*.js" }, "./a/b", "./src/a/b.js"],
    [{ "./*": "./src/*.js", "./a/*": "./deep/*/*.js" }, "./a/b", "./deep/b/b.js"],
    [{ "./*.js": "./src/*.js", "./*": "./any/*" }, "./x.js", "./src/x.js"],
    [{ "./*": "./any/*", "./private/*": null }, "./private/x", null],
    [{ "./a*": "./x/*" }, "./a", undefined],
    [{ "./*": "./x/*" }, "./*", "./x/*"],
    [{ "./a": "./a.js" }, "./__proto__", undefined],
    [{ "./a": "./a.js" }, "./constructor", undefined],
  ];

for (const [exports, subpath, target] of EXPORTS) {
  test(`${JSON.stringify(exports)} gives for ${subpath} what Node's algorithm gives`, () => {
    assert.equal(exportTarget(exports, subpath, CONDITIONS), target);
  });
}

function manifest(fields: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ name: "p", version: "1.0.0", ...fields });
}

test("a door that leads out of its package, to nothing, or is none, is refused", async (t) => {
  for (const target of ["../out.js", "./../out.js", "/out.js", "./gone.js", "other", "./a/../../out.js"]) {
    const root = await folderOf(t, {
      "node_modules/p/package.json": manifest({ exports: target }),
      "node_modules/out.js": "",
      "node_modules/p/a/x.js": "",
    });
    await refuses("IMAGE_IMPORT", resolvePackage("from.js", root, "p", "import"));
  }
  const root = await folderOf(t, { "node_modules/p/package.json": manifest({ main: "main.js" }) });
  for (const specifier of ["p", "p/gone.js", "q", "#p", "https://p", "/p", "@p", ""]) {
    await refuses("IMAGE_IMPORT", resolvePackage("from.js", root, specifier, "import"));
  }
});

test("a package that says that it is another, or is no JSON, is refused", async (t) => {
  for (const text of [manifest({ name: "q" }), manifest({ version: 1 }), "{", "null", "[]"]) {
    const root = await folderOf(t, { "node_modules/p/package.json": text });
    await refuses("IMAGE_PACKAGE", resolvePackage("from.js", root, "p", "import"));
  }
});

test("a require finds extensions and index files, an import exactly what it names", async (t) => {
  const root = await realpath(
    await folderOf(t, { "a.js": "", "b/index.js": "", "c.json": "{}", d: "", "d.js": "" }),
  );
  const from = join(root, "from.js");
  for (const [specifier, file] of [
    ["./a", "a.js"],
    ["./b", "b/index.js"],
    ["./b/", "b/index.js"],
    ["./c", "c.json"],
    ["./d", "d"],
  ] as const) {
    assert.equal(await resolveRelative(from, specifier, "require"), join(root, file));
    if (specifier !== "./d") await refuses("IMAGE_IMPORT", resolveRelative(from, specifier, "import"));
  }
  assert.equal(await resolveRelative(from, "./a.js", "import"), join(root, "a.js"));
});
