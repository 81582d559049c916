// One invocation, from arguments to what is to be printed; no process state is touched. main.ts prints it.
import { readFileSync } from "node:fs";
import { CommanderError } from "commander";
import type { Command } from "commander";
import type { Session } from "./command.ts";
import type { SealroomError } from "../core/errors.ts";
import { findNearest } from "../core/text/nearest.ts";
import { InterruptionLeft, readFault, usage } from "./fault.ts";
import type { Fault } from "./fault.ts";
import type { Report } from "./output.ts";
import { createProgram } from "./program.ts";

/** How an invocation ended. Help and version have been printed by commander. */
export type Ending =
  | { readonly kind: "report"; readonly command: string; readonly report: Report }
  | { readonly kind: "fault"; readonly command: string; readonly fault: Fault }
  | { readonly kind: "help"; readonly exit: 0 | 2 }
  /** `left`: what was left behind, in words. */
  | { readonly kind: "interrupted"; readonly left: string | null };

const GROUPS = ["policy", "enclave", "local"];

export async function invoke(args: readonly string[], session: Session): Promise<Ending> {
  let ending: Ending = { kind: "help", exit: 0 };
  const program = createProgram(readVersion(), {
    session,
    finish: (command, report) => {
      ending = { kind: "report", command, report };
    },
  });
  try {
    await program.parseAsync(asOption(args), { from: "user" });
    return ending;
  } catch (error) {
    if (session.signal.aborted) {
      return { kind: "interrupted", left: error instanceof InterruptionLeft ? error.message : null };
    }
    if (error instanceof CommanderError && error.exitCode === 0) return ending;
    // Help because nothing was asked for.
    if (error instanceof CommanderError && error.code === "commander.help") return { kind: "help", exit: 2 };
    const meant = misspelt(program, args, error);
    if (meant !== null) {
      return { kind: "fault", command: `sealroom ${args[0] ?? ""}`, fault: readFault(meant) };
    }
    return { kind: "fault", command: commandName(args, error), fault: readFault(error) };
  }
}

/** `help enclave start`: commander's help command knows one word. */
function asOption([first, ...words]: readonly string[]): readonly string[] {
  const all = first === undefined ? [] : [first, ...words];
  return first === "help" && words.length > 1 ? [...words, "--help"] : all;
}

/** A word after a command that works with and without one is to commander an operand too many. */
function misspelt(
  program: Command,
  [first, second = ""]: readonly string[],
  error: unknown,
): SealroomError | null {
  if (!(error instanceof CommanderError) || error.code !== "commander.excessArguments") return null;
  const children = program.commands.find((command) => command.name() === first)?.commands ?? [];
  if (children.length === 0 || second.startsWith("-")) return null;
  const names = children.map((command) => command.name());
  const nearest = findNearest(second, names);
  return usage(`unknown command '${second}'${nearest === undefined ? "" : ` (Did you mean ${nearest}?)`}`);
}

/** What was meant, also where it does not parse: the words before the first option. */
function commandName(args: readonly string[], error: unknown): string {
  const isUnknown = error instanceof CommanderError && error.code === "commander.unknownCommand";
  const [first = "", second = ""] = args;
  const isWord = (text: string): boolean => /^[a-z][a-z-]*$/.test(text);
  if (!isWord(first)) return "sealroom";
  if (!GROUPS.includes(first)) return isUnknown ? "sealroom" : `sealroom ${first}`;
  return isUnknown || !isWord(second) ? `sealroom ${first}` : `sealroom ${first} ${second}`;
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
