// The package as npm installs it: built files below dist/, no sources and no lock file of its own. The stand-ins start
// from it, and measure what is really run.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { ModuleKind, ScriptTarget, transpileModule } from "typescript";
import { parseMeasurements } from "../../core/attestation/measurements.ts";
import { FOLDERS, ROOT } from "../host/tree.ts";

const OPTIONS = {
  module: ModuleKind.ESNext,
  target: ScriptTarget.ES2023,
  rewriteRelativeImportExtensions: true,
  verbatimModuleSyntax: true,
};
let project: string;
let launcher: string;

before(async () => {
  project = await mkdtemp(join(tmpdir(), "sealroom-installed-"));
  const home = join(project, "node_modules", "sealroom");
  launcher = join(home, "bin", "sealroom.mjs");
  await mkdir(home, { recursive: true });
  for (const folder of FOLDERS) await build(folder, join(home, "dist"));
  await cp(join(ROOT, "bin"), join(home, "bin"), { recursive: true });
  await cp(join(ROOT, "package.json"), join(home, "package.json"));
  for (const name of await readdir(join(ROOT, "node_modules"))) {
    if (!name.startsWith(".")) {
      await symlink(join(ROOT, "node_modules", name), join(project, "node_modules", name));
    }
  }
});
after(() => rm(project, { recursive: true, force: true }));

/** As `npm run types` builds them, without the types' being checked. */
async function build(folder: string, target: string): Promise<void> {
  for (const entry of await readdir(join(ROOT, folder), { recursive: true })) {
    if (!entry.endsWith(".ts")) continue;
    const source = await readFile(join(ROOT, folder, entry), "utf8");
    const { outputText } = transpileModule(source, { compilerOptions: OPTIONS });
    const path = join(target, folder, entry.replace(/\.ts$/, ".js"));
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, outputText);
  }
}

/** The one line that `sealroom local --json` prints first, or its fault. */
async function startLocal(): Promise<Record<string, unknown>> {
  const args = [launcher, "local", "--state", join(project, "state"), "--json"];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "ignore"] });
  const exited = once(child, "exit");
  const said = once(child.stdout.setEncoding("utf8"), "data") as Promise<[string]>;
  const [line] = await Promise.race([said, exited.then(() => [""] as const)]);
  child.kill("SIGTERM");
  await exited;
  return JSON.parse(line) as Record<string, unknown>;
}

test("without a lock file the stand-ins do not start, and say what is missing", async () => {
  const { error } = (await startLocal()) as { error?: { code: string; advice: string } };
  assert.equal(error?.code, "LOCAL_PACKAGES");
  assert.match(error.advice, /npm install/);
});

test("the stand-ins and the enclave start from a package that npm has installed", async () => {
  assert.ok(!existsSync(join(project, "node_modules", "sealroom", "package-lock.json")));
  await cp(join(ROOT, "package-lock.json"), join(project, "node_modules", ".package-lock.json"));
  const { measurements, error } = await startLocal();
  assert.equal(error, undefined);
  const first = parseMeasurements(await readFile(String(measurements), "utf8"));

  // One byte of what the enclave runs is another enclave.
  const file = join(project, "node_modules", "sealroom", "dist", "enclave-worker", "session.js");
  await writeFile(file, `${await readFile(file, "utf8")} `);
  const changed = await startLocal();
  const second = parseMeasurements(await readFile(String(changed["measurements"]), "utf8"));
  assert.notEqual(second[0], first[0]);
  assert.notEqual(second[2], first[2]);
  assert.equal(second[1], first[1]);
});
