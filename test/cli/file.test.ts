// Files that commands are given and make: what is missing, of the wrong kind or in the way says so in one line.
import assert from "node:assert/strict";
import { mkdir, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";
import { checkNewDirectory, readBytes, writeFileBy, writeNewDirectory } from "../../cli/file.ts";
import { FaultAt, readFault } from "../../cli/fault.ts";
import { answer, scratch, sealroom } from "./command-line.ts";

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    assert.ok(error instanceof FaultAt);
    return readFault(error).code;
  }
  return "none";
}

test("a missing file, a directory, a device and a file that is too large are told apart", async (t) => {
  const directory = await scratch(t);
  const file = join(directory, "file");
  await writeFile(file, "12345");
  assert.equal(await codeOf(readBytes(join(directory, "none"), 10)), "FILE_MISSING");
  assert.equal(await codeOf(readBytes(join(file, "below"), 10)), "FILE_MISSING");
  assert.equal(await codeOf(readBytes(directory, 10)), "FILE_KIND");
  assert.equal(await codeOf(readBytes("/dev/zero", 10)), "FILE_KIND");
  assert.equal(await codeOf(readBytes(file, 4)), "FILE_SIZE");
  assert.deepEqual(await readBytes(file, 5), new Uint8Array(Buffer.from("12345")));
});

test("every command that reads a file names the one that is missing, and exits 3", async (t) => {
  const directory = await scratch(t);
  const commands: readonly (readonly string[])[] = [
    ["attestation", "none"],
    ["open", "none", "--data-key-file", "key"],
    ["run", "none", "--out", "out"],
    ["explain", "none"],
  ];
  await writeFile(join(directory, "key"), Buffer.alloc(32));
  for (const args of commands) {
    const { exit, stdout, stderr } = await sealroom(args, directory);
    assert.equal(exit, 3, args.join(" "));
    assert.equal(stdout, "");
    assert.match(stderr, /^sealroom \w+: none: no such file \[FILE_MISSING\]\. .+\.\n$/);
  }
  const { stderr } = await sealroom(["attestation", "."], directory);
  assert.match(stderr, /^sealroom attestation: \.: not a regular file \[FILE_KIND\]\. .+\.\n$/);
});

test("a text that does not parse says where, in line and column", async (t) => {
  const directory = await scratch(t);
  await writeFile(join(directory, "job.yaml"), "datasets:\n  a: {owner: x\nselect: [count]\n");
  const syntax = await answer(["run", join(directory, "job.yaml"), "--out", join(directory, "out")]);
  assert.equal(syntax.exit, 3);
  const { stderr } = await sealroom(["run", "job.yaml", "--out", "out"], directory);
  assert.match(
    stderr,
    /^(.*\n)?sealroom run: job\.yaml:\d+:\d+: the text is not YAML 1\.2 \[YAML_SYNTAX\]\. .+\n$/,
  );
  assert.equal((await readdir(directory)).includes("out"), false);
});

test("names with control characters cannot write to the terminal", async (t) => {
  const directory = await scratch(t);
  const { stderr } = await sealroom(["attestation", "no\u001b[2Jfile\nx"], directory);
  assert.equal(stderr.split("\n").length, 2);
  assert.ok(!stderr.includes("\u001b"));
});

test("a new directory appears with all its files or not at all, and never over another", async (t) => {
  const directory = await scratch(t);
  const target = join(directory, "deep", "out");
  const files = [
    { name: "a", bytes: "1", access: "public" },
    { name: "b", bytes: "2", access: "secret" },
  ] as const;
  await writeNewDirectory(target, files);
  assert.deepEqual((await readdir(target)).sort(), ["a", "b"]);
  assert.equal((await stat(join(target, "b"))).mode & 0o777, 0o600);
  assert.equal(await codeOf(writeNewDirectory(target, files)), "FILE_EXISTS");

  const empty = join(directory, "empty");
  await mkdir(empty);
  await writeNewDirectory(empty, files);
  assert.equal(await readFile(join(empty, "a"), "utf8"), "1");

  const fails = join(directory, "fails");
  const clash = [...files, { name: "a", bytes: "again", access: "public" }] as const;
  assert.equal(await codeOf(writeNewDirectory(fails, clash)), "FILE_EXISTS");
  assert.deepEqual((await readdir(directory)).sort(), ["deep", "empty"]);

  const file = join(directory, "file");
  await writeFile(file, "");
  assert.equal(await codeOf(checkNewDirectory(file)), "FILE_EXISTS");
});

test("a directory that cannot be made is refused before anything is done, and trying leaves nothing", async (t) => {
  const directory = await scratch(t);
  const file = join(directory, "file");
  await writeFile(file, "");
  for (const place of [
    join(file, "out"),
    join(file, "deep", "out"),
    "/proc/x/y",
    "/proc/x",
    "/proc/self/x/y",
  ]) {
    assert.equal(await codeOf(checkNewDirectory(place)), "FILE_WRITE", place);
    assert.equal(await codeOf(writeNewDirectory(place, [])), "FILE_WRITE", place);
  }
  assert.equal(await codeOf(checkNewDirectory(join(directory, "very", "deep", "out"))), "none");
  assert.deepEqual(await readdir(directory), ["file"]);

  const { error } = await answer(["run", join(directory, "no-job"), "--out", "/proc/x/y"]);
  assert.deepEqual([error?.code, error?.where], ["FILE_WRITE", "/proc/x/y"]);
});

test("a file that is replaced is whole before it gets its name", async (t) => {
  const directory = await scratch(t);
  const target = join(directory, "target");
  await writeFile(target, "old");
  const failing = writeFileBy(target, async (temporary) => {
    await writeFile(temporary, "half");
    throw new Error("stopped");
  });
  await assert.rejects(failing);
  assert.equal(await readFile(target, "utf8"), "old");
  assert.deepEqual(await readdir(directory), ["target"]);
  await writeFileBy(target, (temporary) => writeFile(temporary, "new"));
  assert.equal(await readFile(target, "utf8"), "new");
  assert.equal(await codeOf(writeFileBy(directory, () => Promise.resolve())), "FILE_KIND");
});

test("keygen makes a private and a public file, and overwrites neither, nor a link to nowhere", async (t) => {
  const directory = await scratch(t);
  const key = join(directory, "owner.key");
  const made = await answer(["keygen", key]);
  assert.equal(made.exit, 0);
  assert.match(String(made["thumbprint"]), /^[A-Za-z0-9_-]{43}$/);
  assert.equal((await stat(key)).mode & 0o777, 0o600);
  const before = await readFile(key, "utf8");
  assert.deepEqual([(await answer(["keygen", key])).exit, await readFile(key, "utf8")], [3, before]);

  const halfTaken = join(directory, "half.key");
  await writeFile(`${halfTaken}.pub`, "mine");
  assert.equal((await answer(["keygen", halfTaken, "--recipient"])).exit, 3);
  assert.equal(await readFile(`${halfTaken}.pub`, "utf8"), "mine");
  await assert.rejects(stat(halfTaken), { code: "ENOENT" });

  await symlink(join(directory, "elsewhere"), join(directory, "link.key"));
  assert.equal((await answer(["keygen", join(directory, "link.key")])).exit, 3);
  assert.equal(
    (await answer(["keygen", join(directory, "x.key"), "--recipient", "--algorithm", "EdDSA"])).exit,
    2,
  );
  assert.equal((await answer(["keygen", join(directory, "x.key"), "--algorithm", "RSA"])).exit, 2);
});
