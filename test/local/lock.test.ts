import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { lockState } from "../../local/lock.ts";

async function withDirectory(use: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "sealroom-lock-"));
  try {
    await use(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

test("one process at a time holds a state directory, and the refusal names the holder", async () => {
  await withDirectory(async (directory) => {
    const lock = await lockState(directory);
    await assert.rejects(lockState(directory), {
      code: "LOCAL_LOCKED",
      details: { directory, pid: String(process.pid) },
    });
    await lock.release();
    await (await lockState(directory)).release();
  });
});

test("the same directory by another name is the same lock", async () => {
  await withDirectory(async (directory) => {
    const lock = await lockState(directory);
    await assert.rejects(lockState(join(directory, "..", directory.split("/").at(-1) ?? "")), {
      code: "LOCAL_LOCKED",
    });
    await lock.release();
  });
});

test("a holder that is killed leaves no lock behind", async () => {
  await withDirectory(async (directory) => {
    const source = `
      import { lockState } from ${JSON.stringify(new URL("../../local/lock.ts", import.meta.url).href)};
      await lockState(${JSON.stringify(directory)});
      process.stdout.write("locked");
      setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", source], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await new Promise((resolve) => child.stdout.once("data", resolve));
    await assert.rejects(lockState(directory), { code: "LOCAL_LOCKED" });
    const exited = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await exited;
    await (await lockState(directory)).release();
  });
});
