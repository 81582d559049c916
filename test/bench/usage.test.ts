// The bench's command line: what it does not understand, it does not measure.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import test from "node:test";
import { fileURLToPath } from "node:url";

const BENCH = fileURLToPath(new URL("../../bench/bench.ts", import.meta.url));

for (const args of [["--help"], ["--only", "nothing"], ["--no-such-option"]]) {
  test(`bench ${args.join(" ")} shows its usage, exits 2 and has no stack`, () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [BENCH, ...args], { encoding: "utf8" });
    assert.deepEqual([status, stdout], [2, ""]);
    assert.match(stderr, /^Usage: npm run bench -- .*memory\|/m);
    assert.doesNotMatch(stderr, /^ +at /m);
  });
}
