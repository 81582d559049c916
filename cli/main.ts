// The entry point of the command line: runs one command, prints its report or its fault, sets the exit code.
import { readFileSync } from "node:fs";
import { constants } from "node:os";
import { CommanderError } from "commander";
import { encodeReport } from "./command.ts";
import type { Report } from "./output.ts";
import { encodeFault, readFault, renderFault } from "./fault.ts";
import { createProgram } from "./program.ts";
import { Progress } from "./progress.ts";

/** How long an interrupted command may take to clean up. */
const GRACE_MS = 5_000;

async function main(args: readonly string[]): Promise<void> {
  const isJson = args.includes("--json");
  const progress = new Progress();
  const { signal } = interruption(progress);
  const finish = (command: string, report: Report): void => {
    progress.clear();
    process.exitCode = report.exit;
    print(isJson ? [JSON.stringify(encodeReport(command, report))] : report.text);
  };
  const program = createProgram(readVersion(), { session: { progress, signal }, finish });
  try {
    await program.parseAsync(args, { from: "user" });
  } catch (error) {
    progress.clear();
    if (error instanceof CommanderError && error.exitCode === 0) return;
    if (signal.aborted) process.exitCode = 130;
    else if (error instanceof CommanderError && error.code === "commander.help") process.exitCode = 2;
    else fail(isUnknownCommand(error) ? "sealroom" : commandName(args), error, isJson);
  }
}

function fail(command: string, error: unknown, isJson: boolean): void {
  const fault = readFault(error);
  process.exitCode = fault.exit;
  if (isJson) print([JSON.stringify(encodeFault(command, fault))]);
  process.stderr.write(`${renderFault(command, fault)}\n`);
  if (fault.stack !== null) process.stderr.write(`${fault.stack}\n`);
}

function isUnknownCommand(error: unknown): boolean {
  return error instanceof CommanderError && error.code === "commander.unknownCommand";
}

function print(lines: readonly string[]): void {
  if (lines.length > 0) process.stdout.write(`${lines.join("\n")}\n`);
}

/** The words before the first option: what was meant, also where it does not parse. */
function commandName(args: readonly string[]): string {
  const known = /^[a-z-]+$/;
  const [first, second] = args;
  if (first === undefined || !known.test(first) || first.startsWith("-")) return "sealroom";
  const hasSub = (first === "policy" || first === "local") && second !== undefined && known.test(second);
  return hasSub && !second.startsWith("-") ? `sealroom ${first} ${second}` : `sealroom ${first}`;
}

function interruption(progress: Progress): { readonly signal: AbortSignal } {
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(name, () => {
      progress.clear();
      // The second one does not wait.
      if (controller.signal.aborted) process.exit(130);
      process.stderr.write(`sealroom: interrupted (${name}, signal ${constants.signals[name]})\n`);
      controller.abort();
      setTimeout(() => process.exit(130), GRACE_MS).unref();
    });
  }
  return controller;
}

/** From the package: one level up from the sources, two from dist/. */
function readVersion(): string {
  for (const path of ["../package.json", "../../package.json"]) {
    try {
      const { version } = JSON.parse(readFileSync(new URL(path, import.meta.url), "utf8")) as {
        version: string;
      };
      return version;
    } catch {
      continue;
    }
  }
  return "unknown";
}

// Whoever reads our output may stop early: `sealroom ... | head`.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  process.exit(error.code === "EPIPE" ? 0 : 4);
});
await main(process.argv.slice(2));
