// The runner's verdicts, on a source that is changed as Stryker changes it: by a switch that is looked at as it runs.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

const place = mkdtempSync(join(tmpdir(), "sealroom-runner-"));
after(() => {
  rmSync(place, { recursive: true, force: true });
});

const RUNNER = new URL("runner.ts", import.meta.url).href;

/** `is(n)` is whether change n is on, and counts that it was asked. */
const SOURCE = `
const board = (globalThis.__stryker__ ??= {});
function is(id) {
  const coverage = (board.mutantCoverage ??= { static: {}, perTest: {} });
  const hits = board.currentTestId ? (coverage.perTest[board.currentTestId] ??= {}) : coverage.static;
  hits[id] = (hits[id] ?? 0) + 1;
  if (board.activeMutant === id && ++board.hitCount > board.hitLimit) throw new Error("hit limit");
  return board.activeMutant === id;
}
export const CONSTANT = is("constant") ? 2 : 1;
export const double = (n) => (is("double") ? n + 2 : n * 2);
export const prepare = () => (is("prepared") ? 5 : 4);
export const loop = () => {
  for (let at = 0; at < 3 || is("loop"); at += 1);
};
let spoilt = false;
export const spoil = () => {
  spoilt ||= is("spoil");
  return !spoilt;
};
export const unseen = () => is("unseen");
`;

const TESTS = `
import assert from "node:assert/strict";
import { test } from "node:test";
import { CONSTANT, double, loop, prepare, spoil, unseen } from "./source.js";
const prepared = prepare();
test("the constant is one", () => assert.equal(CONSTANT, 1));
test("what was prepared is four", () => assert.equal(prepared, 4));
test("twice three is six", { timeout: 1000 }, async () => assert.equal(await double(3), 6));
test("the loop ends", () => loop());
test("nothing is spoilt", () => assert.ok(spoil()));
test("looks at what it does not judge", () => void unseen());
test("not run", { skip: "it fails" }, () => assert.fail());
`;

writeFileSync(join(place, "source.js"), SOURCE);
writeFileSync(join(place, "package.json"), '{ "type": "module" }');
writeFileSync(join(place, "tests.test.ts"), TESTS);

/** In a process of its own, as Stryker has its runners. */
function inRunner(work: string): unknown {
  const code = `
    import { strykerPlugins } from ${JSON.stringify(RUNNER)};
    const runner = strykerPlugins[0].factory({ sealroom: { testFiles: ["tests.test.ts"] } });
    console.log(JSON.stringify(await ${work}));
  `;
  const child = spawnSync(process.execPath, ["--input-type=module", "--eval", code], { cwd: place });
  assert.equal(child.status, 0, child.stderr.toString());
  return JSON.parse(child.stdout.toString());
}

interface DryRun {
  readonly tests: readonly { readonly id: string }[];
  readonly mutantCoverage: {
    readonly static: Readonly<Record<string, number>>;
    readonly perTest: Readonly<Record<string, Readonly<Record<string, number>>>>;
  };
}

const dry = inRunner("runner.dryRun()") as DryRun;

function verdictOn(change: string): { readonly status: string; readonly killedBy?: readonly string[] } {
  const { static: atTopLevel, perTest } = dry.mutantCoverage;
  const isStatic = change in atTopLevel;
  const options = {
    activeMutant: { id: change },
    mutantActivation: isStatic ? "static" : "runtime",
    hitLimit: 1000,
    ...(isStatic ? {} : { testFilter: Object.keys(perTest).filter((id) => change in (perTest[id] ?? {})) }),
  };
  const run = `runner.mutantRun(${JSON.stringify(options)}).catch(() => ({ status: "repeat" }))`;
  return inRunner(run) as ReturnType<typeof verdictOn>;
}

test("runs what a file registers and does not skip, and its top level", () => {
  assert.deepEqual(
    dry.tests.map(({ id }) => id),
    [
      "tests.test.ts (top level)",
      "tests.test.ts > the constant is one",
      "tests.test.ts > what was prepared is four",
      "tests.test.ts > twice three is six",
      "tests.test.ts > the loop ends",
      "tests.test.ts > nothing is spoilt",
      "tests.test.ts > looks at what it does not judge",
    ],
  );
  assert.deepEqual(Object.keys(dry.mutantCoverage.static), ["constant"]);
});

test("a change is noticed by the test that fails under it", () => {
  const { status, killedBy } = verdictOn("double");
  assert.deepEqual([status, killedBy], ["killed", ["tests.test.ts > twice three is six"]]);
});

test("a file whose top level reaches a change is loaded afresh under it", () => {
  assert.deepEqual(verdictOn("prepared").killedBy, ["tests.test.ts > what was prepared is four"]);
});

test("a change to the top level of a source is noticed in a fresh process", () => {
  assert.deepEqual(verdictOn("constant").killedBy, ["tests.test.ts > the constant is one"]);
});

test("a change that no test judges survives", () => {
  assert.equal(verdictOn("unseen").status, "survived");
});

test("a change that makes a loop endless is noticed as one", () => {
  assert.equal(verdictOn("loop").status, "timeout");
});

test("a failure does not count where the test fails without the change too", () => {
  assert.equal(verdictOn("spoil").status, "repeat");
});
