// Has this process kill itself at the n-th step of writing below a directory: before and after each call to the file
// system, and in the middle of each write. Loaded before a program (`node --import`), it reads SEALROOM_KILL_AT.
import { promises } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";

const STEPS = ["open", "mkdir", "mkdtemp", "rename", "rmdir", "rm"] as const;

/** `at` 0 kills nowhere. Returns how many steps there have been. */
export function killAt(directory: string, at: number): () => number {
  let steps = 0;
  const step = (): void => {
    if (++steps === at) process.kill(process.pid, "SIGKILL");
  };
  const isBelow = (path: unknown): boolean => String(path).startsWith(directory);
  const calls = promises as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
  for (const name of STEPS) {
    const call = calls[name];
    if (call === undefined) continue;
    calls[name] = async (...args) => {
      if (!isBelow(args[0])) return call(...args);
      step();
      const result = await call(...args);
      step();
      if (name === "open") interrupt(result as FileHandle, step);
      return result;
    };
  }
  syncBuiltinESMExports();
  return () => steps;
}

function interrupt(file: FileHandle, step: () => void): void {
  const [sync, close] = [file.sync.bind(file), file.close.bind(file)];
  file.writeFile = async (data) => {
    const bytes = Buffer.from(data as Uint8Array);
    const half = bytes.length >> 1;
    await file.write(bytes.subarray(0, half));
    step();
    await file.write(bytes.subarray(half));
    step();
  };
  file.sync = async () => {
    await sync();
    step();
  };
  file.close = async () => {
    await close();
    step();
  };
}

const [, at, directory] = /^(\d+) (.+)$/.exec(process.env["SEALROOM_KILL_AT"] ?? "") ?? [];
if (at !== undefined && directory !== undefined) killAt(directory, Number(at));
