// The command line builds the same image from two places: other folders, times, umask, language and order of files, from
// sources and from a package as npm installs it. And what differs is named when something does.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, cp, mkdir, readdir, readFile, rm, stat, symlink, utimes, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { parseMeasurements } from "../../core/attestation/measurements.ts";
import { answer } from "../cli/command-line.ts";
import { copyTree, FOLDERS, ROOT } from "../host/tree.ts";
import { elfOf, folderOf, KERNEL, kernelOf, MODULES } from "./specimens.ts";
import { transpile } from "./transpile.ts";

const INIT = "enclave-worker/init/prebuilt/linux-x64";
const ADDON = "transport/native/prebuilt/linux-x64.node";
const LIBC = "lib/x86_64-linux-gnu/libc.so.6";

/** All that an image is made from besides the package itself. */
async function inputsOf(t: TestContext, order: "forwards" | "backwards"): Promise<string> {
  const files: [string, Buffer | string][] = [
    ["kernel", kernelOf(KERNEL)],
    ["node", elfOf({ interpreter: "/lib64/ld.so.2", needed: ["libc.so.6"] })],
    ["system/lib64/ld.so.2", elfOf({})],
    [`system/${LIBC}`, elfOf({})],
    ...Object.entries(MODULES).map(([path, bytes]): [string, Buffer | string] => [`modules/${path}`, bytes]),
  ];
  return folderOf(t, Object.fromEntries(order === "forwards" ? files : files.toReversed()));
}

async function plantPrebuilt(root: string): Promise<void> {
  for (const [path, bytes] of [
    [INIT, elfOf({})],
    [ADDON, elfOf({ needed: ["libc.so.6"] })],
  ] as const) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), bytes);
  }
}

interface Run {
  /** Of bin/sealroom.mjs. */
  readonly root: string;
  readonly inputs: string;
  readonly out: string;
  readonly umask: string;
  readonly env: Readonly<Record<string, string>>;
}

/** What `enclave build` prints. */
async function build({ root, inputs, out, umask, env }: Run): Promise<Readonly<Record<string, unknown>>> {
  const args = [
    "enclave",
    "build",
    "--out",
    out,
    "--kernel",
    join(inputs, "kernel"),
    "--modules",
    join(inputs, "modules"),
  ];
  const rest = [
    "--node",
    join(inputs, "node"),
    "--libraries",
    join(inputs, "system"),
    "--arch",
    "x64",
    "--json",
  ];
  const script = `umask ${umask}; exec "$0" "$@"`;
  const command = [process.execPath, join(root, "bin/sealroom.mjs"), ...args, ...rest];
  const child = spawn("/bin/sh", ["-c", script, ...command], {
    env: { ...env, PATH: process.env["PATH"] ?? "" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output.stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (output.stderr += text));
  await once(child, "close");
  assert.notEqual(output.stdout, "", output.stderr);
  return JSON.parse(output.stdout) as Readonly<Record<string, unknown>>;
}

async function age(directory: string): Promise<void> {
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) await utimes(join(entry.parentPath, entry.name), 1, 1);
  }
}

const SOURCES = ["bin", "tsconfig.base.json"];

test("two folders, times, umasks and languages, sources and package: the same bytes and registers", async (t) => {
  const plain = await copyTree([], SOURCES);
  t.after(plain.remove);
  await plantPrebuilt(plain.root);
  const first = join(await inputsOf(t, "forwards"), "first.eif");
  const answered = await build({
    root: plain.root,
    inputs: dirname(first),
    out: first,
    umask: "022",
    env: { TZ: "UTC", LANG: "C" },
  });
  assert.equal(answered["ok"], true, JSON.stringify(answered));

  // Older than the output of the compiler, and readable for nobody else.
  const other = await copyTree([], SOURCES);
  t.after(other.remove);
  await plantPrebuilt(other.root);
  await age(other.root);
  for (const folder of ["core", "jobs"]) await chmod(join(other.root, folder), 0o700);
  const second = join(await inputsOf(t, "backwards"), "a-name-that-is-longer.eif");
  await age(dirname(second));
  const env = { TZ: "Asia/Kathmandu", LANG: "de_DE.UTF-8", SOURCE_DATE_EPOCH: "5", HOME: "/nowhere" };
  await build({ root: other.root, inputs: dirname(second), out: second, umask: "077", env });

  const installed = await installedPackage(t);
  const third = join(await inputsOf(t, "forwards"), "third.eif");
  const shipped = await build({ root: installed, inputs: dirname(third), out: third, umask: "022", env: {} });
  assert.equal(shipped["ok"], true, JSON.stringify(shipped));

  const bytes = await readFile(first);
  assert.ok((await readFile(second)).equals(bytes), "the second image differs");
  assert.ok((await readFile(third)).equals(bytes), "the package's image differs");
  await checkAnswer(answered, first);
  await checkDifferences(t, other.root, first);
});

