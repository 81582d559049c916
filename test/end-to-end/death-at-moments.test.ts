// kill -9 of the enclave and of the host at moments of a run, as they are seen between the two: nothing is left that
// looks like a result, and the same command succeeds afterwards. SEALROOM_DEEP takes every moment, else a few are drawn.
import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { readdir, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { after, test } from "node:test";
import { answer, start } from "../cli/command-line.ts";
import type { Moment } from "./relay.ts";
import { startStage } from "./stage.ts";

const seed = Number(process.env["SEALROOM_SEED"] ?? randomInt(1_000_000));
const isDeep = process.env["SEALROOM_DEEP"] !== undefined;

const stage = await startStage();
after(() => stage.close());

/** In how many pieces TLS comes depends on the machine's mood, so a moment of one run may not come in another. */
const SURVEYS = 3;

/** The moments that come in every run in which nobody dies. */
const moments = await findMoments();
/** The enclave has nothing more to say from here on, and the host all that it needs. */
const isTold = (moment: Moment) => moment === "done passed 1";

async function findMoments(): Promise<readonly Moment[]> {
  const runs: (readonly Moment[])[] = [];
  for (let survey = 0; survey < SURVEYS; survey += 1) {
    const found: Moment[] = [];
    await stage.reset();
    stage.onMoment = (moment) => Promise.resolve(void found.push(moment));
    await succeeds();
    runs.push(found);
  }
  const [first = [], ...others] = runs;
  return first.filter((moment) => others.every((run) => run.includes(moment)));
}

/** The same command, in this process, with nobody killed. */
async function succeeds(): Promise<void> {
  const { exit, error } = await answer(stage.args);
  assert.equal(exit, 0, JSON.stringify(error));
  assert.ok(await stage.hasResult());
  // Nothing is left of those that were killed either.
  assert.deepEqual(await readdir(dirname(stage.out)), ["out"]);
  await rm(stage.out, { recursive: true });
}

/** Calls `strike` when the moment comes; what comes after is held until it is done. */
function at(chosen: Moment, strike: () => Promise<unknown>): { readonly came: () => boolean } {
  let came = false;
  stage.onMoment = async (moment) => {
    if (moment !== chosen) return;
    came = true;
    await strike();
  };
  return { came: () => came };
}

/** A few of each kind of moment, by the seed; all of them in a deep run. */
function choose(count: number, always: readonly Moment[]): readonly Moment[] {
  if (isDeep) return moments;
  const others = moments.filter((moment) => !always.includes(moment));
  const start = seed % others.length;
  const step = others.length / count;
  const drawn = Array.from({ length: count }, (_, n) => others[Math.floor(start + n * step) % others.length]);
  return [...always, ...drawn.filter((moment) => moment !== undefined)];
}

test("a run is seen as connecting, a request, KMS, reads of every object, progress and a result", () => {
  const kinds = new Set(moments.map((moment) => moment.replace(/ \d+$/, "")));
  for (const kind of [
    ...["connected", "request begun", "request sent", "tunnel", "to KMS", "from KMS"],
    ...["reader", "read asked", "read answered"],
    ...["progress held", "progress half", "progress passed", "done held", "done half", "done passed"],
  ]) {
    assert.ok(kinds.has(kind), `${kind} is not among ${[...kinds].join(", ")}`);
  }
  assert.ok(moments.includes("progress held 4"));
});

test("an enclave that is killed leaves no result, unless it had told all of it, and the run says what was lost", async (t) => {
  t.diagnostic(`SEALROOM_SEED=${seed}`);
  for (const moment of choose(2, ["done half 1"])) {
    await stage.reset();
    const killed = at(moment, () => stage.killEnclave());
    const { exit, error } = await answer(stage.args);
    assert.ok(killed.came(), `${moment} never came, seed ${seed}`);
    assert.equal(await stage.hasResult(), isTold(moment), moment);
    if (isTold(moment)) {
      assert.equal(exit, 0);
      await rm(stage.out, { recursive: true });
    } else {
      assert.deepEqual([exit, error?.code], [4, "TRANSPORT_CLOSED"], `${moment}, seed ${seed}`);
    }
    await stage.reset();
    await succeeds();
  }
});

test("a host that is killed leaves no result, or a whole one, and the enclave serves the next", async (t) => {
  t.diagnostic(`SEALROOM_SEED=${seed}`);
  for (const moment of choose(2, ["done passed 1"])) {
    await stage.reset();
    const { child, finished } = start(stage.args);
    const killed = at(moment, async () => {
      child.kill("SIGKILL");
      await finished;
    });
    const { signal, exit } = await finished;
    assert.ok(killed.came(), `${moment} never came, seed ${seed}`);
    const hasResult = await stage.hasResult();
    // When it has been told all, it may be done before the signal comes.
    if (!isTold(moment)) assert.deepEqual([signal, hasResult], ["SIGKILL", false], `${moment}, seed ${seed}`);
    if (exit === 0) assert.ok(hasResult);
    if (hasResult) await rm(stage.out, { recursive: true });
    await stage.reset();
    await succeeds();
  }
});
