// Which terms a key policy is printed for, and what stands in it.
import assert from "node:assert/strict";
import { test } from "node:test";

import { encodeRegister } from "../../core/attestation/measurements.ts";
import { parentRoleRegister } from "../../core/parent-registers.ts";
import { SealroomError } from "../../core/errors.ts";
import { MAX_POLICY_BYTES, parsePolicy } from "../../owner/policy/document.ts";
import { encodeKeyPolicy, keyPolicy } from "../../owner/key-policy.ts";
import type { KeyPolicyTerms } from "../../owner/key-policy/terms.ts";

const IMAGE = { 0: "0a".repeat(48), 1: "1b".repeat(48), 2: "2c".repeat(48) };
const PARENT = encodeRegister(parentRoleRegister("arn:aws:iam::000000000000:role/sealroom-enclave"));
const ZERO = "00".repeat(48);
const TERMS: KeyPolicyTerms = {
  measurements: [IMAGE],
  ownerRoleArn: "arn:aws:iam::000000000000:role/sealroom-owner",
  enclaveRoleArn: "arn:aws:iam::000000000000:role/sealroom-enclave",
  breakGlassRoleArn: "arn:aws:iam::000000000000:role/path/sealroom-break-glass",
  owner: "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs",
  dataset: "flights",
  liveEpochs: [1_763_856_000_000, 1_763_859_600_000],
};

test("prints a policy that KMS takes", () => {
  const policy = keyPolicy(TERMS);
  assert.equal(parsePolicy(encodeKeyPolicy(policy)).statements.length, policy.Statement.length);
});

test("names no account as principal: nothing is delegated to IAM", () => {
  const principals = keyPolicy(TERMS).Statement.map(({ Principal }) => Principal.AWS);
  assert.deepEqual(
    principals.filter((arn) => arn !== "*" && !arn.includes(":role/")),
    [],
  );
});

test("allows nothing to everyone", () => {
  const open = keyPolicy(TERMS).Statement.filter(
    ({ Effect, Principal }) => Effect === "Allow" && Principal.AWS === "*",
  );
  assert.deepEqual(open, []);
});

test("gives each image a statement of its own, and the same image only one", () => {
  const other = { 0: "d0".repeat(48), 1: "e1".repeat(48), 2: "f2".repeat(48) };
  const upperCase = { 0: IMAGE[0].toUpperCase(), 1: IMAGE[1], 2: IMAGE[2] };
  const { Statement } = keyPolicy({ ...TERMS, measurements: [IMAGE, other, upperCase] });
  const conditions = Statement.filter(({ Sid }) => Sid.startsWith("EnclaveDecrypts")).map(
    ({ Condition }) => Condition?.["StringEqualsIgnoreCase"],
  );
  const pinned = (image: typeof IMAGE) => ({
    "kms:RecipientAttestation:ImageSha384": image[0],
    "kms:RecipientAttestation:PCR0": image[0],
    "kms:RecipientAttestation:PCR1": image[1],
    "kms:RecipientAttestation:PCR2": image[2],
    "kms:RecipientAttestation:PCR3": PARENT,
  });
  assert.deepEqual(conditions, [pinned(IMAGE), pinned(other)]);
});

test("pins PCR3 to the enclave's role in every statement for it and in a denial, unless it is left out", () => {
  const terms = { ...TERMS, tokens: [{ domain: "people", version: 1 }], outputs: ["sample"] };
  const pinned = ({ Statement }: ReturnType<typeof keyPolicy>) =>
    Statement.filter(({ Condition }) => JSON.stringify(Condition ?? {}).includes("Attestation:PCR3")).map(
      ({ Sid }) => Sid,
    );
  assert.deepEqual(pinned(keyPolicy(terms)), [
    "EnclaveDecrypts0",
    "EnclaveDecryptsTokens0Domain0",
    "EnclaveMakesOutputKeys0",
    "NobodyElseOpensByOtherPCR3",
  ]);
  assert.deepEqual(pinned(keyPolicy({ ...terms, parent: "anybody" })), []);
});

