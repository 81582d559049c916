// Every attestation vector through the command line: verdict, reason and exit code, in each form that a file may have.
import assert from "node:assert/strict";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { VECTORS, withoutVectors } from "../vectors.ts";
import { answer, forAll, scratch, sealroom } from "./command-line.ts";

const DIRECTORY = fileURLToPath(new URL("attestation/", VECTORS));

interface ValidVector {
  readonly file: string;
  readonly debug: boolean;
  readonly timestamp: string;
  readonly module_id: string;
  readonly nonZeroPcrs: Readonly<Record<string, string>>;
}

async function validVectors(): Promise<readonly ValidVector[]> {
  const all = JSON.parse(await readFile(join(DIRECTORY, "manifest.json"), "utf8")) as readonly ValidVector[];
  return all.filter(({ file }) => file.startsWith("valid/"));
}

test(
  "every genuine document is authentic, and a debug one exits with a code of its own",
  { skip: withoutVectors },
  async () => {
    const vectors = await validVectors();
    const files = (await readdir(join(DIRECTORY, "valid"))).map((name) => `valid/${name}`);
    assert.deepEqual(vectors.map(({ file }) => file).sort(), files.sort());
    await forAll(vectors, async ({ file, debug, timestamp, module_id, nonZeroPcrs }) => {
      const found = await answer(["attestation", join(DIRECTORY, file)]);
      assert.equal(found.exit, debug ? 5 : 0, file);
      assert.equal(found.ok, !debug);
      assert.equal(found["authentic"], true);
      assert.equal(found["debug"], debug);
      assert.equal(found["reason"], debug ? "POLICY_DEBUG" : null);
      assert.equal(found["simulated"], false);
      assert.equal(found["timestamp"], timestamp);
      assert.equal(found["moduleId"], module_id);
      const pcrs = Object.entries(found["pcrs"] as Record<string, string>);
      assert.deepEqual(Object.fromEntries(pcrs.filter(([, value]) => !/^0+$/.test(value))), nonZeroPcrs);
      assert.deepEqual(found["uncheckedPcrs"], [0, 1, 2]);
    });
  },
);

test("every negative vector exits 1 with a reason of its layer", { skip: withoutVectors }, async () => {
  const listed = JSON.parse(await readFile(join(DIRECTORY, "negative/manifest.json"), "utf8")) as readonly {
    readonly file: string;
  }[];
  const files = (await readdir(join(DIRECTORY, "negative"))).filter((name) => name !== "manifest.json");
  assert.deepEqual(listed.map(({ file }) => file).sort(), files.map((name) => `negative/${name}`).sort());
  await forAll(files, async (name) => {
    const found = await answer(["attestation", join(DIRECTORY, "negative", name)]);
    assert.equal(found.exit, 1, name);
    assert.equal(found["authentic"], false);
    assert.match(String(found["reason"]), /^(DOCUMENT|COSE|CHAIN)_/);
  });
});

test(
  "a document is the same in binary, hex, base64 and base64url, with line breaks",
  { skip: withoutVectors },
  async (t) => {
    const directory = await scratch(t);
    const [vector] = await validVectors();
    assert.ok(vector);
    const bytes = await readFile(join(DIRECTORY, vector.file));
    const folded = (text: string): string => text.replaceAll(/.{1,76}/g, "$&\r\n");
    const forms: Record<string, string | Buffer> = {
      binary: bytes,
      hex: bytes.toString("hex"),
      hexUpper: `0x${bytes.toString("hex").toUpperCase()}\n`,
      base64: folded(bytes.toString("base64")),
      base64url: bytes.toString("base64url"),
    };
    const expected = await answer(["attestation", join(DIRECTORY, vector.file)]);
    for (const [name, content] of Object.entries(forms)) {
      const file = join(directory, name);
      await writeFile(file, content);
      assert.deepEqual(await answer(["attestation", file]), expected, name);
    }
  },
);

test(
  "the certificates are judged at the document's time, now, or a time that is given",
  { skip: withoutVectors },
  async () => {
    const vector = (await validVectors()).find(({ debug }) => !debug);
    assert.ok(vector);
    const file = join(DIRECTORY, vector.file);
    const now = await answer(["attestation", file, "--at", "now"]);
    assert.deepEqual([now.exit, now["reason"]], [1, "CHAIN_EXPIRED"]);
    const then = await answer(["attestation", file, "--at", vector.timestamp]);
    assert.equal(then.exit, 0);
    const day = await answer(["attestation", file, "--at", "2020-01-01"]);
    assert.deepEqual([day.exit, day["reason"]], [1, "CHAIN_EXPIRED"]);
    for (const bad of ["yesterday", "2026-13-01", "1616018515685", "2026-01-01T00:00:00", ""]) {
      assert.equal((await answer(["attestation", file, "--at", bad])).exit, 2, bad);
    }
  },
);

