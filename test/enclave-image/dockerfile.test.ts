// deploy/Dockerfile, as far as it can be tried without Docker: its build stage's copies and command, run in a folder that
// has nothing else, give the file system of our own image; and it starts the worker as our init does.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cp, mkdir, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { withRootfs } from "../../host-driver/enclave/build.ts";
import { PRODUCTION } from "../../host-driver/enclave/worker.ts";
import { ROOT } from "../host/tree.ts";
import { bytesOf, elfOf, folderOf } from "./specimens.ts";

const ADDON = `transport/native/prebuilt/linux-${process.arch}.node`;

interface Instruction {
  readonly name: string;
  readonly rest: string;
}

/** Of each stage. */
async function stages(): Promise<readonly (readonly Instruction[])[]> {
  const text = await readFile(join(ROOT, "deploy/Dockerfile"), "utf8");
  const instructions = text
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => ({ name: line.split(" ", 1)[0] ?? "", rest: line.slice(line.indexOf(" ") + 1) }));
  const starts = [...instructions.keys()].filter((at) => instructions[at]?.name === "FROM");
  return starts.map((start, at) => instructions.slice(start, starts[at + 1]));
}

function restOf(stage: readonly Instruction[] | undefined, name: string): readonly string[] {
  return (stage ?? []).filter((each) => each.name === name).map(({ rest }) => rest);
}

test("its build stage gives the file system that our own image has, file by file", async (t) => {
  const [build] = await stages();
  const tree = await folderOf(t, {});
  for (const copy of restOf(build, "COPY")) {
    const [target = "", ...sources] = copy.split(" ").reverse();
    for (const source of sources) {
      await cp(join(ROOT, source), join(tree, target === "./" ? source : target), { recursive: true });
    }
  }
  await symlink(join(ROOT, "node_modules"), join(tree, "node_modules"));
  const addon = elfOf({ machine: process.arch === "arm64" ? 183 : 62, needed: ["libc.so.6"] });
  await mkdir(dirname(join(tree, ADDON)), { recursive: true });
  await writeFile(join(tree, ADDON), addon);

  const [install, command = ""] = restOf(build, "RUN");
  assert.equal(install, "npm ci --no-audit --no-fund");
  const rootfs = join(tree, "rootfs");
  const [program, ...args] = command.split(" ").map((word) => (word === "/rootfs" ? rootfs : word));
  assert.equal(program, "node");
  const { status, stderr } = spawnSync(
    "/bin/sh",
    ["-c", 'umask 077; exec "$0" "$@"', process.execPath, ...args],
    {
      cwd: tree,
      encoding: "utf8",
    },
  );
  assert.equal(status, 0, stderr);

  await withRootfs(
    {
      architecture: process.arch === "arm64" ? "arm64" : "x64",
      entryPoint: PRODUCTION,
      node: null,
      addon: join(tree, ADDON),
      libraries: "/",
      signal: new AbortController().signal,
    },
    () => undefined,
    async ({ files, directories }) => {
      const written = await readdir(rootfs, { recursive: true, withFileTypes: true });
      const names = written
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(rootfs.length + 1));
      assert.deepEqual(names.toSorted(), files.map(({ path }) => path).toSorted());
      for (const { path, access, content } of files) {
        const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
        assert.equal(sha256(await readFile(join(rootfs, path))), sha256(await bytesOf(content)), path);
        const { mode } = await stat(join(rootfs, path));
        assert.equal(mode & 0o777, access === "execute" ? 0o755 : 0o644, path);
      }
      for (const path of directories) {
        assert.equal((await stat(join(rootfs, path))).mode & 0o777, 0o755, path);
      }
    },
  );
});

test("the image has that file system and nothing else, and no shell reads its command", async () => {
  const [, image] = await stages();
  assert.deepEqual(restOf(image, "FROM"), ["scratch"]);
  assert.deepEqual(restOf(image, "COPY"), ["--from=build /rootfs/ /"]);
  assert.deepEqual(restOf(image, "RUN"), []);
  assert.deepEqual(
    image?.map(({ name }) => name),
    ["FROM", "COPY", "ENV", "CMD"],
  );
  assert.ok(Array.isArray(JSON.parse(restOf(image, "CMD")[0] ?? "")));
});

/** Text of a C array of strings: `name[] = { "a", entry, NULL };`, with what stands for a variable in it. */
async function initArray(name: string): Promise<readonly string[]> {
  const source = await readFile(join(ROOT, "enclave-worker/init/program.c"), "utf8");
  const body = new RegExp(`\\*${name}\\[\\] = \\{([^}]*)\\}`).exec(source)?.[1] ?? assert.fail(`no ${name}`);
  return body
    .replaceAll(/\/\/.*$/gm, "")
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "" && item !== "NULL");
}

test("it starts Node with the arguments and the environment of our init", async () => {
  const [, image] = await stages();
  const source = await readFile(join(ROOT, "enclave-worker/init/program.c"), "utf8");
  const entry = /ENTRY\[\] = "([^"]+)"/.exec(source)?.[1] ?? assert.fail("no entry point");
  const args = (await initArray("arguments")).map((item) => (item === "entry" ? entry : item.slice(1, -1)));
  assert.deepEqual(JSON.parse(restOf(image, "CMD")[0] ?? ""), args);
  const environment = (await initArray("environment")).map((item) => item.slice(1, -1));
  assert.deepEqual(restOf(image, "ENV"), environment);
});