test("gives each token domain a statement of its own, with its own versions", () => {
  const tokens = [
    { domain: "people", version: 1 },
    { domain: "plates", version: 9 },
    { domain: "people", version: 2 },
  ];
  const found = keyPolicy({ ...TERMS, tokens }).Statement.flatMap(({ Condition }) => {
    const pairs = Condition?.["StringEquals"] ?? {};
    const domain = pairs["kms:EncryptionContext:sealroom:domain"];
    return domain === undefined ? [] : [[domain, pairs["kms:EncryptionContext:sealroom:version"]]];
  });
  assert.deepEqual(found, [
    ["people", ["1", "2"]],
    ["plates", "9"],
  ]);
});

test("lets an enclave draw keys for output in one statement, and for nothing else", () => {
  const drawing = keyPolicy({ ...TERMS, outputs: ["a", "b"] }).Statement.filter(
    ({ Effect, Action, Principal }) =>
      Effect === "Allow" && Principal.AWS === TERMS.enclaveRoleArn && Action === "kms:GenerateDataKey",
  );
  assert.deepEqual(
    drawing.map(({ Condition }) => [
      Condition?.["StringEquals"]?.["kms:EncryptionContext:sealroom:purpose"],
      Condition?.["StringEquals"]?.["kms:EncryptionContext:sealroom:dataset"],
    ]),
    [["output", ["a", "b"]]],
  );
});

test("leaves the enclave out when no epoch lives", () => {
  const { Statement } = keyPolicy({ ...TERMS, liveEpochs: [] });
  const allowed = Statement.filter(({ Effect }) => Effect === "Allow").map(({ Principal }) => Principal.AWS);
  assert.equal(allowed.includes(TERMS.enclaveRoleArn), false);
  assert.equal(allowed.includes(TERMS.ownerRoleArn), true);
});

