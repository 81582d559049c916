// Key policies as the owner's commands read them: the linter, which takes any, and the roll-over, which takes its own.
import assert from "node:assert/strict";
import { encodeKeyPolicy, keyPolicy } from "../../owner/key-policy.ts";
import { readTerms } from "../../owner/key-policy/read-terms.ts";
import { LINT_CODES } from "../../owner/lint/codes.ts";
import { lintKeyPolicy } from "../../owner/lint/lint.ts";
import { mutateBytes } from "./mutate.ts";
import type { Target } from "./target.ts";
import { mutateJson, mutateText } from "./text.ts";

const role = (name: string): string => `arn:aws:iam::111122223333:role/${name}`;
const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

const POLICY = encodeKeyPolicy(
  keyPolicy({
    measurements: [{ 0: "a0".repeat(48), 1: "b1".repeat(48), 2: "c2".repeat(48) }],
    ownerRoleArn: role("owner"),
    enclaveRoleArn: role("enclave"),
    breakGlassRoleArn: role("glass"),
    owner: "A".repeat(43),
    dataset: "visits",
    liveEpochs: [1_760_000_000_000],
  }),
);
const SEEDS = [new TextEncoder().encode(POLICY)];

export const POLICY_TARGETS: readonly Target[] = [
  {
    name: "key policy, linted",
    // It asks the policy many questions, in one go.
    mostBytes: 64 * 2 ** 20,
    mostMs: 250,
    seeds: SEEDS,
    mutations: [mutateJson, mutateText],
    decode: (input) => {
      const given = { enclave: [], owner: [], breakGlass: [] };
      for (const { code, statement, witness, stand } of lintKeyPolicy(textOf(input), given).findings) {
        assert.ok(code in LINT_CODES);
        assert.equal(stand === "form", witness === undefined);
        assert.ok(statement === null || statement >= 0);
      }
    },
    codes: 2,
    accepts: true,
    share: 40,
  },
  {
    name: "key policy in force",
    seeds: SEEDS,
    mutations: [mutateJson, mutateText, mutateBytes],
    decode: (input) => {
      // What is read prints a policy that is read in the same way.
      const terms = readTerms(textOf(input));
      assert.deepEqual(readTerms(encodeKeyPolicy(keyPolicy(terms))), terms);
    },
    codes: 2,
    accepts: true,
    share: 10,
  },
];
