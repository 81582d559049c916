// Command lines as documents and units show them, held against the commands that there are: options that they have, and
// all that they need. Nothing is run.
import assert from "node:assert/strict";
import type { Command } from "commander";
import { checkNeeded } from "../../cli/command.ts";
import { createProgram } from "../../cli/program.ts";
import { silentProgress } from "../cli/command-line.ts";

/** Fails unless a command of that name has these options, and takes so many operands. */
export async function checkCommandLine(args: readonly string[]): Promise<void> {
  const session = { progress: silentProgress(), signal: new AbortController().signal };
  const program = createProgram("0", { session, finish: () => undefined });
  let parsed = false;
  tame(program, () => (parsed = true));
  try {
    await program.parseAsync(args, { from: "user" });
  } catch (error) {
    assert.fail(`sealroom ${args.join(" ")}: ${error instanceof Error ? error.message : String(error)}`);
  }
  assert.ok(parsed, `sealroom ${args.join(" ")}: no such command`);
}

function tame(command: Command, parsed: () => void): void {
  command.configureOutput({ writeErr: () => undefined, writeOut: () => undefined });
  // A group has no action: to name it alone asks for help.
  if (command.commands.length === 0 || command.name() === "local") {
    command.action((...values: unknown[]) => {
      checkNeeded(command, values.at(-2) as Readonly<Record<string, unknown>>);
      parsed();
    });
  }
  for (const child of command.commands) tame(child, parsed);
}
