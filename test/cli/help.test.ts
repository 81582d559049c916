// What the command line says about itself, and about a command line that is wrong.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import test from "node:test";
import type { Command } from "commander";
import { createProgram } from "../../cli/program.ts";
import { Progress } from "../../cli/progress.ts";
import { EXIT_CODES, consequenceOf, renderExitTable } from "../../cli/exit.ts";
import { ERROR_CODES } from "../../core/errors.ts";
import type { ErrorCode } from "../../core/errors.ts";
import { answer, LAUNCHER, sealroom } from "./command-line.ts";

const DOCS = new URL("../../docs/cli.md", import.meta.url);
const MARK = "<!-- What follows is made by cli/exit.ts; SEALROOM_WRITE_DOCS=1 rewrites it. -->\n";

function allCommands(): readonly (readonly [name: string, command: Command])[] {
  const session = { progress: new Progress(), signal: new AbortController().signal };
  const program = createProgram("0", { session, finish: () => undefined });
  const walk = (command: Command, name: string): readonly (readonly [string, Command])[] => [
    [name, command],
    ...command.commands.flatMap((child) => walk(child, `${name} ${child.name()}`)),
  ];
  return walk(program, "sealroom");
}

function helpOf(command: Command): string {
  let text = "";
  command.configureOutput({ ...command.configureOutput(), writeOut: (part) => (text += part) });
  command.outputHelp();
  return text;
}

test("the commands are those that are documented, each with an example in its help", async () => {
  const commands = allCommands();
  assert.deepEqual(commands.map(([name]) => name).sort(), [
    "sealroom",
    "sealroom adopt",
    "sealroom attestation",
    "sealroom doctor",
    "sealroom enclave",
    "sealroom enclave build",
    "sealroom enclave diff",
    "sealroom enclave measure",
    "sealroom enclave start",
    "sealroom enclave status",
    "sealroom enclave stop",
    "sealroom explain",
    "sealroom grant",
    "sealroom keygen",
    "sealroom local",
    "sealroom local create-key",
    "sealroom local put-key-policy",
    "sealroom local status",
    "sealroom open",
    "sealroom policy",
    "sealroom policy kms",
    "sealroom policy lint",
    "sealroom policy roll-over",
    "sealroom run",
    "sealroom schema",
    "sealroom seal",
    "sealroom sign",
    "sealroom token-key",
    "sealroom tokenize-value",
    "sealroom verify",
  ]);
  const docs = await readFile(DOCS, "utf8");
  for (const [name, command] of commands) {
    const help = helpOf(command);
    if (name !== "sealroom policy") assert.match(help, /\nExamples?:\n {2}\$ sealroom /, name);
    assert.ok(
      help.split("\n").every((line) => line.length <= 80),
      name,
    );
    if (command.commands.length === 0) {
      assert.ok(
        command.options.some(({ long }) => long === "--json"),
        name,
      );
      assert.ok(docs.includes(`\`${name.replace("sealroom ", "")}\``), `docs/cli.md does not name ${name}`);
    }
  }
});

test("every error code has an exit code that is documented, and one sentence on what to do", () => {
  for (const code of Object.keys(ERROR_CODES) as ErrorCode[]) {
    const { exit, advice } = consequenceOf(code);
    assert.ok(Object.hasOwn(EXIT_CODES, exit) && exit !== 0 && exit !== 130, code);
    assert.match(advice, /^[A-Z].*[.!?]$/, code);
  }
});

test("docs/cli.md holds the table of exit codes as it is", async () => {
  const docs = await readFile(DOCS, "utf8");
  const [head = ""] = docs.split(MARK);
  const expected = `${head}${MARK}\n${renderExitTable()}`;
  if (process.env["SEALROOM_WRITE_DOCS"] !== undefined) await writeFile(DOCS, expected);
  else {
    const [there, wanted] = [docs.split("\n"), expected.split("\n")];
    const different = wanted.filter((line, at) => line !== there[at]);
    assert.deepEqual(different.slice(0, 3), [], "run the tests once with SEALROOM_WRITE_DOCS=1");
    assert.equal(there.length, wanted.length);
  }
});

test("a word that is nearly right gets a suggestion, and exit 2", async () => {
  const cases: readonly (readonly [args: readonly string[], suggestion: RegExp])[] = [
    [["verfy"], /Did you mean verify\?/],
    [["attestation", "x", "--pcrs", "0=1"], /Did you mean --pcr\?/],
    [["run", "job.yaml", "--output", "x"], /Did you mean --out\?/],
    [["policy", "kmss"], /Did you mean kms\?/],
    [["enclave", "mesure"], /Did you mean measure\?/],
    [["local", "stats"], /Did you mean status\?/],
    [["enclave", "stat"], /Did you mean (start|status)\?/],
    [["seal", "x.csv", "--shema", "y"], /Did you mean --schema\?/],
  ];
  for (const [args, suggestion] of cases) {
    const found = await answer(args);
    assert.deepEqual([found.exit, found.error?.code], [2, "USAGE_ARGUMENTS"], args.join(" "));
    assert.match(found.error?.what ?? "", suggestion);
  }
});

test("a wrong command line is one line on standard error, and with --json one object on standard output", async () => {
  const plain = await sealroom(["run", "job.yaml"]);
  assert.equal(plain.exit, 2);
  assert.equal(plain.stdout, "");
  assert.equal(plain.stderr, "sealroom run: needed: --out <dir>. See 'sealroom run --help'.\n");
  const json = await sealroom(["run", "job.yaml", "--json"]);
  assert.equal(json.exit, 2);
  assert.equal(json.stdout.trim().split("\n").length, 1);
  assert.equal((JSON.parse(json.stdout) as { ok: boolean }).ok, false);
});

test("nothing to do is help and exit 2; help that was asked for is exit 0", async () => {
  assert.equal((await sealroom([])).exit, 2);
  const asked = await sealroom(["verify", "--help"]);
  assert.equal(asked.exit, 0);
  assert.match(asked.stdout, /^Usage: sealroom verify/);
});

test("the launcher runs under an older Node by starting the bundled one, and hands on its exit code", (t) => {
  // Any Node that is not recent will do; where the machine has none, there is nothing to show.
  const found = spawnSync("/usr/bin/node", ["--version"], { encoding: "utf8" });
  const [, major] = /^v(\d+)\./.exec(found.stdout) ?? [];
  if (found.error !== undefined || major === undefined || Number(major) >= 22) {
    t.skip("no older Node on this machine");
    return;
  }
  const version = spawnSync("/usr/bin/node", [LAUNCHER, "--version"], { encoding: "utf8" });
  assert.equal(version.status, 0);
  assert.match(version.stdout, /^\d+\.\d+\.\d+\n$/);
  assert.equal(spawnSync("/usr/bin/node", [LAUNCHER, "attestation", "no-such-file"]).status, 3);
});
