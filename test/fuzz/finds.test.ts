// The fuzzer itself: it finds each kind of decoder that it is there to find, and gives the same input for the same seed.
import assert from "node:assert/strict";
import { test } from "node:test";
import { SealroomError } from "../../core/errors.ts";
import { diceOf } from "./dice.ts";
import { mutateBytes } from "./mutate.ts";
import { assertSame, runInputs } from "./target.ts";
import type { Target } from "./target.ts";
import { TARGETS } from "./targets.ts";

const RANGE = { seed: 1, from: 0, to: 150 };

/** A length of two bytes, then that many: sound, but for what `weakness` does with an input first. */
function decoderWith(weakness: (input: Uint8Array) => unknown): Target {
  return {
    name: "example",
    seeds: [Uint8Array.of(0, 3, 7, 8, 9), Uint8Array.of(0, 0)],
    mutations: [mutateBytes],
    decode: (input) => {
      weakness(input);
      const length = input.length < 2 ? -1 : new DataView(input.buffer).getUint16(0);
      if (input.length !== length + 2) throw new SealroomError("WIRE_LENGTH");
      assertSame(input.slice(), input);
    },
    codes: 1,
    accepts: true,
  };
}

test("finds nothing in a decoder that is sound", async () => {
  const { findings, refused, changed } = await runInputs(
    decoderWith(() => null),
    RANGE,
  );
  assert.deepEqual(findings, []);
  assert.ok((refused["WIRE_LENGTH"] ?? 0) > 0 && changed > 0);
});

const WEAKNESSES: readonly (readonly [string, (input: Uint8Array) => unknown, RegExp])[] = [
  ["reads past the end", (input) => new DataView(input.buffer).getUint32(0), /RangeError/],
  ["throws what has no code", (input) => input[2] === 255 && BigInt("no number"), /SyntaxError/],
  [
    "allocates what a length claims",
    (input) => new Uint8Array(1024 * ((input[0] ?? 0) * 256 + (input[1] ?? 0))),
    /allocated \d+ bytes/,
  ],
  ["takes too long", (input) => (input[0] === 255 ? busy(60) : null), /took \d+ ms/],
  [
    "takes two encodings of one value",
    (input) => {
      assertSame(Uint8Array.of(0, 3), input.slice(0, 2));
    },
    /other bytes/,
  ],
];

for (const [name, weakness, fault] of WEAKNESSES) {
  test(`finds a decoder that ${name}`, async () => {
    const { findings } = await runInputs(decoderWith(weakness), RANGE);
    assert.ok(
      findings.length > 0 && findings.every((finding) => fault.test(finding.fault)),
      findings[0]?.fault ?? "none",
    );
    // The same input again, alone; a collection of what was there before may hide once what it allocates.
    const [first = assert.fail()] = findings;
    const alone = { seed: 1, from: first.index, to: first.index + 1 };
    let again: string | undefined;
    for (let turn = 0; turn < 5 && again === undefined; turn += 1) {
      again = (await runInputs(decoderWith(weakness), alone)).findings[0]?.input;
    }
    assert.equal(again, first.input);
  });
}

test("finds a mutant that passes a check that none may pass", async () => {
  const { findings } = await runInputs({ ...decoderWith(() => null), accepts: false }, RANGE);
  assert.match(findings[0]?.fault ?? "", /a mutant was accepted/);
});

test("every target has a name of its own and takes its valid inputs", async () => {
  assert.equal(new Set(TARGETS.map(({ name }) => name)).size, TARGETS.length);
  for (const target of TARGETS) {
    for (const seed of target.seeds) {
      const dice = diceOf(1, target.name, 0);
      try {
        await target.decode(seed.slice(), { dice, seed });
      } catch (error) {
        // Among the answers of NSM and KMS are some that say no.
        if (error instanceof SealroomError && ["NSM_ERROR", "KMS_DENIED"].includes(error.code)) continue;
        assert.fail(`${target.name}: ${String(error)}`);
      }
    }
  }
});

function busy(ms: number): number {
  const start = process.threadCpuUsage();
  for (;;) {
    const { user, system } = process.threadCpuUsage(start);
    if (user + system > ms * 1000) return user;
  }
}
