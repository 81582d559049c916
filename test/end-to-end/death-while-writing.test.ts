// kill -9 of the host while it writes what came back: at every call to the file system, and in the middle of each file.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { writeNewDirectory } from "../../cli/file.ts";
import { start } from "../cli/command-line.ts";
import { startStage } from "./stage.ts";
import { FILES } from "./write-and-die.ts";

const PROGRAM = fileURLToPath(new URL("./write-and-die.ts", import.meta.url));
const KILL_AT = new URL("./kill-at.ts", import.meta.url).href;
const NAMES = FILES.map(({ name }) => name).sort();
/** Of each step, unless all of them are wanted. */
const STRIDE = process.env["SEALROOM_DEEP"] === undefined ? 4 : 1;

const directory = await mkdtemp(join(tmpdir(), "sealroom-test-"));
after(() => rm(directory, { recursive: true, force: true }));

function writeAndDie(target: string, step: number): ReturnType<typeof spawnSync> {
  return spawnSync(process.execPath, [PROGRAM, target, String(step)], { encoding: "utf8" });
}

test("a result's directory appears whole or not at all, wherever its writer is killed, and can be written then", async () => {
  // In a parent that is there, as below.
  await mkdir(join(directory, "unharmed"));
  const total = Number(writeAndDie(join(directory, "unharmed", "out"), 0).stdout);
  // Four files, each opened, half written, written, synced and closed, are the least.
  assert.ok(total > 20, String(total));
  const first = 1 + (process.pid % STRIDE);
  for (let step = first; step <= total; step += STRIDE) {
    const parent = join(directory, `step-${step}`);
    const target = join(parent, "out");
    await mkdir(parent);
    // Every other time something empty is in the way.
    if (step % 2 === 0) await mkdir(target);
    assert.equal(writeAndDie(target, step).signal, "SIGKILL", `step ${step}`);
    const left = await readdir(parent);
    for (const name of left) assert.match(name, /^(out|\.out\.partial-\d+-\w{6})$/);
    const found = left.includes("out") ? (await readdir(target)).sort() : [];
    if (found.length === 0) {
      await writeNewDirectory(target, FILES);
      assert.deepEqual(await readdir(parent), ["out"], `step ${step}`);
    } else {
      assert.deepEqual(found, NAMES, `step ${step}`);
    }
    for (const { name, bytes } of FILES) assert.deepEqual(await readFile(join(target, name)), bytes);
  }
});

test("what another process has begun for the same name is left to it while it is alive", async () => {
  const parent = join(directory, "shared");
  const mine = join(parent, `.out.partial-${process.pid}-abcdef`);
  const others = ["notes", ".out.partial-x-abcdef", ".other.partial-1-abcdef"].map((name) =>
    join(parent, name),
  );
  for (const path of [mine, ...others]) await mkdir(path, { recursive: true });
  await writeNewDirectory(join(parent, "out"), FILES);
  for (const path of [mine, ...others]) assert.ok((await stat(path)).isDirectory());
});

test("a run that is killed while it writes leaves no result, and the same command succeeds then", async (t) => {
  const stage = await startStage();
  t.after(() => stage.close());
  const options = process.env["NODE_OPTIONS"];
  t.after(() => {
    delete process.env["SEALROOM_KILL_AT"];
    if (options === undefined) delete process.env["NODE_OPTIONS"];
    else process.env["NODE_OPTIONS"] = options;
  });
  process.env["NODE_OPTIONS"] = `--import=${KILL_AT}`;
  // Between result and receipt; when all are written and none has its name.
  for (const step of [10, 32]) {
    await stage.reset();
    process.env["SEALROOM_KILL_AT"] = `${step} ${stage.out.slice(0, -"out".length)}`;
    const { signal } = await start(stage.args).finished;
    assert.equal(signal, "SIGKILL", `step ${step}`);
    assert.equal(await stage.hasResult(), false);
    delete process.env["SEALROOM_KILL_AT"];
    const { exit, stderr } = await start(stage.args).finished;
    assert.equal(exit, 0, stderr);
    assert.ok(await stage.hasResult());
    assert.deepEqual(await readdir(join(stage.out, "..")), ["out"]);
    await rm(stage.out, { recursive: true });
  }
});
