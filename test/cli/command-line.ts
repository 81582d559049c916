// The command line as tests use it: spawned through the real launcher, or invoked in this process where a test needs
// many runs. Both give the exit code and the one JSON object that --json prints.
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { encodeReport } from "../../cli/command.ts";
import { encodeFault } from "../../cli/fault.ts";
import { invoke } from "../../cli/invoke.ts";
import { Progress } from "../../cli/progress.ts";

export const LAUNCHER: string = fileURLToPath(new URL("../../bin/sealroom.mjs", import.meta.url));

export interface Finished {
  readonly exit: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly finished: Promise<Finished>;
}

/** Starts the launcher in `directory`, under this very Node, without colours. */
export function start(
  args: readonly string[],
  directory: string = process.cwd(),
  variables: NodeJS.ProcessEnv = {},
): Running {
  const env = { ...process.env, NO_COLOR: "1", ...variables };
  const child = spawn(process.execPath, [LAUNCHER, ...args], {
    cwd: directory,
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output.stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (output.stderr += text));
  const finished = new Promise<Finished>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (exit, signal) => {
      resolve({ exit, signal, ...output });
    });
  });
  return { child, finished };
}

export async function sealroom(
  args: readonly string[],
  directory?: string,
  variables?: NodeJS.ProcessEnv,
): Promise<Finished> {
  return start(args, directory, variables).finished;
}

export type JsonAnswer = Readonly<Record<string, unknown>> & {
  readonly ok: boolean;
  readonly exit: number;
  readonly error?: {
    readonly code: string;
    readonly what: string;
    readonly where: string | null;
    readonly details: Readonly<Record<string, unknown>>;
  };
};

class Silence extends Progress {
  override note(): void {
    this.clear();
  }
  override update(): void {
    this.clear();
  }
  override finish(): void {
    this.clear();
  }
}

/** Says nothing. */
export function silentProgress(): Progress {
  return new Silence();
}

/** Without a process of its own. Interruptions cannot be tested so. */
export async function answer(args: readonly string[]): Promise<JsonAnswer> {
  const session = { progress: silentProgress(), signal: new AbortController().signal };
  const ending = await invoke([...args, "--json"], session);
  if (ending.kind === "report") return encodeReport(ending.command, ending.report) as unknown as JsonAnswer;
  if (ending.kind === "fault") return encodeFault(ending.command, ending.fault) as unknown as JsonAnswer;
  throw new Error(`not an answer: ${ending.kind}`);
}

/** A directory that goes when the test ends. */
export async function scratch(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "sealroom-cli-"));
  t.after(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** Runs `work` on every item, as many at once as the machine has use for. */
export async function forAll<Item>(
  items: readonly Item[],
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const rest = [...items];
  const worker = async (): Promise<void> => {
    for (let item = rest.shift(); item !== undefined; item = rest.shift()) await work(item);
  };
  await Promise.all([worker(), worker()]);
}
