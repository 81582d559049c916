// Key policies that are wrong: the linter says what and where, and the local KMS shows that it matters. It grants the
// very request that the finding names, and refuses it under the printed policy.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { TestContext } from "node:test";

import {
  CreateGrantCommand,
  DecryptCommand,
  DisableKeyCommand,
  EncryptCommand,
  GenerateDataKeyCommand,
  GenerateDataKeyWithoutPlaintextCommand,
  PutKeyPolicyCommand,
  ReEncryptCommand,
  ScheduleKeyDeletionCommand,
} from "@aws-sdk/client-kms";
import type { KMSClient } from "@aws-sdk/client-kms";

import { createCredentials } from "../../local/credentials.ts";
import type { LocalCredentials } from "../../local/credentials.ts";
import { LINT_CODES } from "../../owner/lint/codes.ts";
import type { Probe } from "../../owner/lint/finding.ts";
import { lintKeyPolicy } from "../../owner/lint/lint.ts";
import type { JudgedFinding } from "../../owner/lint/lint.ts";
import { ask } from "../../owner/lint/ask.ts";
import { parsePolicy } from "../../owner/policy/document.ts";
import { BOOTED, Cleanups, recipientOf, refusal, startRig } from "../local/kms/rig.ts";
import type { Rig } from "../local/kms/rig.ts";
import { BAD_POLICIES } from "./bad-policies.ts";
import type { BadPolicy } from "./bad-policies.ts";
import { add, drop } from "./edit.ts";
import type { Policy } from "./edit.ts";
import { GOOD, USES } from "./good.ts";

const FROM_THE_POLICY = { enclave: [], owner: [], breakGlass: [] };
const BROAD = { Sid: "Broad", Effect: "Allow", Principal: { AWS: "*" }, Action: "kms:*", Resource: "*" };
const strangers = ["anybody", "sealroom-anybody"].map((name) => createCredentials(name, ["*"]));

let rig: Rig;
const clients = new Map<string, KMSClient>();
const cleanups = new Cleanups();
after(() => cleanups.run());

before(async () => {
  rig = await startRig(cleanups, { strangers });
});

function clientOf(roleArn: string): KMSClient {
  const known = clients.get(roleArn);
  if (known !== undefined) return known;
  const all: readonly LocalCredentials[] = [...Object.values(rig.credentials), ...strangers];
  const credentials = all.find(({ principal }) => principal.roleArn === roleArn);
  assert.ok(credentials, `the rig has no ${roleArn}`);
  const client = rig.client(credentials);
  clients.set(roleArn, client);
  return client;
}

const breakGlass = (): KMSClient => clientOf(rig.credentials.breakGlass.principal.roleArn);

/** A key under the policy, and a blob under the context: made by break-glass while the printed policy was in force. */
async function prepare(
  policy: Policy,
  context: Probe["context"],
): Promise<{ key: string; blob: Uint8Array }> {
  const key = await rig.kms.createKey(JSON.stringify(GOOD));
  const { CiphertextBlob } = await breakGlass().send(
    new EncryptCommand({ KeyId: key, Plaintext: new Uint8Array(32), EncryptionContext: { ...context } }),
  );
  assert.ok(CiphertextBlob);
  await breakGlass().send(
    new PutKeyPolicyCommand({
      KeyId: key,
      Policy: JSON.stringify(policy),
      BypassPolicyLockoutSafetyCheck: true,
    }),
  );
  return { key, blob: CiphertextBlob };
}

/** Whether the local KMS does what the probe asks. Grants it has none of, but it says so only to who may create them. */
async function isGranted(policy: Policy, probe: Probe): Promise<boolean> {
  const { key, blob } = await prepare(policy, probe.context);
  const document = probe.registers && rig.document({ pcrs: Object.fromEntries(probe.registers) });
  const common = { KeyId: key, EncryptionContext: { ...probe.context } };
  const Recipient = document === null ? {} : { Recipient: recipientOf(document) };
  const client = clientOf(probe.principal.roleArn);
  const sends: Readonly<Record<string, () => Promise<unknown>>> = {
    "kms:Decrypt": () => client.send(new DecryptCommand({ ...common, CiphertextBlob: blob, ...Recipient })),
    "kms:GenerateDataKey": () =>
      client.send(new GenerateDataKeyCommand({ ...common, KeySpec: "AES_256", ...Recipient })),
    "kms:Encrypt": () => client.send(new EncryptCommand({ ...common, Plaintext: new Uint8Array(32) })),
    "kms:GenerateDataKeyWithoutPlaintext": () =>
      client.send(new GenerateDataKeyWithoutPlaintextCommand({ ...common, KeySpec: "AES_256" })),
    "kms:ReEncryptFrom": () =>
      client.send(
        new ReEncryptCommand({
          CiphertextBlob: blob,
          SourceEncryptionContext: { ...probe.context },
          DestinationKeyId: key,
          DestinationEncryptionContext: { "sealroom:owner": "somebody else" },
        }),
      ),
    "kms:CreateGrant": () =>
      client
        .send(
          new CreateGrantCommand({
            KeyId: key,
            GranteePrincipal: probe.principal.roleArn,
            Operations: ["Decrypt"],
          }),
        )
        .catch((error: unknown) => {
          if (!refusal("UnsupportedOperationException")(error)) throw error;
        }),
    "kms:PutKeyPolicy": () =>
      client.send(
        new PutKeyPolicyCommand({
          KeyId: key,
          Policy: JSON.stringify(GOOD),
          BypassPolicyLockoutSafetyCheck: true,
        }),
      ),
    "kms:ScheduleKeyDeletion": () => client.send(new ScheduleKeyDeletionCommand({ KeyId: key })),
    "kms:DisableKey": () => client.send(new DisableKeyCommand({ KeyId: key })),
  };
  const send = sends[probe.action] ?? assert.fail(`nothing sends ${probe.action}`);
  try {
    await send();
    return true;
  } catch (error) {
    if (refusal("AccessDeniedException")(error)) return false;
    throw error;
  }
}

