// Runs a script of a tree as a process of its own, and gives what it printed.
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const TIMEOUT_MS = 300_000;

/** Copies of one tree share their packages: what was compiled of them for one run serves the next. */
const cache = mkdtempSync(join(tmpdir(), "sealroom-compiled-"));
const ended = new AbortController();
process.once("exit", () => {
  ended.abort();
  rmSync(cache, { recursive: true, force: true });
});

/** Rejects when the process fails, with what it printed. */
export async function runProgram(root: string, script: string, args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [join(root, script), ...args], {
    timeout: TIMEOUT_MS,
    signal: ended.signal,
    env: { ...process.env, NODE_OPTIONS: "", NODE_COMPILE_CACHE: cache },
  });
  return stdout;
}
