// What the local KMS keeps over a stop, a kill and a half-written file; and what it refuses to start from.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { chmod, mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import {
  DecryptCommand,
  DisableKeyCommand,
  EncryptCommand,
  GetKeyPolicyCommand,
  PutKeyPolicyCommand,
  ScheduleKeyDeletionCommand,
} from "@aws-sdk/client-kms";

import { SealroomError } from "../../../core/errors.ts";
import { openAuthority } from "../../../local/authority.ts";
import { openCredentials } from "../../../local/credentials.ts";
import { KeyStore } from "../../../local/kms/key-store.ts";
import { findSecretFile, writeSecretFile } from "../../../local/secret-file.ts";
import { refusal, REGION, startRig, temporaryDirectory } from "./rig.ts";

const OPEN_POLICY = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { AWS: "*" }, Action: "kms:*", Resource: "*" }],
});
const isDamaged = (error: unknown) => error instanceof SealroomError && error.code === "LOCAL_STATE";

test("opens after a restart what was sealed before, under the policy of before", async (context) => {
  const first = await startRig(context);
  const KeyId = await first.kms.createKey(OPEN_POLICY);
  const client = first.client(first.credentials.owner);
  const { CiphertextBlob } = await client.send(new EncryptCommand({ KeyId, Plaintext: Buffer.from("kept") }));
  const Policy = `${OPEN_POLICY.slice(0, -2)},{"Sid":"More","Effect":"Deny","Principal":"*","Action":"kms:TagResource","Resource":"*"}]}`;
  await client.send(new PutKeyPolicyCommand({ KeyId, Policy }));
  await first.kms.close();

  const second = await startRig(context, { directory: first.directory, root: first.root });
  assert.deepEqual(second.credentials, first.credentials);
  assert.equal(second.authority.certificate, first.authority.certificate);
  const again = second.client(second.credentials.owner);
  const opened = await again.send(new DecryptCommand({ CiphertextBlob }));
  assert.equal(Buffer.from(opened.Plaintext ?? []).toString(), "kept");
  assert.equal((await again.send(new GetKeyPolicyCommand({ KeyId }))).Policy, Policy);
});

test("keeps a key's state over a restart, and loses a deleted key when its time has come", async (context) => {
  const first = await startRig(context);
  const [disabled, deleted] = [
    await first.kms.createKey(OPEN_POLICY),
    await first.kms.createKey(OPEN_POLICY),
  ];
  const client = first.client(first.credentials.owner);
  await client.send(new DisableKeyCommand({ KeyId: disabled }));
  await client.send(new ScheduleKeyDeletionCommand({ KeyId: deleted, PendingWindowInDays: 7 }));
  await first.kms.close();

  const second = await startRig(context, { directory: first.directory, root: first.root });
  const again = second.client(second.credentials.owner);
  const encrypt = (KeyId: string) => again.send(new EncryptCommand({ KeyId, Plaintext: new Uint8Array(1) }));
  await assert.rejects(encrypt(disabled), refusal("DisabledException"));
  await assert.rejects(encrypt(deleted), refusal("KMSInvalidStateException"));

  const store = await KeyStore.open(join(first.directory, "kms"), REGION);
  const id = deleted.slice(-36);
  assert.ok(store.find(id, Date.now()));
  assert.equal(store.find(id, Date.now() + 8 * 24 * 60 * 60_000), null);
});

test("gives nobody but the owner of the machine's account a look at its files", async (context) => {
  const rig = await startRig(context);
  await rig.kms.createKey(OPEN_POLICY);
  const files = (await readdir(rig.directory, { recursive: true, withFileTypes: true })).map((entry) => ({
    path: join(entry.parentPath, entry.name),
    isFile: entry.isFile(),
  }));
  assert.ok(files.filter(({ isFile }) => isFile).length >= 3);
  for (const { path } of files) assert.equal((await stat(path)).mode & 0o077, 0, path);
});

