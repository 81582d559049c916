// What is left of the stand-ins when a process of theirs is killed: nothing that runs, and no sockets.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import test from "node:test";
import type { TestContext } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { LAUNCHER } from "../cli/command-line.ts";
import { ROOT } from "../host/tree.ts";

const MAIN = join(ROOT, "local/main.ts");
/** Generous: what is left behind would run for ever. */
const DEADLINE_MS = 60_000;

const skip = process.platform === "linux" ? false : "processes are found in /proc";

interface Seen {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
}

/** Zombies are gone: their parent has not looked yet. */
function processes(): readonly Seen[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const [state, parent] = readFileSync(`/proc/${name}/stat`, "utf8")
          .replace(/^.*\) /s, "")
          .split(" ");
        const command = readFileSync(`/proc/${name}/cmdline`, "utf8").replaceAll("\0", " ");
        return state === "Z" ? [] : [{ pid: Number(name), parent: Number(parent), command }];
      } catch {
        return [];
      }
    });
}

async function until<T>(what: string, look: () => Promise<T | null> | T | null): Promise<T> {
  const end = performance.now() + DEADLINE_MS;
  for (;;) {
    const found = await look();
    if (found !== null) return found;
    if (performance.now() > end) throw new Error(`in vain: ${what}`);
    await pause(20);
  }
}

async function isGone(path: string): Promise<boolean> {
  return stat(path).then(
    () => false,
    () => true,
  );
}

async function stateOf(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "orphans-"));
  t.after(() => rm(directory, { recursive: true, force: true }));
  return join(directory, "state");
}

/** What `child` has started, once there is an enclave with its sockets. */
async function enclaveOf(child: ChildProcess): Promise<{ readonly pid: number; readonly sockets: string }> {
  return until("an enclave", () => {
    const all = processes();
    const isBelow = (pid: number): boolean =>
      pid === child.pid || all.some((one) => one.pid === pid && one.parent > 1 && isBelow(one.parent));
    const found = all.find(({ pid, command }) => command.includes("local/enclave-main.ts") && isBelow(pid));
    const [sockets] = / (\S+)\/nsm\.sock /.exec(found?.command ?? "")?.slice(1) ?? [];
    return found === undefined || sockets === undefined ? null : { pid: found.pid, sockets };
  });
}

async function assertNothingLeft(enclave: { readonly pid: number; readonly sockets: string }): Promise<void> {
  await until("the enclave's end", () => processes().every(({ pid }) => pid !== enclave.pid) || null);
  await until("the end of its sockets", async () => (await isGone(enclave.sockets)) || null);
}

function spawnOn(args: readonly string[]): ChildProcess {
  return spawn(process.execPath, [...args], { stdio: ["pipe", "pipe", "ignore"] });
}

async function kill(child: ChildProcess): Promise<void> {
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
}

test("an enclave ends when the process that simulates its hypervisor is killed", { skip }, async (t) => {
  const child = spawnOn([MAIN, "--enclave", "--state", await stateOf(t)]);
  assert.ok(child.stdout);
  await once(createInterface({ input: child.stdout }), "line");
  const enclave = await enclaveOf(child);
  await kill(child);
  await assertNothingLeft(enclave);
});

test("an enclave ends when the command that started the stand-ins is killed", { skip }, async (t) => {
  const child = spawnOn([LAUNCHER, "local", "--json", "--state", await stateOf(t)]);
  assert.ok(child.stdout);
  await once(createInterface({ input: child.stdout }), "line");
  const enclave = await enclaveOf(child);
  await kill(child);
  await assertNothingLeft(enclave);
});

test("an enclave ends when the command is killed while the enclave starts", { skip }, async (t) => {
  const child = spawnOn([LAUNCHER, "local", "--json", "--state", await stateOf(t)]);
  const enclave = await enclaveOf(child);
  await kill(child);
  await assertNothingLeft(enclave);
});

test("the stand-ins leave no sockets when they are told to end", { skip }, async (t) => {
  const child = spawnOn([MAIN, "--enclave", "--state", await stateOf(t)]);
  assert.ok(child.stdout);
  await once(createInterface({ input: child.stdout }), "line");
  const enclave = await enclaveOf(child);
  const exited = once(child, "exit");
  child.stdin?.end();
  assert.deepEqual(await exited, [0, null]);
  await assertNothingLeft(enclave);
});
