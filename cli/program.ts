// All commands. Nothing heavy is loaded here: each action imports what it needs when it runs.
import { Command } from "commander";
import { declareAdopt } from "./adopt.ts";
import { declareAttestation } from "./attestation.ts";
import type { Host } from "./command.ts";
import { declareDoctor } from "./doctor.ts";
import { declareEnclave } from "./enclave.ts";
import { declareExplain } from "./explain.ts";
import { declareGrant } from "./grant.ts";
import { declareKeygen } from "./keygen.ts";
import { declareLocal } from "./local.ts";
import { declareOpen } from "./open.ts";
import { WIDTH } from "./output.ts";
import { declareLint } from "./policy-lint.ts";
import { declareRollOver } from "./policy-roll-over.ts";
import { declarePolicy } from "./policy.ts";
import { declareRun } from "./run.ts";
import { declareSchema } from "./schema.ts";
import { declareSeal } from "./seal.ts";
import { declareSign } from "./sign.ts";
import { declareTokenKey } from "./token-key.ts";
import { declareTokenizeValue } from "./tokenize-value.ts";
import { declareVerify } from "./verify.ts";

const DESCRIPTION =
  "Analytics on data that nobody on the machine may read: sealed data sets, AWS Nitro Enclaves, attested receipts.";

export function createProgram(version: string, host: Host): Command {
  const program = new Command("sealroom")
    .description(DESCRIPTION)
    .version(version, "-V, --version", "print the version")
    .helpOption("-h, --help", "print help")
    .helpCommand("help [command]", "print help for a command")
    .addHelpText("after", "\nExample:\n  $ sealroom attestation document.cbor\n\nExit codes: docs/cli.md.\n");
  declareKeygen(program, host);
  declareSeal(program, host);
  declareAdopt(program, host);
  declareSign(program, host);
  declareTokenKey(program, host);
  declareGrant(program, host);
  const policy = declarePolicy(program, host);
  declareLint(policy, host);
  declareRollOver(policy, host);
  declareSchema(program, host);
  declareExplain(program, host);
  declareRun(program, host);
  declareVerify(program, host);
  declareAttestation(program, host);
  declareOpen(program, host);
  declareTokenizeValue(program, host);
  declareEnclave(program, host);
  declareLocal(program, host);
  declareDoctor(program, host);
  tame(program);
  return program;
}

/** Errors are thrown for main.ts to print, with commander's suggestions in them; help fits the terminal. */
function tame(command: Command): void {
  command
    .exitOverride()
    // An option belongs to the command that it follows: several have one of the same name.
    .enablePositionalOptions()
    .showSuggestionAfterError(true)
    .configureHelp({ sortSubcommands: false, showGlobalOptions: false })
    .configureOutput({
      getOutHelpWidth: () => WIDTH,
      getErrHelpWidth: () => WIDTH,
      outputError: () => undefined,
    });
  for (const child of command.commands) tame(child);
}