/** As npm installs it: dist/ as it was shipped, no sources. */
async function installedPackage(t: TestContext): Promise<string> {
  const project = await folderOf(t, {});
  const home = join(project, "node_modules", "sealroom");
  await transpile(ROOT, FOLDERS, join(home, "dist"));
  await cp(join(ROOT, "bin"), join(home, "bin"), { recursive: true });
  await cp(join(ROOT, "package.json"), join(home, "package.json"));
  for (const name of await readdir(join(ROOT, "node_modules"))) {
    if (!name.startsWith(".")) {
      await symlink(join(ROOT, "node_modules", name), join(project, "node_modules", name));
    }
  }
  await plantPrebuilt(join(home, "dist"));
  return home;
}

/** What is printed, what lies beside the image, and what `measure` says of it. */
async function checkAnswer(answered: Readonly<Record<string, unknown>>, image: string): Promise<void> {
  const beside = image.replace(/\.eif$/, ".measurements.json");
  assert.equal(answered["measurementsFile"], beside);
  const { 0: PCR0, 1: PCR1, 2: PCR2 } = parseMeasurements(await readFile(beside, "utf8"));
  assert.deepEqual(answered["measurements"], { PCR0, PCR1, PCR2 });
  const measured = await answer(["enclave", "measure", image, "--files"]);
  assert.deepEqual(measured["measurements"], { PCR0, PCR1, PCR2 });
  assert.equal(measured["cmdline"], answered["cmdline"]);
  assert.match(String(measured["cmdline"]), /^sealroom\.parent_cid=3 /);
  assert.equal(measured["kernel"], KERNEL);
  const packages = answered["packages"] as readonly { name: string; version: string }[];
  assert.deepEqual(
    measured["packages"],
    Object.fromEntries(packages.map(({ name, version }) => [name, version])),
  );
  const files = measured["files"] as readonly { path: string; kind: string }[];
  assert.equal(files.filter(({ kind }) => kind === "file").length, answered["files"]);
  assert.equal((await stat(image)).mode & 0o777, 0o644);
  const left = (await readdir(dirname(image))).filter((name) => name.startsWith("."));
  assert.deepEqual(left, []);
}

/** One changed source is another PCR0 and PCR2, by that file; another kernel's module another PCR0 and PCR1. */
async function checkDifferences(t: TestContext, root: string, image: string): Promise<void> {
  assert.equal((await answer(["enclave", "diff", image, image])).exit, 0);
  // Of the enclave alone: the command line runs from these sources too.
  const source = join(root, "enclave-worker/session.ts");
  await writeFile(source, `${await readFile(source, "utf8")}\nObject.freeze(["planted"]);\n`);
  const changed = join(await inputsOf(t, "forwards"), "changed.eif");
  await build({ root, inputs: dirname(changed), out: changed, umask: "022", env: {} });
  const found = await answer(["enclave", "diff", image, changed]);
  assert.deepEqual([found.exit, found["equal"], found["registers"]], [1, false, ["PCR0", "PCR2"]]);
  assert.deepEqual(
    (found["files"] as readonly { path: string }[]).map(({ path }) => path),
    ["rootfs/app/bundled.json", "rootfs/app/enclave-worker/main.js"],
  );
  assert.deepEqual(found["bundled"], [{ path: "enclave-worker/session.js", change: "changed" }]);
  // Sources that do not compile make no image, and leave the old one.
  await writeFile(source, "export const broken: number = 'text';\n");
  const before = await readFile(changed);
  const refused = await build({ root, inputs: dirname(changed), out: changed, umask: "022", env: {} });
  assert.equal((refused["error"] as { code: string }).code, "IMAGE_COMPILE");
  assert.ok((await readFile(changed)).equals(before));
  await rm(changed);
}