test("survives SIGKILL while keys are being made: every key whose ARN was told is there, whole", async (context) => {
  const directory = await temporaryDirectory(context);
  const source = `
    import { KeyStore } from ${JSON.stringify(new URL("../../../local/kms/key-store.ts", import.meta.url).href)};
    const store = await KeyStore.open(process.argv[1], ${JSON.stringify(REGION)});
    for (;;) {
      const key = await store.create({ policyText: process.argv[2], description: "", createdMs: 1 });
      process.stdout.write(key.id + "\\n");
    }`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", source, directory, OPEN_POLICY], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let told = "";
  for await (const chunk of child.stdout) {
    told += String(chunk);
    if (told.split("\n").length > 20) child.kill("SIGKILL");
  }
  const ids = told.split("\n").slice(0, -1);
  assert.ok(ids.length >= 20);
  const store = await KeyStore.open(directory, REGION);
  for (const id of ids) assert.equal(store.find(id, 1)?.policyText, OPEN_POLICY);
});

test("passes over a file that was not written to its end", async (context) => {
  const directory = await temporaryDirectory(context);
  const store = await KeyStore.open(directory, REGION);
  const { id } = await store.create({ policyText: OPEN_POLICY, description: "", createdMs: 1 });
  await writeFile(join(directory, REGION, `${id}.json.new`), '{"createdMs":');
  const again = await KeyStore.open(directory, REGION);
  assert.ok(again.find(id, 1));
  await again.change(id, { state: "Disabled" });
  assert.equal((await KeyStore.open(directory, REGION)).find(id, 1)?.state, "Disabled");
});

const DAMAGES: readonly (readonly [string, (text: string) => string])[] = [
  ["is cut", (text) => text.slice(0, -10)],
  ["is empty", () => ""],
  ["lost its secret", (text) => text.replace(/"secret": "[^"]*"/, '"secret": ""')],
  ["has a shorter secret", (text) => text.replace(/"secret": "..../, '"secret": "')],
  ["has an unknown state", (text) => text.replace('"Enabled"', '"Open"')],
  ["has a policy that cannot be evaluated", (text) => text.replace("Allow", "Admit")],
];

for (const [name, damage] of DAMAGES) {
  test(`does not start from a key file that ${name}`, async (context) => {
    const directory = await temporaryDirectory(context);
    const { id } = await (
      await KeyStore.open(directory, REGION)
    ).create({ policyText: OPEN_POLICY, description: "", createdMs: 1 });
    const file = join(directory, REGION, `${id}.json`);
    await writeFile(file, damage(await readFile(file, "utf8")));
    await assert.rejects(KeyStore.open(directory, REGION), isDamaged);
  });
}

test("does not start from a secret that others can read", async (context) => {
  const directory = await temporaryDirectory(context);
  await openCredentials(directory);
  await openAuthority(directory, Date.now());
  for (const [file, open] of [
    ["credentials.json", () => openCredentials(directory)],
    ["authority.pem", () => openAuthority(directory, Date.now())],
  ] as const) {
    await chmod(join(directory, file), 0o644);
    await assert.rejects(open(), isDamaged);
  }
});

test("does not start from credentials or an authority that are damaged", async (context) => {
  const directory = await temporaryDirectory(context);
  await mkdir(directory, { recursive: true });
  for (const text of ["", "{}", "[]", '{"owner":{"accessKeyId":"x"}}']) {
    await writeSecretFile(join(directory, "credentials.json"), text);
    await writeSecretFile(join(directory, "authority.pem"), text);
    await assert.rejects(openCredentials(directory), isDamaged);
    await assert.rejects(openAuthority(directory, Date.now()), isDamaged);
  }
});

test("does not start from an authority that is about to expire", async (context) => {
  const directory = await temporaryDirectory(context);
  const longAgo = Date.now() - 10 * 365 * 24 * 60 * 60_000;
  await openAuthority(directory, longAgo);
  await assert.rejects(openAuthority(directory, Date.now()), isDamaged);
});

test("finds no file where there is none", async (context) => {
  assert.equal(await findSecretFile(join(await temporaryDirectory(context), "none")), null);
});