/** Takes out of both policies what stands against the witness beside the mistake: the denials, or that nothing allows. */
function clearTheWay(bad: Policy, good: Policy, witness: Probe): readonly [Policy, Policy] {
  const { statements } = parsePolicy(JSON.stringify(bad));
  const { verdict, sid } = ask(statements, witness);
  if (verdict === "allowed") return [bad, good];
  if (verdict === "denied-by-default") return clearTheWay(add(BROAD)(bad), add(BROAD)(good), witness);
  const cut = drop(sid ?? assert.fail("a Deny without a name"));
  return clearTheWay(cut(bad), good.Statement.some(({ Sid }) => Sid === sid) ? cut(good) : good, witness);
}

async function showHarm({ harm }: BadPolicy, policy: Policy, found: JudgedFinding): Promise<void> {
  const [use] = USES;
  assert.ok(use);
  const { witness } = found;
  switch (harm) {
    case "open":
      assert.ok(witness);
      assert.equal(found.stand, "open");
      assert.equal(await isGranted(policy, witness), true);
      assert.equal(await isGranted(GOOD, witness), false);
      return;
    case "second": {
      assert.ok(witness);
      assert.notEqual(found.stand, "open");
      assert.equal(await isGranted(policy, witness), false);
      const [bad, good] = clearTheWay(policy, GOOD, witness);
      assert.equal(await isGranted(bad, witness), true);
      assert.equal(await isGranted(good, witness), false);
      return;
    }
    case "shut-out": {
      const registers = new Map(Object.entries(BOOTED).map(([index, hex]) => [Number(index), hex]));
      const enclave = { ...rig.credentials.enclave.principal };
      const meant: Probe = { ...use, principal: enclave, registers };
      assert.equal(await isGranted(GOOD, meant), true);
      assert.equal(await isGranted(policy, meant), false);
      return;
    }
    case "refused": {
      const key = await rig.kms.createKey(JSON.stringify(GOOD));
      const put = new PutKeyPolicyCommand({ KeyId: key, Policy: JSON.stringify(policy) });
      await assert.rejects(
        breakGlass().send(put),
        (error: unknown) =>
          refusal("MalformedPolicyDocumentException")(error) || refusal("ValidationException")(error),
      );
      return;
    }
    case "text":
      parsePolicy(JSON.stringify(policy));
  }
}

async function tryAll(t: TestContext, id: BadPolicy["case"]): Promise<void> {
  for (const bad of BAD_POLICIES.filter((one) => one.case === id)) {
    const { name, edit, code, at, given } = bad;
    await t.test(`${code}: ${name}`, async () => {
      const policy = edit(GOOD);
      const { findings } = lintKeyPolicy(JSON.stringify(policy), { ...FROM_THE_POLICY, ...given });
      const found = findings.find((one) => one.code === code && one.name === at);
      assert.ok(found, JSON.stringify(findings.map((one) => [one.code, one.name])));
      await showHarm(bad, policy, found);
    });
  }
}

test("finds key policies that ask for no image, or only seem to", (t) => tryAll(t, "H49"));
test("finds key policies that leave it to the account, or to everybody", (t) => tryAll(t, "H50"));
test("finds key policies that measure too little of an image, or the wrong thing", (t) => tryAll(t, "H51"));
test("finds key policies that let the enclave's role wrap, hand on or administer", (t) => tryAll(t, "H52"));
test("finds key policies without denials, or that ask for too little of a context", (t) => tryAll(t, "H53"));
test("finds what is misspelt, contradictory or not understood in a key policy", (t) => tryAll(t, "form"));

test("has at least forty bad policies of the cases of a hostile host, and one of every code", () => {
  assert.ok(BAD_POLICIES.filter(({ case: id }) => id !== "form").length >= 40);
  const codes = new Set(BAD_POLICIES.map(({ code }) => code));
  assert.deepEqual(
    Object.keys(LINT_CODES).filter((code) => !(codes as ReadonlySet<string>).has(code)),
    [],
  );
});

test("grants by the local KMS are what the linter's own evaluator says", async () => {
  const registers = new Map(Object.entries(BOOTED).map(([index, hex]) => [Number(index), hex]));
  for (const use of USES) {
    const probe: Probe = { ...use, principal: rig.credentials.enclave.principal, registers };
    assert.equal(await isGranted(GOOD, probe), true);
    assert.equal(await isGranted(GOOD, { ...probe, registers: null }), false);
    const { statements } = parsePolicy(JSON.stringify(GOOD));
    assert.equal(ask(statements, probe).verdict, "allowed");
    assert.equal(ask(statements, { ...probe, registers: null }).verdict, "denied-explicitly");
  }
});
