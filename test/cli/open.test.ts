// Every Encryption SDK vector whose key is at hand through the command line, and what the command does with its files.
import assert from "node:assert/strict";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { VECTORS, withoutVectors } from "../vectors.ts";
import { answer, forAll, scratch, sealroom } from "./command-line.ts";

const DIRECTORY = fileURLToPath(new URL("esdk/", VECTORS));

interface Vector {
  readonly file: string;
  readonly expect: "ok" | "reject";
  readonly suite: string;
  readonly key?: string;
  readonly providerId?: string;
  readonly keyName?: string;
  readonly plaintextDataKeyB64?: string;
  readonly plaintextDataKeyHex?: string;
  readonly encryptionContext?: Readonly<Record<string, string>>;
  readonly plaintext?: string;
}

async function readVectors(): Promise<readonly Vector[]> {
  return JSON.parse(await readFile(join(DIRECTORY, "manifest.json"), "utf8")) as readonly Vector[];
}

const KEY_BYTES: Readonly<Record<string, number>> = {
  "0x0014": 16,
  "0x0114": 16,
  "0x0214": 16,
  "0x0046": 24,
  "0x0146": 24,
  "0x0346": 24,
};

/** The options that give a vector's key; null where it is wrapped by a kind of key that the command does not take. */
async function keyOptions(vector: Vector, directory: string): Promise<readonly string[] | null> {
  const path = join(directory, `${vector.file.replaceAll("/", "_")}.key`);
  if (vector.plaintextDataKeyB64 !== undefined || vector.plaintextDataKeyHex !== undefined) {
    const zeros = Buffer.alloc(KEY_BYTES[vector.suite] ?? 32);
    await writeFile(
      path,
      vector.plaintextDataKeyB64 === undefined ? zeros : Buffer.from(vector.plaintextDataKeyB64, "base64"),
    );
    return ["--data-key-file", path];
  }
  const keys = JSON.parse(await readFile(join(DIRECTORY, "keys.json"), "utf8")) as Record<
    string,
    { algorithm: string; encoding: string; material: string; keyId?: string }
  >;
  const key = vector.key === undefined ? undefined : keys[vector.key];
  if (key?.algorithm !== "aes" || vector.key === undefined) return null;
  await writeFile(path, Buffer.from(key.material, "base64"));
  return [
    "--raw-aes-key-file",
    path,
    "--namespace",
    vector.providerId ?? "",
    "--name",
    vector.keyName ?? key.keyId ?? "",
  ];
}

test(
  "every vector whose key is at hand opens to its plaintext, or is refused in the seal's layer",
  { skip: withoutVectors },
  async (t) => {
    const directory = await scratch(t);
    const vectors = await readVectors();
    const seen = { opened: 0, refused: 0, otherKeys: 0 };
    await forAll(vectors, async (vector) => {
      const key = await keyOptions(vector, directory);
      if (key === null) {
        seen.otherKeys++;
        return;
      }
      const out = join(directory, vector.file.replaceAll("/", "_"));
      const context = Object.entries(vector.encryptionContext ?? {})
        .filter(([name]) => !name.startsWith("aws-crypto-"))
        .flatMap(([name, value]) => ["--encryption-context", `${name}=${value}`]);
      const found = await answer(["open", join(DIRECTORY, vector.file), ...key, ...context, "--out", out]);
      if (vector.expect === "ok") {
        seen.opened++;
        assert.equal(found.exit, 0, vector.file);
        assert.deepEqual(
          await readFile(out),
          await readFile(join(DIRECTORY, vector.plaintext ?? "")),
          vector.file,
        );
      } else {
        seen.refused++;
        assert.equal(found.exit, 1, `${vector.file} ${JSON.stringify(found.error)}`);
        assert.match(found.error?.code ?? "", /^SEAL_/);
        await assert.rejects(readFile(out), { code: "ENOENT" });
      }
    });
    assert.deepEqual(seen, {
      opened: vectors.filter(({ expect }) => expect === "ok").length,
      refused: vectors.filter(({ expect }) => expect === "reject").length,
      otherKeys: 0,
    });
    // Nothing is left under a temporary name either.
    assert.deepEqual(
      (await readdir(directory)).filter((name) => name.endsWith(".tmp")),
      [],
    );
  },
);

test(
  "without --out a message's plaintext goes to standard output, and nothing of one that fails at its end",
  { skip: withoutVectors },
  async (t) => {
    const directory = await scratch(t);
    const vector = (await readVectors()).find(({ file }) => file.includes("net401-0478-aes-Default"));
    assert.ok(vector);
    const key = (await keyOptions(vector, directory)) ?? [];
    const opened = await sealroom(["open", join(DIRECTORY, vector.file), ...key]);
    assert.equal(opened.exit, 0);
    assert.equal(opened.stderr, "");
    assert.equal(
      opened.stdout.length,
      (await readFile(join(DIRECTORY, vector.plaintext ?? ""), "utf8")).length,
    );
    const cut = join(directory, "cut.esdk");
    await writeFile(cut, (await readFile(join(DIRECTORY, vector.file))).subarray(0, -1));
    const failed = await sealroom(["open", cut, ...key]);
    assert.equal(failed.exit, 1);
    assert.equal(failed.stdout, "");
    assert.match(failed.stderr, /^sealroom open: .*cut\.esdk: .* \[SEAL_TRUNCATED\]\. .*\n$/);
  },
);

test(
  "a required pair that the message was not sealed with is refused",
  { skip: withoutVectors },
  async (t) => {
    const directory = await scratch(t);
    const vector = (await readVectors()).find(({ file }) => file.includes("net401-0478-aes-Default"));
    assert.ok(vector);
    const args = ["open", join(DIRECTORY, vector.file), ...((await keyOptions(vector, directory)) ?? [])];
    for (const pair of ["key1=other", "unknown=pair"]) {
      const found = await answer([...args, "--encryption-context", pair]);
      assert.equal(found.exit, 1, pair);
      assert.match(found.error?.code ?? "", /^SEAL_/);
    }
    assert.equal((await answer([...args, "--encryption-context", "nothing"])).exit, 2);
  },
);

test("keys are told apart, and a wrong one says so", { skip: withoutVectors }, async (t) => {
  const directory = await scratch(t);
  const vector = (await readVectors()).find(({ file }) => file.includes("kat-01"));
  assert.ok(vector);
  const file = join(DIRECTORY, vector.file);
  const write = async (name: string, bytes: string | Buffer): Promise<string> => {
    await writeFile(join(directory, name), bytes);
    return join(directory, name);
  };
  const right = Buffer.from(vector.plaintextDataKeyB64 ?? "", "base64");
  for (const [name, content] of Object.entries({
    raw: right,
    hex: right.toString("hex"),
    base64: `${right.toString("base64")}\n`,
  })) {
    assert.equal((await answer(["open", file, "--data-key-file", await write(name, content)])).exit, 0, name);
  }
  const short = await answer(["open", file, "--data-key-file", await write("short", right.subarray(1))]);
  assert.deepEqual([short.exit, short.error?.code], [3, "KEY_LENGTH"]);
  const wrong = await answer(["open", file, "--data-key-file", await write("wrong", Buffer.alloc(32, 1))]);
  assert.deepEqual([wrong.exit, wrong.error?.code], [1, "SEAL_COMMITMENT"]);
  assert.equal((await answer(["open", file])).exit, 2);
  assert.equal((await answer(["open", file, "--data-key-file", "a", "--raw-aes-key-file", "b"])).exit, 2);
  assert.equal((await answer(["open", file, "--raw-aes-key-file", "b", "--name", "n"])).exit, 2);
});
