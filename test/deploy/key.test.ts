// The key's policy to begin with is what `policy kms` prints, without what an image is needed for; and what it lets
// happen, as the local KMS would decide.
import assert from "node:assert/strict";
import test from "node:test";
import { encodeKeyPolicy, keyPolicy } from "../../owner/key-policy.ts";
import { lintKeyPolicy } from "../../owner/lint/lint.ts";
import { parsePolicy } from "../../owner/policy/document.ts";
import { decide } from "../../owner/policy/evaluate.ts";
import type { Principal } from "../../owner/policy/principal.ts";
import { requestContext } from "../../owner/policy/request-context.ts";
import { canonical, readTemplate } from "./cloudformation.ts";
import { at } from "./json.ts";
import type { Json } from "./json.ts";
import { fromDocument } from "./policies.ts";

const ACCOUNT = "111122223333";
const THUMBPRINT = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs";
const ROLES = {
  owner: `arn:aws:iam::${ACCOUNT}:role/sealroom-owner`,
  enclave: `arn:aws:iam::${ACCOUNT}:role/sealroom-enclave`,
  breakGlass: `arn:aws:iam::${ACCOUNT}:role/sealroom-break-glass`,
  administrator: `arn:aws:iam::${ACCOUNT}:role/administrator`,
};
const KEY = `arn:aws:kms:eu-central-1:${ACCOUNT}:key/1b2c3d4e-0000-4111-8222-abcdefabcdef`;
const IMAGE = { 0: "a1".repeat(48), 1: "b2".repeat(48), 2: "c3".repeat(48) };

/** As KMS gets it from the template. */
function initialPolicy(): Json {
  const template = readTemplate("dataset-key.yaml");
  const policy = canonical(at(template.resources, "DatasetKey.Properties.KeyPolicy") ?? null, template);
  const text = JSON.stringify(policy)
    .replaceAll("<param OwnerRoleArn>", ROLES.owner)
    .replaceAll("<param BreakGlassRoleArn>", ROLES.breakGlass)
    .replaceAll("<param OwnerThumbprint>", THUMBPRINT);
  assert.doesNotMatch(text, /[<>]/);
  return JSON.parse(text) as Json;
}

test("it is what `policy kms` prints without a live epoch, but for what an image's registers are needed for", () => {
  const printed = keyPolicy({
    measurements: [IMAGE],
    ownerRoleArn: ROLES.owner,
    enclaveRoleArn: ROLES.enclave,
    breakGlassRoleArn: ROLES.breakGlass,
    owner: THUMBPRINT,
    dataset: "flights",
    liveEpochs: [],
  });
  const expected = fromDocument(JSON.parse(encodeKeyPolicy(printed)) as Json);
  const registers = expected.filter(({ conditions }) =>
    Object.keys(conditions).some((name) => /RecipientAttestation:PCR\d$/.test(name)),
  );
  assert.ok(registers.length >= 3 && registers.every(({ effect }) => effect === "Deny"));
  assert.deepEqual(
    fromDocument(initialPolicy()),
    expected.filter((statement) => !registers.includes(statement)),
  );
  assert.deepEqual(at(initialPolicy(), "Id"), printed.Id);
});

test("the linter finds nothing in it but that no image is named yet", () => {
  const { findings } = lintKeyPolicy(JSON.stringify(initialPolicy()), {
    enclave: [ROLES.enclave],
    owner: [ROLES.owner],
    breakGlass: [ROLES.breakGlass],
  });
  assert.deepEqual([...new Set(findings.map(({ code }) => code))], ["NO_DENY_IMAGE"]);
  assert.ok(findings.every(({ stand }) => stand === "latent"));
});

/** Its own policy lets it do anything, as an account's administrator could arrange. */
function session(roleArn: string): Principal {
  const name = roleArn.split("/").at(-1) ?? "";
  return {
    arn: `arn:aws:sts::${ACCOUNT}:assumed-role/${name}/session`,
    roleArn,
    account: ACCOUNT,
    identityActions: ["*"],
  };
}

interface Ask {
  readonly who: keyof typeof ROLES;
  readonly action: string;
  readonly context?: Readonly<Record<string, string>>;
  /** With the document of an image. */
  readonly attested?: boolean;
}

function isAllowed({ who, action, context, attested }: Ask): boolean {
  const principal = session(ROLES[who]);
  const pcrs = new Map(Object.entries(IMAGE).map(([index, value]) => [Number(index), value] as const));
  const facts = {
    principal,
    region: "eu-central-1",
    nowMs: Date.parse("2026-01-31T12:00:00Z"),
    ...(context === undefined ? {} : { encryptionContext: Object.entries(context) }),
    recipient: attested === true ? { pcrs } : null,
  };
  const policy = parsePolicy(JSON.stringify(initialPolicy()));
  return (
    decide(policy, { principal, action, resource: KEY, context: requestContext(facts) }).verdict === "allowed"
  );
}

const OWN = {
  "sealroom:owner": THUMBPRINT,
  "sealroom:purpose": "dataset",
  "sealroom:dataset": "flights",
  "sealroom:epoch": "1790000000000",
};
const OTHER = { ...OWN, "sealroom:owner": "A".repeat(43) };
const OUTPUT = { ...OWN, "sealroom:purpose": "output" };

test("the owner draws, wraps and opens keys of his own thumbprint, and of no other", () => {
  for (const action of ["kms:GenerateDataKey", "kms:Encrypt", "kms:Decrypt"]) {
    assert.ok(isAllowed({ who: "owner", action, context: OWN }), action);
    assert.ok(!isAllowed({ who: "owner", action, context: OTHER }), action);
    assert.ok(!isAllowed({ who: "owner", action, context: {} }), action);
  }
});

test("no enclave opens anything yet, with whatever document and context, and neither does its parent", () => {
  for (const context of [OWN, OUTPUT, OTHER, {}]) {
    for (const action of ["kms:Decrypt", "kms:GenerateDataKey", "kms:Encrypt"]) {
      for (const attested of [true, false]) {
        assert.ok(!isAllowed({ who: "enclave", action, context, attested }));
      }
    }
  }
});

test("an administrator of the account has no right on the key, whatever IAM lets him do", () => {
  const actions = [
    "Decrypt",
    "Encrypt",
    "ReEncryptFrom",
    "CreateGrant",
    "PutKeyPolicy",
    "ScheduleKeyDeletion",
  ];
  for (const name of [...actions, "GetKeyPolicy", "DescribeKey", "DisableKey"]) {
    assert.ok(
      !isAllowed({ who: "administrator", action: `kms:${name}`, context: OWN, attested: true }),
      name,
    );
  }
});

test("only break-glass changes the policy or takes the key away, and the owner cannot grant round it", () => {
  for (const name of ["PutKeyPolicy", "ScheduleKeyDeletion", "DisableKey", "EnableKeyRotation"]) {
    assert.ok(isAllowed({ who: "breakGlass", action: `kms:${name}` }), name);
    assert.ok(!isAllowed({ who: "owner", action: `kms:${name}` }), name);
    assert.ok(!isAllowed({ who: "enclave", action: `kms:${name}` }), name);
  }
  assert.ok(!isAllowed({ who: "owner", action: "kms:CreateGrant" }));
});
