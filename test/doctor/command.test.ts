// `sealroom doctor` as it is typed: every finding in 80 columns, commands whole, the exit code of the worst.
import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";
import { renderFindings, summarize } from "../../cli/findings.ts";
import { fine, obstacle, warning } from "../../host-driver/enclave/finding.ts";
import { sealroom, scratch } from "../cli/command-line.ts";

test("doctor on this machine starts the stand-ins, and says of each part how it is", async (t) => {
  const state = join(await scratch(t), "state");
  const { exit, stdout } = await sealroom(["doctor", "--json", "--state", state]);
  const answer = JSON.parse(stdout) as {
    readonly ok: boolean;
    readonly exit: number;
    readonly findings: readonly { readonly check: string; readonly level: string; readonly what: string }[];
  };
  const checks = answer.findings.map(({ check }) => check);
  assert.deepEqual(checks.slice(0, 6), ["node", "addon", "sockets", "disk", "stand-ins", "emulator"]);
  const stands = answer.findings.find(({ check }) => check === "stand-ins");
  assert.equal(stands?.level, "ok", stands?.what);
  const isBroken = answer.findings.some(({ level }) => level === "fix");
  assert.deepEqual([exit, answer.exit, answer.ok], isBroken ? [4, 4, false] : [0, 0, true]);
});

test("where the stand-ins cannot start, each cause is a finding, and the exit code is 4", async (t) => {
  // So deep that no unix socket's path fits.
  const deep = join(await scratch(t), "d".repeat(100));
  await mkdir(deep);
  for (const [TMPDIR, cause] of [
    [
      deep,
      /FIX {3}sockets {4}the directory for temporary files is too deep[^]*FIX {3}stand-ins {2}they do not start/,
    ],
    ["/nowhere", /FIX {3}stand-ins {2}nothing can be written to \/nowhere/],
  ] as const) {
    const { exit, stdout } = await sealroom(["doctor"], undefined, { TMPDIR });
    assert.match(stdout, cause);
    assert.equal(exit, 4);
  }
});

test("findings fit 80 columns, except commands, which stay whole", () => {
  const long = "word ".repeat(60).trim();
  const command = `sudo ${"x".repeat(120)}`;
  const lines = renderFindings([
    fine("short", "well"),
    obstacle("a longer name", long, long, [command]),
    warning("other", long, "", []),
  ]);
  const commands = lines.filter((line) => line.startsWith("      $ "));
  assert.deepEqual(commands, [`      $ ${command}`]);
  for (const line of lines) assert.ok(line.length <= 80 || line === commands[0], line);
  assert.match(lines[0] ?? "", /^OK {4}short {10}well$/);
});

test("what a machine's files say cannot move the cursor", () => {
  const lines = renderFindings([obstacle("kernel", "kernel \u001b[2J", "\u202e", ["echo \u0007"])]);
  assert.ok(lines.every((line) => !/[\p{Cc}\p{Bidi_Control}]/u.test(line)));
});

test("the summary counts what is to be mended first", () => {
  const findings = [fine("a", ""), obstacle("b", "", "", []), warning("c", "", ""), warning("d", "", "")];
  assert.equal(summarize(findings), "1 to fix, 2 warnings, 1 well");
  assert.equal(summarize(findings.slice(0, 3)), "1 to fix, 1 warning, 1 well");
});
