// Each attack twice: against the sources as they are, where it must be stopped for the reason that the catalogue
// gives, and against a copy without its guard, where it must succeed. Otherwise the guard is not what stopped it.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, test } from "node:test";
import { ERROR_CODES } from "../../core/errors.ts";
import { runProgram } from "../host/program.ts";
import { ReusedTrees } from "../host/reused-trees.ts";
import { copyTree, ROOT } from "../host/tree.ts";
import type { Verdict } from "./attack.ts";
import { ATTACKS, PLACES } from "./catalogue.ts";

type Shown = Verdict | { readonly outcome: "failed"; readonly why: string };

const LEAST = 14;

/** What an attack is made with, besides the sources. */
const WITH = [
  "adopt",
  "attacks",
  "attestation",
  "cms",
  "column",
  "manifest",
  "parquet",
  "plan",
  "receipt",
  "seal",
  "wire",
].map((folder) => `test/${folder}`);

/** As many processes at once as a small machine has cores. */
const copies = new ReusedTrees(WITH, 2);
after(() => copies.remove());

/** Verdicts by place in the catalogue, and of an honest job after them all. */
async function runScenario(root: string, places: readonly string[]): Promise<ReadonlyMap<string, Shown>> {
  const stdout = await runProgram(root, "test/attacks/scenario.ts", places);
  return new Map(
    stdout
      .trimEnd()
      .split("\n")
      .map((line) => {
        const { place, verdict } = JSON.parse(line) as { place: string; verdict: Shown };
        return [place, verdict];
      }),
  );
}

const guarded = copies.beside(() => runScenario(ROOT, [...PLACES.keys()]));
const unguarded = new Map(
  [...PLACES].map(([place, { guard }]) => [
    place,
    copies.use(guard, async (root) => (await runScenario(root, [place])).get(place)),
  ]),
);
// Each is looked at by its own test.
for (const running of [guarded, ...unguarded.values()]) running.catch(() => undefined);

test("the catalogue has at least fourteen attacks, each named once, with a code that there is", () => {
  assert.ok(ATTACKS.length >= LEAST);
  assert.equal(new Set(ATTACKS.map(({ name }) => name)).size, ATTACKS.length);
  for (const { expects, guard } of ATTACKS) {
    assert.ok(expects === "withheld" || expects in ERROR_CODES, expects);
    assert.ok(guard.length > 0);
  }
});

test("every guard stands once in its file", async () => {
  for (const { name, guard } of ATTACKS) {
    for (const { file, find, replace } of guard) {
      const source = await readFile(join(ROOT, file), "utf8");
      assert.equal(source.split(find).length, 2, `${name}: ${file}: ${find}`);
      assert.notEqual(find, replace);
    }
  }
});

test("a guard that is not there, or there twice, makes no copy", async () => {
  const file = "core/errors.ts";
  await assert.rejects(copyTree([{ file, find: "no such words in it", replace: "" }]), /0 matches/);
  await assert.rejects(copyTree([{ file, find: "the document", replace: "" }]), /matches/);
});

test("a copy that is used again is the sources again", async () => {
  const file = "core/errors.ts";
  const find = "export class SealroomError";
  const source = await readFile(join(ROOT, file), "utf8");
  const copy = new ReusedTrees([], 1);
  try {
    const read = (root: string): Promise<string> => readFile(join(root, file), "utf8");
    assert.notEqual(await copy.use([{ file, find, replace: "class Other" }], read), source);
    assert.equal(await copy.use([], read), source);
    await assert.rejects(
      copy.use([{ file, find, replace: "" }], () => Promise.reject(new Error("ended"))),
      /ended/,
    );
    assert.equal(await copy.use([], read), source);
  } finally {
    await copy.remove();
  }
});

for (const [place, { name, expects, case: label }] of PLACES) {
  test(`${label}: ${name}: ${expects === "withheld" ? "learns nothing" : `is refused with ${expects}`}`, async () => {
    const verdict = (await guarded).get(place);
    const stopped = expects === "withheld" ? { outcome: "withheld" } : { outcome: "refused", code: expects };
    assert.deepEqual(verdict, stopped);
  });
}

test("after all of them the same enclave does an honest job", async () => {
  assert.deepEqual((await guarded).get("honest"), { outcome: "succeeded" });
});

for (const [place, { name, case: label }] of PLACES) {
  test(`${label}: ${name}: succeeds without the guard`, async () => {
    assert.deepEqual(await unguarded.get(place), { outcome: "succeeded" });
  });
}
