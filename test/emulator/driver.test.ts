// The emulator's driver with parts that misbehave: each stage fails with its name and the console's end, and nothing is
// left behind, whoever dies first. The same driver with the real parts is tested by `npm run test:enclave`.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { openKit } from "../../local/emulator/kit.ts";
import { scratch } from "../cli/command-line.ts";
import { ROOT } from "../host/tree.ts";

const MAIN = join(ROOT, "local/emulator/main.ts");
const FAKE = join(ROOT, "test/emulator/fake-part.ts");

interface Line {
  readonly uds?: string;
  readonly cid?: number;
  readonly pid?: number;
  readonly bootMs?: number;
  readonly error?: { readonly code: string; readonly details: Readonly<Record<string, unknown>> };
}

interface Driver {
  readonly child: ChildProcess;
  /** Its own temporary folder, where sockets would be. */
  readonly temporary: string;
  readonly folder: string;
  readonly line: Promise<Line>;
  readonly exit: Promise<number | null>;
}

async function fakeKit(folder: string, parts: { device: string; qemu: string }): Promise<string> {
  const root = join(folder, "kit/root");
  for (const path of ["usr/bin", "usr/share/qemu", "usr/share/seabios", "boot", "lib/modules/6.1"]) {
    await mkdir(join(root, path), { recursive: true });
  }
  await writeFile(join(root, "boot/vmlinuz-6.1"), "");
  const program = async (name: string, text: string): Promise<void> => {
    await writeFile(join(root, "usr/bin", name), `#!/bin/sh\n${text}\n`);
    await chmod(join(root, "usr/bin", name), 0o755);
  };
  const fake = (behaviour: string): string => `exec '${process.execPath}' '${FAKE}' ${behaviour} "$@"`;
  await program("vhost-device-vsock", fake(parts.device));
  await program("qemu-system-x86_64", fake(parts.qemu));
  await program("tsc-khz", "echo 2100000");
  return join(folder, "kit");
}

async function start(t: TestContext, parts: { device: string; qemu: string }): Promise<Driver> {
  const folder = await scratch(t);
  const temporary = join(folder, "tmp");
  await mkdir(temporary);
  const kit = await fakeKit(folder, parts);
  const args = ["--image", join(folder, "image.eif"), "--state", join(folder, "state"), "--emulator", kit];
  const child = spawn(process.execPath, [MAIN, ...args], {
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...process.env, TMPDIR: temporary },
  });
  t.after(() => child.kill("SIGKILL"));
  const line = new Promise<Line>((resolve, reject) => {
    const lines = createInterface({ input: child.stdout });
    lines.once("line", (text) => {
      resolve(JSON.parse(text) as Line);
    });
    lines.once("close", () => {
      reject(new Error("it said nothing"));
    });
  });
  line.catch(() => undefined);
  const exit = once(child, "exit").then(([code]) => code as number | null);
  return { child, temporary, folder, line, exit };
}

/** Process ids whose arguments name this test's folder, this process aside. */
async function processesOf(folder: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const pid of await readdir("/proc")) {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) continue;
    const line = await readFile(`/proc/${pid}/cmdline`, "latin1").catch(() => "");
    if (line.includes(folder)) found.push(`${pid} ${line.replaceAll("\0", " ")}`);
  }
  return found;
}

/** Both are gone, or the test runs into its time. */
async function waitUntilGone(folder: string): Promise<void> {
  while ((await processesOf(folder)).length > 0) await delay(50);
}

const WELL = { device: "device", qemu: "guest" };

test("an image that comes up is told of in one line, and gone when standard input closes", async (t) => {
  const driver = await start(t, WELL);
  const line = await driver.line;
  assert.deepEqual(Object.keys(line), ["uds", "cid", "pid", "bootMs"]);
  assert.equal(line.pid, driver.child.pid);
  assert.equal(line.cid, 4);
  assert.ok((line.uds ?? "").length + "_65535".length < 108);
  const log = join(driver.folder, "state/console.log");
  while (!(await readFile(log, "utf8")).includes("heartbeat answered: b7")) await delay(20);
  driver.child.stdin?.end();
  assert.equal(await driver.exit, 0);
  assert.deepEqual(await processesOf(driver.folder), []);
  assert.deepEqual(await readdir(driver.temporary), []);
});

