// From one image to the next: while both are in the policy both open the key, and the old one is out when it is
// retired. Only a policy that was printed is changed, and a change that makes no sense is refused.
import assert from "node:assert/strict";
import { after, test } from "node:test";

import { DecryptCommand, EncryptCommand, PutKeyPolicyCommand } from "@aws-sdk/client-kms";

import type { Measurements } from "../../core/attestation/measurements.ts";
import { SealroomError } from "../../core/errors.ts";
import { encodeKeyPolicy, keyPolicy } from "../../owner/key-policy.ts";
import { readTerms } from "../../owner/key-policy/read-terms.ts";
import { rollOver } from "../../owner/key-policy/roll-over.ts";
import type { RollOver } from "../../owner/key-policy/roll-over.ts";
import { lintKeyPolicy } from "../../owner/lint/lint.ts";
import { Cleanups, IMAGE, OTHER_IMAGE, PARENT, recipientOf, refusal, startRig } from "../local/kms/rig.ts";
import { BAD_POLICIES } from "./bad-policies.ts";
import { GOOD, OWNER, TERMS, USES } from "./good.ts";

const NOTHING: RollOver = {
  images: { add: [], retire: [] },
  epochs: { add: [], retire: [] },
  tokens: { add: [], retire: [] },
};
const [EPOCH = 0] = TERMS.liveEpochs;
const cleanups = new Cleanups();
after(() => cleanups.run());

const next = (policy: string, change: Partial<RollOver>): string =>
  encodeKeyPolicy(keyPolicy(rollOver(readTerms(policy), { ...NOTHING, ...change })));
const IN_FORCE = encodeKeyPolicy(keyPolicy(TERMS));

function code(expected: string): (error: unknown) => boolean {
  return (error) => error instanceof SealroomError && error.code === expected;
}

test("opens the key to both images while both are in, and to the old one no more when it is retired", async () => {
  const rig = await startRig(cleanups);
  const breakGlass = rig.client(rig.credentials.breakGlass);
  const enclave = rig.client(rig.credentials.enclave);
  const KeyId = await rig.kms.createKey(IN_FORCE);
  const [use] = USES;
  const EncryptionContext = { ...use?.context };
  const { CiphertextBlob } = await breakGlass.send(
    new EncryptCommand({ KeyId, Plaintext: new Uint8Array(32), EncryptionContext }),
  );
  const opens = async (image: Measurements): Promise<boolean> => {
    const Recipient = recipientOf(rig.document({ pcrs: { ...image, 3: PARENT } }));
    const command = new DecryptCommand({ KeyId, CiphertextBlob, EncryptionContext, Recipient });
    return enclave.send(command).then(
      ({ CiphertextForRecipient }) => CiphertextForRecipient !== undefined,
      (error: unknown) => (assert.ok(refusal("AccessDeniedException")(error)), false),
    );
  };
  const mixtures = [0, 1, 2].map((register) => ({
    ...IMAGE,
    [register]: OTHER_IMAGE[register as 0 | 1 | 2],
  }));
  const put = (Policy: string) => breakGlass.send(new PutKeyPolicyCommand({ KeyId, Policy }));

  assert.deepEqual([await opens(IMAGE), await opens(OTHER_IMAGE)], [true, false]);
  const both = next(IN_FORCE, { images: { add: [OTHER_IMAGE], retire: [] } });
  await put(both);
  assert.deepEqual([await opens(IMAGE), await opens(OTHER_IMAGE)], [true, true]);
  for (const mixture of mixtures) assert.equal(await opens(mixture), false);
  await put(next(both, { images: { add: [], retire: [IMAGE] } }));
  assert.deepEqual([await opens(IMAGE), await opens(OTHER_IMAGE)], [false, true]);
});

test("changes what it is told to, and nothing else", () => {
  const changed = next(IN_FORCE, {
    images: { add: [OTHER_IMAGE], retire: [] },
    epochs: { add: [EPOCH + 1], retire: [EPOCH] },
    tokens: { add: [{ domain: "people", version: 2 }], retire: [{ domain: "people", version: 1 }] },
  });
  const expected = keyPolicy({
    ...TERMS,
    measurements: [IMAGE, OTHER_IMAGE],
    liveEpochs: [EPOCH + 1],
    tokens: [{ domain: "people", version: 2 }],
  });
  assert.equal(changed, encodeKeyPolicy(expected));
  assert.deepEqual(lintKeyPolicy(changed, { enclave: [], owner: [], breakGlass: [] }).findings, []);
});

test("adding and retiring an image gives the policy back as it was", () => {
  const both = next(IN_FORCE, { images: { add: [OTHER_IMAGE], retire: [] } });
  assert.notEqual(both, IN_FORCE);
  assert.equal(next(both, { images: { add: [], retire: [OTHER_IMAGE] } }), IN_FORCE);
});

test("takes one image for another in one step, when nobody needs both", () => {
  const swapped = next(IN_FORCE, { images: { add: [OTHER_IMAGE], retire: [IMAGE] } });
  assert.equal(swapped, encodeKeyPolicy(keyPolicy({ ...TERMS, measurements: [OTHER_IMAGE] })));
});