const REFUSED: readonly (readonly [string, Partial<KeyPolicyTerms>, string])[] = [
  ["no measurements", { measurements: [] }, "KEYPOLICY_MEASUREMENT"],
  [
    "a measurement of 47 bytes",
    { measurements: [{ ...IMAGE, 0: "0a".repeat(47) }] },
    "KEYPOLICY_MEASUREMENT",
  ],
  [
    "a measurement that is no hex",
    { measurements: [{ ...IMAGE, 1: "zz".repeat(48) }] },
    "KEYPOLICY_MEASUREMENT",
  ],
  ["a wildcard as measurement", { measurements: [{ ...IMAGE, 2: "*" }] }, "KEYPOLICY_MEASUREMENT"],
  [
    "a missing register",
    { measurements: [{ 0: IMAGE[0], 1: IMAGE[1] } as unknown as typeof IMAGE] },
    "KEYPOLICY_MEASUREMENT",
  ],
  ["a zero PCR0", { measurements: [{ ...IMAGE, 0: ZERO }] }, "KEYPOLICY_DEBUG"],
  ["a zero PCR1", { measurements: [{ ...IMAGE, 1: ZERO }] }, "KEYPOLICY_DEBUG"],
  ["a zero PCR2 in the second set", { measurements: [IMAGE, { ...IMAGE, 2: ZERO }] }, "KEYPOLICY_DEBUG"],
  ["an owner role that is no ARN", { ownerRoleArn: "sealroom-owner" }, "KEYPOLICY_ROLE"],
  ["a wildcard role", { enclaveRoleArn: "arn:aws:iam::000000000000:role/*" }, "KEYPOLICY_ROLE"],
  ["a wildcard account", { enclaveRoleArn: "arn:aws:iam::*:role/x" }, "KEYPOLICY_ROLE"],
  ["the account itself as role", { ownerRoleArn: "arn:aws:iam::000000000000:root" }, "KEYPOLICY_ROLE"],
  ["a user as role", { ownerRoleArn: "arn:aws:iam::000000000000:user/x" }, "KEYPOLICY_ROLE"],
  ["a session as role", { enclaveRoleArn: "arn:aws:sts::000000000000:assumed-role/x/y" }, "KEYPOLICY_ROLE"],
  ["a role without a name", { enclaveRoleArn: "arn:aws:iam::000000000000:role/x/" }, "KEYPOLICY_ROLE"],
  ["a line break after a role", { enclaveRoleArn: `${TERMS.enclaveRoleArn}\n` }, "KEYPOLICY_ROLE"],
  ["the owner's role as the enclave's", { enclaveRoleArn: TERMS.ownerRoleArn }, "KEYPOLICY_ROLE"],
  ["the enclave's role as break-glass", { breakGlassRoleArn: TERMS.enclaveRoleArn }, "KEYPOLICY_ROLE"],
  ["an empty thumbprint", { owner: "" }, "KEYPOLICY_OWNER"],
  ["a thumbprint in hex", { owner: "ab".repeat(32) }, "KEYPOLICY_OWNER"],
  ["a thumbprint in padded base64", { owner: `${TERMS.owner}=` }, "KEYPOLICY_OWNER"],
  ["a thumbprint whose last bits are not zero", { owner: `${TERMS.owner.slice(0, 42)}t` }, "KEYPOLICY_OWNER"],
  ["an empty data set name", { dataset: "" }, "KEYPOLICY_DATASET"],
  ["a policy variable as data set name", { dataset: "${aws:PrincipalTag/x}" }, "KEYPOLICY_DATASET"],
  ["a wildcard as data set name", { dataset: "*" }, "KEYPOLICY_DATASET"],
  ["a data set name of 129 characters", { dataset: "a".repeat(129) }, "KEYPOLICY_DATASET"],
  ["an epoch of zero", { liveEpochs: [0] }, "KEYPOLICY_EPOCH"],
  ["a negative epoch", { liveEpochs: [-1] }, "KEYPOLICY_EPOCH"],
  ["a fractional epoch", { liveEpochs: [1.5] }, "KEYPOLICY_EPOCH"],
  ["an epoch past 2^53", { liveEpochs: [2 ** 53] }, "KEYPOLICY_EPOCH"],
  ["an epoch listed twice", { liveEpochs: [1, 2, 1] }, "KEYPOLICY_EPOCH"],
  ["a wildcard as token domain", { tokens: [{ domain: "*", version: 1 }] }, "KEYPOLICY_TOKEN"],
  ["an empty token domain", { tokens: [{ domain: "", version: 1 }] }, "KEYPOLICY_TOKEN"],
  ["a token version of zero", { tokens: [{ domain: "people", version: 0 }] }, "KEYPOLICY_TOKEN"],
  ["a fractional token version", { tokens: [{ domain: "people", version: 1.5 }] }, "KEYPOLICY_TOKEN"],
  [
    "a token key listed twice",
    {
      tokens: [
        { domain: "people", version: 1 },
        { domain: "people", version: 1 },
      ],
    },
    "KEYPOLICY_TOKEN",
  ],
  ["a wildcard as output", { outputs: ["visits*"] }, "KEYPOLICY_OUTPUT"],
  ["an empty output", { outputs: [""] }, "KEYPOLICY_OUTPUT"],
  ["an output listed twice", { outputs: ["sample", "sample"] }, "KEYPOLICY_OUTPUT"],
];

for (const [name, change, code] of REFUSED) {
  test(`refuses ${name}`, () => {
    assert.throws(
      () => keyPolicy({ ...TERMS, ...change }),
      (error: unknown) => error instanceof SealroomError && error.code === code,
    );
  });
}

test("counts what is printed against KMS's 32 KiB", () => {
  const epochs = (count: number) => Array.from({ length: count }, (_, index) => 1_763_856_000_000 + index);
  const fits = (count: number): boolean => {
    try {
      return Buffer.byteLength(encodeKeyPolicy(keyPolicy({ ...TERMS, liveEpochs: epochs(count) }))) > 0;
    } catch (error) {
      assert.ok(error instanceof SealroomError && error.code === "KEYPOLICY_SIZE");
      return false;
    }
  };
  let most = 1;
  while (fits(most + 1)) most += 1;
  const text = encodeKeyPolicy(keyPolicy({ ...TERMS, liveEpochs: epochs(most) }));
  assert.ok(Buffer.byteLength(text) <= MAX_POLICY_BYTES);
  assert.ok(Buffer.byteLength(text) > MAX_POLICY_BYTES - 64);
  assert.ok(parsePolicy(text).statements.length > 0);
});
