// Mutants of valid inputs, for every decoder that sees bytes of somebody who is not trusted: each is refused with a code
// of ours, or is what it says, within 50 ms and 16 MiB. SEALROOM_FUZZ_SEED repeats a run, SEALROOM_FUZZ_INPUTS sets how
// many inputs a target gets, SEALROOM_FUZZ_ONLY=TARGET:INDEX gives one input again.
import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { after, test } from "node:test";
import { FuzzThread } from "./run.ts";
import { TARGETS } from "./targets.ts";

const seed = Number(process.env["SEALROOM_FUZZ_SEED"] ?? randomInt(2 ** 31));
const inputs = Number(
  process.env["SEALROOM_FUZZ_INPUTS"] ?? (process.env["SEALROOM_DEEP"] === undefined ? 10_000 : 1_000_000),
);
const [onlyTarget, onlyIndex] = process.env["SEALROOM_FUZZ_ONLY"]?.split(":") ?? [];

const thread = new FuzzThread();
after(() => thread.close());

for (const { name, codes, accepts, share = 1 } of TARGETS) {
  if (onlyTarget !== undefined && onlyTarget !== name) continue;
  test(`every mutant is refused by code, or is valid: ${name}`, async (t) => {
    const from = onlyIndex === undefined ? 0 : Number(onlyIndex);
    const to = onlyIndex === undefined ? Math.ceil(inputs / share) : from + 1;
    t.diagnostic(`SEALROOM_FUZZ_SEED=${seed}`);
    const { findings, refused, accepted, changed, slowestMs, mostBytes } = await thread.run({
      target: name,
      seed,
      from,
      to,
    });
    assert.deepEqual(findings, [], `again with SEALROOM_FUZZ_SEED=${seed}`);
    const met = Object.keys(refused).sort();
    t.diagnostic(
      `${accepted} accepted, ${changed} of them mutants; at most ${slowestMs.toFixed(1)} ms, ${mostBytes} bytes; ${JSON.stringify(refused)}`,
    );
    if (to - from < 1_000) return;
    // Else the mutations show nothing: all of them break off at the first check, or none breaks anything.
    assert.ok(met.length >= codes, `met only ${met.join(", ")}`);
    if (accepts) assert.ok(changed > 0, "no mutant was accepted");
  });
}