const upperCase: Measurements = { 0: IMAGE[0].toUpperCase(), 1: IMAGE[1], 2: IMAGE[2] };
const REFUSED: readonly (readonly [string, Partial<RollOver>])[] = [
  ["an image to add that is there", { images: { add: [IMAGE], retire: [] } }],
  ["an image to retire that is not there", { images: { add: [], retire: [OTHER_IMAGE] } }],
  ["an image that is added and retired", { images: { add: [OTHER_IMAGE], retire: [OTHER_IMAGE] } }],
  ["an image that is there, added and retired", { images: { add: [IMAGE], retire: [IMAGE] } }],
  ["the last image", { images: { add: [], retire: [IMAGE] } }],
  ["an image that is added twice", { images: { add: [OTHER_IMAGE, OTHER_IMAGE], retire: [] } }],
  ["an image that is retired twice", { images: { add: [OTHER_IMAGE], retire: [IMAGE, IMAGE] } }],
  ["an epoch to add that is there", { epochs: { add: [EPOCH], retire: [] } }],
  ["an epoch to retire that is not there", { epochs: { add: [], retire: [EPOCH + 1] } }],
  ["a token key to add that is there", { tokens: { add: [{ domain: "people", version: 1 }], retire: [] } }],
  ["a token key to retire that is not", { tokens: { add: [], retire: [{ domain: "plates", version: 1 }] } }],
];

for (const [name, change] of REFUSED) {
  test(`refuses ${name}`, () => {
    assert.throws(() => next(IN_FORCE, change), code("KEYPOLICY_CHANGE"));
  });
}

test("does not mistake an image in upper case for a new one's twin: both stand for the same statement", () => {
  assert.throws(() => next(IN_FORCE, { images: { add: [upperCase], retire: [] } }), code("KEYPOLICY_CHANGE"));
});

test("refuses an epoch and a token key that would not be printed", () => {
  assert.throws(() => next(IN_FORCE, { epochs: { add: [0], retire: [] } }), code("KEYPOLICY_EPOCH"));
  const tokens = { add: [{ domain: "*", version: 1 }], retire: [] };
  assert.throws(() => next(IN_FORCE, { tokens }), code("KEYPOLICY_TOKEN"));
});

test("lets the last epoch go, after which the policy has to be printed anew", () => {
  const closed = next(IN_FORCE, { epochs: { add: [], retire: [EPOCH] } });
  assert.equal(closed, encodeKeyPolicy(keyPolicy({ ...TERMS, liveEpochs: [] })));
  assert.throws(() => readTerms(closed), code("KEYPOLICY_NO_EPOCH"));
  const begin = encodeKeyPolicy(keyPolicy({ ...TERMS, liveEpochs: [], tokens: [], outputs: [] }));
  assert.throws(() => readTerms(begin), code("KEYPOLICY_NO_EPOCH"));
});

test("refuses a change that would not fit into KMS's 32 KiB", () => {
  const add = Array.from({ length: 2000 }, (_, index) => EPOCH + 1 + index);
  assert.throws(() => next(IN_FORCE, { epochs: { add, retire: [] } }), code("KEYPOLICY_SIZE"));
});

test("reads a policy in whatever spaces, order of members and lists of one KMS hands it out", () => {
  const listed = JSON.parse(IN_FORCE, (name, value: unknown) =>
    name === "Action" && typeof value === "string" ? [value] : value,
  ) as { Statement: readonly Record<string, unknown>[] };
  const reversed = listed.Statement.map((statement) =>
    Object.fromEntries(Object.entries(statement).toReversed()),
  );
  const text = JSON.stringify({ ...listed, Statement: reversed }, null, "\t");
  assert.deepEqual(readTerms(text), readTerms(IN_FORCE));
});

test("takes no policy that somebody changed, however slightly", () => {
  let refused = 0;
  for (const { edit, name } of BAD_POLICIES) {
    assert.throws(() => readTerms(JSON.stringify(edit(GOOD))), code("KEYPOLICY_FOREIGN"), name);
    refused += 1;
  }
  assert.ok(refused >= 40);
  const others = [
    { ...GOOD, Id: "another" },
    { ...GOOD, Statement: GOOD.Statement.toReversed() },
    { ...GOOD, Statement: GOOD.Statement.slice(0, -1) },
    {
      ...GOOD,
      Statement: GOOD.Statement.filter(({ Sid }) => !/^(EnclaveDecrypts0|Owner)/.test(String(Sid))),
    },
    { ...GOOD, Statement: [...GOOD.Statement, GOOD.Statement[0]] },
    { ...GOOD, Further: 1 },
    { Version: GOOD.Version, Statement: GOOD.Statement },
    {},
    [],
    { Statement: [] },
    { Statement: {} },
    { Statement: [null] },
  ];
  for (const other of others) {
    assert.throws(() => readTerms(JSON.stringify(other)), code("KEYPOLICY_FOREIGN"), JSON.stringify(other));
  }
  const otherOwner = JSON.stringify(GOOD).replace(OWNER, `${"A".repeat(42)}E`);
  assert.throws(() => readTerms(otherOwner), code("KEYPOLICY_FOREIGN"));
});

test("says which statement is not as it is printed", () => {
  const changed = IN_FORCE.replace('"kms:*"', '"*"');
  assert.throws(
    () => readTerms(changed),
    (error: unknown) =>
      error instanceof SealroomError &&
      error.details["fault"] === "statement BreakGlassAdministers is not as it is printed",
  );
});
