// How every command is declared: a summary, examples under its help, --json, options that are needed, and an action that returns a report. What
// an action throws, or returns, is printed in one place (main.ts).
import { Option } from "commander";
import type { Command } from "commander";
import { usage } from "./fault.ts";
import type { JsonObject } from "../core/json.ts";
import type { Report } from "./output.ts";
import type { Progress } from "./progress.ts";

/** What an action may use besides its arguments. */
export interface Session {
  readonly progress: Progress;
  /** Aborted by SIGINT, SIGTERM or SIGHUP. */
  readonly signal: AbortSignal;
}

/** Called with the report of the command that ran, and its full name. */
export type Finish = (command: string, report: Report) => void;

export interface Host {
  readonly session: Session;
  readonly finish: Finish;
}

export interface CommandText {
  readonly summary: string;
  readonly description?: string;
  /** Command lines as they are typed, one or more. */
  readonly examples: readonly string[];
}

/** A command under `parent`, without its arguments. */
export function declare(parent: Command, name: string, text: CommandText): Command {
  const examples = text.examples.map((line) => `  $ ${line}`).join("\n");
  const command = parent
    .command(name)
    .summary(text.summary)
    .description(text.description ?? `${text.summary.charAt(0).toUpperCase()}${text.summary.slice(1)}.`)
    .addHelpText("after", `\nExample${text.examples.length > 1 ? "s" : ""}:\n${examples}\n`);
  return command;
}

const needed = new WeakMap<Command, Option[]>();

/**
 * An option that the command needs. Checked here and not by commander, which would complain that it is missing before it
 * suggests it for one that is misspelt.
 */
export function addNeeded(
  command: Command,
  flags: string,
  description: string,
  repeat?: "repeatable",
): Command {
  const option = new Option(flags, `${description} (needed)`);
  if (repeat === "repeatable") option.argParser(collect);
  needed.set(command, [...(needed.get(command) ?? []), option]);
  return command.addOption(option);
}

/** Errors: USAGE_ARGUMENTS, with those that are missing. */
export function checkNeeded(command: Command, options: Readonly<Record<string, unknown>>): void {
  const missing = (needed.get(command) ?? []).filter(
    (option) => options[option.attributeName()] === undefined,
  );
  if (missing.length > 0) throw usage(`needed: ${missing.map(({ flags }) => flags).join(", ")}`);
}

/** What a command does. Commander vouches for the types: each command declares what its `run` takes. */
export type Run = (session: Session, options: never, ...operands: never[]) => Promise<Report>;

/** Gives the command --json and its action. */
export function act(command: Command, host: Host, run: Run): void {
  command.option("--json", "print one JSON object on standard output");
  command.action(async (...values: unknown[]) => {
    // Commander appends the options and the command itself.
    const operands = values.slice(0, -2);
    checkNeeded(command, values.at(-2) as Readonly<Record<string, unknown>>);
    const report = await run(host.session, values.at(-2) as never, ...(operands as never[]));
    host.finish(fullName(command), report);
  });
}

export function fullName(command: Command): string {
  const names: string[] = [];
  for (let at: Command | null = command; at !== null; at = at.parent) names.unshift(at.name());
  return names.join(" ");
}

/** For an option that may be given several times. */
export function collect(value: string, previous: readonly string[] | undefined): readonly string[] {
  return [...(previous ?? []), value];
}

export function encodeReport(command: string, { exit, json }: Report): JsonObject {
  return { ok: exit === 0, command, exit, ...json };
}
