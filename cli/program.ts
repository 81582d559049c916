// All commands. Nothing heavy is loaded here: each action imports what it needs when it runs.
import { Command } from "commander";
import { declareAttestation } from "./attestation.ts";
import { HELP_WIDTH } from "./command.ts";
import type { Host } from "./command.ts";
import { declareOpen } from "./open.ts";

const DESCRIPTION =
  "Analytics on data that nobody on the machine may read: sealed data sets, AWS Nitro Enclaves, attested receipts.";

export function createProgram(version: string, host: Host): Command {
  const program = new Command("sealroom")
    .description(DESCRIPTION)
    .version(version, "-V, --version", "print the version")
    .helpOption("-h, --help", "print help")
    .helpCommand("help [command]", "print help for a command")
    .addHelpText("after", "\nExample:\n  $ sealroom attestation document.cbor\n\nExit codes: docs/cli.md.\n");
  declareAttestation(program, host);
  declareOpen(program, host);
  tame(program);
  return program;
}

/** Errors are thrown for main.ts to print, with commander's suggestions in them; help fits the terminal. */
function tame(command: Command): void {
  command
    .exitOverride()
    .showSuggestionAfterError(true)
    .configureHelp({ sortSubcommands: false, showGlobalOptions: false })
    .configureOutput({
      getOutHelpWidth: () => HELP_WIDTH,
      getErrHelpWidth: () => HELP_WIDTH,
      outputError: () => undefined,
    });
  for (const child of command.commands) tame(child);
}