test(
  "a register is compared only where --pcr names it, and all three make the measurements checked",
  { skip: withoutVectors },
  async () => {
    const vector = (await validVectors()).find(({ debug }) => !debug);
    assert.ok(vector);
    const file = join(DIRECTORY, vector.file);
    const flags = ["0", "1", "2"].flatMap((index) => [
      "--pcr",
      `${index}=${vector.nonZeroPcrs[index] ?? ""}`,
    ]);
    const all = await answer(["attestation", file, ...flags]);
    assert.deepEqual([all.exit, all["uncheckedPcrs"]], [0, []]);
    const one = await answer(["attestation", file, ...flags.slice(0, 2)]);
    assert.deepEqual([one.exit, one["uncheckedPcrs"]], [0, [1, 2]]);
    const other = await answer(["attestation", file, "--pcr", `0=${"ab".repeat(48)}`]);
    assert.deepEqual([other.exit, other["reason"], other["authentic"]], [1, "POLICY_PCR", true]);
    const absent = await answer(["attestation", file, "--pcr", `31=${"00".repeat(48)}`]);
    assert.deepEqual([absent.exit, absent["reason"]], [1, "POLICY_PCR"]);
  },
);

test(
  "an expectation that would accept a debug enclave, or that is malformed, is a usage error",
  { skip: withoutVectors },
  async () => {
    const [vector] = await validVectors();
    const file = join(DIRECTORY, vector?.file ?? "");
    for (const pcr of [
      `0=${"00".repeat(48)}`,
      "0=",
      "0=abcd",
      "32=" + "ab".repeat(48),
      "x=1",
      "",
      "=",
      `-1=${"ab".repeat(48)}`,
    ]) {
      assert.equal((await answer(["attestation", file, "--pcr", pcr])).exit, 2, pcr);
    }
    const twice = ["--pcr", `0=${"ab".repeat(48)}`, "--pcr", `0=${"ab".repeat(48)}`];
    assert.equal((await answer(["attestation", file, ...twice])).exit, 2);
  },
);

test(
  "another root is trusted only when it is given, and Amazon's own document fails under it",
  { skip: withoutVectors },
  async (t) => {
    const [vector] = await validVectors();
    const file = join(DIRECTORY, vector?.file ?? "");
    const amazon = join(DIRECTORY, "root/aws_nitro_root_G1.pem");
    const same = await answer(["attestation", file, "--root", amazon]);
    assert.deepEqual([same.exit, same["simulated"]], [0, false]);
    const junk = join(await scratch(t), "root.pem");
    await writeFile(junk, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    assert.equal((await answer(["attestation", file, "--root", junk])).error?.code, "CHAIN_DER");
  },
);

test("the launcher prints the verdict and its exit code", { skip: withoutVectors }, async () => {
  const vectors = await validVectors();
  const genuine = vectors.find(({ debug }) => !debug);
  const debug = vectors.find((vector) => vector.debug);
  const good = await sealroom(["attestation", join(DIRECTORY, genuine?.file ?? "")]);
  assert.equal(good.exit, 0);
  assert.match(good.stdout, /^AUTHENTIC {2}/);
  assert.match(good.stdout, /UNCHECKED: PCR0, PCR1, PCR2/);
  assert.ok(
    good.stdout
      .split("\n")
      .slice(1)
      // A label and a digest, which is not broken.
      .every((line) => line.length <= 80 || line.trim().split(/ +/).length <= 2),
  );
  const bad = await sealroom(["attestation", join(DIRECTORY, debug?.file ?? "")]);
  assert.equal(bad.exit, 5);
  assert.match(bad.stdout, /^DEBUG ENCLAVE: .*\[POLICY_DEBUG\]/);
  const forged = await sealroom(["attestation", join(DIRECTORY, "negative/sig-bitflip.cbor"), "--json"]);
  assert.equal(forged.exit, 1);
  assert.equal((JSON.parse(forged.stdout) as { reason: string }).reason, "COSE_SIGNATURE");
});
