// Commands as a user types them, shown with what they answer.
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../", import.meta.url));
const LAUNCHER = join(ROOT, "bin/sealroom.mjs");

export function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

export function heading(text: string): void {
  say(`\n== ${text}`);
}

/** As it is typed, folded to the width of a terminal. */
export function showCommand(command: string): void {
  const lines = ["$ sealroom"];
  for (const word of command.split(" ")) {
    const line = lines.at(-1) ?? "";
    if (line.length + word.length > 76) lines.push(`    ${word}`);
    else lines[lines.length - 1] = `${line} ${word}`;
  }
  say(`\n${lines.join(" \\\n")}`);
}

/** Its standard output is the caller's. */
export function start(
  command: string,
  besides: "inherit" | "pipe" = "inherit",
): ChildProcess & { readonly stdout: Readable } {
  const child = spawn(process.execPath, [LAUNCHER, ...command.split(" ")], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", besides],
  });
  const { stdout } = child;
  if (stdout === null) throw new Error("standard output was not piped");
  return Object.assign(child, { stdout });
}

/**
 * Shows the command, runs it, shows as many lines of what it answers, and returns that. What it says besides is shown too,
 * but of a command of which no line is, unless it fails.
 */
export async function sealroom(command: string, shownLines = Infinity): Promise<string> {
  showCommand(command);
  const child = start(command, shownLines === 0 ? "pipe" : "inherit");
  let output = "";
  let besides = "";
  child.stdout.setEncoding("utf8");
  child.stdout.on("data", (chunk: string) => (output += chunk));
  child.stderr?.setEncoding("utf8").on("data", (chunk: string) => (besides += chunk));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  const lines = output.trimEnd().split("\n");
  if (shownLines > 0 && output !== "") say(lines.slice(0, shownLines).join("\n"));
  if (shownLines > 0 && lines.length > shownLines) say("  ...");
  if (code !== 0) {
    process.stderr.write(besides);
    throw new Error(`\`sealroom ${command.split(" ", 1).join("")}\` ended with exit code ${code ?? -1}`);
  }
  return output;
}

/** The one that must not succeed. */
export async function refused(command: string, shownLines: number): Promise<void> {
  let succeeded = false;
  try {
    await sealroom(command, shownLines);
    succeeded = true;
  } catch (error) {
    say(`(refused, as it should be: ${error instanceof Error ? error.message : ""})`);
  }
  if (succeeded) throw new Error("a job was allowed that no rule allows");
}