test("QEMU gets ACPI, one CPU, and the rate of this machine's counter, and no word more", async (t) => {
  const driver = await start(t, WELL);
  await driver.line;
  const args = await readFile(join(driver.folder, "image.eif.arguments"), "utf8");
  assert.match(args, /-M nitro-enclave,vsock=device,id=i-0{17}-enc[0-9a-f]{16},acpi=on /);
  assert.match(args, / -smp 1 /);
  assert.match(args, / -append tsc_early_khz=2100000 tsc=reliable -chardev /);
  assert.match(args, / -m 1024M /);
});

test("a signal ends everything, and so does the death of the driver itself", async (t) => {
  const asked = await start(t, WELL);
  await asked.line;
  asked.child.kill("SIGTERM");
  assert.equal(await asked.exit, 0);
  assert.deepEqual(await processesOf(asked.folder), []);
  assert.deepEqual(await readdir(asked.temporary), []);

  const killed = await start(t, WELL);
  await killed.line;
  assert.equal((await processesOf(killed.folder)).length, 3);
  killed.child.kill("SIGKILL");
  await killed.exit;
  await waitUntilGone(killed.folder);
});

test("a driver that is called off before its guest is up leaves nothing behind either", async (t) => {
  const driver = await start(t, { device: "other-port", qemu: "guest" });
  while ((await processesOf(driver.folder)).length < 3) await delay(20);
  driver.child.stdin?.end();
  assert.equal(await driver.exit, 0);
  await assert.rejects(driver.line, /it said nothing/);
  assert.deepEqual(await processesOf(driver.folder), []);
  assert.deepEqual(await readdir(driver.temporary), []);
});

test("a part that ends at once fails the stage that needs it, with what it printed, made harmless", async (t) => {
  const cases = [
    { parts: { device: "no", qemu: "guest" }, stage: "device", console: "" },
    {
      parts: { device: "device", qemu: "panic" },
      stage: "heartbeat",
      console: "Kernel panic - not syncing: no init",
    },
  ];
  for (const { parts, stage, console } of cases) {
    const driver = await start(t, parts);
    const { error } = await driver.line;
    const fault = "a process of the emulator ended";
    assert.deepEqual(error, { code: "EMULATOR_BOOT", details: { stage, fault, console } });
    assert.equal(await driver.exit, 4);
    assert.deepEqual(await processesOf(driver.folder), []);
    assert.deepEqual(await readdir(driver.temporary), []);
  }
});

test("a heartbeat of another byte fails the stage", async (t) => {
  const driver = await start(t, { device: "device", qemu: "wrong-byte" });
  const { error } = await driver.line;
  assert.equal(error?.code, "EMULATOR_BOOT");
  assert.equal(error.details["stage"], "heartbeat");
  assert.equal(error.details["fault"], "the guest sent another byte than 0xB7");
  assert.equal(await driver.exit, 4);
});

test("a guest that ends after it was up ends the driver with the environment's exit code", async (t) => {
  const driver = await start(t, WELL);
  await driver.line;
  const [qemu] = (await processesOf(driver.folder)).filter((line) => line.includes("fake-part.ts guest"));
  process.kill(Number(qemu?.split(" ", 1)[0]), "SIGKILL");
  assert.equal(await driver.exit, 4);
  assert.deepEqual(await processesOf(driver.folder), []);
});

test("a kit that is missing, or lacks a part, is an error that says what to run", async (t) => {
  const folder = await scratch(t);
  const missing = { code: "EMULATOR_MISSING" } as const;
  const run = "npm run emulator";
  const nothing = join(folder, "nothing");
  await assert.rejects(openKit(nothing), {
    ...missing,
    details: { folder: nothing, missing: join(nothing, "root/lib/modules"), run },
  });
  const kit = await fakeKit(folder, WELL);
  const qemu = join(kit, "root/usr/bin/qemu-system-x86_64");
  await chmod(qemu, 0o644);
  await assert.rejects(openKit(kit), { ...missing, details: { folder: kit, missing: qemu, run } });
  await chmod(qemu, 0o755);
  assert.equal((await openKit(kit)).kernel, join(kit, "root/boot/vmlinuz-6.1"));
});
