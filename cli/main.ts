// The entry point of the command line: runs one command, prints its report or its fault, sets the exit code.
import { encodeReport } from "./command.ts";
import { encodeFault, renderFault } from "./fault.ts";
import { invoke } from "./invoke.ts";
import type { Ending } from "./invoke.ts";
import { Progress } from "./progress.ts";

/** How long an interrupted command may take to clean up. */
const GRACE_MS = 5_000;

async function main(args: readonly string[]): Promise<void> {
  const progress = new Progress();
  const ending = await invoke(args, { progress, signal: interruption(progress) });
  progress.clear();
  process.exitCode = print(ending, args.includes("--json") ? "json" : "text");
}

function print(ending: Ending, form: "json" | "text"): number {
  switch (ending.kind) {
    case "report": {
      const { command, report } = ending;
      printLines(form === "json" ? [JSON.stringify(encodeReport(command, report))] : report.text);
      return report.exit;
    }
    case "fault": {
      const { command, fault } = ending;
      if (form === "json") printLines([JSON.stringify(encodeFault(command, fault))]);
      process.stderr.write(`${renderFault(command, fault)}\n`);
      if (fault.stack !== null) process.stderr.write(`${fault.stack}\n`);
      return fault.exit;
    }
    case "help":
      return ending.exit;
    case "interrupted":
      process.stderr.write(`sealroom: interrupted; ${ending.left ?? "nothing was left behind."}\n`);
      return 130;
  }
}

function printLines(lines: readonly string[]): void {
  if (lines.length > 0) process.stdout.write(`${lines.join("\n")}\n`);
}

function interruption(progress: Progress): AbortSignal {
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(name, () => {
      progress.clear();
      // The second one does not wait.
      if (controller.signal.aborted) process.exit(130);
      controller.abort();
      setTimeout(() => process.exit(130), GRACE_MS).unref();
    });
  }
  return controller.signal;
}

// Whoever reads our output may stop early: `sealroom ... | head`.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  process.exit(error.code === "EPIPE" ? 0 : 4);
});
await main(process.argv.slice(2));
