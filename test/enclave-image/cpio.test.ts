// Ramdisks that we write: the same tree is the same bytes, and a naive reader finds in them what was put in.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { bytesContent } from "../../host-driver/enclave/content.ts";
import { cpioArchive } from "../../host-driver/enclave/cpio.ts";
import type { TreeFile } from "../../host-driver/enclave/cpio.ts";
import { readRamdisk } from "../../host-driver/enclave/ramdisk.ts";
import { naiveEntries } from "./archive.ts";
import { bytesOf, memoryFile } from "./specimens.ts";

function file(
  path: string,
  bytes: Uint8Array | string = path,
  access: TreeFile["access"] = "read",
): TreeFile {
  return { path, access, content: bytesContent(Buffer.from(bytes)) };
}

const NAME = fc.stringMatching(/^[a-zA-Z0-9_.@+-]{1,8}$/).filter((name) => name !== "." && name !== "..");

test("an archive is files and the folders above them, by name, in the fixed form", async () => {
  const archive = await bytesOf(
    cpioArchive([file("b/c/file", "text"), file("init", "#!", "execute"), file("b/a")], ["proc", "b/empty"]),
  );
  const { entries, rest } = naiveEntries(archive);
  assert.deepEqual(
    entries.map(({ name, fields, bytes }) => [name, (fields[1] ?? 0).toString(8), bytes.toString()]),
    [
      ["b", "40755", ""],
      ["b/a", "100644", "b/a"],
      ["b/c", "40755", ""],
      ["b/c/file", "100644", "text"],
      ["b/empty", "40755", ""],
      ["init", "100755", "#!"],
      ["proc", "40755", ""],
    ],
  );
  // c_ino by order; c_uid, c_gid, c_mtime, devices and c_check zero; a directory has two links.
  for (const [at, { fields }] of entries.entries()) {
    const [inode, mode = 0, uid, gid, links, mtime, , major, minor, rmajor, rminor, , check] = fields;
    assert.equal(inode, at + 1);
    assert.equal(links, mode >> 12 === 4 ? 2 : 1);
    assert.deepEqual([uid, gid, mtime, major, minor, rmajor, rminor, check], Array(8).fill(0));
  }
  assert.equal(archive.length % 512, 0);
  assert.ok(rest.every((byte) => byte === 0));
});

test("any tree comes back from our reader and from a naive one, whatever the order it was given in", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.dictionary(NAME, fc.dictionary(NAME, fc.uint8Array({ maxLength: 30 }), { maxKeys: 5 }), {
        maxKeys: 5,
      }),
      fc.infiniteStream(fc.nat()),
      async (tree, chance) => {
        const files = Object.entries(tree).flatMap(([folder, members]) =>
          Object.entries(members).map(([name, bytes]) => file(`${folder}/${name}`, bytes)),
        );
        const shuffled = files
          .map((each) => [chance.next().value, each] as const)
          .sort(([a], [b]) => a - b)
          .map(([, each]) => each);
        const archive = await bytesOf(cpioArchive(files, []));
        assert.deepEqual(await bytesOf(cpioArchive(shuffled, [])), archive);
        assert.equal(cpioArchive(files, []).size, archive.length);
        const naive = naiveEntries(archive).entries.filter(({ fields }) => (fields[1] ?? 0) >> 12 === 8);
        assert.deepEqual(
          new Map(naive.map(({ name, bytes }) => [name, Uint8Array.from(bytes)])),
          new Map(
            files.map(({ path }) => [path, tree[path.split("/")[0] ?? ""]?.[path.split("/")[1] ?? ""]]),
          ),
        );
        const listed = await readRamdisk(memoryFile(archive), {
          kind: "ramdisk",
          start: 0,
          size: archive.length,
        });
        assert.deepEqual(
          listed.entries.map(({ path }) => path),
          naiveEntries(archive).entries.map(({ name }) => name),
        );
      },
    ),
    { numRuns: 60 },
  );
});

test("a folder stands before what lies in it, with any name beside it", async () => {
  const archive = await bytesOf(
    cpioArchive([file("lib-x/a"), file("lib/z"), file("lib.so"), file("lib0/b")], []),
  );
  const names = naiveEntries(archive).entries.map(({ name }) => name);
  for (const name of names) {
    const parent = name.slice(0, Math.max(0, name.lastIndexOf("/")));
    assert.ok(parent === "" || names.indexOf(parent) < names.indexOf(name), name);
  }
});

test("a path that leads elsewhere, or that a kernel would read as the end, is not written", () => {
  for (const path of ["../a", "a/../b", "/a", "a//b", "a/", "", ".", "a b", "a\0b", "ä", "TRAILER!!!"]) {
    assert.throws(() => cpioArchive([file(path)], []), TypeError, path);
  }
  assert.throws(() => cpioArchive([file("a"), file("a")], []), TypeError);
  const huge = { path: "a", access: "read" as const, content: { size: 2 ** 32, pieces: () => [] } };
  assert.throws(() => cpioArchive([huge], []), TypeError);
  assert.throws(() => cpioArchive([file("a"), file("a/b")], []), TypeError);
});
