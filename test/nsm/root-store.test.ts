// The simulated root on disk: made once, its key for its owner only, and never half of it taken.
import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { trustRoot } from "../../core/attestation/root.ts";
import { openDevRoot, ROOT_FILE } from "../../local/nsm/root-store.ts";
import { assertRefused } from "../attestation/refusal.ts";
import { START } from "./nsm.ts";

const KEY_FILE = "simulated-root.key.pem";

async function stateDirectory(context: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "sealroom-root-"));
  context.after(() => rm(directory, { recursive: true }));
  return join(directory, "nsm");
}

test("makes a root once, and opens the same one afterwards", async (context) => {
  const directory = await stateDirectory(context);
  const made = await openDevRoot(directory, START);
  const opened = await openDevRoot(directory, START + 1_000_000);
  assert.deepEqual(opened.certificate, made.certificate);
  assert.ok(opened.privateKey.equals(made.privateKey));
  assert.deepEqual((await readdir(directory)).sort(), [KEY_FILE, ROOT_FILE].sort());
  const file = await readFile(join(directory, ROOT_FILE));
  assert.deepEqual(trustRoot(file).certificate, Uint8Array.from(made.certificate));
});

test("keeps the private key from everybody else", async (context) => {
  const directory = await stateDirectory(context);
  await openDevRoot(directory, START);
  assert.equal((await stat(join(directory, KEY_FILE))).mode & 0o777, 0o600);
  assert.equal((await stat(directory)).mode & 0o777, 0o700);
  await chmod(join(directory, KEY_FILE), 0o640);
  await assertRefused(openDevRoot(directory, START), "NSM_STATE");
});

test("makes a new root where the old one was never finished", async (context) => {
  const directory = await stateDirectory(context);
  const first = await openDevRoot(directory, START);
  await rm(join(directory, KEY_FILE));
  await writeFile(join(directory, `${KEY_FILE}.new`), "half a key", { mode: 0o644 });
  const second = await openDevRoot(directory, START);
  assert.notDeepEqual(second.certificate, first.certificate);
  assert.equal((await stat(join(directory, KEY_FILE))).mode & 0o777, 0o600);
  assert.deepEqual((await openDevRoot(directory, START)).certificate, second.certificate);
});

test("refuses a key whose certificate is missing, broken, or another's", async (context) => {
  const directory = await stateDirectory(context);
  await openDevRoot(directory, START);
  const certificate = join(directory, ROOT_FILE);
  const other = await stateDirectory(context);
  await openDevRoot(other, START);
  await writeFile(certificate, await readFile(join(other, ROOT_FILE)));
  await assertRefused(openDevRoot(directory, START), "NSM_STATE", "another's");
  await writeFile(certificate, "no certificate");
  await assertRefused(openDevRoot(directory, START), "NSM_STATE", "broken");
  await rm(certificate);
  await assertRefused(openDevRoot(directory, START), "NSM_STATE", "missing");
});

test("refuses a key file that holds no key", async (context) => {
  const directory = await stateDirectory(context);
  await openDevRoot(directory, START);
  await writeFile(join(directory, KEY_FILE), "no key");
  await assertRefused(openDevRoot(directory, START), "NSM_STATE");
});

test("makes no new root where the old one cannot be read", async (context) => {
  const directory = await stateDirectory(context);
  await mkdir(join(directory, KEY_FILE), { recursive: true });
  await assertRefused(openDevRoot(directory, START), "NSM_STATE");
});
